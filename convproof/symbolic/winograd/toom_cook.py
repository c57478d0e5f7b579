"""The matrices of a Toom-Cook algorithm from its points, over the rationals.

Two polynomials of degrees m - 1 and r - 1 are multiplied by evaluating both at n = m + r - 1 points, one of them
infinity, multiplying the values, and interpolating (Toom 1963, Cook 1966). Transposing that bilinear algorithm
(the transformation principle of Winograd 1980) gives m outputs of a correlation with r taps, for n
multiplications: ``y = AT [(G w) * (BT x)]``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from convproof.errors import ArgumentValueError, bad
from convproof.symbolic.winograd.exact import Matrix, listed, odd_part, rational

__all__ = ["checked_points", "direct", "toom_cook"]

_LARGEST_POINT = 2**32


def checked_points(points: Any, m: int, r: int) -> tuple[Fraction, ...]:
    """Return the m + r - 2 finite points, as Fractions.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        Another number of points, one that `rational` refuses or beyond 2**32, or one given twice.
    """
    needed = m + r - 2
    items = listed("points", points, needed, f"a sequence of {needed} rationals")
    if len(items) != needed:
        raise ArgumentValueError(
            bad("points", points, f"{needed} finite points for F({m}, {r}); the point at infinity is added")
        )
    found = tuple(rational("points", item) for item in items)
    for place, point in enumerate(found):
        if max(abs(point.numerator), point.denominator) > _LARGEST_POINT:
            raise ArgumentValueError(bad("points", items[place], "numerator and denominator of at most 2**32"))
        if point in found[:place]:
            raise ArgumentValueError(bad("points", items, f"distinct points; {point} is there twice"))
    return found


def toom_cook(m: int, r: int, points: Sequence[Fraction]) -> tuple[Matrix, Matrix, Matrix]:
    """Return (AT, G, BT) for m outputs and r taps.

    With f the product of p - q over the other points q, point p gives

    * a column of AT: the powers 1, p, ..., p**(m-1);
    * a row of G: the powers 1, p, ..., p**(r-1), divided by f;
    * a row of BT: the coefficients of the product of X - q.

    Infinity gives the last unit vectors to AT and G, and the product over all points to BT. Any factor may be
    moved between the three of one point. Here AT and BT have entries over powers of two only, exact in
    binary, with no odd common factor in a row of BT; the weights alone, transformed once, see other fractions.
    The first entry of each row of G is positive.

    Examples
    --------
    >>> for matrix in toom_cook(2, 3, [Fraction(0), Fraction(1), Fraction(-1)]):
    ...     print([[str(entry) for entry in row] for row in matrix])
    [['1', '1', '1', '0'], ['0', '1', '-1', '1']]
    [['1', '0', '0'], ['1/2', '1/2', '1/2'], ['1/2', '-1/2', '1/2'], ['0', '0', '1']]
    [['1', '0', '-1', '0'], ['0', '1', '1', '0'], ['0', '-1', '1', '0'], ['0', '-1', '0', '1']]
    """
    n = m + r - 1
    columns, weights, inputs = [], [], []
    for point in points:
        others = [other for other in points if other != point]
        derivative = math.prod((point - other for other in others), start=Fraction(1))
        clear = odd_part(point.denominator) ** (m - 1)
        row, factor = _dyadic(_product(others), negative=derivative < 0)
        columns.append([clear * point**i for i in range(m)])
        weights.append(tuple(point**a / (derivative * clear * factor) for a in range(r)))
        inputs.append((*row, *[Fraction(0)] * (n - len(row))))
    row, factor = _dyadic(_product(points))
    columns.append([Fraction(i == m - 1) for i in range(m)])
    weights.append(tuple(Fraction(a == r - 1) / factor for a in range(r)))
    inputs.append(row)
    return tuple(zip(*columns, strict=True)), tuple(weights), tuple(inputs)


def direct(m: int, r: int) -> tuple[Matrix, Matrix, Matrix]:
    """Return (AT, G, BT) of direct summation where m or r is 1: it has m + r - 1 products already.

    Examples
    --------
    >>> [[[int(entry) for entry in row] for row in matrix] for matrix in direct(1, 2)]
    [[[1, 1]], [[1, 0], [0, 1]], [[1, 0], [0, 1]]]
    """
    n = m + r - 1
    identity = tuple(tuple(Fraction(row == column) for column in range(n)) for row in range(n))
    if m == 1:
        return ((Fraction(1),) * n,), identity, identity
    return identity, ((Fraction(1),),) * n, identity


def _product(roots: Sequence[Fraction]) -> list[Fraction]:
    """Return the coefficients of the monic polynomial with these roots, the constant one first."""
    coefficients = [Fraction(1)]
    for root in roots:
        shifted = [Fraction(0), *coefficients]
        coefficients = [high - root * low for high, low in zip(shifted, [*coefficients, Fraction(0)], strict=True)]
    return coefficients


def _dyadic(row: Sequence[Fraction], negative: bool = False) -> tuple[tuple[Fraction, ...], Fraction]:
    """Scale the coefficients of a monic polynomial to denominators 2**k; return them and the factor.

    They have no odd common factor then, by Gauss's lemma.
    """
    denominator = odd_part(math.lcm(*(entry.denominator for entry in row)))
    factor = Fraction(-denominator if negative else denominator)
    return tuple(entry * factor for entry in row), factor
