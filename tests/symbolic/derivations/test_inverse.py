"""Transposed and inverse: the index claims proved, the examples held against NumPy, wrong claims refuted."""

import numpy as np
import pytest
from sympy import Integer, Matrix, expand

from convproof.errors import Refuted
from convproof.symbolic import rules
from convproof.symbolic.derivation import Writer
from convproof.symbolic.derivations.convolution import index
from convproof.symbolic.derivations.inverse import entry
from convproof.symbolic.derivations.inverse_examples import checked, dense
from convproof.symbolic.derivations.sizes import Sizes, over
from convproof.symbolic.derive import derive
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.guards import Range
from convproof.symbolic.notation import PAPER
from convproof.symbolic.step_checks import Claim, Setting, certify
from tests.symbolic.derivations.proofs import PROVERS, assert_proved

SIZES = Sizes()
s, d, p, k, o, n = SIZES.s, SIZES.d, SIZES.p, SIZES.k, SIZES.o, SIZES.n
r, i, j, a, f = (index(letter) for letter in "rijaf")
needs_a_prover = pytest.mark.skipif(not PROVERS, reason="differs at few sizes: found by isl or z3, seldom by chance")


@pytest.mark.parametrize("simple", [False, True])
def test_every_index_step_is_proved(simple):
    found = derive("inverse", simple=simple)
    assert_proved(found, besides=("example",))
    assert {step.evidence for step in found.steps if step.rule == "example"} == {"exact"}


def step_of(title, place=-1):
    return next(part for part in derive("inverse").parts if part.title == title).steps[place]


# ---------------------------------------------------------------------- what must be refuted


def refuted(before, after, *hypotheses, definitions=None):
    setting = Setting(SIZES.conv.s, SIZES.conv.d, hypotheses, definitions or {})
    with pytest.raises(Refuted):
        certify(Claim(before, after), setting, "")


PRODUCT_MUTANTS = {
    "distance of the other sign": lambda form: form.map(
        lambda e: e.subs({i: j, j: i}, simultaneous=True) if e.has(j) else e
    ),
    "range of outputs dropped": lambda form: rules.each(
        rules.drop, form, next(g for g in form.terms[0].guards if isinstance(g, Range) and g.high == o)
    ),
    "sign of padding": lambda form: form.map(lambda e: e.subs(p, -p)),
    "no dilation": lambda form: form.map(lambda e: e.subs(d, 1)),
}


@pytest.mark.parametrize("mutate", PRODUCT_MUTANTS.values(), ids=PRODUCT_MUTANTS)
def test_a_wrong_autocorrelation_is_refuted(mutate):
    step = step_of("Transposed times matrix")
    refuted(step.before, mutate(step.after))


def test_the_farthest_entry_is_of_the_first_and_the_last_tap():
    step = step_of("When the product is the identity")
    wrong = [Factor("w", (Integer(0),)), Factor("w", (k - 2,))]
    (term,) = step.after.terms
    refuted(step.before, GuardedSum(step.after.free, (Term(term.binders, term.guards, tuple(wrong)),)))


@needs_a_prover
def test_a_column_further_left_has_another_weight():
    pivot = expand(s * r + d * f - p)
    value = GuardedSum((), (Term((), (), (Factor("w", (f,)),)),))
    nonzero, known = Range(a, None, f), Range(f, k)
    setting = Setting(SIZES.conv.s, SIZES.conv.d, (known,))
    assert certify(Claim(entry(SIZES, pivot, nonzero), value), setting, "")
    refuted(entry(SIZES, pivot - 1, nonzero), value, known)
    refuted(entry(SIZES, pivot, nonzero), value)  # without the hypothesis that f is a tap
    refuted(entry(SIZES, i, nonzero, Range(i, expand(pivot + 1), None)), GuardedSum((), ()), known)


@needs_a_prover
def test_more_padding_makes_more_outputs_than_inputs():
    outputs = Index(r, SIZES.count)
    before = over(outputs, Range(r, n, None))
    reach = d * (k - 1)
    limit = Range(expand(p + SIZES.q), expand(reach + 1), None)
    assert certify(Claim(before, over(outputs)), Setting(SIZES.conv.s, SIZES.conv.d, (limit,)), "")
    refuted(before, over(outputs))
    refuted(before, over(outputs), Range(expand(p + SIZES.q), expand(reach + 2), None))


@needs_a_prover
def test_the_triangle_needs_its_padding_before_the_input():
    reach = expand(d * (k - 1))
    above = Range(i, None, r + 1)
    for padding, right in ((reach, True), (reach - 1, False), (Integer(0), False)):
        claim = entry(SIZES, i, above, padding=padding).map(lambda e: e.subs(s, 1))
        if right:
            assert certify(Claim(claim, GuardedSum((), ())), Setting((), SIZES.conv.d), "")
        else:
            refuted(claim, GuardedSum((), ()))


# ---------------------------------------------------------------------- the examples, by NumPy


def test_the_matrix_of_an_example_is_a_correlation():
    x = np.array([2, -3, 5, 7])
    weights = (1, 4, -2)
    y = dense("x1x1x4-w1x1x3", weights) * Matrix(x.tolist())
    assert [int(v) for v in y] == np.correlate(x, weights, "valid").tolist()


def test_the_pseudo_inverse_is_that_of_numpy():
    matrix = np.array(dense("x1x1x3-w1x1x2", (1, 1)).tolist(), float)
    nearest = np.linalg.pinv(matrix) @ matrix @ np.array([1, 2, 3])
    assert np.allclose(nearest * 3, [1, 8, 7])
    text = derive("inverse").latex()
    assert r"(\tfrac{1}{3}, \tfrac{8}{3}, \tfrac{7}{3})^{\top}" in text
    assert r"(3, 8, 5)^{\top}" in text


def test_division_of_spectra_is_that_of_numpy():
    kernel, y = np.fft.fft([2, 1, 0, 0]).conj(), np.array([4, 7, 10, 9])
    assert np.allclose(np.fft.ifft(np.fft.fft(y) / kernel).real, [1, 2, 3, 4])
    text = derive("inverse").latex()
    assert r"(3, 2 + \mathrm{i}, 1, 2 - \mathrm{i})^{\top}" in text
    assert np.allclose(kernel, [3, 2 + 1j, 1, 2 - 1j])


def test_a_wrong_example_has_a_counterexample():
    writer = Writer("inverse", "", Setting(), PAPER)
    assert checked(writer, "", "", Matrix([1, 2]), Matrix([1, 2]))
    wrong = checked(writer, "", "", Matrix([1, 2]), Matrix([1, 3]))
    assert not wrong
    writer.part("")
    with pytest.raises(Refuted):
        writer.state("example", "", ["0"], "", (wrong,))
