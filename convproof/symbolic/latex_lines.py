"""Formulas broken into lines: pieces packed together, and cut where one is wider than a line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from convproof.symbolic.latex_width import POINTS_PER_LETTER, points

__all__ = ["broken", "width"]

_ENDS = re.compile(r"(?<!\\),|\\,(?=\\sum)| (?=< )")
_BRACKET = re.compile(r"^\\left\[(.*)\\right\]$", re.DOTALL)
_TALL = re.compile(r"\\!\\left\((.*)\\right\)$", re.DOTALL)


def width(latex: str) -> int:
    """Estimate how many letters wide a formula is set."""
    return math.ceil(points(latex) / POINTS_PER_LETTER)


def broken(pieces: Iterable[str], limit: int, first: int | None = None) -> list[str]:
    """Pack pieces into lines of about `limit` letters; the first line takes `first` of them."""
    lines: list[list[str]] = []
    free = limit if first is None else first
    for piece in (part for whole in pieces for part in _cut(whole, limit)):
        needed = width(piece)
        if lines and needed <= free:
            lines[-1].append(piece)
        else:
            free = limit if lines else free
            lines.append([piece])
        free -= needed
    if _ends_with_one(lines) and width(lines[-2][-1]) + width(lines[-1][0]) <= limit:
        lines[-1].insert(0, lines[-2].pop())
    return [r"\,".join(line) for line in lines]


def _ends_with_one(lines: list[list[str]]) -> bool:
    """Return whether a piece stands alone on the last line, and the line before has pieces to spare."""
    return len(lines) > 1 and len(lines[-1]) == 1 and len(lines[-2]) > 2


def _cut(piece: str, limit: int) -> list[str]:
    """Cut what is wider than a line: an element behind the commas of its indices, sums between them, a range."""
    if width(piece) <= limit:
        return [piece]
    # Delimiters that grow by themselves end on the line they begin on.
    sized = _TALL.sub(r"\\biggl(\1\\biggr)", _BRACKET.sub(_sized, piece))
    ends = [at.end() for at in _ENDS.finditer(sized) if _outside_braces(sized[: at.start()])]
    parts = [sized[begin:end] for begin, end in zip([0, *ends], [*ends, len(sized)], strict=True)]
    lines = [parts[0]]
    for part in parts[1:]:
        if width(lines[-1] + part) <= limit:
            lines[-1] += part
        else:
            lines.append(part)
    return [line.strip() for line in lines]


def _sized(bracket: re.Match[str]) -> str:
    big = "bigg" if r"\frac" in bracket[1] else "big"
    return rf"\{big}l[{bracket[1]}\{big}r]"


def _outside_braces(text: str) -> bool:
    return text.count("{") == text.count("}")
