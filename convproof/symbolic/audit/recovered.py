"""Matrices whose entries do not say which tap they are: numbers, and letters in an order of their own.

Entries that a convolution reads through one tap, those of equal offset ``input - stride * output``, are the same:
the most frequent one is taken for the tap. (A Toeplitz matrix where the stride is 1.)
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from convproof.geometry import Conv
from convproof.symbolic.audit.claims import Claim, Fit, fit
from convproof.symbolic.audit.search import Layout, make_claim, order, split, with_modes
from convproof.symbolic.audit.sheet import UNKNOWN, Sheet

__all__ = ["fits_recovered", "majority_names", "is_toeplitz"]

_STRIDES = (1, 2, 3)
_LARGEST_DILATION = 3
_COMPARED = 6


class _Offsets(NamedTuple):
    """A way to take rows and columns apart, and what is printed at each offset."""

    differences: int
    layout: Layout
    strides: tuple[int, ...]
    low: tuple[int, ...]
    values: np.ndarray  # the most frequent code of each offset, 0 where none

    @property
    def cost(self) -> int:
        """Differences and taps: with taps enough, anything is a convolution."""
        return self.differences + int(np.count_nonzero(self.values))


def fits_recovered(sheet: Sheet) -> list[Fit]:
    """Return how the likeliest geometries fit, the best first.

    A single tap is no kernel, and neither is one that is larger than the input.
    """
    if circulant := _circulant(sheet):
        return [circulant]
    offsets = sorted(_all_offsets(sheet), key=lambda each: (each.cost, len(each.strides)))
    found: list[Fit] = []
    for each in offsets[:_COMPARED]:
        kernel = _kernel(each, _LARGEST_DILATION if _is_varied(sheet) else 1)
        if kernel is None:
            continue
        claim = make_claim(each.layout._replace(k=kernel[0]), kernel[1])
        if claim is not None and claim.shape == sheet.shape:
            one = fit(sheet, claim, majority_names(sheet, claim))
            found += [] if one is None else [one]
    found = with_modes(sheet, sorted(found, key=_cost))
    return sorted(found, key=_cost)


def _circulant(sheet: Sheet) -> Fit | None:
    """Return how a matrix fits whose rows are the first one, turned."""
    n = sheet.shape[0]
    if (
        sheet.shape[1] != n
        or len(sheet.tokens) < 3
        or any((row != np.roll(sheet.codes[0], r)).any() for r, row in enumerate(sheet.codes))
    ):
        return None
    geometry = Conv(x=(1, 1, n), w=(1, 1, n), padding=[(0, n - 1)], mode="circular")
    return fit(sheet, Claim(geometry), dict(enumerate(sheet.codes[0].tolist())))


def _cost(found: Fit) -> tuple[object, ...]:
    return len(found.differences) + found.elements, order(found)


def is_toeplitz(sheet: Sheet) -> bool:
    """Whether every diagonal holds one value, and no entry is zero."""
    codes = sheet.codes
    return bool((codes > 0).all() and (codes[1:, 1:] == codes[:-1, :-1]).all())


def majority_names(sheet: Sheet, claim: Claim) -> dict[int, int]:
    """Return the code printed most often for each element of the operand; rather a name than a zero."""
    row, col, operand, _ = claim.derived.coo
    printed = sheet.codes[row, col]
    known = printed != UNKNOWN
    size = len(sheet.tokens)
    tally = np.bincount(operand[known] * size + printed[known], minlength=math.prod(claim.operand) * size)
    tally = 2 * tally.reshape(-1, size)
    tally[tally[:, 0] > 0, 0] -= 1
    return {element: int(tally[element].argmax()) for element in np.flatnonzero(tally.any(axis=1)).tolist()}


def _all_offsets(sheet: Sheet) -> Iterator[_Offsets]:
    varied = _is_varied(sheet)
    for axes, transposed in itertools.product((1, 2), (False, True)):
        outputs, inputs = sheet.shape[::-1] if transposed else sheet.shape
        codes = sheet.codes.T if transposed else sheet.codes
        for o, n in itertools.product(split(outputs, 1, axes), split(inputs, 1, axes)):
            if axes == 2 and 1 in (*o, *n):
                continue
            layout = Layout(transposed, False, False, n, (), o, (1, 1), 1)
            for strides in itertools.product(_STRIDES, repeat=axes):
                if not varied and len(set(strides)) > 1:
                    continue
                yield _offsets(codes, layout, strides, len(sheet.tokens))


def _offsets(codes: np.ndarray, layout: Layout, strides: tuple[int, ...], size: int) -> _Offsets:
    """Collect what is printed at each offset; codes are (outputs, inputs)."""
    low, spans, key = [], [], np.zeros(codes.shape, dtype=np.int64)
    out = np.unravel_index(np.arange(codes.shape[0]), layout.o)
    inp = np.unravel_index(np.arange(codes.shape[1]), layout.n)
    for axis, s in enumerate(strides):
        least = -s * (layout.o[axis] - 1)
        span = layout.n[axis] - least
        key = key * span + inp[axis][None, :] - s * out[axis][:, None] - least
        low.append(least)
        spans.append(span)
    known = codes != UNKNOWN
    tally = np.bincount(key[known] * size + codes[known], minlength=math.prod(spans) * size).reshape(-1, size)
    differences = int(tally.sum() - tally.max(axis=1).sum())
    values = np.where(tally.any(axis=1), tally.argmax(axis=1), 0).reshape(spans)
    return _Offsets(differences, layout, strides, tuple(low), values)


def _is_varied(sheet: Sheet) -> bool:
    """Whether more than one value is printed besides zeros: with one, almost anything is some convolution."""
    return len(sheet.tokens) > 2


def _kernel(each: _Offsets, most_dilation: int) -> tuple[tuple[int, ...], list[tuple[int, int, int]]] | None:
    """Return the kernel's size, and (stride, dilation, low padding) of each axis, from where it is not zero."""
    sizes, steps = [], []
    inputs = each.layout.n
    for live, s, least, size in zip(np.nonzero(each.values), each.strides, each.low, inputs, strict=True):
        if not live.size:
            return None
        offsets = np.unique(live) + least
        first, last = min(int(offsets[0]), 0), int(offsets[-1])
        d = math.gcd(*(offset - first for offset in offsets.tolist())) or 1
        if last - first >= size * min(d, most_dilation):
            return None
        sizes.append((last - first) // d + 1)
        steps.append((s, d, -first))
    return (tuple(sizes), steps) if max(sizes) > 1 else None
