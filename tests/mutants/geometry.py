"""Wrong index relations: flips, padding, swapped axes, stride, dilation, and sizes of the output."""

from dataclasses import replace

import numpy as np

from tests.mutants._numpy_kernels import Convolution
from tests.mutants.calls import Call
from tests.mutants.registry import mutant

FAMILY = ("conv2d", "conv2d_input", "conv2d_weight", "conv_transpose2d")
CONSISTENT = "the same error in forward and both gradients: the adjoint test is blind to it"
PLAIN = Call()
POINTWISE = Call(w=(4, 4, 1))
PADDED = Call(padding=1)
DILATED = Call(x=(2, 4, 9), dilation=2)
SQUARE_STRIDED = Call(x=(2, 4, 7), w=(4, 4, 3), stride=2, padding=1)
MIXED = Call(x=(2, 4, 9), w=(4, 4, 3), stride=(1, 2), padding=(2, 1), dilation=(2, 1))


# Order of the taps ----------------------------------------------------------------------------------------------------


@mutant(*FAMILY, "conv3d_input", report="Theano#5170", wrong="convolution for correlation: the kernel is flipped",
        witness=PLAIN, benign=POINTWISE, note=CONSISTENT)
class FlippedKernel(Convolution):
    def index(self, r, a, axis):
        return super().index(r, axis.taps - 1 - a, axis)


@mutant("conv2d", "conv2d_weight", "conv3d", report="class: flip in one axis", wrong="flipped in the first axis only",
        witness=PLAIN, benign=Call(w=(4, 4, 1, 3)))
class FlippedInOneAxis(Convolution):
    def index(self, r, a, axis):
        return super().index(r, axis.taps - 1 - a if axis.number == 0 else a, axis)


@mutant("conv2d", "conv_transpose2d", report="class: asymmetric kernel", wrong="a square kernel's taps are transposed",
        witness=Call(w=(4, 4, 3)), benign=PLAIN)
class TransposedTaps(Convolution):
    def operand(self, array, role):
        values = super().operand(array, role)
        square = role == "weight" and array.shape[-1] == array.shape[-2]
        return np.ascontiguousarray(values.swapaxes(-1, -2)) if square else values


@mutant("conv2d", "conv2d_input", report="class: asymmetric kernel", wrong="one kernel size bounds both tap loops",
        witness=Call(w=(4, 4, 2, 3)), benign=PLAIN, note="taps beyond the first axis' size are never read")
class KernelHeightForBothAxes(Convolution):
    def operand(self, array, role):
        values = super().operand(array, role)
        if role == "weight":
            values[..., array.shape[-2]:] = 0
        return values


@mutant("conv1d_input", "conv2d_input", report="pylops#797", wrong="even kernels are centred one tap off",
        witness=Call(w=(4, 4, 2)), benign=Call(w=(4, 4, 3)))
class EvenKernelShifted(Convolution):
    def index(self, r, a, axis):
        return super().index(r, a, axis) + (axis.taps % 2 == 0)


@mutant("conv1d", report="class: long kernel", wrong="taps from the 16th on are dropped",
        witness=Call(x=(1, 2, 40), w=(2, 2, 17)), benign=Call(x=(1, 2, 40), w=(2, 2, 15)))
class LongKernelCut(Convolution):
    def index(self, r, a, axis):
        return np.where(a < 15, super().index(r, a, axis), -1)


# Padding --------------------------------------------------------------------------------------------------------------


@mutant(*FAMILY, report="class: padding off by one", wrong="low side padded by one less", witness=PADDED, benign=PLAIN,
        note=CONSISTENT)
class LowPaddingOneShort(Convolution):
    def index(self, r, a, axis):
        return super().index(r, a, axis) + (axis.padding > 0)


@mutant(*FAMILY, "conv1d", report="class: padding off by one", wrong="the last input of an axis is taken for padding",
        witness=PADDED, benign=PLAIN, note=CONSISTENT)
class HighPaddingOneMore(Convolution):
    def index(self, r, a, axis):
        i = super().index(r, a, axis)
        return np.where((axis.padding > 0) & (i == axis.size - 1), -1, i)


@mutant("conv2d", "conv3d", report="onnxruntime#9370", wrong="all padding on the low side",
        witness=PADDED, benign=PLAIN, note="the size of the output is right")
class PaddingAllLow(Convolution):
    def index(self, r, a, axis):
        return super().index(r, a, axis) - axis.padding


@mutant("conv2d", "conv1d", report="onnxruntime#4086", wrong="padding counts for the size but not for the values",
        witness=PADDED, benign=PLAIN)
class PaddingIgnored(Convolution):
    def index(self, r, a, axis):
        return super().index(r, a, axis) + axis.padding


@mutant("conv2d", "conv1d", report="class: padding mode", wrong="circular padding", witness=PADDED, benign=PLAIN)
class CircularPadding(Convolution):
    def outside(self, i, size):
        return i % size


@mutant("conv2d", "conv2d_weight", "conv3d", report="class: padding mode",
        wrong="replicate padding", witness=PADDED, benign=PLAIN)
class ReplicatePadding(Convolution):
    def outside(self, i, size):
        return np.clip(i, 0, size - 1)


@mutant("conv2d_input", "conv_transpose2d", report="conv_arithmetic#33",
        wrong="padding beyond dilation*(taps-1) is cut", witness=Call(x=(2, 4, 5), w=(4, 4, 2), padding=2),
        benign=Call(w=(4, 4, 2), padding=1),
        note="the transposed padding dilation*(taps-1) - padding is negative there and must crop")
class NegativeTransposedPadding(Convolution):
    def index(self, r, a, axis):
        padding = min(axis.padding, axis.dilation * (axis.taps - 1))
        return super().index(r, a, replace(axis, padding=padding))


@mutant("conv1d", report="class: number or tuple", wrong="padding given as a tuple is ignored",
        witness=Call(padding=(1, 1, 1)), benign=PADDED)
class TuplePaddingIgnored(Convolution):
    def conv(self, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        padding = padding if isinstance(padding, int) else 0
        return super().conv(input, weight, bias, stride, padding, dilation, groups)


# Axes and settings exchanged ------------------------------------------------------------------------------------------


@mutant("conv2d", "conv2d_weight", field="stride", report="class: height and width swapped",
        wrong="strides of the axes swapped", witness=MIXED, benign=SQUARE_STRIDED)
@mutant("conv2d", "conv2d_weight", field="padding", report="opacus#443",
        wrong="paddings of the axes swapped", witness=MIXED, benign=SQUARE_STRIDED)
@mutant("conv2d", "conv_transpose2d", field="dilation", report="class: height and width swapped",
        wrong="dilations of the axes swapped", witness=MIXED, benign=DILATED)
@mutant("conv3d", field="dilation", report="class: depth, height and width permuted",
        wrong="dilations of the axes in reverse order", witness=MIXED, benign=DILATED)
class SwappedAxes(Convolution):
    field: str

    def relation(self, axes):
        return [replace(axis, **{self.field: getattr(other, self.field)})
                for axis, other in zip(axes, reversed(axes), strict=True)]


@mutant("conv2d", "conv2d_input", "conv3d_weight", report="class: one setting for all axes",
        wrong="the first axis' stride is used for every axis", witness=MIXED, benign=SQUARE_STRIDED)
class FirstStrideForAll(Convolution):
    def relation(self, axes):
        return [replace(axis, stride=axes[0].stride) for axis in axes]


@mutant(*FAMILY, "conv1d", report="iree-turbine#1223", wrong="stride and dilation swapped",
        witness=Call(x=(2, 4, 9), stride=2), benign=Call(x=(2, 4, 9), w=(4, 4, 3), stride=2, dilation=2, padding=1),
        note=CONSISTENT)
class StrideDilationSwapped(Convolution):
    def relation(self, axes):
        return [replace(axis, stride=axis.dilation, dilation=axis.stride) for axis in axes]


# Stride and dilation --------------------------------------------------------------------------------------------------


@mutant("conv2d", "conv_transpose2d", report="pytorch#63314", wrong="1x1 kernels ignore the stride: g[1] for g[2]",
        witness=Call(w=(4, 4, 1), stride=2), benign=Call(stride=2))
class StrideIgnoredForPointwise(Convolution):
    def relation(self, axes):
        pointwise = all(axis.taps == 1 for axis in axes)
        return [replace(axis, stride=1) for axis in axes] if pointwise else axes


@mutant("conv2d", "conv1d", report="class: stride 3 and more", wrong="strides above 2 are taken for 2",
        witness=Call(x=(2, 4, 11), stride=3), benign=Call(stride=2))
class StrideAboveTwo(Convolution):
    def relation(self, axes):
        return [replace(axis, stride=min(axis.stride, 2)) for axis in axes]


@mutant(*FAMILY, "conv3d", report="class: dilation of the last tap", wrong="the last tap is dilated one short",
        witness=DILATED, benign=PADDED, note=CONSISTENT)
class LastTapOneShort(Convolution):
    def index(self, r, a, axis):
        return super().index(r, a, axis) - ((a == axis.taps - 1) & (axis.dilation > 1) & (a > 0))


@mutant("conv1d_input", "conv2d_input", report="jax#563", wrong="input gradient ignores dilation",
        witness=DILATED, benign=PADDED)
@mutant("conv2d_weight", "conv3d_weight", report="class: dilation ignored", wrong="weight gradient ignores dilation",
        witness=DILATED, benign=PADDED)
@mutant("conv_transpose2d", "conv_transpose1d", report="mxnet#11203", wrong="transposed convolution ignores dilation",
        witness=DILATED, benign=PADDED)
class DilationIgnored(Convolution):
    def relation(self, axes):
        return [replace(axis, dilation=1) for axis in axes]


@mutant("conv2d", report="class: large dilation", wrong="dilations above 8 are taken for 8",
        witness=Call(x=(1, 2, 20), w=(2, 2, 2), dilation=9), benign=Call(x=(1, 2, 20), w=(2, 2, 2), dilation=8))
class DilationAboveEight(Convolution):
    def relation(self, axes):
        return [replace(axis, dilation=min(axis.dilation, 8)) for axis in axes]


@mutant("conv2d", report="tensorflow#57128", wrong="depthwise with stride and dilation has one column too many",
        witness=Call(x=(1, 4, 13), w=(4, 1, 3), stride=2, dilation=3, groups=4),
        benign=Call(x=(1, 4, 13), w=(4, 1, 3), stride=2, groups=4))
class DepthwiseStrideDilation(Convolution):
    def finish(self, result, first, second, axes):
        depthwise = second.shape[1] == 1 < first.shape[1]
        wide = depthwise and all(axis.stride > 1 and axis.dilation > 1 for axis in axes)
        return np.concatenate([result, result[..., -1:]], axis=-1) if wide else result


# Sizes of the output --------------------------------------------------------------------------------------------------


@mutant("conv2d", "conv1d", report="class: size rounded up", wrong="the size of the output is rounded up",
        witness=Call(x=(2, 4, 6), w=(4, 4, 3), stride=2), benign=Call(x=(2, 4, 7), w=(4, 4, 3), stride=2))
class SizeRoundedUp(Convolution):
    def output_size(self, size, taps, stride, padding, dilation):
        return -(-(size + 2 * padding - dilation * (taps - 1) - 1) // stride) + 1


@mutant("conv2d", "conv3d", report="pytorch#14099", wrong="the size of the output ignores dilation",
        witness=DILATED, benign=PADDED)
class SizeIgnoresDilation(Convolution):
    def output_size(self, size, taps, stride, padding, dilation):
        return super().output_size(size, taps, stride, padding, 1)
