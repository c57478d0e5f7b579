"""From convolution to a layer: it ends in the definition, and the usual slips are refuted."""

from dataclasses import replace

import numpy as np
import pytest
from sympy import ceiling

from convproof.symbolic import rules
from convproof.symbolic.derivations.convolution import Convolution, index
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.guards import Range
from convproof.symbolic.step_checks import Claim
from tests.symbolic.derivations.steps import assert_accepted, derived, evaluated, recorded

CONV = Convolution(1)
(S,), (D,), (P,), (N,), (K,), (O,) = CONV.s, CONV.d, CONV.p, CONV.n, CONV.k, CONV.o
(R,), (A,), (T,), (Q,) = (CONV.named(letter) for letter in "ratq")


@pytest.fixture(scope="module")
def steps():
    return recorded("conv1d")


@pytest.mark.parametrize("simple", [False, True])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_it_ends_in_the_definition_of_every_other_derivation(axes, simple):
    found = derived(f"conv{axes}d", simple=simple)
    assert found.steps[-1].after == Convolution(axes, simple).forward()
    assert any("structure tensor" in c.claim for c in found.steps[-1].certificates)


def test_the_convolution_of_a_finite_kernel_is_that_of_numpy(steps):
    rng = np.random.default_rng(0)
    x, w = rng.integers(-9, 10, 7), rng.integers(-9, 10, 3)
    (found,) = (step.claim.after for step in steps if step.rule == "bound" and step.claim.after.free)
    (term,) = found.terms
    whole = Index(T, N + K - 1)
    inside = (Range(T - A, N),)
    finite = GuardedSum((whole,), (replace(term, guards=inside),))
    np.testing.assert_array_equal(evaluated(finite, {N: 7, K: 3}, {"x": x, "w": w}), np.convolve(x, w))


def test_correlation_without_the_flip_is_refuted(steps):
    step = next(s for s in steps if s.rule == "insert" and r"\breve{w}" in str(s.claim.after))
    step.assert_refuted(step.with_after(_renamed(step.claim.after, r"\breve{w}", "w")))


def _renamed(sum_, old, new):
    def change(term):
        factors = tuple(replace(f, tensor=new if f.tensor == old else f.tensor) for f in term.factors)
        return replace(term, factors=factors)

    return replace(sum_, terms=tuple(map(change, sum_.terms)))


@pytest.mark.parametrize(
    ("name", "put"),
    [
        ("sign of the padding", {P: -P}),
        ("stride and dilation exchanged", {S: D, D: S}),
        ("no dilation", {D: 1}),
        ("no stride", {S: 1}),
    ],
)
def test_another_place_is_refuted(steps, name, put):
    step = [step for step in steps if step.claim.after.free == CONV.outputs()][-1]
    wrong = step.changed(lambda term: term.map(lambda e: e.subs(put, simultaneous=True)))
    step.assert_refuted(wrong)


def test_zeros_without_their_bracket_are_refuted(steps):
    last = steps[-1]
    last.assert_refuted(last.changed(lambda term: replace(term, guards=())))


@pytest.mark.parametrize(
    "count",
    [
        ceiling((N + P + Q - D * (K - 1) - 1) / S) + 1,
        (N + P + Q - D * (K - 1) - 1) + 1,
        ceiling((N + P + Q - D * (K - 1)) / S) - 1,
    ],
)
def test_another_number_of_outputs_is_refuted(steps, count):
    (step,) = (s for s in steps if s.rule == "bound" and not s.claim.after.free)
    wrong = GuardedSum((), (Term((Index(R, count),), (), (Factor("u", (R,)),)),))
    step.assert_refuted(step.with_after(wrong))


def test_the_same_number_written_otherwise_is_not_refuted(steps):
    (step,) = (s for s in steps if s.rule == "bound" and not s.claim.after.free)
    same = GuardedSum((), (Term((Index(R, ceiling((N + P + Q - D * (K - 1)) / S)),), (), (Factor("u", (R,)),)),))
    assert_accepted(step.with_after(same), step.setting)


def test_reindexing_that_loses_places_is_refuted(steps):
    step = steps[0]
    j = index("j")
    twice = rules.each(rules.reindex, step.claim.before, (j,), (Index(A, None),), {j: T - 2 * A})
    step.assert_refuted(Claim(step.claim.before, twice))
