"""Exact evaluation: tiles, images, channels, gradients; against SciPy and the definition."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import convolve, correlate

from convproof.errors import ArgumentTypeError, ArgumentValueError
from convproof.geometry import Conv
from convproof.symbolic.factored import FactoredStructure
from convproof.symbolic.winograd import NestedWinograd, Winograd, winograd


def integers(*shape, seed=0):
    return np.random.default_rng(seed).integers(-9, 10, shape)


def algorithms(axes):
    pairs = st.tuples(st.integers(1, 4), st.integers(1, 3))
    return st.lists(pairs, min_size=axes, max_size=axes).map(
        lambda sizes: NestedWinograd([winograd(*s) for s in sizes])
    )


@given(algorithms(1) | algorithms(2), st.lists(st.integers(0, 6), min_size=2, max_size=2))
def test_images_of_any_size_are_correlated_as_scipy_does(found, extra):
    taps = [axis.r for axis in found.axes]
    x = integers(*(k + more for k, more in zip(taps, extra, strict=False)))
    w = integers(*taps, seed=1)
    y = found.apply(x, w)
    assert all(type(value) is int for value in y.ravel())
    np.testing.assert_array_equal(y.astype(np.int64), correlate(x, w, "valid", "direct"))


@pytest.mark.parametrize("sizes", [[(4, 3)], [(2, 3), (4, 2)], [(2, 2), (1, 2), (2, 3)]])
def test_batch_and_channels_are_those_of_a_convolution(sizes):
    found = NestedWinograd([winograd(*size) for size in sizes])
    n, w = [7, 6, 5][: len(sizes)], [r for _, r in sizes]
    geo = Conv(x=(2, 3, *n), w=(2, 3, *w))
    x, w = integers(*geo.x), integers(*geo.w, seed=1)
    np.testing.assert_array_equal(found.apply(x, w).astype(np.int64), FactoredStructure(geo).forward(x, w))


def test_expressions_and_fractions_stay_exact():
    x = sympy.symbols("x:4")
    y = winograd(2, 3).apply(x, [1, sympy.Rational(1, 3), Fraction(1, 7)])
    assert y[0] == x[0] + x[1] / 3 + x[2] / 7
    y = winograd(2, 2).apply([Fraction(1, 3), 1, Fraction(1, 2)], [1, 3])
    assert y.tolist() == [Fraction(10, 3), Fraction(5, 2)]
    big = winograd(4, 3).apply([10**40, 1, 2, 3, 4, 5], [1, 0, 10**30])
    assert big.tolist() == [10**40 + 2 * 10**30, 1 + 3 * 10**30, 2 + 4 * 10**30, 3 + 5 * 10**30]


def test_wrong_matrices_are_evaluated_as_they_are():
    assert Winograd.from_matrices([[1, 1]], [[1, 0], [0, 1]], [[1, 0], [0, 2]]).apply([1, 1], [1, 1]).tolist() == [3]


@pytest.mark.parametrize("sizes", [[(4, 3)], [(1, 3)], [(2, 3), (3, 2)], [(2, 2), (1, 3), (3, 1)]])
def test_transposes_are_the_gradients(sizes):
    found = NestedWinograd([winograd(*size) for size in sizes])
    m, r = zip(*sizes, strict=True)
    n = [a + b - 1 for a, b in sizes]
    x, w, g = integers(*n), integers(*r, seed=1), integers(*m, seed=2)
    np.testing.assert_array_equal(found.input_gradient(g, w).astype(int), convolve(g, w, "full", "direct"))
    np.testing.assert_array_equal(found.weight_gradient(x, g).astype(int), correlate(x, g, "valid", "direct"))
    left = (found.apply(x, w) * g).sum()
    assert left == (found.input_gradient(g, w) * x).sum() == (found.weight_gradient(x, g) * w).sum()


def test_input_gradient_of_a_padded_image_is_the_algorithm_on_reversed_taps():
    geo = Conv(x=(1, 2, 9, 8), w=(3, 2, 3, 3), padding=1)
    g, w = integers(*geo.y), integers(*geo.w, seed=1)
    padded = np.pad(g, [(0, 0), (0, 0), (1, 1), (1, 1)])  # r - 1 - p
    reversed_taps = np.flip(w, axis=(2, 3)).swapaxes(0, 1)
    found = winograd(4, 3).nested().apply(padded, reversed_taps)
    np.testing.assert_array_equal(found.astype(np.int64), FactoredStructure(geo).input_gradient(g, w))


@pytest.mark.parametrize(
    ("x", "w", "error", "message"),
    [
        ([1.0, 2, 3, 4], [1, 1, 1], ArgumentTypeError, "x=1.0: expected integers, Fractions or finite SymPy"),
        ([1, 2, 3, 4], [1, 1, 0.5], ArgumentTypeError, "w=0.5"),
        ([1, 2, 3, None], [1, 1, 1], ArgumentTypeError, "x=None"),
        ([1, 2, 3, True], [1, 1, 1], ArgumentTypeError, "x=True"),
        ([1, 2, 3, sympy.oo], [1, 1, 1], ArgumentTypeError, "x=oo"),
        ([1, 2, 3, sympy.nan], [1, 1, 1], ArgumentTypeError, "x=nan"),
        ([1, 2, 3, sympy.Float(2)], [1, 1, 1], ArgumentTypeError, "x=2.0"),
        (None, [1, 1, 1], ArgumentTypeError, "x=None"),
        (range(10**12), [1, 1, 1], ArgumentValueError, "x=<1000000000000 elements>: expected at most 10000"),
        ("1234", [1, 1, 1], ArgumentTypeError, "x='1234'"),
        ([1, 2], [1, 1, 1], ArgumentValueError, "x=<array of shape (1, 1, 2)>: expected at least 3 elements"),
        ([1, 2, 3, 4], [1, 1], ArgumentValueError, "w=<array of shape (2,)>: expected 3 taps"),
        ([[1, 2, 3, 4]], [1, 1, 1], ArgumentValueError, "x=<array of shape (1, 4)>: expected 1 axes, or (N, C, *size)"),
        ([[[1, 2, 3]]], [[[1, 1, 1], [1, 1, 1]]], ArgumentValueError, "expected 1 channels, as x has"),
        ([[[1, 2, 3]]], [1, 1, 1], ArgumentValueError, "expected (M, C, *r) with 3 taps"),
        (np.ones(20_000, int), [1, 1, 1], ArgumentValueError, "x=<20000 elements>: expected at most 10000"),
        (np.ones((3000, 1, 3), int), np.ones((3000, 1, 3), int), ArgumentValueError, "expected smaller operands"),
    ],
)  # fmt: skip
def test_what_is_not_exact_or_does_not_fit_is_refused(x, w, error, message):
    with pytest.raises(error) as raised:
        winograd(2, 3).apply(x, w)
    assert message in str(raised.value)


def test_gradients_take_one_tile():
    with pytest.raises(ArgumentValueError, match="shape \\(2,\\)"):
        winograd(2, 3).input_gradient([1, 2, 3], [1, 1, 1])
    with pytest.raises(ArgumentValueError, match="shape \\(4,\\)"):
        winograd(2, 3).weight_gradient([1, 2, 3], [1, 1])


def test_nothing_to_sum_over_gives_zeros():
    y = winograd(2, 3).apply(np.ones((2, 0, 5), int), np.ones((3, 0, 3), int))
    assert y.shape == (2, 3, 3) and not y.any()
    assert winograd(2, 3).apply(np.ones((0, 2, 5), int), np.ones((3, 2, 3), int)).shape == (0, 3, 3)
