"""Valid calls of an operation as data, and what is wrong with a kernel's answers to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tests.mutants import _numpy_kernels as numpy_kernels


@dataclass(frozen=True)
class Call:
    """One call. Shapes and settings are cut to the rank of the op, or their last number is repeated.

    For transposed convolutions `x` is the op's own input (N, M, *o) and `w` its weight (M, C/groups, *k).
    """

    x: tuple[int, ...] = (2, 4, 7, 6, 5)
    w: tuple[int, ...] = (4, 4, 3, 2, 3)
    stride: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] = 0
    dilation: int | tuple[int, ...] = 1
    groups: int = 1
    output_padding: int | tuple[int, ...] = 0
    bias: bool = False
    dtype: str = "float32"
    fill: Callable = None  # (rng, shape) -> float64 array; default: small integers but zero
    change: Callable = None  # changes the dict of operands: values
    layout: dict = field(default_factory=dict)  # operand -> function giving equal values in other memory
    in_place: bool = False  # write this call's operands into the arrays of the call before


def integers(rng, shape):
    """Small integers but zero: every sum is exact, and every term counts."""
    return rng.integers(1, 6, shape) * rng.choice([-1.0, 1.0], shape)


def full_significand(rng, shape):
    """Values that need every bit of their type."""
    return rng.standard_normal(shape)


def live_tap(arrays):
    """One nonzero product per output: no sum, so that rounding of an operand cannot hide in an error bound."""
    arrays["weight"][...] = 0
    arrays["weight"].reshape(len(arrays["weight"]), -1)[:, 0] = 1


def positive(arrays):
    """No negative operands: no sum is zero."""
    for array in arrays.values():
        np.abs(array, out=array)


def fit(values, length):
    """Cut to `length`, or repeat the last number."""
    values = tuple(values)
    return (values + values[-1:] * length)[:length]


def operands(op, call, rng):
    """The array arguments of `op` by torch's names, and the other arguments."""
    rank, method = numpy_kernels.split_op(op)
    x, w = fit(call.x, rank + 2), fit(call.w, rank + 2)
    geometry = {
        name: value if isinstance(value, int) else fit(value, rank)
        for name in ("stride", "padding", "dilation") for value in [getattr(call, name)]
    }
    transposed = method == "conv_transpose"
    sizes = map(numpy_kernels.forward_size, x[2:], w[2:], *(numpy_kernels.per_axis(v, rank) for v in geometry.values()))
    y = None if transposed else (x[0], w[0], *sizes)
    channels = w[1] * call.groups if transposed else w[0]
    shapes = {
        "conv": {"input": x, "weight": w, "bias": (channels,)},
        "conv_transpose": {"input": x, "weight": w, "bias": (channels,)},
        "conv_input": {"weight": w, "grad_output": y},
        "conv_weight": {"input": x, "grad_output": y},
    }[method]
    if not call.bias:
        shapes.pop("bias", None)
    fill = call.fill or integers
    arrays = {name: fill(rng, shape).astype(call.dtype) for name, shape in shapes.items()}
    if call.change:
        call.change(arrays)
    for name, layout in call.layout.items():
        arrays[name] = layout(arrays[name])
    other = geometry | {"groups": call.groups}
    if transposed:
        other["output_padding"] = call.output_padding if isinstance(call.output_padding, int) else fit(
            call.output_padding, rank)
    other |= {"conv_input": {"input_size": x}, "conv_weight": {"weight_size": w}}.get(method, {})
    return arrays, other


def faults(kernel, op, calls, seed=0):
    """What is wrong with `kernel` over a sequence of calls, in words; empty where all is right."""
    rng = np.random.default_rng(seed)
    found, results, arrays = [], [], {}
    for call in calls:
        fresh, other = operands(op, call, rng)
        if call.in_place:
            for name, array in arrays.items():
                array[...] = fresh[name]
        else:
            arrays = fresh
        before = {name: array.copy() for name, array in arrays.items()}
        with np.errstate(all="ignore"):
            result = kernel(**arrays, **other)
            found += _compare(op, before, other, result)
        found += [f"{name} written" for name in arrays if not same(arrays[name], before[name])]
        found += [f"result aliases {name}" for name in arrays if np.shares_memory(result, arrays[name])]
        results.append((result, np.array(result)))
    if not all(same(result, kept) for result, kept in results):
        found.append("an earlier result was overwritten")
    return found


def same(a, b):
    """Equal values, NaN for NaN."""
    return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def _compare(op, arrays, other, result):
    """Shape, type and values against the right kernel, for floats within the rounding error of any summation order."""
    right = numpy_kernels.kernel(op)
    dtype = next(iter(arrays.values())).dtype
    if dtype.kind != "f":
        expected, bound = right(**arrays, **other), 0
    else:
        wide = {name: array.astype(np.float64) for name, array in arrays.items()}
        expected = right(**wide, **other)
        magnitude = right(**{name: np.abs(array) for name, array in wide.items()}, **other)
        terms = right(**{name: np.ones_like(array) for name, array in wide.items()}, **other)
        bound = (terms + 1) * np.finfo(dtype).eps * magnitude
    if result.shape != expected.shape:
        return [f"shape {result.shape}, expected {expected.shape}"]
    wanted = numpy_kernels.Convolution(1).result_type(dtype)
    found = [] if result.dtype == wanted else [f"dtype {result.dtype}, expected {wanted}"]
    close = (result == expected) | (np.abs(result - expected) <= bound)
    if dtype.kind == "f":
        close |= np.isnan(result) & np.isnan(expected)
    return found + ([] if close.all() else [f"{np.sum(~close)} of {close.size} values"])
