"""The memory layouts that operands and results may have, and the arrays that are refused."""

import numpy as np
import pytest

from convproof.errors import ArgumentTypeError, ArgumentValueError, ConvproofError, GeometryError
from convproof.geometry import Conv
from tests.kernels.operations import FAMILIES, Operation

GEO = Conv(x=(2, 4, 6, 5), w=(4, 2, 3, 2), stride=(1, 2), padding=1, groups=2)


def unaligned(array):
    """A copy of the array at an address that its dtype does not divide."""
    buffer = np.zeros(array.nbytes + 1, np.uint8)
    copy = buffer[1:].view(array.dtype).reshape(array.shape)
    copy[...] = array
    assert array.itemsize == 1 or not copy.flags.aligned
    return copy


def read_only(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def spaced(array):
    """A copy with gaps between all elements."""
    room = np.zeros([2 * size + 1 for size in array.shape], array.dtype)
    copy = room[tuple(slice(1, None, 2) for _ in array.shape)]
    copy[...] = array
    return copy


LAYOUTS = {
    "contiguous": np.copy,
    "Fortran": np.asfortranarray,
    "reversed": lambda a: np.flip(np.flip(a).copy()),
    "spaced": spaced,
    "channels last": lambda a: np.moveaxis(np.moveaxis(a, 1, -1).copy(), -1, 1) if a.ndim > 1 else a.copy(),
    "channel slice": lambda a: np.repeat(a, 2, axis=1)[:, ::2] if a.ndim > 1 else np.repeat(a, 2)[::2],
    "read-only": read_only,
    "unaligned": unaligned,
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "subclass": lambda a: a.copy().view(type("Subclass", (np.ndarray,), {})),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "int32"])
@pytest.mark.parametrize("family", FAMILIES)
def test_operands_of_any_layout(family, dtype, layout):
    operation = Operation(family, GEO)
    operands = {name: LAYOUTS[layout](a) for name, a in operation.operands(3, dtype, bias=True).items()}
    before = {name: (array.tobytes(), array.strides) for name, array in operands.items()}
    result = operation(operands)
    assert (result == operation.expected(operands)).all()
    assert type(result) is np.ndarray
    assert result.dtype.isnative
    assert {name: (array.tobytes(), array.strides) for name, array in operands.items()} == before


@pytest.mark.parametrize("family", FAMILIES)
def test_broadcast_operands(family):
    operation = Operation(family, GEO)
    operands = {name: np.broadcast_to(np.float32(2), shape) for name, shape in operation.shapes.items()}
    assert (operation(operands) == operation.expected(operands)).all()


def test_memory_map(tmp_path):
    operation = Operation("forward", GEO)
    operands = operation.operands(0, "float32")
    mapped = np.memmap(tmp_path / "x", np.float32, "w+", shape=GEO.x)
    mapped[...] = operands["input"]
    result = operation(operands | {"input": mapped})
    assert (result == operation(operands)).all()
    assert type(result) is np.ndarray


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"read-only", "big-endian"}))
@pytest.mark.parametrize("family", FAMILIES)
def test_out_of_any_layout(family, layout):
    operation = Operation(family, GEO)
    operands = operation.operands(5, "float64", bias=True)
    out = LAYOUTS[layout](np.full(operation.shape, np.nan))
    assert operation(operands, out=out) is out
    assert (out == operation(operands)).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_out_of_a_slice_leaves_the_rest(family):
    operation = Operation(family, GEO)
    operands = operation.operands(5, "int8")
    room = np.full([size + 2 for size in operation.shape], -7, np.int32)
    inner = (slice(1, -1),) * room.ndim
    operation(operands, out=room[inner])
    assert (room[inner] == operation(operands)).all()
    room[inner] = -7
    assert (room == -7).all()


def test_out_may_interleave_with_an_operand():
    operation = Operation("forward", Conv(x=(1, 1, 4), w=(1, 1, 1)))
    both = np.arange(8.0).reshape(1, 1, 8)
    x, out = both[..., ::2], both[..., 1::2]
    expected = operation({"input": x, "weight": np.ones((1, 1, 1))})
    assert operation({"input": x, "weight": np.ones((1, 1, 1))}, out=out) is out
    assert (out == expected).all()


def test_out_of_interleaved_axes():
    """Axes whose strides do not nest, and yet no two elements that share memory."""
    operation = Operation("forward", Conv(x=(1, 1, 3, 2), w=(1, 1, 1, 1)))
    operands = operation.operands(0, "float64")
    memory = np.zeros(8)
    out = np.lib.stride_tricks.as_strided(memory, (1, 1, 3, 2), (0, 0, 16, 24))
    assert (operation(operands, out=out) == operation(operands)).all()


def wrong_outs(shape):
    """Every way in which an array cannot take the result, and the error it should give."""
    whole = np.zeros(shape)
    small = np.zeros(np.prod(shape) + 8)
    overlapping = np.lib.stride_tricks.as_strided(small, shape, [8 * max(1, i % 2) for i in range(len(shape))])
    structured = np.zeros(shape, [("a", "f4"), ("b", "f4")])
    return {
        "list": (whole.tolist(), ArgumentTypeError, "out=a list"),
        "scalar": (1.0, ArgumentTypeError, "out=1.0"),
        "string": ("out", ArgumentTypeError, "out='out'"),
        "type": (np.ndarray, ArgumentTypeError, "out="),
        "masked": (np.ma.zeros(shape), ArgumentTypeError, "out=masked float64 array"),
        "matrix": (np.matrix([[1.0]]), ArgumentTypeError, "out=a matrix"),
        "float32": (whole.astype("f4"), ArgumentTypeError, "expected dtype float64"),
        "integers": (whole.astype("i8"), ArgumentTypeError, "expected dtype float64"),
        "complex": (whole.astype("c16"), ArgumentTypeError, "expected dtype float64"),
        "big-endian": (whole.astype(">f8"), ArgumentTypeError, "expected dtype float64"),
        "structured": (structured, ArgumentTypeError, "expected dtype float64"),
        "shape": (np.zeros((*shape[:-1], shape[-1] + 1)), GeometryError, f"expected shape {shape}"),
        "rank": (whole[0], GeometryError, f"expected shape {shape}"),
        "flat": (whole.reshape(-1), GeometryError, f"expected shape {shape}"),
        "read-only": (read_only(whole), ArgumentValueError, "this one is read-only"),
        "broadcast": (np.broadcast_to(np.zeros(1), shape), ArgumentValueError, "read-only"),
        "zero strides": (
            np.lib.stride_tricks.as_strided(np.zeros(1), shape, [0] * len(shape)),
            ArgumentValueError,
            "some of these share theirs",
        ),
        "shared elements": (overlapping, ArgumentValueError, "some of these share theirs"),
    }


@pytest.mark.parametrize("kind", wrong_outs((1, 1)))
@pytest.mark.parametrize("family", FAMILIES)
def test_wrong_out(family, kind):
    operation = Operation(family, GEO)
    operands = operation.operands(1, "float64")
    out, error, message = wrong_outs(operation.shape)[kind]
    before = np.array(out, copy=True) if isinstance(out, np.ndarray) else None
    with pytest.raises(ConvproofError) as caught:
        operation(operands, out=out)
    assert type(caught.value) is error
    assert message in str(caught.value)
    assert before is None or np.array_equal(before, out)


@pytest.mark.parametrize("family", FAMILIES)
def test_out_that_overlaps_an_operand(family):
    geo = Conv(x=(2, 2, 4), w=(2, 2, 4), padding=((1, 2),))
    assert geo.y == geo.x == geo.w
    operation = Operation(family, geo)
    operands = operation.operands(2, "float64")
    for name, array in operands.items():
        room = np.zeros(array.size + 3)
        first, shifted = room[:-3].reshape(array.shape), room[3:].reshape(array.shape)
        first[...] = array
        before = room.copy()
        for out in (first, shifted, np.flip(first)):
            with pytest.raises(ArgumentValueError, match="overlaps one of them"):
                operation(operands | {name: first}, out=out)
        assert (room == before).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_out_is_untouched_by_any_refusal(family):
    operation = Operation(family, GEO)
    operands = operation.operands(0, "float64")
    first = next(iter(operands))
    out = np.full(operation.shape, 7.0)
    for wrong in (
        {"stride": 0},
        {"padding": 99999999999},
        {"groups": 3},
        {"dilation": 2**31 - 1, "padding": 0, "stride": 1} if family != "transposed" else {"output_padding": 9},
        {"algo": "winograd4"},
        {"threads": 0},
        {first: operands[first][:, :-1]},
        {first: operands[first].astype("f4")},
    ):
        with pytest.raises(ConvproofError):
            operation(operands | wrong, out=out)
        assert (out == 7).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_out_is_untouched_by_integers_that_could_wrap(family):
    operation = Operation(family, GEO)
    operands = {name: np.full(shape, 2**40) for name, shape in operation.shapes.items()}
    out = np.full(operation.shape, 7)
    with pytest.raises(OverflowError):
        operation(operands, out=out)
    assert (out == 7).all()


# ---------------------------------------------------------------------- operands refused

REFUSED_OPERANDS = {
    "list": lambda a: a.tolist(),
    "nested tuple": lambda a: tuple(a.tolist()),
    "None": lambda a: None,
    "float": lambda a: 1.0,
    "NumPy scalar": lambda a: np.float64(1),
    "string": lambda a: "array",
    "bytes": lambda a: b"array",
    "memoryview": lambda a: memoryview(a),
    "class": lambda a: np.ndarray,
    "function": lambda a: np.ones,
    "object": lambda a: a.astype(object),
    "complex": lambda a: a.astype(complex),
    "bool": lambda a: a.astype(bool),
    "float16": lambda a: a.astype(np.float16),
    "longdouble": lambda a: a.astype(np.longdouble),
    "text": lambda a: a.astype(str),
    "dates": lambda a: a.astype("datetime64[s]"),
    "structured": lambda a: np.zeros(a.shape, [("a", "f8")]),
    "masked": lambda a: np.ma.masked_array(a),
    "matrix": lambda a: np.matrix([[1.0]]),
}


@pytest.mark.parametrize("kind", REFUSED_OPERANDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_refused_operands(family, kind):
    operation = Operation(family, GEO)
    operands = operation.operands(0, "float64", bias=True)
    for name, array in operands.items():
        wrong = REFUSED_OPERANDS[kind](array)
        if name == "bias" and wrong is None:
            continue
        with pytest.raises(ArgumentTypeError) as caught:
            operation(operands | {name: wrong})
        message = str(caught.value)
        assert message.startswith(f"{name}=")
        assert "expected" in message
        assert len(message) < 300


@pytest.mark.parametrize("family", FAMILIES)
def test_mixed_dtypes_are_refused(family):
    operation = Operation(family, GEO)
    operands = operation.operands(0, "float64", bias=True)
    _, *others = operands
    for dtype in ("float32", "int64", "int8"):
        for name in others:
            with pytest.raises(ArgumentTypeError, match=f"{name}={dtype} array .* expected dtype float64"):
                operation(operands | {name: operands[name].astype(dtype)})


def test_signed_and_unsigned_are_different_dtypes():
    operation = Operation("forward", GEO)
    operands = operation.operands(0, "uint8")
    with pytest.raises(ArgumentTypeError, match="weight=int8"):
        operation(operands | {"weight": operands["weight"].astype("int8")})


@pytest.mark.parametrize("family", ["forward", "transposed"])
def test_wrong_bias(family):
    operation = Operation(family, GEO)
    operands = operation.operands(0, "float64", bias=True)
    bias = operands["bias"]
    for wrong in (bias[:-1], bias[None], np.array(1.0), bias[:, None], np.zeros(0)):
        with pytest.raises(GeometryError) as caught:
            operation(operands | {"bias": wrong})
        assert str(caught.value) == (
            f"bias=float64 array of shape {wrong.shape}: expected shape (4,), one for each channel"
        )
