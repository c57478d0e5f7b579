"""Right formulas in too little precision: operands, accumulators, integers."""

import numpy as np

from tests.mutants._numpy_kernels import Convolution
from tests.mutants.calls import Call, full_significand, live_tap
from tests.mutants.registry import mutant

PLAIN = Call()
LIVE_TAP = Call(fill=full_significand, change=live_tap)


def rounded(values, bits):
    """To the nearest significand of `bits` bits, the leading one included."""
    significand, exponent = np.frexp(values)
    return np.ldexp(np.rint(np.ldexp(significand, bits)), exponent - bits).astype(values.dtype)


def one_live_gradient(arrays):
    """One nonzero output gradient per channel: no long sum, and a full significand in it."""
    g = arrays["grad_output"]
    flat = g.reshape(*g.shape[:2], -1)
    flat[1:] = 0
    flat[:, :, 1:] = 0


def one_loud_item(arrays):
    """The first item of the batch is a million times the others."""
    arrays["input"][1:] *= 1e-6


def large(low, high):
    """Positive integers between two numbers."""

    def draw(rng, shape):
        return rng.integers(low, high, shape).astype(np.float64)

    draw.__name__ = f"large_{low}_{high}"
    return draw


# Operands -------------------------------------------------------------------------------------------------------------


@mutant("conv2d", "conv1d", "conv_transpose2d", bits=11, role="input", report="class: TF32 operands",
        wrong="inputs are rounded to TF32", witness=LIVE_TAP, benign=PLAIN,
        note="dense integers of 11 bits and less pass unchanged")
@mutant("conv2d_input", bits=11, role="weight", report="class: TF32 operands", wrong="weights are rounded to TF32",
        witness=Call(fill=full_significand, change=one_live_gradient), benign=PLAIN)
@mutant("conv2d_weight", bits=8, role="grad_output", report="class: bfloat16 operands",
        wrong="output gradients are rounded to bfloat16",
        witness=Call(fill=full_significand, change=one_live_gradient), benign=PLAIN)
class OperandRounded(Convolution):
    bits: int
    role: str

    def operand(self, array, role):
        values = super().operand(array, role)
        floating = values.dtype.kind == "f" and role == self.role
        return rounded(values, self.bits) if floating else values


@mutant("conv2d", "conv3d", report="pytorch#163539", wrong="sums of 1024 terms and more take bfloat16 operands",
        witness=Call(x=(1, 256, 5), w=(4, 256, 2), fill=full_significand, change=live_tap),
        benign=Call(x=(1, 16, 5), w=(4, 16, 2), fill=full_significand, change=live_tap))
class LongSumsInBfloat16(Convolution):
    def product(self, left, right):
        if left.shape[-1] >= 1024 and left.dtype.kind == "f":
            left, right = rounded(left, 8), rounded(right, 8)
        return super().product(left, right)


@mutant("conv2d", "conv_transpose3d", narrow=np.float16, report="class: half bias", wrong="the bias is rounded to half",
        witness=Call(bias=True, fill=full_significand), benign=PLAIN)
@mutant("conv2d", narrow=np.float32, report="class: single bias", wrong="a float64 bias is rounded to float32",
        witness=Call(bias=True, fill=full_significand, dtype="float64"), benign=PLAIN)
class NarrowBias(Convolution):
    narrow: type

    def add_bias(self, y, bias):
        with np.errstate(over="ignore"):
            return super().add_bias(y, bias.astype(self.narrow))


# Accumulators ---------------------------------------------------------------------------------------------------------


@mutant("conv2d", "conv2d_weight", narrow=np.float16, wide=np.float32, report="class: half accumulator",
        wrong="float32 is accumulated in float16", witness=Call(fill=full_significand), benign=PLAIN)
@mutant("conv2d", "conv2d_input", "conv1d", narrow=np.float32, wide=np.float64, report="class: single accumulator",
        wrong="float64 is accumulated in float32", witness=Call(fill=full_significand, dtype="float64"),
        benign=Call(dtype="float64"))
class NarrowAccumulator(Convolution):
    """Operands at full precision; every partial sum of eight products is rounded."""

    narrow: type
    wide: type

    def product(self, left, right):
        if left.dtype != self.wide:
            return super().product(left, right)
        total = np.zeros((*np.broadcast_shapes(left.shape[:-2], right.shape[:-2]), left.shape[-2], right.shape[-1]),
                         self.narrow)
        with np.errstate(over="ignore", invalid="ignore"):
            for k in range(0, left.shape[-1], 8):
                total = (total + super().product(left[..., k:k + 8], right[..., k:k + 8, :])).astype(self.narrow)
        return total.astype(self.wide)


@mutant("conv2d", report="class: half result", wrong="the result passes through float16 on its way out",
        witness=Call(fill=full_significand), benign=PLAIN)
class ResultThroughHalf(Convolution):
    def finish(self, result, first, second, axes):
        with np.errstate(over="ignore"):
            return result.astype(np.float16).astype(result.dtype) if result.dtype.kind == "f" else result


@mutant("conv2d", report="class: error relative to the largest output",
        wrong="rounding errors grow with the largest output",
        witness=Call(fill=full_significand, change=one_loud_item), benign=Call(fill=full_significand),
        note="what an FFT does under a componentwise claim")
class NormwiseError(Convolution):
    def finish(self, result, first, second, axes):
        if result.dtype.kind != "f" or not result.size:
            return result
        return result + np.finfo(result.dtype).eps * np.abs(result).max()


# Integers -------------------------------------------------------------------------------------------------------------


@mutant("conv2d", accumulator_type=np.int8, report="cupy#6047", wrong="8-bit integers are accumulated in 8 bits",
        witness=Call(dtype="int8", fill=large(10, 20)), benign=Call(dtype="int8", w=(4, 1, 1), groups=4),
        dtypes=("int8",))
@mutant("conv2d", accumulator_type=np.int16, report="class: 16-bit pairs",
        wrong="8-bit integers are accumulated in 16 bits",
        witness=Call(dtype="int8", fill=large(90, 120)), benign=Call(dtype="int8"), dtypes=("int8",))
class IntegerWraps(Convolution):
    accumulator_type: type

    def product(self, left, right):
        if left.dtype != np.int32:
            return super().product(left, right)
        narrow = self.accumulator_type
        return super().product(left.astype(narrow), right.astype(narrow)).astype(np.int32)


@mutant("conv2d", report="class: integers through floats", wrong="64-bit integers are summed in float32",
        witness=Call(dtype="int64", fill=large(5000, 9000)), benign=Call(dtype="int64"), dtypes=("int64",))
class IntegersThroughFloat(Convolution):
    def product(self, left, right):
        if left.dtype != np.int64:
            return super().product(left, right)
        return super().product(left.astype(np.float32), right.astype(np.float32)).astype(np.int64)


@mutant("conv2d", report="cupy#6047", wrong="unsigned operands are read as signed",
        witness=Call(dtype="uint8", fill=large(100, 250)), benign=Call(dtype="uint8", fill=large(1, 9)),
        dtypes=("uint8",))
class UnsignedReadAsSigned(Convolution):
    def operand(self, array, role):
        return super().operand(array.astype(np.int8) if array.dtype == np.uint8 else array, role)


@mutant("conv2d", "conv1d_weight", report="class: integers through floats",
        wrong="64-bit integers pass through float64",
        witness=Call(dtype="int64", fill=large(2**28, 2**29)), benign=Call(dtype="int64"), dtypes=("int64",))
class WideIntegersThroughFloat(Convolution):
    def operand(self, array, role):
        values = super().operand(array, role)
        return values.astype(np.float64) if values.dtype == np.int64 else values


@mutant("conv2d", report="class: symmetric quantisation", wrong="-128 is taken for -127",
        witness=Call(dtype="int8", fill=large(-128, -127)), benign=Call(dtype="int8"), dtypes=("int8",))
class LeastNumberSaturates(Convolution):
    def operand(self, array, role):
        return super().operand(np.maximum(array, -127) if array.dtype == np.int8 else array, role)
