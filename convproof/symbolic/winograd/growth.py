"""How much an algorithm y = AT [(G w) * (BT x)] enlarges rounding errors, as a property of its matrices.

Both measures do not change when a factor is moved from one matrix to another.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from convproof.symbolic.winograd.exact import Matrix, approximate

__all__ = ["amplification", "typical_amplification"]


def amplification(at: Matrix, g: Matrix, bt: Matrix) -> Fraction:
    """Return the largest sum of absolute values that rounding errors act on, relative to direct summation.

    ``max_i sum_t |AT[i,t]| * sum_a |G[t,a]| * sum_j |BT[t,j]| / r``: for operands of magnitude at most one,
    direct summation adds r products of at most one. Exact; 1 is as good as direct summation.
    """
    products = [_sum(g_row) * _sum(b_row) for g_row, b_row in zip(g, bt, strict=True)]
    largest = max(sum(abs(a) * p for a, p in zip(row, products, strict=True)) for row in at)
    return Fraction(largest) / len(g[0])


def typical_amplification(at: Matrix, g: Matrix, bt: Matrix) -> float:
    """Return the root mean square of what rounding errors act on, relative to direct summation.

    ``sqrt(sum_t |AT[:,t]|**2 |G[t,:]|**2 |BT[t,:]|**2 / (m r))`` with Euclidean norms: what to expect of operands
    and rounding errors that are independent, with mean zero.
    """
    columns = zip(*at, strict=True)
    parts = (_squares(a) * _squares(w) * _squares(x) for a, w, x in zip(columns, g, bt, strict=True))
    return math.sqrt(approximate(Fraction(sum(parts)) / (len(at) * len(g[0]))))


def _sum(row: Iterable[Fraction]) -> Fraction:
    return Fraction(sum(abs(entry) for entry in row))


def _squares(row: Iterable[Fraction]) -> Fraction:
    return Fraction(sum(entry**2 for entry in row))
