"""A matrix whose entries are elements of an array, and its views as SymPy, SciPy and LaTeX."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad, shown
from convproof.symbolic.matrix_latex import write_matrix
from convproof.symbolic.matrix_structure import describe
from convproof.symbolic.names import element_names
from convproof.symbolic.structure import StructureTensor

if TYPE_CHECKING:
    from scipy.sparse import csr_array
    from sympy import ImmutableSparseMatrix

__all__ = ["ConvMatrix", "Coo"]

_LARGEST_SYMPY = 200_000  # entries of a SymPy matrix: a second
_LARGEST_SHOWN = 24  # rows or columns that a notebook shows
_LARGEST_DESCRIBED = 100_000  # terms that repr looks through


class Coo(NamedTuple):
    """Entries of a matrix, sorted by (row, col, operand): each adds ``coeff * operand`` at (row, col)."""

    row: np.ndarray
    col: np.ndarray
    operand: np.ndarray
    coeff: np.ndarray


class ConvMatrix:
    """A matrix whose entries are elements of an operand; made by :func:`convproof.symbolic.matrix.matrix`.

    Attributes
    ----------
    tensor : StructureTensor
        Its entries: `out` is the row, `x` the column, `w` the operand's element.
    name : str
        The operand's name: ``"w"`` in the matrix that acts on x, ``"x"`` in the data matrix.
    """

    def __init__(self, tensor: StructureTensor, name: str) -> None:
        self.tensor = tensor
        self.name = name

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns, _ = self.tensor.shape
        return rows, columns

    @property
    def coo(self) -> Coo:
        """The entries as integer columns."""
        return Coo(self.tensor.out, self.tensor.x, self.tensor.w, self.tensor.coeff)

    @property
    def T(self) -> ConvMatrix:
        """The transpose: of ``C(w)`` it maps g to the input gradient, a transposed convolution."""
        return ConvMatrix(self.tensor.transpose(), self.name)

    def flipped(self) -> ConvMatrix:
        """Return the matrix with its operand reversed on every spatial axis: convolution instead of correlation.

        Examples
        --------
        >>> from convproof.geometry import Conv
        >>> from convproof.symbolic.matrix import matrix
        >>> print(matrix(Conv(x=(1, 1, 4), w=(1, 1, 3))).flipped().latex())
        \\begin{bmatrix}
        w_{2} & w_{1} & w_{0} & 0 \\\\
        0 & w_{2} & w_{1} & w_{0}
        \\end{bmatrix}
        """
        shape = self.tensor.shapes[2]
        index = np.arange(math.prod(shape), dtype=np.int64).reshape(shape)
        reversed_index = np.flip(index, axis=tuple(range(2, len(shape)))).ravel()
        row, col, operand, coeff = self.coo
        return ConvMatrix(
            StructureTensor.from_terms(row, col, reversed_index[operand], coeff, self.tensor.shapes), self.name
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ConvMatrix):
            return NotImplemented
        return self.name == other.name and self.tensor == other.tensor

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    @cached_property
    def structure(self) -> str:
        """What kind of matrix it is, found out from its entries: ``"Toeplitz (band)"``, ``"doubly block Toeplitz"``.

        Examples
        --------
        >>> from convproof.geometry import Conv
        >>> from convproof.symbolic.matrix import matrix
        >>> matrix(Conv(x=(1, 1, 6, 6), w=(1, 1, 3, 3))).structure
        'doubly block Toeplitz'
        """
        return describe(self.tensor)

    def __repr__(self) -> str:
        kind = f", {self.structure}" if len(self.tensor) <= _LARGEST_DESCRIBED else ""
        rows, columns = self.shape
        return f"<ConvMatrix {rows}x{columns} in {self.name}, {len(self.tensor)} entries{kind}>"

    # ------------------------------------------------------------------ views

    def sympy(self, symbols: Any = None) -> ImmutableSparseMatrix:
        """Return the matrix as a SymPy sparse matrix.

        Parameters
        ----------
        symbols : str, or array_like of symbols, names or numbers, optional
            The operand's elements, in its shape (axes of size one may be left out) or flat; a single name is
            indexed. By default ``w`` (or ``x`` in the data matrix), with the channel indices left out where there
            is one channel.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            Something that is no symbol, name or number; another shape; or more entries than SymPy can hold
            in a few seconds.

        Examples
        --------
        >>> from convproof.geometry import Conv
        >>> from convproof.symbolic.matrix import matrix
        >>> matrix(Conv(x=(1, 1, 4), w=(1, 1, 3))).sympy("a")
        Matrix([
        [a_{0}, a_{1}, a_{2},     0],
        [    0, a_{0}, a_{1}, a_{2}]])
        """
        from sympy import ImmutableSparseMatrix, Symbol

        if len(self.tensor) > _LARGEST_SYMPY:
            raise ArgumentValueError(
                bad("matrix", self, f"at most {_LARGEST_SYMPY} entries for SymPy; scipy() takes more")
            )
        elements = [Symbol(e) if isinstance(e, str) else _expression(e) for e in self._elements(symbols)]
        entries: dict[tuple[int, int], Any] = {}
        for row, col, operand, coeff in zip(*(column.tolist() for column in self.coo), strict=True):
            entries[row, col] = entries.get((row, col), 0) + coeff * elements[operand]
        return ImmutableSparseMatrix(*self.shape, entries)

    def scipy(self, values: npt.ArrayLike) -> csr_array:
        """Return the matrix at given operand values, as a SciPy CSR array.

        Parameters
        ----------
        values : array_like
            The operand, in its shape (axes of size one may be left out) or flat.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            Values that are no numbers, or of another shape.

        Examples
        --------
        >>> from convproof.geometry import Conv
        >>> from convproof.symbolic.matrix import matrix
        >>> matrix(Conv(x=(1, 1, 4), w=(1, 1, 3))).scipy([1, 2, 3]).toarray()
        array([[1, 2, 3, 0],
               [0, 1, 2, 3]])
        """
        from scipy.sparse import coo_array

        array = _array("values", values)
        if array.dtype.kind not in "biufc":
            raise ArgumentTypeError(bad("values", shown(f"<{array.dtype} array>"), "numbers"))
        flat = self._flat("values", array)
        row, col, operand, coeff = self.coo
        return coo_array((coeff * flat[operand], (row, col)), shape=self.shape).tocsr()

    def latex(
        self,
        symbols: Any = None,
        *,
        zeros: str = "0",
        lines: bool = False,
        environment: str = "bmatrix",
        max_size: int = _LARGEST_SHOWN,
    ) -> str:
        """Return the matrix as LaTeX (amsmath).

        Parameters
        ----------
        symbols : optional
            As in `sympy`.
        zeros : {"0", ".", ""}
            How zeros are shown; ``"."`` is a centred dot.
        lines : bool
            Rule lines between the blocks of a block matrix: one block per output row and input row.
        environment : {"bmatrix", "pmatrix", "vmatrix", "matrix"}
            The brackets. Where amsmath's ten columns do not suffice, or with `lines`, an ``array`` in the same
            brackets is written.
        max_size : int
            Rows and columns beyond so many are shown as dots.

        Examples
        --------
        >>> from convproof.geometry import Conv
        >>> from convproof.symbolic.matrix import matrix
        >>> print(matrix(Conv(x=(1, 1, 4), w=(1, 1, 3))).latex(["x", "y", "z"], zeros="."))
        \\begin{bmatrix}
        x & y & z & \\cdot \\\\
        \\cdot & x & y & z
        \\end{bmatrix}
        """
        if not isinstance(lines, bool):
            raise ArgumentTypeError(bad("lines", lines, "True or False"))
        bands = (self.tensor.shapes[0][-1], self.tensor.shapes[1][-1]) if lines else None
        return write_matrix(self.shape, self.coo, self._texts(symbols), zeros, bands, environment, max_size)

    def _repr_latex_(self) -> str | None:
        if not all(0 < size <= _LARGEST_SHOWN for size in self.shape):
            return None
        return f"$\\displaystyle {self.latex()}$"

    def _texts(self, symbols: Any) -> list[str]:
        elements = self._elements(symbols)
        if all(isinstance(element, str) for element in elements):
            return list(elements)
        from sympy import latex

        return [element if isinstance(element, str) else latex(element) for element in elements]

    def _elements(self, symbols: Any) -> Sequence[Any]:
        """Return one name, symbol or number per element of the operand."""
        if symbols is None or isinstance(symbols, str):
            return element_names(symbols or self.name, self.tensor.shapes[2])
        return self._flat("symbols", _array("symbols", symbols, object)).tolist()

    def _flat(self, argument: str, array: np.ndarray) -> np.ndarray:
        """Return the operand's elements in C order; a shape with the axes permuted would be another operand."""
        count, shape = self.tensor.shape[2], self.tensor.shapes[2]
        if array.shape != (count,) and _long_axes(array.shape) != _long_axes(shape):
            expected = f"shape {shape}, that of {self.name}, or ({count},)"
            raise ArgumentValueError(bad(argument, shown(f"<array of shape {array.shape}>"), expected))
        return array.ravel()


def _array(argument: str, values: Any, dtype: Any = None) -> np.ndarray:
    try:
        return np.asarray(values, dtype)
    except (ValueError, TypeError):  # nested sequences of different lengths
        raise ArgumentTypeError(bad(argument, values, "an array, or nested sequences of equal lengths")) from None


def _long_axes(shape: tuple[int, ...]) -> list[int]:
    return [size for size in shape if size != 1]


def _expression(value: Any) -> Any:
    from sympy import Expr, SympifyError, sympify

    try:
        found = sympify(value, strict=True)
    except SympifyError:
        found = None
    if not isinstance(found, Expr):
        raise ArgumentTypeError(bad("symbols", value, "symbols, names or numbers"))
    return found
