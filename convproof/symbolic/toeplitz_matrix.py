"""One-dimensional matrices of symbolic size: the general Toeplitz matrix, and the band of a filter.

The entries are formulas, so that n, k and s may be symbols; with integers they become explicit matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

from sympy import (
    And,
    Expr,
    FunctionMatrix,
    ImmutableDenseMatrix,
    IndexedBase,
    Integer,
    Lambda,
    Piecewise,
    S,
    floor,
    latex,
    symbols,
    sympify,
)

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad

__all__ = ["Toeplitz", "toeplitz"]

_LARGEST = 512  # rows or columns of an explicit matrix
_LARGEST_WRITTEN = 16  # taps or steps that are written one by one in a matrix of symbolic size


@dataclass(frozen=True)
class Toeplitz:
    """A Toeplitz matrix given by a formula; made by `toeplitz`.

    Attributes
    ----------
    n : Expr
        Number of columns.
    k : Expr or None
        Number of taps of the band; None for the general n x n matrix.
    stride : Expr
        Columns that a row of the band lies to the right of the one above.
    name : str
        Name of the diagonals' values.
    """

    n: Expr
    k: Expr | None
    stride: Expr
    name: str

    @property
    def shape(self) -> tuple[Expr, Expr]:
        """Rows and columns: (n, n), or (floor((n - k)/s) + 1, n) for a band."""
        return (self.n if self.k is None else floor((self.n - self.k) / self.stride) + 1, self.n)

    def entry(self, i: Any, j: Any) -> Expr:
        """Return the entry of row i and column j, counted from 0.

        Examples
        --------
        >>> toeplitz("n").entry("i", "j")
        a[i - j]
        >>> toeplitz("n", 2, stride=3).entry(1, 3), toeplitz("n", 2, stride=3).entry(1, 2)
        (w[0], 0)
        """
        row, column, values = _index("i", i), _index("j", j), IndexedBase(self.name)
        if self.k is None:
            return values[row - column]
        tap = column - self.stride * row
        return Piecewise((values[tap], And(tap >= 0, tap < self.k)), (0, True))

    @property
    def expression(self) -> FunctionMatrix:
        """The matrix as a SymPy expression: a function of row and column.

        Examples
        --------
        >>> toeplitz("n").expression[2, 5]
        a[-3]
        """
        i, j = symbols("i j", integer=True)
        return FunctionMatrix(*self.shape, Lambda((i, j), self.entry(i, j)))

    def sympy(self) -> ImmutableDenseMatrix:
        """Return the explicit matrix, where all sizes are integers.

        Examples
        --------
        >>> toeplitz(4, 3).sympy()
        Matrix([
        [w[0], w[1], w[2],    0],
        [   0, w[0], w[1], w[2]]])
        """
        rows, columns = self.shape
        if not (rows.is_Integer and columns.is_Integer and self.stride.is_Integer):
            raise ArgumentValueError(bad("n", self.n, "integers for an explicit matrix; expression takes symbols"))
        if max(rows, columns) > _LARGEST:
            raise ArgumentValueError(bad("n", self.n, f"at most {_LARGEST} rows and columns of an explicit matrix"))
        return ImmutableDenseMatrix(int(rows), int(columns), self.entry)

    def latex(self) -> str:
        """Return the matrix as LaTeX, with dots where its size is a symbol.

        A band with a symbol in it is drawn for s | n - k, where its last row ends in the last column.

        Examples
        --------
        >>> print(toeplitz("n").latex())
        \\begin{bmatrix}
        a_{0} & a_{-1} & a_{-2} & \\cdots & a_{1 - n} \\\\
        a_{1} & a_{0} & a_{-1} & \\ddots & \\vdots \\\\
        a_{2} & a_{1} & \\ddots & \\ddots & a_{-2} \\\\
        \\vdots & \\ddots & \\ddots & a_{0} & a_{-1} \\\\
        a_{n - 1} & \\cdots & a_{2} & a_{1} & a_{0}
        \\end{bmatrix}
        """
        if all(size.is_Integer for size in (*self.shape, self.stride)):
            return latex(self.sympy(), mat_str="bmatrix", mat_delim="")
        rows = self._general_rows() if self.k is None else self._band_rows(self.k)
        return "\\begin{bmatrix}\n" + " \\\\\n".join(" & ".join(row) for row in rows) + "\n\\end{bmatrix}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _value(self, index: Any) -> str:
        return f"{self.name}_{{{latex(sympify(index))}}}"

    def _general_rows(self) -> list[list[str]]:
        a, cdots, vdots, ddots = self._value, r"\cdots", r"\vdots", r"\ddots"
        return [
            [a(0), a(-1), a(-2), cdots, a(1 - self.n)],
            [a(1), a(0), a(-1), ddots, vdots],
            [a(2), a(1), ddots, ddots, a(-2)],
            [vdots, ddots, ddots, a(0), a(-1)],
            [a(self.n - 1), cdots, a(2), a(1), a(0)],
        ]

    def _band_rows(self, k: Expr) -> list[list[str]]:
        """Draw the first two rows and the last: the taps, moved by s columns and to the end."""
        if k.is_Integer and k <= _LARGEST_WRITTEN:
            taps = [self._value(a) for a in range(int(k))]
        else:
            taps = [self._value(0), r"\cdots", self._value(k - 1)]
        if self.stride.is_Integer and self.stride <= _LARGEST_WRITTEN:
            step = ["0"] * int(self.stride)
        else:
            step = [rf"\underbrace{{0 \cdots 0}}_{{{latex(self.stride)}}}"]
        after, end = [*taps, *step], ["0"] * len(taps)
        return [
            [*after, r"\cdots", *end],
            [*step, *taps, r"\cdots", *end],
            [r"\vdots"] * len(after) + [r"\ddots"] + [r"\vdots"] * len(taps),
            ["0"] * len(after) + [r"\cdots", *taps],
        ]


def toeplitz(n: Any, k: Any = None, *, stride: Any = 1, name: str | None = None) -> Toeplitz:
    """Return a Toeplitz matrix of symbolic or integer size.

    Without `k` it is the general n x n matrix, ``A[i, j] = a[i - j]``. With `k` taps it is the band of a filter
    that slides over n elements, ``C[r, i] = w[i - s*r]`` where ``0 <= i - s*r < k``, and 0 elsewhere.

    Parameters
    ----------
    n, k, stride : int, str or Expr
        Sizes; strings become integer symbols.
    name : str, optional
        Name of the values on the diagonals: ``a``, or ``w`` for a band.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        Sizes that are no integers, not positive, or a band wider than n.

    Examples
    --------
    >>> toeplitz("n").shape
    (n, n)
    >>> toeplitz("n", 3, stride=2).shape
    (floor(n/2 - 3/2) + 1, n)
    >>> toeplitz(7, 3, stride=2).sympy()
    Matrix([
    [w[0], w[1], w[2],    0,    0,    0,    0],
    [   0,    0, w[0], w[1], w[2],    0,    0],
    [   0,    0,    0,    0, w[0], w[1], w[2]]])
    """
    columns, step = _size("n", n), _size("stride", stride)
    taps = None if k is None else _size("k", k)
    if taps is None and step != S.One:
        raise ArgumentValueError(bad("stride", stride, "1 where no number of taps k is given"))
    if taps is not None and (taps > columns) == True:  # noqa: E712  (SymPy leaves it open for symbols)
        raise ArgumentValueError(bad("k", k, f"at most n={n}"))
    if name is not None and not (isinstance(name, str) and name):
        raise ArgumentTypeError(bad("name", name, "a name"))
    return Toeplitz(columns, taps, step, name or ("a" if taps is None else "w"))


def _index(argument: str, value: Any) -> Expr:
    """Return a row or column: an integer or an expression; a string is the name of a symbol."""
    if isinstance(value, str) and value.isidentifier():
        return symbols(value)
    index = sympify(value) if isinstance(value, (Integral, Expr)) and not isinstance(value, bool) else None
    if index is None or index is S.NaN or index.is_extended_real is False:
        raise ArgumentTypeError(bad(argument, value, "an integer or a symbol"))
    return index


def _size(argument: str, value: Any) -> Expr:
    """Return a positive integer, or an expression that may be one; strings become symbols."""
    if isinstance(value, bool):
        raise ArgumentTypeError(bad(argument, value, "an integer or a symbol"))
    if isinstance(value, str) and value.isidentifier():
        return symbols(value, integer=True, positive=True)
    size = sympify(value) if isinstance(value, (int, Expr)) else None
    if size is None or size is S.NaN or size.is_integer is False:
        raise ArgumentTypeError(bad(argument, value, "an integer or a symbol"))
    if isinstance(size, Integer) and size < 1:
        raise ArgumentValueError(bad(argument, value, "a positive integer"))
    return size
