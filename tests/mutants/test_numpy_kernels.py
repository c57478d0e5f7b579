"""The kernels that the mutants are made from are right: held to the definition, and to PyTorch."""

import numpy as np
import pytest

from tests.mutants._numpy_kernels import OPS, kernel, split_op
from tests.mutants.calls import Call, operands
from tests.mutants.definition import by_definition

CALLS = (
    Call(x=(2, 2, 5, 4, 4), w=(2, 2, 3, 2, 1), padding=1, bias=True),
    Call(x=(1, 4, 6, 5, 4), w=(4, 1, 2, 3, 2), stride=(2, 3, 1), padding=(1, 0, 2), groups=4),
    Call(x=(2, 4, 7, 6, 6), w=(4, 2, 2), stride=2, dilation=(3, 2, 1), padding=(2, 1, 0), groups=2),
    Call(x=(1, 2, 4), w=(2, 2, 1), stride=3, padding=2, bias=True),
    Call(x=(1, 2, 3), w=(2, 1, 2), stride=(3, 2, 2), output_padding=1, groups=2, bias=True),
    Call(x=(1, 2, 3), w=(2, 2, 2), dilation=3, output_padding=2, padding=1),
    Call(x=(0, 2, 4), w=(2, 2, 2)),
)


def made(op):
    """The calls that are calls of `op` too."""
    return CALLS if "transpose" in op else [call for call in CALLS if not call.output_padding]


@pytest.mark.parametrize("op", OPS)
def test_equal_the_definition(op):
    for seed, call in enumerate(made(op)):
        call = Call(**{**vars(call), "dtype": "float64"})
        arrays, other = operands(op, call, np.random.default_rng(seed))
        rank, _ = split_op(op)
        expected = by_definition(op, rank, **arrays, **other)
        np.testing.assert_array_equal(kernel(op)(**arrays, **other), expected, err_msg=str(call), strict=True)


@pytest.mark.peers
@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equal_pytorch(op, dtype):
    torch = pytest.importorskip("torch")
    home = torch.nn.functional if split_op(op)[1] in ("conv", "conv_transpose") else torch.nn.grad
    for seed, call in enumerate(made(op)):
        arrays, other = operands(op, Call(**{**vars(call), "dtype": dtype}), np.random.default_rng(seed))
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        expected = getattr(home, op)(**tensors, **other).numpy()
        np.testing.assert_array_equal(kernel(op)(**arrays, **other), expected, err_msg=str(call), strict=True)


@pytest.mark.parametrize("op", ["conv2d", "conv_transpose2d"])
def test_unbatched(op):
    rng = np.random.default_rng(0)
    x, w = rng.integers(-5, 6, (3, 5, 6)), rng.integers(-5, 6, (3, 3, 2, 2))
    np.testing.assert_array_equal(kernel(op)(x, w, padding=1), kernel(op)(x[None], w, padding=1)[0])


@pytest.mark.parametrize(("dtype", "wide"), [("int8", "int32"), ("uint8", "int32"), ("int16", "int64"),
                                             ("int64", "int64"), ("float16", "float16")])
def test_types(dtype, wide):
    x = np.full((1, 9, 4, 4), 100, dtype)
    w = np.full((1, 9, 3, 3), 3, dtype)
    y = kernel("conv2d")(x, w)
    assert y.dtype == wide and (y == 9 * 9 * 300).all()


def test_no_input_channels():
    y = kernel("conv2d")(np.ones((1, 0, 4, 4)), np.ones((2, 0, 3, 3)), np.array([1.0, 2.0]))
    np.testing.assert_array_equal(y[0, :, 0, 0], [1, 2])


@pytest.mark.parametrize(
    ("x", "w", "settings", "what"),
    [
        ((1, 3, 5, 5), (2, 4, 3, 3), {}, "channels"),
        ((1, 4, 5, 5), (3, 2, 3, 3), {"groups": 2}, "groups"),
        ((1, 4, 2, 5), (2, 4, 3, 3), {}, "does not fit"),
        ((1, 4, 5, 5), (2, 4, 3, 3), {"stride": 0}, "stride"),
        ((1, 4, 5, 5), (2, 4, 3, 3), {"padding": -1}, "padding"),
        ((1, 4, 5, 5), (2, 4, 3), {}, "axes"),
    ],
)
def test_refusals(x, w, settings, what):
    with pytest.raises(ValueError, match=what):
        kernel("conv2d")(np.ones(x), np.ones(w), **settings)


def test_mixed_types_are_refused():
    with pytest.raises(ValueError, match="one dtype"):
        kernel("conv2d")(np.ones((1, 1, 3, 3)), np.ones((1, 1, 1, 1), np.float32))
