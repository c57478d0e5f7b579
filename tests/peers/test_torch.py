"""The public kernels against PyTorch: equal on integer-valued floats, as accurate on others, tensors in and out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convproof import kernels
from convproof.errors import ArgumentTypeError, ArgumentValueError, ConvproofError, GeometryError
from convproof.geometry import MODES, Conv
from tests.kernels.geometries import convs, transposed_arguments
from tests.kernels.operations import FAMILIES, Operation

torch = pytest.importorskip("torch")
torch.set_num_threads(1)  # on a busy machine its threads wait for each other longer than they work
F = torch.nn.functional
grad = torch.nn.grad

pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning"),
]

seeds = st.integers(0, 2**16)
floats = st.sampled_from(["float32", "float64"])
more = settings(max_examples=300, deadline=None)


def tensors(operands):
    return {name: torch.from_numpy(array) for name, array in operands.items()}


def padded(x, geo):
    """The input with what its padding mode puts outside, by PyTorch's own pad."""
    sides = [side for pair in reversed(geo.padding) for side in pair]
    mode = {"zeros": "constant"}.get(geo.mode, geo.mode)
    return F.pad(x, sides, mode=mode) if any(sides) else x


def torch_forward(geo, x, w, bias=None):
    conv = getattr(F, f"conv{geo.axes}d")
    return conv(padded(x, geo), w, bias, stride=geo.stride, dilation=geo.dilation, groups=geo.groups)


def symmetric(geo):
    """The geometry with as much padding on both sides, which is all that PyTorch takes."""
    return geo.replace(padding=tuple((max(pair), max(pair)) for pair in geo.padding))


# ---------------------------------------------------------------------- equality


@more
@given(convs(modes=MODES, empty=False), seeds, floats, st.booleans())
def test_forward(geo, seed, dtype, bias):
    operation = Operation("forward", geo)
    operands = operation.operands(seed, dtype, bias)
    ours = operation(operands)
    theirs = torch_forward(geo, *tensors(operands).values())
    assert ours.dtype == dtype
    assert np.array_equal(ours, theirs.numpy())


@more
@given(convs(modes=MODES, empty=False), seeds, floats)
def test_gradients_are_those_of_autograd(geo, seed, dtype):
    x, w = Operation("forward", geo).operands(seed, dtype).values()
    g = np.random.default_rng(seed).integers(-9, 10, geo.y).astype(dtype)
    tx, tw = torch.from_numpy(x).requires_grad_(), torch.from_numpy(w).requires_grad_()
    torch_forward(geo, tx, tw).backward(torch.from_numpy(g))
    dx = Operation("input_gradient", geo)({"weight": w, "grad_output": g})
    dw = Operation("weight_gradient", geo)({"input": x, "grad_output": g})
    assert np.array_equal(dx, tx.grad.numpy())
    assert np.array_equal(dw, tw.grad.numpy())


@more
@given(convs(empty=False), seeds, floats)
def test_gradients_are_those_of_torch_nn_grad(geo, seed, dtype):
    geo = symmetric(geo)
    low = tuple(pair[0] for pair in geo.padding)
    arguments = (geo.stride, low, geo.dilation, geo.groups)
    for family, size in (("input_gradient", geo.x), ("weight_gradient", geo.w)):
        operation = Operation(family, geo)
        first, second = operation.operands(seed, dtype).values()
        operands = (size, first, second) if family == "input_gradient" else (first, size, second)
        ours = operation.function(*operands, *arguments)
        theirs = getattr(grad, operation.function.__name__)(
            *(torch.from_numpy(o) if isinstance(o, np.ndarray) else o for o in operands), *arguments
        )
        assert np.array_equal(ours, theirs.numpy())


@more
@given(transposed_arguments(), seeds, floats, st.booleans(), st.booleans())
def test_transposed(arguments, seed, dtype, bias, batch):
    operation = Operation("transposed", Conv.transposed(**arguments))
    if 0 in operation.geo.y:
        return
    operands = operation.operands(seed, dtype, bias)
    if not batch:
        operands["input"] = operands["input"][0]
    x, w, *rest = operands.values()
    b = rest[0] if rest else None
    positional = [arguments[name] for name in ("stride", "padding", "output_padding", "groups", "dilation")]
    ours = operation.function(x, w, b, *positional)
    given_bias = None if b is None else torch.from_numpy(b)
    theirs = getattr(F, operation.function.__name__)(torch.from_numpy(x), torch.from_numpy(w), given_bias, *positional)
    assert np.array_equal(ours, theirs.numpy())


@more
@given(convs(empty=False), seeds, st.sampled_from(["same", "valid", 0, 1, 2]), st.booleans())
def test_forward_with_the_arguments_of_torch(geo, seed, padding, batch):
    stride = 1 if padding == "same" else geo.stride
    reach = [d * (k - 1) + 1 for d, k in zip(geo.dilation, geo.kernel, strict=True)]
    geo = geo.replace(x=(*geo.x[:2], *map(max, geo.n, reach)), padding=0, stride=stride)
    operands = Operation("forward", geo).operands(seed, "float64", bias=True)
    x, w, b = operands.values()
    if not batch:
        x = x[0]
    ours = Operation("forward", geo).function(x, w, b, stride, padding, geo.dilation, geo.groups)
    theirs = getattr(F, f"conv{geo.axes}d")(
        *map(torch.from_numpy, (x, w, b)), stride, padding, geo.dilation, geo.groups
    )
    assert np.array_equal(ours, theirs.numpy())


@given(convs(empty=False), seeds, st.sampled_from(["int16", "int32", "int64"]))
def test_integers(geo, seed, dtype):
    """PyTorch keeps the dtype, and wraps; the values are the same while they fit. It has no dilation for integers."""
    geo = geo.replace(dilation=1)
    operands = Operation("forward", geo).operands(seed, dtype)
    theirs = torch_forward(geo, *tensors(operands).values())
    assert np.array_equal(Operation("forward", geo)(operands), theirs.numpy())


# ---------------------------------------------------------------------- accuracy

LAYERS = [
    Conv(x=(1, 64, 28, 28), w=(64, 64, 3, 3), padding=1),
    Conv(x=(1, 512, 7, 7), w=(64, 512, 3, 3), padding=1),
    Conv(x=(1, 256, 14, 14), w=(128, 256, 1, 1)),
    Conv(x=(1, 3, 64, 64), w=(32, 3, 7, 7), stride=2, padding=3),
    Conv(x=(2, 32, 28, 28), w=(32, 1, 3, 3), padding=1, groups=32),
    Conv(x=(2, 64, 14, 14), w=(64, 4, 3, 3), padding=1, stride=2, groups=16),
    Conv(x=(1, 32, 28, 28), w=(32, 32, 3, 3), padding=4, dilation=4),
    Conv(x=(1, 32, 2000), w=(32, 32, 9), padding=4),
    Conv(x=(1, 8, 12, 12, 12), w=(16, 8, 3, 3, 3), padding=1),
    Conv(x=(1, 1, 100, 100), w=(1, 1, 15, 15)),
    Conv(x=(8, 16, 16, 16), w=(16, 16, 5, 5), padding=2),
]


def torch_call(operation, operands):
    geo, operands = operation.geo, list(tensors(operands).values())
    low = tuple(pair[0] for pair in geo.padding)
    if operation.family == "forward":
        return torch_forward(geo, *operands)
    if operation.family == "transposed":
        conv_transpose = getattr(F, f"conv_transpose{geo.axes}d")
        return conv_transpose(*operands, None, geo.stride, low, geo.output_padding, geo.groups, geo.dilation)
    size = [geo.x] if operation.family == "input_gradient" else []
    rest = operands if size else [operands[0], geo.w, operands[1]]
    gradient = getattr(grad, operation.function.__name__)
    return gradient(*size, *rest, geo.stride, low, geo.dilation, geo.groups)


def errors(operation, seed):
    """Root mean square and maximum of our errors, as multiples of PyTorch's."""
    rng = np.random.default_rng(seed)
    single = {name: rng.standard_normal(shape).astype("f4") for name, shape in operation.shapes.items()}
    truth = torch_call(operation, {name: array.astype("f8") for name, array in single.items()}).numpy()
    ours = np.abs(operation(single) - truth)
    theirs = np.abs(torch_call(operation, single).numpy() - truth)
    return np.sqrt((ours**2).mean() / (theirs**2).mean()), ours.max() / theirs.max()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("geo", LAYERS, ids=str)
def test_accuracy_is_no_worse_than_twice_that_of_torch(geo, family):
    """By the median of five draws: a maximum, which hangs on one element, scatters."""
    operation = Operation(family, geo)
    assert (np.median([errors(operation, seed) for seed in range(5)], axis=0) <= 2).all()


# ---------------------------------------------------------------------- tensors in, tensors out

GEO = Conv(x=(2, 4, 6, 5), w=(4, 2, 3, 2), stride=(1, 2), padding=1, groups=2)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "int32"])
def test_tensors_give_a_tensor(family, dtype):
    operation = Operation(family, GEO)
    operands = operation.operands(0, dtype, bias=True)
    expected = operation(operands)
    result = operation(tensors(operands))
    assert type(result) is torch.Tensor
    assert result.dtype == getattr(torch, expected.dtype.name)
    assert np.array_equal(result.numpy(), expected)
    out = torch.full_like(result, -1)
    assert operation(tensors(operands), out=out) is out
    assert np.array_equal(out.numpy(), expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_tensors_of_any_layout(family):
    operation = Operation(family, GEO)
    operands = tensors(operation.operands(0, "float32"))
    expected = operation(operands)
    layouts = (
        lambda t: t.to(memory_format=torch.channels_last),
        lambda t: t.transpose(0, 1).contiguous().transpose(0, 1),
        lambda t: torch.stack([t, t], -1)[..., 0],
        lambda t: torch.nn.functional.pad(t, (1, 1, 2, 1))[..., 2:-1, 1:-1],
        torch.Tensor.detach,
    )
    for layout in layouts:
        assert torch.equal(operation({name: layout(t) for name, t in operands.items()}), expected)
        out = layout(torch.zeros_like(expected))
        assert operation(operands, out=out) is out
        assert torch.equal(out, expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_tensors_that_are_refused(family):
    operation = Operation(family, GEO)
    operands = tensors(operation.operands(0, "float32"))
    for name, tensor in operands.items():
        for wrong, message in (
            (tensor.clone().requires_grad_(), "pass tensor.detach()"),
            (torch.nn.Parameter(tensor), "pass tensor.detach()"),
            (tensor.half(), "float16 array of shape"),
            (tensor.bfloat16(), "torch.bfloat16 array of shape"),
            (tensor.bool(), "bool array of shape"),
            (tensor.to(torch.complex64), "complex64 array of shape"),
            (tensor.to_sparse(), "torch.float32 array of shape"),
            (tensor.to("meta"), "torch.float32 array of shape"),
            (tensor.numpy(), "as"),
        ):
            with pytest.raises(ArgumentTypeError) as caught:
                operation(operands | {name: wrong})
            assert message in str(caught.value)
            assert "expected" in str(caught.value)
        expanded = torch.zeros(1).expand(operation.shape)
        with pytest.raises(ArgumentValueError, match="some of these share theirs"):
            operation(operands, out=expanded)
        with pytest.raises(ArgumentTypeError, match=r"^out=.* an array of torch"):
            operation(operands, out=np.zeros(operation.shape, "f4"))


def test_out_of_a_numpy_whose_dlpack_is_read_only(monkeypatch):
    def read_only(tensor, from_dlpack=np.from_dlpack):
        array = from_dlpack(tensor).view()
        array.flags.writeable = False
        return array

    monkeypatch.setattr(np, "from_dlpack", read_only)
    out = torch.zeros(1, 1, 3)
    assert kernels.conv1d(torch.ones(1, 1, 3), torch.ones(1, 1, 1), out=out) is out
    assert out.tolist() == [[[1, 1, 1]]]


def test_parameters_may_be_tensors_and_sizes():
    x, w = torch.ones(1, 1, 5, 5), torch.ones(1, 1, 3, 3)
    assert torch.equal(kernels.conv2d(x, w, stride=torch.tensor([2, 1])), F.conv2d(x, w, stride=(2, 1)))
    assert kernels.conv2d_input(x.size(), w, torch.ones(1, 1, 3, 3)).shape == x.shape
    with pytest.raises(ArgumentTypeError, match="stride=tensor"):
        kernels.conv2d(x, w, stride=torch.tensor(True))


# ---------------------------------------------------------------------- what one refuses, so does the other


@more
@given(st.data())
def test_refusals_of_the_forward_pass(data):
    """Over small arguments, most of them wrong: PyTorch and we refuse the same ones."""
    small = st.integers(-1, 3)
    shape = st.lists(st.integers(1, 3), min_size=2, max_size=5).map(tuple)
    x, w = np.ones(data.draw(shape)), np.ones(data.draw(shape))
    arguments = [data.draw(small), data.draw(small), data.draw(small), data.draw(small)]
    axes = data.draw(st.sampled_from([1, 2, 3]))
    try:
        theirs = getattr(F, f"conv{axes}d")(torch.from_numpy(x), torch.from_numpy(w), None, *arguments)
    except (RuntimeError, ValueError):
        with pytest.raises(GeometryError):
            getattr(kernels, f"conv{axes}d")(x, w, None, *arguments)
    else:
        assert np.array_equal(getattr(kernels, f"conv{axes}d")(x, w, None, *arguments), theirs.numpy())


@more
@given(st.data())
def test_refusals_of_the_transposed_convolution(data):
    small = st.integers(-1, 3)
    shape = st.lists(st.integers(1, 3), min_size=2, max_size=5).map(tuple)
    x, w = np.ones(data.draw(shape)), np.ones(data.draw(shape))
    arguments = [data.draw(small) for _ in range(5)]
    axes = data.draw(st.sampled_from([1, 2, 3]))
    try:
        theirs = getattr(F, f"conv_transpose{axes}d")(torch.from_numpy(x), torch.from_numpy(w), None, *arguments)
    except (RuntimeError, ValueError):
        with pytest.raises(ConvproofError):
            getattr(kernels, f"conv_transpose{axes}d")(x, w, None, *arguments)
    else:
        assert np.array_equal(getattr(kernels, f"conv_transpose{axes}d")(x, w, None, *arguments), theirs.numpy())
