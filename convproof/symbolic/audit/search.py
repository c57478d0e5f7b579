"""Which geometries a named matrix may have: every printed tap votes.

A tap ``a`` printed in row ``r`` and column ``i`` says ``s*r + d*a - p = i`` on each axis. For each stride and
dilation the padding with most votes is kept; the few geometries with most votes are then derived and compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from convproof.errors import ConvproofError
from convproof.geometry import Conv
from convproof.symbolic.audit.claims import Claim, Fit, fit
from convproof.symbolic.audit.readings import Reading
from convproof.symbolic.audit.sheet import Sheet

__all__ = ["Layout", "fits", "make_claim", "order", "split", "with_modes"]

_STEPS = [(s, d) for d in (1, 2, 3) for s in (1, 2, 3, 4)]
_COMPARED = 8  # candidates that are derived for each reading

Sizes = tuple[int, ...]


class _Axis(NamedTuple):
    """One candidate for an axis, and which taps vote for it."""

    s: int
    d: int
    lo: int
    votes: np.ndarray


class Layout(NamedTuple):
    """How rows and columns are taken apart, before anything is known of stride and padding."""

    transposed: bool
    flipped: bool
    data: bool
    n: Sizes
    k: Sizes
    o: Sizes
    weight: tuple[int, int]  # M, C / groups
    groups: int


def fits(sheet: Sheet, reading: Reading, most: int) -> list[Fit]:
    """Return how the likeliest geometries fit, the best first.

    Every tap that does not vote for a geometry is printed otherwise there; those that could not be better than
    the best, or than `most` differences, are not compared.
    """
    row, column = np.nonzero(np.isin(sheet.codes, list(reading.places)))
    index = np.array([reading.places[code] for code in sheet.codes[row, column].tolist()], dtype=np.int64)
    names = {int(np.ravel_multi_index(at, reading.shape)): code for code, at in reading.places.items()}
    printed = int(np.count_nonzero(sheet.codes > 0))
    voted: list[tuple[int, int, Layout, tuple[_Axis, ...]]] = []
    for layout in _layouts(sheet.shape, reading):
        for axes, votes in _candidates(layout, row, column, index):
            voted.append((printed - votes, len(voted), layout, axes))
    found: list[Fit] = []
    for least, _, layout, axes in sorted(voted, key=lambda each: each[:2]):
        if least > most or len(found) >= _COMPARED:
            break
        claim = make_claim(layout, [(axis.s, axis.d, axis.lo) for axis in axes])
        if claim is not None and (one := fit(sheet, claim, names)) is not None:
            found.append(one)
            most = min(most, len(one.differences))
    return with_modes(sheet, sorted(found, key=order))


def with_modes(sheet: Sheet, found: list[Fit]) -> list[Fit]:
    """Add to fits, the best first, those of the best with other padding than zeros; return them the best first."""
    if not found or not found[0].differences or not any(max(pair) > 0 for pair in found[0].claim.geometry.padding):
        return found
    return sorted([*found, *found[0].in_other_modes(sheet)], key=order)


def order(found: Fit) -> tuple[object, ...]:
    """Return what sorts fits: fewest differences, then most names taken for taps, then the plainest geometry."""
    claim, geo = found.claim, found.claim.geometry
    padding = [side for pair in geo.padding for side in pair]
    return (
        len(found.differences),
        -found.elements if found.differences else 0,
        geo.mode != "zeros",
        claim.data,
        geo.outputs is not None,
        claim.one_sided,
        claim.uneven,
        sum(padding),
        geo.groups * geo.w[0] * geo.w[1],
        max(geo.n) - min(geo.n) + max(geo.o) - min(geo.o),
        claim.flipped,
        claim.transposed,
        geo.stride,
        geo.dilation,
    )


# ---------------------------------------------------------------------- rows and columns taken apart


def _layouts(shape: tuple[int, int], reading: Reading) -> Iterator[Layout]:
    for transposed in (False, True):
        outputs, inputs = shape[::-1] if transposed else shape
        for flipped in (False, True):
            yield from _conv_layouts(reading, outputs, inputs, transposed, flipped)
        if not reading.lead or reading.lead == "channels":
            yield from _data_layouts(reading, outputs, inputs, transposed)


def _conv_layouts(reading: Reading, outputs: int, inputs: int, transposed: bool, flipped: bool) -> Iterator[Layout]:
    """Yield the layouts in which the names are taps: rows are outputs, columns inputs."""
    m, c = reading.weight[:2]
    groups = m if reading.lead == "groups" else 1
    for o in split(outputs, m, len(reading.spatial)):
        for n in split(inputs, c * groups, len(reading.spatial)):
            if all(map(_possible, n, reading.spatial, o)):
                yield Layout(transposed, flipped, False, n, reading.spatial, o, (m, c), groups)


def _data_layouts(reading: Reading, outputs: int, taps: int, transposed: bool) -> Iterator[Layout]:
    """Yield the layouts in which the names are inputs: rows are outputs, columns taps."""
    channels = reading.shape[0] if reading.lead else 1
    for o in split(outputs, 1, len(reading.spatial)):
        for k in split(taps, channels, len(reading.spatial)):
            if all(each <= size for each, size in zip(k, reading.spatial, strict=True)):
                yield Layout(transposed, False, True, reading.spatial, k, o, (1, channels), 1)


def split(size: int, channels: int, axes: int) -> list[Sizes]:
    """Return the sizes of the axes whose product, with the channels, is `size`; squares first."""
    rest, left = divmod(size, channels)
    if left or not rest:
        return []
    if axes == 1:
        return [(rest,)]
    pairs = [(rest // each, each) for each in range(1, rest + 1) if rest % each == 0]
    return sorted(pairs, key=lambda pair: abs(pair[0] - pair[1]))


def _possible(n: int, k: int, o: int) -> bool:
    """Whether some stride, dilation and padding make o outputs of n inputs, or an input that ends in unread ones."""
    reach = _STEPS[-1][1] * (k - 1)
    return o <= n + reach and n <= (o + 1) * _STEPS[-1][0] + reach


# ---------------------------------------------------------------------- votes


def _candidates(
    layout: Layout, row: np.ndarray, column: np.ndarray, index: np.ndarray
) -> Iterator[tuple[tuple[_Axis, ...], int]]:
    """Yield candidates of one layout, with the number of taps that vote for all of it."""
    axes = len(layout.k)
    m, c = layout.weight
    first, second = (column, row) if layout.transposed else (row, column)
    out = np.unravel_index(first, (m, *layout.o))
    other = np.unravel_index(second, (c * layout.groups, *(layout.k if layout.data else layout.n)))
    fitting = _channels_fit(layout, out[0], other[0], index[:, : index.shape[1] - axes])
    best = []
    for axis in range(axes):
        named = index[:, index.shape[1] - axes + axis]
        r, met = out[axis + 1], other[axis + 1]
        x, a = (named, met) if layout.data else (met, named)
        a = layout.k[axis] - 1 - a if layout.flipped else a
        best.append(_axis_candidates(r, x, a, layout.k[axis], layout.o[axis], fitting))
    if axes == 1:
        yield from (((one,), int(one.votes.sum())) for one in best[0])
    else:
        yield from (((one, two), int((one.votes & two.votes).sum())) for one in best[0] for two in best[1])


def _channels_fit(layout: Layout, m: np.ndarray, c: np.ndarray, named: np.ndarray) -> np.ndarray:
    """Return which taps are printed in the block of their channels."""
    filters, channels = layout.weight
    places = {1: (), 2: (m,)}[1 + (filters > 1)] + ((c,) if channels > 1 else ())
    fitting = np.ones(len(m), dtype=bool)
    if layout.groups > 1:
        fitting &= m == c
    if len(places) == named.shape[1]:
        for place, name in zip(places, named.T, strict=True):
            fitting &= place == name
    elif named.shape[1] == 2:  # one filter, or one channel, with its index printed
        fitting &= (m == named[:, 0]) & (c == named[:, 1])
    return fitting


def _axis_candidates(r: np.ndarray, x: np.ndarray, a: np.ndarray, k: int, o: int, fitting: np.ndarray) -> list[_Axis]:
    """Return the candidates of an axis with most votes, a few of them."""
    steps = [(s, d) for s, d in _STEPS if (o > 1 or s == 1) and (k > 1 or d == 1)]
    strides, dilations = np.array(steps).T
    low = strides[:, None] * r + dilations[:, None] * a - x  # (steps, taps): the padding that each tap says
    reach = dilations * (k - 1)
    valid = (low >= 0) & (low <= reach[:, None]) & fitting
    most = int(reach.max()) + 1
    keys = np.arange(len(steps))[:, None] * most + low
    tally = np.bincount(keys[valid], minlength=len(steps) * most).reshape(len(steps), most)
    padding = tally.argmax(axis=1)
    votes = tally.max(axis=1)
    chosen = np.argsort(-votes, kind="stable")[:3]
    return [
        _Axis(steps[i][0], steps[i][1], int(padding[i]), valid[i] & (low[i] == padding[i]))
        for i in chosen.tolist()
        if votes[i]
    ]


# ---------------------------------------------------------------------- claims


def make_claim(layout: Layout, steps: list[tuple[int, int, int]]) -> Claim | None:
    """Return the claim of a layout with (stride, dilation, low padding) on each axis; None where there is none."""
    padding, cropped = [], False
    for n, k, o, (s, d, lo) in zip(layout.n, layout.k, layout.o, steps, strict=True):
        least = (o - 1) * s + d * (k - 1) + 1 - n - lo  # high padding that makes room for o windows
        hi = min(max(lo, least), least + s - 1)
        if hi > d * (k - 1):
            return None  # rows that would see nothing but padding
        cropped |= hi < 0
        padding.append((lo, lo if hi < 0 else hi))
    m, c = layout.weight
    try:
        geometry = Conv(
            x=(1, c * layout.groups, *layout.n),
            w=(m, c, *layout.k),
            stride=[s for s, _, _ in steps],
            dilation=[d for _, d, _ in steps],
            padding=padding,
            groups=layout.groups,
            outputs=layout.o if cropped else None,
        )
    except ConvproofError:
        return None
    if math.prod(geometry.y) > 1 << 16:
        return None
    return Claim(geometry, layout.transposed, layout.flipped, layout.data)
