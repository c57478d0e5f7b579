"""Cutting a contraction into blocks of bounded memory."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convproof.symbolic.relation import AxisRelation, joint_index

__all__ = ["Box", "blocks"]

_BLOCK = 2**21  # elements of one block's matrices, 16 MiB of float64


@dataclass(frozen=True)
class Box:
    """A box of outputs, and what each of its windows reads.

    Attributes
    ----------
    outputs : tuple of slice
        One per spatial axis.
    shape : tuple of int
        Its size on each axis; R outputs in all.
    index : (A * R,) ndarray of int64
        Flat input position read, tap by tap; -1 where it is a zero.
    """

    outputs: tuple[slice, ...]
    shape: tuple[int, ...]
    index: np.ndarray

    @cached_property
    def readers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The pairs sorted by what they read: their order, where each new position starts, and the positions."""
        order = np.argsort(self.index, kind="stable")
        order = order[np.count_nonzero(self.index < 0) :]  # reads of zeros sort first and go nowhere
        positions, starts = np.unique(self.index[order], return_index=True)
        return order, starts, positions


def blocks(
    relations: Sequence[AxisRelation], batch: int, groups: int, per_output: int, per_pair: int
) -> Iterator[tuple[Box, slice, slice]]:
    """Yield blocks (box of outputs, images, groups) of at most `_BLOCK` elements, or of one window.

    Parameters
    ----------
    relations : sequence of AxisRelation
        One per axis.
    batch, groups : int
        How many images and groups there are.
    per_output, per_pair : int
        Elements that a block holds for each output, and for each (image, group) pair, of it.
    """
    counts = tuple(relation.count for relation in relations)
    shape = _fitting(counts, _BLOCK // max(per_output, 1))
    pairs = _BLOCK // max(math.prod(shape) * per_output + per_pair, 1)
    images, together = max(pairs // groups, 1), max(min(pairs, groups), 1)
    for outputs in itertools.product(*map(_cut, counts, shape)):
        index = joint_index(relations, outputs)  # (R, A)
        box = Box(tuple(map(_slice, outputs)), tuple(map(len, outputs)), index.T.ravel())
        for some, these in itertools.product(_cut(batch, images), _cut(groups, together)):
            yield box, _slice(some), _slice(these)


def _fitting(shape: tuple[int, ...], most: int) -> tuple[int, ...]:
    """Shrink a box, outermost axis first, until it has at most `most` elements (one at least).

    >>> _fitting((100, 100), 1000)
    (10, 100)
    """
    sizes = list(shape)
    for axis, size in enumerate(sizes):
        inner = math.prod(sizes[axis + 1 :])
        sizes[axis] = max(1, min(size, most // max(inner, 1)))
    return tuple(sizes)


def _cut(size: int, step: int) -> list[range]:
    """Cut ``range(size)`` into ranges of `step` elements."""
    return [range(start, min(start + step, size)) for start in range(0, size, step)]


def _slice(part: range) -> slice:
    return slice(part.start, part.stop)
