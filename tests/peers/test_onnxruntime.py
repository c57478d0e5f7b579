"""The public kernels against ONNX Runtime, equal on integer-valued floats over drawn geometries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.geometries import convs
from tests.kernels.operations import Operation

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

pytestmark = pytest.mark.peers


def session(operator, operands, attributes):
    """A model of one node whose inputs are the operands."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    inputs = [helper.make_tensor_value_info(name, kind, array.shape) for name, array in operands.items()]
    output = helper.make_tensor_value_info("output", kind, None)
    node = helper.make_node(operator, list(operands), ["output"], **attributes)
    graph = helper.make_graph([node], "one", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def pads(geo):
    return [low for low, _ in geo.padding] + [high for _, high in geo.padding]


def common(geo):
    return {"strides": geo.stride, "pads": pads(geo), "dilations": geo.dilation, "group": geo.groups}


@settings(max_examples=150, deadline=None)
@given(convs(empty=False), st.integers(0, 2**16), st.booleans())
def test_conv(geo, seed, bias):
    operation = Operation("forward", geo)
    operands = operation.operands(seed, "float32", bias)
    (theirs,) = session("Conv", operands, common(geo)).run(None, operands)
    assert np.array_equal(operation(operands), theirs)


@settings(max_examples=150, deadline=None)
@given(convs(empty=False, axes=(1, 2)), st.integers(0, 2**16), st.booleans())
def test_conv_transpose(geo, seed, bias):
    operation = Operation("transposed", geo)
    operands = operation.operands(seed, "float32", bias)
    attributes = common(geo) | {"output_padding": geo.output_padding}
    (theirs,) = session("ConvTranspose", operands, attributes).run(None, operands)
    assert np.array_equal(operation(operands), theirs)
