"""The public signatures as types, and the docstrings of the families, each written once for all axes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from textwrap import indent
from typing import Any, Protocol

__all__ = ["AXIS_LETTERS", "Forward", "InputGradient", "Transposed", "WeightGradient", "document"]

#: What the spatial axes are called, by their number: length; height and width; depth, height and width.
AXIS_LETTERS = {1: "L", 2: "HW", 3: "DHW"}

Array = Any
Steps = int | Sequence[int]
Padding = int | str | Sequence[int] | Sequence[tuple[int, int]]


class Forward(Protocol):
    """Type of `conv1d`, `conv2d` and `conv3d`."""

    def __call__(
        self,
        input: Array,
        weight: Array,
        bias: Array | None = None,
        stride: Steps = 1,
        padding: Padding = 0,
        dilation: Steps = 1,
        groups: int = 1,
        *,
        padding_mode: str = "zeros",
        out: Array | None = None,
        algo: str = "auto",
        threads: int | None = None,
    ) -> Array: ...


class Transposed(Protocol):
    """Type of `conv_transpose1d`, `conv_transpose2d` and `conv_transpose3d`."""

    def __call__(
        self,
        input: Array,
        weight: Array,
        bias: Array | None = None,
        stride: Steps = 1,
        padding: Padding = 0,
        output_padding: Steps = 0,
        groups: int = 1,
        dilation: Steps = 1,
        *,
        out: Array | None = None,
        algo: str = "auto",
        threads: int | None = None,
    ) -> Array: ...


class InputGradient(Protocol):
    """Type of `conv1d_input`, `conv2d_input` and `conv3d_input`."""

    def __call__(
        self,
        input_size: Sequence[int],
        weight: Array,
        grad_output: Array,
        stride: Steps = 1,
        padding: Padding = 0,
        dilation: Steps = 1,
        groups: int = 1,
        *,
        padding_mode: str = "zeros",
        out: Array | None = None,
        algo: str = "auto",
        threads: int | None = None,
    ) -> Array: ...


class WeightGradient(Protocol):
    """Type of `conv1d_weight`, `conv2d_weight` and `conv3d_weight`."""

    def __call__(
        self,
        input: Array,
        weight_size: Sequence[int],
        grad_output: Array,
        stride: Steps = 1,
        padding: Padding = 0,
        dilation: Steps = 1,
        groups: int = 1,
        *,
        padding_mode: str = "zeros",
        out: Array | None = None,
        algo: str = "auto",
        threads: int | None = None,
    ) -> Array: ...


# ---------------------------------------------------------------------- docstrings

# What the docstrings of several families say in the same words.
_SHARED = {
    "operands": """\
NumPy arrays, or arrays on the CPU of a library that speaks DLPack (PyTorch), all of one
library and one dtype: float32, float64 or integers, in any memory layout. They are not changed.""",
    "bias": """\
Of the dtype of the operands; for integers that of the result will do too.""",
    "parameters": """\
stride, dilation : int or sequence of int
    One for all axes, or one per axis; at least 1.
padding : int, "same", "valid" or sequence
    One for all axes, one per axis, or one ``(low, high)`` pair per axis; at least 0. ``"same"`` keeps
    the size (stride 1 only), ``"valid"`` is 0.
groups : int
    Channels in so many independent groups; divides both numbers of channels.""",
    "padding_mode": """\
padding_mode : {"zeros", "reflect", "replicate", "circular"}
    What stands outside the input.""",
    "options": """\
out : array, optional
    Where to write the result: of its shape, dtype and library, in any layout, apart from the operands.
algo : {"auto", "direct"}
    The algorithm; ``"auto"`` stays with direct summation.
threads : int, optional
    At most so many threads; all processors by default, or what the environment variable
    CONVPROOF_THREADS said at the first call. Results do not depend on it.""",
    "result_dtype": """\
8-bit integers give int32, wider ones int64, floats their own dtype.""",
    "raises": """\
GeometryError
    Shapes or parameters that no convolution has.
ArgumentTypeError, ArgumentValueError
    Another wrong argument; the message names it, its value and what was expected.
RangeError
    Integer operands so large that a sum could wrap around.
KernelError
    An array in the memory of a GPU.""",
}
_SOURCE = "Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*, 2016"


def document(function: Callable[..., Any], name: str, axes: int) -> None:
    """Give a member of a family its own name, and its docstring from the template it was written with.

    Fields of the template: ``{d}`` the number of axes; ``{n}``, ``{k}``, ``{o}`` the spatial part of the
    shapes of input, weight and output; ``{ones}`` the ones that lead the shape of an example with one
    row, ``{open}`` and ``{close}`` the brackets that its printed form starts and ends with; ``{source}``;
    and, alone on a line, the keys of ``_SHARED``.
    """
    letters = AXIS_LETTERS[axes]
    fields = {
        "d": str(axes),
        "n": ", ".join(letters),
        "k": ", ".join(f"k{letter}" for letter in letters),
        "o": ", ".join(f"o{letter}" for letter in letters),
        "ones": "1, " * (axes + 1),
        "open": "[" * (axes + 2),
        "close": "]" * (axes + 2),
        "source": _SOURCE,
    }
    lines = []
    for line in inspect.cleandoc(function.__doc__ or "").splitlines():
        margin, block = line[: len(line) - len(line.lstrip())], _SHARED.get(line.strip(" {}"))
        lines.append(line.format(**fields) if block is None else indent(block, margin))
    function.__name__ = function.__qualname__ = name
    function.__doc__ = "\n".join(lines)
