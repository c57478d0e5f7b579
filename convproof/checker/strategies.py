"""Hypothesis strategies for convolution geometries, for the checker and for anybody's test suite.

A geometry is drawn backwards: first the window (kernel, stride, dilation, padding), then how many outputs there
are and what remains after the last window, and from these the size of the input,

    n = (o - 1)*s + d*(k - 1) + 1 - lo - hi + remainder

so that every draw is a convolution and nothing is thrown away. Each value is drawn from those that leave room for
the rest within the budget; where a domain leaves none, the simplest axis of the domain stands in.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from hypothesis import strategies as st

from convproof.checker.domain import Domain
from convproof.checker.operations import Operation, operation
from convproof.errors import ArgumentTypeError, ArgumentValueError, bad, shown
from convproof.geometry import Conv

__all__ = ["convs"]

# The values usually tried. Kernels work in blocks of 4, 8, 16 or 32: their bugs live at the sizes beside them.
_KERNELS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 16)
_STEPS = (1, 2, 3, 4, 5, 7)
_BATCHES = (1, 2, 3, 4, 5, 33)
_CHANNELS = range(1, 41)
_TAILS = (3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257)
_MOST_OUTPUTS = 300

# Which part of the budget the axes may use (as its power); the rest is for the channels.
_SHARES = (1, 5 / 6, 2 / 3, 1 / 2)


def convs(
    *,
    axes: int | Collection[int] = (1, 2, 3),
    domain: Domain | None = None,
    op: str | Callable | None = None,
    max_terms: int = 200_000,
    max_elements: int = 65_536,
    allow_empty: bool = False,
) -> st.SearchStrategy[Conv]:
    """Return a strategy for convolution geometries, which shrinks towards one tap on one element.

    Among others it draws unequal axes, padding beyond the kernel, strides beyond the kernel, dilations beyond
    the input, inputs that the windows do not cover, depthwise and grouped channels with multipliers, and channel
    counts beside the sizes of blocks and vectors. No draw is rejected.

    Parameters
    ----------
    axes : int or collection of int
        Numbers of spatial axes to draw.
    domain : Domain, optional
        Draw only what this domain claims. Padding that is negative or differs at the two ends of an axis, and
        modes besides zeros, are drawn only where it claims them.
    op : str or function, optional
        The operation that the geometries are for: it fixes the number of axes, and for a transposed convolution
        draws every output padding that PyTorch accepts. None draws what suits every operation but that.
    max_terms : int
        Largest number of multiply-adds of the direct algorithm (`Conv.multiply_adds`).
    max_elements : int
        Largest number of elements of the input, of the weight and of the output.
    allow_empty : bool
        Whether the batch or the channels may be empty.

    Returns
    -------
    hypothesis.strategies.SearchStrategy of Conv

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        At once, where nothing can be drawn: no axes in common, or a budget below the domain's least geometry.

    Examples
    --------
    Hold a function of your own to another one::

        import numpy as np
        from hypothesis import given
        from convproof.strategies import convs

        @given(geo=convs(op="conv2d"))
        def test_output_shape(geo):
            x, w = np.ones(geo.x), np.ones(geo.w)
            padding = [lo for lo, _ in geo.padding]
            y = my_conv2d(x, w, stride=geo.stride, padding=padding, dilation=geo.dilation, groups=geo.groups)
            assert y.shape == geo.y
    """
    if domain is not None and not isinstance(domain, Domain):
        raise ArgumentTypeError(bad("domain", domain, "a convproof.Domain, or None"))
    if not isinstance(allow_empty, bool):
        raise ArgumentTypeError(bad("allow_empty", allow_empty, "True or False"))
    domain = domain or Domain()
    plan = Plan(
        domain=domain,
        axes=_common_axes(axes, domain, op),
        transposed=op is not None and operation(op).role == "transposed",
        max_terms=_positive("max_terms", max_terms),
        max_elements=min(_positive("max_elements", max_elements), domain.max_size or max_elements),
        allow_empty=allow_empty,
    )
    plan.check()
    return _geometries(plan)


# ---------------------------------------------------------------------- one axis


class Limits(NamedTuple):
    """What one axis may cost: products of outputs and taps, and elements along it."""

    terms: int
    side: int
    mode: str


class Window(NamedTuple):
    """One axis without its size."""

    k: int
    s: int
    d: int
    lo: int
    hi: int

    @property
    def reach(self) -> int:
        return self.d * (self.k - 1) + 1

    def outputs(self, remainder: int, limits: Limits) -> range:
        """Return the numbers of outputs for which the input is neither empty nor too large."""
        for_one = self.reach - self.lo - self.hi + remainder
        # Mirrored and periodic padding takes its elements from the input, which must have as many.
        needed = max(1, max(self.lo, self.hi) + {"reflect": 1, "circular": 0}.get(limits.mode, -(2**62)))
        least = max(1, -((for_one - needed) // self.s) + 1)
        most = min(limits.terms // self.k, limits.side, (limits.side - for_one) // self.s + 1)
        return range(least, most + 1)


class Axis(NamedTuple):
    """One axis of a geometry."""

    window: Window
    remainder: int
    o: int

    @property
    def n(self) -> int:
        w = self.window
        return (self.o - 1) * w.s + w.reach - w.lo - w.hi + self.remainder


class Channels(NamedTuple):
    """Channels of the forward convolution."""

    c: int
    groups: int
    m: int

    @property
    def weights(self) -> int:
        """Weights per tap."""
        return self.m * (self.c // self.groups)


def compose(batch: int, channels: Channels, axes: Sequence[Axis], mode: str, transposed: bool) -> Conv:
    """Return the geometry made of these parts; that of a transposed convolution keeps just so many outputs."""
    windows = [axis.window for axis in axes]
    return Conv(
        x=(batch, channels.c, *(axis.n for axis in axes)),
        w=(channels.m, channels.c // channels.groups, *(window.k for window in windows)),
        stride=tuple(window.s for window in windows),
        padding=tuple((window.lo, window.hi) for window in windows),
        dilation=tuple(window.d for window in windows),
        groups=channels.groups,
        mode=mode,
        outputs=tuple(axis.o for axis in axes) if transposed else None,
    )


class Room(NamedTuple):
    """The most that channels may be."""

    weights: int
    c: int
    m: int

    def holds(self, channels: Channels) -> bool:
        return channels.c <= self.c and channels.m <= self.m and channels.weights <= self.weights


# ---------------------------------------------------------------------- what there is to draw from


@dataclass(frozen=True)
class Plan:
    """What is the same for every draw."""

    domain: Domain
    axes: tuple[int, ...]
    transposed: bool
    max_terms: int
    max_elements: int
    allow_empty: bool

    @classmethod
    def without_budget(cls, domain: Domain, op: Operation) -> Plan:
        """Return what a domain claims of an operation, whatever it costs."""
        return cls(domain, (op.axes,), op.role == "transposed", 2**62, 2**62, allow_empty=False)

    @cached_property
    def modes(self) -> tuple[str, ...]:
        modes = tuple(mode for mode in self.domain.padding_mode if mode == "zeros" or not self.transposed)
        if not modes:
            expected = "zeros among them, for a transposed convolution"
            raise ArgumentValueError(bad("padding_mode", self.domain.padding_mode, expected))
        return modes

    @cached_property
    def batches(self) -> list[int]:
        batches = [n for n in self.domain.choices("batch", _BATCHES) if n]
        if not batches:
            raise ArgumentValueError(bad("batch", self.domain.batch, "a batch that is not empty"))
        return batches

    @cached_property
    def channels(self) -> dict[int, dict[int, list[Channels]]]:
        """Channels by the operation's own input channels, then by groups."""
        table: dict[int, dict[int, list[Channels]]] = {}
        for given, groups, returned in _channel_counts(self.domain):
            c, m = (returned, given) if self.transposed else (given, returned)
            table.setdefault(given, {}).setdefault(groups, []).append(Channels(c, groups, m))
        if not table:
            expected = "channels that its groups divide"
            raise ArgumentValueError(bad("domain", shown(self.domain.describe()), expected))
        return table

    @cached_property
    def least_channels(self) -> Channels:
        """The channels with the fewest weights."""
        return min(self._every_channels(), key=lambda each: (each.weights, each.c + each.m))

    @cached_property
    def least_dense_channels(self) -> Channels:
        """The same among the fewest groups."""
        return min(self._every_channels(), key=lambda each: (each.groups, each.weights, each.c + each.m))

    def _every_channels(self) -> Iterator[Channels]:
        return (each for by_groups in self.channels.values() for several in by_groups.values() for each in several)

    @cached_property
    def least_axis(self) -> dict[str, Axis]:
        """For each mode the axis with the fewest products, among the extremes of each parameter."""
        return {mode: self._least_axis(mode) for mode in self.modes}

    def _least_axis(self, mode: str) -> Axis:
        unlimited = Limits(2**62, 2**62, mode)
        few = [_ends(self.domain.choices(name, usual)) for name, usual in _WINDOW_VALUES.items()]
        found = []
        for k, s, d in itertools.product(*few):
            for pad in self.paddings(d * (k - 1) + 1):
                window = Window(k, s, d, pad, pad)
                for remainder in _ends(self.remainders(window)):
                    outputs = window.outputs(remainder, unlimited)
                    if outputs:
                        found.append(Axis(window, remainder, outputs[0]))
        if not found:
            raise ArgumentValueError(bad("domain", shown(self.domain.describe()), "one that a convolution can meet"))
        return min(found, key=lambda axis: (axis.o * axis.window.k, axis.n, axis.window.s, axis.window.d))

    def paddings(self, reach: int) -> list[int]:
        """Return paddings of one side, the simplest first: none, small, half the reach, all of it, beyond it."""
        usual = {*range(5), reach // 2, reach - 1, reach, reach + 1, 2 * reach}
        if self.domain.padding is not None:
            usual |= {-1, -2, -3, -reach}
        return sorted(self.domain.choices("padding", sorted(usual)), key=lambda p: (p < 0, abs(p)))

    def remainders(self, window: Window) -> list[int]:
        """Return what may be left of the input after the last window."""
        most = (max(window.s, window.d) if self.transposed else window.s) - 1
        usual = sorted({*range(min(most, 16) + 1), most})
        return [each for each in self.domain.choices("output_padding", usual) if each <= most]

    def limits(self, axes: int, mode: str, share: float) -> Limits:
        """Return what each of the axes may use of a share of the budget, the least channels being paid for."""
        axis, channels, batch = self.least_axis[mode], self.least_channels, min(self.batches)
        terms = self.max_terms // (batch * channels.weights)
        elements = self.max_elements // max(batch * channels.c, batch * channels.m, channels.weights)
        return Limits(
            terms=max(axis.o * axis.window.k, int(terms ** (share / axes))),
            side=max(axis.n, axis.o, axis.window.k, int(elements ** (share / axes))),
            mode=mode,
        )

    def room(self, batch: int, axes: Sequence[Axis]) -> Room:
        """Return what the channels may be under the budget, given the rest."""
        taps, outputs = math.prod(axis.window.k for axis in axes), math.prod(axis.o for axis in axes)
        return Room(
            weights=min(self.max_terms // (batch * outputs * taps), self.max_elements // taps),
            c=self.max_elements // (batch * math.prod(axis.n for axis in axes)),
            m=self.max_elements // (batch * outputs),
        )

    def least(self, axes: int, mode: str) -> Conv:
        """Return the geometry of the fewest products."""
        return compose(min(self.batches), self.least_channels, [self.least_axis[mode]] * axes, mode, self.transposed)

    def check(self) -> None:
        """Refuse a budget that the least geometry exceeds."""
        for axes, mode in itertools.product(self.axes, self.modes):
            geo = self.least(axes, mode)
            most = max(math.prod(geo.x), math.prod(geo.w), math.prod(geo.y))
            for name, limit, cost in (
                ("max_terms", self.max_terms, geo.multiply_adds),
                ("max_elements", self.max_elements, most),
            ):
                if cost > limit:
                    raise ArgumentValueError(bad(name, limit, f"at least {cost}, for {geo} in the domain"))


_WINDOW_VALUES = {"kernel": _KERNELS, "stride": _STEPS, "dilation": _STEPS}


def _ends(values: Sequence[int]) -> list[int]:
    """Return the first three and the last of some values."""
    return list(dict.fromkeys([*values[:3], *values[-1:]]))


def _divisors(number: int) -> list[int]:
    low = [each for each in range(1, math.isqrt(number) + 1) if number % each == 0]
    return sorted({*low, *(number // each for each in low)})


def _channel_counts(domain: Domain) -> Iterable[tuple[int, int, int]]:
    """Yield input channels, groups and output channels, in the words of the operation."""
    groups = domain.groups if isinstance(domain.groups, tuple | range) else None
    usual = sorted({*_CHANNELS, *(g * m for g in domain.choices("groups", _CHANNELS) for m in (1, 2) if groups)})
    for given in domain.choices("in_channels", usual):
        for each in _divisors(given):
            if (groups is not None and each not in groups) or (domain.groups == "depthwise" and each != given):
                continue
            multiples = [each * m for m in range(1, max(4, _CHANNELS[-1] // each) + 1)]
            yield from (
                (given, each, returned)
                for returned in domain.choices("out_channels", multiples)
                if returned and returned % each == 0
            )


# ---------------------------------------------------------------------- drawing


@st.composite
def _geometries(draw: st.DrawFn, plan: Plan) -> Conv:
    count = draw(st.sampled_from(plan.axes))
    mode = draw(st.sampled_from(plan.modes))
    limits = plan.limits(count, mode, draw(st.sampled_from(_SHARES)))
    windows = _windows(draw, plan, limits, count)
    axes = [_axis(draw, plan, limits, window) for window in windows]
    if not plan.room(min(plan.batches), axes).holds(plan.least_channels):
        axes = [plan.least_axis[mode]] * count
    batch = _any_of(draw, [n for n in plan.batches if plan.room(n, axes).holds(plan.least_channels)], few=2)
    geo = compose(batch, _channels(draw, plan, batch, axes), axes, mode, plan.transposed)
    return _emptied(draw, plan, geo) if plan.allow_empty else geo


def _any_of(draw: st.DrawFn, values: Sequence[int], few: int, also: Iterable[int] = ()) -> int:
    """Draw one of `values`: half of the time one of the first few or of those of `also`; shrink to the first."""
    favourites = [*values[:few], *(value for value in also if value in values)]
    # An index, drawn once, is quicker than a choice between strategies, and shrinks better.
    most = len(values) + len(values) // len(favourites) * len(favourites) - 1
    index = draw(st.integers(0, most))
    return values[index] if index < len(values) else favourites[index % len(favourites)]


def _windows(draw: st.DrawFn, plan: Plan, limits: Limits, count: int) -> list[Window]:
    """Draw the windows of all axes: the plainest on all but one, the same on all, or each its own."""
    # Kernels have their fast paths where all axes are the same. One axis alone comes first, and takes no more
    # choices: so a fault at stride 2 shrinks to stride 2 on the one axis that matters.
    choice = draw(st.sampled_from([*range(count), *["same"] * count, *["own"] * count]))
    window = _window(draw, plan, limits)
    if choice == "same":
        return [window] * count
    if choice == "own":
        return [window, *(_window(draw, plan, limits) for _ in range(count - 1))]
    plainest = plan.least_axis[limits.mode].window
    return [window if axis == choice else plainest for axis in range(count)]


def _window(draw: st.DrawFn, plan: Plan, limits: Limits) -> Window:
    """Draw kernel, stride, dilation and padding of an axis that some number of outputs completes."""
    least = plan.least_axis[limits.mode].window
    domain, most = plan.domain, limits.side
    kernels = [k for k in domain.choices("kernel", _KERNELS) if k <= min(most, limits.terms)]
    strides = [s for s in domain.choices("stride", _STEPS) if s <= most]
    if not kernels or not strides:
        return least
    k, s = _any_of(draw, kernels, few=3), _any_of(draw, strides, few=2)
    dilations = [d for d in domain.choices("dilation", _STEPS) if d * (k - 1) < most]
    if not dilations:
        return least
    d = _any_of(draw, dilations, few=2)

    def completed(lo: int, hi: int) -> bool:
        window = Window(k, s, d, lo, hi)
        return any(window.outputs(remainder, limits) for remainder in plan.remainders(window))

    paddings = plan.paddings(d * (k - 1) + 1)
    lows = [lo for lo in paddings if completed(lo, lo)]
    if not lows:
        return least
    lo = hi = _any_of(draw, lows, few=3)
    if domain.per_side_padding:
        hi = _any_of(draw, [hi for hi in paddings if completed(lo, hi)], few=3)
    return Window(k, s, d, lo, hi)


def _axis(draw: st.DrawFn, plan: Plan, limits: Limits, window: Window) -> Axis:
    """Draw the size of an axis: outputs, and what remains of the input after the last of them."""
    remainders = [each for each in plan.remainders(window) if window.outputs(each, limits)]
    remainder = _any_of(draw, remainders, few=1)
    outputs = window.outputs(remainder, limits)[:_MOST_OUTPUTS]
    return Axis(window, remainder, _any_of(draw, outputs, few=6, also=_TAILS))


def _channels(draw: st.DrawFn, plan: Plan, batch: int, axes: Sequence[Axis]) -> Channels:
    """Draw channels and groups for which the budget has room."""
    room = plan.room(batch, axes)
    # The first of each list has the fewest channels: where it fits, so does a geometry with these groups.
    affordable = {
        given: [groups for groups, every in by_groups.items() if room.holds(every[0])]
        for given, by_groups in plan.channels.items()
    }
    given = _any_of(draw, [given for given, groups in affordable.items() if groups], few=6, also=_TAILS)
    dense_or_depthwise = (affordable[given][0], affordable[given][-1])
    groups = _any_of(draw, affordable[given], few=1, also=dense_or_depthwise)
    returned = {
        (each.c if plan.transposed else each.m): each for each in plan.channels[given][groups] if room.holds(each)
    }
    return returned[_any_of(draw, list(returned), few=4, also=_TAILS)]


def _emptied(draw: st.DrawFn, plan: Plan, geo: Conv) -> Conv:
    """Draw which size, if any, to make zero."""
    may = [name for name in ("batch", "in_channels", "out_channels") if _may_be_empty(plan.domain, name)]
    which = draw(st.sampled_from([None, None, None, *may]))
    if which == "batch":
        return geo.replace(x=(0, *geo.x[1:]))
    if which == ("out_channels" if plan.transposed else "in_channels"):
        return geo.replace(x=(geo.batch, 0, *geo.n), w=(geo.out_channels, 0, *geo.kernel))
    return geo.replace(w=(0, *geo.w[1:])) if which else geo


def _may_be_empty(domain: Domain, name: str) -> bool:
    # A depthwise convolution without channels would have no groups.
    if domain.groups == "depthwise" and name != "batch":
        return False
    allowed: Any = getattr(domain, name)
    return allowed is None or 0 in allowed


# ---------------------------------------------------------------------- arguments


def _positive(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentTypeError(bad(name, value, "a positive integer"))
    if value < 1:
        raise ArgumentValueError(bad(name, value, "a positive integer"))
    return value


def _common_axes(axes: Any, domain: Domain, op: str | Callable | None) -> tuple[int, ...]:
    """Return the numbers of axes that the arguments have in common."""
    asked = Domain(axes=axes).choices("axes", (1, 2, 3))
    of_op = (1, 2, 3) if op is None else (operation(op).axes,)
    common = tuple(n for n in domain.choices("axes", (1, 2, 3)) if n in asked and n in of_op)
    if not common:
        raise ArgumentValueError(bad("axes", axes, f"a number of axes that op={op!r} and the domain have too"))
    return common
