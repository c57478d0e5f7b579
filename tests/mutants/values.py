"""Right indices, wrong values: bias, constants, clipping, types and layout of the result."""

import numpy as np

from tests.mutants._numpy_kernels import Convolution
from tests.mutants.calls import Call, full_significand, integers, positive
from tests.mutants.registry import mutant

PLAIN = Call()
BIASED = Call(bias=True)


POSITIVE = Call(change=positive)


def hundreds(rng, shape):
    """Integers in the hundreds."""
    return 100 * integers(rng, shape)


def nan_in_input(arrays):
    """One NaN, in the first channel of the first item."""
    arrays["input"].flat[0] = np.nan


def zero_weight_under_infinity(arrays):
    """Infinite inputs under zero weights: 0 * inf is NaN."""
    arrays["weight"][...] = 0
    arrays["input"].flat[0] = np.inf


def tiny_weights(arrays):
    """The first output channel's weights are a millionth of the others'."""
    arrays["weight"][0] *= 1e-6


def subnormal_input(arrays):
    """Inputs below the smallest normal number of the type."""
    arrays["input"] *= np.finfo(arrays["input"].dtype).tiny / 64


# Bias -----------------------------------------------------------------------------------------------------------------


@mutant("conv2d", "conv_transpose1d", report="class: bias", wrong="the bias is added twice",
        witness=BIASED, benign=PLAIN)
class BiasTwice(Convolution):
    def add_bias(self, y, bias):
        return super().add_bias(super().add_bias(y, bias), bias)


@mutant("conv2d", "conv3d", report="class: bias", wrong="only the first channel gets its bias",
        witness=BIASED, benign=PLAIN)
class BiasFirstChannel(Convolution):
    def add_bias(self, y, bias):
        return super().add_bias(y, bias * (np.arange(bias.size) == 0))


@mutant("conv1d", "conv_transpose2d", report="class: bias", wrong="the bias is ignored", witness=BIASED, benign=PLAIN)
class BiasIgnored(Convolution):
    def add_bias(self, y, bias):
        return y


@mutant("conv2d", report="class: bias broadcast", wrong="the bias is added along the columns where there are M of them",
        witness=Call(x=(2, 4, 5), bias=True), benign=BIASED)
class BiasAlongColumns(Convolution):
    def add_bias(self, y, bias):
        return y + bias.astype(y.dtype) if y.shape[-1] == bias.size else super().add_bias(y, bias)


@mutant("conv2d", report="onnxruntime#15050", wrong="the border of the output gets no bias",
        witness=BIASED, benign=PLAIN)
class BiasInteriorOnly(Convolution):
    def add_bias(self, y, bias):
        inner = (..., *(slice(1, -1),) * self.rank)
        y = y.copy()
        y[inner] = super().add_bias(y, bias)[inner]
        return y


# Values ---------------------------------------------------------------------------------------------------------------


@mutant("conv2d", "conv2d_weight", "conv_transpose3d", report="KernelBench#165", wrong="returns zeros",
        witness=PLAIN, benign=None)
class ReturnsZeros(Convolution):
    def finish(self, result, first, second, axes):
        return np.zeros_like(result)


@mutant("conv2d", report="KernelBench#165", wrong="returns the mean of the right result everywhere",
        witness=PLAIN, benign=None)
class ReturnsMean(Convolution):
    def finish(self, result, first, second, axes):
        return np.full_like(result, result.mean()) if result.size else result


@mutant("conv2d", "conv2d_input", report="class: fused activation", wrong="negative results are set to zero",
        witness=PLAIN, benign=POSITIVE)
class Relu(Convolution):
    def finish(self, result, first, second, axes):
        return np.maximum(result, 0)


@mutant("conv2d", "conv1d_weight", report="class: saturation", wrong="results are clipped to +-1000",
        witness=Call(fill=hundreds), benign=Call(w=(4, 4, 1)))
class Clipped(Convolution):
    def finish(self, result, first, second, axes):
        return np.clip(result, -1000, 1000)


@mutant("conv2d", report="class: pruning", wrong="weights below a thousandth of the largest are dropped",
        witness=Call(change=tiny_weights), benign=PLAIN)
class SmallWeightsPruned(Convolution):
    def operand(self, array, role):
        values = super().operand(array, role)
        if role == "weight" and values.size:
            values[np.abs(values) < 1e-3 * np.abs(values).max()] = 0
        return values


@mutant("conv2d", report="class: noise", wrong="results carry random noise of a ten-thousandth",
        witness=PLAIN, benign=None)
class RandomNoise(Convolution):
    def finish(self, result, first, second, axes):
        return result * (1 + 1e-4 * np.random.default_rng().uniform(0.5, 1, result.shape))


# Values that dense small integers do not have -------------------------------------------------------------------------


def billionths(arrays):
    """Operands a billion times smaller."""
    for array in arrays.values():
        array *= 1e-9


def mostly_zeros(arrays):
    """Four in five numbers of every operand become zero."""
    for array in arrays.values():
        array.ravel()[np.arange(array.size) % 5 > 0] = 0


@mutant("conv2d", "conv_transpose1d", "conv3d_weight", report="class: rounding to integers",
        wrong="results are rounded to whole numbers", witness=Call(fill=full_significand), benign=PLAIN)
class RoundedToIntegers(Convolution):
    def finish(self, result, first, second, axes):
        return np.rint(result)


@mutant("conv2d", "conv2d_input", report="class: absolute threshold", wrong="operands below 1e-6 count as zero",
        witness=Call(change=billionths), benign=PLAIN)
class AbsoluteThreshold(Convolution):
    def operand(self, array, role):
        values = super().operand(array, role)
        return np.where(np.abs(values) < 1e-6, 0, values).astype(values.dtype)


@mutant("conv2d", report="class: path for activations",
        wrong="inputs without a negative number lose the last column", witness=POSITIVE, benign=PLAIN)
class NonNegativePath(Convolution):
    def finish(self, result, first, second, axes):
        if first.size > 64 and (first >= 0).all():
            result[..., -1] = 0
        return result


@mutant("conv2d", "conv2d_weight", report="class: path for pruned weights",
        wrong="where most of an operand is zero, the last row is lost",
        witness=Call(x=(2, 4, 9), change=mostly_zeros), benign=PLAIN)
class SparsePath(Convolution):
    def finish(self, result, first, second, axes):
        if second.size > 64 and 8 < np.count_nonzero(second) < 0.3 * second.size:
            result[..., -1, :] = 0
        return result


# Layout and type of the result ----------------------------------------------------------------------------------------


@mutant("conv2d", report="class: layout of the result", wrong="square results come as (N, M, W, H)",
        witness=Call(x=(1, 4, 6), w=(4, 4, 3)), benign=Call(x=(2, 4, 7)))
class SquareResultTransposed(Convolution):
    def finish(self, result, first, second, axes):
        return result.swapaxes(-1, -2) if result.shape[-1] == result.shape[-2] else result


@mutant("conv2d", report="class: layout of the result", wrong="results come channels-last",
        witness=Call(x=(1, 4, 6), w=(4, 4, 3)), benign=Call(x=(1, 1, 3), w=(1, 1, 3)))
class ChannelsLastResult(Convolution):
    def finish(self, result, first, second, axes):
        return np.moveaxis(result, 1, -1)


@mutant("conv2d", report="class: type of the result", wrong="float32 operands give float64", witness=PLAIN,
        benign=Call(dtype="float64"), contract=True, expect=None)
class WideResult(Convolution):
    def result_type(self, dtype):
        return np.result_type(super().result_type(dtype), np.float64)


@mutant("conv2d", report="class: type of the result", wrong="float64 operands give float32",
        witness=Call(dtype="float64"), benign=PLAIN, contract=True)
class NarrowResult(Convolution):
    def result_type(self, dtype):
        return np.dtype(np.float32) if dtype == np.float64 else super().result_type(dtype)


@mutant("conv2d", report="class: type of the result", wrong="float operands give integers",
        witness=Call(fill=full_significand), benign=None, contract=True)
class IntegerResult(Convolution):
    def result_type(self, dtype):
        return np.dtype(np.int64)


@mutant("conv2d", "conv3d", report="class: zero channels", wrong="without input channels the bias is left out",
        witness=Call(x=(1, 0, 5), w=(2, 0, 3), bias=True), benign=BIASED, contract=True)
class NoChannelsNoBias(Convolution):
    def finish(self, result, first, second, axes):
        return result if first.shape[1] else np.zeros_like(result)


# NaN, infinity, subnormals --------------------------------------------------------------------------------------------


@mutant("conv1d", "conv2d", report="scipy#15927", wrong="one NaN spreads over the whole item, as under an FFT",
        witness=Call(change=nan_in_input), benign=PLAIN, contract=True)
class NanSpreads(Convolution):
    def finish(self, result, first, second, axes):
        result[np.isnan(first).reshape(len(first), -1).any(axis=1)] = np.nan
        return result


@mutant("conv2d", report="pytorch#7645", wrong="NaN in the input counts as zero", witness=Call(change=nan_in_input),
        benign=PLAIN, contract=True)
class NanSwallowed(Convolution):
    def operand(self, array, role):
        return np.nan_to_num(super().operand(array, role), posinf=np.inf, neginf=-np.inf)


@mutant("conv2d", report="class: zeros skipped",
        wrong="taps without a weight are skipped: no NaN from infinity times zero",
        witness=Call(change=zero_weight_under_infinity), benign=PLAIN, contract=True, expect=None)
class ZeroWeightsSkipped(Convolution):
    def product(self, left, right):
        live = left.any(axis=(0, 1))
        return super().product(left[..., live], right[..., live, :])


@mutant("conv2d", report="class: flush to zero", wrong="subnormal inputs count as zero", contract=True, expect=None,
        witness=Call(change=subnormal_input), benign=PLAIN)
class SubnormalsFlushed(Convolution):
    def operand(self, array, role):
        values = super().operand(array, role)
        return np.where(np.abs(values) < np.finfo(values.dtype).tiny, 0, values)
