"""Errors that wait for a size: tails of blocks, channel counts, groups, batches, long axes."""

import numpy as np

from tests.mutants._numpy_kernels import Convolution
from tests.mutants.calls import Call
from tests.mutants.registry import mutant

PLAIN = Call()
GROUPED = Call(w=(4, 2, 3), groups=2)
DEPTHWISE = Call(w=(4, 1, 3), groups=4)


# Tails of blocks ------------------------------------------------------------------------------------------------------


@mutant("conv2d", "conv1d_input", block=4, axis=-1, report="class: tail of a vector loop",
        wrong="columns after the last full block of 4 are zero", witness=Call(x=(1, 4, 14)),
        benign=Call(x=(1, 2, 8), w=(2, 2, 1)))
@mutant("conv2d", block=8, axis=-2, report="class: tail of a tile",
        wrong="rows after the last full block of 8 are zero", witness=Call(x=(1, 4, 13)), benign=PLAIN)
@mutant("conv1d", "conv_transpose2d", block=16, axis=-1, report="class: tail of a vector loop",
        wrong="columns after the last full block of 16 are zero", witness=Call(x=(1, 4, 21)), benign=PLAIN)
@mutant("conv3d", block=32, axis=-1, report="class: tail of a warp",
        wrong="columns after the last full block of 32 are zero", witness=Call(x=(1, 4, 5, 5, 40)), benign=PLAIN)
@mutant("conv2d", block=64, axis=-2, report="class: tail of a thread block",
        wrong="rows after the last full block of 64 are zero", witness=Call(x=(1, 4, 71, 5)), benign=PLAIN)
@mutant("conv2d", block=8, axis=1, report="class: tail of a channel block",
        wrong="output channels after the last full block of 8 are zero", witness=Call(w=(9, 4, 3)), benign=PLAIN)
class TailZero(Convolution):
    """Sizes below one block take another path, as real kernels do, and are right."""

    block: int
    axis: int

    def finish(self, result, first, second, axes):
        size = result.shape[self.axis]
        if size > self.block:
            np.moveaxis(result, self.axis, 0)[size - size % self.block:] = 0
        return result


@mutant("conv2d", report="class: tail read from the block before",
        wrong="a last partial block of 8 columns repeats the one before",
        witness=Call(x=(1, 2, 9, 15), w=(2, 2, 3)), benign=PLAIN)
class TailRepeatsBlock(Convolution):
    def finish(self, result, first, second, axes):
        size = result.shape[-1]
        tail = size % 8
        if size > 8 and tail:
            result[..., size - tail:] = result[..., size - tail - 8:size - 8]
        return result


@mutant("conv2d", block=16, report="class: tails of two loops",
        wrong="the corner where two partial blocks of 16 meet is zero",
        witness=Call(x=(1, 1, 19, 21), w=(1, 1, 1)), benign=Call(x=(1, 1, 32, 21), w=(1, 1, 1)))
class CornerZero(Convolution):
    block: int

    def finish(self, result, first, second, axes):
        if all(size > self.block and size % self.block for size in result.shape[2:]):
            result[..., -1, -1] = 0
        return result


@mutant("conv2d", "conv1d", block=32, report="class: tails of two loops",
        wrong="partial blocks of 32 input and of 32 output channels: the last number is lost",
        witness=Call(x=(1, 37, 3), w=(41, 37, 1)), benign=Call(x=(1, 64, 3), w=(41, 64, 1)))
class ChannelCornerZero(Convolution):
    block: int

    def finish(self, result, first, second, axes):
        if all(size > self.block and size % self.block for size in (result.shape[1], first.shape[1])):
            result.flat[-1] = 0
        return result


# Channels -------------------------------------------------------------------------------------------------------------


def drop_channels(weight, first):
    """Input channels from `first` on count for nothing."""
    weight[:, first:] = 0
    return weight


@mutant("conv2d", "conv3d", report="class: tail of the channel loop",
        wrong="last input channel dropped when C % 4 == 3", witness=Call(x=(1, 7, 5), w=(2, 7, 3)), benign=PLAIN)
class LastChannelDropped(Convolution):
    def operand(self, array, role):
        values = super().operand(array, role)
        c = array.shape[1]
        return drop_channels(values, c - 1) if role == "weight" and c % 4 == 3 else values


@mutant("conv2d", "conv1d_input", report="class: fixed channel buffer",
        wrong="input channels from the 17th on are ignored", witness=Call(x=(1, 17, 5), w=(2, 17, 3)), benign=PLAIN)
class ChannelsAboveSixteen(Convolution):
    def operand(self, array, role):
        values = super().operand(array, role)
        return drop_channels(values, 16) if role == "weight" else values


@mutant("conv2d", report="pytorch#21597", wrong="six input channels are read in the wrong order",
        witness=Call(x=(1, 6, 5), w=(4, 6, 3)), benign=Call(x=(1, 8, 5), w=(4, 8, 3)))
class SixInputChannels(Convolution):
    def channels(self, x, groups):
        return np.roll(x, 1, axis=1) if x.shape[1] == 6 else x


@mutant("conv3d", report="pytorch#197114", wrong="channel counts that are no multiple of 4 read a shifted channel",
        witness=Call(x=(1, 3, 5), w=(4, 3, 3)), benign=PLAIN)
class OddChannelCounts(Convolution):
    def channels(self, x, groups):
        return np.roll(x, 1, axis=1) if x.shape[1] % 4 else x


@mutant("conv2d", "conv1d", report="pytorch#129207", wrong="output channels from the 65th on repeat the first",
        witness=Call(x=(1, 1, 5), w=(65, 1, 3)), benign=Call(x=(1, 1, 5), w=(64, 1, 3)))
class OutputChannelsWrap(Convolution):
    def finish(self, result, first, second, axes):
        return result[:, np.arange(result.shape[1]) % 64]


@mutant("conv2d", report="modular#6129", wrong="groups over 128 terms keep only the first 64 channels",
        witness=Call(x=(1, 256, 3), w=(2, 128, 1), groups=2), benign=Call(x=(1, 128, 3), w=(2, 128, 1)))
class GroupedLongSum(Convolution):
    def product(self, left, right):
        if left.shape[0] > 1 and left.shape[-1] == 128:
            left, right = left[..., :64], right[..., :64, :]
        return super().product(left, right)


@mutant("conv2d", report="class: fixed bias buffer", wrong="channels from the 129th on get the first ones' bias",
        witness=Call(x=(1, 1, 3), w=(130, 1, 1), bias=True), benign=Call(x=(1, 1, 3), w=(128, 1, 1), bias=True))
class BiasWraps(Convolution):
    def add_bias(self, y, bias):
        return super().add_bias(y, bias[np.arange(bias.size) % 128])


# Groups ---------------------------------------------------------------------------------------------------------------


@mutant("conv2d", "conv2d_weight", "conv3d", report="class: wrong group",
        wrong="each group reads the next group's channels", witness=GROUPED, benign=PLAIN)
class NextGroup(Convolution):
    def channels(self, x, groups):
        return np.roll(x, x.shape[1] // groups, axis=1)


@mutant("conv1d", "conv2d", report="class: groups interleaved", wrong="group q reads channels q, q + groups, ...",
        witness=GROUPED, benign=DEPTHWISE)
class InterleavedInput(Convolution):
    def channels(self, x, groups):
        n, c, *spatial = x.shape
        return x.reshape(n, c // groups, groups, *spatial).swapaxes(1, 2).reshape(x.shape)


@mutant("conv_transpose2d", "conv2d_input", "conv2d", report="oneDNN#352",
        wrong="the groups' output channels are interleaved", witness=GROUPED, benign=DEPTHWISE)
class InterleavedOutput(Convolution):
    def merge(self, grouped):
        # depthwise: one channel per group, nothing to interleave
        return super().merge(grouped.swapaxes(1, 2))


@mutant("conv2d", report="pytorch#19912", wrong="grouped 1x1 with 16 output channels gives zeros",
        witness=Call(x=(1, 4, 5), w=(16, 2, 1), groups=2), benign=Call(x=(1, 4, 5), w=(8, 2, 1), groups=2))
class GroupedPointwiseZero(Convolution):
    def finish(self, result, first, second, axes):
        m, per_group, *taps = second.shape
        grouped = per_group < first.shape[1]
        return result * 0 if grouped and m % 16 == 0 and set(taps) == {1} else result


@mutant("conv1d", "conv2d", report="class: channel multiplier",
        wrong="depthwise output channel m reads channel m mod C, not m // 2",
        witness=Call(w=(8, 1, 3), groups=4), benign=DEPTHWISE)
class ChannelMultiplierOrder(Convolution):
    def conv(self, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        m = len(weight)
        if groups == 1 or groups != input.shape[-self.rank - 1] or m % groups:
            return super().conv(input, weight, bias, stride, padding, dilation, groups)
        order = np.arange(m).reshape(-1, groups).T.ravel()
        y = super().conv(input, weight[order], None if bias is None else bias[order], stride, padding, dilation, groups)
        return np.take(y, np.argsort(order), axis=-self.rank - 1)


# Batch ----------------------------------------------------------------------------------------------------------------


@mutant("conv2d", "conv_transpose1d", "conv3d_input", report="class: batch stride zero",
        wrong="every item of the batch gives item 0", witness=PLAIN, benign=Call(x=(1, 4, 6)))
class BatchItemZero(Convolution):
    def finish(self, result, first, second, axes):
        result[1:] = result[:1]
        return result


@mutant("conv2d", limit=4, report="class: fixed batch", wrong="items of the batch from the 5th on are zero",
        witness=Call(x=(5, 2, 4), w=(2, 2, 3)), benign=Call(x=(4, 2, 4), w=(2, 2, 3)))
@mutant("conv2d", "conv2d_input", limit=32, report="tensorflow#9870",
        wrong="items of the batch from the 33rd on are zero",
        witness=Call(x=(33, 1, 3), w=(1, 1, 3)), benign=Call(x=(32, 1, 3), w=(1, 1, 3)), note="65536 in the report")
class LargeBatchZero(Convolution):
    limit: int

    def finish(self, result, first, second, axes):
        result[self.limit:] = 0
        return result


@mutant("conv2d", report="class: fast path for batch 1", wrong="batch 1 loses the last output column",
        witness=Call(x=(1, 4, 6)), benign=PLAIN)
class SingleItemPath(Convolution):
    def finish(self, result, first, second, axes):
        if len(result) == 1:
            result[..., -1] = 0
        return result


# Long axes and many elements ------------------------------------------------------------------------------------------


@mutant("conv2d", "conv1d_weight", limit=64, number=0, report="class: narrow index",
        wrong="rows from the 65th on wrap to the first",
        witness=Call(x=(1, 1, 66, 4), w=(1, 1, 3, 3)), benign=Call(x=(1, 1, 64, 66), w=(1, 1, 3)))
@mutant("conv2d", limit=256, number=1, report="scipy#10761", wrong="columns from the 257th on wrap to the first",
        witness=Call(x=(1, 1, 4, 258), w=(1, 1, 3, 3)), benign=Call(x=(1, 1, 258, 4), w=(1, 1, 3, 3)),
        note="an index of 8 bits; 31 bits in the report")
@mutant("conv3d", limit=64, number=2, report="class: narrow index", wrong="columns from the 65th on wrap to the first",
        witness=Call(x=(1, 1, 4, 4, 66), w=(1, 1, 3)), benign=Call(x=(1, 1, 4, 66, 4), w=(1, 1, 3)))
class LongAxisWraps(Convolution):
    limit: int
    number: int

    def index(self, r, a, axis):
        i = super().index(r, a, axis)
        return np.where((i >= self.limit) & (axis.number == self.number), i - self.limit, i)


@mutant("conv2d", "conv3d", report="pytorch#87354", wrong="inputs of 2**14 elements and more give zeros",
        witness=Call(x=(1, 1, 129, 128, 2), w=(1, 1, 2)), benign=PLAIN, note="2**31 elements in the report")
class ManyElementsZero(Convolution):
    def finish(self, result, first, second, axes):
        return result * 0 if first.size >= 2**14 else result


# Paths for one kind of layer ------------------------------------------------------------------------------------------


@mutant("conv2d", taps=5, steps=2, report="class: path of one layer",
        wrong="depthwise 5x5 at stride 2: even widths lose the last column",
        witness=Call(x=(1, 4, 13, 14), w=(4, 1, 5), stride=2, padding=2, groups=4),
        benign=Call(x=(1, 4, 13), w=(4, 1, 5), stride=2, padding=2, groups=4))
@mutant("conv2d", taps=1, steps=2, report="class: path of one layer",
        wrong="depthwise 1x1 at stride 2: even widths lose the last column",
        witness=Call(x=(1, 4, 13, 14), w=(4, 1, 1), stride=2, groups=4),
        benign=Call(x=(1, 4, 13), w=(4, 1, 1), stride=2, groups=4))
class OneLayerEvenWidth(Convolution):
    taps: int
    steps: int

    def finish(self, result, first, second, axes):
        alike = all((axis.taps, axis.stride, axis.padding) == (self.taps, self.steps, self.taps // 2) for axis in axes)
        if alike and second.shape[1] == 1 < first.shape[1] and axes[-1].size % 2 == 0:
            result[..., -1] = 0
        return result


@mutant("conv1d", report="class: long kernel", wrong="more than 256 taps: the last output is lost",
        witness=Call(x=(1, 1, 300), w=(1, 1, 257)), benign=Call(x=(1, 1, 300), w=(1, 1, 256)))
class LongFilterTail(Convolution):
    def finish(self, result, first, second, axes):
        if axes[-1].taps > 256:
            result[..., -1] = 0
        return result
