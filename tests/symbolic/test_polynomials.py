"""Polynomials written out at concrete sizes, held against SymPy's own sums and derivatives."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy
from sympy import IndexedBase

from convproof.errors import ArgumentValueError
from convproof.symbolic import polynomials
from convproof.symbolic.guarded_sum import inline
from convproof.symbolic.guards import Divides, Equal, Range
from convproof.symbolic.polynomials import Arrays, Endless, NotAnInteger, TooLarge, holds, table
from tests.symbolic.step_cases import (
    DOT,
    FORWARD,
    GATHER,
    SCATTER,
    SQUARES,
    SUM,
    a,
    b,
    d,
    dy,
    i,
    j,
    k,
    n,
    o,
    one,
    p,
    r,
    s,
    term,
    total,
    u,
    w,
    x,
    y,
)  # fmt: skip

NAMES = {name: number for number, name in enumerate(("x", "w", "y", "dy"))}
SIZES = [
    dict(zip((n, k, o, s, d, p), values, strict=True))
    for values in [(4, 2, 3, 2, 1, 1), (3, 3, 2, 1, 2, -1), (5, 2, 2, 3, 1, 0)]
]


def expanded(sum_, sizes, definitions=None):
    """The family as SymPy polynomials, by plain loops: another way to the same thing."""
    sum_ = inline(sum_, definitions or {})
    found = {}
    for values in itertools.product(*(range(index.size.subs(sizes)) for index in sum_.free)):
        free = dict(zip((index.symbol for index in sum_.free), values, strict=True))
        polynomial = sympy.Integer(0)
        for one_term in sum_.terms:
            ranges = [range(index.size.subs(sizes)) for index in one_term.binders]
            for point in itertools.product(*ranges):
                at = {**sizes, **free, **dict(zip((b.symbol for b in one_term.binders), point, strict=True))}
                if all(holds(guard, Arrays(at)) for guard in one_term.guards):
                    elements = (IndexedBase(f.tensor)[tuple(e.subs(at) for e in f.indices)] for f in one_term.factors)
                    polynomial += one_term.coefficient * sympy.Mul(*elements)
        found[values] = polynomial
    return {values: polynomial for values, polynomial in found.items() if polynomial != 0}


def read_back(found, arities):
    """The same from a table."""
    polynomials_by_index = {}
    for row, coefficient in zip(found.rows.tolist(), found.coefficients.tolist(), strict=True):
        factors = polynomials.elements(np.array(row[found.free :]), NAMES, arities)
        product = sympy.Mul(coefficient, *(IndexedBase(f.tensor)[f.indices] for f in factors))
        key = tuple(row[: found.free])
        polynomials_by_index[key] = polynomials_by_index.get(key, 0) + product
    return polynomials_by_index


SUMS = {
    "forward": FORWARD,
    "scatter": SCATTER,
    "gather": GATHER,
    "squares": SQUARES,
    "several terms": total({}, term({r: o}, [], x(r)), term({}, [Divides(2, n)], x(n), coefficient=-3)),
    "what cancels": total({}, *SUM.terms, term({r: o}, [], x(r), coefficient=-1), term({}, [], x(p), x(p), w(0))),
    "no factors": one({i: n}, {r: o}, [Range(r, i)], coefficient=2),
}


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("name", SUMS)
def test_tables_are_what_sympy_multiplies_out(name, sizes):
    arities = {"x": 1, "w": 1, "dy": 1, "y": 1}
    assert read_back(table(SUMS[name], sizes, NAMES), arities) == expanded(SUMS[name], sizes)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_definitions_multiply_out(sizes):
    sum_ = one({}, {r: o + 1}, [], dy(r), y(r), coefficient=2)
    found = read_back(table(sum_, sizes, NAMES, {"y": FORWARD}), {"x": 1, "w": 1, "dy": 1})
    guarded = one({}, {r: o + 1}, [Range(r, o)], dy(r), y(r), coefficient=2)
    assert found == expanded(guarded, sizes, {"y": FORWARD})


@pytest.mark.parametrize("sum_", [SQUARES, DOT, one({}, {r: o, a: k}, [], x(r), x(a), x(r + a), w(a), coefficient=5)])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_derivatives_are_those_of_sympy(sum_, sizes):
    found = read_back(polynomials.derivative(table(sum_, sizes, NAMES), NAMES["x"], 1), {"x": 1, "w": 1})
    (polynomial,) = expanded(sum_, sizes).values()
    for place in range(-2, 12):
        assert found.get((place,), 0) - sympy.diff(polynomial, IndexedBase("x")[place]) == 0


def test_equal_tables():
    sizes = SIZES[0]
    left, right = table(SCATTER, sizes, NAMES), table(GATHER, sizes, NAMES)
    assert left == right
    assert table(SUM, sizes, NAMES) != table(SUM.substitute({o: 2}), sizes, NAMES)
    assert table(SUM, sizes, NAMES) != table(one({}, {r: o}, [], x(r), coefficient=2), sizes, NAMES)
    assert table(SUM, sizes, NAMES) != 1
    assert table(total({}), sizes, NAMES) != table(total({i: n}), sizes, NAMES)  # nothing, of other families
    with pytest.raises(TypeError):
        hash(left)


def test_products_of_different_lengths_are_told_apart():
    both = total({}, term({}, [], x(0)), term({}, [], x(0), x(0)))
    assert table(both, {}, NAMES) != table(one({}, {}, [], x(0), coefficient=2), {}, NAMES)
    assert len(table(both, {}, NAMES).rows) == 2


def test_an_index_that_is_no_integer():
    half = one({i: n}, {}, [], x(i / 2))
    with pytest.raises(NotAnInteger, match="i/2"):
        table(half, {n: 2}, NAMES)
    even = one({i: n}, {}, [Divides(2, i)], x(i / 2))
    assert table(even, {n: 4}, NAMES).rows[:, 0].tolist() == [0, 2]


def test_what_is_too_large():
    for sum_ in (one({i: n, j: n}, {r: n}, [], x(i, j, r)), one({}, {}, [], x(n)), one({}, {}, [], x(*[0] * 40))):
        with pytest.raises(TooLarge):
            table(sum_, {n: 500}, NAMES)


def test_a_large_grid_with_few_points_is_not():
    diagonal = one({i: n}, {j: n, r: n}, [Equal(i, j), Equal(j, r)], x(i, j, r))
    assert len(table(diagonal, {n: 120}, NAMES).rows) == 120


def test_a_size_below_0_is_none():
    assert len(table(one({}, {r: p}, [], x(r)), {p: -3}, NAMES).rows) == 0


def test_every_parameter_needs_a_number():
    with pytest.raises(ArgumentValueError, match="sizes="):
        table(one({}, {r: o}, [Range(r, n)], x(r)), {o: 2}, NAMES)


# ---------------------------------------------------------------------- indices over every integer


def test_a_finite_sum_over_every_integer():
    whole = one({}, {u: None}, [Range(s * u - p, n)], x(u))
    for p_, s_ in itertools.product((-9, -1, 0, 7), (1, 2, 5)):
        found = table(whole, {n: 6, p: p_, s: s_}, NAMES)
        assert len(found.rows) == sum(0 <= s_ * v - p_ < 6 for v in range(-100, 100))


def test_a_sum_that_does_not_end():
    for guards in ([], [Divides(5, u)], [Range(u)], [Range(u - 8, None)]):
        with pytest.raises(Endless):
            table(one({}, {u: None}, guards, x(0)), {}, NAMES)


def test_a_box_holds_the_products_near_the_origin():
    endless = one({r: None}, {u: None}, [], x(u), w(r - u))
    found = table(endless, {}, NAMES, box=2)
    assert len(found.rows) == sum(abs(r_ - u_) <= 2 for r_ in range(-2, 3) for u_ in range(-2, 3))
    assert found == table(one({r: None}, {b: None}, [], x(r - b), w(b)), {}, NAMES, box=2)
    assert found != table(one({r: None}, {b: None}, [], x(r + b), w(b)), {}, NAMES, box=2)


def test_a_table_of_known_products():
    rows = [(i_, r_, a_) for i_ in range(4) for r_ in range(3) for a_ in range(2) if 2 * r_ + a_ - 1 == i_]
    columns = np.array(rows)
    given = polynomials.from_columns(
        columns[:, :1], {NAMES["dy"]: columns[:, 1:2], NAMES["w"]: columns[:, 2:]}, np.ones(len(rows), int)
    )
    assert given == table(SCATTER, SIZES[0], NAMES)
