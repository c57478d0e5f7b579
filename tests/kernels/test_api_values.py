"""The public kernels against the reference loops: exact integers, over drawn geometries and dtypes."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from convproof import kernels
from convproof.errors import RangeError
from convproof.geometry import MODES, Conv
from tests.kernels.geometries import convs, transposed_arguments
from tests.kernels.operations import FAMILIES, Operation

RESULTS = {
    "float32": "float32",
    "float64": "float64",
    "int8": "int32",
    "uint8": "int32",
    "int16": "int64",
    "uint16": "int64",
    "int32": "int64",
    "uint32": "int64",
    "int64": "int64",
    "uint64": "int64",
}
seeds = st.integers(0, 2**16)
dtypes = st.sampled_from(sorted(RESULTS))


def check(operation, operands, **options):
    before = {name: array.copy() for name, array in operands.items()}
    result = operation(operands, **options)
    dtype = next(iter(operands.values())).dtype.name
    assert type(result) is np.ndarray
    assert result.dtype == RESULTS[dtype]
    assert result.shape == operation.shape
    assert (result == operation.expected(operands)).all()
    assert all((operands[name] == before[name]).all() for name in operands)
    return result


@given(convs(modes=MODES), seeds, dtypes, st.booleans())
@pytest.mark.parametrize("family", ["forward", "input_gradient", "weight_gradient"])
def test_values(family, geo, seed, dtype, bias):
    operation = Operation(family, geo)
    check(operation, operation.operands(seed, dtype, bias))


@given(transposed_arguments(), seeds, dtypes, st.booleans())
def test_values_of_the_transposed_convolution(arguments, seed, dtype, bias):
    operation = Operation("transposed", Conv.transposed(**arguments))
    check(operation, operation.operands(seed, dtype, bias))


@given(convs(empty=False), seeds)
def test_transposed_convolution_takes_padding_per_side(geo, seed):
    operation = Operation("transposed", geo)
    check(operation, operation.operands(seed, "float64"))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "geo",
    [
        # Each is work for several threads: some millions of multiply-adds or more.
        Conv(x=(2, 32, 40, 40), w=(48, 32, 3, 3), padding=1),
        Conv(x=(1, 24, 90, 70), w=(40, 12, 3, 3), padding=(2, 1), stride=(2, 1), groups=2),
        Conv(x=(2, 64, 90, 90), w=(64, 1, 3, 3), padding=1, groups=64),
        Conv(x=(1, 16, 9000), w=(24, 16, 9), padding=8, dilation=2),
        Conv(x=(1, 8, 20, 24, 28), w=(16, 8, 3, 3, 3), padding=1),
        Conv(x=(4, 32, 40, 40), w=(48, 32, 3, 3), padding=3, mode="circular"),
    ],
    ids=str,
)
def test_results_do_not_depend_on_the_threads(family, geo, dtype):
    operation = Operation(family, geo.replace(mode="zeros") if family == "transposed" else geo)
    rng = np.random.default_rng(0)
    operands = {name: rng.standard_normal(shape).astype(dtype) for name, shape in operation.shapes.items()}
    alone = operation(operands, threads=1)
    for threads in (2, 3, 16, None):
        assert (operation(operands, threads=threads) == alone).all()


@given(convs(modes=MODES), seeds)
@pytest.mark.parametrize("family", FAMILIES)
def test_without_a_batch(family, geo, seed):
    geo = geo.replace(x=(1, *geo.x[1:]), mode="zeros" if family == "transposed" else geo.mode)
    operation = Operation(family, geo)
    operands = operation.operands(seed, "float64", bias=True)
    expected = operation(operands)
    single = {name: array if name in ("weight", "bias") else array[0] for name, array in operands.items()}
    if family == "input_gradient":
        single["input_size"] = geo.x[1:]
    result = operation(single)
    assert (result == (expected if family == "weight_gradient" else expected[0])).all()
    assert result.ndim == (geo.axes + 2 if family == "weight_gradient" else geo.axes + 1)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "geo",
    [
        Conv(x=(0, 2, 5), w=(3, 2, 2)),
        Conv(x=(2, 0, 5), w=(3, 0, 2)),
        Conv(x=(2, 2, 5), w=(0, 2, 2)),
        Conv(x=(2, 2, 0), w=(3, 2, 1), padding=2),
        Conv(x=(2, 0, 5, 5), w=(0, 0, 3, 3), groups=3),
    ],
    ids=str,
)
def test_empty_operands_leave_the_bias(family, geo):
    operation = Operation(family, geo)
    if family == "transposed" and 0 in geo.n:
        return  # a transposed convolution has no empty result
    check(operation, operation.operands(0, "float64", bias=True))
    check(operation, operation.operands(0, "int8", bias=True), out=np.ones(operation.shape, np.int32))


def test_calls_from_several_threads_do_not_disturb_each_other():
    operation = Operation("forward", Conv(x=(2, 32, 40, 40), w=(48, 32, 3, 3), padding=1, mode="circular"))
    cases = [operation.operands(seed, "float32") for seed in range(8)]
    expected = [operation(operands) for operands in cases]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(operation, cases))
    assert all((result == right).all() for result, right in zip(results, expected, strict=True))


def test_same_and_valid():
    x, w = np.arange(5.0).reshape(1, 1, 5), np.array([1.0, 10.0]).reshape(1, 1, 2)
    assert kernels.conv1d(x, w, padding="valid").tolist() == [[[10, 21, 32, 43]]]
    assert kernels.conv1d(x, w, padding="same").tolist() == [[[10, 21, 32, 43, 4]]]
    assert kernels.conv_transpose1d(x, w, padding="same").shape == x.shape


def test_parameters_may_be_lists_and_numpy_integers():
    x, w = np.ones((1, 1, 5, 5)), np.ones((1, 1, 2, 2))
    expected = kernels.conv2d(x, w, stride=(2, 1), padding=(1, 0), dilation=(1, 2))
    result = kernels.conv2d(x, w, None, np.array([2, 1]), [np.int64(1), 0], [1, 2], np.int8(1), threads=np.int32(1))
    assert (result == expected).all()


def test_one_is_not_taken_for_its_equals():
    """1.0 and True hash like 1: what was kept for one must not answer for the other."""
    x, w = np.ones((1, 1, 3)), np.ones((1, 1, 1))
    kernels.conv1d(x, w, stride=1, padding=(1,))
    for wrong in (1.0, True):
        with pytest.raises(TypeError, match="stride"):
            kernels.conv1d(x, w, stride=wrong)
        with pytest.raises(TypeError, match="padding"):
            kernels.conv1d(x, w, padding=(wrong,))


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_agrees_with_scipy(axes, dtype):
    rng = np.random.default_rng(axes)
    x, w = (rng.integers(-9, 10, shape).astype(dtype) for shape in [(12, 11, 10)[:axes], (4, 3, 2)[:axes]])
    conv = getattr(kernels, f"conv{axes}d")
    for mode, padding in (("valid", 0), ("full", tuple(size - 1 for size in w.shape))):
        result = conv(x[None, None], w[None, None], padding=padding)[0, 0]
        assert (result == scipy.signal.correlate(x.astype(float), w.astype(float), mode, method="direct")).all()
        flipped = conv(x[None, None], np.flip(w)[None, None], padding=padding)[0, 0]
        assert (flipped == scipy.signal.convolve(x.astype(float), w.astype(float), mode, method="direct")).all()
    full = getattr(kernels, f"conv_transpose{axes}d")(x[None, None], w[None, None])[0, 0]
    assert (full == scipy.signal.convolve(x.astype(float), w.astype(float), "full", method="direct")).all()


# ---------------------------------------------------------------------- integers


@pytest.mark.parametrize("bias_dtype", ["int8", "int32"])
def test_bias_of_integers_may_be_wide(bias_dtype):
    x, w = np.ones((1, 1, 3), np.int8), np.ones((2, 1, 1), np.int8)
    bias = np.array([100, -100], bias_dtype)
    assert kernels.conv1d(x, w, bias).tolist() == [[[101] * 3, [-99] * 3]]


def test_the_widest_8_bit_operands_fit():
    x, w = np.full((1, 16, 9), -128, np.int8), np.full((1, 16, 9), -128, np.int8)
    assert kernels.conv1d(x, w).item() == 16 * 9 * 128 * 128


def largest_fitting(family):
    """Operands whose one sum is 2**63 - 1, split over bias where there is one."""
    ones, big = np.ones((1, 1, 1), np.int64), np.full((1, 1, 1), 2**63 - 1, np.int64)
    names = list(Operation(family, Conv(x=(1, 1, 1), w=(1, 1, 1))).shapes)
    return Operation(family, Conv(x=(1, 1, 1), w=(1, 1, 1))), {names[0]: big, names[1]: ones}


@pytest.mark.parametrize("family", FAMILIES)
def test_sums_up_to_the_last_value_are_computed(family):
    operation, operands = largest_fitting(family)
    assert operation(operands).item() == 2**63 - 1
    if operation.channels:
        operands["bias"] = np.zeros(1, np.int64)
        assert operation(operands).item() == 2**63 - 1


@pytest.mark.parametrize("family", FAMILIES)
def test_sums_beyond_the_last_value_are_refused(family):
    operation, operands = largest_fitting(family)
    first, second = list(operands)[:2]
    wrong = [{second: np.full((1, 1, 1), 2, np.int64)}, {first: np.full((1, 1, 1), -(2**63), np.int64)}]
    if operation.channels:
        wrong += [{"bias": np.array([1])}, {"bias": np.array([-1])}]
    for changes in wrong:
        with pytest.raises(RangeError, match=f"{first}=int64 values up to") as caught:
            operation(operands | changes)
        assert isinstance(caught.value, OverflowError)


def test_8_bit_sums_beyond_int32_are_refused():
    x = np.full((1, 2**15, 8), 127, np.int8)
    with pytest.raises(RangeError, match="sums that fit int32: 262144 \\* 127 \\* 127"):
        kernels.conv1d(x, x)
    assert kernels.conv1d(x, x // 64).item() == 2**18 * 127


def test_unsigned_values_beyond_int64_are_refused():
    x, w = np.full((1, 1, 1), 2**63, np.uint64), np.zeros((1, 1, 1), np.uint64)
    with pytest.raises(RangeError, match="input=uint64"):
        kernels.conv1d(x, w)
    with pytest.raises(RangeError):
        kernels.conv1d(w, x)
    with pytest.raises(RangeError):
        kernels.conv1d(w, w, x[0, 0])
    big = np.full((1, 1, 1), 2**63 - 1, np.uint64)
    assert kernels.conv1d(big, np.ones((1, 1, 1), np.uint64)).item() == 2**63 - 1


def test_copies_made_by_the_padding_count_towards_the_range():
    g, w = np.full((1, 1, 5), 2**60, np.int64), np.ones((1, 1, 1), np.int64)
    arguments = {"padding": 2, "padding_mode": "replicate"}
    assert kernels.conv1d_input((1, 1, 1), w, g, **arguments).item() == 5 * 2**60
    with pytest.raises(RangeError):
        kernels.conv1d_input((1, 1, 1), w, 2 * g, **arguments)


# ---------------------------------------------------------------------- extreme parameters

FAR = 2**31 - 1


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "geo",
    [
        Conv(x=(2, 1, 3), w=(1, 1, 2), padding=5, stride=FAR),
        Conv(x=(1, 1, 3), w=(2, 1, 1), padding=FAR, stride=FAR),
        Conv(x=(1, 1, 5), w=(1, 1, 2), padding=FAR, dilation=FAR, stride=FAR),
        Conv(x=(1, 2, 3, 4), w=(1, 2, 2, 2), padding=(FAR // 2, 1), dilation=(FAR - 5, 2), stride=(FAR, 1)),
        Conv(x=(1, 1, 3), w=(2, 1, 1), padding=FAR, stride=FAR, mode="replicate"),
        Conv(x=(1, 1, 5), w=(1, 1, 2), padding=FAR, dilation=FAR, stride=FAR, mode="replicate"),
        Conv(x=(1, 1, 3), w=(1, 1, 2), padding=2, stride=FAR, mode="reflect"),
        Conv(x=(1, 1, 3), w=(1, 1, 2), padding=3, dilation=8, stride=FAR, mode="circular"),
    ],
    ids=str,
)
def test_far_strides_and_paddings_neither_wrap_nor_fill_the_memory(family, geo):
    if family == "transposed" and geo.mode != "zeros":
        return  # it has no other mode
    operation = Operation(family, geo)
    check(operation, operation.operands(1, "float64"))
