"""Tables of Markdown, with pipes, and of text taken from slides, with tabulators."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from convproof.symbolic.audit.grids import Cell, Grid

__all__ = ["tables"]

_DELIMITER = re.compile(r"[\s|:\-]*-[\s|:\-]*")
_OPEN_DELIMITER = re.compile(r"\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+")  # of a table without pipes at its sides
_PIPE = re.compile(r"(?<!\\)\|")
_BRACKETS = frozenset("1IlJ|[](){}/\\⎡⎢⎣⎤⎥⎦⎛⎜⎝⎞⎟⎠⌈⌊⌉⌋ ")


def tables(text: str, taken: Iterable[tuple[int, int]]) -> list[Grid]:
    """Return the tables of a text.

    Parameters
    ----------
    text : str
        Its lines end in newlines.
    taken : iterable of (int, int)
        Parts of the text, sorted, that are LaTeX environments: no table begins there.
    """
    found = []
    for kind, block in _blocks(text, taken):
        start, end = block[0][0], block[-1][0] + len(block[-1][2])
        rows = _piped(block) if kind == "pipes" else _tabbed(block)
        if len(rows) >= 2:
            found.append(Grid(rows, rows[0][0].line, start, end, kind))
    return found


Line = tuple[int, int, str]  # position, number, text


def _blocks(text: str, taken: Iterable[tuple[int, int]]) -> Iterator[tuple[str, list[Line]]]:
    """Yield the runs of lines of one kind."""
    block: list[Line] = []
    last = ""
    lines = list(_free_lines(text, taken))
    opened = _open_rows([line for _, _, line in lines])
    for line in lines:
        kind = "pipes" if line[1] - 1 in opened else _kind(line[2])
        if kind != last and block:
            yield last, block
            block = []
        if kind:
            block.append(line)
        last = kind
    if block:
        yield last, block


def _free_lines(text: str, taken: Iterable[tuple[int, int]]) -> Iterator[Line]:
    """Yield the lines, those that touch an environment as empty ones."""
    spans = iter(taken)
    span = next(spans, None)
    position = 0
    for number, line in enumerate(text.split("\n"), 1):
        end = position + len(line)
        while span is not None and span[1] < position:
            span = next(spans, None)
        yield position, number, "" if span is not None and span[0] <= end else line
        position = end + 1


def _open_rows(lines: Sequence[str]) -> set[int]:
    """Return the lines of tables without pipes at their sides: around a row of dashes, while there are pipes."""
    found: set[int] = set()
    for place, line in enumerate(lines):
        if place - 1 in found and "|" in line:
            found.add(place)
        elif place and "|" in lines[place - 1] and _OPEN_DELIMITER.fullmatch(line):
            found |= {place - 1, place}
    return found


def _kind(line: str) -> str:
    if line.lstrip().startswith("|") and line.count("|") >= 3:
        return "pipes"
    return "tabs" if "\t" in line.strip(" ") and line.strip() else ""


def _piped(block: Sequence[Line]) -> list[list[Cell]]:
    rows = []
    headed = len(block) > 2 and _DELIMITER.fullmatch(block[1][2]) is not None
    for _, number, line in block:
        if not _DELIMITER.fullmatch(line):
            inside = line.strip().removeprefix("|")
            cells = _PIPE.split(inside[:-1] if inside.endswith("|") and not inside.endswith("\\|") else inside)
            rows.append([Cell(text.strip(), number) for text in cells])
    if headed and not any(cell.text for cell in rows[0]):
        del rows[0]
    return _without_brackets(rows)


def _tabbed(block: Sequence[Line]) -> list[list[Cell]]:
    rows = [[Cell(text.strip(), number) for text in line.strip(" ").split("\t")] for _, number, line in block]
    if sum(sum(bool(cell.text) for cell in row) >= 2 for row in rows) < 2:
        return []  # indented text
    while rows and all(len(row) > 1 and not row[-1].text for row in rows):
        for row in rows:
            del row[-1]
    return rows


def _without_brackets(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Drop an outer column that holds the brackets of a matrix, as text taken from slides has it."""
    for place in (0, -1):
        column = {row[place].text for row in rows}
        drawn = all(set(text) <= _BRACKETS for text in column) and column - {"1", "0"}
        if len(column) > 1 and drawn and min(map(len, rows)) > 2:
            for row in rows:
                del row[place]
    return [[*row[:-1], row[-1]._replace(text=_without_tail(row[-1].text))] for row in rows]


def _without_tail(text: str) -> str:
    """Drop a bracket that ended up in the last cell: ``0 \\``."""
    return text[:-1].rstrip() if text.endswith((" \\", " |")) else text
