"""The proof of a bilinear algorithm: every coefficient compared, in integers.

y = AT [(G w) * (BT x)] is the correlation y[i] = sum_a w[a] x[i+a] for all x and w if and only if

    T[i,a,j] = sum_t AT[i,t] G[t,a] BT[t,j]  equals  [j = i + a]   for all i, a, j.

T is the coefficient of g[i] w[a] x[j] in the trilinear form g . y, so the same comparison proves its two other
readings: the input gradient B [(G w) * (A g)] and the weight gradient GT [(BT x) * (A g)]. Nested over axes,
coefficients multiply.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from convproof.evidence import Certificate, Counterexample
from convproof.geometry import Conv
from convproof.symbolic.winograd.exact import Matrix

__all__ = ["Triple", "prove", "trilinear"]


class Triple(NamedTuple):
    """AT (m, n), G (n, r) and BT (n, n), with n = m + r - 1."""

    AT: Matrix
    G: Matrix
    BT: Matrix

    @property
    def sizes(self) -> tuple[int, int, int]:
        """m, r and n."""
        return len(self.AT), len(self.G[0]), len(self.G)


class _Coefficient(NamedTuple):
    """One coefficient of one axis, in units of a common denominator."""

    place: tuple[int, int, int]  # i, a, j
    got: int
    expected: int


def trilinear(triple: Triple) -> dict[tuple[int, int, int], Fraction]:
    """Return T[i,a,j] of an algorithm, every entry.

    Examples
    --------
    >>> one = ((Fraction(1),),)
    >>> trilinear(Triple(one, one, one))
    {(0, 0, 0): Fraction(1, 1)}
    """
    coefficients, unit = _coefficients(triple)
    return {place: Fraction(got, unit) for place, got, _ in coefficients}


def prove(axes: Sequence[Triple]) -> Certificate:
    """Prove an algorithm, nested over one to three axes, or refute it with a coefficient.

    A factor that one axis has too much and another too little is no error. The evidence is ``exact``: at these
    sizes, for all real operands, because every coefficient is compared.
    """
    start = time.perf_counter()
    found = [_coefficients(triple) for triple in axes]
    unit = math.prod(unit for _, unit in found)
    wrong = _first_wrong([coefficients for coefficients, _ in found])
    m, r, n = (tuple(size) for size in zip(*(triple.sizes for triple in axes), strict=True))
    name = f"F({_by(m)}, {_by(r)})"
    count = math.prod((*m, *r, *n))
    compared = f"each of the {count} coefficients of the trilinear form was compared"
    if len(axes) > 1:
        compared = f"each of the {count} coefficients is a product of one per axis, and all of these were compared"
    return Certificate(
        claim=f"y = AT [(G w) * (BT x)] is the correlation of a tile of {_by(n)} inputs with {_by(r)} taps, {name}; "
        "its transposes are the input gradient and the weight gradient",
        subject="formula",
        scope=f"{name}, for all real operands: {compared}, in exact arithmetic",
        evidence=None if wrong else "exact",
        not_covered=("rounding in floating point", "any program that computes it"),
        seconds=time.perf_counter() - start,
        counterexample=_counterexample(wrong, unit, axes) if wrong else None,
    )


def _coefficients(triple: Triple) -> tuple[list[_Coefficient], int]:
    """Return all coefficients, and the common denominator in whose units they are."""
    (at, one), (g, two), (bt, three) = (_integers(matrix) for matrix in triple)
    m, r, n = triple.sizes
    unit = one * two * three
    found = []
    for i, a in itertools.product(range(m), range(r)):
        products = [at[i][t] * g[t][a] for t in range(n)]
        for j in range(n):
            got = sum(product * row[j] for product, row in zip(products, bt, strict=True))
            found.append(_Coefficient((i, a, j), got, unit * (j == i + a)))
    return found, unit


def _integers(matrix: Matrix) -> tuple[list[list[int]], int]:
    unit = math.lcm(*(entry.denominator for row in matrix for entry in row))
    return [[int(entry * unit) for entry in row] for row in matrix], unit


def _first_wrong(axes: Sequence[Iterable[_Coefficient]]) -> tuple[_Coefficient, ...] | None:
    """Return a coefficient, one factor per axis, that is not as expected.

    A product depends on the values of its factors only, so one factor of each distinct (got, expected) will do.
    """
    distinct = [list({(c.got, c.expected): c for c in reversed(list(axis))}.values())[::-1] for axis in axes]
    for factors in itertools.product(*distinct):
        if math.prod(c.got for c in factors) != math.prod(c.expected for c in factors):
            return factors
    return None


def _counterexample(factors: Sequence[_Coefficient], unit: int, axes: Sequence[Triple]) -> Counterexample:
    i, a, j = (tuple(index) for index in zip(*(factor.place for factor in factors), strict=True))
    got = Fraction(math.prod(factor.got for factor in factors), unit)
    expected = Fraction(math.prod(factor.expected for factor in factors), unit)
    _, r, n = (tuple(size) for size in zip(*(triple.sizes for triple in axes), strict=True))
    return Counterexample(
        op=f"conv{len(axes)}d",
        geometry=str(Conv(x=(1, 1, *n), w=(1, 1, *r))),
        dtype="",
        property="bilinear identity",
        story=f"coefficient (i, a, j) = ({_index(i)}, {_index(a)}, {_index(j)}): y[{_index(i)}] contains "
        f"{got} * w[{_index(a)}] x[{_index(j)}], expected {expected}",
        entry=(*i, *a, *j),
        got=str(got),
        expected=str(expected),
        diagnosis=_diagnosis(axes),
    )


def _diagnosis(axes: Sequence[Triple]) -> str | None:
    """Tell the commonest confusion: an algorithm of the convolution, which reverses the taps."""
    for axis, triple in enumerate(axes):
        _, r, _ = triple.sizes
        if r > 1 and all(value == (j == i + r - 1 - a) for (i, a, j), value in trilinear(triple).items()):
            return f"axis {axis}: the taps are reversed, it computes the convolution and not the correlation"
    return None


def _by(numbers: Sequence[int]) -> str:
    return "x".join(map(str, numbers))


def _index(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers)) if len(numbers) == 1 else f"({','.join(map(str, numbers))})"
