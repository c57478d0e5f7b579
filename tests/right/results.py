"""Right values in unusual memory, or with the other zero."""

import numpy as np

from tests.right.algorithms import im2col
from tests.right.registry import right


@right("conv2d", why="the result is a transposed view")
def transposed_memory(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    y = im2col(input, weight, bias, stride, padding, dilation, groups)
    return np.ascontiguousarray(y.swapaxes(-1, -2)).swapaxes(-1, -2)


@right("conv2d", why="the result is in Fortran order")
def fortran_result(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return np.asfortranarray(im2col(input, weight, bias, stride, padding, dilation, groups))


@right("conv2d", why="the result is a strided view of a larger buffer")
def strided_result(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    y = im2col(input, weight, bias, stride, padding, dilation, groups)
    buffer = np.full((*y.shape[:-1], 2 * y.shape[-1]), np.nan, y.dtype)
    buffer[..., ::2] = y
    return buffer[..., ::2]


@right("conv2d", why="zeros are negative")
def negative_zeros(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    y = im2col(input, weight, bias, stride, padding, dilation, groups)
    return np.where(y == 0, np.asarray(-0.0, y.dtype), y)


@right("conv2d", why="one image at a time")
def batch_loop(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    whole = im2col(input[:0], weight, bias, stride, padding, dilation, groups)
    items = [im2col(item[None], weight, bias, stride, padding, dilation, groups) for item in input]
    return np.concatenate([whole, *items])


@right("conv2d", why="the result cannot be written")
def read_only_result(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    y = im2col(input, weight, bias, stride, padding, dilation, groups)
    y.flags.writeable = False
    return y


class Named(np.ndarray):
    """An array of a subclass."""


@right("conv2d", why="the result is of a subclass of ndarray")
def subclass_result(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return im2col(input, weight, bias, stride, padding, dilation, groups).view(Named)
