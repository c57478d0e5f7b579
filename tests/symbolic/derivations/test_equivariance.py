"""Shifts: outputs that do not move with the input, and places where they do not, are refuted."""

from dataclasses import replace

import pytest

from convproof.symbolic.derivations.convolution import Convolution, index
from convproof.symbolic.guarded_sum import GuardedSum
from tests.symbolic.derivations.steps import recorded

H = index("h")
((S,), (R,)) = Convolution(1).s, Convolution(1).named("r")


@pytest.fixture(scope="module")
def steps():
    return recorded("equivariance")


@pytest.mark.parametrize("place", [R + H, R - S * H, R, R - H - 1])
def test_another_shift_of_the_output_is_refuted(steps, place):
    step = steps[1]
    (term,) = step.claim.after.terms
    moved = tuple(replace(f, indices=(place,)) for f in term.factors)
    step.assert_refuted(step.with_after(GuardedSum(step.claim.after.free, (replace(term, factors=moved),))))


def test_a_shift_of_the_input_by_one_place_at_a_stride_is_refuted(steps):
    step = steps[0]
    by_one = step.changed(lambda term: term.map(lambda e: e.subs(S * H, H)))
    step.assert_refuted(by_one)


@pytest.mark.parametrize("dropped", range(3))
def test_outside_the_interior_it_does_not_hold(steps, dropped):
    """Where the window sticks out, or the output had no place before, both sides differ: each bracket is needed."""
    step = steps[-1]
    after = step.claim.after.terms[0]
    brackets = after.guards
    assert len(brackets) == 3
    gone = brackets[dropped]
    before = step.setting.definitions["y_h"].terms[0]
    shifted = step.claim.before.terms[0]
    kept = tuple(g for g in brackets if g != gone)
    whole = tuple(g for g in shifted.guards if g not in brackets)
    inside = before.guards  # without the interior the range of what is read has to be said again
    claim = replace(
        step.claim,
        before=replace(step.claim.before, terms=(replace(shifted, guards=(*kept, *whole, *inside)),)),
        after=replace(step.claim.after, terms=(replace(after, guards=kept),)),
    )
    step.assert_refuted(claim, ("isl", "z3"))  # a few random sizes do not meet it


def test_the_simple_form_has_no_stride_to_break_it():
    assert all(step.rule != "counterexample" for step in recorded("equivariance", simple=True))
