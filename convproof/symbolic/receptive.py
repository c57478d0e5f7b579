"""Layers in a row: the one convolution that two are, the receptive field of a stack, how windows overlap.

The formulas are derived in ``derive("composition")``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from convproof.errors import ArgumentTypeError, ArgumentValueError, GeometryError, bad
from convproof.geometry import Conv
from convproof.symbolic.relation import axis_relations

__all__ = ["Overlaps", "ReceptiveField", "compose", "overlap_counts", "receptive_field"]

_LARGEST_COUNT = 2**27  # elements of an array of counts: 1 GiB
_LARGEST_RIM = 2**20  # (output, tap) pairs in the padding between two layers that are looked at
_MOST_LAYERS = 100_000


def compose(first: Conv, second: Conv, *, interior: bool = False) -> Conv:
    """Return the geometry of the one convolution that two convolutions in a row are.

    Per axis, with stride s, dilation d, padding p and kernel k of both layers, it has stride ``s1 * s2``, padding
    ``p1 + s1 * p2`` and a kernel that reaches over ``d1 * (k1 - 1) + s1 * d2 * (k2 - 1) + 1`` elements. Where the
    taps are all multiples of a number apart, that is its dilation. Its groups are those that both layers respect.

    Parameters
    ----------
    first, second : Conv
        The second reads the output of the first.
    interior : bool
        Also where padding between the layers makes them differ at the rim: the result then agrees with both layers
        at the outputs whose window between them lies inside.

    Raises
    ------
    GeometryError
        Shapes that do not follow one another, or padding between the layers that no single convolution has; each
        axis is looked at alone.
    ArgumentTypeError, ArgumentValueError
        Something that is no geometry; padding with other things than zeros.

    References
    ----------
    A. Araujo, W. Norris, J. Sim, *Computing Receptive Fields of Convolutional Neural Networks*, Distill 2019.

    Examples
    --------
    >>> one = Conv(x=(1, 3, 11, 11), w=(8, 3, 3, 3), stride=2)
    >>> print(compose(one, Conv(x=one.y, w=(4, 8, 3, 3))))
    x1x3x11x11-w4x3x7x7-s2
    """
    for name, layer in (("first", first), ("second", second)):
        _check_layer(name, layer)
    if second.x != first.y:
        raise GeometryError(bad("second", str(second), f"a layer that reads {first.y}, the output of {first}"))
    if not isinstance(interior, bool):
        raise ArgumentTypeError(bad("interior", interior, "True or False"))
    if not interior:
        _check_rim(first, second)
    kernel, dilation = zip(*(_composed_taps(first, second, axis) for axis in range(first.axes)), strict=True)
    padding = [
        (lo1 + s1 * lo2, hi1 + s1 * hi2)
        for s1, (lo1, hi1), (lo2, hi2) in zip(first.stride, first.padding, second.padding, strict=True)
    ]
    groups = math.gcd(first.groups, second.groups)
    whole = Conv(
        x=first.x,
        w=(second.w[0], first.x[1] // groups, *kernel),
        stride=[s1 * s2 for s1, s2 in zip(first.stride, second.stride, strict=True)],
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    return whole if whole.o == second.o else whole.replace(outputs=second.o)


def _composed_taps(first: Conv, second: Conv, axis: int) -> tuple[int, int]:
    """Return kernel and dilation of an axis, whose taps are at ``d1 * a + s1 * d2 * b``."""
    steps = (first.dilation[axis], first.stride[axis] * second.dilation[axis])
    lasts = (first.kernel[axis] - 1, second.kernel[axis] - 1)
    apart = math.gcd(*(step for step, last in zip(steps, lasts, strict=True) if last)) or 1
    return sum(step * last for step, last in zip(steps, lasts, strict=True)) // apart + 1, apart


def _check_layer(name: str, layer: object) -> None:
    if not isinstance(layer, Conv):
        raise ArgumentTypeError(bad(name, layer, "a Conv"))
    if layer.mode != "zeros" and max(max(pair) for pair in layer.padding) > 0:
        raise ArgumentValueError(bad(name, str(layer), "padding with zeros"))


def _check_rim(first: Conv, second: Conv) -> None:
    """Refuse layers of which the second reads zeros where the first, going on, would have put out something."""
    for axis in range(first.axes):
        for t, u in _outside(first, second, axis):
            if _sees(first, axis, u):
                expected = (
                    f"no padding that hides outputs of the first layer: on axis {axis} output {t} reads a zero at "
                    f"place {u}, where {first} would go on (interior=True leaves the rim out)"
                )
                raise GeometryError(bad("second", str(second), expected))


def _outside(first: Conv, second: Conv, axis: int) -> Iterator[tuple[int, int]]:
    """Yield (output, place) where the second layer reads beyond the outputs of the first."""
    size, count = first.o[axis], second.o[axis]
    s, d, k, lo = second.stride[axis], second.dilation[axis], second.kernel[axis], second.padding[axis][0]
    before = range(min(count, max(0, -(-lo // s))))
    behind = range(max(len(before), (size - 1 + lo - d * (k - 1)) // s + 1), count)
    if (len(before) + len(behind)) * k > _LARGEST_RIM:
        raise ArgumentValueError(bad("second", str(second), f"at most {_LARGEST_RIM} (output, tap) pairs at the rim"))
    for t in (*before, *behind):
        for b in range(k):
            if not 0 <= (u := s * t + d * b - lo) < size:
                yield t, u


def _sees(layer: Conv, axis: int, r: int) -> bool:
    """Return whether a window of the layer, of any number, reads an element of its input."""
    start = layer.stride[axis] * r - layer.padding[axis][0]
    d = layer.dilation[axis]
    tap = max(0, -(start // d))  # the first that does not read before the input
    return tap < layer.kernel[axis] and start + d * tap < layer.n[axis]


# ---------------------------------------------------------------------- stacks


@dataclass(frozen=True)
class ReceptiveField:
    """What one output of a stack of layers depends on, per axis.

    Attributes
    ----------
    size : tuple of int
        Number of neighbouring input elements from the first to the last that an output reads.
    stride : tuple of int
        How far the fields of neighbouring outputs are apart, the jump.
    start : tuple of int
        Where the field of output 0 starts; negative where that is padding.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    start: tuple[int, ...]

    def of(self, *output: int) -> tuple[range, ...]:
        """Return the input places that an output depends on, one range per axis; they may lie in the padding."""
        if len(output) != len(self.size) or not all(isinstance(r, int) for r in output):
            raise ArgumentValueError(bad("output", output, f"{len(self.size)} integers, one per axis"))
        firsts = [start + jump * r for start, jump, r in zip(self.start, self.stride, output, strict=True)]
        return tuple(range(first, first + size) for first, size in zip(firsts, self.size, strict=True))


def receptive_field(layers: Iterable[Conv]) -> ReceptiveField:
    """Return the receptive field of a stack of layers.

    Layer by layer, per axis, ``size += (k - 1) * d * stride``, ``start -= p * stride``, ``stride *= s``, from
    size 1, start 0 and stride 1. A pooling layer counts as the convolution with its kernel and stride.

    Parameters
    ----------
    layers : iterable of Conv
        Each reads what the one before puts out. Instead of a geometry, something that has one as ``geometry``.

    Raises
    ------
    GeometryError
        A layer whose input has another size than the output before it.
    ArgumentTypeError, ArgumentValueError
        Something that is no geometry, or no layer at all.

    References
    ----------
    A. Araujo, W. Norris, J. Sim, *Computing Receptive Fields of Convolutional Neural Networks*, Distill 2019,
    equations 1 to 5.

    Examples
    --------
    >>> one = Conv(x=(1, 1, 9, 9), w=(1, 1, 3, 3), stride=2, padding=1)
    >>> receptive_field([one, Conv(x=one.y, w=(1, 1, 3, 3))])
    ReceptiveField(size=(7, 7), stride=(2, 2), start=(-1, -1))
    """
    stack = _stack(layers)
    axes = stack[0].axes
    size, stride, start = [1] * axes, [1] * axes, [0] * axes
    for layer in stack:
        for axis, (k, s, d, (lo, _)) in enumerate(
            zip(layer.kernel, layer.stride, layer.dilation, layer.padding, strict=True)
        ):
            size[axis] += (k - 1) * d * stride[axis]
            start[axis] -= lo * stride[axis]
            stride[axis] *= s
    return ReceptiveField(tuple(size), tuple(stride), tuple(start))


def _stack(layers: Any) -> list[Conv]:
    """Return the geometries of layers that follow one another."""
    if isinstance(layers, (str, bytes)) or not isinstance(layers, Iterable):
        raise ArgumentTypeError(bad("layers", layers, "a sequence of Conv"))
    stack: list[Conv] = []
    for number, layer in enumerate(layers):
        if number == _MOST_LAYERS:
            raise ArgumentValueError(bad("layers", f"more than {number}", f"at most {_MOST_LAYERS} layers"))
        geo = getattr(layer, "geometry", layer)
        if not isinstance(geo, Conv):
            raise ArgumentTypeError(bad(f"layers[{number}]", layer, "a Conv"))
        if stack and geo.n != stack[-1].o:
            expected = f"an input of size {stack[-1].o}, the output of the layer before"
            raise GeometryError(bad(f"layers[{number}]", str(geo), expected))
        stack.append(geo)
    if not stack:
        raise ArgumentValueError(bad("layers", layers, "at least one layer"))
    return stack


# ---------------------------------------------------------------------- overlaps


@dataclass(frozen=True, eq=False)
class Overlaps:
    """How often the windows of a convolution meet its elements, for one pair of channels.

    Attributes
    ----------
    inputs : ndarray of int64, one number per element of the input
        How many (output, tap) pairs read each element. With zero padding these are as many outputs, and in the
        transposed convolution as many taps reach that element: where the numbers alternate is its checkerboard.
    outputs : ndarray of int64, one number per output
        How many taps of each output read an element, and not padding: the divisor of an average that leaves
        padding out.
    """

    inputs: np.ndarray
    outputs: np.ndarray


def overlap_counts(geo: Conv) -> Overlaps:
    """Count how many outputs read each element, and how many elements each output reads.

    Both counts are those of the relation ``i = s*r + d*a - p``; over several axes they are products.

    Parameters
    ----------
    geo : Conv
        The geometry.

    Raises
    ------
    ArgumentValueError
        More elements than fit in memory.

    References
    ----------
    A. Odena, V. Dumoulin, C. Olah, *Deconvolution and Checkerboard Artifacts*, Distill 2016.

    Examples
    --------
    >>> found = overlap_counts(Conv(x=(1, 1, 7), w=(1, 1, 3), stride=2))
    >>> found.inputs.tolist(), found.outputs.tolist()
    ([1, 1, 2, 1, 2, 1, 1], [3, 3, 3])
    """
    relations = axis_relations(geo)
    if max(math.prod(geo.n), math.prod(geo.o)) > _LARGEST_COUNT:
        raise ArgumentValueError(bad("geo", str(geo), f"at most {_LARGEST_COUNT} elements in all axes"))
    read = [(axis.index, axis.index >= 0) for axis in relations]
    inputs = [np.bincount(index[live], minlength=axis.n) for (index, live), axis in zip(read, relations, strict=True)]
    outputs = [live.sum(axis=1, dtype=np.int64) for _, live in read]
    return Overlaps(_product(inputs), _product(outputs))


def _product(counts: list[np.ndarray]) -> np.ndarray:
    """Return the outer product of the counts of all axes."""
    whole = np.ones((), dtype=np.int64)
    for count in counts:
        whole = np.multiply.outer(whole, count.astype(np.int64))
    return whole
