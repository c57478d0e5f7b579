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
    """The `shape` of the cores for a `convproof.Conv` (its `mode` aside: see `pad_gather`)."""
    batch, channels, *n = geometry.x
    out_channels, in_channels, *k = geometry.w
    groups = geometry.groups
    lead = (1,) * (3 - len(n))
    return (
        batch, groups, in_channels, out_channels // groups if groups else 0,
        *lead, *n,
        *lead, *k,
        *lead, *geometry.y[2:],
        *lead, *geometry.stride,
        *lead, *geometry.dilation,
        *((0,) * len(lead)), *(low for low, _ in geometry.padding),
    )
