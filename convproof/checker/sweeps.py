"""Fixed lists of geometries that random drawing rarely meets: reported bugs, every pair of parameters, every size.

Each case is cheap and says why it is there. The lists are the same on every run.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from convproof.checker.domain import Domain
from convproof.checker.operations import Operation, operation
from convproof.checker.strategies import Axis, Channels, Limits, Plan, Window, compose
from convproof.geometry import Conv

__all__ = ["Case", "covering", "sweep"]

# Multiply-adds of one case, and of each part of the lists: a sweep is to take seconds.
_MOST_TERMS = 3_000_000
_MOST_TERMS_OF_PART = 20_000_000

# Beside the lengths of vectors and blocks, and beyond a 16-bit index.
_SIZES = [*sorted(2**power + beside for power in range(3, 11) for beside in (-1, 0, 1)), 2049, 4097]
_BEYOND_16_BITS = 2**16 + 1
_KERNELS = (*range(1, 18), 31, 32, 33, 63, 64, 65, 129, 257)

_PLAIN = Window(k=1, s=1, d=1, lo=0, hi=0)
_SAME = Window(k=3, s=1, d=1, lo=1, hi=1)
_VALID = Window(k=3, s=1, d=1, lo=0, hi=0)
_STRIDED = Window(k=3, s=2, d=1, lo=1, hi=1)


@dataclass(frozen=True)
class Case:
    """A geometry, and why it is worth a look."""

    geometry: Conv
    why: str


def sweep(op: str | Callable, domain: Domain | None = None) -> list[Case]:
    """Return the cases of an operation that the domain claims, each geometry once.

    Parameters
    ----------
    op : str or function
        Name of the operation, such as ``"conv_transpose2d"``, or the function of that name.
    domain : Domain, optional
        What the kernel claims; by default all that PyTorch accepts.

    Returns
    -------
    list of Case
        Geometries of the reported bugs first, then the usual layers, the pairs, the sizes, and sizes together.
        One case takes at most three million multiply-adds, all of them eighty million.

    Examples
    --------
    >>> cases = sweep("conv2d", Domain(groups="depthwise", kernel=3))
    >>> print(cases[0].geometry, "-", cases[0].why)
    x2x1x7x6-w8x1x3x3-p1 - one input channel: pytorch#82060
    """
    role, domain = operation(op), domain or Domain()
    plan = Plan.without_budget(domain, role)
    cases: dict[Conv, Case] = {}
    for part, share in ((_reported, 1), (_usual, 2), (_pairs, 1), (_sizes, 1), (_together, 2)):
        left = _MOST_TERMS_OF_PART // share
        for case in part(plan, role):
            if case.geometry not in cases and case.geometry.multiply_adds <= left:
                cases[case.geometry] = case
                left -= case.geometry.multiply_adds
    return list(cases.values())


# ---------------------------------------------------------------------- reported bugs

# In two dimensions; projects and numbers are those of public reports, where there is one.
_REPORTED = {
    "x1x6x5x5-w4x6x3x3": "6 input channels: pytorch#21597",
    "x1x4x5x5-w16x2x1x1-g2": "1 x 1 kernel, 4 to 16 channels in 2 groups: pytorch#19912",
    "x1x8x5x5-w32x4x3x3-p1-g2": "outputs in blocks of 16, few inputs per group: pytorch#18463",
    "x2x1x7x6-w8x1x3x3-p1": "one input channel: pytorch#82060",
    "x2x6x7x6-w9x2x3x2-g3": "weight gradient of groups: pytorch#51430",
    "x1x3x6x6-w4x3x1x1-s2": "one tap at stride 2, the last element unread: pytorch#63314",
    "x1x3x7x7-w4x3x1x1-s2": "one tap at stride 2, the last element read: pytorch#63314",
    "x1x3x8x8-w4x3x3x3-s2-p1": "output padding 1: pytorch#98129, tvm#19524",
    "x1x24x6x6-w24x1x3x3-s2-p1-g24": "depthwise at stride 2: the weight gradient of oneDNN#4124",
    "x32x4x32x32-w8x4x1x1-s2": "one tap at stride 2, batch 32: the weight gradient of oneDNN#6035",
    "x1x64x1x8-w17x64x1x3-s1x2-p0x1": "17 outputs of 64 channels: the input gradient of fujitsu/oneDNN#43",
    "x2x4x5x5-w6x2x3x3-s2-p1-g2": "transposed in 2 groups: oneDNN#352",
    "x1x2x9x9-w3x2x3x3-p2-d2": "input gradient of a dilated kernel: jax#567, mxnet#11203",
    "x1x4x16x16-w4x1x3x3-s2-p3-d3-g4": "depthwise, strided and dilated: tensorflow#57128",
    "x1x1x97x97-w1x1x3x3-s2-p4-d3": "transposed, strided and dilated, from 50: onnxruntime#2518",
    "x1x2x13x13-w2x2x3x3-s2-d3-o3x3": "output padding beyond the stride",
    "x1x2x6x6-w3x2x3x3-s2-p0_1": "more padding at the high end: onnxruntime#9370",
    "x1x2x6x6-w3x2x3x3-s2-p1_0": "more padding at the low end: onnxruntime#9370",
    "x1x2x5x6-w3x2x2x4-p0_2x3_1": "four different paddings: onnxruntime#4488",
    "x2x4x1x1-w4x1x1x1-s3-g4": "one element at stride 3: torch-xpu-ops#4906",
    "x2x4x1x9-w4x1x1x3-s3x1-p0x1-g4": "an axis of one element at stride 3: torch-xpu-ops#4906",
    "x1x3x5x7-w4x3x3x3-p0x1": "height and width padded differently: opacus#443",
    "x1x4x5x5-w128x2x3x3-p1-g2": "128 outputs in 2 groups: modular#6129",
    "x1x2x7x7-w3x2x4x4-p2": "an even kernel",
    "x5x3x5x5-w4x3x3x3-p1": "batch 5",
    "x33x3x4x4-w4x3x3x3": "batch 33",
    "x2x6x11x7-w9x2x3x2-s2x3-p1x2-d1x2-g3": "nothing is the same on both axes",
    "x1x2x8x8-w2x2x3x3-s3": "two elements left after the last window",
    "x1x2x9x9-w3x2x2x2-s3": "stride beyond the kernel",
    "x1x2x3x3-w2x2x2x2-p5": "padding beyond the kernel: outputs that see no input",
    "x1x2x3x3-w2x2x2x2-p3-d5": "dilation beyond the input",
    "x2x3x4x4-w5x3x4x4": "the kernel covers the input: fully connected",
    "x1x3x6x6-w6x1x3x3-p1-g3": "depthwise with a multiplier",
    "x1x8x9x11-w8x8x3x3-p1": "odd sizes: the last tile of Winograd",
    "x1x17x5x5-w19x17x1x1": "one tap: a matrix product",
    "x1x2x33x35-w2x1x31x31-g2": "a large kernel on every axis",
    "x1x3x23x23-w8x3x7x7-s2-p3": "the first layer of ResNet, smaller",
    "x1x3x37x38-w4x3x7x7-s2-p3": "the same, beyond blocks of 16 columns",
    "x2x3x32x32-w16x3x3x3-p1": "the first layer of a network for CIFAR",
    "x2x1x28x28-w8x1x5x5": "the first layer of a network for MNIST",
    "x1x8x64x64-w8x8x3x3-p1": "a layer of middle size: a large map",
    "x1x64x8x8-w64x64x3x3-p1": "a layer of middle size: many channels",
    "x4x16x16x16-w16x16x3x3-p1": "a layer of middle size: several images",
    "x1x64x56x56-w64x1x3x3-p1-g64": "a layer of middle size: depthwise",
    "x1x64x28x28-w32x64x1x1": "a layer of middle size: one tap",
    "x1x3x112x112-w8x3x3x3-s2-p1": "a layer of middle size: the first, of an image",
    "x1x2x8x7-w2x2x3x3-pn1": "negative padding",
    "x1x2x5x4-w2x2x3x3-p3-mode=reflect": "as much reflection as there is",
    "x1x2x4x3-w2x2x3x3-p3-mode=circular": "a whole turn of circular padding",
    "x1x2x5x4-w2x2x3x3-p6-mode=replicate": "the edge repeated beyond the kernel",
}

_FIELDS = ("stride", "padding", "dilation", "outputs")


def _reported(plan: Plan, op: Operation) -> Iterator[Case]:
    for text, why in _REPORTED.items():
        if geo := _first(plan.domain, op, _with_axes(Conv.parse(text), op.axes)):
            yield Case(geo, why)


def _with_axes(geo: Conv, axes: int) -> Iterator[Conv]:
    """Yield a plane geometry on its last axis alone, or with a third axis: the first again, or a small one."""
    if axes < 3:
        yield _on_axes(geo, range(geo.axes - axes, geo.axes))
        return
    cube = _on_axes(geo, [0, 0, 1])
    if cube.multiply_adds <= _MOST_TERMS // 10:
        yield cube
    for size, taps in ((3, 2), (2, 1)):
        yield Conv(
            x=(geo.batch, geo.in_channels, size, *geo.n),
            w=(*geo.w[:2], taps, *geo.kernel),
            stride=(1, *geo.stride),
            padding=((0, 0), *geo.padding),
            dilation=(1, *geo.dilation),
            groups=geo.groups,
            mode=geo.mode,
            outputs=None if geo.outputs is None else (size - taps + 1, *geo.outputs),
        )


def _on_axes(geo: Conv, which: Sequence[int]) -> Conv:
    """Return the geometry with those of its axes."""
    per_axis = {name: getattr(geo, name) for name in _FIELDS}
    return geo.replace(
        x=(*geo.x[:2], *(geo.n[axis] for axis in which)),
        w=(*geo.w[:2], *(geo.kernel[axis] for axis in which)),
        **{name: value and tuple(value[axis] for axis in which) for name, value in per_axis.items()},
    )


def _first(domain: Domain, op: Operation, candidates: Iterable[Conv]) -> Conv | None:
    """Return the first that the domain claims and that is cheap."""
    cheap = (geo for geo in candidates if geo.multiply_adds <= _MOST_TERMS)
    return next((geo for geo in cheap if domain.refuses(geo, op.name) is None), None)


# ---------------------------------------------------------------------- the layers that kernels are written for

# Most libraries have a path of its own for each of these; sizes even and odd, with remainders of 4, 8 and 16.
_USUAL_WINDOWS = (
    *(Window(1, 1, 1, 0, 0), Window(1, 2, 1, 0, 0), Window(3, 1, 1, 1, 1), Window(3, 2, 1, 1, 1)),
    *(Window(3, 1, 2, 2, 2), Window(4, 2, 1, 1, 1), Window(5, 1, 1, 2, 2), Window(5, 2, 1, 2, 2)),
    *(Window(7, 2, 1, 3, 3), Window(2, 2, 1, 0, 0), Window(4, 4, 1, 0, 0), Window(16, 16, 1, 0, 0)),
)
_USUAL_CHANNELS = (Channels(9, 1, 5), Channels(6, 6, 6), Channels(4, 4, 8), Channels(6, 2, 4))
_USUAL_SIZES = {
    1: ((14,), (21,)),
    2: ((13, 14), (18, 21), (11, 19), (10, 16)),
    3: ((5, 6, 9), (4, 9, 6)),
}


def _usual(plan: Plan, op: Operation) -> Iterator[Case]:
    """Yield small layers of the usual kinds, the same on all axes."""
    for window, channels, sizes in itertools.product(_USUAL_WINDOWS, _USUAL_CHANNELS, _USUAL_SIZES[op.axes]):
        axes = [axis for size in sizes if (axis := _of_size(window, size))]
        if len(axes) < op.axes:
            continue
        candidates = (compose(batch, channels, axes, plan.modes[0], plan.transposed) for batch in (2, 1))
        if geo := _first(plan.domain, op, candidates):
            yield Case(geo, "a usual layer, smaller")


# ---------------------------------------------------------------------- every pair of parameter values


def covering(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    """Return rows of choices in which every two choices of two parameters meet.

    Parameters
    ----------
    sizes : sequence of int
        Number of choices of each parameter.

    Notes
    -----
    Greedy, after Cohen, Dalal, Fredman and Patton, *The AETG system* (1997): each row starts from a pair not
    yet met, and takes for every other parameter the choice that meets most.
    """
    choices = [[(parameter, choice) for choice in range(size)] for parameter, size in enumerate(sizes)]
    unmet = {pair for one, other in itertools.combinations(choices, 2) for pair in itertools.product(one, other)}
    rows = []
    while unmet:
        row = dict(min(unmet))
        for parameter, options in enumerate(choices):
            if parameter not in row:
                met = {
                    option: sum(tuple(sorted([option, item])) in unmet for item in row.items()) for option in options
                }
                row[parameter] = max(options, key=lambda option: met[option])[1]
        rows.append(tuple(row[parameter] for parameter in range(len(sizes))))
        unmet -= set(itertools.combinations(enumerate(rows[-1]), 2))
    return rows


def _pairs(plan: Plan, op: Operation) -> Iterator[Case]:
    """Yield geometries in which every two values of two parameters meet, on the same axis and across axes."""
    domain = plan.domain
    of_axis: list[Sequence] = [
        _some(domain.choices("kernel", (1, 2, 3, 5))),
        _some(domain.choices("stride", (1, 2, 3))),
        _some(domain.choices("dilation", (1, 2, 3))),
        _paddings(domain),
        (min, max),  # of what may remain after the last window
    ]
    channels = [each for each in _CHANNELS if domain.refuses(_probe(plan, op, each), op.name) is None]
    least = list(dict.fromkeys([plan.least_dense_channels, plan.least_channels]))
    parameters = [*of_axis * op.axes, channels or least, _some(plan.batches), plan.modes]
    for row in covering([len(each) for each in parameters]):
        *axes, groups, batch, mode = (each[choice] for each, choice in zip(parameters, row, strict=True))
        of_each = [axes[5 * number : 5 * number + 5] for number in range(op.axes)]
        several = [_axis(plan, 3 + number, mode, *values) for number, values in enumerate(of_each)]
        single = [_axis(plan, 1, mode, *values) for values in of_each]
        # Where the domain makes them dear, fewer outputs and images, and at last the least channels.
        parts = itertools.product((groups, plan.least_channels), ((batch, several), (min(plan.batches), single)))
        candidates = (compose(n, these, sized, mode, plan.transposed) for these, (n, sized) in parts)
        if geo := _first(domain, op, candidates):
            yield Case(geo, "pairs of parameter values")


_CHANNELS = (
    Channels(3, 1, 4),
    Channels(4, 2, 6),
    Channels(5, 5, 5),
    Channels(3, 3, 6),
    Channels(6, 3, 3),
    Channels(1, 1, 1),
)


# Beyond what the strategies draw, beside powers of two.
_LONG_STEPS = (8, 9, 15, 16, 17, 33)


def _some(values: Sequence[int]) -> list[int]:
    return list(dict.fromkeys([*values[:4], *values[-1:]]))


def _paddings(domain: Domain) -> list[tuple[int, int]]:
    """Return paddings of an axis: of both ends, and of one where the domain has that."""
    usual = (0, 1, 2, 5) if domain.padding is None else (0, 1, 2, 5, -1)
    sides = _some(sorted(domain.choices("padding", usual), key=abs))
    both = [(side, side) for side in sides]
    return both + [(sides[0], sides[-1]), (sides[-1], sides[0])] * (domain.per_side_padding and len(sides) > 1)


def _probe(plan: Plan, op: Operation, channels: Channels) -> Conv:
    """Return the plainest geometry of the domain with these channels."""
    axes = [plan.least_axis[plan.modes[0]]] * op.axes
    return compose(min(plan.batches), channels, axes, plan.modes[0], plan.transposed)


def _axis(plan: Plan, few: int, mode: str, k: int, s: int, d: int, padding: tuple[int, int], which: Callable) -> Axis:
    """Return an axis of a few outputs, or of more where the padding needs them."""
    window = Window(k, s, d, *padding)
    remainders = plan.remainders(window)
    if not remainders:
        return plan.least_axis[mode]
    remainder = which(remainders)
    least = window.outputs(remainder, Limits(2**62, 2**62, mode))[0]
    return Axis(window, remainder, max(least, few))


# ---------------------------------------------------------------------- one size at a time


def _sizes(plan: Plan, op: Operation) -> Iterator[Case]:
    """Yield geometries that are small but for one size."""
    for size in (*_SIZES, _BEYOND_16_BITS):
        for why, candidates in _one_size(plan, op, size):
            if geo := _first(plan.domain, op, candidates):
                yield Case(geo, why)
    for taps in _KERNELS:
        for axis in range(op.axes):
            window = Window(taps, 1, 1, taps // 2, taps // 2)
            candidates = _on_axis(plan, op, axis, taps + 1, [window, window._replace(lo=0, hi=0)])
            if geo := _first(plan.domain, op, candidates):
                yield Case(geo, f"{taps} taps on axis {axis}")
    for step, axis in itertools.product(_LONG_STEPS, range(op.axes)):
        for what, size, window in (
            ("stride", 2 * step + 3, Window(2, step, 1, 0, 0)),
            ("dilation", step + 4, Window(2, 1, step, 0, 0)),
            ("padding", 4, Window(2, 1, 1, step, step)),
        ):
            if geo := _first(plan.domain, op, _on_axis(plan, op, axis, size, [window])):
                yield Case(geo, f"{what} {step} on axis {axis}")


def _one_size(plan: Plan, op: Operation, size: int) -> Iterator[tuple[str, Iterator[Conv]]]:
    """Yield what a size can be of, with geometries to choose from."""
    for axis in range(op.axes):
        yield f"{size} elements on axis {axis}", _on_axis(plan, op, axis, size, [_SAME, _VALID, _PLAIN])
    yield f"{size} elements at stride 2", _on_axis(plan, op, op.axes - 1, size, [_STRIDED])
    yield f"batch {size}", _of_channels(plan, op, size, _few_channels(plan))
    for name, grouped in (("input", Channels(2 * size, 2, 2)), ("output", Channels(2, 2, 2 * size))):
        axes = [Axis(_PLAIN, 0, 2 if size < _BEYOND_16_BITS else 1)] * op.axes
        one_tap = compose(min(plan.batches), grouped, axes, plan.modes[0], plan.transposed)
        yield f"one tap on {size} {name} channels in each of 2 groups", iter([one_tap])
    yield f"depthwise on {size} channels", _of_channels(plan, op, 1, [Channels(size, size, size)])
    groups = [1, *plan.domain.choices("groups", ())[:8]]
    few = sorted({m for each in _few_channels(plan) for m in (each.c, each.m)} | set(groups), reverse=size < 1000)
    for name, swapped in (("input", plan.transposed), ("output", not plan.transposed)):
        counts = [(m, size) if swapped else (size, m) for m in few]
        channels = [Channels(c, g, m) for g in groups for c, m in counts if c % g == 0 and m % g == 0]
        yield f"{size} {name} channels", _of_channels(plan, op, min(plan.batches), channels)


# Each with a remainder in blocks of 4 and more: tails of two loops meet only where both sizes have one.
_SIZES_TOGETHER = ((19, 21), (37, 41), (70, 75), (133, 137))


def _together(plan: Plan, op: Operation) -> Iterator[Case]:
    """Yield geometries of two sizes at once."""
    for sizes, window in itertools.product(_SIZES_TOGETHER, (_SAME, _PLAIN)):
        for why, candidates in _two_sizes(plan, op, *sizes, [window, plan.least_axis[plan.modes[0]].window]):
            if geo := _first(plan.domain, op, candidates):
                yield Case(geo, f"{sizes[0]} and {sizes[1]} {why}")


def _two_sizes(
    plan: Plan, op: Operation, one: int, other: int, windows: Sequence[Window]
) -> Iterator[tuple[str, Iterator[Conv]]]:
    """Yield what two sizes can be of, with geometries to choose from: batch, channels, outputs on the last axes."""
    few = _few_channels(plan)
    for why, batch, channels, outputs in (
        ("input and output channels", 1, [Channels(one, 1, other)], [(11, 13), (5, 9), (2, 3)]),
        ("input channels and columns", 1, [Channels(one, 1, 2), Channels(one, one, one)], [(2, other)]),
        ("output channels and columns", 1, [Channels(2, 1, one)], [(2, other)]),
        ("rows and columns", 1, few, [(one, other)]),
        ("images and columns", one, few, [(1, other)]),
        ("images and input channels", one, [Channels(other, 1, 2), Channels(other, other, other)], [(1, 2)]),
    ):
        every = itertools.product(channels, windows, outputs)
        yield why, (_of_outputs(plan, op, batch, each, window, of_axes) for each, window, of_axes in every)


def _of_outputs(
    plan: Plan, op: Operation, batch: int, channels: Channels, window: Window, outputs: tuple[int, ...]
) -> Conv:
    of_axes = (1, *outputs)[-op.axes :]
    least = window.outputs(0, Limits(2**62, 2**62, plan.modes[0]))[0]
    axes = [Axis(window, 0, max(least, o)) for o in of_axes]
    return compose(max(batch, min(plan.batches)), channels, axes, plan.modes[0], plan.transposed)


def _few_channels(plan: Plan) -> list[Channels]:
    return [Channels(2, 1, 3), Channels(2, 2, 2), Channels(1, 1, 1), plan.least_dense_channels, plan.least_channels]


def _on_axis(plan: Plan, op: Operation, axis: int, size: int, windows: Sequence[Window]) -> Iterator[Conv]:
    """Yield geometries of one long axis."""
    least = plan.least_axis[plan.modes[0]]
    few = _few_channels(plan)[0 if size < _BEYOND_16_BITS else 2 :]
    for window, channels in itertools.product([*windows, least.window], few):
        long = _of_size(window, size)
        for other in (_of_size(_PLAIN, 2 if size < _BEYOND_16_BITS else 1), _of_size(window, window.reach + 1), least):
            if long is not None and other is not None:
                axes = [*[other] * axis, long, *[other] * (op.axes - axis - 1)]
                yield compose(min(plan.batches), channels, axes, plan.modes[0], plan.transposed)


def _of_channels(plan: Plan, op: Operation, batch: int, channels: Sequence[Channels]) -> Iterator[Conv]:
    """Yield small geometries of so many images and channels, those with more than one tap first."""
    mode, count = plan.modes[0], op.axes
    plain, least = Axis(_PLAIN, 0, 2), plan.least_axis[mode]
    many = batch * max(max(each.c, each.m) for each in channels) >= _BEYOND_16_BITS
    small = [[Axis(_PLAIN, 0, 1)] * count] if many else []
    small += [[*[plain] * (count - 1), Axis(_SAME, 0, 3)], [Axis(_SAME, 0, 3)] * count, [Axis(_VALID, 0, 2)] * count]
    for each, axes in itertools.product(channels, [*small, [plain] * count, [least] * count]):
        yield compose(batch, each, axes, mode, plan.transposed)


def _of_size(window: Window, size: int) -> Axis | None:
    """Return the axis of so many elements, or None where the window does not fit."""
    beyond = size + window.lo + window.hi - window.reach
    return Axis(window, beyond % window.s, beyond // window.s + 1) if beyond >= 0 else None
