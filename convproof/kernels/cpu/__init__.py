"""CPU cores: C++ templates (`src/`) built once per instruction set and chosen at run time.

    from convproof.kernels.cpu import isa, shape_of
    core = isa.core()
    core.forward(x.reshape(-1), w.reshape(-1), bias, y.reshape(-1), shape_of(geometry), threads)

Every core has `forward(x, w, bias, y, shape, threads)`, `input_gradient(g, w, bias, dx, shape, threads)`,
`weight_gradient(g, x, dw, shape, threads)`, `pad_gather(x, padded, outer, n, maps, threads)` and
`pad_scatter_add(padded, x, outer, n, maps, threads)`, on flat C-contiguous buffers of float32, float64,
int32 or int64, and the attributes `openmp` and `isa`. Integer arithmetic wraps: the caller widens.

`shape` is a flat tuple of 22 integers. There are always three axes (depth, row, column); 1-D and 2-D
shapes lead with axes of length one:

    batch, groups, input channels per group, output channels per group,
    n0 n1 n2    input extents
    k0 k1 k2    taps
    o0 o1 o2    output extents: as many as wanted, taps outside the input read zero
    s0 s1 s2    strides
    d0 d1 d2    dilations
    p0 p1 p2    zero padding below index 0; negative values crop

Along an axis, output r and tap a read input s * r + d * a - p.
"""

__all__ = ["shape_of"]


def shape_of(geometry) -> tuple[int, ...]:
    """Return the `shape` of the cores for a `convproof.Conv` (its `mode` aside: see `pad_gather`)."""

    def three(values, fill=1):
        return (fill,) * (3 - len(values)) + tuple(values)

    groups, (filters, inner, *k) = geometry.groups, geometry.w
    lows = [low for low, _ in geometry.padding]
    sizes = three(geometry.x[2:]) + three(k) + three(geometry.y[2:])
    steps = three(geometry.stride) + three(geometry.dilation) + three(lows, 0)
    return geometry.x[0], groups, inner, filters // groups if groups else 0, *sizes, *steps
