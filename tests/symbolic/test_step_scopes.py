"""What the certificates of a step say of where it holds, and that nothing follows from what cannot be."""

from __future__ import annotations

import pytest
from sympy import Symbol

from convproof.errors import ArgumentValueError, ConvproofError
from convproof.symbolic import relations, smt, step_sizes
from convproof.symbolic.guards import Divides, Equal, Range
from convproof.symbolic.smt import Undecided
from convproof.symbolic.step_checks import Claim, Setting, certify, refute_at_sizes, refute_by_isl, refute_by_z3
from convproof.symbolic.step_sets import numbers
from tests.symbolic.step_cases import (
    FORWARD,
    PLAIN,
    PLANE,
    SCATTER,
    c,
    d1,
    d2,
    gather,
    i,
    k,
    n,
    o,
    one,
    p,
    q,
    r,
    s,
    s1,
    s2,
    t,
    x,
)

needs_provers = pytest.mark.skipif(not (relations.available() and smt.available()), reason="needs islpy and z3-solver")

SAME = Claim(one({i: n}, {}, [], x(i)), one({i: n}, {}, [Range(i, n)], x(i)))
REVERSED = Claim(one({i: n}, {}, [], x(i)), one({i: n}, {}, [], x(n - 1 - i)))  # wrong unless n is 1


def scopes(claim, setting):
    return [certificate.scope for certificate in certify(claim, setting, "the step")]


@needs_provers
def test_a_scope_says_who_decided_and_names_strides_only_where_there_are_any():
    assert scopes(SAME, PLAIN) == [
        "all sizes, by isl", "all sizes, by z3", "sizes drawn 8 times, every coefficient compared",
    ]  # fmt: skip
    isl, z3, sizes = scopes(Claim(SCATTER, gather()), PLAIN)
    pairs = ", ".join(map(str, relations.STEPS))
    assert isl == f"all sizes and paddings, at (stride, dilation) of an axis in {pairs}, by isl"
    assert z3 == "all sizes and paddings, all strides and dilations, by z3"
    assert sizes == "sizes, strides and dilations drawn 8 times, every coefficient compared"


@needs_provers
def test_nothing_is_drawn_where_there_is_nothing_to_draw():
    three = one({i: 3}, {}, [], x(i))
    assert scopes(Claim(three, three), PLAIN)[-1] == "every coefficient compared"


@needs_provers
def test_a_stride_in_a_hypothesis_alone_limits_what_isl_has_shown():
    whole = one({i: n}, {}, [Range(i, o)], x(i)), one({i: o}, {}, [Range(i, n)], x(i))
    isl, z3, _ = scopes(Claim(*whole), Setting((s,), (), (Equal(n, s * o),)))
    assert "(stride, dilation)" in isl and z3 == "all sizes, all strides and dilations, by z3"
    isl, z3, _ = scopes(Claim(*whole), Setting((s,), (), (Equal(n, s * o), Range(s, 3))))
    assert isl == "all sizes, at s=1; s=2, by isl" and z3.endswith("by z3")


def test_isl_is_given_every_pair_on_each_axis_and_axes_that_agree_and_differ():
    pytest.importorskip("islpy")
    asked = list(numbers({s1, s2, d1, d2}, PLANE))
    assert {(values["s1"], values["d1"]) for values in asked} == set(relations.STEPS)
    assert {(values["s2"], values["d2"]) for values in asked} == set(relations.STEPS)
    assert any(values["s1"] == values["s2"] for values in asked)
    assert any(values["s1"] != values["s2"] for values in asked)
    of_one = list(numbers({s1, s2, d2}, PLANE))
    assert {(values["s2"], values["d2"]) for values in of_one} == set(relations.STEPS)
    assert list(numbers({n}, PLANE)) == [{}]


def test_sizes_are_compared_as_often_as_the_certificate_says(monkeypatch):
    """A parameter without a sign is drawn below 0, too, which a hypothesis may exclude."""
    compared = []
    differs = step_sizes._differs
    monkeypatch.setattr(step_sizes, "_differs", lambda *given: compared.append(given) or differs(*given))
    first = one({i: n}, {}, [Range(i, None, q)], x(i))
    assert refute_at_sizes(Claim(first, first), Setting(hypotheses=(Range(q, k),))) is None
    assert len(compared) == step_sizes.TRIALS
    never = Setting((s,), (), (Range(s, None, 100),))
    assert isinstance(refute_at_sizes(Claim(FORWARD, FORWARD), never), Undecided)


@pytest.mark.parametrize(
    "hypotheses",
    [
        (Range(n, 1),),
        (Range(n, None, 9), Range(n, 5)),
        (Range(k, 1),),  # of a symbol that the claim does not have
        (Divides(2, n), Equal(n, 2 * k + 1)),
    ],
)
@pytest.mark.parametrize("refute", [refute_by_isl, refute_by_z3])
def test_hypotheses_that_cannot_hold_are_refused(refute, hypotheses):
    if isinstance(refute(SAME, PLAIN), Undecided):
        pytest.skip("not installed")
    with pytest.raises(ArgumentValueError, match="such as can hold"):
        refute(REVERSED, Setting(hypotheses=hypotheses))


def test_nothing_follows_where_nobody_knows_whether_the_hypotheses_can_hold():
    """No cube is the sum of two others: true, and beyond z3."""
    setting = Setting(hypotheses=(Equal(n * n * n + k * k * k, o * o * o),))
    assert isinstance(refute_by_isl(REVERSED, setting), Undecided)
    assert isinstance(refute_by_z3(REVERSED, setting), Undecided)
    assert isinstance(refute_at_sizes(REVERSED, setting), Undecided)
    with pytest.raises(ConvproofError, match="not decided"):
        certify(REVERSED, setting, "the step")


@pytest.mark.parametrize(
    ("after", "message"),
    [
        (one({r: o}, {}, [], x(Symbol("s", integer=True) * r)), "one symbol of that name"),
        (one({r: o}, {}, [Range(Symbol("r", integer=True, positive=True), 5)], x(s * r)), "one symbol of that name"),
        (one({r: o}, {}, [Range(Symbol("m", integer=True, negative=True), 0, None)], x(s * r)), "parameter=m"),
        (one({r: o}, {}, [Range(Symbol("m", zero=True), 1)], x(s * r)), "parameter=m"),
    ],
)
def test_symbols_that_would_be_taken_for_others_are_refused(after, message):
    claim = Claim(one({r: o}, {}, [], x(s * r)), after)
    for refute in (refute_at_sizes, refute_by_isl, refute_by_z3):
        with pytest.raises(ArgumentValueError, match=message):
            refute(claim, PLAIN)


def test_signs_that_the_checks_know_are_welcome():
    even = Symbol("m", integer=True, nonnegative=True)
    for refute in (refute_at_sizes, refute_by_isl, refute_by_z3):
        found = refute(
            Claim(one({t: c}, {}, [Range(t, even + p)], x(t)), one({t: c}, {}, [Range(t, p + even)], x(t))), PLAIN
        )
        assert found is None or isinstance(found, Undecided)
