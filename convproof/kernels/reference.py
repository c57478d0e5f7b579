"""The definition of convolution as plain loops: slow, obvious, and independent of every other kernel.

All functions walk the same triples (output, input, tap), one for each product of the trilinear form
``sum of g[output] * x[input] * w[tap]``. Elements may be floats or anything else that multiplies and
adds: Python integers, fractions, symbols (arrays of dtype object). NumPy integers are turned into
Python integers first, so that nothing wraps; the result is then an object array.

>>> import numpy as np
>>> geo = Conv(x=(1, 1, 4), w=(1, 1, 2))
>>> forward(geo, np.array([[[1, 2, 3, 4]]]), np.array([[[1, 10]]]))
array([[[21, 32, 43]]], dtype=object)
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from convproof.geometry import Conv

__all__ = ["forward", "input_gradient", "transposed", "triples", "weight_gradient"]

Index = tuple[int, ...]


def triples(geo: Conv) -> Iterator[tuple[Index, Index, Index]]:
    """Yield the indices of output, input and weight of every product; taps that read zero have none.

    Per axis, output r and tap a read the input at ``i = stride*r + dilation*a - low``.
    """
    channels_per_group = geo.in_channels // geo.groups
    filters_per_group = geo.out_channels // geo.groups
    for n, m in product(range(geo.batch), range(geo.out_channels)):
        group = m // filters_per_group
        for r in product(*map(range, geo.o)):
            for a in product(*map(range, geo.kernel)):
                i = _read(geo, r, a)
                if i is None:
                    continue
                for c in range(channels_per_group):
                    yield (n, m, *r), (n, group * channels_per_group + c, *i), (m, c, *a)


def forward(geo: Conv, x: np.ndarray, w: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """Return y of shape ``geo.y``: ``y[output] = bias + sum of x[input] * w[tap]``."""
    x, w = _exact(x), _exact(w)
    y = _filled(geo.y, bias, x.dtype)
    for output, i, tap in triples(geo):
        y[output] += x[i] * w[tap]
    return y


def input_gradient(geo: Conv, g: np.ndarray, w: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """Return dx of shape ``geo.x``: ``dx[input] = bias + sum of g[output] * w[tap]``."""
    g, w = _exact(g), _exact(w)
    dx = _filled(geo.x, bias, g.dtype)
    for output, i, tap in triples(geo):
        dx[i] += g[output] * w[tap]
    return dx


def weight_gradient(geo: Conv, g: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return dw of shape ``geo.w``: ``dw[tap] = sum of g[output] * x[input]``."""
    g, x = _exact(g), _exact(x)
    dw = _filled(geo.w, None, g.dtype)
    for output, i, tap in triples(geo):
        dw[tap] += g[output] * x[i]
    return dw


def transposed(geo: Conv, y: np.ndarray, w: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """Return the transposed convolution of y, with `geo` the forward geometry that it transposes."""
    return input_gradient(geo, y, w, bias)


def _read(geo: Conv, r: Index, a: Index) -> Index | None:
    """Return where in the input output r and tap a read; None outside it, where zeros stand."""
    sources = []
    for axis, n in enumerate(geo.n):
        low = geo.padding[axis][0]
        source = _source(geo.stride[axis] * r[axis] + geo.dilation[axis] * a[axis] - low, n, geo.mode)
        if source is None:
            return None
        sources.append(source)
    return tuple(sources)


def _source(i: int, n: int, mode: str) -> int | None:
    """Return the element of an axis of size n that stands at position i, inside or outside it."""
    if 0 <= i < n:
        return i
    if mode == "reflect":
        return -i if i < 0 else 2 * (n - 1) - i
    if mode == "replicate":
        return 0 if i < 0 else n - 1
    if mode == "circular":
        return i % n
    return None


def _exact(array: np.ndarray) -> np.ndarray:
    """Return the array with Python integers for NumPy's, which wrap."""
    return array.astype(object) if array.dtype.kind in "iu" else array


def _filled(shape: Index, bias: np.ndarray | None, dtype: np.dtype) -> np.ndarray:
    """Return an array that holds the bias of its channel, or zero, everywhere."""
    out = np.zeros(shape, dtype)
    if bias is not None:
        out += _exact(bias).reshape(-1, *[1] * (len(shape) - 2))
    return out
