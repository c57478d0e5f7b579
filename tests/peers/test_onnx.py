"""The backend tests of the ONNX standard, with the public kernels as the backend."""

import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from convproof import kernels

onnx = pytest.importorskip("onnx")
backend_test = pytest.importorskip("onnx.backend.test")

pytestmark = pytest.mark.peers

OPERATORS = ("Conv", "ConvInteger", "ConvTranspose")
DATA = Path(backend_test.__file__).parent / "data"


# ---------------------------------------------------------------------- the operators by our kernels


def sides(total, upper):
    """Split padding between low and high; SAME_UPPER puts an odd one high."""
    return (total // 2, total - total // 2) if upper else (total - total // 2, total // 2)


def pairs(pads):
    half = len(pads) // 2
    return tuple(zip(pads[:half], pads[half:], strict=True))


def reach(w, dilation):
    return [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:], strict=True)]


def conv_padding(x, w, stride, dilation, attributes):
    auto = attributes.get("auto_pad", b"NOTSET").decode()
    if not auto.startswith("SAME"):
        return pairs(attributes.get("pads", [0] * 2 * (x.ndim - 2)))
    outputs = [-(-n // s) for n, s in zip(x.shape[2:], stride, strict=True)]
    totals = [
        max(0, (o - 1) * s + r - n) for o, s, r, n in zip(outputs, stride, reach(w, dilation), x.shape[2:], strict=True)
    ]
    return tuple(sides(total, auto == "SAME_UPPER") for total in totals)


def transposed_padding(x, w, stride, dilation, attributes):
    """Padding and output padding; ONNX may give the size of the output instead."""
    axes = x.ndim - 2
    auto = attributes.get("auto_pad", b"NOTSET").decode()
    extra = attributes.get("output_padding", [0] * axes)
    size = attributes.get("output_shape")
    if auto.startswith("SAME"):
        size = [n * s for n, s in zip(x.shape[2:], stride, strict=True)]
    if size is None:
        return pairs(attributes.get("pads", [0] * 2 * axes)), extra
    totals = [
        (n - 1) * s + e + r - wanted
        for n, s, e, r, wanted in zip(x.shape[2:], stride, extra, reach(w, dilation), size, strict=True)
    ]
    padding = tuple(sides(max(total, 0), auto == "SAME_UPPER") for total in totals)
    return padding, [e + max(-total, 0) for e, total in zip(extra, totals, strict=True)]


def run_node(node, x, w, *rest):
    """Compute one node of a model with a public kernel."""
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    axes = x.ndim - 2
    stride = attributes.get("strides", [1] * axes)
    dilation = attributes.get("dilations", [1] * axes)
    groups = attributes.get("group", 1)
    if node.op_type == "ConvTranspose":
        padding, extra = transposed_padding(x, w, stride, dilation, attributes)
        conv_transpose = getattr(kernels, f"conv_transpose{axes}d")
        named = {"stride": stride, "padding": padding, "output_padding": extra, "groups": groups, "dilation": dilation}
        return conv_transpose(x, w, *rest, **named)
    if node.op_type == "ConvInteger":
        of_x, of_w = (*rest, *[np.zeros(1, np.int16)] * 2)[:2]
        x = x.astype(np.int16) - of_x.astype(np.int16)
        w = w.astype(np.int16) - of_w.astype(np.int16).reshape(-1, *[1] * (axes + 1))
        rest = ()
    padding = conv_padding(x, w, stride, dilation, attributes)
    conv = getattr(kernels, f"conv{axes}d")
    result = conv(x, w, *rest, stride=stride, padding=padding, dilation=dilation, groups=groups)
    return result.astype(np.int32) if node.op_type == "ConvInteger" else result


def run_model(model, inputs):
    """Compute a model of one node."""
    (node,) = model.graph.node
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    names = [entry.name for entry in model.graph.input if entry.name not in values]
    values |= dict(zip(names, inputs, strict=True))
    return run_node(node, *(values[name] for name in node.input))


# ---------------------------------------------------------------------- the cases


NODES = [
    "test_basic_conv_with_padding",
    "test_basic_conv_without_padding",
    "test_conv_with_autopad_same",
    "test_conv_with_strides_and_asymmetric_padding",
    "test_conv_with_strides_no_padding",
    "test_conv_with_strides_padding",
    "test_convinteger_with_padding",
    "test_convinteger_without_padding",
    "test_convtranspose",
    "test_convtranspose_1d",
    "test_convtranspose_3d",
    "test_convtranspose_autopad_same",
    "test_convtranspose_dilations",
    "test_convtranspose_group_2",
    "test_convtranspose_group_2_image_3",
    "test_convtranspose_kernel_shape",
    "test_convtranspose_output_shape",
    "test_convtranspose_pad",
    "test_convtranspose_pads",
]


@cache
def node_cases():
    """Make the cases of these operators; the package makes all others on the way, which takes seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # making the cases of all other operators warns of their overflows
        cases = backend_test.case.node.collect_testcases()
    chosen = [case for case in cases if [node.op_type for node in case.model.graph.node] in [[op] for op in OPERATORS]]
    return {case.name: case for case in chosen}


def exported_cases():
    folders = sorted(DATA.glob("pytorch-*/*onv*"))
    return {folder.name: folder for folder in folders if (folder / "model.onnx").exists()}


def read(path):
    tensor = onnx.TensorProto()
    tensor.ParseFromString(path.read_bytes())
    return onnx.numpy_helper.to_array(tensor)


EXPORTED = exported_cases()


def test_no_case_is_left_out():
    assert set(node_cases()) == set(NODES)
    assert len(EXPORTED) >= 30


@pytest.mark.parametrize("name", NODES)
def test_node(name):
    case = node_cases()[name]
    for inputs, outputs in case.data_sets:
        result = run_model(case.model, inputs)
        assert result.dtype == outputs[0].dtype
        assert result.shape == outputs[0].shape
        np.testing.assert_allclose(result, outputs[0], rtol=case.rtol, atol=case.atol)


@pytest.mark.parametrize("name", EXPORTED)
def test_exported_by_torch(name):
    folder = EXPORTED[name]
    for data in sorted(folder.glob("test_data_set_*")):
        inputs = [read(path) for path in sorted(data.glob("input_*.pb"))]
        expected = read(data / "output_0.pb")
        result = run_model(onnx.load(folder / "model.onnx"), inputs)
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-7)
