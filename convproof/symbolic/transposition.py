"""A transposed convolution written as a convolution: zeros inserted, padding changed, kernel flipped.

The input gradient gathers ``dx[i] = sum of g[r] * w[a]`` over ``s*r = i + p - d*a``. With g spread out to every
s-th place and the taps counted from the other end, that is the relation of a forward convolution of stride 1.
It holds in mode ``zeros``.
"""

from __future__ import annotations

import numpy as np

from convproof.geometry import Conv
from convproof.symbolic.relation import counted

__all__ = ["insert_zeros", "swap_channels", "transposed_geometry", "transposed_input", "transposed_padding"]


def transposed_padding(geo: Conv) -> tuple[tuple[int, int], ...]:
    """Return the padding of the zero-inserted g: ``d*(k - 1) - lo`` below, and above what makes the size n.

    Negative padding crops.
    """
    return tuple(
        (d * (k - 1) - lo, n - 1 - (o - 1) * s + lo)
        for n, o, k, s, d, (lo, _) in zip(
            geo.n, counted(geo), geo.kernel, geo.stride, geo.dilation, geo.padding, strict=True
        )
    )


def transposed_input(geo: Conv) -> tuple[int, ...]:
    """Return the spatial size of the zero-inserted g once negative padding has cropped it."""
    return tuple(
        (o - 1) * s + 1 + min(lo, 0) + min(hi, 0)
        for o, s, (lo, hi) in zip(counted(geo), geo.stride, transposed_padding(geo), strict=True)
    )


def insert_zeros(g: np.ndarray, geo: Conv) -> np.ndarray:
    """Return g with s - 1 zeros between neighbours, cropped where `transposed_padding` is negative.

    Examples
    --------
    >>> insert_zeros(np.array([[[1, 2, 3]]]), Conv(x=(1, 1, 7), w=(1, 1, 3), stride=2))
    array([[[1, 0, 2, 0, 3]]])
    """
    spread = np.zeros((*g.shape[:2], *((o - 1) * s + 1 for o, s in zip(g.shape[2:], geo.stride, strict=True))), g.dtype)
    spread[(slice(None), slice(None), *(slice(None, None, s) for s in geo.stride))] = g
    padding = zip(spread.shape[2:], transposed_padding(geo), strict=True)
    keep = (slice(max(-lo, 0), size - max(-hi, 0)) for size, (lo, hi) in padding)
    return np.ascontiguousarray(spread[(slice(None), slice(None), *keep)])


def swap_channels(w: np.ndarray, groups: int) -> np.ndarray:
    """Return w of shape (M, C/G, *k) as (C, M/G, *k): input and output channels change places in each group."""
    apart = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])  # (G, M/G, C/G, *k)
    return np.ascontiguousarray(apart.swapaxes(1, 2)).reshape(groups * w.shape[1], w.shape[0] // groups, *w.shape[2:])


def transposed_geometry(geo: Conv) -> Conv:
    """Return the stride-1 forward geometry that computes the input gradient of `geo` from the zero-inserted g.

    Examples
    --------
    >>> str(transposed_geometry(Conv(x=(1, 3, 8, 8), w=(4, 3, 3, 3), stride=2, padding=1)))
    'x1x4x7x7-w3x4x3x3-p1_2'
    """
    return Conv(
        x=(geo.batch, geo.out_channels, *transposed_input(geo)),
        w=(geo.in_channels, geo.out_channels // geo.groups, *geo.kernel),
        padding=tuple((max(lo, 0), max(hi, 0)) for lo, hi in transposed_padding(geo)),
        dilation=geo.dilation,
        groups=geo.groups,
    )
