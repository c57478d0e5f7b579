"""The reference loops: by hand, by SciPy, by their own identities, and on exact numbers."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from convproof.geometry import MODES, Conv
from convproof.kernels import reference
from tests.kernels.geometries import convs


def integers(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.integers(-9, 10, shape) for shape in shapes]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, [1 + 20 + 300, 2 + 30 + 400, 3 + 40 + 500]),
        ({"stride": 2}, [321, 543]),
        ({"padding": 1}, [210, 321, 432, 543, 54]),
        ({"padding": ((0, 1),)}, [321, 432, 543, 54]),
        ({"padding": -1}, [432]),
        ({"dilation": 2}, [531]),
        ({"padding": 1, "mode": "reflect"}, [2 + 10 + 200, 321, 432, 543, 4 + 50 + 400]),
        ({"padding": 1, "mode": "replicate"}, [1 + 10 + 200, 321, 432, 543, 4 + 50 + 500]),
        ({"padding": 1, "mode": "circular"}, [5 + 10 + 200, 321, 432, 543, 4 + 50 + 100]),
        ({"outputs": 2}, [321, 432]),
    ],
)
def test_forward_by_hand(arguments, expected):
    geo = Conv(x=(1, 1, 5), w=(1, 1, 3), **arguments)
    x, w = np.arange(1, 6).reshape(1, 1, 5), np.array([1, 10, 100]).reshape(1, 1, 3)
    y = reference.forward(geo, x, w)
    assert y.tolist() == [[expected]]
    assert y.shape == geo.y


def test_gradients_by_hand():
    geo = Conv(x=(1, 1, 4), w=(1, 1, 2), stride=2, padding=((1, 1),))
    g, w = np.array([1, 2, 3]).reshape(1, 1, 3), np.array([1, 10]).reshape(1, 1, 2)
    # Taps meet (pad, 0), (1, 2), (3, pad).
    assert reference.input_gradient(geo, g, w).tolist() == [[[10, 2, 20, 3]]]
    x = np.array([1, 2, 3, 4]).reshape(1, 1, 4)
    assert reference.weight_gradient(geo, g, x).tolist() == [[[2 * 2 + 3 * 4, 1 * 1 + 2 * 3]]]


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_gradients_of_a_padding_mode_are_those_of_an_explicit_pad(mode):
    """What NumPy's own pad puts outside, as a matrix, composed with a convolution without padding."""
    numpy_mode = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode]
    geo = Conv(x=(1, 2, 3, 4), w=(2, 2, 2, 3), stride=(1, 2), padding=((2, 1), (0, 3)), dilation=(2, 1), mode=mode)
    x, w, g = integers(0, geo.x, geo.w, geo.y)
    width = ((0, 0), (0, 0), (2, 1), (0, 3))
    padded = np.pad(x, width, mode=numpy_mode)
    inner = Conv(x=padded.shape, w=geo.w, stride=geo.stride, dilation=geo.dilation)
    assert (reference.forward(geo, x, w) == reference.forward(inner, padded, w)).all()
    assert (reference.weight_gradient(geo, g, x) == reference.weight_gradient(inner, g, padded)).all()
    source = np.pad(np.arange(x.size).reshape(x.shape), width, mode=numpy_mode)
    dx = np.zeros(x.size, object)
    np.add.at(dx, source.reshape(-1), reference.input_gradient(inner, g, w).reshape(-1))
    assert (reference.input_gradient(geo, g, w).reshape(-1) == dx).all()


@given(convs(modes=MODES, negative_padding=True, crops=True), st.integers(0, 99))
def test_the_three_contractions_are_one_trilinear_form(geo, seed):
    x, w, g = integers(seed, geo.x, geo.w, geo.y)
    form = (g * reference.forward(geo, x, w)).sum()
    assert (x * reference.input_gradient(geo, g, w)).sum() == form
    assert (w * reference.weight_gradient(geo, g, x)).sum() == form


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("mode", ["valid", "full"])
def test_agrees_with_scipy_correlate(axes, mode):
    x, w = integers(axes, (1, 1, *(6, 5, 4)[:axes]), (1, 1, *(3, 2, 2)[:axes]))
    padding = tuple(size - 1 for size in w.shape[2:]) if mode == "full" else 0
    geo = Conv(x=x.shape, w=w.shape, padding=padding)
    expected = scipy.signal.correlate(x[0, 0], w[0, 0], mode, method="direct")
    assert (reference.forward(geo, x, w)[0, 0] == expected).all()
    flipped = np.flip(w, tuple(range(2, 2 + axes)))
    convolved = scipy.signal.convolve(x[0, 0], w[0, 0], mode, method="direct")
    assert (reference.forward(geo, x, flipped)[0, 0] == convolved).all()


def test_groups_see_only_their_own_channels():
    geo = Conv(x=(1, 4, 3), w=(6, 2, 1), groups=2)
    x, w = np.zeros(geo.x, int), np.ones(geo.w, int)
    x[:, 3] = 1
    assert reference.forward(geo, x, w)[0, :, 0].tolist() == [0, 0, 0, 1, 1, 1]


def test_bias_is_added_to_each_channel():
    geo = Conv(x=(1, 2, 3), w=(2, 2, 1))
    x, w, bias = np.zeros(geo.x), np.zeros(geo.w), np.array([1.5, -2.0])
    assert reference.forward(geo, x, w, bias)[0].tolist() == [[1.5] * 3, [-2.0] * 3]
    assert reference.transposed(geo, x, w, bias)[0].tolist() == [[1.5] * 3, [-2.0] * 3]


def test_any_numbers_do():
    geo = Conv(x=(1, 1, 2), w=(1, 1, 2))
    x, w = (np.array(v, object).reshape(1, 1, 2) for v in ([Fraction(1, 3), Fraction(1, 6)], [Fraction(3), 10**30]))
    assert reference.forward(geo, x, w)[0, 0, 0] == 1 + Fraction(10**30, 6)
    assert reference.forward(geo, np.ones(geo.x, np.float32), np.ones(geo.w, np.float32)).dtype == np.float32


def test_small_integers_do_not_wrap():
    geo = Conv(x=(1, 2, 1), w=(1, 2, 1))
    x, w = np.full(geo.x, -128, np.int8), np.full(geo.w, -128, np.int8)
    assert reference.forward(geo, x, w).item() == 2 * 128 * 128


@pytest.mark.parametrize("geo", [Conv(x=(0, 1, 3), w=(1, 1, 2)), Conv(x=(1, 0, 3), w=(2, 0, 2))])
def test_nothing_to_sum(geo):
    x, w, g = np.zeros(geo.x), np.zeros(geo.w), np.zeros(geo.y)
    assert not reference.forward(geo, x, w).any()
    assert reference.input_gradient(geo, g, w).shape == geo.x
    assert reference.weight_gradient(geo, g, x).shape == geo.w
