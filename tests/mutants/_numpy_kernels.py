"""Convolutions in plain NumPy, right in every case, with each decision a method of its own.

One integer relation per axis places every product: output r and tap a read input i = stride*r + dilation*a - padding.
The forward convolution gathers along it, the input gradient and the transposed convolution scatter along it, the
weight gradient gathers and contracts over the outputs. A wrong kernel of the catalogue overrides one method.

Signatures and argument order are those of torch.nn.functional and torch.nn.grad.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Axis:
    """One spatial axis: `size` inputs, `taps` kernel elements, `outputs` outputs, and its number."""

    number: int
    size: int
    taps: int
    outputs: int
    stride: int
    padding: int
    dilation: int


def per_axis(value, rank):
    """An int or a sequence, as a tuple of one int per axis."""
    values = (value,) * rank if isinstance(value, (int, np.integer)) else tuple(int(v) for v in value)
    if len(values) != rank:
        raise ValueError(f"expected an int or {rank} ints, got {value!r}")
    return values


def forward_size(size, taps, stride, padding, dilation):
    """Outputs of the forward convolution along one axis."""
    return (size + 2 * padding - dilation * (taps - 1) - 1) // stride + 1


def require(condition, message):
    """Refuse bad input before anything is computed."""
    if not condition:
        raise ValueError(message)


class Convolution:
    """The four operations over `rank` spatial axes."""

    def __init__(self, rank, **settings):
        self.rank = rank
        vars(self).update(settings)

    # The decisions --------------------------------------------------------------------------------------------------

    def relation(self, axes):
        """The geometry as the index relation sees it."""
        return axes

    def index(self, r, a, axis):
        """Input read by output r through tap a."""
        return axis.stride * r + axis.dilation * a - axis.padding

    def outside(self, i, size):
        """Where an index outside the input goes: to the plane of zeros kept at position `size`."""
        return np.where((i >= 0) & (i < size), i, size)

    def output_size(self, size, taps, stride, padding, dilation):
        """Outputs of the forward convolution along one axis."""
        return forward_size(size, taps, stride, padding, dilation)

    def transposed_size(self, outputs, taps, stride, padding, dilation, output_padding):
        """Size of the transposed convolution's result along one axis."""
        return (outputs - 1) * stride - 2 * padding + dilation * (taps - 1) + output_padding + 1

    def accumulator(self, dtype):
        """Type in which products are summed."""
        dtype = np.dtype(dtype)
        if dtype.kind in "iu":
            return np.dtype(np.int32 if dtype.itemsize == 1 else np.int64)
        return np.dtype(np.float32) if dtype.itemsize == 2 else dtype

    def result_type(self, dtype):
        """Type of the result."""
        return self.accumulator(dtype) if np.dtype(dtype).kind in "iu" else np.dtype(dtype)

    def operand(self, array, role):
        """The values of an operand (role: input, weight or grad_output), as they enter the products."""
        return np.asarray(array).astype(self.accumulator(array.dtype))

    def channels(self, x, groups):
        """The input's channels, in the order in which the groups read them."""
        return x

    def product(self, left, right):
        """Sum of products over the last axis of `left` and the last but one of `right`."""
        return np.matmul(left, right)

    def put(self, result, where, values):
        """What one tap contributes to the inputs it reads."""
        result[where] += values

    def merge(self, grouped):
        """(N, groups, channels per group, ...) as (N, channels, ...)."""
        n, groups, per_group, *rest = grouped.shape
        return grouped.reshape(n, groups * per_group, *rest)

    def add_bias(self, y, bias):
        """One number per output channel, added to the whole channel."""
        return y + bias.astype(y.dtype).reshape(-1, *(1,) * self.rank)

    def finish(self, result, first, second, axes):
        """The result, its two operands and the geometry: nothing is left to do."""
        return result

    # The operations -------------------------------------------------------------------------------------------------

    def conv(self, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        """Cross-correlation: y (N, M, *o) of x (N, C, *n) and w (M, C/groups, *k)."""
        if input.ndim == self.rank + 1:
            return self.conv(input[None], weight, bias, stride, padding, dilation, groups)[0]
        axes = self._axes(input.shape, weight.shape, stride, padding, dilation, groups, self.output_size)
        self._same_dtype(input, weight, bias)
        m, outputs = weight.shape[0], [axis.outputs for axis in axes]
        require(bias is None or bias.shape == (m,), f"bias: expected shape {(m,)}")
        w = self.operand(weight, "weight").reshape(groups, m // groups, math.prod(weight.shape[1:]))
        y = self.merge(self.product(w, self._patches(input, axes, groups)))
        y = y.reshape(len(input), m, *outputs)
        if bias is not None:
            y = self.add_bias(y, bias)
        return self.finish(y, input, weight, axes).astype(self.result_type(input.dtype))

    def conv_weight(self, input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1):
        """Weight gradient: (M, C/groups, *k) of x (N, C, *n) and g (N, M, *o)."""
        axes = self._axes(input.shape, weight_size, stride, padding, dilation, groups)
        self._same_dtype(input, grad_output)
        self._grad_shape(grad_output, len(input), weight_size[0], axes)
        patches = self._patches(input, axes, groups)  # (N, groups, C/groups * taps, outputs)
        g = self._grouped(self.operand(grad_output, "grad_output"), groups)  # (N, groups, M/groups, outputs)
        n, _, terms, outputs = patches.shape
        g = g.transpose(1, 2, 0, 3).reshape(groups, g.shape[2], n * outputs)
        patches = patches.transpose(1, 0, 3, 2).reshape(groups, n * outputs, terms)
        result = self.product(g, patches).reshape(tuple(weight_size))
        return self.finish(result, input, grad_output, axes).astype(self.result_type(input.dtype))

    def conv_input(self, input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1):
        """Input gradient: (N, C, *n) of w (M, C/groups, *k) and g (N, M, *o)."""
        axes = self._axes(input_size, weight.shape, stride, padding, dilation, groups)
        self._same_dtype(grad_output, weight)
        self._grad_shape(grad_output, input_size[0], weight.shape[0], axes)
        return self._spread(grad_output, weight, axes, groups, "grad_output")

    def conv_transpose(
        self, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
    ):
        """Transposed convolution: (N, C, *n) of x (N, M, *o) and w (M, C/groups, *k)."""
        if input.ndim == self.rank + 1:
            return self.conv_transpose(
                input[None], weight, bias, stride, padding, output_padding, groups, dilation
            )[0]
        require(input.ndim == weight.ndim == self.rank + 2, f"expected input and weight of {self.rank + 2} axes")
        self._same_dtype(input, weight, bias)
        c = weight.shape[1] * groups
        require(bias is None or bias.shape == (c,), f"bias: expected shape {(c,)}")
        require(input.shape[1] == weight.shape[0], "input and weight disagree in channels")
        extra = per_axis(output_padding, self.rank)
        s, p, d = (per_axis(v, self.rank) for v in (stride, padding, dilation))
        require(
            all(0 <= e < max(t, u) for e, t, u in zip(extra, s, d, strict=True)),
            f"output_padding must be below stride or dilation, got {output_padding}",
        )
        sizes = map(self.transposed_size, input.shape[2:], weight.shape[2:], s, p, d, extra)
        axes = self._axes((len(input), c, *sizes), weight.shape, s, p, d, groups)
        # output padding from the stride on would give the forward more outputs than there are inputs here
        axes = [replace(axis, outputs=o) for axis, o in zip(axes, input.shape[2:], strict=True)]
        result = self._spread(input, weight, axes, groups, "input")
        return result if bias is None else self.add_bias(result, bias)

    # Shared steps ---------------------------------------------------------------------------------------------------

    def _axes(self, x_shape, w_shape, stride, padding, dilation, groups, size=forward_size):
        """The validated geometry, one Axis per spatial axis."""
        rank = self.rank
        require(len(x_shape) == len(w_shape) == rank + 2, f"expected {rank + 2} axes, got {x_shape} and {w_shape}")
        require(groups >= 1 and w_shape[0] % groups == 0, f"groups={groups} does not divide {w_shape[0]} channels")
        require(x_shape[1] == w_shape[1] * groups, f"channels: {x_shape[1]}, expected {w_shape[1]} x {groups} groups")
        s, p, d = (per_axis(v, rank) for v in (stride, padding, dilation))
        require(min(s) >= 1 and min(d) >= 1 and min(p) >= 0, "stride and dilation from 1, padding from 0")
        require(min(w_shape[2:]) >= 1, f"kernel of size zero: {w_shape}")
        outputs = [size(*axis) for axis in zip(x_shape[2:], w_shape[2:], s, p, d, strict=True)]
        require(min(outputs) >= 1, f"the kernel {w_shape[2:]} does not fit the padded input {x_shape[2:]}")
        return [Axis(j, *axis) for j, axis in enumerate(zip(x_shape[2:], w_shape[2:], outputs, s, p, d, strict=True))]

    def _same_dtype(self, *arrays):
        kinds = {array.dtype for array in arrays if array is not None}
        require(len(kinds) == 1, f"operands of one dtype expected, got {sorted(map(str, kinds))}")

    def _grad_shape(self, grad_output, n, m, axes):
        expected = (n, m, *(axis.outputs for axis in axes))
        require(grad_output.shape == expected, f"grad_output: expected shape {expected}, got {grad_output.shape}")

    def _tables(self, axes):
        """Per axis, the input index of every (tap, output)."""
        for axis in self.relation(axes):
            i = self.index(np.arange(axis.outputs), np.arange(axis.taps)[:, None], axis)
            yield self.outside(i, axis.size)

    def _grouped(self, array, groups):
        n, m, *spatial = array.shape
        return array.reshape(n, groups, m // groups, math.prod(spatial))

    def _patches(self, input, axes, groups):
        """Inputs read by every tap of every output: (N, groups, C/groups * taps, outputs)."""
        x = self.channels(self.operand(input, "input"), groups)
        n, c, *sizes = x.shape
        padded = np.zeros((n, c, *(size + 1 for size in sizes)), x.dtype)
        padded[(..., *map(slice, sizes))] = x
        shape = [(1,) * j + (axis.taps,) + (1,) * (self.rank - 1) + (axis.outputs,) + (1,) * (self.rank - 1 - j)
                 for j, axis in enumerate(axes)]
        tables = (table.reshape(s) for table, s in zip(self._tables(axes), shape, strict=True))
        patches = padded[(slice(None), slice(None), *tables)]
        taps, outputs = math.prod(a.taps for a in axes), math.prod(a.outputs for a in axes)
        return patches.reshape(n, groups, c // groups * taps, outputs)

    def _spread(self, grad_output, weight, axes, groups, role):
        """Every g times every tap, added up where the relation puts it."""
        g = self._grouped(self.operand(grad_output, role), groups)  # (N, groups, M/groups, outputs)
        m, per_group, *taps = weight.shape
        w = self.operand(weight, "weight").reshape(groups, m // groups, per_group * math.prod(taps))
        columns = self.product(w.swapaxes(1, 2), g)
        columns = columns.reshape(len(g), groups, per_group, *taps, *(axis.outputs for axis in axes))
        result = self.scatter(self.merge(columns), axes)
        return self.finish(result, grad_output, weight, axes).astype(self.result_type(weight.dtype))

    def scatter(self, columns, axes):
        """Add column (n, c, *tap, *output) to input (n, c, *index)."""
        n, c = columns.shape[:2]
        result = np.zeros((n, c, *(axis.size + 1 for axis in axes)), columns.dtype)
        tables = list(self._tables(axes))
        for tap in np.ndindex(*(axis.taps for axis in axes)):
            # within one tap the indices are distinct, but for the plane of zeros, which is dropped
            where = np.ix_(*(table[a] for table, a in zip(tables, tap, strict=True)))
            self.put(result, (slice(None), slice(None), *where), columns[(slice(None), slice(None), *tap)])
        return result[(..., *(slice(axis.size) for axis in axes))]


def split_op(op):
    """'conv2d_weight' as (2, 'conv_weight'): rank and method."""
    for rank in (1, 2, 3):
        if f"{rank}d" in op:
            return rank, op.replace(f"{rank}d", "")
    raise ValueError(f"unknown op {op!r}")


def kernel(op, cls=Convolution, **settings):
    """The callable for `op`, with torch's signature."""
    rank, method = split_op(op)
    return getattr(cls(rank, **settings), method)


FAMILIES = ("conv{}d", "conv{}d_input", "conv{}d_weight", "conv_transpose{}d")
OPS = tuple(family.format(rank) for family in FAMILIES for rank in (1, 2, 3))
