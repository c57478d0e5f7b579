"""The numbers the checker feeds to kernels leave no rounding, and its probabilities are what they say."""

import math

import numpy as np
import pytest

from convproof.checker.operations import OPS
from convproof.checker.probes import NUMBERS, fill, log2_miss, magnitudes, normwise_magnitude, trials_for
from convproof.geometry import Conv

GEO = Conv(x=(2, 6, 9, 7), w=(4, 3, 3, 2), stride=2, padding=1, groups=2)


@pytest.mark.parametrize("op", ["conv2d", "conv2d_input", "conv2d_weight", "conv_transpose2d"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "int32"])
def test_largest_sum_is_exact(op, dtype):
    m = magnitudes(OPS[op], GEO, dtype)
    assert m >= 1
    assert OPS[op].terms(GEO) * m * m <= 2 ** NUMBERS[dtype].bits


def test_magnitude_is_the_largest_exact_one():
    m = magnitudes(OPS["conv2d"], GEO, "float32")
    assert OPS["conv2d"].terms(GEO) * (m + 1) ** 2 > 2**24


def test_published_magnitudes():
    """K = 576 leaves 170 in float32."""
    geo = Conv(x=(1, 64, 8, 8), w=(8, 64, 3, 3))
    assert magnitudes(OPS["conv2d"], geo, "float32") == 170


def test_no_magnitude_where_no_integer_is_exact():
    geo = Conv(x=(1, 2**25, 1, 1), w=(1, 2**25, 1, 1))
    assert magnitudes(OPS["conv2d"], geo, "float32") == 0


def test_miss_probability_is_reached():
    """x0*w0 vanishes for 5 of 9 pairs from {-1, 0, 1}: the bound 2/S - 1/S^2 is tight."""
    rng = np.random.default_rng(0)
    x, w = (fill(rng, (200_000,), 1, "float64") for _ in range(2))
    assert np.mean(x * w == 0) == pytest.approx(2 ** log2_miss(1, "float64"), abs=0.01)
    assert 2 ** log2_miss(1, "float64") == pytest.approx(5 / 9)


@pytest.mark.parametrize("m", [1, 5, 127, 170, 2**20])
def test_trials_reach_the_target(m):
    trials = trials_for(-64, m, "float32", 100)
    assert trials * log2_miss(m, "float32") <= -64 < (trials - 1) * log2_miss(m, "float32")


def test_fill_covers_its_range():
    values = fill(np.random.default_rng(1), (5000,), 3, "float32")
    assert sorted(set(values.tolist())) == [-3, -2, -1, 0, 1, 2, 3]
    assert values.dtype == np.float32
    assert fill(np.random.default_rng(1), (500,), 3, "uint8").min() == 0


def test_normwise_magnitude_survives_an_fft():
    """Integers of that size stay apart through scipy's transforms, with room to spare."""
    import scipy.fft

    geo = Conv(x=(1, 8, 40, 40), w=(4, 8, 5, 5))
    m = normwise_magnitude(OPS["conv2d"], geo, "float32")
    assert m >= 1
    rng = np.random.default_rng(2)
    x, w = fill(rng, geo.x, m, "float32"), fill(rng, geo.w, m, "float32")
    shape = [n + k - 1 for n, k in zip(geo.n, geo.kernel, strict=True)]
    flipped = np.flip(w, (2, 3))
    product = np.einsum("chw,mchw->mhw", scipy.fft.rfft2(x[0], shape), scipy.fft.rfft2(flipped, shape))
    y = scipy.fft.irfft2(product, shape)
    assert np.abs(y - np.rint(y)).max() < 0.25
    assert math.isfinite(m)
