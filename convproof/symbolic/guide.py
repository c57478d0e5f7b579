"""The fifteen relationships of Dumoulin and Visin's guide, as statements that are proved for all sizes.

Letters are those of the guide: input size i, kernel k, stride s, padding p, output size o, dilation d. Of a
transposed convolution, i' is the size of its input, which is the output o of the convolution that it belongs to; its
own output has the size o', that of the input, i. It is computed as a convolution with unit stride over the input
with s - 1 zeros between each two elements (and a zeros at the end), padded by p'.

Sizes are compared as sets: the windows that lie inside the padded input, and those that the formula counts.
Connectivity is compared as sets of (element j, tap t, window r). The guide has p' >= 0 in mind; what is proved here
does not need it: a negative p' crops.

References
----------
V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, 2016, arXiv:1603.07285.
"""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, S, floor, symbols

from convproof.symbolic.guards import Divides, Equal, Guard, IntegerSet, Range
from convproof.symbolic.relations import STEPS
from convproof.symbolic.statements import Equality, Statement

__all__ = ["GUIDE"]

_i, _k, _s, _d, _o = symbols("i k s d o", integer=True, positive=True)
_p = symbols("p", integer=True, nonnegative=True)
_r, _t, _j, _b = symbols("r t j b", integer=True)

_STRIDES = {_s: (1, 2, 3, 4)}
_STEPS = {_s: tuple(s for s, _ in STEPS), _d: tuple(d for _, d in STEPS)}

_UNIT: dict[str, Guard] = {"unit stride": Equal(_s, 1)}
_NO_PADDING: dict[str, Guard] = {"no padding": Equal(_p, 0)}
_HALF: dict[str, Guard] = {"odd kernel": Divides(2, _k - 1), "half padding": Equal(_p, floor(_k / 2))}
_FULL: dict[str, Guard] = {"full padding": Equal(_p, _k - 1)}


def _windows(padded: Expr, stride: Expr = _s, dilation: Expr = S.One) -> IntegerSet:
    """Return the windows that lie inside an input of a size."""
    return IntegerSet((_r,), (Range(_r), Range(stride * _r + dilation * (_k - 1), padded, None)))


def _counted(size: Expr) -> IntegerSet:
    return IntegerSet((_r,), (Range(_r, size),))


def _size(
    number: int,
    name: str,
    text: str,
    latex: str,
    size: Expr,
    hypotheses: Mapping[str, Guard],
    dilation: Expr = S.One,
) -> Statement:
    """Return a relationship of a convolution: the formula counts the windows inside the padded input."""
    fit = Equality("size", _windows(_i + 2 * _p, dilation=dilation), _counted(size))
    return Statement(name, text, latex, (fit,), hypotheses, number, steps=_STRIDES if dilation == 1 else _STEPS)


def _transposed(
    number: int,
    name: str,
    text: str,
    latex: str,
    size: Expr,
    padding: Expr,
    hypotheses: Mapping[str, Guard],
    stretched: Expr = _s,
    appended: Expr = S.Zero,
) -> Statement:
    """Return a relationship of a transposed convolution: its size, that of the input, and what it connects.

    Parameters
    ----------
    size, padding : Expr
        o' and p', in terms of o = i'.
    stretched : Expr
        Distance of the elements of the input once zeros are between them.
    appended : Expr
        Zeros at the end.
    """
    windows = _windows(stretched * (_o - 1) + 1 + appended + 2 * padding, S.One)
    ranges = (Range(_j, _i), Range(_t, _k), Range(_r, _o))
    direct = IntegerSet((_j, _t, _r), (*ranges, Equal(_j, _s * _r + _t - _p)))
    flipped = (Range(_b, _k), Equal(_b, _k - 1 - _t), Equal(stretched * _r, _j + _b - padding))
    transposed = IntegerSet((_j, _t, _r), (Range(_j, size), Range(_r, _o), *flipped), (_b,))
    equalities = (
        Equality("size", windows, _counted(size)),
        Equality("size of the input", _counted(size), _counted(_i)),
        Equality("connectivity", direct, transposed),
    )
    output = (Equal(_o, floor((_i + 2 * _p - _k) / _s) + 1),)
    return Statement(name, text, latex, equalities, hypotheses, number, output, _STRIDES)


_LEFT_OVER = _i + 2 * _p - _k - _s * floor((_i + 2 * _p - _k) / _s)

#: Relationships 1 to 15, in order.
GUIDE = (
    _size(
        1,
        "no zero padding, unit strides",
        "For any i and k, and for s = 1 and p = 0, o = (i - k) + 1.",
        r"o = (i - k) + 1",
        _i - _k + 1,
        _UNIT | _NO_PADDING,
    ),
    _size(
        2,
        "zero padding, unit strides",
        "For any i, k and p, and for s = 1, o = (i - k) + 2p + 1.",
        r"o = (i - k) + 2p + 1",
        _i - _k + 2 * _p + 1,
        _UNIT,
    ),
    _size(
        3,
        "half (same) padding",
        "For any i and for k odd, s = 1 and p = floor(k / 2), o = i + 2 floor(k / 2) - (k - 1) = i.",
        r"o = i + 2 \lfloor k / 2 \rfloor - (k - 1) = i",
        _i,
        _UNIT | _HALF,
    ),
    _size(
        4,
        "full padding",
        "For any i and k, and for p = k - 1 and s = 1, o = i + 2 (k - 1) - (k - 1) = i + (k - 1).",
        r"o = i + 2 (k - 1) - (k - 1) = i + (k - 1)",
        _i + _k - 1,
        _UNIT | _FULL,
    ),
    _size(
        5,
        "no zero padding, non-unit strides",
        "For any i, k and s, and for p = 0, o = floor((i - k) / s) + 1.",
        r"o = \left\lfloor \frac{i - k}{s} \right\rfloor + 1",
        floor((_i - _k) / _s) + 1,
        _NO_PADDING,
    ),
    _size(
        6,
        "zero padding, non-unit strides",
        "For any i, k, p and s, o = floor((i + 2p - k) / s) + 1.",
        r"o = \left\lfloor \frac{i + 2p - k}{s} \right\rfloor + 1",
        floor((_i + 2 * _p - _k) / _s) + 1,
        {},
    ),
    _size(
        7,
        "pooling",
        "For any i, k and s, the output of pooling, which does not pad, has size o = floor((i - k) / s) + 1.",
        r"o = \left\lfloor \frac{i - k}{s} \right\rfloor + 1",
        floor((_i - _k) / _s) + 1,
        _NO_PADDING,
    ),
    _transposed(
        8,
        "no zero padding, unit strides, transposed",
        "A convolution with s = 1, p = 0 and k has an associated transposed convolution with k' = k, s' = s and "
        "p' = k - 1, whose output has size o' = i' + (k - 1).",
        r"p' = k - 1, \quad o' = i' + (k - 1)",
        _o + _k - 1,
        _k - 1,
        _UNIT | _NO_PADDING,
        stretched=S.One,
    ),
    _transposed(
        9,
        "zero padding, unit strides, transposed",
        "A convolution with s = 1, k and p has an associated transposed convolution with k' = k, s' = s and "
        "p' = k - p - 1, whose output has size o' = i' + (k - 1) - 2p.",
        r"p' = k - p - 1, \quad o' = i' + (k - 1) - 2p",
        _o + _k - 1 - 2 * _p,
        _k - _p - 1,
        _UNIT,
        stretched=S.One,
    ),
    _transposed(
        10,
        "half (same) padding, transposed",
        "A convolution with k odd, s = 1 and p = floor(k / 2) has an associated transposed convolution with k' = k, "
        "s' = s and p' = p, whose output has size o' = i' + (k - 1) - 2p = i'.",
        r"p' = p, \quad o' = i' + (k - 1) - 2p = i'",
        _o,
        _p,
        _UNIT | _HALF,
        stretched=S.One,
    ),
    _transposed(
        11,
        "full padding, transposed",
        "A convolution with s = 1, k and p = k - 1 has an associated transposed convolution with k' = k, s' = s and "
        "p' = 0, whose output has size o' = i' + (k - 1) - 2p = i' - (k - 1).",
        r"p' = 0, \quad o' = i' + (k - 1) - 2p = i' - (k - 1)",
        _o - (_k - 1),
        S.Zero,
        _UNIT | _FULL,
        stretched=S.One,
    ),
    _transposed(
        12,
        "no zero padding, non-unit strides, transposed",
        "A convolution with p = 0, k and s whose input size is such that s divides i - k has an associated transposed "
        "convolution over the input with s - 1 zeros between each two elements, with k' = k, s' = 1 and p' = k - 1, "
        "whose output has size o' = s (i' - 1) + k.",
        r"s \mid i - k, \quad p' = k - 1, \quad o' = s (i' - 1) + k",
        _s * (_o - 1) + _k,
        _k - 1,
        _NO_PADDING | {"divisibility": Divides(_s, _i + 2 * _p - _k)},
    ),
    _transposed(
        13,
        "zero padding, non-unit strides, transposed",
        "A convolution with k, s and p whose input size is such that s divides i + 2p - k has an associated "
        "transposed convolution over the input with s - 1 zeros between each two elements, with k' = k, s' = 1 and "
        "p' = k - p - 1, whose output has size o' = s (i' - 1) + k - 2p.",
        r"s \mid i + 2p - k, \quad p' = k - p - 1, \quad o' = s (i' - 1) + k - 2p",
        _s * (_o - 1) + _k - 2 * _p,
        _k - _p - 1,
        {"divisibility": Divides(_s, _i + 2 * _p - _k)},
    ),
    _transposed(
        14,
        "zero padding, non-unit strides, transposed, any input size",
        "A convolution with k, s and p has an associated transposed convolution over the input with s - 1 zeros "
        "between each two elements and a = (i + 2p - k) mod s zeros at the end, with k' = k, s' = 1 and "
        "p' = k - p - 1, whose output has size o' = s (i' - 1) + a + k - 2p.",
        r"a = (i + 2p - k) \bmod s, \quad p' = k - p - 1, \quad o' = s (i' - 1) + a + k - 2p",
        _s * (_o - 1) + _LEFT_OVER + _k - 2 * _p,
        _k - _p - 1,
        {},
        appended=_LEFT_OVER,
    ),
    _size(
        15,
        "dilation",
        "For any i, k, p and s, and for a dilation d, o = floor((i + 2p - k - (k - 1) (d - 1)) / s) + 1.",
        r"o = \left\lfloor \frac{i + 2p - k - (k - 1) (d - 1)}{s} \right\rfloor + 1",
        floor((_i + 2 * _p - _k - (_k - 1) * (_d - 1)) / _s) + 1,
        {},
        dilation=_d,
    ),
)
