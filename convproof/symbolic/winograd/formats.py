"""Binary floating-point types, and rounding to them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from convproof.errors import ArgumentValueError, bad
from convproof.symbolic.winograd.exact import approximate

__all__ = ["FORMATS", "Format", "float_format", "gamma", "rounded"]


@dataclass(frozen=True)
class Format:
    """A binary floating-point type.

    Attributes
    ----------
    name : str
        Its name.
    bits : int
        Its significand, the hidden bit included.
    lowest : int
        Exponent of the smallest positive number, 2**lowest.
    highest : int
        All numbers lie below 2**highest.
    """

    name: str
    bits: int
    lowest: int
    highest: int

    @property
    def unit(self) -> Fraction:
        """Unit roundoff u = 2**-bits, to nearest."""
        return Fraction(1, 2**self.bits)

    @property
    def smallest(self) -> float:
        """The smallest positive (subnormal) number."""
        return 2.0**self.lowest

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return math.ldexp(1 - 2.0**-self.bits, self.highest)


#: The types that bounds are known for.
FORMATS = {
    entry.name: entry
    for entry in (
        Format("float16", 11, -24, 16),
        Format("bfloat16", 8, -133, 128),
        Format("float32", 24, -149, 128),
        Format("float64", 53, -1074, 1024),
    )
}


def float_format(dtype: Any) -> Format:
    """Return the format of a dtype or its name; ArgumentValueError where there is none."""
    name = dtype
    if not isinstance(dtype, str) and dtype is not None:
        try:
            name = np.dtype(dtype).name
        except (TypeError, ValueError):
            name = None
    if not isinstance(name, str) or name not in FORMATS:
        raise ArgumentValueError(bad("dtype", dtype, "one of " + ", ".join(FORMATS)))
    return FORMATS[name]


def rounded(value: Fraction, format: Format) -> Fraction:
    """Return the nearest number of a format, ties to even.

    Raises
    ------
    ArgumentValueError
        A number beyond its range: too large, or so small that its relative error would exceed the unit.

    Examples
    --------
    >>> rounded(Fraction(1, 3), FORMATS["bfloat16"])
    Fraction(171, 512)
    """
    if not value:
        return value
    exponent = abs(value.numerator).bit_length() - value.denominator.bit_length() - format.bits
    step = Fraction(2) ** exponent
    if abs(value) / step >= 2**format.bits:  # the quotient of bit lengths may be one too low
        step *= 2
    found = round(value / step) * step
    if step < Fraction(2) ** format.lowest or abs(found) >= Fraction(2) ** format.highest:
        raise ArgumentValueError(bad("dtype", format.name, f"a type that holds the constant {approximate(value):.3g}"))
    return found


def gamma(kappa: int, format: Format) -> float:
    """Return kappa u / (1 - kappa u), infinity where kappa u >= 1."""
    error = kappa * format.unit
    return approximate(error / (1 - error)) if error < 1 else math.inf
