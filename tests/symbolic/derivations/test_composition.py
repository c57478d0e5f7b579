"""Two layers as one: kernels and conditions that are wrong are refuted, the right ones are held against NumPy."""

from dataclasses import replace

import numpy as np
import pytest
from sympy import symbols

from convproof.symbolic.derivations import composition
from convproof.symbolic.derivations.composition import closed_form
from convproof.symbolic.derivations.two_layers import Two
from convproof.symbolic.derivations.writing import equation
from convproof.symbolic.derive import derive
from convproof.symbolic.guarded_sum import GuardedSum, inline
from convproof.symbolic.guards import Range
from convproof.symbolic.step_checks import Claim
from tests.symbolic.derivations.steps import assert_accepted, evaluated, recorded

TWO = Two()


@pytest.fixture(scope="module")
def steps():
    return recorded("composition")


def by_rule(steps, rule):
    return [step for step in steps if step.rule == rule]


WRONG = {
    "the stride of the first forgotten": {TWO.s * TWO.d2 * TWO.h: TWO.d2 * TWO.h},
    "the strides added": {TWO.s * TWO.s2 * TWO.t: (TWO.s + TWO.s2) * TWO.t},
    "the paddings added": {TWO.s * TWO.p2: TWO.p2},
    "the sign of the padding": {TWO.p: -TWO.p},
    "dilations exchanged": {TWO.d: TWO.d2, TWO.d2: TWO.d},
}


@pytest.mark.parametrize("name", WRONG)
def test_another_composed_place_is_refuted(steps, name):
    step = by_rule(steps, "insert")[0]
    place = TWO.place.subs(WRONG[name], simultaneous=True)
    assert place != TWO.place
    step.assert_refuted(step.changed(lambda term: term.map(lambda e: place if e == TWO.place else e)))


def test_a_composed_kernel_that_is_too_short_is_refuted(steps):
    step = by_rule(steps, "sift")[0]
    short = replace(TWO.composed_kernel(), free=tuple(replace(i, size=i.size - 1) for i in TWO.composed_kernel().free))
    before = inline(TWO.composed(), {"u": short})
    step.assert_refuted(Claim(before, step.claim.after))


@pytest.mark.parametrize("rule", ["no padding", "full padding"])
def test_without_its_condition_one_layer_is_not_two(steps, rule):
    (step,) = by_rule(steps, rule)
    replace(step, setting=replace(step.setting, hypotheses=())).assert_refuted(step.claim)


def test_one_element_of_padding_less_than_full_is_refuted(steps):
    (step,) = by_rule(steps, "full padding")
    before, behind = step.setting.hypotheses
    for hypotheses in ((replace(before, e=before.e - 1), behind), (before, replace(behind, e=behind.e + 1))):
        wrong = replace(step, setting=replace(step.setting, hypotheses=hypotheses))
        wrong.assert_refuted(step.claim, ("isl", "z3"))  # a few random sizes do not meet it


def test_the_rim_forgotten_is_refuted(steps):
    (split,) = by_rule(steps, "split")
    for place in range(3):
        terms = tuple(t for q, t in enumerate(split.claim.after.terms) if q != place)
        split.assert_refuted(split.with_after(replace(split.claim.after, terms=terms)))


def test_the_interior_one_place_larger_is_refuted(steps):
    (step,) = by_rule(steps, "interior")
    low, high = step.claim.after.terms[0].guards
    for guards in ((Range(low.e + 1), high), (low, replace(high, high=high.high + 1))):
        before = GuardedSum(TWO.outputs, (TWO.products(*guards),))
        after = step.changed(lambda term, guards=guards: replace(term, guards=guards)).after
        step.assert_refuted(Claim(before, after))


def test_the_composed_kernel_is_that_of_numpy():
    rng = np.random.default_rng(4)
    w, v = rng.integers(-9, 10, 3), rng.integers(-9, 10, 4)
    for s, d, d2 in ((1, 1, 1), (2, 1, 1), (3, 2, 1), (2, 1, 3)):
        spread_w, spread_v = np.zeros(2 * d + 1, np.int64), np.zeros(3 * s * d2 + 1, np.int64)
        spread_w[::d], spread_v[:: s * d2] = w, v
        sizes = {TWO.s: s, TWO.d: d, TWO.d2: d2, TWO.k: 3, TWO.k2: 4}
        found = evaluated(TWO.composed_kernel(), sizes, {"w": w, "v": v})
        np.testing.assert_array_equal(found, np.convolve(spread_w, spread_v))


def test_the_same_kernel_with_the_sums_exchanged_is_proved(steps):
    step = by_rule(steps, "sift")[0]
    exchanged = step.changed(lambda term: replace(term, binders=term.binders[::-1], factors=term.factors[::-1]))
    assert_accepted(exchanged, step.setting)


def test_the_sizes_of_a_layer_have_the_names_of_the_notation():
    part = derive("composition", simple=True).parts[-1]
    assert "$K_l, s_l" in part.text and "(K_l - 1)" in part.steps[0].pieces[0] and "(K_l - 1)" in part.result.pieces[0]


def test_an_equation_that_is_wrong_is_refuted():
    k, s = symbols("k s", positive=True, integer=True)
    assert equation("right", s * (k - 1) + 1, s * k - s + 1).evidence == "universal"
    wrong = equation("wrong", s * (k - 1) + 1, s * k)
    assert not wrong
    assert "differ by" in wrong.counterexample.story


def test_the_closed_form_is_refuted_where_the_recursion_is_another(monkeypatch):
    assert closed_form().evidence == "exact"
    monkeypatch.setattr(composition, "_DEEPEST", 3)
    assert "1 to 3 layers" in closed_form().scope
    monkeypatch.setattr(composition, "expand", lambda e: 1)
    assert not closed_form()
