"""The factored structure: equal to the written-out one, exact at every magnitude, bounded in memory."""

import tracemalloc
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings

from convproof.errors import ArgumentTypeError, ArgumentValueError, GeometryError, RangeError
from convproof.geometry import MODES, Conv
from convproof.symbolic import blocks
from convproof.symbolic.factored import ROLES, FactoredStructure
from convproof.symbolic.structure import structure

from .geometries import convs, definition, integers


def contractions(geo, most=9):
    """Yield (factored result, result of the written-out tensor) for the three roles."""
    oracle, tensor = FactoredStructure(geo), structure(geo)
    x, w, g = integers(geo.x, 1, most), integers(geo.w, 2, most), integers(geo.y, 3, most)
    yield oracle.forward(x, w), tensor.contract_forward(x, w)
    yield oracle.input_gradient(g, w), tensor.contract_input_gradient(g, w)
    yield oracle.weight_gradient(g, x), tensor.contract_weight_gradient(g, x)


@settings(max_examples=150, deadline=None)
@given(convs())
def test_equals_the_written_out_tensor(geo):
    assert FactoredStructure(geo).y == geo.y
    for result, expected in contractions(geo):
        assert result.dtype == np.int64
        np.testing.assert_array_equal(result, expected)


@settings(max_examples=60, deadline=None)
@given(convs())
def test_blocks_do_not_change_the_result(geo):
    with mock.patch.object(blocks, "_BLOCK", 20):
        for result, expected in contractions(geo):
            np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_the_definition(mode):
    x, w = (2, 4, 5, 6), (6, 2, 3, 2)
    geo = Conv(x, w, stride=(2, 1), padding=((2, 1), (0, 3)), dilation=(1, 2), groups=2, mode=mode)
    x, w = integers(geo.x, 1), integers(geo.w, 2)
    np.testing.assert_array_equal(FactoredStructure(geo).forward(x, w), definition(x, w, geo))


@pytest.mark.parametrize(
    "geo",
    [
        Conv(x=(1, 2, 0), w=(2, 2, 2), padding=2),
        Conv(x=(0, 2, 4), w=(2, 2, 3)),
        Conv(x=(1, 0, 4), w=(2, 0, 3)),
        Conv(x=(1, 2, 4), w=(0, 2, 3)),
        Conv(x=(1, 0, 4), w=(0, 0, 3), groups=3),
    ],
    ids=str,
)
def test_empty_sizes_give_zeros(geo):
    for result, expected in contractions(geo):
        np.testing.assert_array_equal(result, expected)
        assert not result.any()


def test_beyond_float_the_sums_run_in_integers():
    geo = Conv(x=(1, 2, 6), w=(2, 2, 3), padding=1)
    for result, expected in contractions(geo, most=2**29):
        assert np.abs(expected).max() > 2**56
        np.testing.assert_array_equal(result, expected)


def test_beyond_integers_it_refuses():
    oracle = FactoredStructure(Conv(x=(1, 1, 4), w=(1, 1, 3)))
    big = np.full((1, 1, 4), 2**61)
    assert oracle.forward(big, np.array([[[1, 1, 1]]])).tolist() == [[[3 * 2**61] * 2]]
    with pytest.raises(RangeError, match="sums below 2"):
        oracle.forward(big, np.array([[[2, 1, 1]]]))


def test_operands_that_are_not_integers_need_leave():
    geo = Conv(x=(1, 1, 4), w=(1, 1, 3))
    oracle = FactoredStructure(geo)
    x, w = np.linspace(0, 1, 4).reshape(geo.x), np.full(geo.w, 0.1)
    with pytest.raises(ArgumentTypeError, match="exact=False"):
        oracle.forward(x, w)
    np.testing.assert_allclose(oracle.forward(x, w, exact=False), [[[0.1, 0.2]]])
    assert oracle.forward(x.astype(np.longdouble), w, exact=False).dtype == np.longdouble
    assert oracle.forward(x.astype(np.float32), w.astype(np.float32), exact=False).dtype == np.float64
    np.testing.assert_array_equal(oracle.forward(np.arange(4.0).reshape(geo.x), np.ones(geo.w)), [[[3, 6]]])


def test_wrong_shapes_are_named():
    oracle = FactoredStructure(Conv(x=(1, 1, 4), w=(1, 1, 3)))
    with pytest.raises(GeometryError, match=r"g=<array of shape \(1, 1, 3\)>: expected shape \(1, 1, 2\)"):
        oracle.input_gradient(np.zeros((1, 1, 3)), np.zeros((1, 1, 3)))
    with pytest.raises(ArgumentValueError, match="role="):
        oracle.terms("backward")


@settings(max_examples=60, deadline=None)
@given(convs())
def test_terms_are_the_longest_sums(geo):
    """The K of each role: the largest sum of the contraction of ones, or more where only padding is read."""
    oracle = FactoredStructure(geo)
    x, w, g = np.ones(geo.x, int), np.ones(geo.w, int), np.ones(geo.y, int)
    longest = dict(
        zip(ROLES, (oracle.forward(x, w), oracle.input_gradient(g, w), oracle.weight_gradient(g, x)), strict=True)
    )
    for role, sums in longest.items():
        assert sums.max(initial=0) <= oracle.terms(role), role
    if geo.batch and geo.out_channels and geo.w[1]:
        assert longest["weight_gradient"].max() == oracle.terms("weight_gradient")


@pytest.mark.parametrize(
    "geo",
    [
        Conv(x=(1, 64, 56, 56), w=(64, 64, 3, 3), padding=1),
        Conv(x=(1, 64, 112, 112), w=(64, 1, 3, 3), stride=2, padding=1, groups=64),
        Conv(x=(4, 512, 7, 7), w=(512, 512, 3, 3), padding=1),
    ],
    ids=str,
)
def test_memory_stays_bounded(geo):
    oracle = FactoredStructure(geo)
    x, w, g = integers(geo.x, 1), integers(geo.w, 2), integers(geo.y, 3)
    operands = x.nbytes + w.nbytes + g.nbytes
    for contract, first, second in (
        (oracle.forward, x, w),
        (oracle.input_gradient, g, w),
        (oracle.weight_gradient, g, x),
    ):
        tracemalloc.start()
        contract(first, second)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 3 * operands + 64 * 2**20


def test_the_adjoint_holds_on_a_large_layer():
    geo = Conv(x=(1, 64, 56, 56), w=(64, 64, 3, 3), padding=1)
    oracle = FactoredStructure(geo)
    x, w, g = integers(geo.x, 1), integers(geo.w, 2), integers(geo.y, 3)
    value = np.vdot(g, oracle.forward(x, w))
    assert value == np.vdot(oracle.input_gradient(g, w), x) == np.vdot(oracle.weight_gradient(g, x), w)
