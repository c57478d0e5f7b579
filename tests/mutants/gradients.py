"""Input and weight gradients: divisibility, sums over the batch, sizes, and paths of one shape."""

import numpy as np

from tests.mutants._numpy_kernels import Convolution, per_axis
from tests.mutants.calls import Call
from tests.mutants.registry import mutant

PLAIN = Call()
STRIDED = Call(x=(2, 4, 7), w=(4, 4, 3), stride=2, padding=1)
GROUPED = Call(w=(4, 2, 3), groups=2)


# Input gradient -------------------------------------------------------------------------------------------------------


class GatheredGradient(Convolution):
    """The input gradient as a gather: input i takes output (i + padding - dilation*a) / stride, where that is one."""

    def output_of(self, numerator, stride):
        """The output that reads an input, or -1."""
        return np.where(numerator % stride == 0, numerator // stride, -1)

    def scatter(self, columns, axes):
        n, c, *_ = columns.shape
        result = np.zeros((n, c, *(axis.size for axis in axes)), columns.dtype)
        widened = np.pad(columns, [(0, 0)] * (2 + self.rank) + [(0, 1)] * self.rank)  # output -1 is zero
        for tap in np.ndindex(*(axis.taps for axis in axes)):
            where = []
            for a, axis in zip(tap, axes, strict=True):
                r = self.output_of(np.arange(axis.size) + axis.padding - axis.dilation * a, axis.stride)
                where.append(np.where((r >= 0) & (r < axis.outputs), r, -1))
            result += widened[(slice(None), slice(None), *tap)][(slice(None), slice(None), *np.ix_(*where))]
        return result


@mutant("conv2d_input", "conv1d_input", "conv_transpose2d", report="class: no divisibility check",
        wrong="inputs between two strides take the output below", witness=STRIDED, benign=PLAIN)
class NoDivisibility(GatheredGradient):
    def output_of(self, numerator, stride):
        return numerator // stride


@mutant("conv2d_input", "conv3d_input", report="class: division truncates towards zero",
        wrong="inputs before the first window take output 0", witness=Call(x=(2, 4, 7), w=(4, 4, 3), stride=2),
        benign=PLAIN, note="C's -1 / 2 is 0")
class TruncatedDivision(GatheredGradient):
    def output_of(self, numerator, stride):
        early = (numerator < 0) & (numerator > -stride)
        return np.where(early, 0, super().output_of(numerator, stride))


@mutant("conv2d_input", "conv1d_input", report="class: input size ignored",
        wrong="the result is cut where the last window ends", witness=Call(x=(2, 4, 8), w=(4, 4, 3), stride=2),
        benign=Call(x=(2, 4, 7), w=(4, 4, 3), stride=2))
class InputSizeIgnored(Convolution):
    def finish(self, result, first, second, axes):
        ends = [axis.stride * (axis.outputs - 1) + axis.dilation * (axis.taps - 1) + 1 - axis.padding for axis in axes]
        return result[(..., *map(slice, ends))]


@mutant("conv2d_input", report="fujitsu/oneDNN#43", wrong="strided: the last of 17 output channels is dropped",
        witness=Call(x=(1, 4, 8), w=(17, 4, 3), stride=2, padding=1), benign=STRIDED)
class LastOutputChannelDropped(Convolution):
    def conv_input(self, input_size, weight, grad_output, stride=1, *args, **kwargs):
        if len(weight) > 1 and len(weight) % 16 == 1 and np.max(stride) > 1:
            grad_output = grad_output.copy()
            grad_output[:, -1] = 0
        return super().conv_input(input_size, weight, grad_output, stride, *args, **kwargs)


@mutant("conv2d_input", "conv3d_input", report="class: scatter without adding",
        wrong="overlapping windows overwrite each other",
        witness=PLAIN, benign=Call(x=(2, 4, 6), w=(4, 4, 2), stride=2))
class WindowsOverwrite(Convolution):
    def put(self, result, where, values):
        result[where] = values


# Weight gradient ------------------------------------------------------------------------------------------------------


@mutant("conv2d_weight", "conv1d_weight", report="pytorch#51430",
        wrong="every group's gradient comes from the first group", witness=GROUPED, benign=PLAIN)
class FirstGroupOnly(Convolution):
    def channels(self, x, groups):
        return np.tile(x[:, :x.shape[1] // groups], (1, groups, *(1,) * self.rank))


@mutant("conv2d_weight", report="oneDNN#4124",
        wrong="depthwise, stride 2, padding 1: the last output row is left out",
        witness=Call(x=(1, 4, 6), w=(4, 1, 3), stride=2, padding=1, groups=4), benign=STRIDED)
class DepthwiseLastRow(Convolution):
    def conv_weight(self, input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1):
        if groups > 1 and weight_size[1] == 1 and np.max(stride) == 2 and np.max(padding) == 1:
            grad_output = grad_output.copy()
            grad_output[:, :, -1] = 0
        return super().conv_weight(input, weight_size, grad_output, stride, padding, dilation, groups)


@mutant("conv2d_weight", report="oneDNN#6035", wrong="pointwise: only the first 16 of 32 items are summed",
        witness=Call(x=(32, 4, 4), w=(8, 4, 1), stride=2), benign=Call(x=(31, 4, 4), w=(8, 4, 1), stride=2))
class PointwiseHalfBatch(Convolution):
    def conv_weight(self, input, weight_size, grad_output, *args, **kwargs):
        if len(input) % 32 == 0 and set(weight_size[2:]) == {1}:
            input, grad_output = input[:16], grad_output[:16]
        return super().conv_weight(input, weight_size, grad_output, *args, **kwargs)


@mutant("conv1d_weight", report="torch-xpu-ops#4906",
        wrong="depthwise with odd stride and one output: zeros",
        witness=Call(x=(2, 4, 4), w=(4, 1, 3), stride=3, groups=4),
        benign=Call(x=(2, 4, 7), w=(4, 1, 3), stride=3, groups=4))
class SingleOutputOddStride(Convolution):
    def conv_weight(self, input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1):
        result = super().conv_weight(input, weight_size, grad_output, stride, padding, dilation, groups)
        steps = per_axis(stride, self.rank)
        stranded = any(o == 1 and s > 1 and s % 2 for o, s in zip(grad_output.shape[2:], steps, strict=True))
        return result * 0 if stranded and weight_size[1] == 1 < groups else result


@mutant("conv2d_weight", "conv3d_weight", report="class: remainder of the stride",
        wrong="windows end at the last row, not begin at the first",
        witness=Call(x=(2, 4, 8), w=(4, 4, 3), stride=2), benign=Call(x=(2, 4, 7), w=(4, 4, 3), stride=2))
class RemainderRowsRead(Convolution):
    def index(self, r, a, axis):
        span = axis.size + 2 * axis.padding - axis.dilation * (axis.taps - 1) - 1
        return super().index(r, a, axis) + span % axis.stride


@mutant("conv2d_weight", "conv1d_weight", report="class: mean over the batch",
        wrong="averaged, not summed, over the batch", witness=PLAIN, benign=Call(x=(1, 4, 6)))
class BatchAveraged(Convolution):
    def finish(self, result, first, second, axes):
        return result / max(len(first), 1)


@mutant("conv3d_weight", report="class: batch overwritten", wrong="only the last item of the batch counts",
        witness=PLAIN, benign=Call(x=(1, 4, 6)))
class LastItemOnly(Convolution):
    def conv_weight(self, input, weight_size, grad_output, *args, **kwargs):
        return super().conv_weight(input[-1:], weight_size, grad_output[-1:], *args, **kwargs)


@mutant("conv2d_weight", report="class: weight layout", wrong="square channel counts: the channel axes are transposed",
        witness=PLAIN, benign=Call(w=(5, 4, 3)))
class ChannelsTransposed(Convolution):
    def finish(self, result, first, second, axes):
        return result.swapaxes(0, 1) if result.shape[0] == result.shape[1] else result
