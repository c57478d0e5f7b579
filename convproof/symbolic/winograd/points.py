"""The choice of points: all symmetric sets of short dyadic fractions, compared by their error growth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations

import numpy as np

from convproof.symbolic.winograd.exact import approximate
from convproof.symbolic.winograd.growth import amplification, typical_amplification
from convproof.symbolic.winograd.toom_cook import toom_cook

__all__ = ["PointSet", "PointsReason", "chosen_points", "reason_for", "written"]

_QUARTERS = tuple(Fraction(a, 4) for a in range(1, 17))
_EIGHTHS = tuple(sorted({*_QUARTERS, *(Fraction(a, 8) for a in range(3, 17))}))
_MOST_PAIRS_OF_EIGHTHS = 4
_SLACK = 1.1  # of two sets whose worst cases differ by less, the one that is better on average
_SAME = 1 + 1e-9  # the search runs in floating point


@dataclass(frozen=True)
class PointSet:
    """Finite points of F(m, r) and the error growth that they cause.

    Attributes
    ----------
    label : str
        Where they come from.
    points : tuple of Fraction
        The finite ones; infinity is always there.
    amplification : Fraction
        See :func:`~convproof.symbolic.winograd.growth.amplification`; exact.
    typical : float
        See :func:`~convproof.symbolic.winograd.growth.typical_amplification`.
    """

    label: str
    points: tuple[Fraction, ...]
    amplification: Fraction
    typical: float

    def __str__(self) -> str:
        growth = f"{approximate(self.amplification):>10.4g} {self.typical:>10.4g}"
        return f"{self.label:<12} {growth}  {written(self.points)}"


@dataclass(frozen=True)
class PointsReason:
    """Why these points: their error growth beside that of others.

    Attributes
    ----------
    m, r : int
        Of F(m, r).
    used : PointSet
        The points of the transforms.
    others : tuple of PointSet
        The set found by the search where others were given, the set of least amplification, the integers
        0, 1, -1, 2, -2, ..., and these with reciprocals.
    sets : int
        Number of sets that the search compared.
    """

    m: int
    r: int
    used: PointSet
    others: tuple[PointSet, ...]
    sets: int

    def __str__(self) -> str:
        title = f"F({self.m}, {self.r}), error growth relative to direct summation, {self.sets} sets compared:"
        head = f"  {'':<12} {'worst case':>10} {'typical':>10}  points"
        return "\n".join([title, head, *(f"  {entry}" for entry in (self.used, *self.others))])


@lru_cache(maxsize=128)
def chosen_points(m: int, r: int) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...], int]:
    """Return the points chosen for F(m, r), those of least amplification, and the number of sets compared.

    Compared are the sets of pairs p, -p, with 0 where their number is odd, or with 0 and one single point where
    it is even and at most four. The magnitudes run from 1/4 to 4, in quarters, and in eighths up to 2 for up
    to four pairs. Among the sets whose amplification is within a tenth of the least, the one of least typical
    amplification is taken; of equal ones the one with the shortest fractions.
    """
    sets = list(_candidates(m + r - 2))
    worst, typical = _growth(np.array(sets, dtype=float).reshape(len(sets), -1), m, r)
    near = worst <= worst.min() * _SLACK
    best = near & (typical <= typical[near].min() * _SAME)
    least = worst <= worst.min() * _SAME
    return _shortest(sets, best), _shortest(sets, least), len(sets)


def reason_for(m: int, r: int, points: tuple[Fraction, ...]) -> PointsReason:
    """Return the reason for the points of F(m, r), m and r above 1."""
    chosen, least, count = chosen_points(m, r)
    finite = m + r - 2
    named = {
        "chosen": chosen,
        "least": least,
        "integers": _first(finite, [Fraction(k) for k in range(1, finite + 1)]),
        "reciprocals": _first(finite, [Fraction(1), *(p for k in range(1, finite) for p in _with_reciprocal(2**k))]),
    }
    used = next((label for label, other in named.items() if set(other) == set(points)), "given")
    others, seen = [], [set(points)]
    for label, other in named.items():
        if set(other) not in seen:
            others.append(_measured(label, m, r, other))
            seen.append(set(other))
    return PointsReason(m, r, _measured(used, m, r, points), tuple(others), count)


def written(points: Sequence[Fraction]) -> str:
    """Write points, infinity included; pairs with one sign.

    Examples
    --------
    >>> written([Fraction(0), Fraction(1, 2), Fraction(-1, 2), Fraction(2)])
    '0, ±1/2, 2, inf'
    """
    parts: list[str] = []
    for place, point in enumerate(points):
        if place and point == -points[place - 1]:
            parts[-1] = f"±{abs(point)}"
        else:
            parts.append(str(point))
    return ", ".join([*parts, "inf"])


def _measured(label: str, m: int, r: int, points: tuple[Fraction, ...]) -> PointSet:
    matrices = toom_cook(m, r, points)
    return PointSet(label, points, amplification(*matrices), typical_amplification(*matrices))


def _with_reciprocal(number: int) -> tuple[Fraction, Fraction]:
    return Fraction(number), Fraction(1, number)


def _first(count: int, magnitudes: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Return the first points of 0, p, -p, q, -q, ..."""
    return (Fraction(0), *_pairs(magnitudes))[:count]


def _pairs(magnitudes: Sequence[Fraction]) -> tuple[Fraction, ...]:
    return tuple(sign * magnitude for magnitude in magnitudes for sign in (1, -1))


def _candidates(count: int) -> Iterator[tuple[Fraction, ...]]:
    magnitudes = _EIGHTHS if count // 2 <= _MOST_PAIRS_OF_EIGHTHS else _QUARTERS
    zero = (Fraction(0),) * (count % 2)
    for chosen in combinations(magnitudes, count // 2):
        yield zero + _pairs(chosen)
    if count in (2, 4):
        for chosen in combinations(magnitudes, count // 2 - 1):
            for single in set(magnitudes) - set(chosen):
                yield (Fraction(0), *_pairs(chosen), single)


def _growth(points: np.ndarray, m: int, r: int) -> tuple[np.ndarray, np.ndarray]:
    """Return amplification and typical amplification of many sets of points, (sets, n - 1), in floating point."""
    finite = points.shape[1]
    gaps = points[:, :, None] - points[:, None, :]
    gaps[:, range(finite), range(finite)] = 1
    outputs = np.abs(points)[:, None, :] ** np.arange(m)[:, None]  # (sets, m, n - 1)
    weights = np.abs(points)[:, :, None] ** np.arange(r) / np.abs(gaps.prod(2))[:, :, None]
    worst, squares = np.zeros(outputs.shape[:2]), np.zeros(len(points))
    for t in range(finite):
        inputs = _coefficients(np.delete(points, t, axis=1))
        worst += outputs[:, :, t] * (weights[:, t].sum(1) * inputs.sum(1))[:, None]
        squares += (outputs[:, :, t] ** 2).sum(1) * (weights[:, t] ** 2).sum(1) * (inputs**2).sum(1)
    inputs = _coefficients(points)  # of infinity, which reaches the last output only
    worst[:, -1] += inputs.sum(1)
    squares += (inputs**2).sum(1)
    return worst.max(1) / r, np.sqrt(squares / (m * r))


def _coefficients(roots: np.ndarray) -> np.ndarray:
    """Return the magnitudes of the coefficients of the monic polynomials with these roots, (sets, degree + 1)."""
    found = np.zeros((len(roots), roots.shape[1] + 1))
    found[:, 0] = 1
    for root in roots.T:
        found[:, 1:], found[:, 0] = found[:, :-1] - root[:, None] * found[:, 1:], -root * found[:, 0]
    return np.abs(found)


def _shortest(sets: list[tuple[Fraction, ...]], among: np.ndarray) -> tuple[Fraction, ...]:
    def length(points: tuple[Fraction, ...]) -> tuple:
        return sum(abs(p.numerator) + p.denominator for p in points), points

    return min((sets[place] for place in np.flatnonzero(among)), key=length)
