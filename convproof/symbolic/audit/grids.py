"""What a text prints in rows and columns, before anybody asks what it means: LaTeX environments.

One pass over the text with a stack of open environments, so that the time is linear in the text whatever its
braces and nesting look like.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["NESTED", "Cell", "Grid", "Lines", "latex_grids"]

#: Stands in a cell for a matrix printed inside it.
NESTED = "\0"

_ENVIRONMENT = re.compile(r"(?:[bpvBV]?(?:small)?matrix|[bpvBV]?Nice(?:Matrix|Array)|array|tabular|longtable)\*?")
_TOKEN = re.compile(
    r"""\\begin[ \t]*\{(?P<begin>[A-Za-z]{1,30}\*?)\}
      | \\end[ \t]*\{(?P<end>[A-Za-z]{1,30}\*?)\}
      | (?P<newrow>\\\\\*?(?:\s{0,9}\[\s{0,9}-?[0-9.]{1,9}\s{0,9}[a-z]{2}\s{0,9}\])?
                   |\\(?:cr|tabularnewline)(?![A-Za-z]))
      | (?P<escape>\\.)
      | (?P<comment>%[^\n]*)
      | (?P<newcell>&(?:amp;)?)
      | (?P<open>\{)
      | (?P<close>\})""",
    re.VERBOSE | re.DOTALL,
)
_ARGUMENTS = re.compile(r"\A\s*(?:\[[a-z]\]|\[[a-z-]{3,20}(?:,[^\[\]\n]{0,80})?\])?\s*")  # [t], [margin]
_RULES = re.compile(r"\\(?:hline|toprule|midrule|bottomrule|hdashline)(?![A-Za-z])|\\c(?:line|midrule)\{[^{}]{0,30}\}")
_MULTICOLUMN = re.compile(r"\s*\\multicolumn\s*\{\s*(\d{1,2})\s*\}\s*\{[^{}]{0,40}\}(.*)", re.DOTALL)
_DOTS_FOR = re.compile(r"\s*\\hdotsfor\s*\{?\s*(\d{1,2})\s*\}?\s*")


class Cell(NamedTuple):
    """The source of one entry, and the line it stands in."""

    text: str
    line: int


@dataclass(frozen=True)
class Grid:
    """Rows of cells as they were printed, not necessarily of one length.

    Attributes
    ----------
    rows : list of list of Cell
        The entries.
    line : int
        Line in which it begins, from 1.
    start, end : int
        Where it stands in the text.
    kind : str
        ``"latex"``, ``"pipes"`` or ``"tabs"``.
    home : object
        Equal for grids that stand in one cell, or outside every environment: only those can be multiplied.
    """

    rows: list[list[Cell]]
    line: int
    start: int
    end: int
    kind: str
    home: object = None

    @property
    def nests(self) -> bool:
        """Whether a cell holds another matrix."""
        return any(NESTED in cell.text for row in self.rows for cell in row)


class Lines:
    """Line numbers, from 1, of positions in a text."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def __call__(self, position: int) -> int:
        return bisect_right(self._starts, position)


@dataclass
class _Open:
    """An environment that has begun."""

    name: str
    start: int
    home: object
    after: int  # where the piece of the cell that is not yet kept begins
    depth: int = 0
    pieces: list[str] = field(default_factory=list)
    cell_start: int = 0
    rows: list[list[tuple[str, int]]] = field(default_factory=lambda: [[]])

    def keep(self, text: str, upto: int, resume: int) -> None:
        """Keep the cell's text up to a position, and go on after another."""
        self.pieces.append(text[self.after : upto])
        self.after = resume

    def end_cell(self) -> None:
        source = "".join(self.pieces)
        self.rows[-1].append((source, self.cell_start + len(source) - len(source.lstrip())))
        self.pieces, self.cell_start = [], self.after


def latex_grids(text: str, lines: Lines) -> list[Grid]:
    """Return the matrices, arrays and tabulars of a text, in the order in which they begin."""
    found: list[Grid] = []
    stack: list[_Open] = []
    waiting: Counter[str] = Counter()
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        inner = stack[-1] if stack else None
        if kind == "begin" and _ENVIRONMENT.fullmatch(token["begin"]):
            home = (inner.start, len(inner.rows), len(inner.rows[-1])) if inner else None
            opened = _Open(token["begin"], token.start(), home, token.end(), cell_start=token.end())
            stack.append(opened)
            waiting[opened.name] += 1
        elif kind == "end" and waiting[token["end"]]:
            while True:  # what was begun inside and never ended is no matrix
                closed = stack.pop()
                waiting[closed.name] -= 1
                if closed.name == token["end"]:
                    break
            found.append(_grid(closed, text, token.start(), token.end(), lines))
            if stack:
                stack[-1].keep(text, closed.start, token.end())
                stack[-1].pieces.append(NESTED)
        elif inner is not None:
            _inside(inner, kind, token, text)
    return sorted(found, key=lambda grid: grid.start)


def _inside(inner: _Open, kind: str | None, token: re.Match[str], text: str) -> None:
    """Take one token into the innermost open environment."""
    if kind == "open":
        inner.depth += 1
    elif kind == "close":
        inner.depth = max(inner.depth - 1, 0)
    elif kind == "comment":
        inner.keep(text, token.start(), token.end())
    elif kind in ("newcell", "newrow") and inner.depth == 0:
        inner.keep(text, token.start(), token.end())
        inner.end_cell()
        if kind == "newrow":
            inner.rows.append([])


def _grid(closed: _Open, text: str, stop: int, end: int, lines: Lines) -> Grid:
    closed.keep(text, stop, end)
    closed.end_cell()
    rows = []
    for number, sources in enumerate(closed.rows):
        cells = []
        for place, (source, position) in enumerate(sources):
            if number == place == 0:
                source = _without_arguments(source, closed.name)
            cells += [Cell(each, lines(position)) for each in _spread(_RULES.sub(" ", source))]
        if len(cells) > 1 or cells[0].text.strip():  # a rule, or the end of the last row, is no row
            rows.append(cells)
    return Grid(rows, lines(closed.start), closed.start, end, "latex", closed.home)


def _without_arguments(source: str, name: str) -> str:
    """Drop the column specification of an array, and the alignment of a starred matrix."""
    rest = _ARGUMENTS.sub("", source, count=1)
    if not name.rstrip("*").endswith(("array", "Array", "tabular", "longtable")) or not rest.startswith("{"):
        return rest
    depth = 0
    for position, letter in enumerate(rest):
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            rest = rest[position + 1 :]
            return _ARGUMENTS.sub("", rest, count=1) if "Nice" in name else rest
    return rest


def _spread(source: str) -> list[str]:
    """Return the cells that one source fills."""
    if spanning := _MULTICOLUMN.match(source):
        return [spanning[2], *[""] * (int(spanning[1]) - 1)]
    if dotted := _DOTS_FOR.fullmatch(source):
        return [r"\cdots"] * int(dotted[1])
    return [source]
