"""A grid read as a matrix: its entries as integer codes, zeros as 0, and what is not printed as unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convproof.symbolic.audit.entries import entry
from convproof.symbolic.audit.grids import Cell, Grid
from convproof.symbolic.audit.values import Entry, Symbol

__all__ = ["LARGEST", "UNKNOWN", "Sheet", "read_sheet"]

#: Entries of the largest matrix that is looked into.
LARGEST = 4096
#: Code of an entry that was not printed, or that no single row can be trusted with.
UNKNOWN = -1

_MOST_TEXT = 0.2
Row = list[tuple[Cell, Entry]]


@dataclass(frozen=True)
class Sheet:
    """A printed matrix.

    Attributes
    ----------
    line : int
        Where it begins.
    codes : (R, C) ndarray of int64
        0 for a zero, `UNKNOWN`, or the place in `tokens`.
    tokens : list of str
        What is printed; the first is ``"0"``.
    symbols : list of Symbol or None
        The symbol that each token is.
    lines : list of int
        Line of each row.
    ragged : dict of int to int
        Rows of another length, and that length.
    unfinished : bool
        Whether something was left blank, as in the frames of an animation.
    """

    line: int
    codes: np.ndarray
    tokens: list[str]
    symbols: list[Symbol | None]
    lines: list[int]
    ragged: dict[int, int]
    unfinished: bool

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.codes.shape  # type: ignore[return-value]

    @property
    def counts(self) -> np.ndarray:
        """How often each token is printed."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.tokens))

    @cached_property
    def has_sums(self) -> bool:
        """Whether an entry may be the sum of others: one is printed, or numbers are."""
        return any(" + " in token or " - " in token or token[-1:].isdigit() for token in self.tokens[1:])

    @property
    def numeric(self) -> bool:
        """Whether every token is a number."""
        return all(token.lstrip("-").replace("/", "").isdigit() for token in self.tokens)


def read_sheet(grid: Grid) -> Sheet | str:
    """Return a grid as a matrix, or the reason why it is none.

    Examples
    --------
    >>> from convproof.symbolic.audit.grids import Lines, latex_grids
    >>> text = r"\\begin{bmatrix} a & b & 0 \\\\ 0 & a & b \\end{bmatrix}"
    >>> sheet = read_sheet(latex_grids(text, Lines(text))[0])
    >>> sheet.codes.tolist(), sheet.tokens
    ([[1, 2, 0], [0, 1, 2]], ['0', 'a', 'b'])
    """
    if sum(map(len, grid.rows)) > LARGEST:
        return f"skipped: more than {LARGEST} entries"
    rows = [[(cell, entry(cell.text)) for cell in row] for row in grid.rows]
    if grid.kind != "latex":
        rows = _without_labels(_without_titles(rows))
    kinds = Counter(each.kind for row in rows for _, each in row)
    width = _usual([len(row) for row in rows])
    if kinds["text"] > _MOST_TEXT * max(kinds["value"], 1):
        return "not a convolution"
    if kinds["dots"] or (kinds["mark"] and any(_is_zero(each) for row in rows for _, each in row)):
        return "skipped: dots"
    if len(rows) < 2 or width < 2:
        return "not a convolution"
    return _coded(grid, rows, width)


def _usual(lengths: list[int]) -> int:
    """Return the most frequent length; the first of several."""
    return Counter(lengths).most_common(1)[0][0] if lengths else 0


def _is_zero(each: Entry) -> bool:
    return each.kind == "value" and not each.polynomial


def _coded(grid: Grid, rows: list[Row], width: int) -> Sheet:
    """Give a code to every entry.

    Where zeros are printed, a blank is something that was not printed; where none are, it is a zero, except in
    the rows at the end that hold nothing.
    """
    finished = len(rows)
    while finished and all(each.kind == "blank" for _, each in rows[finished - 1]):
        finished -= 1
    zeros = any(_is_zero(each) for row in rows for _, each in row)
    known = {"0": 0}
    symbols: list[Symbol | None] = [None]
    codes = np.full((len(rows), width), UNKNOWN, dtype=np.int64)
    ragged = {}
    for r, row in enumerate(rows[:finished]):
        if len(row) != width:
            ragged[r] = len(row)
            continue
        for c, (cell, each) in enumerate(row):
            if each.kind == "blank" and zeros:
                continue
            token = _token(cell, each)
            if token not in known:
                known[token] = len(known)
                symbols.append(each.symbol)
            codes[r, c] = known[token]
    blank = zeros and any(each.kind == "blank" for row in rows for _, each in row)
    lines = [row[0][0].line for row in rows]
    return Sheet(grid.line, codes, list(known), symbols, lines, ragged, finished < len(rows) or blank)


def _token(cell: Cell, each: Entry) -> str:
    if each.kind == "value":
        return each.token
    return "0" if each.kind in ("blank", "mark") else cell.text.strip()[:40]


# ---------------------------------------------------------------------- titles and labels of tables


def _without_titles(rows: list[Row]) -> list[Row]:
    """Drop rows of words above the matrix, and columns of words beside it."""
    while len(rows) > 2 and _words(rows[0]):
        rows = rows[1:]
    while rows and min(map(len, rows)) > 2 and _words([row[0] for row in rows]):
        rows = [row[1:] for row in rows]
    return rows


def _words(part: Sequence[tuple[Cell, Entry]]) -> bool:
    kinds = [each.kind for _, each in part]
    return "text" in kinds and 2 * kinds.count("text") >= len(kinds) - kinds.count("blank")


def _without_labels(rows: list[Row]) -> list[Row]:
    """Drop a first row, and a first column, that names the columns and rows: it shares no name with the rest."""
    beside = len(rows[0]) > 2  # a first column that may be labels itself
    if len(rows) > 2 and _labels(rows[0], [each for row in rows[1:] for each in row[beside:]]):
        rows = rows[1:]
    if len(rows) > 1 and min(map(len, rows)) > 2:
        if _labels([row[0] for row in rows], [each for row in rows for each in row[1:]]):
            rows = [row[1:] for row in rows]
    return rows


def _labels(part: Sequence[tuple[Cell, Entry]], rest: Sequence[tuple[Cell, Entry]]) -> bool:
    tokens = [each.token for _, each in part if each.kind == "value"]
    names = [each.token for _, each in rest if each.symbol]
    body = set(names) if len(set(names)) < len(names) else set()  # a kernel names each tap once
    numbered = tokens in ([str(i) for i in range(len(tokens))], [str(i + 1) for i in range(len(tokens))])
    named = all(each.symbol for _, each in part if each.kind == "value") and len(set(tokens)) == len(tokens)
    blanks = sum(each.kind == "blank" for _, each in part)
    above_numbers = named and not names
    above_names = bool(body) and (numbered or (named and not set(tokens) & body))
    return len(tokens) > 1 and blanks <= 1 and (above_numbers or above_names)
