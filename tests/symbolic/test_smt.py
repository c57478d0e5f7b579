"""z3: the same comparisons with strides and dilations as symbols."""

from __future__ import annotations

import itertools
import sys

import pytest
from sympy import floor, symbols

from convproof.errors import ArgumentValueError, ConvproofError, MissingDependency
from convproof.symbolic import smt
from convproof.symbolic.guards import Divides, Equal, IntegerSet, Range
from convproof.symbolic.polynomials import Arrays, holds
from convproof.symbolic.relations import Witness
from convproof.symbolic.smt import Undecided, balance, difference, eliminate
from convproof.symbolic.step_checks import Claim, Setting, certify, refute_by_z3
from tests.symbolic.step_cases import one, x

i, j, r, a, p = symbols("i j r a p", integer=True)
n, m, k, o, s, d = symbols("n m k o s d", integer=True, positive=True)

needs_z3 = pytest.mark.skipif(not smt.available(), reason="z3-solver is not installed")


def below(end, *more):
    return IntegerSet((i,), (Range(i, end), *more))


@needs_z3
def test_multiples_of_a_symbol():
    multiples = IntegerSet((i,), (Equal(i, s * r),), (r,))
    assert difference(multiples, IntegerSet((i,), (Divides(s, i),))) is None
    assert difference(multiples, IntegerSet((i,), (Equal(i, s * floor(i / s)),))) is None
    found = difference(multiples, IntegerSet((i,), ()))
    assert found.kind == "spurious" and found.sizes == {"s": 2} and found.point["i"] % 2 == 1


@needs_z3
def test_the_smallest_sizes():
    assert difference(below(n), below(n - 1)) == Witness("missing", {"n": 1}, {"i": 0})
    assert difference(below(s * n), below(s * n + d - 1)).sizes == {"d": 2, "n": 1, "s": 1}


@needs_z3
def test_points_count_the_sum_of_the_weights():
    here, rest = below(n, Range(i, m)), IntegerSet((i,), (Range(i, n, m),))
    assert balance([(2, below(n))], [(1, below(n)), (1, here), (1, rest)]) is None
    assert balance([(1, below(n)), (-1, below(n))], []) is None
    assert balance([], []) is None
    assert balance([(1, below(n))], []).kind == "missing"
    assert balance([], [(1, below(n))]).kind == "spurious"
    assert balance([(2, below(n))], [(1, below(n))]).kind == "counted otherwise"
    assert isinstance(balance([(1, below(n))], [(1, below(n)), (1, rest)]), Witness)


@needs_z3
def test_what_is_known_reaches_through_other_parameters():
    known = [Equal(n, s * k), Equal(m, s * k)]
    assert difference(below(n), below(m), known) is None
    assert difference(below(n), below(m), known[:1]) is not None
    assert difference(below(n), below(m), [*known[:1], Equal(i, 0)]) is not None


def valid(hypotheses, claim):
    """Return a counterexample to "the hypotheses imply the claim", or None."""
    return difference(IntegerSet((), tuple(hypotheses)), IntegerSet((), (*hypotheses, *claim)))


@needs_z3
def test_implications():
    assert valid([Range(i, n)], [Range(s * i, s * n)]) is None
    assert valid([Range(i, n), Range(a, k)], [Range(i * k + a, n * k)]) is None
    assert valid([Range(i, n)], [Range(i, n - 1)]).sizes["n"] == 1
    assert valid([Range(p * p, 0, None)], [Range(p, 0, 1)]) is None


@needs_z3
def test_only_parameters_have_signs():
    """An index that is said to be positive still runs from 0."""
    positive = symbols("q", integer=True, positive=True)
    left, right = (IntegerSet((positive,), (Range(positive, n, low),)) for low in (0, 1))
    assert difference(left, right) is not None


@needs_z3
def test_sets_over_other_variables_are_refused():
    with pytest.raises(ArgumentValueError, match="sets="):
        difference(below(n), IntegerSet((j,), (Range(j, n),)))


# ---------------------------------------------------------------------- hidden indices

SOLVED = [
    (Equal(i, r + a), Range(r, 3)),
    (Equal(i, a - r), Range(r, 3)),
    (Equal(i, 2 * r + a), Range(r, 3)),
    (Equal(2 * i, 3 * r), Range(r, 3)),
    (Equal(i, r / 2), Range(r, 6)),
    (Equal(r, i / 2), Range(r, 2)),
    (Equal(i / 2, r), Range(r, 2)),
    (Equal(i / 2, r / 3), Range(r, 7, -7)),
    (Equal(i - 3 * r, r - a), Range(floor(r / 2), 2)),
    (Equal(r, floor(i / 2)), Divides(2, r)),
    (Equal(r, floor(i / 2)), Equal(2 * r, i)),
    (Equal(0, -2 * r + i), Equal(r, a)),
]


@pytest.mark.parametrize("guards", SOLVED, ids=str)
def test_elimination_keeps_the_set(guards):
    """Held against a search through the hidden values."""
    found = eliminate(IntegerSet((i, a), guards, (r,)))
    assert found.hidden == () and all(r not in guard.symbols for guard in found.guards)
    for values in itertools.product(range(-7, 8), range(-3, 4)):
        point = dict(zip((i, a), values, strict=True))
        reached = [v for v in range(-40, 41) if all(holds(g, Arrays({**point, r: v})) for g in guards)]
        assert len(reached) == all(holds(g, Arrays(point)) for g in found.guards)  # once, or not at all


@pytest.mark.parametrize(
    "guards",
    [
        (Range(r, n),),
        (Equal(i, floor(r / 2)),),
        (Equal(i, r**2),),
        (Equal(i, r + floor(r / 2)),),
        (Equal(i, p * r),),
        (Equal(floor(r / 2), floor(i / 2)),),
        (Equal(i, a),),
    ],
    ids=str,
)
def test_what_no_linear_equation_gives_stays_hidden(guards):
    assert eliminate(IntegerSet((i, a), guards, (r,))).hidden == (r,)


@needs_z3
def test_hidden_indices_that_stay_are_undecided():
    found = difference(IntegerSet((i,), (Range(i - r, n), Range(r, k)), (r,)), below(n))
    assert isinstance(found, Undecided) and "gives r" in found.reason


# ---------------------------------------------------------------------- where z3 does not know


@needs_z3
def test_no_answer_in_time_is_undecided(monkeypatch):
    monkeypatch.setattr(smt, "_PATIENCE", 20)
    cubes = IntegerSet(
        (i, j, a), (Equal(i**3 + j**3 + 11 * s * d, a**3 + 42), Range(i, None, 1000), Range(j, None, 1000))
    )
    found = difference(cubes, IntegerSet((i, j, a), (Range(-1),)))
    assert isinstance(found, Undecided) and "no answer within 0.02 s" in found.reason


def test_without_z3(monkeypatch):
    monkeypatch.setitem(sys.modules, "z3", None)
    assert not smt.available()
    with pytest.raises(MissingDependency, match="z3"):
        difference(below(n + 54321), below(n))
    claim = Claim(one({}, {r: o + 54321}, [], x(r)), one({}, {a: o + 54321}, [], x(a)))
    found = refute_by_z3(claim, Setting())
    assert isinstance(found, Undecided) and "z3 is not installed" in found.reason


def test_a_certificate_says_what_was_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "z3", None)
    monkeypatch.setitem(sys.modules, "islpy", None)
    (only,) = certify(Claim(one({}, {r: o + 5}, [], x(r)), one({}, {a: o + 5}, [], x(a))), Setting(), "renamed")
    assert only.evidence == "exact"
    assert any("islpy is not installed" in text for text in only.not_covered)
    assert any("z3 is not installed" in text for text in only.not_covered)
    too_large = Claim(one({}, {r: o + 777}, [], x(r)), one({}, {a: o + 777}, [], x(a)))
    with pytest.raises(ConvproofError, match=r"renamed: not decided: .*islpy"):
        certify(too_large, Setting(), "renamed")
