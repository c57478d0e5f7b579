"""Writing a sparse matrix of named entries as LaTeX, straight from its integer columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad

__all__ = ["ENVIRONMENTS", "write_matrix"]

#: Environments of amsmath, and the brackets of an array that looks the same.
ENVIRONMENTS = {"bmatrix": "[]", "pmatrix": "()", "vmatrix": "||", "matrix": ".."}

_ZEROS = {"0": "0", ".": r"\cdot", "": ""}
_AMSMATH_COLUMNS = 10  # MaxMatrixCols
_DOTS = -1  # stands for the rows or columns left out


def write_matrix(
    shape: tuple[int, int],
    coo: Sequence[np.ndarray],
    names: Sequence[str],
    zeros: str = "0",
    bands: tuple[int, int] | None = None,
    environment: str = "bmatrix",
    max_size: int = 24,
) -> str:
    """Return a matrix as LaTeX.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.
    coo : four arrays
        Row, column, operand index and coefficient of each entry, sorted.
    names : sequence of str
        LaTeX of each element of the operand.
    zeros : {"0", ".", ""}
        How zeros are shown.
    bands : (int, int), optional
        Rule a line after every so many rows and columns.
    environment : str
        One of `ENVIRONMENTS`.
    max_size : int
        Rows and columns beyond so many are shown as dots.

    Raises
    ------
    ArgumentValueError
        Another `zeros` or `environment`, or `max_size` below 3.
    """
    if not isinstance(zeros, str) or zeros not in _ZEROS:
        raise ArgumentValueError(bad("zeros", zeros, "'0', '.' or ''"))
    if not isinstance(environment, str) or environment not in ENVIRONMENTS:
        raise ArgumentValueError(bad("environment", environment, "one of " + ", ".join(ENVIRONMENTS)))
    if not isinstance(max_size, int):
        raise ArgumentTypeError(bad("max_size", max_size, "an integer"))
    if max_size < 3:
        raise ArgumentValueError(bad("max_size", max_size, "at least 3"))
    rows, columns = (_shown(size, max_size) for size in shape)
    entries = _entries(coo, names, rows, columns)
    lines = [" & ".join(_cell(row, col, entries, _ZEROS[zeros]) for col in columns) for row in rows]
    if bands is None and len(columns) <= _AMSMATH_COLUMNS:
        return "\n".join([rf"\begin{{{environment}}}", " \\\\\n".join(lines), rf"\end{{{environment}}}"])
    return _array(lines, rows, columns, bands, ENVIRONMENTS[environment])


def _shown(size: int, most: int) -> list[int]:
    """Return the indices shown of an axis: all of them, or the first, dots and the last."""
    if size <= most:
        return list(range(size))
    last = (most - 1) // 2
    return [*range(most - 1 - last), _DOTS, *range(size - last, size)]


def _entries(
    coo: Sequence[np.ndarray], names: Sequence[str], rows: list[int], columns: list[int]
) -> dict[tuple[int, int], str]:
    """Return the text of each entry that is shown."""
    live = np.isin(coo[0], rows) & np.isin(coo[1], columns)
    terms: dict[tuple[int, int], list[str]] = {}
    for row, col, operand, coeff in zip(*(column[live].tolist() for column in coo), strict=True):
        factor = {1: "", -1: "-"}.get(coeff, f"{coeff} ")
        terms.setdefault((row, col), []).append(factor + names[operand])
    return {place: " + ".join(parts).replace("+ -", "- ") for place, parts in terms.items()}


def _cell(row: int, col: int, entries: dict[tuple[int, int], str], zero: str) -> str:
    if row == _DOTS:
        return r"\ddots" if col == _DOTS else r"\vdots"
    return r"\cdots" if col == _DOTS else entries.get((row, col), zero)


def _array(lines: list[str], rows: list[int], columns: list[int], bands: tuple[int, int] | None, brackets: str) -> str:
    """Write the lines as an array in brackets, ruled between bands."""
    row_band, column_band = bands or (0, 0)
    letters = ["|c" if _starts_band(col, column_band) else "c" for col in columns]
    ruled = [
        r"\hline" + "\n" + line if _starts_band(row, row_band) else line for row, line in zip(rows, lines, strict=True)
    ]
    body = " \\\\\n".join(ruled)
    return f"\\left{brackets[0]}\\begin{{array}}{{{''.join(letters)}}}\n{body}\n\\end{{array}}\\right{brackets[1]}"


def _starts_band(index: int, band: int) -> bool:
    return band > 0 and index > 0 and index % band == 0
