"""The two sides of each duality identity: what is run, and what must come out equal.

Each function takes ``(run, geo, rng, m)``, draws integers of magnitude at most m, and returns both sides. `run`
is called with geometries derived from `geo` too. Sizes are counted from the relation.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np

from convproof.geometry import Conv
from convproof.symbolic.operands import magnitude
from convproof.symbolic.relation import axis_relations, counted, joint_index
from convproof.symbolic.transposition import insert_zeros, swap_channels, transposed_geometry

Run = Callable[[str, Conv, np.ndarray, np.ndarray], np.ndarray]
Pair = tuple[np.ndarray, np.ndarray]
Sides = Callable[[Run, Conv, np.random.Generator, int], Pair]

_SAMPLED = 3  # images and groups that are run alone
SPARSE = 4  # nonzero entries of the second kernel of a composition


def remainders(geo: Conv) -> tuple[int, ...]:
    """Return, per axis, how many elements of the padded input lie beyond the last window."""
    return tuple(
        (n + lo + hi - d * (k - 1) - 1) - s * (relation.count - 1)
        for relation, n, k, s, d, (lo, hi) in zip(
            axis_relations(geo), geo.n, geo.kernel, geo.stride, geo.dilation, geo.padding, strict=True
        )
    )


def operand_shapes(role: str, geo: Conv) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shapes of the two operands of a role."""
    y = (geo.batch, geo.out_channels, *counted(geo))
    return {"forward": (geo.x, geo.w), "input_gradient": (y, geo.w), "weight_gradient": (y, geo.x)}[role]


def _draw(rng: np.random.Generator, m: int, *shapes: tuple[int, ...]) -> Iterator[np.ndarray]:
    return (rng.integers(-m, m + 1, size=shape, dtype=np.int64) for shape in shapes)


def _inner(a: np.ndarray, b: np.ndarray) -> np.int64:
    """Inner product modulo 2**64: equal integers stay equal."""
    return np.vdot(a, b)


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Matrix product of integers, exact: in float64 where every partial sum is an integer below 2**53."""
    if a.shape[-1] * magnitude(a) * magnitude(b) < 2**53:
        return (a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64)
    return a @ b


# ---------------------------------------------------------------------- linearity and adjoints


def linear(role: str, operand: int) -> Sides:
    """``B(u + v, c) = B(u, c) + B(v, c)`` in the first (0) or second (1) operand of a role."""

    def sides(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
        shapes = operand_shapes(role, geo)
        u, v, c = _draw(rng, m, shapes[operand], shapes[operand], shapes[1 - operand])

        def call(varied: np.ndarray) -> np.ndarray:
            return run(role, geo, varied, c) if operand == 0 else run(role, geo, c, varied)

        return call(u + v), call(u) + call(v)

    return sides


def adjoint(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
    """``<C x, g> = <x, C^T g>``."""
    (x_shape, w_shape), (y_shape, _) = operand_shapes("forward", geo), operand_shapes("input_gradient", geo)
    x, w, g = _draw(rng, m, x_shape, w_shape, y_shape)
    return np.array([_inner(run("forward", geo, x, w), g)]), np.array([_inner(run("input_gradient", geo, g, w), x)])


def weight_adjoint(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
    """``<X w, g> = <w, X^T g>``."""
    (x_shape, w_shape), (y_shape, _) = operand_shapes("forward", geo), operand_shapes("input_gradient", geo)
    x, w, g = _draw(rng, m, x_shape, w_shape, y_shape)
    return np.array([_inner(run("forward", geo, x, w), g)]), np.array([_inner(run("weight_gradient", geo, g, x), w)])


def trilinear(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
    """``<g, y(x, w)> = <dx(g, w), x> = <dw(g, x), w>``."""
    (x_shape, w_shape), (y_shape, _) = operand_shapes("forward", geo), operand_shapes("input_gradient", geo)
    x, w, g = _draw(rng, m, x_shape, w_shape, y_shape)
    value = _inner(run("forward", geo, x, w), g)
    gradients = [_inner(run("input_gradient", geo, g, w), x), _inner(run("weight_gradient", geo, g, x), w)]
    return np.array([value, value]), np.array(gradients)


# ---------------------------------------------------------------------- reversal and transposition


def _reverse(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.flip(array, axis=tuple(range(2, array.ndim))))


def flip(role: str) -> Sides:
    """Reversing both operands and swapping low and high padding reverses the result."""

    def sides(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
        first, second = _draw(rng, m, *operand_shapes(role, geo))
        mirrored = geo.replace(padding=tuple((hi, lo) for lo, hi in geo.padding))
        return run(role, mirrored, _reverse(first), _reverse(second)), _reverse(run(role, geo, first, second))

    return sides


def transposed(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
    """The input gradient is the full correlation of the zero-inserted g with the flipped kernel."""
    g, w = _draw(rng, m, *operand_shapes("input_gradient", geo))
    full = run("forward", transposed_geometry(geo), insert_zeros(g, geo), _reverse(swap_channels(w, geo.groups)))
    return run("input_gradient", geo, g, w), full


# ---------------------------------------------------------------------- forms of the forward map


def unfold(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
    """``y = W unfold(x)``, the columns of unfold(x) being what the windows read."""
    x, w = _draw(rng, m, geo.x, geo.w)
    index = joint_index(axis_relations(geo))  # (R, A)
    flat = x.reshape(geo.batch, geo.groups, geo.w[1], math.prod(geo.n))
    flat = np.concatenate([flat, np.zeros_like(flat, shape=(*flat.shape[:3], 1))], axis=3)  # index -1 reads 0
    columns = flat[..., index.T].reshape(geo.batch, geo.groups, math.prod(geo.w[1:]), len(index))  # (N, G, K, R)
    matrix = w.reshape(geo.groups, geo.out_channels // geo.groups, math.prod(geo.w[1:]))  # (G, M/G, K)
    y = _product(matrix, columns)  # (N, G, M/G, R)
    return run("forward", geo, x, w), y.reshape(operand_shapes("input_gradient", geo)[0])


def pointwise(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
    """A 1x1 kernel multiplies each group of channels by its matrix of weights."""
    x, w = _draw(rng, m, geo.x, geo.w)
    seen = tuple(slice(None, (o - 1) * s + 1, s) for o, s in zip(counted(geo), geo.stride, strict=True))
    seen_x = x[(slice(None), slice(None), *seen)].reshape(geo.batch, geo.groups, geo.w[1], math.prod(counted(geo)))
    y = _product(w.reshape(geo.groups, geo.out_channels // geo.groups, geo.w[1]), seen_x)  # (N, G, M/G, R)
    return run("forward", geo, x, w), y.reshape(operand_shapes("input_gradient", geo)[0])


def fully_connected(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
    """A kernel as large as the input is a fully connected layer."""
    x, w = _draw(rng, m, geo.x, geo.w)
    depth = math.prod(geo.w[1:])
    matrix = w.reshape(geo.groups, geo.out_channels // geo.groups, depth)
    y = _product(matrix, x.reshape(geo.batch, geo.groups, depth, 1))  # (N, G, M/G, 1)
    return run("forward", geo, x, w), y.reshape(operand_shapes("input_gradient", geo)[0])


def padded_beforehand(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
    """Padding is the same as convolving a padded (or cropped) copy without padding."""
    x, w = _draw(rng, m, geo.x, geo.w)
    name = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}[geo.mode]
    wide = np.pad(x, [(0, 0), (0, 0), *((max(lo, 0), max(hi, 0)) for lo, hi in geo.padding)], mode=name)  # type: ignore[call-overload]
    sizes = zip(wide.shape[2:], geo.padding, strict=True)
    keep = (slice(max(-lo, 0), size - max(-hi, 0)) for size, (lo, hi) in sizes)
    wide = np.ascontiguousarray(wide[(slice(None), slice(None), *keep)])
    return run("forward", geo, x, w), run("forward", geo.replace(x=wide.shape, padding=0, mode="zeros"), wide, w)


def every_output(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
    """A strided convolution keeps every s-th output of the one with stride 1."""
    x, w = _draw(rng, m, geo.x, geo.w)
    dense = run("forward", geo.replace(stride=1, outputs=None), x, w)
    kept = (slice(None, (o - 1) * s + 1, s) for o, s in zip(counted(geo), geo.stride, strict=True))
    return run("forward", geo, x, w), dense[(slice(None), slice(None), *kept)]


def dilated(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
    """A dilated kernel is the kernel with d - 1 zeros between neighbouring taps."""
    x, w = _draw(rng, m, geo.x, geo.w)
    reach = tuple(d * (k - 1) + 1 for k, d in zip(geo.kernel, geo.dilation, strict=True))
    spread = np.zeros((*geo.w[:2], *reach), dtype=np.int64)
    spread[(slice(None), slice(None), *(slice(None, None, d) for d in geo.dilation))] = w
    return run("forward", geo, x, w), run("forward", geo.replace(w=spread.shape, dilation=1), x, spread)


# ---------------------------------------------------------------------- symmetry and structure


def interior(geo: Conv) -> tuple[range, ...]:
    """Return, per axis, the outputs r >= 1 such that windows r - 1 and r read no padding."""
    return tuple(
        range(max(-(-lo // s), 0) + 1, min((n - 1 - d * (k - 1) + lo) // s, o - 1) + 1)
        for n, o, k, s, d, (lo, _) in zip(
            geo.n, counted(geo), geo.kernel, geo.stride, geo.dilation, geo.padding, strict=True
        )
    )


def translated(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
    """Moving x by the stride moves y by one, where no window reads padding."""
    x, w = _draw(rng, m, geo.x, geo.w)
    moved = np.roll(x, geo.stride, axis=tuple(range(2, x.ndim)))
    after = (slice(inside.start, inside.stop) for inside in interior(geo))
    before = (slice(inside.start - 1, inside.stop - 1) for inside in interior(geo))
    y, y_moved = run("forward", geo, x, w), run("forward", geo, moved, w)
    return y_moved[(slice(None), slice(None), *after)], y[(slice(None), slice(None), *before)]


def _sample(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.sort(rng.choice(size, size=min(size, _SAMPLED), replace=False))


def grouped(role: str) -> Sides:
    """A grouped convolution is block diagonal: each group can be run alone. Up to three groups are."""

    def sides(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
        first, second = _draw(rng, m, *operand_shapes(role, geo))
        channels, filters = geo.w[1], geo.out_channels // geo.groups
        alone = geo.replace(x=(geo.batch, channels, *geo.n), w=(filters, *geo.w[1:]), groups=1)

        def part(array: np.ndarray, name: str, group: int) -> np.ndarray:
            width = channels if name == "x" else filters
            mine = slice(group * width, (group + 1) * width)
            return np.ascontiguousarray(array[mine] if name == "w" else array[:, mine])

        one, two, result = {
            "forward": ("x", "w", "y"), "input_gradient": ("y", "w", "x"), "weight_gradient": ("y", "x", "w")
        }[role]  # fmt: skip
        whole = run(role, geo, first, second)
        groups = _sample(rng, geo.groups)
        parts = [run(role, alone, part(first, one, group), part(second, two, group)) for group in groups]
        return np.stack([part(whole, result, group) for group in groups]), np.stack(parts)

    return sides


def depthwise(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
    """With the same filters for every channel, a depthwise convolution sees each channel as an image of its own."""
    filters = geo.out_channels // geo.groups
    x, bank = _draw(rng, m, geo.x, (filters, *geo.w[1:]))
    w = np.tile(bank, (geo.groups, *(1,) * (bank.ndim - 1)))  # (M, 1, *k)
    images = x.reshape(geo.batch * geo.in_channels, 1, *geo.n)
    apart = geo.replace(x=images.shape, w=bank.shape, groups=1)
    y = run("forward", apart, images, bank)  # (N*C, M/G, *o)
    return run("forward", geo, x, w), y.reshape(operand_shapes("input_gradient", geo)[0])


def batch(role: str) -> Sides:
    """Each image is convolved alone; up to three are. The weight gradient sums over images."""

    def sides(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
        first, second = _draw(rng, m, *operand_shapes(role, geo))
        whole = run(role, geo, first, second)
        alone = geo.replace(x=(1, *geo.x[1:]))
        images = [slice(image, image + 1) for image in _sample(rng, geo.batch)]
        return np.concatenate([whole[i] for i in images]), np.concatenate(
            [run(role, alone, first[i], second) for i in images]
        )

    return sides


def split_batch(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
    """The weight gradient of a batch is the sum over its two parts."""
    g, x = _draw(rng, m, *operand_shapes("weight_gradient", geo))
    cut = int(rng.integers(1, geo.batch))
    parts = [
        run("weight_gradient", geo.replace(x=(len(x[part]), *geo.x[1:])), g[part], x[part])
        for part in (slice(0, cut), slice(cut, None))
    ]
    return run("weight_gradient", geo, g, x), parts[0] + parts[1]


def composed(run: Run, geo: Conv, rng: np.random.Generator, m: int) -> Pair:
    """Two convolutions in a row are one, with the taps of the two kernels convolved.

    The second has stride 1 and dilation 1; a tap b of it and a tap a of the first meet at ``s*b + d*a``. It has
    one filter per group, with at most `SPARSE` entries of 1 or -1.
    """
    x, w1 = _draw(rng, m, geo.x, geo.w)
    filters, o = geo.out_channels // geo.groups, counted(geo)
    kernel = tuple(min(2, size) for size in o)
    w2 = np.zeros((geo.groups, filters, *kernel), dtype=np.int64)
    for bank in w2.reshape(geo.groups, -1):
        live = rng.choice(bank.size, size=min(SPARSE, bank.size), replace=False)
        bank[live] = rng.choice([-1, 1], size=len(live))
    second = Conv(x=(geo.batch, geo.out_channels, *o), w=w2.shape, groups=geo.groups)
    both = convolved_taps(w1, w2, geo)
    once = geo.replace(w=both.shape, dilation=1)
    return run("forward", second, run("forward", geo, x, w1), w2), run("forward", once, x, both)


def convolved_taps(w1: np.ndarray, w2: np.ndarray, geo: Conv) -> np.ndarray:
    """Return the kernel of w2 (stride 1, dilation 1, one filter per group) after w1, which has dilation 1."""
    filters = geo.out_channels // geo.groups
    sizes = zip(geo.kernel, w2.shape[2:], geo.stride, geo.dilation, strict=True)
    both = np.zeros(
        (geo.groups, geo.w[1], *(s * (k2 - 1) + d * (k1 - 1) + 1 for k1, k2, s, d in sizes)), dtype=np.int64
    )
    first = w1.reshape(geo.groups, filters, *w1.shape[1:])  # (G, M/G, C/G, *k)
    every = (slice(None), slice(None))
    for b, a in itertools.product(np.ndindex(*w2.shape[2:]), np.ndindex(*geo.kernel)):
        at = tuple(s * bi + d * ai for s, bi, d, ai in zip(geo.stride, b, geo.dilation, a, strict=True))
        tap_2, tap_1 = w2[every + b], first[(*every, slice(None), *a)]  # (G, M/G) and (G, M/G, C/G)
        both[every + at] += (tap_2[:, :, None] * tap_1).sum(axis=1)
    return both
