"""Laws of the indices of a convolution, as statements that are proved for all sizes.

The relation of an axis is i = s r + d a - p: output r reads element i of the input through tap a, with stride s,
dilation d, padding p below and q above (negative padding crops), input size n, kernel size k, output size o.

References
----------
V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, 2016, arXiv:1603.07285 (zero
insertion); the documentation of ``torch.nn.ConvTranspose2d`` and ``torch.nn.Unfold`` (output padding, patches).
"""

from __future__ import annotations

from sympy import ceiling, floor, symbols

from convproof.symbolic.guards import Divides, Equal, IntegerSet, Range
from convproof.symbolic.relations import STEPS
from convproof.symbolic.statements import Equality, Statement

__all__ = ["LAWS"]

_n, _k, _o, _s, _d = symbols("n k o s d", integer=True, positive=True)
_p, _q = symbols("p q", integer=True)
_i, _r, _a, _b, _z, _e = symbols("i r a b z e", integer=True)
_H, _W = symbols("H W", integer=True, positive=True)
_row, _column, _row2, _column2, _u = symbols("y x y' x' u", integer=True)

_STEPS = {_s: tuple(s for s, _ in STEPS), _d: tuple(d for _, d in STEPS)}
_STRIDES = {_s: (1, 2, 3, 4)}
_WIDTHS = {_H: (1, 2, 3, 5), _W: (1, 3, 2, 7)}

_POINT = (_i, _a, _r)
_RANGES = (Range(_i, _n), Range(_a, _k), Range(_r, _o))
_READ = _s * _r + _d * _a - _p
_FORWARD = IntegerSet(_POINT, (*_RANGES, Equal(_i, _READ)))

_reach = _d * (_k - 1) + 1
_padded = _n + _p + _q
_windows = floor((_padded - _reach) / _s) + 1

_source = (_i + _p - _d * _a) / _s
_gather = IntegerSet(
    _POINT,
    (
        Range(_i, _n),
        Range(_a, _k),
        Divides(_s, _i + _p - _d * _a),
        Range(_source, _o),
        Equal(_r, floor(_source)),
    ),
)
_flipped = (Range(_b, _k), Equal(_a, _k - 1 - _b), Equal(_z, _i + _d * _b - (_d * (_k - 1) - _p)), Equal(_z, _s * _r))
_inserted = IntegerSet(_POINT, (Range(_i, _n), Range(_r, _o), *_flipped), (_b, _z))

_transposed_size = (_o - 1) * _s + _reach - _p - _q
_taps = (Range(_a, _k), Range(_a, ceiling((_n + _p - _s * _r) / _d), ceiling((_p - _s * _r) / _d)))
_outputs = (Range(_r, _o), Range(_r, ceiling((_n + _p - _d * _a) / _s), ceiling((_p - _d * _a) / _s)))
_once = (*_RANGES, Equal(_i, _READ))

_cells = (Range(_row, _H), Range(_column, _W))
_two_cells = (*_cells, Range(_row2, _H), Range(_column2, _W))
_same = (Equal(_row, _row2), Equal(_column, _column2))
_place = _row * _W + _column

#: In the order in which they build on one another.
LAWS = (
    Statement(
        "output size",
        "The windows that lie inside the padded input are the first floor((n + p + q - d (k - 1) - 1) / s) + 1.",
        r"o = \left\lfloor \frac{n + p + q - d (k - 1) - 1}{s} \right\rfloor + 1",
        (
            Equality(
                "size",
                IntegerSet((_r,), (Range(_r), Range(_s * _r + _d * (_k - 1), _padded, None))),
                IntegerSet((_r,), (Range(_r, _windows),)),
            ),
        ),
        steps=_STEPS,
    ),
    Statement(
        "output padding",
        "The inputs of o outputs have the sizes n = (o - 1) s - p - q + d (k - 1) + 1 + e with 0 <= e < s: "
        "the output padding e of the transposed convolution says which.",
        r"n = (o - 1) s - p - q + d (k - 1) + 1 + e, \quad 0 \le e < s",
        (
            Equality(
                "size",
                IntegerSet((_e,), (Equal(_o, _windows), Equal(_e, _n - _transposed_size))),
                IntegerSet((_e,), (Range(_e, _s), Equal(_n, _transposed_size + _e))),
            ),
        ),
        steps=_STEPS,
    ),
    Statement(
        "input gradient gathers",
        "The relation read from the input: element i is read through tap a by output (i + p - d a) / s, if s divides "
        "i + p - d a and that output exists, and by no other.",
        r"i = s r + d a - p \iff s \mid i + p - d a,\ r = \tfrac{i + p - d a}{s}",
        (Equality("connectivity", _FORWARD, _gather),),
        steps=_STEPS,
    ),
    Statement(
        "zero insertion",
        "The transposed convolution connects what a convolution with unit stride and the flipped kernel connects over "
        "the input with s - 1 zeros between each two elements, padded by d (k - 1) - p; if negative, cropped.",
        r"p' = d (k - 1) - p, \quad a' = k - 1 - a",
        (Equality("connectivity", _FORWARD, _inserted),),
        steps=_STEPS,
    ),
    Statement(
        "zero insertion, size",
        "With e = (n + p + q - d (k - 1) - 1) mod s zeros at its end, the output of that convolution has size n, "
        "for padding d (k - 1) - p below and d (k - 1) - q above.",
        r"s (o - 1) + 1 + e + (d (k - 1) - p) + (d (k - 1) - q) - d (k - 1) = n",
        (
            Equality(
                "size",
                IntegerSet(
                    (_r,),
                    (
                        Range(_r),
                        Range(
                            _r + _d * (_k - 1),
                            _s * (_o - 1) + 1 + (_n - _transposed_size) + 2 * _d * (_k - 1) - _p - _q,
                            None,
                        ),
                    ),
                ),
                IntegerSet((_r,), (Range(_r, _n),)),
            ),
        ),
        definitions=(Equal(_o, _windows),),
        steps=_STEPS,
    ),
    Statement(
        "taps of an output",
        "The taps of output r that lie inside the input are max(0, ceil((p - s r) / d)) <= a < "
        "min(k, ceil((n + p - s r) / d)): loops over them need no test.",
        r"\max(0, \lceil \tfrac{p - s r}{d} \rceil) \le a < \min(k, \lceil \tfrac{n + p - s r}{d} \rceil)",
        (Equality("connectivity", _FORWARD, IntegerSet(_POINT, (Range(_r, _o), *_taps, Equal(_i, _READ)))),),
        steps=_STEPS,
    ),
    Statement(
        "outputs of a tap",
        "The outputs that use tap a, over which the weight gradient sums, are max(0, ceil((p - d a) / s)) <= r < "
        "min(o, ceil((n + p - d a) / s)).",
        r"\max(0, \lceil \tfrac{p - d a}{s} \rceil) \le r < \min(o, \lceil \tfrac{n + p - d a}{s} \rceil)",
        (Equality("connectivity", _FORWARD, IntegerSet(_POINT, (Range(_a, _k), *_outputs, Equal(_i, _READ)))),),
        steps=_STEPS,
    ),
    Statement(
        "unfold reads one element",
        "An entry (a, r) of the unfolded input is one element of the input, or padding: never two.",
        r"i = s r + d a - p = i' \implies i = i'",
        (
            Equality(
                "connectivity",
                IntegerSet((*_POINT, _e), (*_once, Equal(_e, _READ))),
                IntegerSet((*_POINT, _e), (*_once, Equal(_e, _i))),
            ),
        ),
        steps=_STEPS,
    ),
    Statement(
        "one output per tap",
        "An element of the input is read by at most one output through each tap, and through at most one tap by each.",
        r"s r + d a = s r' + d a \implies r = r'",
        (
            Equality(
                "outputs",
                IntegerSet(
                    (*_POINT, _e), (*_RANGES, Range(_e, _o), Equal(_i, _READ), Equal(_i, _s * _e + _d * _a - _p))
                ),
                IntegerSet((*_POINT, _e), (*_RANGES, Equal(_i, _READ), Equal(_e, _r))),
            ),
            Equality(
                "taps",
                IntegerSet(
                    (*_POINT, _e), (*_RANGES, Range(_e, _k), Equal(_i, _READ), Equal(_i, _s * _r + _d * _e - _p))
                ),
                IntegerSet((*_POINT, _e), (*_RANGES, Equal(_i, _READ), Equal(_e, _a))),
            ),
        ),
        steps=_STEPS,
    ),
    Statement(
        "row-major order is one to one",
        "In an array of H rows and W columns, no two elements have the same place y W + x.",
        r"y W + x = y' W + x' \implies y = y',\ x = x'",
        (
            Equality(
                "places",
                IntegerSet((_row, _column, _row2, _column2), (*_two_cells, Equal(_place, _row2 * _W + _column2))),
                IntegerSet((_row, _column, _row2, _column2), (*_cells, *_same)),
            ),
        ),
        steps=_WIDTHS,
    ),
    Statement(
        "row-major order leaves no gap",
        "The place u below H W belongs to row floor(u / W) and column u mod W, as channel u to a group.",
        r"0 \le u < H W,\ y = \lfloor u / W \rfloor,\ x = u \bmod W",
        (
            Equality(
                "places",
                IntegerSet((_row, _column, _u), (*_cells, Equal(_u, _place))),
                IntegerSet(
                    (_row, _column, _u),
                    (Range(_u, _H * _W), Equal(_row, floor(_u / _W)), Equal(_column, _u - _W * floor(_u / _W))),
                ),
            ),
        ),
        steps=_WIDTHS,
    ),
)
