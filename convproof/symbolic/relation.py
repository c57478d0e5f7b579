"""The relation of one axis, ``i = s*r + d*a - p``: which input element each output reads through each tap.

Output sizes are counted here from the relation itself, never taken from :mod:`convproof.geometry`, so that
the checker can compare two independent counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad
from convproof.geometry import MODES, Conv

__all__ = ["AxisRelation", "axis_relations", "counted", "joint_index"]

_LARGEST_INDEX = 2**27  # entries of one index array: 1 GiB
_LEAST = {"n": 0, "k": 1, "s": 1, "d": 1, "lo": -(2**63), "hi": -(2**63)}


@dataclass(frozen=True)
class AxisRelation:
    """Which element of an axis output r reads through tap a.

    Parameters
    ----------
    n, k : int
        Size of the input and number of taps.
    s, d : int
        Stride and dilation.
    lo, hi : int
        Padding below and above; negative padding crops.
    mode : {"zeros", "reflect", "replicate", "circular"}
        What stands outside the input; ``reflect`` does not repeat the edge (as in NumPy and PyTorch).
    outputs : int, optional
        Keep only the first so many outputs.

    Examples
    --------
    >>> AxisRelation(n=4, k=3, lo=1, hi=1).index.tolist()
    [[-1, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, -1]]
    """

    n: int
    k: int
    s: int = 1
    d: int = 1
    lo: int = 0
    hi: int = 0
    mode: str = "zeros"
    outputs: int | None = None

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if not isinstance(value, int):
                raise ArgumentTypeError(bad(name, value, "an integer"))
            if not least <= value < 2**63:
                raise ArgumentValueError(bad(name, value, f"at least {least}, and below 2**63"))
        if self.outputs is not None and not isinstance(self.outputs, int):
            raise ArgumentTypeError(bad("outputs", self.outputs, "an integer, or None"))
        if not isinstance(self.mode, str) or self.mode not in MODES:
            raise ArgumentValueError(bad("mode", self.mode, "one of " + ", ".join(MODES)))

    @cached_property
    def count(self) -> int:
        """Number of outputs: windows that lie wholly inside the padded input, or the fewer that are kept.

        A window is known by the position it starts from, ``-lo, s - lo, 2*s - lo, ...``; it lies inside
        while its last tap, ``d*(k - 1)`` further on, stands before ``n + hi``.
        """
        starts = range(-self.lo, self.n + self.hi - self.d * (self.k - 1), self.s)
        windows = (starts[-1] - starts[0]) // self.s + 1 if starts else 0
        return windows if self.outputs is None else min(windows, self.outputs)

    @cached_property
    def index(self) -> np.ndarray:
        """Input index that output r reads through tap a, shape (count, k); -1 where it reads a zero."""
        return self.rows(0, self.count)

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Return rows `start` to `stop` of `index`.

        Raises
        ------
        ArgumentValueError
            So many entries that the array would not fit in memory.
        """
        if (stop - start) * self.k > _LARGEST_INDEX:
            expected = f"at most {_LARGEST_INDEX} (output, tap) pairs of one axis"
            raise ArgumentValueError(bad("outputs", stop - start, expected))
        r = np.arange(start, stop, dtype=np.int64)[:, None]  # (rows, 1)
        a = np.arange(self.k, dtype=np.int64)  # (k,)
        return self._read(self.s * r + self.d * a - self.lo)

    def _read(self, i: np.ndarray) -> np.ndarray:
        """Map positions, which may lie outside the input, to the elements read there."""
        if self.mode == "replicate":
            return np.clip(i, 0, self.n - 1)
        if self.mode == "circular":
            return i % self.n
        if self.mode == "reflect":
            period = 2 * (self.n - 1)
            folded = i % max(period, 1)
            return np.minimum(folded, period - folded)
        return np.where((i >= 0) & (i < self.n), i, -1)

    @cached_property
    def terms(self) -> int:
        """Number of (output, tap) pairs that read an element of the input."""
        return int(np.count_nonzero(self.index >= 0))

    @cached_property
    def readers(self) -> int:
        """Largest number of (output, tap) pairs that read one and the same element of the input."""
        read = self.index[self.index >= 0]
        return int(np.bincount(read).max()) if read.size else 0

    @cached_property
    def windows_per_tap(self) -> int:
        """Largest number of outputs that read an element of the input through one and the same tap."""
        return int(np.count_nonzero(self.index >= 0, axis=0).max(initial=0))


def axis_relations(geo: Conv) -> tuple[AxisRelation, ...]:
    """Return the relation of each spatial axis of `geo`.

    Examples
    --------
    >>> [axis.count for axis in axis_relations(Conv(x=(1, 1, 7, 5), w=(1, 1, 3, 3), stride=2))]
    [3, 2]
    """
    if not isinstance(geo, Conv):
        raise ArgumentTypeError(bad("geo", geo, "a Conv"))
    kept = geo.outputs if geo.outputs is not None else (None,) * geo.axes
    return tuple(
        AxisRelation(n, k, s, d, lo, hi, geo.mode, outputs)
        for n, k, s, d, (lo, hi), outputs in zip(
            geo.n, geo.kernel, geo.stride, geo.dilation, geo.padding, kept, strict=True
        )
    )


def counted(geo: Conv) -> tuple[int, ...]:
    """Return the spatial size of the output, counted from the relation.

    Examples
    --------
    >>> counted(Conv(x=(1, 1, 7, 5), w=(1, 1, 3, 3), stride=2))
    (3, 2)
    """
    return tuple(relation.count for relation in axis_relations(geo))


def joint_index(relations: Sequence[AxisRelation], box: Sequence[range] | None = None) -> np.ndarray:
    """Combine the relations of all axes into one flat index.

    Parameters
    ----------
    relations : sequence of AxisRelation
        One per axis.
    box : sequence of range, optional
        The outputs wanted, one range per axis; all of them by default.

    Returns
    -------
    index : (R, A) ndarray of int64
        Flat (C-order) input position that output r reads through tap a, both flattened over the axes;
        -1 where it reads a zero.

    Examples
    --------
    >>> joint_index(axis_relations(Conv(x=(1, 1, 3, 3), w=(1, 1, 2, 2)))).tolist()
    [[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]]
    """
    axes = len(relations)
    flat: np.ndarray = np.zeros((1,) * (2 * axes), dtype=np.int64)
    outside: np.ndarray = np.zeros((1,) * (2 * axes), dtype=bool)
    for axis, relation in enumerate(relations):
        wanted = range(relation.count) if box is None else box[axis]
        rows = relation.rows(wanted.start, wanted.stop)
        shape = [1] * (2 * axes)
        shape[axis], shape[axes + axis] = rows.shape
        here = rows.reshape(shape)  # outputs of all axes first, then their taps
        flat = flat * relation.n + here
        outside = outside | (here < 0)
    taps = math.prod(relation.k for relation in relations)
    return np.where(outside, -1, flat).reshape(-1, taps)  # (R, A)
