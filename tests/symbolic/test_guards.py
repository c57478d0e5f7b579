"""Guards: what they mean of fractions, which speak of which symbols, and how expressions are lowered."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from sympy import Integer, Rational, ceiling, floor, symbols

from convproof.errors import ArgumentTypeError, ArgumentValueError
from convproof.symbolic.guards import Divides, Equal, IntegerSet, Range, as_quotient, connected, lower
from convproof.symbolic.polynomials import Arrays, holds

i, r, p = symbols("i r p", integer=True)
s, n, m = symbols("s n m", integer=True, positive=True)

POINTS = [
    dict(zip((i, r, s, n), values, strict=True))
    for values in itertools.product(range(-4, 5), (-1, 0, 3), (1, 2, 3), (1, 4))
]


def truth(e, point):
    """The value of an expression as a rational number, by SymPy."""
    value = Rational(e.subs(point))
    return Fraction(int(value.p), int(value.q))


@pytest.mark.parametrize("point", POINTS[::3], ids=str)
def test_guards_compare_fractions_as_rational_numbers(point):
    arrays = Arrays(point)
    half, third = i / s, (i + r) / (2 * s)
    at = lambda e: truth(e, point)  # noqa: E731
    assert holds(Range(half, n), arrays) == (0 <= at(half) < point[n])
    assert holds(Range(r, half), arrays) == (0 <= point[r] < at(half))
    assert holds(Range(third, half, r / s), arrays) == (at(r / s) <= at(third) < at(half))
    assert holds(Range(r, None, half), arrays) == (at(half) <= point[r])
    assert holds(Range(third, None, r / s), arrays) == (at(r / s) <= at(third))
    assert holds(Equal(r, half), arrays) == (point[r] == at(half))
    assert holds(Equal(half, third), arrays) == (at(half) == at(third))
    assert holds(Equal(third, r), arrays) == (point[r] == at(third))
    assert holds(Divides(s, i), arrays) == (point[i] % point[s] == 0)
    assert holds(Divides(s, i / 2), arrays) == ((at(i / 2) / point[s]).denominator == 1)
    assert holds(Equal(r, floor(half)), arrays) == (point[r] == point[i] // point[s])
    assert holds(Range(r, ceiling(half), None), arrays) == (point[r] < -(-point[i] // point[s]))


@pytest.mark.parametrize(
    "e",
    [
        2 * i - r * s + 3,
        floor(i / s) * floor(r / 2) - 1,
        ceiling((i + 1) / 2),
        floor((floor(i / 2) + r) / s),
        (i - r) ** 2 * s,
        Integer(-7),
    ],
)
def test_an_expression_is_lowered_to_its_value(e):
    for point in POINTS:
        assert lower(e, Arrays(point)) == e.subs(point)


def test_a_fraction_is_lowered_to_its_floor():
    for point in POINTS:
        assert lower((i - r) / s, Arrays(point)) == (point[i] - point[r]) // point[s]
        assert lower(i / 2 + r / 3, Arrays(point)) == (3 * point[i] + 2 * point[r]) // 6


def test_a_quotient_has_a_positive_denominator():
    assert as_quotient(i / (-s)) == (-i, s)
    assert as_quotient((i * s + s) / s)[1] == 1
    for e in (i / r, i / (s - 1), 1 / p, i / (-r)):
        with pytest.raises(ArgumentValueError, match="divisor="):
            as_quotient(e)


@pytest.mark.parametrize("e", [i**r, i ** Rational(1, 2), 2**i, i + 0.5, abs(i), i**n])
def test_other_functions_are_refused(e):
    with pytest.raises(ArgumentTypeError, match="expression="):
        lower(e, Arrays({i: 1, r: 1, n: 2}))


def test_guards_are_written_as_they_are_read():
    assert str(Range(i, n)) == "0 <= i < n" and str(Range(i, None, None)) == "i"
    assert str(Divides(s, i)) == "s divides i" and str(Equal(i, r)) == "i = r"


def test_numbers_become_expressions():
    guard = Range(3, 4, None)
    assert guard.e == Integer(3) and guard.expressions == (3, 4) and guard.symbols == frozenset()
    assert Range(i, n).map(lambda e: e + 1) == Range(i + 1, n + 1, 1)
    assert Divides(2, i).map(lambda e: e * 2) == Divides(4, 2 * i)
    assert Equal(i, 2).map(lambda e: e + r) == Equal(i + r, r + 2)


def test_connected_guards():
    first, second, third, number = Equal(n, s + m), Range(m, 5), Range(p), Range(1, 3)
    assert connected((first, second, third, number), {s}) == (first, second, number)
    assert connected((third, second, first), {m}) == (second, first)
    assert connected((), {m}) == ()


def test_parameters_of_a_set():
    here = IntegerSet((i,), (Range(i, n), Equal(i, s * r + p)), (r,))
    assert here.parameters == (n, p, s)
    assert here.substitute({s: 2}).parameters == (n, p)
