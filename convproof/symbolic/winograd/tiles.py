"""Evaluating a nested algorithm on arrays of any element type: tiles, transforms axis by axis, products, joining."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

__all__ = ["correlate", "cut", "evaluate", "join", "products", "transform"]


def transform(matrices: Sequence[np.ndarray], array: np.ndarray) -> np.ndarray:
    """Apply one matrix to each of the last axes of an array."""
    first = array.ndim - len(matrices)
    for axis, matrix in enumerate(matrices, start=first):
        array = np.moveaxis(np.tensordot(matrix, array, (1, axis)), 0, axis)
    return array


def cut(x: np.ndarray, m: Sequence[int], r: Sequence[int]) -> np.ndarray:
    """Cut images (N, C, *size) into overlapping tiles (N, C, *tiles, *n), with zeros beyond their ends."""
    axes = range(2, x.ndim)
    outputs = [size - k + 1 for size, k in zip(x.shape[2:], r, strict=True)]
    beyond = [(0, -o % step) for o, step in zip(outputs, m, strict=True)]
    windows = [step + k - 1 for step, k in zip(m, r, strict=True)]
    padded = np.pad(x, [(0, 0), (0, 0), *beyond])
    tiles = np.lib.stride_tricks.sliding_window_view(padded, windows, axis=tuple(axes))
    return tiles[(slice(None), slice(None), *(slice(None, None, step) for step in m))]


def join(tiles: np.ndarray, outputs: Sequence[int]) -> np.ndarray:
    """Put tiles (N, M, *tiles, *m) side by side and crop: (N, M, *outputs)."""
    count = len(outputs)
    blocks, inner = tiles.shape[2 : 2 + count], tiles.shape[2 + count :]
    order = [0, 1, *(axis for k in range(count) for axis in (2 + k, 2 + count + k))]
    whole = [block * size for block, size in zip(blocks, inner, strict=True)]
    image = tiles.transpose(order).reshape(*tiles.shape[:2], *whole)
    return image[(slice(None), slice(None), *map(slice, outputs))]


def products(inputs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Multiply entry by entry and sum over channels: (N, C, *tiles, *n) and (M, C, *n) give (N, M, *tiles, *n)."""
    tile = weights.shape[2:]
    blocks = inputs.shape[2 : inputs.ndim - len(tile)]
    size, channels = math.prod(tile), inputs.shape[1]
    flat = inputs.reshape(len(inputs), channels, math.prod(blocks), size)
    summed = np.einsum("nctp,mcp->nmtp", flat, weights.reshape(len(weights), channels, size))
    return summed.reshape(len(inputs), len(weights), *blocks, *tile)


def evaluate(
    matrices: Sequence[Sequence[np.ndarray]], x: np.ndarray, w: np.ndarray, m: Sequence[int], r: Sequence[int]
) -> np.ndarray:
    """Return AT [(G w) * (BT x)] of x (N, C, *size) and w (M, C, *r), given AT, G and BT, one matrix per axis each."""
    at, g, bt = matrices
    outputs = [size - k + 1 for size, k in zip(x.shape[2:], r, strict=True)]
    return join(transform(at, products(transform(bt, cut(x, m, r)), transform(g, w))), outputs)


def correlate(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return the direct sums of x (N, C, *size) and w (M, C, *r)."""
    axes = tuple(range(2, x.ndim))
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=axes)
    return np.moveaxis(np.tensordot(windows, w, ((1, *range(x.ndim, windows.ndim)), tuple(range(1, w.ndim)))), -1, 1)
