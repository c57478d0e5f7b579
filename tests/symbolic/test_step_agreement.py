"""Random steps: whatever isl and z3 say of all sizes, the polynomials at concrete sizes agree."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import floor

from convproof.symbolic import polynomials, smt
from convproof.symbolic.guarded_sum import GuardedSum, Index, Term
from convproof.symbolic.guards import Divides, Equal, Range
from convproof.symbolic.relations import Witness
from convproof.symbolic.smt import Undecided
from convproof.symbolic.step_checks import Claim, refute_by_isl, refute_by_z3
from tests.symbolic.step_cases import PLAIN, READ, SOURCE, a, d, i, k, n, o, p, r, s, u, w, x

NAMES = {"x": 0, "w": 1}
PARAMETERS = (n, k, o, s, d, p)
PLACES = (r, a, i, READ, i + p - d * a, k - 1 - a, o - 1 - r, r + 1, 2 * r + a, s * r, a - p, floor(SOURCE), SOURCE)
SIZES = (n, k, o, o + 1, k - 1)

expressions = st.sampled_from(PLACES)
guards = st.one_of(
    st.builds(Range, expressions, st.sampled_from((*SIZES, None)), st.sampled_from((0, 1, None))),
    st.builds(Divides, st.sampled_from((s, d, 2)), st.sampled_from(PLACES[:-2])),
    st.builds(Equal, expressions, expressions),
)
factors = st.one_of(st.builds(x, expressions), st.builds(w, expressions), st.builds(x, expressions, expressions))


@st.composite
def terms(draw):
    binders = draw(st.permutations([Index(r, draw(st.sampled_from(SIZES))), Index(a, draw(st.sampled_from(SIZES)))]))
    product = draw(st.lists(factors, min_size=1, max_size=2, unique_by=lambda f: f.tensor))
    return Term(
        tuple(binders), tuple(draw(st.lists(guards, max_size=3))), tuple(product), draw(st.sampled_from((1, 2, -1)))
    )


@st.composite
def changed(draw, term):
    """The term after a small change, which may or may not matter."""
    kind = draw(st.sampled_from(("same", "drop", "add", "order", "rename", "size", "split", "cancel", "factor")))
    if kind == "drop" and term.guards:
        place = draw(st.integers(0, len(term.guards) - 1))
        return [Term(term.binders, term.guards[:place] + term.guards[place + 1 :], term.factors, term.coefficient)]
    if kind == "add":
        return [Term(term.binders, (*term.guards, draw(guards)), term.factors, term.coefficient)]
    if kind == "order":
        return [Term(term.binders[::-1], term.guards[::-1], term.factors[::-1], term.coefficient)]
    if kind == "rename":
        new = term.map(lambda e: e.subs(r, u))
        binders = tuple(Index(u if b.symbol == r else b.symbol, b.size) for b in new.binders)
        return [Term(binders, new.guards, new.factors, term.coefficient)]
    if kind == "size":
        binders = tuple(Index(b.symbol, draw(st.sampled_from(SIZES))) for b in term.binders)
        return [Term(binders, term.guards, term.factors, term.coefficient)]
    if kind == "split":
        where = draw(expressions)
        halves = (Range(where), Range(where, 0, None))
        return [Term(term.binders, (*term.guards, half), term.factors, term.coefficient) for half in halves]
    if kind == "cancel":
        extra = draw(terms())
        return [term, extra, Term(extra.binders, extra.guards, extra.factors, -extra.coefficient)]
    if kind == "factor":
        return [Term(term.binders, term.guards, term.factors, 2 * term.coefficient)]
    return [term]


@st.composite
def claims(draw):
    before = draw(st.lists(terms(), min_size=1, max_size=2))
    after = [new for term in before for new in draw(changed(term))]
    arities = {}
    for factor in (f for term in (*before, *after) for f in term.factors):
        assume(arities.setdefault(factor.tensor, len(factor.indices)) == len(factor.indices))
    return Claim(GuardedSum((Index(i, n),), tuple(before)), GuardedSum((Index(i, n),), tuple(after)))


def equal_at(claim, sizes):
    """Whether both sides are the same polynomials at these sizes; None where an index is a fraction."""
    try:
        left, right = (polynomials.table(side, sizes, NAMES) for side in claim.sides)
    except polynomials.NotAnInteger:
        return None
    return left == right


def small_sizes():
    for steps, padding in itertools.product(((1, 1), (2, 1), (1, 2), (2, 3)), (-1, 0, 2)):
        for sizes in ((1, 1, 1), (2, 1, 2), (3, 2, 2), (2, 3, 3), (4, 2, 3), (3, 3, 1)):
            yield dict(zip(PARAMETERS, (*sizes, *steps, padding), strict=True))


@pytest.fixture(autouse=True, scope="module")
def impatient():
    """Let z3 say soon that it does not know."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(smt, "_PATIENCE", 500)
        yield
    smt._balance.cache_clear()


@pytest.mark.parametrize(("check", "module"), [(refute_by_isl, "islpy"), (refute_by_z3, "z3")])
@settings(max_examples=60)
@given(claim=claims())
def test_no_disagreement(check, module, claim):
    pytest.importorskip(module)
    found = check(claim, PLAIN)
    if found is None:
        assert all(equal_at(claim, sizes) is True for sizes in small_sizes())
    elif isinstance(found, Witness):
        named = {str(p): p for p in PARAMETERS}
        sizes = dict.fromkeys(PARAMETERS, 1) | {named[name]: value for name, value in found.sizes.items()}
        assume(max(map(abs, sizes.values())) <= 12)
        assert equal_at(claim, sizes) is not True
    else:
        assert isinstance(found, Undecided)


@settings(max_examples=40)
@given(claim=claims())
def test_isl_and_z3_never_contradict_one_another(claim):
    pytest.importorskip("islpy")
    pytest.importorskip("z3")
    answers = {type(check(claim, PLAIN)) for check in (refute_by_isl, refute_by_z3)}
    # isl looks at some strides only: what z3 refutes at another, isl may hold for right
    assert answers != {type(None), Witness} or isinstance(refute_by_z3(claim, PLAIN), Witness)
