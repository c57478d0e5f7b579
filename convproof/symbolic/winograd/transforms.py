"""`Winograd`, one algorithm F(m, r), and `NestedWinograd`, several of them over as many axes."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad, shown
from convproof.evidence import Certificate
from convproof.symbolic.winograd.algorithm import Algorithm
from convproof.symbolic.winograd.exact import Matrix, exact_matrix, listed, power_of_two
from convproof.symbolic.winograd.formats import float_format, rounded
from convproof.symbolic.winograd.points import PointsReason, reason_for, written
from convproof.symbolic.winograd.proof import Triple

if TYPE_CHECKING:
    from sympy import ImmutableDenseMatrix

__all__ = ["NestedWinograd", "Winograd", "prove_transforms"]

_MOST_AXES = 3


@dataclass(frozen=True, repr=False)
class Winograd(Algorithm):
    """An algorithm F(m, r): m outputs of a correlation with r taps from n = m + r - 1 multiplications.

    ``y = AT [(G w) * (BT x)]``, with the product in brackets entry by entry. True if it is proved; made by
    :func:`~convproof.symbolic.winograd.winograd`, or `from_matrices`.

    Attributes
    ----------
    AT, G, BT : tuple of tuple of Fraction
        Output transform (m, n), weight transform (n, r), input transform (n, n).
    points : tuple of Fraction or None
        The finite points of a Toom-Cook algorithm; None where it was not made from points.
    """

    AT: Matrix
    G: Matrix
    BT: Matrix
    points: tuple[Fraction, ...] | None = field(default=None, compare=False)

    @classmethod
    def from_matrices(cls, AT: Any, G: Any, BT: Any) -> Winograd:
        """Take over matrices from elsewhere, right or wrong; `certificate` tells which.

        Parameters
        ----------
        AT, G, BT : array_like or SymPy matrix
            Shapes (m, n), (n, r), (n, n) with n = m + r - 1, of rationals: integers, Fractions, SymPy
            Rationals, strings such as "1/6", and floats that are fractions over at most 2**16.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            No matrices of rationals, or shapes that do not fit together.

        Examples
        --------
        >>> good = Winograd.from_matrices([["1", 1, 1, 0], [0, 1, -1, -1]],
        ...     [[1, 0, 0], [0.5, 0.5, 0.5], ["1/2", "-1/2", "1/2"], [0, 0, 1]],
        ...     [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
        >>> bool(good)
        True
        """
        found = Triple(exact_matrix("AT", AT), exact_matrix("G", G), exact_matrix("BT", BT))
        m, r, n = found.sizes
        expected = {"G": (m + r - 1, r), "AT": (m, n), "BT": (n, n)}
        for name, shape in expected.items():
            rows = getattr(found, name)
            if (len(rows), len(rows[0])) != shape:
                seen = shown(f"<{len(rows)}x{len(rows[0])} matrix>")
                raise ArgumentValueError(
                    bad(name, seen, f"{shape[0]}x{shape[1]}, for AT (m, n), G (n, r), BT (n, n) and n = m + r - 1")
                )
        return cls(*found)

    @property
    def triples(self) -> tuple[Triple, ...]:
        """(AT, G, BT)."""
        return (Triple(self.AT, self.G, self.BT),)

    @property
    def m(self) -> int:
        """Number of outputs."""
        return len(self.AT)

    @property
    def r(self) -> int:
        """Number of taps."""
        return len(self.G[0])

    @property
    def n(self) -> int:
        """Number of inputs and of multiplications, m + r - 1."""
        return len(self.G)

    @property
    def dyadic(self) -> bool:
        """Whether all entries have denominators 2**k: small integers then come out exact in floating point."""
        matrices = (self.AT, self.G, self.BT)
        return all(power_of_two(Fraction(e.denominator)) for matrix in matrices for row in matrix for e in row)

    @cached_property
    def points_reason(self) -> PointsReason | None:
        """Error growth of these points beside that of others; None where there are no points to choose.

        Examples
        --------
        >>> from convproof.symbolic.winograd import winograd
        >>> print(winograd(6, 3).points_reason)
        F(6, 3), error growth relative to direct summation, 1771 sets compared:
                       worst case    typical  points
          chosen            22.56      4.542  0, ±1/2, ±1, ±2, inf
          integers          229.2      31.06  0, ±1, ±2, ±3, inf
        """
        return reason_for(self.m, self.r, self.points) if self.points else None

    def nested(self, *others: Winograd) -> NestedWinograd:
        """Return this algorithm on one axis and others on further ones; itself on a second one if none is given.

        Examples
        --------
        >>> from convproof.symbolic.winograd import winograd
        >>> winograd(4, 3).nested()
        <NestedWinograd F(4x4, 3x3): 36 multiplications instead of 144>
        >>> winograd(4, 3).nested(winograd(2, 5)).multiplications
        36
        """
        return NestedWinograd((self, *(others or (self,))))

    def for_weight_gradient(self) -> Winograd:
        """Return F(r, m) with the matrices (GT, A, BT): the weight gradient, a correlation with m gradients."""
        return Winograd(tuple(zip(*self.G, strict=True)), tuple(zip(*self.AT, strict=True)), self.BT)

    def numpy(self, dtype: Any = "float64") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return AT, G and BT, each entry rounded once to the nearest number of a type.

        Parameters
        ----------
        dtype : {"float16", "bfloat16", "float32", "float64"} or dtype
            The arrays have this dtype; bfloat16 comes in float32.

        Raises
        ------
        ArgumentValueError
            Another type, or one too small for an entry.
        """
        format = float_format(dtype)
        stored = "float32" if format.name == "bfloat16" else format.name
        at, g, bt = (
            np.array([[float(rounded(entry, format)) for entry in row] for row in matrix], dtype=stored)
            for matrix in (self.AT, self.G, self.BT)
        )
        return at, g, bt

    def sympy(self) -> tuple[ImmutableDenseMatrix, ImmutableDenseMatrix, ImmutableDenseMatrix]:
        """Return AT, G and BT as SymPy matrices of rationals."""
        from sympy import ImmutableDenseMatrix, Rational

        at, g, bt = (
            ImmutableDenseMatrix([[Rational(entry.numerator, entry.denominator) for entry in row] for row in matrix])
            for matrix in (self.AT, self.G, self.BT)
        )
        return at, g, bt

    def __repr__(self) -> str:
        count = f"{self.multiplications} multiplications instead of {self.direct_multiplications}"
        points = f", points {written(self.points)}" if self.points else ""
        return f"<Winograd {self.name}: {count}{points}>"


@dataclass(frozen=True, repr=False)
class NestedWinograd(Algorithm):
    """Algorithms F(m, r) nested over one to three axes, equal or different ones.

    In two dimensions ``Y = AT [(G W G'T) * (BT X B')] A'``, with primes for the second axis (Lavin and Gray, *Fast
    algorithms for convolutional neural networks*, 2016).

    Parameters
    ----------
    axes : sequence of Winograd
        One per axis.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        Something else, or more than three.
    """

    axes: tuple[Winograd, ...]

    def __post_init__(self) -> None:
        axes = tuple(listed("axes", self.axes, _MOST_AXES, f"from one to {_MOST_AXES} of Winograd"))
        for axis in axes:
            if not isinstance(axis, Winograd):
                raise ArgumentTypeError(bad("axes", axis, "a Winograd"))
        if not 1 <= len(axes) <= _MOST_AXES:
            raise ArgumentValueError(bad("axes", axes, f"from one to {_MOST_AXES} of them"))
        object.__setattr__(self, "axes", axes)

    @property
    def triples(self) -> tuple[Triple, ...]:
        """(AT, G, BT) of each axis."""
        return tuple(triple for axis in self.axes for triple in axis.triples)

    def __repr__(self) -> str:
        count = f"{self.multiplications} multiplications instead of {self.direct_multiplications}"
        return f"<NestedWinograd {self.name}: {count}>"


def prove_transforms(AT: Any, G: Any, BT: Any) -> Certificate:
    """Prove or refute matrices from anywhere: does ``AT [(G w) * (BT x)]`` compute the correlation?

    Parameters
    ----------
    AT, G, BT : array_like or SymPy matrix
        As in :meth:`Winograd.from_matrices`.

    Returns
    -------
    Certificate
        With evidence ``exact``, or a counterexample that names the coefficient (i, a, j).

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        No matrices of rationals, or shapes that do not fit together.

    Examples
    --------
    >>> print(prove_transforms([[1, 1]], [[1, 0], [0, 1]], [[1, 0], [0, 2]]).counterexample.story)
    coefficient (i, a, j) = (0, 1, 1): y[0] contains 2 * w[1] x[1], expected 1
    """
    return Winograd.from_matrices(AT, G, BT).certificate
