"""Transposed convolutions: sizes, output padding, padding conventions, holes."""

from dataclasses import replace

import numpy as np

from tests.mutants._numpy_kernels import Convolution
from tests.mutants.calls import Call, positive
from tests.mutants.registry import mutant

PLAIN = Call()
STRIDED = Call(x=(2, 4, 5), w=(4, 4, 3), stride=2, padding=1)
OUTPUT_PADDED = Call(x=(2, 4, 5), w=(4, 4, 3), stride=2, padding=1, output_padding=1)
DILATED_STRIDED = Call(x=(1, 1, 50), w=(1, 1, 3), stride=2, dilation=3, padding=4)


@mutant("conv_transpose2d", "conv_transpose1d", report="pytorch#98129",
        wrong="output padding is dropped from the size", witness=OUTPUT_PADDED, benign=STRIDED)
class OutputPaddingDropped(Convolution):
    def transposed_size(self, outputs, taps, stride, padding, dilation, output_padding):
        return super().transposed_size(outputs, taps, stride, padding, dilation, 0)


@mutant("conv_transpose2d", "conv_transpose3d", report="tvm#19524", wrong="output padding is filled with zeros",
        witness=OUTPUT_PADDED, benign=STRIDED, note="those rows do receive products where padding > 0")
class OutputPaddingZeros(Convolution):
    def index(self, r, a, axis):
        i = super().index(r, a, axis)
        end = self.transposed_size(axis.outputs, axis.taps, axis.stride, axis.padding, axis.dilation, 0)
        return np.where(i < end, i, -1)


@mutant("conv_transpose2d", report="class: output padding on the wrong side",
        wrong="output padding comes before the first row", witness=OUTPUT_PADDED, benign=STRIDED)
class OutputPaddingLowSide(Convolution):
    def index(self, r, a, axis):
        end = self.transposed_size(axis.outputs, axis.taps, axis.stride, axis.padding, axis.dilation, 0)
        return super().index(r, a, axis) + axis.size - end


@mutant("conv_transpose1d", "conv_transpose2d", report="onnxruntime#2518",
        wrong="size 95, not 97, for s2 d3 k3 p4 of 50",
        witness=DILATED_STRIDED, benign=STRIDED, note="dilation counted once too little where stride > 1")
class SizeDilationShort(Convolution):
    def transposed_size(self, outputs, taps, stride, padding, dilation, output_padding):
        size = super().transposed_size(outputs, taps, stride, padding, dilation, output_padding)
        return size - (dilation - 1 if stride > 1 else 0)


@mutant("conv_transpose2d", report="pytorch#14099", wrong="the size ignores dilation",
        witness=Call(dilation=2), benign=PLAIN)
class SizeIgnoresDilation(Convolution):
    def transposed_size(self, outputs, taps, stride, padding, dilation, output_padding):
        return super().transposed_size(outputs, taps, stride, padding, 1, output_padding)


@mutant("conv_transpose2d", "conv_transpose3d", report="jax#32267",
        wrong="padding is that of the equivalent convolution",
        witness=Call(x=(2, 4, 5), w=(4, 4, 3)), benign=Call(x=(2, 4, 5), w=(4, 4, 3), padding=1),
        note="p and dilation*(taps-1) - p are equal only for 'same' padding")
class OtherPaddingConvention(Convolution):
    def index(self, r, a, axis):
        padding = axis.dilation * (axis.taps - 1) - axis.padding
        return super().index(r, a, replace(axis, padding=padding))


@mutant("conv_transpose2d", report="class: weight layout", wrong="a square weight's channel axes are transposed",
        witness=PLAIN, benign=Call(w=(4, 3, 3)))
class WeightChannelsTransposed(Convolution):
    def operand(self, array, role):
        square = role == "weight" and array.shape[0] == array.shape[1]
        return super().operand(array.swapaxes(0, 1) if square else array, role)


@mutant("conv_transpose2d", report="class: holes between taps",
        wrong="where no tap falls, the value before is repeated", witness=Call(w=(4, 4, 1), stride=2), benign=PLAIN)
class HolesRepeated(Convolution):
    def finish(self, result, first, second, axes):
        axis = axes[-1]
        reached = self.index(np.arange(axis.outputs), np.arange(axis.taps)[:, None], axis)
        for i in np.flatnonzero(~np.isin(np.arange(axis.size), reached)):
            result[..., i] = result[..., max(i - 1, 0)]
        return result


@mutant("conv_transpose2d", "conv_transpose1d", report="class: bias in holes",
        wrong="values no product reaches get no bias",
        witness=Call(w=(4, 4, 1), stride=2, bias=True), benign=Call(bias=True, change=positive))
class HolesWithoutBias(Convolution):
    def add_bias(self, y, bias):
        return np.where(y == 0, y, super().add_bias(y, bias))


@mutant("conv_transpose3d", report="class: stride of one axis", wrong="the depth stride is used for every axis",
        witness=Call(x=(1, 2, 3), w=(2, 2, 3), stride=(1, 2, 2)), benign=STRIDED)
class DepthStrideForAll(Convolution):
    def relation(self, axes):
        return [replace(axis, stride=axes[0].stride) for axis in axes]
