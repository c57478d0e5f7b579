"""Where printed matrices differ from what they were recognised as."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from convproof.geometry import Conv
from convproof.symbolic.audit.claims import Claim
from convproof.symbolic.audit.grids import Grid
from convproof.symbolic.audit.recognise import Recognised, recognise, recognise_pinned
from convproof.symbolic.audit.result import Finding, PrintedMatrix
from convproof.symbolic.audit.sheet import Sheet, read_sheet

__all__ = ["audit_matrices"]

_MOST_SEARCHED = 100_000  # entries of different matrices of one text
_LEAST_COUNTED = 100  # for each matrix, however small
_SAYS_ONE_SIDED = re.compile(
    r"one[- ]sided|asymmetric|causal|output.padding|truncat|crop|pad[a-z]*[^.\n]{0,40}\(\d+,\s*\d+\)"
    r"|pad[a-z]*[^.\n]{0,60}\b(?:right|left|bottom|top|end|beginning|start|before|after|one side)\b"
    r"|\b(?:right|left|bottom|top|end|beginning|start|one side)\b[^.\n]{0,40}pad",
    re.IGNORECASE,
)
_BEFORE, _AFTER = 600, 300  # characters around a matrix that may speak of its padding


def audit_matrices(
    text: str, grids: Sequence[Grid], pins: Sequence[Claim] | None
) -> tuple[list[PrintedMatrix], list[Finding]]:
    """Return the matrices of a text, and what is printed otherwise in them than derived.

    Parameters
    ----------
    text : str
        The text, read for what it says of the padding.
    grids : sequence of Grid
        Its matrices and tables.
    pins : sequence of Claim, optional
        What the matrices are known to be.
    """
    matrices, findings = [], []
    sheets = [(grid, read_sheet(grid)) for grid in grids if not grid.nests]
    known: dict[tuple[object, ...], Recognised] = {}
    searched = 0
    for grid, sheet in sheets:
        if isinstance(sheet, str):
            matrices.append(PrintedMatrix(grid.line, _extent(grid), "", sheet))
            continue
        key = (sheet.codes.tobytes(), sheet.shape, sheet.unfinished, *sheet.tokens)
        if key not in known and searched >= _MOST_SEARCHED:
            verdict = "skipped: the text has more matrices than are looked into"
            matrices.append(PrintedMatrix(sheet.line, sheet.shape, "", verdict))
            continue
        if key not in known:
            searched += max(sheet.codes.size, _LEAST_COUNTED)
            known[key] = recognise(sheet) if pins is None else recognise_pinned(sheet, pins)
        about = _findings(sheet, known[key], pins is not None)
        if any(each.kind == "one-sided padding" for each in about):
            others = [other for _, other in sheets if isinstance(other, Sheet)]
            if _says_one_sided(text, grid) or any(_continues(sheet, other) for other in others):
                about = [each for each in about if each.kind != "one-sided padding"]
        matrices.append(_described(sheet, known[key], about))
        findings += about
    return matrices, findings


def _extent(grid: Grid) -> tuple[int, int]:
    return len(grid.rows), max(map(len, grid.rows), default=0)


def _findings(sheet: Sheet, recognised: Recognised, is_pinned: bool) -> list[Finding]:
    if recognised.fit is None:
        return []
    best, rows, columns = recognised.fit, *sheet.shape
    geometry = str(best.claim)
    if is_pinned and 2 * len(best.differences) > best.support:
        remark = f"{len(best.differences)} of its {rows * columns} entries differ"
        return [_about_all(sheet, "geometry", f"a {rows}x{columns} matrix", "another one", geometry, remark)]
    found = [
        Finding(sheet.line, r, None, _entries(length), _entries(columns), geometry, "ragged row", sheet.lines[r])
        for r, length in sheet.ragged.items()
    ]
    for r, c in best.differences:
        printed, derived = sheet.tokens[sheet.codes[r, c]], best.derived(sheet, (r, c))
        found.append(Finding(sheet.line, r, c, printed, derived, geometry, "entry", sheet.lines[r]))
    one_sided = best.claim.one_sided and best.shared and _is_plain(best.claim.geometry)
    if one_sided and not is_pinned and not sheet.ragged and recognised.verdict == "as derived":
        found.append(_about_padding(sheet, best.claim))
    return found


def _is_plain(geo: Conv) -> bool:
    """Whether one row too many is likely the reason of padding on one side: other strides need it now and then."""
    return geo.mode == "zeros" and all(s == 1 or low == 0 for s, (low, _) in zip(geo.stride, geo.padding, strict=True))


def _entries(number: int) -> str:
    return f"{number} entries" if number != 1 else "1 entry"


def _about_all(sheet: Sheet, kind: str, printed: str, derived: str, geometry: str, remark: str) -> Finding:
    return Finding(sheet.line, None, None, printed, derived, geometry, kind, sheet.line, remark)


def _about_padding(sheet: Sheet, claim: Claim) -> Finding:
    geo = claim.geometry
    rows, columns = sheet.shape
    pads = ", ".join(map(str, geo.padding)) if len(set(geo.padding)) > 1 else str(geo.padding[0])
    least = geo.replace(padding=[(min(pair), min(pair)) for pair in geo.padding])
    size = "x".join(map(str, (replace(claim, geometry=least)).shape))
    derived = f"{size} with the same padding on both sides"
    remark = f"it fits only the padding {pads}, of which the text says nothing"
    return _about_all(sheet, "one-sided padding", f"a {rows}x{columns} matrix", derived, str(claim), remark)


def _says_one_sided(text: str, grid: Grid) -> bool:
    around = text[max(grid.start - _BEFORE, 0) : grid.start] + "\n" + text[grid.end : grid.end + _AFTER]
    return _SAYS_ONE_SIDED.search(around) is not None


def _continues(sheet: Sheet, other: Sheet) -> bool:
    """Whether another matrix of the text begins with all of this one, which then is a frame of an animation."""
    rows, columns = sheet.shape
    if other.shape[0] <= rows or other.shape[1] != columns:
        return False
    mine = [[sheet.tokens[code] for code in row] for row in sheet.codes.tolist()]
    return mine == [[other.tokens[code] for code in row] for row in other.codes[:rows].tolist()]


def _described(sheet: Sheet, recognised: Recognised, findings: Sequence[Finding]) -> PrintedMatrix:
    geometry = str(recognised.fit.claim) if recognised.fit else ""
    kinds = [each.kind for each in findings]
    parts = []
    if number := kinds.count("entry"):
        parts.append(f"{number} {'entry differs' if number == 1 else 'entries differ'}")
    parts += [kind for kind in dict.fromkeys(kinds) if kind != "entry"]
    return PrintedMatrix(sheet.line, sheet.shape, geometry, ", ".join(parts) or recognised.verdict)
