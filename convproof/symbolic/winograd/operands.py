"""The operands of an algorithm: exact ones for teaching, floating ones for error bounds."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad, shown

__all__ = ["Operands", "exact_operand", "exact_operands", "float_operands", "tidy"]

_LARGEST_EXACT = 10_000  # elements of an exact operand
_MOST_EXACT = 2**22  # operations on them: seconds
_MOST_FLOATING = 2**34  # operations of a bound: a minute
_MOST_HELD = 2**27  # elements of an array on the way: 1 GiB

#: x as (N, C, *size), w as (M, C, *r), and whether they were given without batch and channels.
Operands = tuple[np.ndarray, np.ndarray, bool]


def exact_operand(argument: str, values: Any) -> np.ndarray:
    """Return integers, Fractions or SymPy expressions as an object array.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        Floats and anything else; nested sequences of different lengths; more than 10000 elements.
    """
    plain = values.tolist() if hasattr(values, "tolist") and not isinstance(values, np.ndarray) else values
    array = _array(argument, plain, object, _LARGEST_EXACT)
    exact = np.empty(array.shape, dtype=object)
    for place, value in np.ndenumerate(array):
        exact[place] = _exact(argument, value)
    return exact


def _array(argument: str, values: Any, dtype: Any, most: int) -> np.ndarray:
    """Return values as an array of at most so many elements, without trying to hold more."""
    count = len(values) if isinstance(values, Sequence) else 1
    try:
        array = np.asarray(values if count <= most else (), dtype)
    except (ValueError, TypeError, MemoryError, RuntimeError):  # RuntimeError: a tensor that requires a gradient
        raise ArgumentTypeError(bad(argument, values, "numbers, in nested sequences of equal lengths")) from None
    if max(count, array.size) > most:
        raise ArgumentValueError(bad(argument, shown(f"<{max(count, array.size)} elements>"), f"at most {most}"))
    return array


def _exact(argument: str, value: Any) -> Any:
    if isinstance(value, numbers.Rational) and value is not True and value is not False:
        return Fraction(int(value.numerator), int(value.denominator))
    from sympy import Expr, Float, nan

    if isinstance(value, Expr) and not value.has(Float) and value.is_finite is not False and value is not nan:
        return value
    raise ArgumentTypeError(bad(argument, value, "integers, Fractions or finite SymPy expressions (no floats)"))


def exact_operands(x: Any, w: Any, m: Sequence[int], r: Sequence[int]) -> Operands:
    """Return x and w for an exact evaluation of F(m, r)."""
    operands = _shaped(exact_operand("x", x), exact_operand("w", w), r)
    _limited(operands, m, r, _MOST_EXACT)
    return operands


def float_operands(x: Any, w: Any, m: Sequence[int], r: Sequence[int]) -> Operands:
    """Return x and w as finite float64 arrays.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        Values that are no finite real numbers, or too many of them.
    """
    operands = _shaped(_floats("x", x), _floats("w", w), r)
    _limited(operands, m, r, _MOST_FLOATING)
    return operands


def _limited(operands: Operands, m: Sequence[int], r: Sequence[int], most: int) -> None:
    """Refuse what would take too long, or too much memory."""
    x, w, _ = operands
    n = [step + k - 1 for step, k in zip(m, r, strict=True)]
    blocks = math.prod(-((k - 1 - size) // step) for size, step, k in zip(x.shape[2:], m, r, strict=True))
    inputs, weights, outputs = (
        count * math.prod(n)
        for count in (blocks * math.prod(x.shape[:2]), math.prod(w.shape[:2]), blocks * len(x) * len(w))
    )
    work = outputs * x.shape[1] + (inputs + weights + outputs) * sum(n)
    if work > most or max(inputs, weights, outputs) > _MOST_HELD:
        raise ArgumentValueError(
            bad("x", shown(f"<array of shape {x.shape}>"), f"smaller operands, not {work:.2g} operations")
        )


def _floats(argument: str, values: Any) -> np.ndarray:
    array = _array(argument, values, None, _MOST_HELD)
    try:
        if array.dtype.kind not in "biufV":  # bfloat16 of ml_dtypes is of kind V
            raise TypeError
        with np.errstate(over="ignore"):
            array = array.astype(np.float64)
    except (ValueError, TypeError):
        raise ArgumentTypeError(bad(argument, values, "real numbers")) from None
    if not np.isfinite(array).all():
        raise ArgumentValueError(bad(argument, values, "finite numbers"))
    return array


def _shaped(x: np.ndarray, w: np.ndarray, r: Sequence[int]) -> Operands:
    """Add batch and channels where both were given without; check what has to fit."""
    axes, plain, taps = len(r), x.ndim == len(r), "x".join(map(str, r))
    if x.ndim not in (axes, axes + 2):
        _refuse("x", x, f"{axes} axes, or (N, C, *size) with {axes + 2}")
    if w.ndim != x.ndim or w.shape[w.ndim - axes :] != tuple(r):
        _refuse("w", w, f"{taps} taps" if plain else f"(M, C, *r) with {taps} taps")
    if plain:
        x, w = x[None, None], w[None, None]
    if w.shape[1] != x.shape[1]:
        _refuse("w", w, f"{x.shape[1]} channels, as x has")
    if any(size < k for size, k in zip(x.shape[2:], r, strict=True)):
        _refuse("x", x, f"at least {taps} elements, the size of w")
    return x, w, plain


def _refuse(argument: str, array: np.ndarray, expected: str) -> None:
    raise ArgumentValueError(bad(argument, shown(f"<array of shape {array.shape}>"), expected))


def tidy(array: np.ndarray) -> np.ndarray:
    """Return exact results with integers as integers and expressions expanded."""
    found = np.empty(array.shape, dtype=object)
    for place, value in np.ndenumerate(array):
        if isinstance(value, Fraction):
            found[place] = int(value) if value.denominator == 1 else value
        else:
            found[place] = value.expand()
    return found
