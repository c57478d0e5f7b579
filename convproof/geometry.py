"""The geometry of a convolution: one validated, frozen value that everything else reads.

A convolution is one integer relation per axis::

    input index  i = s*r + d*a - p      output r, tap a, stride s, dilation d, padding p

`Conv` holds the shapes and the parameters of that relation, and counts the outputs by the
formula; :mod:`convproof.symbolic` counts them from the relation, and the checker compares.
Sizes are Python integers, so that nothing overflows.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

from convproof.errors import ArgumentTypeError, ArgumentValueError, GeometryError, bad

__all__ = ["MODES", "Conv"]

#: What stands outside the input: zeros, its mirror image, its edge, or its other end.
MODES = ("zeros", "reflect", "replicate", "circular")

# Strides, dilations and paddings beyond this address no array that can exist; the bound also keeps
# every product that a kernel forms of them inside 64 bits.
_LARGEST_STEP = 2**31 - 1
_LARGEST_SIZE = 2**63 - 1

# No argument lists more values than this; what goes on longer, perhaps for ever, is cut and refused.
_MOST_ITEMS = 16

# Scalars of NumPy and PyTorch that pass for the integers 0 and 1.
_BOOLEAN_DTYPES = ("bool", "torch.bool")

Steps = int | Sequence[int]
Padding = int | str | Sequence[int] | Sequence[tuple[int, int]]


@dataclass(frozen=True, init=False)
class Conv:
    """The geometry of a convolution of one, two or three spatial axes.

    The output size of each axis is :math:`o = \\lfloor (n + p_{lo} + p_{hi} - d(k-1) - 1)/s \\rfloor + 1`
    (Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*, 2016, relationship 15).

    Parameters
    ----------
    x : sequence of int
        Shape of the input, ``(N, C, *n)``. Batch 0 and zero channels are legal.
    w : sequence of int
        Shape of the weight, ``(M, C / groups, *k)``.
    stride, dilation : int or sequence of int
        One for all axes, or one per axis; positive.
    padding : int, "same", "valid", or sequence
        One for all axes, one per axis, or one ``(low, high)`` pair per axis; negative padding crops.
        ``"same"`` keeps the size (stride 1 only; an odd total puts the extra element on the high side,
        as PyTorch does), ``"valid"`` is 0.
    groups : int
        Channels in so many independent groups; divides C and M.
    mode : {"zeros", "reflect", "replicate", "circular"}
        What stands outside the input.
    outputs : int or sequence of int, optional
        Keep only so many outputs per axis, fewer than the formula gives: the forward geometry of a
        transposed convolution whose output padding reaches the stride.

    Raises
    ------
    GeometryError
        Sizes that no convolution has: the message names argument, value and expectation.
    ArgumentTypeError
        Something that is not an integer, or not a sequence of them.

    Examples
    --------
    >>> geo = Conv(x=(1, 3, 8, 8), w=(4, 3, 3, 3), stride=2, padding=1)
    >>> geo.y
    (1, 4, 4, 4)
    >>> str(geo)
    'x1x3x8x8-w4x3x3x3-s2-p1'
    >>> Conv.parse(str(geo)) == geo
    True
    """

    x: tuple[int, ...]
    w: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int
    mode: str
    outputs: tuple[int, ...] | None

    def __init__(
        self,
        x: Sequence[int],
        w: Sequence[int],
        stride: Steps = 1,
        padding: Padding = 0,
        dilation: Steps = 1,
        groups: int = 1,
        mode: str = "zeros",
        outputs: Steps | None = None,
    ) -> None:
        # A frozen dataclass sets its fields this way, each as soon as it is known to be valid.
        def keep(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        keep("x", _shape("x", x))
        keep("w", _shape("w", w))
        _check_ranks(self.x, self.w)
        keep("groups", _integer("groups", groups, at_least=1, at_most=_LARGEST_SIZE))
        _check_channels(self.x, self.w, self.groups)
        keep("stride", _per_axis("stride", stride, self.axes))
        keep("dilation", _per_axis("dilation", dilation, self.axes))
        keep("padding", _padding(padding, self.axes, self.kernel, self.stride, self.dilation))
        if not isinstance(mode, str) or mode not in MODES:
            raise ArgumentValueError(bad("mode", mode, "one of " + ", ".join(MODES)))
        keep("mode", mode)
        _check_reach(self.mode, self.n, self.padding)
        keep("outputs", _cropped(outputs, _windows(self)))
        _check_total("y", self.y)

    # ------------------------------------------------------------------ shapes

    @property
    def axes(self) -> int:
        """Number of spatial axes, from 1 to 3."""
        return len(self.x) - 2

    @property
    def batch(self) -> int:
        """N, the number of images."""
        return self.x[0]

    @property
    def in_channels(self) -> int:
        """C, channels of the input."""
        return self.x[1]

    @property
    def out_channels(self) -> int:
        """M, channels of the output."""
        return self.w[0]

    @property
    def n(self) -> tuple[int, ...]:
        """Spatial size of the input."""
        return self.x[2:]

    @property
    def kernel(self) -> tuple[int, ...]:
        """Spatial size of the kernel, in taps."""
        return self.w[2:]

    @cached_property
    def o(self) -> tuple[int, ...]:
        """Spatial size of the output."""
        return self.outputs if self.outputs is not None else _windows(self)

    @property
    def y(self) -> tuple[int, ...]:
        """Shape of the output, ``(N, M, *o)``."""
        return (self.batch, self.out_channels, *self.o)

    @property
    def output_padding(self) -> tuple[int, ...]:
        """Output padding of the transposed convolution, the part of `n` that the windows do not reach."""
        return tuple(
            n - ((o - 1) * s - lo - hi + d * (k - 1) + 1)
            for n, o, k, s, d, (lo, hi) in zip(
                self.n, self.o, self.kernel, self.stride, self.dilation, self.padding, strict=True
            )
        )

    # ------------------------------------------------------------------ counts

    @property
    def terms_per_output(self) -> int:
        """K = (C / groups) * prod(k), the products summed into one output, padding included."""
        return math.prod(self.w[1:])

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of the direct algorithm, padding included, ``|y| * K``."""
        return math.prod(self.y) * self.terms_per_output

    @property
    def parameters(self) -> int:
        """Number of weights, without bias."""
        return math.prod(self.w)

    # ------------------------------------------------------------------ made from, and made into

    @classmethod
    def transposed(
        cls,
        y: Sequence[int],
        w: Sequence[int],
        stride: Steps = 1,
        padding: Padding = 0,
        output_padding: Steps = 0,
        dilation: Steps = 1,
        groups: int = 1,
    ) -> Conv:
        """Return the forward geometry whose transpose maps arrays of shape `y` to its ``x``.

        The size of each axis is ``n = (o-1)*s - lo - hi + d*(k-1) + 1 + output_padding``, as PyTorch
        documents for ``ConvTranspose``; output padding lies below ``max(stride, dilation)``.

        Parameters
        ----------
        y : sequence of int
            Shape of the transposed convolution's input, ``(N, M, *o)``.
        w : sequence of int
            Shape of the weight, ``(M, C / groups, *k)``.
        stride, padding, output_padding, dilation, groups
            As in ``torch.nn.functional.conv_transpose2d``.

        Examples
        --------
        >>> Conv.transposed(y=(1, 4, 4, 4), w=(4, 3, 3, 3), stride=2, padding=1, output_padding=1).x
        (1, 3, 8, 8)
        """
        y, w = _shape("y", y), _shape("w", w)
        _check_ranks(y, w, first="y")
        axes = len(y) - 2
        groups = _integer("groups", groups, at_least=1, at_most=_LARGEST_SIZE)
        if y[1] != w[0]:
            raise GeometryError(bad("w", w, f"{y[1]} channels first, as y={y} has"))
        if y[1] % groups:
            raise GeometryError(bad("groups", groups, f"a divisor of the {y[1]} channels of y={y}"))
        s, d = _per_axis("stride", stride, axes), _per_axis("dilation", dilation, axes)
        p = _padding(padding, axes, w[2:], s, d)
        extra = _per_axis("output_padding", output_padding, axes, at_least=0)
        for e, si, di in zip(extra, s, d, strict=True):
            if e >= max(si, di):
                expected = f"less than max(stride, dilation) = {max(si, di)} on each axis"
                raise GeometryError(bad("output_padding", output_padding, expected))
        n = tuple(
            (o - 1) * si - lo - hi + di * (k - 1) + 1 + e
            for o, k, si, di, (lo, hi), e in zip(y[2:], w[2:], s, d, p, extra, strict=True)
        )
        if min(y[2:]) < 1:
            raise GeometryError(bad("y", y, "at least one element on each spatial axis"))
        if min(n) < 1:
            raise GeometryError(bad("padding", padding, f"less: the transposed output would have size {n} from y={y}"))
        forward = cls(x=(y[0], w[1] * groups, *n), w=w, stride=s, padding=p, dilation=d, groups=groups)
        return forward if forward.y == y else replace(forward, outputs=y[2:])

    @classmethod
    def parse(cls, text: str) -> Conv:
        """Read the one-line form that ``str`` writes.

        Parameters
        ----------
        text : str
            For example ``x1x3x8x8-w4x3x3x3-s2x1-p1_2x0_0-d2-g3-mode=circular``; a minus sign is
            written ``n`` (``pn1`` crops one element), so that the form is safe as a file name.

        Raises
        ------
        ArgumentValueError
            Text that is not of this form; GeometryError where its sizes are impossible.
        """
        if not isinstance(text, str):
            raise ArgumentTypeError(bad("text", text, "a geometry such as 'x1x3x8x8-w4x3x3x3-s2-p1'"))
        fields: dict[str, Any] = {}
        for part in text.strip().split("-"):
            match = _FIELD.fullmatch(part)
            if not match or (match.lastgroup or "") in fields:
                expected = f"a form like 'x1x3x8x8-w4x3x3x3-s2-p1'; cannot read {part[:40]!r} in it"
                raise ArgumentValueError(bad("geometry", text, expected))
            name = match.lastgroup or ""
            fields[name] = _READERS[name](part)
        if "x" not in fields or "w" not in fields:
            raise ArgumentValueError(bad("geometry", text, "both x<shape> and w<shape>, as in 'x1x3x8x8-w4x3x3x3'"))
        return cls(**fields)

    def __str__(self) -> str:
        parts = ["x" + _cross(self.x), "w" + _cross(self.w)]
        if set(self.stride) != {1}:
            parts.append("s" + _cross(_one_if_equal(self.stride)))
        if set(self.padding) != {(0, 0)}:
            parts.append("p" + "x".join(_pair(pair) for pair in _one_if_equal(self.padding)))
        if set(self.dilation) != {1}:
            parts.append("d" + _cross(_one_if_equal(self.dilation)))
        if self.groups != 1:
            parts.append(f"g{self.groups}")
        if self.mode != "zeros":
            parts.append(f"mode={self.mode}")
        if self.outputs is not None:
            parts.append("o" + _cross(self.outputs))
        return "-".join(parts)

    def replace(self, **changes: Any) -> Conv:
        """Return this geometry with some parameters changed, validated anew."""
        return replace(self, **changes)


# ---------------------------------------------------------------------- the one-line form

_NUMBER = r"n?[0-9]{1,30}"
_NUMBERS = rf"{_NUMBER}(?:x{_NUMBER})*"
_PAIRS = rf"{_NUMBER}(?:_{_NUMBER})?(?:x{_NUMBER}(?:_{_NUMBER})?)*"
_FIELD = re.compile(
    rf"(?P<x>x{_NUMBERS})|(?P<w>w{_NUMBERS})|(?P<stride>s{_NUMBERS})|(?P<padding>p{_PAIRS})"
    rf"|(?P<dilation>d{_NUMBERS})|(?P<groups>g[0-9]{{1,30}})|(?P<mode>mode=[a-z]+)|(?P<outputs>o{_NUMBERS})"
)


def _read_number(text: str) -> int:
    return -int(text[1:]) if text.startswith("n") else int(text)


def _read_numbers(part: str) -> tuple[int, ...]:
    return tuple(_read_number(number) for number in part[1:].split("x"))


def _read_steps(part: str) -> int | tuple[int, ...]:
    numbers = _read_numbers(part)
    return numbers[0] if len(numbers) == 1 else numbers


def _read_padding(part: str) -> Any:
    pairs = [tuple(_read_number(number) for number in item.split("_")) for item in part[1:].split("x")]
    both = [(pair[0], pair[-1]) for pair in pairs]
    # One pair stands for every axis; _padding spreads an int, and a pair is spread here by name.
    return _EveryAxis(both[0]) if len(both) == 1 else both


class _EveryAxis(tuple):
    """A (low, high) pair of padding that holds for every axis."""


_READERS = {
    "x": _read_numbers,
    "w": _read_numbers,
    "stride": _read_steps,
    "padding": _read_padding,
    "dilation": _read_steps,
    "groups": lambda part: int(part[1:]),
    "mode": lambda part: part.removeprefix("mode="),
    "outputs": _read_numbers,
}


def _write_number(number: int) -> str:
    return f"n{-number}" if number < 0 else str(number)


def _cross(numbers: Iterable[int]) -> str:
    return "x".join(_write_number(number) for number in numbers)


def _pair(pair: tuple[int, int]) -> str:
    lo, hi = pair
    return _write_number(lo) if lo == hi else f"{_write_number(lo)}_{_write_number(hi)}"


def _one_if_equal(values: tuple) -> tuple:
    return values[:1] if len(set(values)) == 1 else values


# ---------------------------------------------------------------------- validation, once


def _integer(name: str, value: object, *, at_least: int, at_most: int, whole: object = None) -> int:
    """Return `value` as a Python integer within the bounds; `whole` is what the caller wrote."""
    written = value if whole is None else whole
    if isinstance(value, bool) or str(getattr(value, "dtype", "")) in _BOOLEAN_DTYPES:
        raise ArgumentTypeError(bad(name, written, "an integer"))
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ArgumentTypeError(bad(name, written, "an integer, or one per axis")) from None
    if not at_least <= number <= at_most:
        bounds = f"at least {at_least}" if number < at_least else f"at most {at_most}"
        raise GeometryError(bad(name, written, bounds))
    return number


def _items(value: object) -> tuple | None:
    """Return the items of a sequence; None for anything else, such as text, a set or an array of no axes."""
    unordered_or_text = (str, bytes, bytearray, memoryview, dict, set, frozenset)
    if isinstance(value, unordered_or_text) or not isinstance(value, Iterable):
        return None
    try:
        return tuple(islice(value, _MOST_ITEMS))
    except TypeError:
        return None


def _shape(name: str, value: object) -> tuple[int, ...]:
    sizes = _items(value)
    if sizes is None:
        raise ArgumentTypeError(bad(name, value, "a shape: (N, C, *n) for x, (M, C/groups, *k) for w"))
    shape = tuple(_integer(name, size, at_least=0, at_most=_LARGEST_SIZE, whole=sizes) for size in sizes)
    _check_total(name, shape)
    return shape


def _check_total(name: str, shape: tuple[int, ...]) -> None:
    if math.prod(size for size in shape if size) > _LARGEST_SIZE:
        raise GeometryError(bad(name, shape, "fewer than 2**63 elements"))


def _check_ranks(x: tuple[int, ...], w: tuple[int, ...], first: str = "x") -> None:
    if not 3 <= len(x) <= 5:
        raise GeometryError(bad(first, x, "3, 4 or 5 sizes: batch, channels and 1 to 3 spatial axes"))
    if len(w) != len(x):
        raise GeometryError(bad("w", w, f"{len(x)} sizes, as {first}={x} has"))
    if min(w[2:]) < 1:
        raise GeometryError(bad("w", w, "at least one tap on each axis"))


def _check_channels(x: tuple[int, ...], w: tuple[int, ...], groups: int) -> None:
    if x[1] % groups:
        raise GeometryError(bad("groups", groups, f"a divisor of the {x[1]} input channels of x={x}"))
    if w[0] % groups:
        raise GeometryError(bad("groups", groups, f"a divisor of the {w[0]} output channels of w={w}"))
    if w[1] * groups != x[1]:
        expected = f"{x[1] // groups} channels per group, for x={x} and groups={groups}"
        raise GeometryError(bad("w", w, expected))


def _per_axis(name: str, value: object, axes: int, at_least: int = 1) -> tuple[int, ...]:
    """Spread an integer over the axes, or check one integer per axis."""
    values = _items(value)
    if values is not None:
        if len(values) == 1:
            values = values * axes
        if len(values) != axes:
            raise GeometryError(bad(name, value, f"one integer, or one for each of the {axes} axes"))
        return tuple(_integer(name, v, at_least=at_least, at_most=_LARGEST_STEP, whole=value) for v in values)
    return (_integer(name, value, at_least=at_least, at_most=_LARGEST_STEP),) * axes


def _padding(
    value: object, axes: int, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """Return one (low, high) pair per axis."""
    if isinstance(value, str):
        return _named_padding(value, axes, kernel, stride, dilation)
    if isinstance(value, _EveryAxis):
        value = [tuple(value)] * axes
    bounds = {"at_least": -_LARGEST_STEP, "at_most": _LARGEST_STEP}
    items = _items(value)
    if items is None:
        each = _integer("padding", value, **bounds)
        return ((each, each),) * axes
    if len(items) == 1:
        items = items * axes
    if len(items) != axes:
        raise GeometryError(bad("padding", value, f"one integer, or one (or a pair) for each of the {axes} axes"))
    pairs: list[tuple[int, int]] = []
    for item in items:
        sides = _items(item)
        sides = (item, item) if sides is None else sides
        if len(sides) != 2:
            raise GeometryError(bad("padding", value, "(low, high) pairs"))
        low, high = (_integer("padding", side, whole=value, **bounds) for side in sides)
        pairs.append((low, high))
    return tuple(pairs)


def _named_padding(
    value: str, axes: int, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    if value == "valid":
        return ((0, 0),) * axes
    if value != "same":
        raise ArgumentValueError(bad("padding", value, "'same', 'valid' or integers"))
    if set(stride) != {1}:
        raise GeometryError(bad("padding", value, f"integers: 'same' keeps the size at stride 1 only, not at {stride}"))
    totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    return tuple((total // 2, total - total // 2) for total in totals)


def _check_reach(mode: str, n: tuple[int, ...], padding: tuple[tuple[int, int], ...]) -> None:
    """Refuse padding that reaches beyond what the mode can take from the input."""
    for size, pair in zip(n, padding, strict=True):
        most = {"reflect": max(size - 1, 0), "circular": size, "replicate": _LARGEST_STEP * min(size, 1)}
        if mode in most and max(pair) > most[mode]:
            raise GeometryError(bad("padding", padding, f"at most {most[mode]} on an axis: mode={mode!r}, input {n}"))


def _windows(geo: Conv) -> tuple[int, ...]:
    """Count the outputs of each axis by the formula, refusing what has none."""
    counts = []
    for axis, (n, k, s, d, (lo, hi)) in enumerate(
        zip(geo.n, geo.kernel, geo.stride, geo.dilation, geo.padding, strict=True)
    ):
        padded, reach = n + lo + hi, d * (k - 1) + 1
        if padded < reach:
            expected = f"a kernel within the padded input: on axis {axis} it reaches over {reach}"
            given = f"(x={geo.x}, padding={(lo, hi)}, dilation={d})"
            raise GeometryError(bad("w", geo.w, f"{expected} of {max(padded, 0)} elements {given}"))
        counts.append((padded - reach) // s + 1)
    return tuple(counts)


def _cropped(outputs: object, windows: tuple[int, ...]) -> tuple[int, ...] | None:
    """Validate the number of outputs kept; None where all are."""
    if outputs is None:
        return None
    kept = _per_axis("outputs", outputs, len(windows))
    if any(o > count for o, count in zip(kept, windows, strict=True)):
        raise GeometryError(bad("outputs", outputs, f"at most {windows}, the outputs there are"))
    return None if kept == windows else kept
