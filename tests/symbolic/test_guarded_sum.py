"""Guarded sums: what they are made of, and definitions put in place of their tensors."""

from __future__ import annotations

import pytest

from convproof.symbolic import polynomials
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, fresh, inline, renamed
from convproof.symbolic.guards import Equal, Range
from tests.symbolic.step_cases import (
    FORWARD,
    READ,
    SUM,
    a,
    a_,
    b,
    d,
    dy,
    i,
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
)

NAMES = {name: number for number, name in enumerate(("x", "w", "y", "dy", "z"))}
SIZES = {n: 4, k: 2, o: 3, s: 2, d: 1, p: 1}


def same(left, right, definitions=None):
    tables = (polynomials.table(one, SIZES, NAMES, definitions) for one in (left, right))
    first, second = tables
    return first == second


def test_symbols_of_a_sum():
    assert FORWARD.indices == {r, a}
    assert FORWARD.parameters == (d, k, n, o, p, s)
    assert FORWARD.arities == {"x": frozenset({1}), "w": frozenset({1})}
    assert total({i: n}, term({r: o}, [], x(i)), term({}, [], x(i, i))).arities == {"x": frozenset({1, 2})}


def test_substitution_of_parameters():
    assert FORWARD.substitute({k: 3}).terms[0].binders == (Index(a, 3),)
    assert FORWARD.substitute({o: 2}).free == (Index(r, 2),)
    assert k not in FORWARD.substitute({k: 3}).parameters


def test_points_of_a_term():
    here = FORWARD.terms[0].points(FORWARD.free)
    assert [str(v) for v in here.variables] == ["r", "w@0.0", "x@1.0"] and here.hidden == (a,)
    assert Range(r, o) in here.guards and Range(a, k) in here.guards
    coordinates = FORWARD.terms[0].coordinates()
    assert [e for _, e in coordinates] == [a, READ]
    assert all(Equal(*pair) in here.guards for pair in coordinates)


def test_elements_of_one_tensor_keep_their_order():
    squares = one({}, {r: o, a: o}, [], x(r), w(r), x(a))
    assert [e for _, e in squares.terms[0].coordinates()] == [r, r, a]


def test_a_definition_is_put_in():
    sum_ = one({}, {r: o}, [], dy(r), y(r))
    put = inline(sum_, {"y": FORWARD})
    assert put.terms[0].factors == (dy(r), x(READ), w(a))
    assert Range(r, o) not in put.terms[0].guards  # r has that range anyhow
    assert same(sum_, put, {"y": FORWARD})
    assert inline(sum_, {}) is sum_


@pytest.mark.parametrize(
    "sum_",
    [
        one({}, {r: o + 2}, [], dy(r), y(r)),
        one({a: k}, {r: o}, [], dy(a), y(r)),
        one({}, {a: o}, [], dy(a), y(a)),
        one({r: o}, {}, [], y(r - 1)),
        one({}, {r: o, a: k}, [], y(r + a), w(a)),
        one({}, {r: o}, [], y(r), y(o - 1 - r)),
        total({}, term({r: o}, [], y(r)), term({i: o}, [Range(i, 2)], y(i), dy(i), coefficient=-2)),
    ],
)
def test_a_definition_stands_for_its_sum(sum_):
    """Multiplied out by the tables on one hand, put in place on the other; zero outside its range."""
    definitions = {"y": FORWARD}
    assert same(sum_, inline(sum_, definitions), definitions)
    assert "y" not in inline(sum_, definitions).arities


def test_definitions_of_several_terms_multiply_out():
    z = total({i: n}, term({}, [], x(i), coefficient=2), term({a: k}, [Equal(a, i)], w(a)))
    sum_ = one({}, {i: n}, [], Factor("z", (i,)), Factor("z", (i,)), coefficient=3)
    put = inline(sum_, {"z": z})
    assert [t.coefficient for t in put.terms] == [12, 6, 6, 3]
    assert same(sum_, put, {"z": z})


def test_nothing_is_captured():
    """The definition sums over a; so does the sum, and k is a parameter of both."""
    put = inline(one({a: k}, {}, [], dy(a), y(a)), {"y": FORWARD})
    assert put.terms[0].binders == (Index(a_, k),)
    assert w(a_) in put.terms[0].factors and dy(a) in put.terms[0].factors
    inner = one({r: o}, {b: k}, [], x(r + b))
    shifted = inline(one({r: o}, {}, [], Factor("z", (r + b,))), {"z": inner})  # here b is a parameter
    assert b not in {index.symbol for index in shifted.terms[0].binders}
    assert b in shifted.parameters


def test_fresh_names_are_not_in_use():
    names = fresh([a, u], frozenset({a, a_}))
    assert str(names[a]) == "a''" and names[u] == u
    assert fresh([a, a_], frozenset({a}))[a_] != fresh([a, a_], frozenset({a}))[a]


def test_bound_indices_are_renamed():
    assert renamed(SUM, [a]) == SUM
    changed = renamed(SUM, [r])
    assert changed.terms[0].binders[0].symbol != r
    assert same(SUM, changed)


def test_sums_are_values():
    assert GuardedSum(FORWARD.free, FORWARD.terms) == FORWARD and hash(FORWARD) == hash(
        GuardedSum(FORWARD.free, FORWARD.terms)
    )
