"""Wrong arguments of every public function: the error's class, and the argument, value and expectation it names."""

import inspect
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convproof import kernels
from convproof.errors import ArgumentTypeError, ArgumentValueError, ConvproofError, GeometryError, KernelError
from convproof.geometry import Conv
from tests.kernels.operations import FAMILIES, Operation

EVERY = [(family, axes) for family in FAMILIES for axes in (1, 2, 3)]
NAMES = [Operation(family, Conv(x=(1,) * (axes + 2), w=(1,) * (axes + 2))).function.__name__ for family, axes in EVERY]


def operation_of(family, axes):
    geo = Conv(x=(2, 4, *[6] * axes), w=(6, 2, *[3] * axes), padding=1, groups=2)
    return Operation(family, geo)


def refusal(operation, **changes):
    """Return the error of a call with these changes, after checking that it is one of ours and well said."""
    operands = operation.operands(0, "float64")
    with pytest.raises(ConvproofError) as caught:
        operation(operands, **changes)
    assert isinstance(caught.value, (TypeError, ValueError, RuntimeError))
    assert ": expected " in str(caught.value)
    assert len(str(caught.value)) < 500
    return caught.value


# Arguments that every function has. A case names argument, value, class, and what the message says.
COMMON = [
    ("stride", 0, GeometryError, "stride=0: expected at least 1"),
    ("stride", -1, GeometryError, "stride=-1: expected at least 1"),
    ("stride", 2**62, GeometryError, "stride=4611686018427387904: expected at most"),
    ("stride", 10**5000, GeometryError, "stride=<int that cannot be shown>"),
    ("stride", 1.0, ArgumentTypeError, "stride=1.0: expected an integer"),
    ("stride", float("nan"), ArgumentTypeError, "stride=nan: expected an integer"),
    ("stride", True, ArgumentTypeError, "stride=True: expected an integer"),
    ("stride", None, ArgumentTypeError, "stride=None: expected an integer"),
    ("stride", "1", ArgumentTypeError, "stride='1': expected an integer"),
    ("stride", (1,) * 7, GeometryError, "stride=(1, 1, 1, 1, 1, 1, 1): expected one integer, or one for each"),
    ("stride", (), GeometryError, "stride=(): expected one integer"),
    ("stride", (1.5,), ArgumentTypeError, "stride=(1.5,): expected an integer"),
    ("stride", np.float64(1), ArgumentTypeError, f"stride={np.float64(1)!r}: expected an integer"),
    ("stride", {1}, ArgumentTypeError, "stride={1}: expected an integer"),
    ("stride", itertools.count(1), GeometryError, "stride=count("),
    ("dilation", 0, GeometryError, "dilation=0: expected at least 1"),
    ("dilation", 2**62, GeometryError, "dilation=4611686018427387904: expected at most"),
    ("dilation", 0.5, ArgumentTypeError, "dilation=0.5: expected an integer"),
    ("dilation", [1, 1, 1, 1], GeometryError, "dilation=[1, 1, 1, 1]: expected one integer"),
    ("dilation", None, ArgumentTypeError, "dilation=None: expected an integer"),
    ("padding", -1, GeometryError, "padding=-1: expected at least 0"),
    ("padding", ((-1, 1),), GeometryError, "padding=((-1, 1),): expected at least 0"),
    ("padding", 2**62, GeometryError, "padding=4611686018427387904: expected at most"),
    ("padding", 1.5, ArgumentTypeError, "padding=1.5: expected an integer"),
    ("padding", None, ArgumentTypeError, "padding=None: expected an integer"),
    ("padding", "full", ArgumentValueError, "padding='full': expected 'same', 'valid' or integers"),
    ("padding", ((1, 2, 3),), GeometryError, "padding=((1, 2, 3),): expected (low, high) pairs"),
    ("padding", np.ones((1, 2)), ArgumentTypeError, "padding=array([[1., 1.]]): expected an integer"),
    ("groups", 0, GeometryError, "groups=0: expected at least 1"),
    ("groups", -2, GeometryError, "groups=-2: expected at least 1"),
    ("groups", 1.0, ArgumentTypeError, "groups=1.0: expected an integer"),
    ("groups", (2,), ArgumentTypeError, "groups=(2,): expected an integer"),
    ("groups", None, ArgumentTypeError, "groups=None: expected an integer"),
    ("algo", "fastest", ArgumentValueError, "algo='fastest': expected one of auto, direct"),
    ("algo", "winograd2", ArgumentValueError, "algo='winograd2': expected one of auto, direct"),
    ("algo", "winograd4", ArgumentValueError, "algo='winograd4': expected one of auto, direct"),
    ("algo", "fft", ArgumentValueError, "algo='fft': expected one of auto, direct"),
    ("algo", "fast", ArgumentValueError, "algo='fast': expected one of auto, direct"),
    ("algo", None, ArgumentTypeError, "algo=None: expected one of auto, direct"),
    ("algo", ["auto"], ArgumentTypeError, "algo=['auto']: expected one of auto, direct"),
    ("threads", 0, ArgumentValueError, "threads=0: expected a number of threads, from 1 to 1024"),
    ("threads", -1, ArgumentValueError, "threads=-1"),
    ("threads", 2**40, ArgumentValueError, "threads=1099511627776"),
    ("threads", 1.0, ArgumentTypeError, "threads=1.0"),
    ("threads", True, ArgumentTypeError, "threads=True"),
    ("threads", "2", ArgumentTypeError, "threads='2'"),
]
PADDING_MODE = [
    ("padding_mode", "same", ArgumentValueError, "padding_mode='same': expected one of zeros, reflect"),
    ("padding_mode", None, ArgumentValueError, "padding_mode=None: expected one of zeros"),
    ("padding_mode", ["zeros"], ArgumentValueError, "padding_mode=['zeros']: expected one of zeros"),
    ("padding_mode", np.array(["zeros", "zeros"]), ArgumentValueError, "padding_mode=array(["),
]


def identify(case):
    return f"{case[0]}={str(case[3])[:40]}"


@pytest.mark.parametrize("case", COMMON, ids=identify)
@pytest.mark.parametrize(("family", "axes"), EVERY, ids=NAMES)
def test_wrong_parameters(family, axes, case):
    argument, value, error, message = case
    caught = refusal(operation_of(family, axes), **{argument: value})
    assert type(caught) is error
    assert message in str(caught)
    assert str(caught).startswith(f"{argument}=")


@pytest.mark.parametrize("case", PADDING_MODE, ids=identify)
@pytest.mark.parametrize(("family", "axes"), EVERY, ids=NAMES)
def test_wrong_padding_mode(family, axes, case):
    argument, value, error, message = case
    if family == "transposed":
        return  # it has no such argument
    caught = refusal(operation_of(family, axes), **{argument: value})
    assert type(caught) is error
    assert message in str(caught)


@pytest.mark.parametrize(("family", "axes"), EVERY, ids=NAMES)
def test_unknown_and_missing_arguments_are_python_s_own_business(family, axes):
    function = operation_of(family, axes).function
    with pytest.raises(TypeError):
        function()
    with pytest.raises(TypeError):
        function(np.ones(1), np.ones(1), np.ones(1), kernel=3)


@pytest.mark.parametrize(("family", "axes"), EVERY, ids=NAMES)
def test_a_large_kernel_and_reach(family, axes):
    operation = operation_of(family, axes)
    if family == "transposed":
        assert "output_padding=9" in str(refusal(operation, output_padding=9))
        assert "padding=9: expected less" in str(refusal(operation, padding=9))
        return
    caught = refusal(operation, dilation=5)
    what = {"weight_gradient": "weight_size=(6, 2, "}.get(family, "weight=float64 array of shape (6, 2, ")
    assert str(caught).startswith(what)
    source = {"input_gradient": "input_size=(2, 4, 6"}.get(family, "input=float64 array of shape (2, 4, 6")
    assert "it reaches over 11 of 8 elements" in str(caught)
    assert source in str(caught)
    assert "padding_mode='reflect'" in str(refusal(operation, padding=6, padding_mode="reflect"))
    assert "padding='same'" in str(refusal(operation, padding="same", stride=2))


@pytest.mark.parametrize(("family", "axes"), EVERY, ids=NAMES)
def test_groups_that_do_not_divide(family, axes):
    caught = refusal(operation_of(family, axes), groups=5)
    assert str(caught).startswith("groups=5: expected a divisor of the ")
    assert not {" x=", " w=", " y="} & {str(caught)[i : i + 3] for i in range(len(str(caught)))}


@pytest.mark.parametrize(("family", "axes"), EVERY, ids=NAMES)
def test_operands_of_a_wrong_rank(family, axes):
    operation = operation_of(family, axes)
    for name, shape in operation.shapes.items():
        for wrong in (shape[:-2], (*shape, 1), (*shape, 1, 1, 1), (), (3,)):
            caught = refusal(operation, **{name: np.ones(wrong)})
            assert type(caught) is GeometryError
            assert str(caught).startswith(f"{name}=float64 array of shape {wrong}: expected ")
            assert " axes: (" in str(caught)


@pytest.mark.parametrize(("family", "axes"), EVERY, ids=NAMES)
def test_operands_that_do_not_fit_each_other(family, axes):
    operation = operation_of(family, axes)
    for name, shape in operation.shapes.items():
        axis = 0 if (family, name) == ("transposed", "weight") else 1
        wrong = tuple(size + (i == axis) for i, size in enumerate(shape))
        caught = refusal(operation, **{name: np.ones(wrong)})
        assert type(caught) is GeometryError
        assert f"array of shape {wrong}" in str(caught)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_a_kernel_without_taps(axes):
    for family in ("forward", "transposed", "input_gradient"):
        caught = refusal(operation_of(family, axes), weight=np.ones((6, 2, *[0] * axes)))
        assert str(caught).startswith(f"weight=float64 array of shape {(6, 2, *[0] * axes)}: expected at least one tap")


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("family", ["input_gradient", "weight_gradient"])
def test_grad_output_of_another_shape(family, axes):
    operation = operation_of(family, axes)
    y = operation.geo.y
    for wrong in ((y[0] + 1, *y[1:]), (y[0], y[1] + 2, *y[2:]), (*y[:-1], y[-1] + 1), (0, *y[1:])):
        caught = refusal(operation, grad_output=np.ones(wrong))
        assert str(caught) == (f"grad_output=float64 array of shape {wrong}: expected shape {y}, that of the output")
    caught = refusal(operation, grad_output=np.ones(y[1:]))
    assert str(caught).startswith(("grad_output=", "input_size="))
    assert "batch axis, as the other operand has" in str(caught)


SIZES = [
    (None, ArgumentTypeError, "None: expected a shape"),
    (5, ArgumentTypeError, "5: expected a shape"),
    ("1234", ArgumentTypeError, "'1234': expected a shape"),
    (np.ones(4), ArgumentTypeError, "float64 array of shape (4,): expected a shape"),
    ({1, 2, 3, 4}, ArgumentTypeError, "a set: expected a shape"),
    (itertools.count(), ArgumentTypeError, "a count: expected a shape"),
    ((2, 4, 6.0), ArgumentTypeError, "(2, 4, 6.0): expected a shape of integers"),
    ((2, 4, True), ArgumentTypeError, "(2, 4, True): expected a shape of integers"),
    ((2, 4, None), ArgumentTypeError, "(2, 4, None): expected a shape of integers"),
    ((2, 4, "6"), ArgumentTypeError, "(2, 4, '6'): expected a shape of integers"),
    ((2, 4, -6), GeometryError, "(2, 4, -6): expected sizes of at least 0"),
    ((), GeometryError, "(): expected"),
    ((2,), GeometryError, "(2,): expected"),
    ((1,) * 9, GeometryError, "(1, 1, 1, 1, 1, 1, 1, 1, 1): expected"),
]


@pytest.mark.parametrize(("size", "error", "message"), SIZES, ids=[message for _, _, message in SIZES])
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(("family", "name"), [("input_gradient", "input_size"), ("weight_gradient", "weight_size")])
def test_wrong_sizes(family, name, axes, size, error, message):
    caught = refusal(operation_of(family, axes), **{name: size})
    assert type(caught) is error
    assert str(caught).startswith(name + "=" + message)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_absurd_sizes_are_refused_before_anything_is_allocated(axes):
    ones = np.ones((1,) * (axes + 2))
    input_gradient = getattr(kernels, f"conv{axes}d_input")
    weight_gradient = getattr(kernels, f"conv{axes}d_weight")
    for huge in (2**62, 2**63, 2**100, 10**5000):
        for size in ((1, 1, *[huge] * axes), (huge, *[1] * (axes + 1)), (1, huge, *[1] * axes)):
            with pytest.raises(GeometryError, match="input_size="):
                input_gradient(size, ones, ones)
            with pytest.raises(GeometryError, match="weight_size="):
                weight_gradient(ones, size, ones)
    # This one has the right gradient: what it asks for is a result that no memory can hold.
    with pytest.raises(GeometryError, match="input_size="):
        kernels.conv1d_input((1, 1, 2**61), np.ones((1, 1, 2**4)), np.ones((1, 1, 1)), dilation=2**31 - 1)


def test_results_that_no_memory_can_hold():
    ones = np.ones((1, 1, 1, 1))
    with pytest.raises(GeometryError, match=r"output=\(1, 1, 4294967295, 4294967295\): expected fewer than"):
        kernels.conv2d(ones, ones, padding=2**31 - 1)
    with pytest.raises(GeometryError, match="output="):
        kernels.conv2d(ones, ones, padding=2**31 - 1, padding_mode="replicate")
    wide = np.broadcast_to(1.0, (1, 1, 2**30, 2**5))
    with pytest.raises(GeometryError, match="output="):
        kernels.conv_transpose2d(wide, ones, stride=2**31 - 1)
    none = np.zeros((0, 1, 1))
    with pytest.raises(GeometryError, match="output="):
        kernels.conv1d(none, np.broadcast_to(1.0, (2**40, 1, 1)), padding=2**31 - 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output_padding": 1}, "output_padding=1: expected less than max(stride, dilation) = 1"),
        ({"output_padding": -1}, "output_padding=-1: expected at least 0"),
        ({"output_padding": 0.5}, "output_padding=0.5: expected an integer"),
        ({"output_padding": None}, "output_padding=None: expected an integer"),
        ({"output_padding": (0,) * 5}, "output_padding=(0, 0, 0, 0, 0): expected one integer"),
        ({"output_padding": "same"}, "output_padding='same': expected an integer"),
    ],
)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_wrong_output_padding(axes, changes, message):
    assert str(refusal(operation_of("transposed", axes), **changes)).startswith(message)


def test_transposed_names_the_input():
    message = str(refusal(operation_of("transposed", 2), input=np.ones((2, 5, 6, 6))))
    assert message == (
        "weight=float64 array of shape (6, 2, 3, 3): expected 5 channels first, "
        "as input=float64 array of shape (2, 5, 6, 6) has"
    )
    message = str(refusal(operation_of("transposed", 2), input=np.ones((2, 6, 0, 6))))
    assert message.startswith("input=float64 array of shape (2, 6, 0, 6): expected at least one element")


# ---------------------------------------------------------------------- arrays that are not NumPy's


class Foreign:
    """An array of some other library."""

    shape, dtype = (1, 1, 1), "float32"

    def __init__(self, device=(1, 0), error=None):
        self.array = np.ones((1, 1, 1), np.float32)
        self.device, self.error = device, error

    def __dlpack_device__(self):
        if self.device is None:
            raise ValueError("no device")
        return self.device

    def __dlpack__(self, **options):
        if self.error is not None:
            raise self.error
        return self.array.__dlpack__(**options)


class OnlyCuda:
    __cuda_array_interface__ = {}


@pytest.mark.parametrize("family", FAMILIES)
def test_arrays_on_a_gpu_are_refused(family):
    operation = Operation(family, Conv(x=(1, 1, 1), w=(1, 1, 1)))
    for name in operation.shapes:
        for array in (Foreign((2, 0)), OnlyCuda()):
            caught = refusal(operation, **{name: array})
            assert type(caught) is KernelError
            assert str(caught).startswith(f"{name}=")
            assert "no GPU kernels" in str(caught)


@pytest.mark.parametrize("error", [BufferError("no"), TypeError("no"), RuntimeError("no"), ValueError("no")])
def test_arrays_that_do_not_export_themselves_are_refused(error):
    operation = Operation("forward", Conv(x=(1, 1, 1), w=(1, 1, 1)))
    assert type(refusal(operation, input=Foreign(error=error))) is ArgumentTypeError
    assert type(refusal(operation, input=Foreign(device=None))) is ArgumentTypeError


# ---------------------------------------------------------------------- anything at all


class Hostile:
    """Answers every question with an error."""

    def __repr__(self):
        raise RuntimeError("no repr")

    def __getattr__(self, name):
        raise AttributeError(name)


numbers = st.sampled_from([0, 1, 2, 3, -1, 2**31, 2**62, 2**63]) | st.integers(-2, 5)
arrays = st.builds(
    lambda shape, dtype: np.ones(shape, dtype),
    st.lists(st.integers(0, 4), max_size=6),
    st.sampled_from(["f4", "f8", "i1", "u8", "i8", "f2", "c8", "O", "?", "M8[s]", ">f4"]),
)
garbage = st.recursive(
    numbers
    | st.none()
    | st.booleans()
    | st.floats()
    | st.text(max_size=4)
    | st.binary(max_size=4)
    | arrays
    | st.sampled_from(["same", "valid", "zeros", "reflect", "circular", "auto", "direct", object, 1j])
    # Built when drawn, because neither can be shown.
    | st.builds(Hostile)
    | st.builds(lambda: 10**5000)
    | st.builds(Foreign, st.sampled_from([(1, 0), (2, 0), None])),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.integers(), inner),
    max_leaves=5,
)


def message_of(error, function, arguments):
    """What the call's refusal says; nothing where it gives a result. Other errors pass through."""
    try:
        function(**arguments)
    except error as caught:
        return str(caught)
    return ""


@given(st.data())
@pytest.mark.parametrize("name", NAMES)
def test_garbage_gives_a_result_or_one_of_our_errors(name, data):
    function = getattr(kernels, name)
    operation = operation_of(*EVERY[NAMES.index(name)])
    right = operation.parameters | operation.operands(0, "float64")
    wrong = data.draw(st.lists(st.sampled_from(list(inspect.signature(function).parameters)), min_size=1, unique=True))
    arguments = right | {argument: data.draw(garbage, label=argument) for argument in wrong}
    assert len(message_of(ConvproofError, function, arguments)) < 600


@given(st.data())
@pytest.mark.parametrize("family", FAMILIES)
def test_shapes_at_random_give_a_result_or_one_of_our_errors(family, data):
    axes = data.draw(st.sampled_from([1, 2, 3]))
    operation = operation_of(family, axes)
    shape = st.lists(st.integers(0, 4), min_size=axes + 1, max_size=axes + 2).map(tuple)
    small = st.integers(-1, 4)
    steps = small | st.lists(small, min_size=axes, max_size=axes)
    arguments = {name: np.ones(data.draw(shape)) for name in operation.shapes}
    for size in ("input_size", "weight_size"):
        if size in operation.parameters:
            arguments[size] = data.draw(shape)
    arguments |= {name: data.draw(steps) for name in ("stride", "padding", "dilation")}
    arguments["groups"] = data.draw(st.integers(1, 3))
    assert " x=" not in message_of(GeometryError, operation.function, arguments)
