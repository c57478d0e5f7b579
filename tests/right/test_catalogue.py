"""Each right kernel is right: exactly on integers, and within the error it claims on other numbers."""

from dataclasses import replace

import numpy as np
import pytest

from tests.mutants import _numpy_kernels as numpy_kernels
from tests.mutants.calls import full_significand
from tests.right.calls import calls, run
from tests.right.catalogue import RIGHT

KERNELS = [
    pytest.param(kernel, id=kernel.name, marks=[pytest.mark.peers] if kernel.needs else []) for kernel in RIGHT
]


def test_names_are_unique():
    assert len({kernel.name for kernel in RIGHT}) == len(RIGHT)


@pytest.mark.parametrize("kernel", KERNELS)
def test_integers(kernel):
    if kernel.needs:
        pytest.importorskip(kernel.needs)
    made = list(calls(kernel))
    assert len(made) >= 2
    for seed, call in enumerate(made):
        result, arrays, other = run(kernel, call, np.random.default_rng(seed))
        expected = numpy_kernels.kernel(kernel.op)(**arrays, **other)
        assert result.shape == expected.shape and result.dtype == expected.dtype, call
        if kernel.accuracy == "normwise":
            np.testing.assert_allclose(result, expected, rtol=0, atol=1e-5 * np.abs(expected).max(initial=1))
        else:
            np.testing.assert_array_equal(result, expected, err_msg=str(call))


@pytest.mark.parametrize("kernel", [k for k in KERNELS if k.values[0].accuracy != "exact"])
def test_rounding(kernel):
    if kernel.needs:
        pytest.importorskip(kernel.needs)
    for seed, call in enumerate(calls(kernel)):
        call = replace(call, fill=full_significand)
        result, arrays, other = run(kernel, call, np.random.default_rng(seed))
        right = numpy_kernels.kernel(kernel.op)
        wide = {name: array.astype(np.float64) for name, array in arrays.items()}
        expected = right(**wide, **other)
        magnitude = right(**{name: np.abs(array) for name, array in wide.items()}, **other)
        terms = right(**{name: np.ones_like(array) for name, array in wide.items()}, **other)
        bound = (terms + 1) * np.finfo(call.dtype).eps * magnitude
        if kernel.accuracy == "normwise":
            bound = 10 * bound.max(initial=0)
        assert (np.abs(result - expected) <= bound).all(), call
