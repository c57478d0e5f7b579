"""What one Winograd algorithm and several nested ones have in common: `Algorithm`."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from convproof.errors import ArgumentValueError, bad, shown
from convproof.evidence import Certificate
from convproof.symbolic.winograd.bound import ErrorBound, error_bound, roundings
from convproof.symbolic.winograd.cost import Cost, nested_cost, transform_cost, transposed_cost
from convproof.symbolic.winograd.exact import approximate, positive
from convproof.symbolic.winograd.formats import float_format, gamma
from convproof.symbolic.winograd.growth import amplification, typical_amplification
from convproof.symbolic.winograd.latex import count_latex, formula_latex, matrix_latex
from convproof.symbolic.winograd.operands import exact_operand, exact_operands, float_operands, tidy
from convproof.symbolic.winograd.proof import Triple, prove
from convproof.symbolic.winograd.tiles import evaluate, transform

__all__ = ["Algorithm"]

_PARTS = ("AT", "G", "BT", "formula", "count")


class Algorithm(ABC):
    """An algorithm ``y = AT [(G w) * (BT x)]``, with one triple of matrices per spatial axis.

    The methods take a plain tile or image of as many axes as the algorithm has, or batch and channels before
    them: x (N, C, \\*size) and w (M, C, \\*r), the shapes of a convolution of stride 1 without padding. An image
    is cut into overlapping tiles of n = m + r - 1 inputs, with zeros beyond its end.
    """

    @property
    @abstractmethod
    def triples(self) -> tuple[Triple, ...]:
        """(AT, G, BT) of each axis, as rows of Fractions."""

    def _sizes(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        m, r, n = zip(*(triple.sizes for triple in self.triples), strict=True)
        return m, r, n

    @property
    def name(self) -> str:
        """Name of the algorithm, such as ``"F(4x4, 3x3)"``."""
        m, r, _ = self._sizes()
        return f"F({'x'.join(map(str, m))}, {'x'.join(map(str, r))})"

    # ------------------------------------------------------------------ counts

    @property
    def multiplications(self) -> int:
        """Products of a transformed input with a transformed weight: m + r - 1 per axis, the least possible.

        The minimum is Winograd's (1980), for one axis; nested, the product over the axes.
        """
        return math.prod(self._sizes()[2])

    @property
    def direct_multiplications(self) -> int:
        """Products of direct summation for the same outputs: m r per axis."""
        m, r, _ = self._sizes()
        return math.prod((*m, *r))

    @property
    def saving(self) -> Fraction:
        """Direct multiplications over multiplications: 4 for F(4x4, 3x3)."""
        return Fraction(self.direct_multiplications, self.multiplications)

    @property
    def costs(self) -> dict[str, Cost]:
        """Operations of the three transforms of one tile and one channel, by ``"AT"``, ``"G"`` and ``"BT"``."""
        counted = {"AT": transposed_cost, "G": transform_cost, "BT": transform_cost}
        return {
            part: nested_cost([count(matrix) for matrix in matrices], [(len(one), len(one[0])) for one in matrices])
            for (part, count), matrices in zip(counted.items(), zip(*self.triples, strict=True), strict=True)
        }

    # ------------------------------------------------------------------ proof

    @cached_property
    def certificate(self) -> Certificate:
        """The proof that it computes the correlation and, transposed, both its gradients; or a counterexample.

        The coefficient of g[i] w[a] x[j] in the trilinear form, ``sum_t AT[i,t] G[t,a] BT[t,j]``, is compared
        with ``[j = i + a]`` for all i, a, j, in integers.
        """
        return prove(self.triples)

    def __bool__(self) -> bool:
        return bool(self.certificate)

    # ------------------------------------------------------------------ exact evaluation

    def apply(self, x: Any, w: Any) -> np.ndarray:
        """Evaluate the algorithm exactly.

        Parameters
        ----------
        x : array_like of int, Fraction or SymPy expression
            A tile, an image, or images of shape (N, C, \\*size).
        w : array_like
            Taps of shape r, or (M, C, \\*r).

        Returns
        -------
        ndarray of object
            size - r + 1 outputs per axis; integers where they are integers, expressions expanded.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            Floats, other shapes, or more than takes a few seconds.
        """
        m, r, _ = self._sizes()
        images, filters, plain = exact_operands(x, w, m, r)
        y = tidy(evaluate(self._objects(), images, filters, m, r))
        return y[0, 0] if plain else y

    def input_gradient(self, g: Any, w: Any) -> np.ndarray:
        """Evaluate the input gradient of one tile exactly: ``B [(G w) * (A g)]``, n values from m gradients.

        It is the full convolution of g with w. Whole images can also use the algorithm itself, with the taps
        reversed and g padded by r - 1.
        """
        m, r, _ = self._sizes()
        at, weights, bt = self._objects()
        left, right = self._tile("g", g, m), self._tile("w", w, r)
        return tidy(transform(_transposed(bt), transform(weights, right) * transform(_transposed(at), left)))

    def weight_gradient(self, x: Any, g: Any) -> np.ndarray:
        """Evaluate the weight gradient of one tile exactly: ``GT [(BT x) * (A g)]``, r values from n and m.

        It is the correlation of x with g: F(r, m) by the same matrices.
        """
        m, _, n = self._sizes()
        at, weights, bt = self._objects()
        left, right = self._tile("x", x, n), self._tile("g", g, m)
        return tidy(transform(_transposed(weights), transform(bt, left) * transform(_transposed(at), right)))

    def _objects(self) -> list[list[np.ndarray]]:
        return [[np.array(matrix, dtype=object) for matrix in matrices] for matrices in zip(*self.triples, strict=True)]

    def _tile(self, argument: str, values: Any, shape: tuple[int, ...]) -> np.ndarray:
        tile = exact_operand(argument, values)
        if tile.shape != shape:
            raise ArgumentValueError(bad(argument, shown(f"<array of shape {tile.shape}>"), f"shape {shape}"))
        return tile

    # ------------------------------------------------------------------ rounding errors

    @property
    def amplification(self) -> Fraction:
        """Worst case of the sums of magnitudes that rounding errors act on, relative to direct summation.

        ``max_i sum_t |AT[i,t]| sum_a |G[t,a]| sum_j |BT[t,j]| / r``, multiplied over the axes; exact.
        """
        return math.prod((amplification(*triple) for triple in self.triples), start=Fraction(1))

    @property
    def typical_amplification(self) -> float:
        """The same in the root mean square, for independent operands and rounding errors of mean zero."""
        return math.prod(typical_amplification(*triple) for triple in self.triples)

    def roundings(self, dtype: Any = "float32", channels: int = 1) -> int:
        """Return kappa, the number of rounding errors that a term meets; see `error_bound`.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            A type without a bound, or one too small for a constant; channels that are no positive integer.
        """
        return roundings(self.triples, float_format(dtype), positive("channels", channels))

    def error_growth(self, dtype: Any = "float32", channels: int = 1) -> float:
        """Return the worst-case bound over that of direct summation, for operands of magnitude at most one.

        ``amplification * gamma_kappa / gamma_K``, with K terms in direct summation; infinite where kappa u >= 1.
        """
        kappa, format = self.roundings(dtype, channels), float_format(dtype)
        direct = gamma(positive("channels", channels) * math.prod(self._sizes()[1]), format)
        worst = gamma(kappa, format)
        return math.inf if math.isinf(worst) or math.isinf(direct) else approximate(self.amplification) * worst / direct

    def error_bound(self, x: Any, w: Any, dtype: Any = "float32") -> ErrorBound:
        """Return rigorous bounds on the rounding errors of the algorithm and of direct summation.

        ``gamma_kappa |AT| [(|G| |w|) * (|BT| |x|)]``, summed over channels, and a term for underflow; beside it
        ``gamma_K (|w| * |x|)`` (Higham, *Accuracy and Stability of Numerical Algorithms*, 2002, section 3.1).
        It holds for sums in any order, with or without fused multiply-add, if every constant is rounded once
        to the type, all arithmetic rounds to nearest in it, and subnormal numbers are kept.

        Parameters
        ----------
        x, w : array_like
            As in `apply`; the values that the kernel is given, representable in the type.
        dtype : {"float16", "bfloat16", "float32", "float64"} or dtype
            What everything is computed in.

        Returns
        -------
        ErrorBound
            With ``winograd`` and ``direct`` in the shape of the output.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            Values that are not finite real numbers, other shapes or types, or a type too small for a constant.
        """
        format = float_format(dtype)
        m, r, _ = self._sizes()
        images, filters, plain = float_operands(x, w, m, r)
        bound = error_bound(self.triples, images, filters, format)
        if plain:
            return ErrorBound(bound.winograd[0, 0], bound.direct[0, 0], bound.roundings, bound.terms, bound.dtype)
        return bound

    # ------------------------------------------------------------------ views

    def latex(self, part: str | None = None) -> str:
        """Return LaTeX (amsmath): the matrices of the first axis, the formula, the number of multiplications.

        Parameters
        ----------
        part : {"AT", "G", "BT", "formula", "count"}, optional
            One of them; by default all, aligned.

        Raises
        ------
        ArgumentValueError
            Another part.
        """
        if part is not None and (not isinstance(part, str) or part not in _PARTS):
            raise ArgumentValueError(bad("part", part, "one of " + ", ".join(_PARTS)))
        if part == "formula":
            return self._formula()
        if part == "count":
            return self._count()
        if part is not None:
            return matrix_latex(getattr(self.triples[0], part))
        lines = [_aligned(self._formula())]
        for axis, triple in enumerate(self._distinct()):
            prime = "'" * axis
            lines += [
                rf"A{prime}^{{\mathsf{{T}}}} &= {matrix_latex(triple.AT)}",
                rf"G{prime} &= {matrix_latex(triple.G)}",
                rf"B{prime}^{{\mathsf{{T}}}} &= {matrix_latex(triple.BT)}",
            ]
        lines.append(_aligned(self._count()))
        body = " \\\\\n".join(lines)
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

    def _distinct(self) -> Sequence[Triple]:
        """Return the triples to be written: one where all axes have the same."""
        return self.triples[:1] if len(set(self.triples)) == 1 else self.triples

    def _formula(self) -> str:
        return formula_latex(len(self.triples), primes=len(self._distinct()) > 1)

    def _count(self) -> str:
        m, r, _ = self._sizes()
        return count_latex(list(zip(m, r, strict=True)))

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


def _transposed(matrices: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [matrix.T for matrix in matrices]


def _aligned(equation: str) -> str:
    return equation.replace(" = ", " &= ", 1)
