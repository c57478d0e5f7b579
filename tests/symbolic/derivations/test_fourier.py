"""The convolution theorem: held against NumPy's transform, and slips refuted."""

from dataclasses import replace

import numpy as np
import pytest

from convproof.symbolic.derivations import fourier
from convproof.symbolic.derivations.convolution import size
from convproof.symbolic.derivations.cyclotomic import RootOfUnity
from convproof.symbolic.guards import Range
from tests.symbolic.derivations.steps import derived, evaluated, recorded

N, L, K = (size(letter) for letter in "nlk")


@pytest.fixture(scope="module")
def steps():
    return recorded("convolution_theorem")


@pytest.mark.parametrize("n", range(1, 13))
def test_residues_are_the_complex_roots(n):
    root, z = RootOfUnity(n), np.exp(-2j * np.pi / n)
    values = root.power(np.arange(2 * n * n + 1)) @ z ** np.arange(len(root.power(0)))
    np.testing.assert_allclose(values, z ** np.arange(2 * n * n + 1), atol=1e-9)
    product = root.product(root.power(n // 2), root.power(n))
    np.testing.assert_array_equal(product, root.power(n // 2 + n))


def test_the_circular_convolution_is_that_of_the_transforms(steps):
    rng = np.random.default_rng(2)
    x, w = rng.integers(-9, 10, (2, 6))
    circular = next(s.claim.after for s in steps if s.rule == "split")
    expected = np.rint(np.fft.ifft(np.fft.fft(x) * np.fft.fft(w)).real)
    np.testing.assert_array_equal(evaluated(circular, {N: 6}, {"x": x, "w": w}), expected)


@pytest.mark.parametrize("n", [7, 9])
def test_padded_sequences_are_convolved_as_numpy_does(steps, n):
    rng = np.random.default_rng(3)
    x, w = rng.integers(-9, 10, 5), rng.integers(-9, 10, 3)
    found = evaluated(steps[-1].claim.after, {N: n, L: 5, K: 3}, {"x": x, "w": w})
    np.testing.assert_array_equal(found, np.pad(np.convolve(x, w), (0, n - 7)))


def test_one_place_too_few_is_refuted(steps):
    for step in steps[-2:]:
        short = replace(step, setting=replace(step.setting, hypotheses=(Range(N - L - K + 2),)))
        if step.rule == "drop":
            short.assert_refuted(step.claim)
    step = next(s for s in steps if s.rule == "drop")
    replace(step, setting=replace(step.setting, hypotheses=())).assert_refuted(step.claim)


def test_a_circle_without_its_second_half_is_refuted(steps):
    step = next(s for s in steps if s.rule == "split")
    step.assert_refuted(step.with_after(replace(step.claim.after, terms=step.claim.after.terms[:1])), ("z3", "sizes"))


def test_weights_taken_one_place_off_are_refuted(steps):
    step = next(s for s in steps if s.rule == "reindex")
    near, far = step.claim.after.terms
    step.assert_refuted(step.with_after(replace(step.claim.after, terms=(near, replace(far, guards=near.guards)))))


@pytest.mark.parametrize("check", [fourier.diagonal, fourier.orthogonal])
def test_powers_of_something_else_are_refuted(check, monkeypatch):
    power = RootOfUnity.power
    monkeypatch.setattr(RootOfUnity, "power", lambda self, e: power(self, e + (np.asarray(e) % 3 == 2)))
    found = check()
    assert not found
    assert found.counterexample.story.startswith("at n=")


def test_what_roots_of_unity_do_is_said_to_be_computed_up_to_twelve():
    words = {step.rule: step.certificates[0] for step in derived("convolution_theorem").steps if step.certificates}
    assert words["roots of unity"].evidence == words["inverse"].evidence == "exact"
    assert "1 to 12" in words["roots of unity"].scope
