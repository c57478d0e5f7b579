"""The laws of convolution: held against NumPy, and laws that do not hold refuted."""

from dataclasses import replace

import numpy as np
import pytest

from convproof.errors import Refuted
from convproof.symbolic.derivation import Writer
from convproof.symbolic.derivations import algebra
from convproof.symbolic.derivations.convolution import index, size
from convproof.symbolic.derivations.counterexamples import differs
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.notation import PAPER
from convproof.symbolic.step_checks import Claim, Setting
from tests.symbolic.derivations.steps import Recorded, assert_accepted, derived, evaluated, recorded

T, I, J, L = (index(letter) for letter in "tijl")
EVERYWHERE = (Index(T),)


def summed(binders, *factors):
    return GuardedSum(EVERYWHERE, (Term(tuple(Index(b) for b in binders), (), factors),))


def element(tensor, *place):
    return Factor(tensor, place)


X_THEN_W = summed((J,), element("x", J), element("w", T - J))
LAWS = {
    "convolution is not correlation": (X_THEN_W, summed((J,), element("x", J), element("w", T + J))),
    "a flip of one sequence": (X_THEN_W, summed((J,), element("x", J), element("w", J - T))),
    "shifted by one": (X_THEN_W, summed((J,), element("x", J), element("w", T - J + 1))),
    "every other place": (X_THEN_W, summed((J,), element("x", 2 * J), element("w", T - 2 * J))),
    "every pair twice": (X_THEN_W, replace(X_THEN_W, terms=2 * X_THEN_W.terms)),
    "a sum over fewer places": (
        X_THEN_W,
        GuardedSum(EVERYWHERE, (Term((Index(J, size("n")),), (), X_THEN_W.terms[0].factors),)),
    ),
    "the wrong inner shift": (
        summed((I, J), element("x", J), element("w", I - J), element("v", T - I)),
        summed((J, L), element("x", J), element("w", L), element("v", T - J + L)),
    ),
    "correlation is not associative": (
        summed((I, J), element("x", T + I + J), element("w", J), element("v", I)),
        summed((I, J), element("x", T + J), element("w", J + I), element("v", I)),
    ),
}


@pytest.mark.parametrize("name", LAWS)
def test_a_law_that_does_not_hold_is_refuted_by_each_check(name):
    before, after = LAWS[name]
    Recorded("law", Claim(before, after), Setting()).assert_refuted(Claim(before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (X_THEN_W, summed((I,), element("w", I), element("x", T - I))),
        (X_THEN_W, summed((I,), element("x", I + 2), element("w", T - I - 2))),
        (X_THEN_W, summed((L,), element("w", -L), element("x", T + L))),
    ],
)
def test_the_same_law_written_otherwise_is_proved(before, after):
    assert_accepted(Claim(before, after), Setting())


def test_a_law_that_holds_is_no_counterexample():
    writer = Writer("test", "Test", Setting(), PAPER)
    writer.part("Commutative")
    after = summed((I,), element("w", I), element("x", T - I))
    with pytest.raises(Refuted, match="they agree for all sizes"):
        differs(writer, "x * w", "w * x", "Not commutative.", before=X_THEN_W, wrong=after)


def test_the_product_of_polynomials_is_that_of_numpy():
    rng = np.random.default_rng(1)
    x, w = rng.integers(-9, 10, 5), rng.integers(-9, 10, 3)
    (product,) = (s.claim.after for s in recorded("convolution_algebra") if not s.claim.after.free)
    powers = np.eye(7, dtype=np.int64)
    sizes = {size("n"): 5, size("k"): 3}
    coefficients = [int(evaluated(product, sizes, {"x": x, "w": w, "u": power})) for power in powers]
    np.testing.assert_array_equal(coefficients, np.polymul(x[::-1], w[::-1])[::-1])


def test_every_law_is_there():
    found = derived("convolution_algebra")
    titles = [part.title for part in found.parts]
    assert titles[:6] == ["Commutative", "Associative", "Distributive", "Unit", "Shift", "Product of polynomials"]
    lacks = found.parts[-1]
    assert [step.certificates[0].evidence for step in lacks.steps] == ["exact", "exact"]
    assert algebra.algebra(1, False, PAPER).title == found.title


@pytest.mark.parametrize("power", [I + J + 1, I - J, 2 * I + J, I])
def test_powers_that_do_not_add_their_exponents_are_refuted(power):
    def pairs(exponent):
        pair = (Index(I, size("n")), Index(J, size("k")))
        return GuardedSum((), (Term(pair, (), (element("x", I), element("w", J), element("u", exponent))),))

    assert algebra._multiplied_out(pairs(I + J)).evidence == "exact"
    assert not algebra._multiplied_out(pairs(power))
