"""The structure tensor: canonical, complete, and right in all three contractions."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings

from convproof.errors import ArgumentTypeError, ArgumentValueError, GeometryError, RangeError
from convproof.geometry import Conv
from convproof.symbolic.structure import StructureTensor, structure

from .geometries import convs, definition, integers


def assert_canonical(tensor):
    key = list(zip(tensor.out.tolist(), tensor.x.tolist(), tensor.w.tolist(), strict=True))
    assert key == sorted(set(key))
    assert np.all(tensor.coeff != 0)
    assert {column.dtype for column in (tensor.out, tensor.x, tensor.w, tensor.coeff)} == {np.dtype(np.int64)}


@settings(max_examples=60, deadline=None)
@given(convs())
def test_forward_is_the_definition(geo):
    tensor = structure(geo)
    assert_canonical(tensor)
    assert tensor.shapes == (geo.y, geo.x, geo.w)
    x, w = integers(geo.x, 1), integers(geo.w, 2)
    np.testing.assert_array_equal(tensor.contract_forward(x, w), definition(x, w, geo))


@settings(max_examples=60, deadline=None)
@given(convs())
def test_gradients_are_column_swaps(geo):
    tensor = structure(geo)
    x, w, g = integers(geo.x, 1), integers(geo.w, 2), integers(geo.y, 3)
    for swapped, direct, operands in (
        (tensor.input_gradient(), tensor.contract_input_gradient, (g, w)),
        (tensor.weight_gradient(), tensor.contract_weight_gradient, (g, x)),
    ):
        assert_canonical(swapped)
        np.testing.assert_array_equal(swapped.contract_forward(*operands), direct(*operands))
    assert tensor.transpose().transpose() == tensor


def test_large_layer_is_complete_and_sorted():
    geo = Conv(x=(1, 16, 32, 32), w=(32, 16, 3, 3), padding=1)
    tensor = structure(geo)
    assert len(tensor) == 32 * 16 * (3 * 32 - 2) ** 2  # an axis has 3*32 (output, tap) pairs, 2 of them outside
    assert tensor.shape == (32 * 1024, 16 * 1024, 32 * 16 * 9)
    key = (tensor.out * tensor.shape[1] + tensor.x) * tensor.shape[2] + tensor.w
    assert np.all(key[1:] > key[:-1])
    assert np.all(tensor.coeff == 1)


def test_terms_in_any_order_become_canonical():
    shapes = ((2,), (3,), (2,))
    out, x, w = np.array([1, 0, 1, 0]), np.array([2, 1, 2, 0]), np.array([1, 0, 1, 1])
    tensor = StructureTensor.from_terms(out, x, w, np.array([2, 5, 3, 0]), shapes)
    assert (tensor.out.tolist(), tensor.x.tolist(), tensor.w.tolist()) == ([0, 1], [1, 2], [0, 1])
    assert tensor.coeff.tolist() == [5, 5]
    assert tensor != StructureTensor.from_terms(out, x, w, np.array([2, 5, 4, 0]), shapes)


def test_sizes_too_large_for_a_packed_key_sort_all_the_same():
    shapes = ((2**30,), (2**30,), (2**30,))
    tensor = StructureTensor.from_terms(np.array([7, 7]), np.array([5, 4]), np.array([1, 1]), np.array([1, 1]), shapes)
    assert tensor.x.tolist() == [4, 5]


def test_symbols_contract_to_expressions():
    geo = Conv(x=(1, 1, 3), w=(1, 1, 2))
    x, w = sp.symbols("x0:3"), sp.symbols("w0:2")
    y = structure(geo).contract_forward(np.array(x).reshape(geo.x), np.array(w).reshape(geo.w))
    assert list(y.ravel()) == [x[0] * w[0] + x[1] * w[1], x[1] * w[0] + x[2] * w[1]]


def test_refusals():
    with pytest.raises(ArgumentValueError, match="FactoredStructure"):
        structure(Conv(x=(64, 512, 56, 56), w=(512, 512, 3, 3)))
    tensor = structure(Conv(x=(1, 1, 3), w=(1, 1, 2)))
    with pytest.raises(GeometryError, match="x=<array of shape"):
        tensor.contract_forward(np.zeros((1, 1, 4), int), np.zeros((1, 1, 2), int))
    with pytest.raises(RangeError):
        tensor.contract_forward(np.full((1, 1, 3), 2**32), np.full((1, 1, 2), 2**31))
    with pytest.raises(ArgumentTypeError, match="integers"):
        tensor.contract_forward(np.full((1, 1, 3), 0.5), np.zeros((1, 1, 2)))
    with pytest.raises(ArgumentValueError, match="permutation"):
        tensor.transpose((0, 0, 1))
