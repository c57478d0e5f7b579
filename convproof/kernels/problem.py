"""What the cores need to know of a geometry, worked out once and kept: shapes, index maps, numbers of terms."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from convproof.errors import GeometryError, bad
from convproof.geometry import Conv
from convproof.kernels.cpu import shape_of

__all__ = ["Padded", "Problem", "forward_problem", "transposed_problem"]

_LARGEST_ITEM = 8
_KEPT = 512


@dataclass(frozen=True, eq=False)
class Padded:
    """How to copy an input into one that holds what its padding mode puts outside.

    Attributes
    ----------
    geo : Conv
        With the padding mode.
    n : tuple of int
        Spatial extents of the input, three of them: 1-D and 2-D lead with ones.
    extents : tuple of int
        Spatial extents of the copy.
    """

    geo: Conv
    n: tuple[int, ...]
    extents: tuple[int, ...]

    def maps(self) -> tuple[np.ndarray, ...]:
        """Return for each axis of the copy the input index that stands at each place.

        They are as long as the axes, and so made for each call instead of kept.
        """
        lead = (np.zeros(1, np.int64),) * (3 - self.geo.axes)
        sources = _SOURCES[self.geo.mode]
        axes = enumerate(self.geo.n)
        return lead + tuple(np.ascontiguousarray(sources(_places(self.geo, axis), n)) for axis, n in axes)


@dataclass(frozen=True, eq=False)
class Problem:
    """A validated geometry, ready to run.

    Attributes
    ----------
    geo : Conv
        As the caller gave it.
    shape : tuple of int
        What the cores take, with the padding of other modes than zeros already in the input.
    padded : Padded or None
        How that input is made.
    terms : tuple of int
        At most so many products are summed into one element of y, dx and dw.
    """

    geo: Conv
    shape: tuple[int, ...]
    padded: Padded | None
    terms: tuple[int, int, int]


def forward_problem(*shapes_and_parameters: Any) -> Problem:
    """Return the problem of ``(x, w, stride, padding, dilation, groups, mode)``, the arguments of `Conv`."""
    return _kept(_forward_problem, shapes_and_parameters)


def transposed_problem(*shapes_and_parameters: Any) -> Problem:
    """Return that of ``(y, w, stride, padding, output_padding, dilation, groups)``, those of `Conv.transposed`."""
    return _kept(_transposed_problem, shapes_and_parameters)


def _kept(build: Any, arguments: tuple) -> Problem:
    """Call `build`, through its cache where the arguments are a safe key."""
    if all(map(_is_plain, arguments)):
        return build(*arguments)
    return build.__wrapped__(*arguments)


def _is_plain(value: object) -> bool:
    """Tell a key that equals only itself: 1, 1.0 and True would find each other's entries."""
    if isinstance(value, tuple):
        return type(value) is tuple and all(map(_is_plain, value))
    return type(value) is int or type(value) is str


@lru_cache(_KEPT)
def _forward_problem(x: Any, w: Any, stride: Any, padding: Any, dilation: Any, groups: Any, mode: Any) -> Problem:
    geo = Conv(x=x, w=w, stride=stride, padding=padding, dilation=dilation, groups=groups, mode=mode)
    return _problem(geo, padding)


@lru_cache(_KEPT)
def _transposed_problem(
    y: Any, w: Any, stride: Any, padding: Any, output_padding: Any, dilation: Any, groups: Any
) -> Problem:
    geo = Conv.transposed(y, w, stride, padding, output_padding, dilation, groups)
    return _problem(geo, padding)


def _problem(geo: Conv, padding: Any) -> Problem:
    if any(side < 0 for pair in geo.padding for side in pair):
        raise GeometryError(bad("padding", padding, "at least 0 (Conv takes negative padding, as cropping)"))
    for name, shape in (("x", geo.x), ("w", geo.w), ("y", geo.y)):
        _check_bytes(name, shape)
    if geo.mode == "zeros" or geo.padding == ((0, 0),) * geo.axes:
        return Problem(geo, shape_of(geo), None, _terms(geo))
    inner = _unpadded(geo)
    lead = (1,) * (3 - geo.axes)
    return Problem(geo, shape_of(inner), Padded(geo, lead + geo.n, lead + inner.n), _terms(geo))


def _check_bytes(name: str, shape: tuple[int, ...]) -> None:
    """Refuse an array that no memory can address, before NumPy does with an error of its own."""
    if math.prod(size for size in shape if size) >= 2**63 // _LARGEST_ITEM:
        raise GeometryError(bad(name, shape, "fewer than 2**60 elements"))


def _terms(geo: Conv) -> tuple[int, int, int]:
    """Bound the products summed into an element of y, dx and dw.

    On each axis an input is read by at most min(k, o) pairs of output and tap, times the number of
    places it stands at: zeros make no copies, reflect and circular one on each side, replicate one for
    each element of padding.
    """
    reads = 1
    for k, o, (low, high) in zip(geo.kernel, geo.o, geo.padding, strict=True):
        places = {"zeros": 1, "replicate": 1 + low + high}.get(geo.mode, 3)
        reads *= min(min(k, o) * places, k * o)
    return geo.terms_per_output, geo.out_channels // geo.groups * reads, geo.batch * math.prod(geo.o)


# ---------------------------------------------------------------------- padding modes


def _is_sparse(geo: Conv, axis: int) -> bool:
    """Tell whether the windows read so little of the padded axis that they are copied instead of all of it."""
    return geo.o[axis] * geo.kernel[axis] < geo.n[axis] + sum(geo.padding[axis])


def _places(geo: Conv, axis: int) -> np.ndarray:
    """Return where, relative to the input, the elements of the copy lie: windows side by side, or the whole axis."""
    low, high = geo.padding[axis]
    if _is_sparse(geo, axis):
        starts = np.arange(geo.o[axis], dtype=np.int64)[:, None] * geo.stride[axis] - low
        return (starts + np.arange(geo.kernel[axis], dtype=np.int64) * geo.dilation[axis]).reshape(-1)
    return np.arange(-low, geo.n[axis] + high, dtype=np.int64)


def _unpadded(geo: Conv) -> Conv:
    """Return the same convolution over a copy of the input that needs no padding."""
    n, stride, dilation = list(geo.n), list(geo.stride), list(geo.dilation)
    for axis, taps in enumerate(geo.kernel):
        if _is_sparse(geo, axis):
            n[axis], stride[axis], dilation[axis] = geo.o[axis] * taps, taps, 1
        else:
            n[axis] += sum(geo.padding[axis])
    x = (*geo.x[:2], *n)
    _check_bytes("x", x)
    return Conv(x=x, w=geo.w, stride=tuple(stride), dilation=tuple(dilation), groups=geo.groups)


def _reflected(at: np.ndarray, n: int) -> np.ndarray:
    return (n - 1) - np.abs((n - 1) - np.abs(at))


#: For each padding mode: positions along an axis, and its size, to the elements that stand there.
_SOURCES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "reflect": _reflected,
    "replicate": lambda at, n: np.clip(at, 0, n - 1),
    "circular": lambda at, n: at % n,
}
