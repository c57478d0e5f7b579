"""Each property refutes the kernels it is there for, and lets right ones pass."""

import numpy as np
import pytest

from convproof.checker.cases import Passed, Skipped
from convproof.checker.properties import PROPERTIES
from convproof.checker.properties.arguments import ARGUMENTS
from convproof.checker.properties.data import KINDS, SCALE
from convproof.checker.properties.edges import EMPTY, NON_FINITE
from convproof.checker.properties.memory import LAYOUTS, MOAT, REPEATABLE, STATELESS, UNTOUCHED
from convproof.checker.properties.precision import ACCUMULATOR, ERROR_BOUND, OPERANDS
from convproof.checker.properties.values import BIAS, READ_OFF, RESULT, VALUES, _digits
from convproof.checker.subject import Crashed, Declined, Wrong

SMALL = "x2x2x4x5-w4x1x3x2-p1-g2"
GEOMETRIES = [SMALL, "x1x3x7x6-w2x3x2x3-s2x1-d1x2-p2x0", "x1x1x1x1-w1x1x1x1", "x2x4x5x5-w4x1x3x3-p1-g4"]
OPERATIONS = ["conv2d", "conv2d_input", "conv2d_weight", "conv_transpose2d"]


@pytest.mark.parametrize("prop", PROPERTIES, ids=lambda p: p.name)
@pytest.mark.parametrize("op", OPERATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint8", "int64"])
def test_a_right_kernel_passes_everything(ask, prop, op, dtype):
    for geometry in GEOMETRIES:
        assert isinstance(ask(prop, geometry, op=op, dtype=dtype), Passed | Skipped)


@pytest.mark.parametrize("prop", PROPERTIES, ids=lambda p: p.name)
def test_every_property_has_something_to_say(ask, prop):
    """No property is skipped everywhere."""
    geometries = [*GEOMETRIES, "x2x4x5x5-w3x4x1x1", "x1x2x5x5-w2x2x5x5"]
    asked = [ask(prop, g, op=op) for g in geometries for op in OPERATIONS]
    assert any(isinstance(result, Passed) for result in asked)


def changed(right, change, op="conv2d"):
    """Return the right kernel with its result passed through `change`."""
    kernel = right(op)

    def wrong(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        return change(kernel(input, weight, bias, stride, padding, dilation, groups), input, weight)

    return wrong


def test_values_sees_one_wrong_entry(ask, right):
    def one_off(y, x, w):
        y[-1, -1, -1, -1] += 1
        return y

    with pytest.raises(Wrong) as caught:
        ask(VALUES, SMALL, changed(right, one_off))
    assert caught.value.entry == (1, 3, 3, 5)
    assert "1 of 192 entries differ" in caught.value.story


def test_values_sees_a_kernel_that_remembers_its_buffers(ask, right):
    seen = {}

    def cached(input, weight, **options):
        key = (id(input), id(weight))
        if key not in seen:
            seen[key] = right("conv2d")(input, weight, **options), input, weight
        return seen[key][0].copy()

    with pytest.raises(Wrong):
        ask(VALUES, SMALL, cached)


@pytest.mark.parametrize("coefficient", [-2, -1, 0, 2, 3])
def test_matrix_sees_one_wrong_coefficient(ask, right, coefficient):
    def wrong(y, x, w):
        y[0, 0, 1, 1] += (coefficient - 1) * x[0, 0, 1, 1] * w[0, 0, 1, 1]
        return y

    with pytest.raises(Wrong):
        ask(READ_OFF, "x1x1x3x3-w1x1x2x2", changed(right, wrong))


def test_result_shape(ask, right):
    with pytest.raises(Wrong, match="shape"):
        ask(RESULT, SMALL, changed(right, lambda y, x, w: y[:, :, :-1]))
    with pytest.raises(Wrong, match="float16"):
        ask(RESULT, SMALL, changed(right, lambda y, x, w: y.astype(np.float16)))
    wide = ask(RESULT, SMALL, changed(right, lambda y, x, w: y.astype(np.float64)))
    assert wide.note == "returns float64 for float32"


def test_bias_added_twice(ask, right):
    def twice(input, weight, bias=None, **options):
        return right("conv2d")(input, weight, None if bias is None else 2 * bias, **options)

    with pytest.raises(Wrong):
        ask(BIAS, SMALL, twice)


def cut(array, bits):
    """Round to fewer significand bits."""
    mantissa, exponent = np.frexp(array)
    return np.ldexp(np.rint(np.ldexp(mantissa, bits)), exponent - bits).astype(array.dtype)


@pytest.mark.parametrize("op", OPERATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("which", [0, 1])
def test_operands_cut_short(ask, right, op, dtype, which):
    kernel, bits = right(op), {"float32": 11, "float64": 24}[dtype]

    def wrong(*operands, **options):
        arrays = [at for at, a in enumerate(operands) if isinstance(a, np.ndarray)]
        short = list(operands)
        short[arrays[which]] = cut(short[arrays[which]], bits)
        return kernel(*short, **options)

    with pytest.raises(Wrong, match="one tap live"):
        for geometry in GEOMETRIES:
            ask(OPERANDS, geometry, wrong, op=op, dtype=dtype)


@pytest.mark.parametrize(("dtype", "bits"), [("float32", 11), ("float64", 24), ("float64", 44)])
def test_narrow_accumulators(ask, right, dtype, bits):
    with pytest.raises(Wrong):
        for geometry in GEOMETRIES:
            ask(ACCUMULATOR, geometry, changed(right, lambda y, x, w: cut(y, bits)), dtype=dtype)


def test_error_bound(ask, right):
    with pytest.raises(Wrong, match="errs by"):
        ask(ERROR_BOUND, SMALL, changed(right, lambda y, x, w: y * np.float32(1.0001)))
    assert 0 < ask(ERROR_BOUND, SMALL).share < 1


@pytest.mark.parametrize("operand", ["input", "weight"])
def test_strides_ignored(ask, right, operand):
    """A kernel that reads its operand's memory in order, whatever its strides."""

    def in_memory_order(array):
        if array.strides == np.ascontiguousarray(array).strides or min(array.strides) <= 0:
            return array
        return np.lib.stride_tricks.as_strided(array, array.shape, np.ascontiguousarray(array).strides)

    def wrong(input, weight, bias=None, **options):
        if operand == "input":
            input = in_memory_order(input)
        else:
            weight = in_memory_order(weight)
        return right("conv2d")(input, weight, bias, **options)

    with pytest.raises(Wrong):
        ask(LAYOUTS, SMALL, wrong)


def test_reading_past_the_end(ask, right):
    def wrong(input, weight, bias=None, **options):
        y = right("conv2d")(input, weight, bias, **options)
        beyond = np.lib.stride_tricks.as_strided(input.reshape(-1), (input.size + 1,), (input.itemsize,))[-1]
        return y + 0 * beyond

    with pytest.raises(Wrong, match="poison"):
        ask(MOAT, SMALL, wrong)


def test_outputs_left_unwritten(ask, right):
    def wrong(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, out=None):
        y = right("conv2d")(input, weight, bias, stride, padding, dilation, groups)
        if out is None:
            return y
        out[..., 1:] = y[..., 1:]
        return out

    with pytest.raises(Wrong, match="out="):
        ask(MOAT, SMALL, wrong)


def test_inputs_damaged_and_aliased(ask, right):
    def damage(y, x, w):
        x += 1
        return y

    with pytest.raises(Wrong, match="changed its operand x"):
        ask(UNTOUCHED, SMALL, changed(right, damage))
    with pytest.raises(Wrong, match="shares memory"):
        ask(UNTOUCHED, "x1x1x3x3-w1x1x1x1", changed(right, lambda y, x, w: x if w.all() else y))


def test_state_and_noise(ask, right):
    calls = []

    def drifting(y, x, w):
        calls.append(1)
        return y + (len(calls) > 2)

    with pytest.raises(Wrong, match="calls in between"):
        ask(STATELESS, SMALL, changed(right, drifting))
    buffer = {}

    def reused(y, x, w):
        buffer.setdefault(y.shape, y)[...] = y
        return buffer[y.shape]

    with pytest.raises(Wrong, match="overwrote"):
        ask(STATELESS, SMALL, changed(right, reused))
    rng = np.random.default_rng(0)
    with pytest.raises(Wrong, match="other bits"):
        noisy = changed(right, lambda y, x, w: y * (1 + 1e-6 * rng.standard_normal(y.shape)).astype(y.dtype))
        ask(REPEATABLE, SMALL, noisy)


def test_long_doubles_have_bytes_that_mean_nothing(ask, right):
    filler = iter(range(256))

    def wide(y, x, w):
        raw = np.full((y.size, np.dtype(np.longdouble).itemsize), next(filler), np.uint8)
        result = raw.view(np.longdouble).reshape(y.shape)
        result[...] = y
        return result

    for prop in (STATELESS, REPEATABLE):
        assert isinstance(ask(prop, SMALL, changed(right, wide)), Passed)


def test_results_that_depend_on_threads(ask, right):
    def wrong(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, threads=1):
        y = right("conv2d")(input, weight, bias, stride, padding, dilation, groups)
        return y if threads < 3 else np.nextafter(y, np.float32(np.inf))

    with pytest.raises(Wrong, match="3 threads"):
        ask(REPEATABLE, SMALL, wrong)


def test_empty_batch_with_garbage(ask, right):
    def wrong(y, x, w):
        return y if x.size else np.full(y.shape, 7, y.dtype)

    with pytest.raises(Wrong, match="no input channels"):
        ask(EMPTY, SMALL, changed(right, wrong))


def test_nan_that_spreads_and_nan_that_vanishes(ask, right):
    def spreads(y, x, w):
        return y if np.isfinite(x).all() else np.full_like(y, np.nan)

    def vanishes(y, x, w):
        return np.nan_to_num(y, nan=0, posinf=0, neginf=0)

    geometry = "x1x1x6x6-w1x1x2x2"
    with pytest.raises(Wrong):
        ask(NON_FINITE, geometry, changed(right, spreads))
    with pytest.raises(Wrong, match="is finite"):
        ask(NON_FINITE, geometry, changed(right, vanishes))
    assert isinstance(ask(NON_FINITE, geometry, changed(right, spreads), finite_only=True), Skipped)


def test_a_padding_tap_may_multiply_infinity_by_zero(ask):
    """Explicit zero padding turns an infinite weight into NaN where it meets the padding; both ways are right."""

    def padded(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        from tests.mutants._numpy_kernels import kernel

        p = (padding, padding) if isinstance(padding, int) else padding
        wide = np.pad(input, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])))
        return kernel("conv2d")(wide, weight, bias, stride, 0, dilation, groups)

    assert isinstance(ask(NON_FINITE, "x1x1x3x3-w2x1x3x3-p2", padded), Passed)


def test_defaults_that_are_not_those_of_the_operation(ask, right):
    def stride_two(input, weight, bias=None, stride=2, padding=0, dilation=1, groups=1):
        return right("conv2d")(input, weight, bias, stride, padding, dilation, groups)

    with pytest.raises(Wrong, match="defaults left out"):
        ask(ARGUMENTS, SMALL, stride_two)


def test_tuples_and_numbers(ask, right):
    def numbers_only(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        assert all(isinstance(value, int) for value in (stride, padding, dilation)), "numbers only"
        return right("conv2d")(input, weight, bias, stride, padding, dilation, groups)

    def first_of_a_tuple(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        padding = (padding[0], 0) if isinstance(padding, tuple) else padding
        return right("conv2d")(input, weight, bias, stride, padding, dilation, groups)

    assert "tuples" in ask(ARGUMENTS, SMALL, numbers_only).note
    with pytest.raises(Wrong, match="with tuples"):
        ask(ARGUMENTS, SMALL, first_of_a_tuple)


def test_integers_hide_what_rounds_to_them(ask, right):
    rounding = changed(right, lambda y, x, w: np.rint(y))
    assert ask(VALUES, SMALL, rounding)
    with pytest.raises(Wrong, match=r"2\*\*-60"):
        ask(SCALE, SMALL, rounding)


def test_paths_for_some_kinds_of_data(ask, right):
    def damaged(when):
        return changed(right, lambda y, x, w: y + when(x))

    for when, what in (
        (lambda x: (x >= 0).all(), "no negative"),
        (lambda x: (x <= 0).all(), "no positive"),
        (lambda x: (x == 0).mean() > 0.6, "mostly zeros"),
        (lambda x: (x == x.flat[0]).all(), "equal"),
    ):
        assert ask(VALUES, SMALL, damaged(when))
        with pytest.raises(Wrong, match=what):
            ask(KINDS, SMALL, damaged(when))


def test_an_operand_that_is_reshaped_or_locked(ask, right):
    def flatten(y, x, w):
        x.shape = (x.size,)
        return y

    def lock(y, x, w):
        w.flags.writeable = False
        return y

    for damage, name in ((flatten, "x"), (lock, "w")):
        with pytest.raises(Wrong, match=f"flags of its operand {name}"):
            ask(VALUES, SMALL, changed(right, damage))


@pytest.mark.parametrize(("dtype", "digits"), [("int8", 2), ("int32", 10), ("int64", 17), ("float32", 8)])
def test_powers_of_the_matrix_are_all_held_by_the_dtype(dtype, digits):
    assert _digits(dtype) == digits
    assert int(np.array([8 ** (digits - 1)], dtype)[0]) == 8 ** (digits - 1)


def test_refusals_and_crashes_are_told_apart(ask):
    def refuses(input, weight):
        raise NotImplementedError("no")

    def crashes(input, weight):
        return [][1]

    with pytest.raises(Declined, match="NotImplementedError: no"):
        ask(VALUES, "x1x1x3x3-w1x1x1x1", refuses)
    with pytest.raises(Crashed, match="IndexError"):
        ask(VALUES, "x1x1x3x3-w1x1x1x1", crashes)
    with pytest.raises(Crashed, match="no array"):
        ask(VALUES, "x1x1x3x3-w1x1x1x1", lambda input, weight: [[1], [2, 3]])
    with pytest.raises(Wrong, match="no number"):
        ask(VALUES, "x1x1x3x3-w1x1x1x1", lambda input, weight: None)
