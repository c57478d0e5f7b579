"""Claims that have no meaning are refused in one sentence, before anything is asked about them."""

from __future__ import annotations

import pytest
from sympy import Symbol, floor

from convproof.errors import ArgumentTypeError, ArgumentValueError, ConvproofError
from convproof.symbolic import smt
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.guards import Divides, Equal, Range
from convproof.symbolic.step_checks import Claim, Setting, certify, refute_at_sizes, refute_by_isl, refute_by_z3
from tests.symbolic.step_cases import (
    DOT,
    FORWARD,
    PLAIN,
    READ,
    SUM,
    a,
    a_,
    d,
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
    w,
    x,
    y,
)


def defined(**definitions):
    return Setting((s,), (d,), (), definitions)


MEANINGLESS = {
    "other free indices": (Claim(one({i: n}, {}, [], x(i)), one({r: n}, {}, [], x(r))), PLAIN),
    "free indices in another order": (
        Claim(one({i: n, r: n}, {}, [], x(i, r)), one({r: n, i: n}, {}, [], x(i, r))),
        PLAIN,
    ),
    "more free indices": (Claim(one({i: n}, {}, [], x(i)), one({i: n, r: o}, {}, [], x(i))), PLAIN),
    "derivative with fewer": (Claim(one({i: n}, {}, [], x(i)), total({}), "x"), PLAIN),
    "index and parameter": (Claim(SUM, one({}, {r: o, k: n}, [], x(r))), Setting((s,), (d,), (Equal(k, 2),))),
    "index of one side, parameter of the other": (
        Claim(one({}, {p: n}, [], x(p)), one({}, {r: n}, [], x(r + p))),
        PLAIN,
    ),
    "index of a definition": (Claim(one({p: n}, {}, [], y(p)), one({p: n}, {}, [], y(p))), defined(y=FORWARD)),
    "index with a sign": (Claim(one({}, {n: o}, [], x(n)), one({}, {n: o}, [], x(n))), PLAIN),
    "range of a fraction": (Claim(one({}, {r: o / s}, [], x(r)), one({}, {r: o / s}, [], x(r))), PLAIN),
    "range of an index": (Claim(one({}, {r: o, a: r + 1}, [], x(a)), one({}, {r: o, a: r + 1}, [], x(a))), PLAIN),
    "two arities": (Claim(SUM, one({}, {r: o}, [], x(r, r))), PLAIN),
    "arity of a definition": (Claim(one({}, {r: o}, [], y(r, r)), SUM), defined(y=FORWARD)),
    "arity of the derivative": (Claim(DOT, one({i: n, r: n}, {}, [], x(i)), "w"), PLAIN),
    "definitions in a circle": (
        Claim(one({r: o}, {}, [], y(r)), one({r: o}, {}, [], y(r))),
        defined(y=one({r: o}, {}, [], Factor("z", (r,))), z=one({r: o}, {}, [], y(r))),
    ),
    "derivative by what is defined": (Claim(one({}, {r: o}, [], y(r)), one({i: o}, {}, []), "y"), defined(y=FORWARD)),
}


@pytest.mark.parametrize("name", MEANINGLESS)
@pytest.mark.parametrize("check", [refute_at_sizes, refute_by_isl, refute_by_z3])
def test_a_claim_without_a_meaning_is_refused(name, check):
    claim, setting = MEANINGLESS[name]
    with pytest.raises(ArgumentValueError, match="expected"):
        check(claim, setting)


def test_hypotheses_that_nothing_meets_prove_nothing():
    pytest.importorskip("islpy")
    nothing = Setting((s,), (d,), (Range(n, 0, None),))
    for check in (refute_by_isl, refute_by_z3) if smt.available() else (refute_by_isl,):
        with pytest.raises(ArgumentValueError, match=r"hypotheses=.*such as can hold"):
            check(Claim(SUM, total({})), nothing)
    with pytest.raises(ArgumentValueError, match="hypotheses"):
        certify(Claim(SUM, total({})), nothing, "")
    assert "meets the hypotheses" in refute_at_sizes(Claim(SUM, SUM), Setting((s,), (d,), (Range(o, 0, None),))).reason


def test_definitions_that_do_not_matter_are_not_looked_at():
    other = one({r: o}, {}, [], x(r, r))  # x has one index in the claim
    assert refute_at_sizes(Claim(SUM, SUM), defined(v=other)) is None


def test_an_index_is_bound_once():
    """What SymPy's diff makes of sum_a x(a) w(a) by w(a): the index asked for is captured by the sum."""
    for wrong in (
        lambda: one({a: k}, {a: k}, [], x(a)),
        lambda: total({}, Term((Index(a, k), Index(a, n)), (), (x(a),))),
        lambda: total({}, term({r: o}, [], x(r)), Term((Index(a, k), Index(a, n)), (), (x(a),))),
        lambda: GuardedSum((Index(i, n), Index(i, n)), ()),
    ):
        with pytest.raises(ArgumentValueError, match="index="):
            wrong()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Term((), (), (), 0.5),
        lambda: Term((), (), (), True),
        lambda: Term((), (), (), None),
        lambda: Index("r", o),
        lambda: Index(r + 1, o),
        lambda: Index(r, "o"),
        lambda: Factor("x", (None,)),
        lambda: Factor("x", ("i",)),
        lambda: Range(None),
        lambda: Range("i", n),
        lambda: Divides(None, i),
        lambda: Equal(i, None),
        lambda: Equal(i, [1]),
    ],
)
def test_wild_input_is_refused(make):
    with pytest.raises(ArgumentTypeError, match="expected"):
        make()


@pytest.mark.parametrize("index", [1j * i, i**0.5, 2**i, float("nan"), float("inf"), Symbol("x") ** r, 1 / i, i / p])
def test_expressions_that_no_check_can_read_are_refused(index):
    claim = Claim(one({i: n, r: o}, {}, [], x(index)), one({i: n, r: o}, {}, [], x(index)))
    for check in (refute_at_sizes, refute_by_isl, refute_by_z3):
        with pytest.raises(ConvproofError, match="expected"):
            check(claim, PLAIN)


def test_a_divisor_has_to_be_positive():
    claim = Claim(one({i: n}, {}, [Divides(p, i)], x(i)), one({i: n}, {}, [Equal(floor(i / p) * p, i)], x(i)))
    for check in (refute_at_sizes, refute_by_isl, refute_by_z3):
        with pytest.raises(ArgumentValueError, match="divisor=p"):
            check(claim, PLAIN)


def test_the_derivative_is_by_elements_that_the_other_side_has():
    whole, half = one({a_: k}, {}, [], x(a_)), one({a_: k}, {}, [Range(2 * a_, k)], x(a_))
    assert refute_at_sizes(Claim(DOT, whole, "w"), PLAIN) is None
    assert refute_at_sizes(Claim(DOT, half, "w"), PLAIN).startswith("at ")


def test_zero_outside_the_ranges_of_a_definition():
    shifted = Claim(
        one({r: o}, {}, [], y(r + 1)), one({r: o}, {a: k}, [Range(READ + s, n), Range(r + 1, o)], x(READ + s), w(a))
    )
    setting = defined(y=FORWARD)
    assert refute_at_sizes(shifted, setting) is None
    without = Claim(shifted.before, one({r: o}, {a: k}, [Range(READ + s, n)], x(READ + s), w(a)))
    assert refute_at_sizes(without, setting) is not None
