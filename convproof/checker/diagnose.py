"""From a wrong entry to a sentence: which tap the kernel reads, and which it should; or which mistake fits.

Two ways, both on the shrunk geometry. *Suspects* are readings of the geometry that people really confuse: where
one of them gives the kernel's result exactly, it is named. The *read-off* of one entry asks the kernel with
one-hot operands, and compares what that entry sums with what it should; where these products do not add up to
the entry on other numbers, nothing is said of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from convproof.checker.cases import Case, contract, draw
from convproof.checker.probes import normwise_bound
from convproof.checker.subject import Crashed, Declined, Subject, Wrong
from convproof.geometry import MODES, Conv

__all__ = ["diagnose"]

_MAX_CALLS = 4000


def diagnose(subject: Subject, cases: Sequence[Case], entry: tuple[int, ...] | None) -> str | None:
    """Return a sentence on what the kernel does instead, or None where it cannot be told.

    `cases` are cases that fail, the smallest first; `entry` is a wrong entry of the smallest. A suspect has to
    explain all of them: on tiny shapes too many mistakes look the same.
    """
    try:
        named = _suspect(subject, cases)
        taps = _taps(subject, cases[0], entry)
    except (Wrong, Declined, Crashed):
        return None
    return "; ".join(filter(None, [named, taps])) or None


# ---------------------------------------------------------------------- suspects


def _suspect(subject: Subject, cases: Sequence[Case]) -> str | None:
    """Name the one mistake whose result equals the kernel's in every case."""
    left: set[str] | None = None
    for case in cases:
        first, second = draw(subject, case, case.rng("diagnosis"), 100)
        got = subject.run(case.geometry, first, second)
        if np.array_equal(got, contract(subject.op, case.geometry, first, second)):
            continue  # the kernel is right here, but for what the property asks besides
        fits = {
            name
            for name, result in _suspects(subject, case, first, second)
            if result.shape == got.shape and np.array_equal(got, result)
        }
        left = fits if left is None else left & fits
    return " or ".join(sorted(left)) if left and len(left) <= 2 else None


def _suspects(subject: Subject, case: Case, first: np.ndarray, second: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    op, geo = subject.op, case.geometry
    right = contract(op, geo, first, second)
    yield "returns zeros", np.zeros_like(right)
    yield "the sign is reversed", -right
    yield "only the first image of the batch is used", _first_image_everywhere(right)
    yield from _flips(subject, geo, first, second)
    for name, other in _confusions(geo):
        try:
            yield name, contract(op, other, first, second)
        except (ValueError, IndexError):  # the operands do not fit the confused geometry
            continue


def _first_image_everywhere(result: np.ndarray) -> np.ndarray:
    return np.broadcast_to(result[:1], result.shape) if len(result) else result


def _flips(subject: Subject, geo: Conv, first: np.ndarray, second: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Convolution taken for correlation: the kernel flipped on every axis, or on some."""
    spatial = range(2, geo.axes + 2)
    subsets = [tuple(spatial), *((axis,) for axis in spatial)] if geo.axes > 1 else [tuple(spatial)]
    for axes in subsets:
        which = "" if len(axes) == geo.axes else f" along axis {axes[0] - 2}"
        name = f"the kernel is flipped{which} (convolution, where correlation is meant)"
        if subject.op.result == "w":
            yield name, np.flip(contract(subject.op, geo, first, second), axes)
        else:
            yield name, contract(subject.op, geo, first, np.flip(second, axes))


def _confusions(geo: Conv) -> Iterator[tuple[str, Conv]]:
    """Geometries of the same shapes that a confused kernel computes instead."""
    changes: list[tuple[str, dict]] = [
        ("stride is taken in the reverse order of axes", {"stride": geo.stride[::-1]}),
        ("dilation is taken in the reverse order of axes", {"dilation": geo.dilation[::-1]}),
        ("padding is taken in the reverse order of axes", {"padding": geo.padding[::-1]}),
        ("stride and dilation are exchanged", {"stride": geo.dilation, "dilation": geo.stride}),
        ("stride is ignored", {"stride": 1}),
        ("dilation is ignored", {"dilation": 1}),
        ("padding is ignored", {"padding": 0}),
        ("low and high padding are exchanged", {"padding": tuple((hi, lo) for lo, hi in geo.padding)}),
        ("padding is one too large at the low side", {"padding": tuple((lo + 1, hi - 1) for lo, hi in geo.padding)}),
        ("padding is one too small at the low side", {"padding": tuple((lo - 1, hi + 1) for lo, hi in geo.padding)}),
        *((f"the input is continued by {mode!r}", {"mode": mode}) for mode in MODES),
    ]
    for name, change in changes:
        try:
            other = geo.replace(outputs=None, **change)
            # The same number of outputs, so that the result can be compared at all.
            other = other if other.o == geo.o else other.replace(outputs=geo.o)
        except ValueError:
            continue
        if other != geo:
            yield name, other


# ---------------------------------------------------------------------- one entry, read off


def _taps(subject: Subject, case: Case, entry: tuple[int, ...] | None) -> str | None:
    """Say of one wrong entry which products it sums that it should not, and which it lacks."""
    geo, shapes = case.geometry, subject.op.shapes(case.geometry)
    sizes = [math.prod(shape) for shape in shapes]
    fits = entry is not None and len(entry) == geo.axes + 2
    if not fits or any(e >= n for e, n in zip(entry, subject.op.result_shape(geo), strict=True)):  # type: ignore[arg-type]
        return None
    if sizes[0] * sizes[1] > _MAX_CALLS:
        return None
    constant = _entry(subject, case, entry, *(np.zeros(shape, case.dtype) for shape in shapes))
    if constant:
        return f"entry {list(entry)} is {constant:g} where all operands are zero"  # type: ignore[arg-type]
    reads = np.zeros((sizes[1], sizes[0]))  # what the entry multiplies each product of two elements by
    should = np.zeros((sizes[1], sizes[0]))
    for j, i in np.ndindex(*reads.shape):
        arrays = [_hot(shape, at, case.dtype) for shape, at in zip(shapes, (i, j), strict=True)]
        reads[j, i] = _entry(subject, case, entry, *arrays)
        should[j, i] = contract(subject.op, geo, *arrays)[entry]
    if subject.domain.accuracy == "normwise":
        reads[np.abs(reads - should) < normwise_bound(subject.op, geo, case.dtype, 1, 1)] = 0
        reads += should * (reads == 0)
    wrong = [j for j in range(sizes[1]) if (reads[j] != should[j]).any()]
    if not wrong or not _adds_up(subject, case, entry, reads):
        return None
    sentence = _sentence(subject, shapes, wrong[0], reads[wrong[0]], should[wrong[0]])
    more = f" (and {len(wrong) - 1} more taps differ)" if len(wrong) > 1 else ""
    return f"entry {list(entry)}: {sentence}{more}"  # type: ignore[arg-type]


def _entry(subject: Subject, case: Case, entry: tuple[int, ...] | None, *arrays: np.ndarray) -> float:
    got = subject.run(case.geometry, *arrays)
    if got.shape != subject.op.result_shape(case.geometry):
        raise Wrong("the result changes its shape")
    return float(got[entry])


def _adds_up(subject: Subject, case: Case, entry: tuple[int, ...] | None, reads: np.ndarray) -> bool:
    """Whether the products that were read off give the entry on dense numbers too: else it is no sum of products."""
    first, second = draw(subject, case, case.rng("diagnosis"), 100)
    told = second.astype(float).ravel() @ reads @ first.astype(float).ravel()
    got = _entry(subject, case, entry, first, second)
    return abs(got - told) <= 1e-4 * max(abs(told), 1)


def _hot(shape: tuple[int, ...], at: int, dtype: str) -> np.ndarray:
    hot = np.zeros(math.prod(shape), dtype)
    hot[at] = 1
    return hot.reshape(shape)


_FEW = 4  # products told of one tap; the rest is counted


def _sentence(subject: Subject, shapes: tuple, j: int, reads: np.ndarray, should: np.ndarray) -> str:
    first, second = subject.op.operands

    def named(name: str, shape: tuple[int, ...], flat: int) -> str:
        return f"{name}{[int(i) for i in np.unravel_index(flat, shape)]}"

    def listed(factors: np.ndarray) -> str:
        live = np.flatnonzero(factors)
        words = [
            named(first, shapes[0], i) + (f" times {factors[i]:g}" if factors[i] != 1 else "") for i in live[:_FEW]
        ]
        words += [f"{len(live) - _FEW} more"] if len(live) > _FEW else []
        return " and ".join(words) or "nothing"

    return f"{named(second, shapes[1], j)} meets {listed(reads)}, expected {listed(should)}"
