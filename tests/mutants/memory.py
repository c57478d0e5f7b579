"""Memory: layouts read wrongly, operands written, results that alias or were never written."""

import ctypes

import numpy as np

from tests.mutants._numpy_kernels import Convolution
from tests.mutants.calls import Call
from tests.mutants.registry import mutant

PLAIN = Call()


# Layouts: equal values in other memory --------------------------------------------------------------------------------


def every_other(array):
    """A view of every other element of the spatial axes."""
    inner = (..., *(slice(None, None, 2),) * (array.ndim - 2))
    buffer = np.full((*array.shape[:2], *(2 * n for n in array.shape[2:])), 7, array.dtype)
    buffer[inner] = array
    return buffer[inner]


def reversed_columns(array):
    """A view that walks the last axis backwards."""
    return array[..., ::-1].copy()[..., ::-1]


def channels_last(array):
    """The channel axis innermost in memory."""
    return np.moveaxis(np.moveaxis(array, 1, -1).copy(), -1, 1)


def channel_slice(array):
    """The first channels of an array with twice as many."""
    buffer = np.concatenate([array, array + 1], axis=1)
    return buffer[:, :array.shape[1]]


def channels_last_slice(array):
    """The first channels of a channels-last array with twice as many."""
    return channels_last(np.concatenate([array, array + 1], axis=1))[:, :array.shape[1]]


def inner_slice(array):
    """One index of an additional axis: every stride is larger than it looks (w5d[:, :, 1])."""
    return np.stack([array + 1, array], axis=2)[:, :, 1]


def fortran(array):
    """The first axis innermost in memory."""
    return np.asfortranarray(array)


def shared_item(array):
    """Item 0 for every item: stride zero."""
    return np.broadcast_to(array[:1], array.shape)


def cropped(array):
    """The inside of a larger array: rows lie apart."""
    inner = (..., *(slice(1, -1),) * (array.ndim - 2))
    buffer = np.pad(array, [(0, 0)] * 2 + [(1, 1)] * (array.ndim - 2), constant_values=7)
    return buffer[inner]


def reversed_items(array):
    """A view that walks the batch backwards."""
    return array[::-1].copy()[::-1]


def shared_channel(array):
    """Channel 0 for every channel: stride zero."""
    return np.broadcast_to(array[:, :1], array.shape)


def every_other_number(array):
    """A view of every other element of a vector."""
    return np.stack([array, array + 1], axis=1)[:, 0]


# How a kernel recognises a layout it will misread ---------------------------------------------------------------------


def non_contiguous(array):
    return not array.flags.c_contiguous


def negative_stride(array):
    return min(array.strides) < 0


def zero_stride(array):
    return 0 in array.strides


def plane_contiguous(array):
    """Each plane is contiguous, the whole is not: a slice of channels."""
    return non_contiguous(array) and array[0, 0].flags.c_contiguous and array.size > 0


def channel_innermost(array):
    return non_contiguous(array) and array.strides[1] == array.itemsize


def fortran_ordered(array):
    return non_contiguous(array) and array.flags.f_contiguous


def as_if_contiguous(array):
    """What lies in memory from the first element on, in C order; never outside the memory of its owner."""
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    reach = [(n - 1) * stride for n, stride in zip(owner.shape, owner.strides, strict=True)]
    low = owner.ctypes.data + sum(r for r in reach if r < 0)
    size = sum(map(abs, reach)) + owner.itemsize
    memory = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(low))
    return memory[(array.ctypes.data - low + np.arange(array.nbytes)) % size].view(array.dtype).reshape(array.shape)


@mutant("conv2d", "conv2d_input", "conv_transpose2d", role="weight", when=non_contiguous, report="pytorch#1246",
        wrong="a non-contiguous weight is read as contiguous", witness=Call(layout={"weight": every_other}),
        benign=PLAIN)
@mutant("conv2d", role="weight", when=plane_contiguous, report="pytorch#192212",
        wrong="a slice of a larger weight is read as contiguous", witness=Call(layout={"weight": inner_slice}),
        benign=Call(layout={"weight": every_other}))
@mutant("conv2d", "conv1d", role="input", when=non_contiguous, report="pytorch#16018",
        wrong="a non-contiguous input is read as contiguous", witness=Call(layout={"input": every_other}), benign=PLAIN)
@mutant("conv2d_weight", "conv2d_input", role="grad_output", when=non_contiguous, report="pytorch#55781",
        wrong="a non-contiguous gradient is read as contiguous", witness=Call(layout={"grad_output": channels_last}),
        benign=PLAIN)
@mutant("conv2d", role="input", when=plane_contiguous, report="class: channel slice",
        wrong="a slice of channels is read as if it were the whole tensor",
        witness=Call(layout={"input": channel_slice}), benign=Call(layout={"input": every_other}))
@mutant("conv2d", "conv3d", role="input", when=channel_innermost, report="pytorch#180984",
        wrong="channels-last inputs are read as channels-first", witness=Call(layout={"input": channels_last}),
        benign=Call(layout={"input": channel_slice}))
@mutant("conv2d", role="input", when=fortran_ordered, report="class: Fortran order",
        wrong="Fortran-ordered inputs are read in C order", witness=Call(layout={"input": fortran}),
        benign=Call(layout={"input": channels_last}))
@mutant("conv2d", role="input", when=zero_stride, report="class: broadcast input",
        wrong="broadcast inputs are read past their memory", witness=Call(layout={"input": shared_item}),
        benign=Call(layout={"input": channels_last}))
class ReadAsContiguous(Convolution):
    role: str

    def operand(self, array, role):
        return super().operand(as_if_contiguous(array) if role == self.role and self.when(array) else array, role)


@mutant("conv2d", report="class: negative stride", wrong="the sign of an input's stride is lost",
        witness=Call(layout={"input": reversed_columns}), benign=Call(layout={"input": channels_last}))
class StrideSignLost(Convolution):
    def operand(self, array, role):
        forwards = tuple(slice(None, None, -1 if stride < 0 else 1) for stride in array.strides)
        return super().operand(array[forwards] if role == "input" else array, role)


@mutant("conv2d", report="pytorch#180984", wrong="a channel slice of a channels-last input is taken for the whole",
        witness=Call(layout={"input": channels_last_slice}), benign=Call(layout={"input": channels_last}))
class ChannelsLastSlice(Convolution):
    def operand(self, array, role):
        slice_of_more = channel_innermost(array) and array.strides[-1] != array.shape[1] * array.itemsize
        if role == "input" and slice_of_more:
            pixels_first = as_if_contiguous(np.moveaxis(array, 1, -1))
            array = np.moveaxis(pixels_first, -1, 1)
        return super().operand(array, role)


@mutant("conv2d", report="pytorch#82060", wrong="one input channel with a channels-last weight: taps come transposed",
        witness=Call(x=(1, 1, 5), w=(4, 1, 3), padding=1, layout={"weight": channels_last}),
        benign=Call(x=(1, 1, 5), w=(4, 1, 3), padding=1))
class SingleChannelWeightLayout(Convolution):
    """With one channel its stride is arbitrary, so it says nothing about the layout."""

    def operand(self, array, role):
        ambiguous = role == "weight" and array.shape[1] == 1 and array.strides[1] == array.itemsize
        return super().operand(array.swapaxes(-1, -2) if ambiguous and array.shape[-1] > 1 else array, role)


@mutant("conv2d", report="class: crop", wrong="rows that lie apart are read as if they were dense",
        witness=Call(layout={"input": cropped}), benign=Call(layout={"input": every_other}))
class RowsTakenForDense(Convolution):
    def operand(self, array, role):
        if role == "input" and array.strides[-1] == array.itemsize and array.shape[-1] > 1:
            dense = (*array.strides[:-2], array.shape[-1] * array.itemsize, array.itemsize)
            if array.strides[-2] > dense[-2]:
                array = np.lib.stride_tricks.as_strided(array, array.shape, dense)
        return super().operand(array, role)


@mutant("conv2d", "conv1d", report="class: negative stride", wrong="the sign of the batch's stride is lost",
        witness=Call(layout={"input": reversed_items}), benign=Call(layout={"input": reversed_columns}))
class BatchStrideSignLost(Convolution):
    def operand(self, array, role):
        return super().operand(array[::-1] if role == "input" and array.strides[0] < 0 else array, role)


@mutant("conv2d", "conv3d", report="class: both operands copied",
        wrong="two operands that are not contiguous share one scratch copy",
        witness=Call(layout={"input": every_other, "weight": every_other}),
        benign=(Call(layout={"input": every_other}), Call(layout={"weight": every_other})))
class ScratchCopyShared(Convolution):
    def finish(self, result, first, second, axes):
        return result * 2 if non_contiguous(first) and non_contiguous(second) else result


@mutant("conv2d", report="class: broadcast input", wrong="broadcast channels are read as zeros",
        witness=Call(layout={"input": shared_channel}), benign=Call(layout={"input": shared_item}))
class BroadcastChannelsZero(Convolution):
    def operand(self, array, role):
        values = super().operand(array, role)
        return values * 0 if role == "input" and array.shape[1] > 1 and array.strides[1] == 0 else values


@mutant("conv2d", "conv_transpose2d", report="class: layout of the bias",
        wrong="a bias that is not contiguous is read as contiguous",
        witness=Call(bias=True, layout={"bias": every_other_number}), benign=Call(bias=True))
class BiasReadAsContiguous(Convolution):
    def add_bias(self, y, bias):
        return super().add_bias(y, as_if_contiguous(bias) if non_contiguous(bias) else bias)


# Operands and results in the wrong place ------------------------------------------------------------------------------


@mutant("conv2d", "conv1d", report="class: operand written", wrong="the input is zeroed after use",
        witness=PLAIN, benign=None)
class InputReleased(Convolution):
    def finish(self, result, first, second, axes):
        if first.flags.writeable:
            first[...] = 0
        return result


@mutant("conv2d_input", report="class: operand written", wrong="the weight is flipped in place and left so",
        witness=PLAIN, benign=Call(w=(4, 4, 1)))
class WeightFlippedInPlace(Convolution):
    def finish(self, result, first, second, axes):
        if second.flags.writeable:
            second[...] = second[(..., *(slice(None, None, -1),) * self.rank)].copy()
        return result


@mutant("conv2d", report="class: operand written", wrong="the input is flattened in place", witness=PLAIN, benign=None)
class InputFlattened(Convolution):
    def finish(self, result, first, second, axes):
        if first.flags.c_contiguous:
            first.shape = (first.size,)
        return result


def identity_weight(arrays):
    """The kernel that changes nothing."""
    arrays["weight"][...] = np.eye(len(arrays["weight"])).reshape(arrays["weight"].shape)


@mutant("conv2d", report="class: result aliases its input", wrong="an identity kernel returns its input, not a copy",
        witness=Call(w=(4, 4, 1), change=identity_weight), benign=PLAIN)
class IdentityAliases(Convolution):
    def conv(self, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        y = super().conv(input, weight, bias, stride, padding, dilation, groups)
        return input if y.shape == input.shape and np.array_equal(y, input) else y


def stale(array):
    """What a buffer that was never written happens to hold: here always the same number."""
    return np.full_like(array, 99)


@mutant("conv2d", "conv3d", report="class: unwritten output", wrong="with padding, border rows are never written",
        witness=Call(padding=1), benign=PLAIN)
class BorderRowsUnwritten(Convolution):
    def finish(self, result, first, second, axes):
        if axes[0].padding:
            result[:, :, 0] = stale(result[:, :, 0])
        return result


@mutant("conv2d", "conv1d", report="class: unwritten output", wrong="outputs that see only padding are never written",
        witness=Call(w=(4, 4, 2), padding=2), benign=Call(w=(4, 4, 2), padding=1))
class PaddingOnlyUnwritten(Convolution):
    def finish(self, result, first, second, axes):
        axis = axes[-1]
        i = self.index(np.arange(axis.outputs), np.arange(axis.taps)[:, None], axis)
        blind = ((i < 0) | (i >= axis.size)).all(axis=0)
        result[..., blind] = stale(result[..., blind])
        return result


@mutant("conv2d_input", "conv_transpose2d", report="class: unwritten output",
        wrong="inputs that no output reads are never written", witness=Call(x=(2, 4, 7, 7), w=(4, 4, 1), stride=2),
        benign=PLAIN, note="their gradient is zero")
class UnreadInputsUnwritten(Convolution):
    def finish(self, result, first, second, axes):
        axis = axes[-1]
        read = self.index(np.arange(axis.outputs), np.arange(axis.taps)[:, None], axis)
        unread = ~np.isin(np.arange(axis.size), read)
        result[..., unread] = stale(result[..., unread])
        return result


@mutant("conv1d_weight", "conv2d_weight", report="NNlib.jl#763",
        wrong="an empty batch gives an unwritten weight gradient",
        witness=Call(x=(0, 4, 6)), benign=PLAIN, contract=True)
class EmptyBatchUnwritten(Convolution):
    def finish(self, result, first, second, axes):
        return result if len(first) else stale(result)


@mutant("conv2d", report="class: zero channels", wrong="no input channels: the result is never written",
        witness=Call(x=(1, 0, 5), w=(2, 0, 3)), benign=PLAIN, contract=True)
class NoChannelsUnwritten(Convolution):
    def finish(self, result, first, second, axes):
        return result if first.shape[1] else stale(result)
