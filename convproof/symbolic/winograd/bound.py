"""Rigorous floating-point error bounds of an algorithm y = AT [(G w) * (BT x)], beside those of direct summation.

A sum of products, computed in any order, with or without fused multiply-add, is the exact sum of terms that
were each changed by at most kappa factors 1 + d, \\|d\\| <= u; so the error is at most gamma_kappa = kappa u /
(1 - kappa u) times the sum of the magnitudes of the terms (Higham, *Accuracy and Stability of Numerical
Algorithms*, 2002, section 3.1). Kappa is counted on the longest way from an operand to a result:

==================================  ==========================================================================
each transform, per axis            additions of its longest row, and one for a constant that is no power of
                                    two, and one more if that constant has to be rounded to the type
the product of both transforms      one
the sum over C channels             C - 1
==================================  ==========================================================================

A product may also fall among the subnormal numbers and lose up to half of the smallest one; additions do not.
These absolute errors are carried through the magnitudes of the matrices as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from convproof.symbolic.winograd.exact import Matrix, approximate, power_of_two
from convproof.symbolic.winograd.formats import Format, gamma, rounded
from convproof.symbolic.winograd.proof import Triple
from convproof.symbolic.winograd.tiles import correlate, cut, join, products, transform

__all__ = ["ErrorBound", "error_bound", "roundings"]

_OWN_ERROR = 1 + 1e-9  # the bound itself is computed in float64


def roundings(axes: Sequence[Triple], format: Format, channels: int) -> int:
    """Return kappa: the largest number of rounding errors that a term meets from the operands to the result."""
    return channels + sum(_depth(matrix, format) for triple in axes for matrix in triple)


def _depth(matrix: Matrix, format: Format) -> int:
    return max(_row_depth([entry for entry in row if entry], format) for row in matrix)


def _row_depth(live: Sequence[Fraction], format: Format) -> int:
    constants = [(not power_of_two(entry)) + (rounded(entry, format) != entry) for entry in live]
    return len(live) - 1 + max(constants) if live else 0


@dataclass(frozen=True)
class ErrorBound:
    """Bounds on the error of each output.

    Attributes
    ----------
    winograd, direct : ndarray
        Of the algorithm and of direct summation, in the shape of the output; infinite where there is no bound,
        because so many roundings accumulate or because a number could overflow.
    roundings, terms : int
        Rounding errors that a term meets in the algorithm, and in direct summation (as many as terms).
    dtype : str
        The type all of it is computed in.
    """

    winograd: np.ndarray
    direct: np.ndarray
    roundings: int
    terms: int
    dtype: str

    def __repr__(self) -> str:
        def most(bounds: np.ndarray) -> str:
            return f"{bounds.max(initial=0):.3g}"

        return f"<ErrorBound {self.dtype}: at most {most(self.winograd)}, direct summation {most(self.direct)}>"


def error_bound(axes: Sequence[Triple], x: np.ndarray, w: np.ndarray, format: Format) -> ErrorBound:
    """Return the bounds for x (N, C, *size) and w (M, C, *r), finite float64 arrays."""
    m, r, _ = zip(*(triple.sizes for triple in axes), strict=True)
    kappa, terms = roundings(axes, format, x.shape[1]), math.prod(w.shape[1:])
    x, w = np.abs(x), np.abs(w)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        winograd = _winograd_bound(axes, x, w, m, r, kappa, format)
        relative = gamma(terms, format)
        sums = correlate(x, w)
        direct = _OWN_ERROR * (relative * sums + (1 + relative) * terms * format.smallest)
        direct = _finite(direct, float(sums.max(initial=0)), relative, format)
    return ErrorBound(winograd, direct, kappa, terms, format.name)


class _Carried:
    """Magnitudes of exact values, the absolute errors of underflow, and the largest magnitude on the way."""

    def __init__(self, magnitude: np.ndarray, underflow: np.ndarray, largest: float = 0.0) -> None:
        self.magnitude = magnitude
        self.underflow = underflow
        self.largest = max(largest, float(magnitude.max(initial=0)))

    def through(self, matrices: Sequence[Matrix], smallest: float) -> _Carried:
        """Apply one matrix to each of the last axes, each product but those with 1 and -1 underflowing."""
        carried, first = self, self.magnitude.ndim - len(matrices)
        for axis, matrix in enumerate(matrices, start=first):
            absolute = np.array([[approximate(abs(entry)) for entry in row] for row in matrix])
            inexact = np.array([sum(abs(entry) not in (0, 1) for entry in row) for row in matrix]) * smallest
            rest = carried.magnitude.ndim - axis - 1
            carried = _Carried(
                _along(absolute, carried.magnitude, axis),
                _along(absolute, carried.underflow, axis) + inexact.reshape(-1, *[1] * rest),
                carried.largest,
            )
        return carried


def _along(matrix: np.ndarray, array: np.ndarray, axis: int) -> np.ndarray:
    return np.moveaxis(transform([matrix], np.moveaxis(array, axis, -1)), -1, axis)


def _winograd_bound(
    axes: Sequence[Triple],
    x: np.ndarray,
    w: np.ndarray,
    m: Sequence[int],
    r: Sequence[int],
    kappa: int,
    format: Format,
) -> np.ndarray:
    """Return gamma * |AT| [(|G||w|) * (|BT||x|)] and the underflow of every product, carried to the outputs."""
    at, g, bt = zip(*axes, strict=True)
    inputs = _Carried(tiles := cut(x, m, r), np.zeros_like(tiles)).through(bt, format.smallest)
    weights = _Carried(w, np.zeros_like(w)).through(g, format.smallest)
    multiplied = _Carried(
        products(inputs.magnitude, weights.magnitude),
        products(inputs.magnitude, weights.underflow)
        + products(inputs.underflow, weights.magnitude + weights.underflow)
        + x.shape[1] * format.smallest,
        max(inputs.largest, weights.largest),
    )
    outputs = multiplied.through(at, format.smallest)
    relative = gamma(kappa, format)
    error = _OWN_ERROR * (relative * outputs.magnitude + (1 + relative) * outputs.underflow)
    sizes = [size - k + 1 for size, k in zip(x.shape[2:], r, strict=True)]
    return _finite(join(error, sizes), outputs.largest, relative, format)


def _finite(error: np.ndarray, largest: float, relative: float, format: Format) -> np.ndarray:
    """Return the bound, or infinity everywhere if a number on the way could overflow."""
    safe = math.isfinite(relative) and (1 + relative) * largest * _OWN_ERROR < format.largest
    return error if safe else np.full(error.shape, math.inf)
