"""Other things to call: PyTorch, narrow signatures, objects, partial functions."""

from functools import partial

import numpy as np

from tests.right.algorithms import im2col
from tests.right.patches import windows
from tests.right.registry import enter, right

PLAIN = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}


def from_torch(function, *arrays, **options):
    """Call a function of PyTorch with NumPy arrays (and shapes), for a NumPy array."""
    import torch

    def tensor(array):
        return torch.from_numpy(np.array(array)) if isinstance(array, np.ndarray) else array

    options = {name: tensor(value) for name, value in options.items()}
    return function(torch)(*map(tensor, arrays), **options).numpy()


# without input channels PyTorch returns no output channels either
@right("conv2d", name="torch_conv2d", why="PyTorch", needs="torch", in_channels=range(1, 2**16))
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return from_torch(lambda torch: torch.nn.functional.conv2d, input, weight, bias=bias, stride=stride,
                      padding=padding, dilation=dilation, groups=groups)


@right("conv2d_input", name="torch_conv2d_input", why="PyTorch", needs="torch")
def conv2d_input(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1):
    return from_torch(lambda torch: torch.nn.grad.conv2d_input, input_size, weight, grad_output, stride=stride,
                      padding=padding, dilation=dilation, groups=groups)


@right("conv2d_weight", name="torch_conv2d_weight", why="PyTorch", needs="torch")
def conv2d_weight(input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1):
    return from_torch(lambda torch: torch.nn.grad.conv2d_weight, input, weight_size, grad_output, stride=stride,
                      padding=padding, dilation=dilation, groups=groups)


@right("conv_transpose2d", name="torch_conv_transpose2d", why="PyTorch", needs="torch")
def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    return from_torch(lambda torch: torch.nn.functional.conv_transpose2d, input, weight, bias=bias, stride=stride,
                      padding=padding, output_padding=output_padding, groups=groups, dilation=dilation)


@right("conv2d", why="takes two arrays and nothing else", bias=False, **PLAIN)
def two_arguments(x, w):
    return np.einsum("ncrqab,mcab->nmrq", windows(x, w.shape[2:]), w)


@right("conv2d", why="takes two arrays and a stride", bias=False, padding=0, dilation=1, groups=1)
def three_arguments(x, w, stride):
    return im2col(x, w, None, stride)


@right("conv2d", why="asserts that a number is no tuple", stride=1)
def asserts_numbers(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    assert stride == 1, "1, and no tuple of it"
    return im2col(input, weight, bias, stride, padding, dilation, groups)


class Layer:
    """An object with __call__."""

    def __init__(self, groups):
        self.groups = groups

    def __call__(self, input, weight, bias=None, stride=1, padding=0, dilation=1):
        return im2col(input, weight, bias, stride, padding, dilation, self.groups)


def anything(*arrays, **options):
    """A signature that names nothing."""
    return im2col(*arrays, **options)


enter("conv2d", Layer(groups=1), name="callable_object", why="an object with __call__", groups=1)
enter("conv2d", partial(im2col, groups=2), name="partial_function", why="a functools.partial", groups=2)
enter("conv2d", anything, why="a signature of *args and **kwargs")
