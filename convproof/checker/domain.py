"""What a kernel claims to support: the geometries that the checker may hold it to."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from convproof.checker.operations import operation
from convproof.errors import ArgumentTypeError, ArgumentValueError, bad
from convproof.geometry import MODES, Conv

__all__ = ["ACCURACIES", "Domain"]

#: How the error of a floating kernel is measured: not at all, per element, or against the largest element.
ACCURACIES = ("exact", "componentwise", "normwise")

#: The dtypes a kernel can claim, by NumPy's names (bfloat16 by that of ml_dtypes).
DTYPES = (
    *("float16", "bfloat16", "float32", "float64"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)

#: Restrictions of one integer each, and the least value that any convolution has.
_LEAST = {
    "axes": 1,
    "batch": 0,
    "in_channels": 0,
    "out_channels": 0,
    "kernel": 1,
    "stride": 1,
    "dilation": 1,
    "groups": 1,
    "padding": -(2**31) + 1,
    "output_padding": 0,
}
_WORDS = {"padding": "valid", "groups": "depthwise"}

# How many values of a range to try that holds none of the usual ones.
_FEW = 8

Allowed = int | Collection[int] | None


@dataclass(frozen=True, kw_only=True)
class Domain:
    """What a kernel claims to support; a field left at None claims all that PyTorch accepts.

    The words are those of the operation's own arguments: the ``in_channels`` of a transposed convolution are
    the channels of the array it is given. A restriction of integers is one integer, a collection of those
    allowed, or a ``range``; on every axis the value must be among them.

    Parameters
    ----------
    axes : int or collection of int, optional
        Number of spatial axes, from 1 to 3.
    batch, in_channels, out_channels : int or collection of int, optional
        Images, and channels of what goes in and of what comes out.
    kernel, stride, dilation : int or collection of int, optional
        Taps and steps per axis.
    groups : int, collection of int, or "depthwise", optional
        ``"depthwise"``: as many groups as input channels, with any channel multiplier.
    padding : int, collection of int, or "valid", optional
        ``"valid"`` is 0. Negative padding, which crops, is claimed only by naming it: ``range(-2, 3)``.
    output_padding : int or collection of int, optional
        Output padding of a transposed convolution; for the others, the elements of the input that are left
        over after the last window (`convproof.Conv.output_padding`).
    per_side_padding : bool
        Whether the two ends of an axis may be padded differently, by ``(low, high)`` pairs.
    padding_mode : str or collection of str
        Among ``zeros``, ``reflect``, ``replicate`` and ``circular``.
    bias : bool
        Whether it accepts a bias.
    max_size : int, optional
        Largest number of elements of any of the three arrays.
    dtypes : collection of str or dtype, optional
        The dtypes it computes in; None leaves the choice to the caller of the checker.
    accuracy : {"componentwise", "normwise", "exact"}
        What its floating-point error is small against: each element, the largest element
        (Winograd, FFT), or there is none.
    finite_only : bool
        Whether infinities and NaNs are outside the claim.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        A restriction that no convolution can meet, or of the wrong type.

    Examples
    --------
    >>> domain = Domain(kernel=3, stride=(1, 2), groups=1)
    >>> domain.describe()
    'kernel 3; stride 1 or 2; groups 1'
    >>> domain.refuses(Conv(x=(1, 4, 9, 9), w=(4, 1, 3, 3), groups=4), "conv2d")
    'groups=4: the domain has 1'
    """

    axes: Allowed = None
    batch: Allowed = None
    in_channels: Allowed = None
    out_channels: Allowed = None
    kernel: Allowed = None
    stride: Allowed = None
    dilation: Allowed = None
    groups: Allowed | str = None
    padding: Allowed | str = None
    output_padding: Allowed = None
    per_side_padding: bool = False
    padding_mode: str | Collection[str] = ("zeros",)
    bias: bool = True
    max_size: int | None = None
    dtypes: Collection[Any] | None = None
    accuracy: str = "componentwise"
    finite_only: bool = False

    def __post_init__(self) -> None:
        for name in _LEAST:
            object.__setattr__(self, name, _restriction(name, getattr(self, name)))
        for name in ("per_side_padding", "bias", "finite_only"):
            if not isinstance(getattr(self, name), bool):
                raise ArgumentTypeError(bad(name, getattr(self, name), "True or False"))
        object.__setattr__(self, "padding_mode", _modes(self.padding_mode))
        object.__setattr__(self, "dtypes", _dtypes(self.dtypes))
        if self.max_size is not None:
            object.__setattr__(self, "max_size", _integer("max_size", self.max_size, 1))
        if not isinstance(self.accuracy, str) or self.accuracy not in ACCURACIES:
            raise ArgumentValueError(bad("accuracy", self.accuracy, "one of " + ", ".join(ACCURACIES)))
        if self.axes is not None and max(self.axes) > 3:  # type: ignore[arg-type]
            raise ArgumentValueError(bad("axes", self.axes, "1, 2 or 3"))

    def choices(self, name: str, usual: Sequence[int]) -> Sequence[int]:
        """Return the values to try of the field `name`: those of `usual` that are allowed.

        Values that are listed one by one are all returned, usual or not; of a range without a usual value,
        its first few.
        """
        allowed = getattr(self, name)
        if allowed is None or isinstance(allowed, str):
            return usual
        if isinstance(allowed, range):
            return [value for value in usual if value in allowed] or allowed[:_FEW]
        return allowed

    def refuses(self, geo: Conv, op: str | Callable) -> str | None:
        """Return why the domain leaves out `geo` as a case of `op`, or None where it claims it.

        Parameters
        ----------
        geo : Conv
            The forward geometry, also of gradients and of transposed convolutions.
        op : str or function
            Name of the operation, such as ``"conv2d"``, or the function of that name.
        """
        role = operation(op)
        if geo.axes != role.axes:
            return f"{role.name} has {role.axes} spatial axes, the geometry {geo.axes}"
        if reason := _beyond_torch(geo, role.role == "transposed"):
            return reason
        channels = (geo.in_channels, geo.out_channels)
        given, returned = reversed(channels) if role.role == "transposed" else channels
        if self.groups == "depthwise" and geo.groups != given:
            return f"groups={geo.groups}: the domain is depthwise, one group per each of {given} channels"
        values = {
            "axes": (geo.axes,),
            "batch": (geo.batch,),
            "in_channels": (given,),
            "out_channels": (returned,),
            "kernel": geo.kernel,
            "stride": geo.stride,
            "dilation": geo.dilation,
            "groups": (geo.groups,),
            "padding": tuple(side for pair in geo.padding for side in pair),
            "output_padding": geo.output_padding,
        }
        for name, each in values.items():
            if not all(self._allows(name, value) for value in each):
                return f"{_written(name, each)}: the domain has {_listed(getattr(self, name)) or 'no negative ones'}"
        return self._refuses_the_rest(geo)

    def _allows(self, name: str, value: int) -> bool:
        allowed = getattr(self, name)
        if allowed is None or isinstance(allowed, str):
            return name != "padding" or value >= 0
        return value in allowed

    def _refuses_the_rest(self, geo: Conv) -> str | None:
        if not self.per_side_padding and any(lo != hi for lo, hi in geo.padding):
            return f"padding={geo.padding}: the domain has the same at both ends of an axis"
        if geo.mode not in self.padding_mode:
            return f"mode={geo.mode!r}: the domain has {_listed(self.padding_mode)}"
        size = max(math.prod(shape) for shape in (geo.x, geo.w, geo.y))
        if self.max_size is not None and size > self.max_size:
            return f"an array of {size} elements: the domain has at most {self.max_size}"
        return None

    def describe(self) -> str:
        """Return the restrictions in one line."""
        parts = [
            f"{name.replace('_', ' ')} {_listed(getattr(self, name))}"
            for name in _LEAST
            if getattr(self, name) is not None and not isinstance(getattr(self, name), str)
        ]
        parts += [text for text, said in _words(self) if said]
        return "; ".join(parts) or "all that PyTorch accepts"

    def to_dict(self) -> dict[str, Any]:
        """Return what differs from the default, in lists, numbers and strings; `from_dict` reads it back."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self) if getattr(self, f.name) != f.default}

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Domain:
        """Read what `to_dict` wrote."""
        if unknown := sorted(set(settings) - {f.name for f in fields(cls)}):
            raise ArgumentValueError(bad("settings", unknown, "only the fields of Domain"))
        return cls(**{name: _rebuilt(value) for name, value in settings.items()})


# ---------------------------------------------------------------------- validation


def _integer(name: str, value: Any, least: int) -> int:
    if isinstance(value, (bool, np.bool_)):
        raise ArgumentTypeError(bad(name, value, "integers"))
    try:
        number = operator.index(value)
    except TypeError:
        raise ArgumentTypeError(bad(name, value, "an integer, a collection of integers, or a range")) from None
    if number < least:
        raise ArgumentValueError(bad(name, value, f"at least {least}"))
    return number


def _restriction(name: str, value: Any) -> tuple[int, ...] | range | str | None:
    """Return the allowed values in ascending order, unless they are named by a word."""
    value = _listed_array(value)
    if value is None:
        return None
    if isinstance(value, str):
        if value != _WORDS.get(name):
            expected = "integers" + (f", or {_WORDS[name]!r}" if name in _WORDS else "")
            raise ArgumentValueError(bad(name, value, expected))
        return (0,) if value == "valid" else value
    if isinstance(value, range) and value:
        _integer(name, min(value[0], value[-1]), _LEAST[name])
        return value if value.step > 0 else value[::-1]
    if isinstance(value, Collection) and not isinstance(value, (bytes, dict)):
        if not value:
            raise ArgumentValueError(bad(name, value, "at least one value"))
        return tuple(sorted({_integer(name, each, _LEAST[name]) for each in value}))
    return (_integer(name, value, _LEAST[name]),)


def _listed_array(value: Any) -> Any:
    """Return an array as the list, or the number, that it stands for."""
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def _modes(value: Any) -> tuple[str, ...]:
    value = _listed_array(value)
    modes = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Collection) else ()
    if not modes or any(not isinstance(mode, str) or mode not in MODES for mode in modes):
        raise ArgumentValueError(bad("padding_mode", value, "one or more of " + ", ".join(MODES)))
    return tuple(mode for mode in MODES if mode in modes)


def _dtypes(value: Any) -> tuple[str, ...] | None:
    value = _listed_array(value)
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Iterable):
        value = (value,)
    names = tuple(dict.fromkeys(_dtype(each) for each in value))
    if not names:
        raise ArgumentValueError(bad("dtypes", value, "at least one dtype, or None"))
    return names


def _dtype(value: Any) -> str:
    if isinstance(value, str) and value in DTYPES:
        return value
    try:
        name = np.dtype(value).name if value is not None else None
    except TypeError:
        name = None
    if name not in DTYPES:
        raise ArgumentValueError(bad("dtypes", value, "among " + ", ".join(DTYPES)))
    return name


def _beyond_torch(geo: Conv, transposed: bool) -> str | None:
    """Return what PyTorch's functions have no way to ask for, whatever the kernel."""
    if not transposed:
        return None if geo.outputs is None else f"outputs={geo.outputs}: only a transposed convolution is cropped"
    if geo.mode != "zeros":
        return f"mode={geo.mode!r}: a transposed convolution has zeros alone"
    for extra, s, d in zip(geo.output_padding, geo.stride, geo.dilation, strict=True):
        if extra >= max(s, d):
            return f"output_padding={geo.output_padding}: PyTorch has less than max(stride, dilation) = {max(s, d)}"
    return None


# ---------------------------------------------------------------------- words


def _words(domain: Domain) -> list[tuple[str, bool]]:
    """Return the restrictions that are words, each with whether it is to be said."""
    return [
        ("depthwise", domain.groups == "depthwise"),
        ("padding per side", domain.per_side_padding),
        ("padding mode " + _listed(domain.padding_mode), domain.padding_mode != ("zeros",)),
        ("no bias", not domain.bias),
        (f"arrays of at most {domain.max_size} elements", domain.max_size is not None),
        (_listed(domain.dtypes), domain.dtypes is not None),
        (f"{domain.accuracy} accuracy", domain.accuracy != "componentwise"),
        ("finite values only", domain.finite_only),
    ]


def _listed(allowed: Any) -> str:
    """Write allowed values as prose: ``1``, ``1 to 4``, ``1, 2 or 4``."""
    if allowed is None:
        return ""
    if isinstance(allowed, range) and len(allowed) > 2:
        step = "" if allowed.step == 1 else f" in steps of {allowed.step}"
        return f"{allowed[0]} to {allowed[-1]}{step}"
    *others, last = map(str, allowed)
    return f"{', '.join(others)} or {last}" if others else last


def _written(name: str, values: tuple[int, ...]) -> str:
    return f"{name}={values[0] if len(set(values)) == 1 else values}"


def _plain(value: Any) -> Any:
    if isinstance(value, range):
        return {"start": value.start, "stop": value.stop, "step": value.step}
    return list(value) if isinstance(value, tuple) else value


def _rebuilt(value: Any) -> Any:
    """Return what `_plain` wrote as it was; tuples may stay lists, for `Domain` takes both."""
    return range(value["start"], value["stop"], value["step"]) if isinstance(value, dict) else value
