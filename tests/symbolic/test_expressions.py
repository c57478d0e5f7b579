"""SymPy's derivatives of the definition, against the matrix and the contractions of the structure tensor."""

import numpy as np
import pytest
import sympy as sp

from convproof.errors import ArgumentTypeError, ArgumentValueError, GeometryError
from convproof.geometry import Conv
from convproof.symbolic.expressions import (
    forward_expression,
    input_gradient_expression,
    jacobian,
    symbol_array,
    transposed_expression,
    weight_gradient_expression,
)
from convproof.symbolic.matrix import matrix
from convproof.symbolic.structure import structure

GEOMETRIES = [
    Conv.parse(text)
    for text in (
        "x1x1x4-w1x1x3",
        "x1x1x7-w1x1x3-s2",
        "x2x1x5-w2x1x2-p1",
        "x1x1x6-w1x1x3-d2-p2_1",
        "x1x1x8-w1x1x2-s3-d2-pn1_2",
        "x1x4x5-w2x2x3-g2-p1",
        "x1x3x4-w3x1x2-g3-s2",
        "x1x1x5-w1x1x3-p2-mode=reflect",
        "x1x1x4-w1x1x3-p1_3-s2-mode=circular",
        "x1x2x4-w1x2x3-p3_0-mode=replicate",
        "x1x1x4x4-w1x1x3x3",
        "x1x2x4x3-w2x1x2x2-g2-p0_1x1_0-s1x2",
        "x1x1x3x4-w1x1x3x2-p2x1_0-mode=reflect",
        "x1x1x3x3x2-w1x1x2x2x1-s2x1x1-p1_0",
        "x1x1x4-w1x1x1-s3-o1",
        "x0x1x4-w1x1x3",
        "x1x0x4-w1x0x3",
    )
]


@pytest.fixture(params=GEOMETRIES, ids=str)
def geo(request):
    return request.param


def assert_same(expressions, expected):
    assert expressions.shape == expected.shape
    assert all(sp.expand(a - b) == 0 for a, b in zip(expressions.ravel(), expected.ravel(), strict=True))


def test_the_matrix_is_the_jacobian(geo):
    assert jacobian(geo) == matrix(geo).sympy()
    assert jacobian(geo, acts_on="w") == matrix(geo, acts_on="w").sympy()


def test_the_contractions_are_the_derivatives(geo):
    tensor = structure(geo)
    x, w, g = symbol_array("x", geo.x), symbol_array("w", geo.w), symbol_array("g", geo.y)
    assert_same(forward_expression(geo), tensor.contract_forward(x, w))
    assert_same(input_gradient_expression(geo), tensor.contract_input_gradient(g, w))
    assert_same(weight_gradient_expression(geo), tensor.contract_weight_gradient(g, x))


def test_numbers_come_out_as_numbers():
    geo = Conv(x=(1, 1, 4), w=(1, 1, 3))
    assert forward_expression(geo, [[[1, 2, 3, 4]]], [[[1, 10, 100]]]).tolist() == [[[321, 432]]]
    assert transposed_expression(geo, [[[1, 2]]], [[[1, 10, 100]]]).tolist() == [[[1, 12, 120, 200]]]


def test_operands_may_hold_each_others_symbols():
    """The derivative is by fresh symbols: x in the place of w is not differentiated."""
    geo = Conv(x=(1, 1, 2), w=(1, 1, 2))
    x0, x1 = sp.symbols("x_{0} x_{1}")
    gradient = input_gradient_expression(geo, [[[1]]], [[[x0, x1]]])
    assert gradient.ravel().tolist() == [x0, x1]


def test_strided_gradient_keeps_the_divisibility():
    """At stride 2, element 1 of x is read by no window with tap 0: SymPy's sum over a delta would give g(1/2)*w(0)."""
    gradient = input_gradient_expression(Conv(x=(1, 1, 3), w=(1, 1, 1), stride=2)).ravel()
    assert gradient[1] == 0


def test_refusals():
    geo = Conv(x=(1, 1, 4), w=(1, 1, 3))
    with pytest.raises(ArgumentValueError, match="at most 100000 products"):
        forward_expression(Conv(x=(1, 8, 32, 32), w=(8, 8, 3, 3)))
    with pytest.raises(GeometryError, match="w=<array of shape"):
        forward_expression(geo, w=np.ones(3))
    with pytest.raises(ArgumentTypeError, match="numbers or SymPy expressions"):
        forward_expression(geo, w=[[["a == b", sp.true, 1]]])
    for not_run in ("__import__('os')", "p"):  # text is no expression: SymPy would run it
        with pytest.raises(ArgumentTypeError, match="numbers or SymPy expressions"):
            forward_expression(geo, w=[[[not_run, 1, 1]]])
    with pytest.raises(ArgumentTypeError, match="w="):
        forward_expression(geo, w=[np.ones((1, 3)), np.ones((1, 4))])
    for function in (forward_expression, input_gradient_expression, weight_gradient_expression, jacobian):
        with pytest.raises(ArgumentTypeError, match="geo=None: expected a Conv"):
            function(None)
    with pytest.raises(ArgumentValueError, match="acts_on="):
        jacobian(geo, acts_on="g")
