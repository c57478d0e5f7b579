"""Exact rationals at the boundary: points and matrix entries, however they are written."""

from __future__ import annotations

import math
import numbers
import operator
import re
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad

__all__ = [
    "LARGEST_TILE",
    "Matrix",
    "approximate",
    "exact_matrix",
    "listed",
    "odd_part",
    "positive",
    "power_of_two",
    "rational",
    "sizes",
]

#: Rows of rationals.
Matrix = tuple[tuple[Fraction, ...], ...]

#: Largest m + r - 1: far beyond what floating point survives, and proved in a moment.
LARGEST_TILE = 32

_WRITTEN = re.compile(r"\s*[+-]?\d{1,100}(/\d{1,100}|\.\d{1,100})?\s*", re.ASCII)
_LARGEST_FLOAT_DENOMINATOR = 2**16
_MOST_BITS = 4096
_EXPECTED = "a finite rational: an integer, a Fraction, a SymPy Rational or a string such as '3/4'"


def rational(argument: str, value: Any) -> Fraction:
    """Return a number as a Fraction, exactly as it was meant.

    A float is taken only where it is a fraction over at most 2**16, such as 0.75: what 0.1 or ``1 / 6`` hold is
    not the number that was meant.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        Something that is no rational, a float that is not a short dyadic fraction, or more than 4096 bits.

    Examples
    --------
    >>> rational("points", "3/4"), rational("points", 0.75)
    (Fraction(3, 4), Fraction(3, 4))
    """
    if isinstance(value, (bool, np.bool_)):
        raise ArgumentTypeError(bad(argument, value, _EXPECTED))
    if isinstance(value, numbers.Rational):  # int, Fraction, integers of NumPy, rationals of SymPy
        found = Fraction(int(value.numerator), int(value.denominator))
    elif isinstance(value, (float, np.floating)):
        found = _from_float(argument, float(value))
    elif isinstance(value, str):
        found = _from_text(argument, value)
    else:
        raise ArgumentTypeError(bad(argument, value, _EXPECTED))
    if max(found.numerator.bit_length(), found.denominator.bit_length()) > _MOST_BITS:
        raise ArgumentValueError(bad(argument, value, f"numerator and denominator of at most {_MOST_BITS} bits"))
    return found


def _from_float(argument: str, value: float) -> Fraction:
    if not math.isfinite(value):
        raise ArgumentValueError(bad(argument, value, _EXPECTED))
    found = Fraction(value)
    if found.denominator > _LARGEST_FLOAT_DENOMINATOR:
        meant = found.limit_denominator(1000)
        raise ArgumentValueError(bad(argument, value, f"an exact number; this float is not one, write '{meant}'"))
    return found


def _from_text(argument: str, text: str) -> Fraction:
    if not _WRITTEN.fullmatch(text):
        raise ArgumentValueError(bad(argument, text, _EXPECTED))
    try:
        return Fraction(text)
    except ZeroDivisionError:
        raise ArgumentValueError(bad(argument, text, _EXPECTED)) from None


def exact_matrix(argument: str, rows: Any) -> Matrix:
    """Return nested sequences, an array or a SymPy matrix as rows of Fractions.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        No matrix, rows of different lengths, none at all or more than `LARGEST_TILE`, or entries that
        `rational` refuses.
    """
    found = tuple(tuple(rational(argument, entry) for entry in _items(argument, row)) for row in _items(argument, rows))
    if len({len(row) for row in found}) > 1:
        raise ArgumentValueError(bad(argument, rows, "rows of equal lengths"))
    return found


def _items(argument: str, value: Any) -> list:
    plain = value.tolist() if hasattr(value, "tolist") else value  # arrays, SymPy matrices
    items = listed(argument, plain, LARGEST_TILE, "a matrix: a sequence of rows")
    if not 1 <= len(items) <= LARGEST_TILE:
        raise ArgumentValueError(bad(argument, value, f"from 1 to {LARGEST_TILE} rows and columns"))
    return items


def listed(argument: str, value: Any, most: int, expected: str) -> list:
    """Return the items of a sequence, at most one more than `most`; ArgumentTypeError where it is none."""
    if not isinstance(value, (str, bytes)):
        try:
            return list(islice(value, most + 1))
        except Exception:  # whatever a stranger's __iter__ raises, it is no sequence
            pass
    raise ArgumentTypeError(bad(argument, value, expected))


def positive(argument: str, value: Any) -> int:
    """Return a positive integer; ArgumentTypeError or ArgumentValueError where it is none."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, (bool, np.bool_)):
        raise ArgumentTypeError(bad(argument, value, "a positive integer"))
    if number < 1:
        raise ArgumentValueError(bad(argument, value, "a positive integer"))
    return number


def sizes(m: Any, r: Any) -> tuple[int, int]:
    """Return m and r, checked: positive, and m + r - 1 at most `LARGEST_TILE`."""
    outputs, taps = positive("m", m), positive("r", r)
    if outputs + taps - 1 > LARGEST_TILE:
        larger = ("m", outputs) if outputs > taps else ("r", taps)
        raise ArgumentValueError(bad(*larger, f"m + r - 1 at most {LARGEST_TILE}"))
    return outputs, taps


def approximate(value: Fraction) -> float:
    """Return the nearest float, infinity beyond the largest."""
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def odd_part(number: int) -> int:
    """Return a positive integer without its factors of two."""
    return number // (number & -number)


def power_of_two(value: Fraction) -> bool:
    """Whether a number is plus or minus a power of two: multiplying by it is exact in binary."""
    return value != 0 and odd_part(abs(value.numerator)) == 1 and odd_part(value.denominator) == 1
