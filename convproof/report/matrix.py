"""A matrix on a terminal: a grid of short names, with dots for zeros."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from convproof.symbolic.names import element_names

if TYPE_CHECKING:
    from convproof.symbolic.conv_matrix import ConvMatrix

__all__ = ["matrix_json", "matrix_text"]

_ZERO = "·"


def matrix_text(matrix: ConvMatrix) -> str:
    """Return a matrix as lines of text, columns aligned.

    Examples
    --------
    >>> from convproof.geometry import Conv
    >>> from convproof.symbolic.matrix import matrix
    >>> print(matrix_text(matrix(Conv(x=(1, 1, 4), w=(1, 1, 3)))))
    w0 w1 w2 ·
    ·  w0 w1 w2
    """
    rows, columns = matrix.shape
    names = _short_names(matrix)
    cells: dict[tuple[int, int], str] = {}
    for row, col, operand, coeff in zip(*(column.tolist() for column in matrix.coo), strict=True):
        term = names[operand] if coeff == 1 else f"{coeff}{names[operand]}"
        cells[row, col] = f"{cells[row, col]}+{term}" if (row, col) in cells else term
    grid = [[cells.get((row, col), _ZERO) for col in range(columns)] for row in range(rows)]
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    return "\n".join(" ".join(map(str.ljust, line, widths)).rstrip() for line in grid)


def matrix_json(matrix: ConvMatrix) -> str:
    """Return the entries of a matrix as JSON: each adds ``coeff`` times an element (flat, C order) at (row, col)."""
    columns = {name: column.tolist() for name, column in matrix.coo._asdict().items()}
    operand = {"operand_name": matrix.name, "operand_shape": list(matrix.tensor.shapes[2])}
    return json.dumps({"shape": list(matrix.shape), **operand, **columns})


def _short_names(matrix: ConvMatrix) -> list[str]:
    """Return ``w01`` for the element [0, 1]; with commas where an index could have two digits."""
    shape = matrix.tensor.shapes[2]
    comma = "," if max(shape, default=0) > 10 else ""
    names = element_names(matrix.name, shape)
    return [name.replace("_{", "").replace("}", "").replace(",", comma) for name in names]
