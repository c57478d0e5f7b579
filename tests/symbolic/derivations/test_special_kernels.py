"""Separable, depthwise, pointwise, fully connected and biased: wrong ones refuted, right ones held against NumPy."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import correlate2d
from sympy import Symbol

from convproof.symbolic.derivations.convolution import Convolution, index, size
from convproof.symbolic.guarded_sum import Factor
from tests.symbolic.derivations.steps import derived, evaluated, recorded

CONV = Convolution(2)


def numbers(**values):
    """Sizes of two axes: 1 for every stride and dilation, no padding, and what is given."""
    sizes = dict.fromkeys((*CONV.s, *CONV.d), 1) | dict.fromkeys(CONV.p, 0)
    for name, (first, second) in values.items():
        sizes |= dict(zip(getattr(CONV, name), (first, second), strict=True))
    return sizes


def exchanged(one, other):
    """A change of terms that swaps the names of two tensors."""
    names = {one: other, other: one}
    return lambda term: replace(
        term, factors=tuple(replace(f, tensor=names.get(f.tensor, f.tensor)) for f in term.factors)
    )


def at(term, tensor, change):
    """Change the indices of one tensor's element."""
    factors = tuple(replace(f, indices=change(f.indices)) if f.tensor == tensor else f for f in term.factors)
    return replace(term, factors=factors)


# ---------------------------------------------------------------------- separable


@pytest.fixture(scope="module")
def separable():
    return recorded("separable")


@pytest.mark.parametrize("rank", [0, 1])
def test_column_and_row_exchanged_are_refuted(separable, rank):
    step = separable[2 * rank]
    step.assert_refuted(step.changed(exchanged("u", "v")))


@pytest.mark.parametrize("rank", [0, 1])
def test_a_second_pass_with_the_padding_of_the_first_axis_is_refuted(separable, rank):
    step = separable[2 * rank + 1]
    p, q = CONV.p
    step.assert_refuted(step.changed(lambda term: term.map(lambda e: e.subs(q, p))))


def test_a_rank_that_is_not_summed_alike_in_both_factors_is_refuted(separable):
    def apart(term):
        other = replace(term.binders[-1], symbol=index("l'"))
        return at(replace(term, binders=(*term.binders, other)), "v", lambda e: (other.symbol, e[1]))

    separable[2].assert_refuted(separable[2].changed(apart))


def test_two_passes_are_the_correlation_of_scipy(separable):
    rng = np.random.default_rng(5)
    x, u, v = rng.integers(-9, 10, (6, 5)), rng.integers(-9, 10, (2, 3)), rng.integers(-9, 10, (2, 2))
    whole = separable[2].claim.after
    sizes = numbers(n=(6, 5), k=(3, 2), o=(4, 4)) | {size("R"): 2}
    found = evaluated(whole, sizes, {"x": x, "u": u, "v": v})
    np.testing.assert_array_equal(found, correlate2d(x, u.T @ v, mode="valid"))


# ---------------------------------------------------------------------- depthwise, pointwise, fully connected


def test_a_depthwise_kernel_for_each_filter_is_refuted():
    step = recorded("depthwise_separable")[0]
    step.assert_refuted(step.changed(lambda term: at(term, "u", lambda e: (index("m"), *e[1:]))))
    step = recorded("depthwise_separable")[1]
    step.assert_refuted(step.changed(lambda term: at(term, "w", lambda e: (e[1], e[0], *e[2:]))))


def test_the_savings_are_those_of_the_paper():
    """MobileNets: the cost of depthwise separable convolution is 1/N + 1/D**2 of the full one."""
    counts = [step for step in derived("depthwise_separable").steps if step.rule == "count"]
    assert [step.pieces[0] for step in counts[:2]] == [r"\frac{1}{M} + \frac{1}{K}"] * 2
    assert counts[2].pieces == (r"\frac{1}{G}",)


def test_pointwise_is_a_matrix_product():
    rng = np.random.default_rng(6)
    x, w = rng.integers(-9, 10, (3, 4, 5)), rng.integers(-9, 10, (2, 3, 1, 1))
    step = recorded("pointwise", simple=True)[0]
    sizes = numbers(n=(4, 5)) | {size("M"): 2, size("C"): 3}
    found = evaluated(step.claim.after, sizes, {"x": x, "w": w})
    np.testing.assert_array_equal(found.reshape(2, -1), w[:, :, 0, 0] @ x.reshape(3, -1))


def test_a_transposed_matrix_is_refuted():
    step = recorded("pointwise")[1]
    step.assert_refuted(step.changed(lambda term: at(term, "W", lambda e: (e[0], e[2], e[1]))))
    step.assert_refuted(step.changed(lambda term: at(term, "x", lambda e: (*e[:-2], e[-1], e[-2]))))


def test_fully_connected_is_an_inner_product():
    rng = np.random.default_rng(7)
    x, w = rng.integers(-9, 10, (3, 4, 5)), rng.integers(-9, 10, (2, 3, 4, 5))
    step = recorded("fully_connected", simple=True)[0]
    sizes = numbers(n=(4, 5)) | {size("M"): 2, size("C"): 3}
    found = evaluated(step.claim.after, sizes, {"x": x, "w": w})
    np.testing.assert_array_equal(found.reshape(2), w.reshape(2, -1) @ x.ravel())


def test_a_flipped_filter_and_windows_that_do_not_fit_are_refuted():
    single, dropped, _ = recorded("fully_connected")
    a, n = CONV.named("a"), CONV.n
    flip = {ai: ni - 1 - ai for ai, ni in zip(a, n, strict=True)}
    single.assert_refuted(single.changed(lambda term: at(term, "x", lambda e: tuple(i.subs(flip) for i in e))))
    replace(dropped, setting=replace(dropped.setting, hypotheses=())).assert_refuted(dropped.claim)


# ---------------------------------------------------------------------- bias


@pytest.mark.parametrize("simple", [False, True])
def test_the_gradient_of_a_bias_is_the_sum_of_the_outputs(simple):
    last = recorded("bias", simple=simple)[-1]
    (term,) = last.claim.after.terms
    assert [f.tensor for f in term.factors] == ["dy"]
    summed = {str(b.symbol) for b in term.binders}
    assert summed == ({"r_1", "r_2"} if simple else {"b", "r_1", "r_2"})


def test_a_gradient_without_the_last_row_or_image_is_refuted():
    last = recorded("bias")[-1]
    for place in range(3):
        short = last.changed(lambda term, place=place: replace(term, binders=_shorter(term.binders, place)))
        last.assert_refuted(short)


def test_a_gradient_that_forgets_the_filter_is_refuted():
    step = recorded("bias")[0]
    step.assert_refuted(step.changed(lambda term: replace(term, guards=term.guards[:1])))


def _shorter(binders, place):
    return tuple(replace(b, size=b.size - 1) if q == place else b for q, b in enumerate(binders))


def test_the_names_of_the_last_line_are_those_of_the_layer():
    assert recorded("bias")[-1].claim.after.terms[0].factors == (
        Factor("dy", (index("b"), index("gamma'"), index("m'"), *(Symbol(f"r_{q}", integer=True) for q in (1, 2)))),
    )
