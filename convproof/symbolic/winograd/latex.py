"""An algorithm as LaTeX: its matrices, its formula, its number of multiplications."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from convproof.symbolic.matrix_latex import write_matrix
from convproof.symbolic.winograd.exact import LARGEST_TILE, Matrix

__all__ = ["count_latex", "formula_latex", "fraction_latex", "matrix_latex"]


def fraction_latex(value: Fraction) -> str:
    """Write a rational.

    Examples
    --------
    >>> print(fraction_latex(Fraction(-3, 4)))
    -\\frac{3}{4}
    """
    magnitude = abs(value)
    fraction = rf"\frac{{{magnitude.numerator}}}{{{magnitude.denominator}}}"
    text = str(magnitude) if magnitude.denominator == 1 else fraction
    return f"-{text}" if value < 0 else text


def matrix_latex(matrix: Matrix) -> str:
    """Write a matrix of rationals, in brackets.

    Examples
    --------
    >>> print(matrix_latex(((Fraction(1), Fraction(-1, 2)),)))
    \\begin{bmatrix}
    1 & -\\frac{1}{2}
    \\end{bmatrix}
    """
    live = [(i, j, entry) for i, row in enumerate(matrix) for j, entry in enumerate(row) if entry]
    places = np.array([(i, j) for i, j, _ in live], dtype=np.int64).reshape(-1, 2)
    names = [fraction_latex(entry) for *_, entry in live]
    coo = (places[:, 0], places[:, 1], np.arange(len(live)), np.ones(len(live), dtype=np.int64))
    return write_matrix((len(matrix), len(matrix[0])), coo, names, max_size=max(LARGEST_TILE, 3))


def formula_latex(axes: int, primes: bool = False) -> str:
    """Write y = AT [(G w) * (BT x)], nested over one to three axes.

    Parameters
    ----------
    axes : int
        From 1 to 3.
    primes : bool
        The matrices of the second axis have one prime, of the third two: the axes differ.

    Examples
    --------
    >>> print(formula_latex(1))
    y = A^{\\mathsf{T}} \\left[ (G\\, w) \\odot (B^{\\mathsf{T}} x) \\right]
    """
    if axes == 1:
        return r"y = A^{\mathsf{T}} \left[ (G\, w) \odot (B^{\mathsf{T}} x) \right]"
    if axes == 2:
        p = "'" * primes
        weights, inputs = rf"G\, W G{p}^{{\mathsf{{T}}}}", rf"B^{{\mathsf{{T}}}} X B{p}"
        return rf"Y = A^{{\mathsf{{T}}}} \left[ ({weights}) \odot ({inputs}) \right] A{p}"
    outputs, weights, inputs = (
        r" \otimes ".join(letter + "'" * (axis * primes) + mark for axis in range(axes))
        for letter, mark in (("A", r"^{\mathsf{T}}"), ("G", ""), ("B", r"^{\mathsf{T}}"))
    )
    return rf"y = ({outputs}) \left[ ({weights})\, w \odot ({inputs})\, x \right]"


def count_latex(sizes: Sequence[tuple[int, int]]) -> str:
    """Write the number of multiplications of F(m, r) nested over axes, and direct summation over it.

    Examples
    --------
    >>> print(count_latex([(4, 3)]))
    \\mu(F(4, 3)) = 4 + 3 - 1 = 6, \\quad \\frac{4 \\cdot 3}{6} = 2
    """
    outputs, taps = zip(*sizes, strict=True)
    sums = [f"{m} + {r} - 1" for m, r in sizes]
    product = sums[0] if len(sums) == 1 else "".join(f"({one})" for one in sums)
    count = math.prod(m + r - 1 for m, r in sizes)
    direct = r" \cdot ".join(map(str, (*outputs, *taps)))
    ratio = fraction_latex(Fraction(math.prod((*outputs, *taps)), count))
    name = ", ".join(r" \times ".join(map(str, numbers)) for numbers in (outputs, taps))
    return rf"\mu(F({name})) = {product} = {count}, \quad \frac{{{direct}}}{{{count}}} = {ratio}"
