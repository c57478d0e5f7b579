"""Each printed matrix: what it claims to be, and where it differs from that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from convproof.errors import ConvproofError
from convproof.geometry import Conv
from convproof.symbolic.audit.claims import Claim, Fit, fit
from convproof.symbolic.audit.grids import Grid
from convproof.symbolic.audit.readings import Reading, readings
from convproof.symbolic.audit.recovered import fits_recovered, is_toeplitz, majority_names
from convproof.symbolic.audit.result import Finding, PrintedMatrix
from convproof.symbolic.audit.search import fits, order, split
from convproof.symbolic.audit.sheet import UNKNOWN, Sheet, read_sheet

__all__ = ["audit_matrices"]

_MOST_SEARCHED = 1000  # different matrices of one text
_FEW = 2  # differences that no frame of a larger matrix would leave
_LEAST_SUPPORT = 6  # entries that are not zero, in a matrix that may have errors
_SAYS_ONE_SIDED = re.compile(
    r"one[- ]sided|asymmetric|causal|output.padding|truncat|crop|pad[a-z]*[^.\n]{0,40}\(\d+,\s*\d+\)"
    r"|pad[a-z]*[^.\n]{0,60}\b(?:right|left|bottom|top|end|beginning|start|before|after|one side)\b"
    r"|\b(?:right|left|bottom|top|end|beginning|start|one side)\b[^.\n]{0,40}pad",
    re.IGNORECASE,
)
_BEFORE, _AFTER = 600, 300  # characters around a matrix that may speak of its padding


class Recognised(NamedTuple):
    """What a sheet was recognised as."""

    verdict: str
    fit: Fit | None = None


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
    for grid, sheet in sheets:
        if isinstance(sheet, str):
            matrices.append(PrintedMatrix(grid.line, _extent(grid), "", sheet))
            continue
        key = (sheet.codes.tobytes(), sheet.shape, *sheet.tokens)
        if key not in known and len(known) >= _MOST_SEARCHED:
            verdict = f"skipped: more than {_MOST_SEARCHED} different matrices"
            matrices.append(PrintedMatrix(sheet.line, sheet.shape, "", verdict))
            continue
        if key not in known:
            known[key] = _recognise(sheet) if pins is None else _recognise_pinned(sheet, pins)
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


# ---------------------------------------------------------------------- what it is


def _recognise(sheet: Sheet) -> Recognised:
    """Find the geometry that a sheet claims, if it claims one."""
    if sheet.counts[1:].max(initial=0) < 2:  # every name once: a kernel, an image, a vector
        return Recognised(_unknown(sheet))
    named = list(readings(sheet))
    best = _best_named(sheet, named)
    if best is not None and not best.differences and _convincing(best):
        plain = is_toeplitz(sheet) and best.claim.geometry.mode == "zeros" and not best.claim.data
        return Recognised("generic Toeplitz") if plain else _compared(sheet, best)
    misprinted = best is not None and _tolerable(best, sheet, 4 if named[0].indexed else 5)
    if best is not None and misprinted and named[0].indexed and len(best.differences) <= _FEW:
        return _compared(sheet, best)
    recovered = next((each for each in fits_recovered(sheet) if _convincing(each)), None)
    if is_toeplitz(sheet):
        circular = recovered is not None and recovered.claim.geometry.mode == "circular"
        return _compared(sheet, recovered) if recovered and circular else Recognised("generic Toeplitz")
    if (best is None or len(best.differences) > _FEW) and (frame := _frame(sheet, named)):
        return Recognised("frame", frame)
    if best is not None and misprinted and not (recovered and _simpler(recovered, best)):
        return _compared(sheet, best)
    if recovered is not None and (not recovered.differences or _trusted_numbers(recovered, sheet)):
        return _compared(sheet, recovered)
    return Recognised(_unknown(sheet))


def _best_named(sheet: Sheet, named: Sequence[Reading]) -> Fit | None:
    found: list[Fit] = []
    for reading in named:
        most = min((len(each.differences) for each in found), default=sheet.codes.size)
        found += fits(sheet, reading, most)
        best = _best(found)
        if best is not None and _is_plain(best):
            return best
    return _best(found)


def _is_plain(found: Fit) -> bool:
    """Whether nothing is left to explain: another reading could only say the same in another way."""
    claim = found.claim
    unusual = claim.flipped or claim.one_sided or claim.geometry.outputs is not None
    return not found.differences and _convincing(found) and not unusual


def _simpler(exact: Fit, other: Fit) -> bool:
    """Whether a fit without differences has fewer taps than another has taps and differences together."""
    return not exact.differences and exact.elements < len(other.differences) + other.elements


def _unknown(sheet: Sheet) -> str:
    return "frame" if sheet.unfinished and not sheet.numeric else "not a convolution"


def _best(found: list[Fit]) -> Fit | None:
    return min(found, key=order, default=None)


def _compared(sheet: Sheet, found: Fit) -> Recognised:
    whole = not sheet.unfinished and found.claim.geometry.outputs is None
    return Recognised("as derived" if whole else "frame", found)


def _convincing(found: Fit) -> bool:
    """Whether taps are shared at all: at least two of them, printed twice on average."""
    return found.elements >= 2 and found.support >= (3 if found.claim.data else 4) * found.elements // 2


def _tolerable(found: Fit, sheet: Sheet, part: int) -> bool:
    """Whether a matrix with differences is a misprinted one, rather than something else: few of its taps differ."""
    enough = found.support >= max(_LEAST_SUPPORT, found.elements + 4) and min(sheet.shape) > 1
    return enough and _convincing(found) and len(found.differences) <= max(1, found.support // part)


def _trusted_numbers(found: Fit, sheet: Sheet) -> bool:
    """Whether a matrix of numbers, or of names without order, is a misprinted convolution.

    It has to look like one more than a matrix of names has: zeros beside the band, each tap three times, and no
    first or last row of its own, as matrices of difference schemes have.
    """
    known = sheet.codes != UNKNOWN
    zeros = np.count_nonzero(sheet.codes == 0)
    if 4 * zeros < np.count_nonzero(known) or found.support < max(12, 3 * found.elements) or found.claim.one_sided:
        return False
    last = sheet.shape[0] - 1, sheet.shape[1] - 1
    rows, columns = zip(*found.differences, strict=True)
    at_edge = set(rows) <= {0, last[0]} or set(columns) <= {0, last[1]}
    corners = {(0, 0), (0, last[1]), (last[0], 0), last}
    if at_edge and (len(rows) > 1 or found.differences[0] in corners):
        return False
    return _tolerable(found, sheet, 12)


def _frame(sheet: Sheet, named: Sequence[Reading]) -> Fit | None:
    """Return how the first rows of a larger two-dimensional matrix fit, without a difference."""
    for reading in named:
        if len(reading.shape) != 2 or reading.lead:
            continue
        names = {row * reading.shape[1] + column: code for code, (row, column) in reading.places.items()}
        for claim in _larger(sheet.shape, reading.shape):
            found = fit(_extended(sheet, claim.shape[0]), claim, names)
            if found and not found.differences and _convincing(found) and found.support >= _LEAST_SUPPORT:
                return found
    return None


def _larger(shape: tuple[int, int], kernel: tuple[int, ...]) -> Iterator[Claim]:
    """Yield the claims with the same columns and more rows."""
    rows, columns = shape
    for size in split(columns, 1, 2):
        for s, p, transposed in ((s, p, t) for s in (1, 2) for p in range(max(kernel)) for t in (False, True)):
            n = tuple((o - 1) * s + k - 2 * p for o, k in zip(size, kernel, strict=True)) if transposed else size
            try:
                geometry = Conv(x=(1, 1, *n), w=(1, 1, *kernel), stride=s, padding=p)
            except ConvproofError:
                continue
            for flipped in (False, True):
                claim = Claim(geometry, transposed, flipped)
                if claim.shape[0] > rows and claim.shape[1] == columns:
                    yield claim


def _extended(sheet: Sheet, rows: int) -> Sheet:
    """Return a sheet with rows added of which nothing is known."""
    missing = np.full((rows - sheet.shape[0], sheet.shape[1]), UNKNOWN, dtype=np.int64)
    return replace(sheet, codes=np.vstack([sheet.codes, missing]))


def _recognise_pinned(sheet: Sheet, pins: Sequence[Claim]) -> Recognised:
    """Hold a sheet to a geometry that is known."""
    found: list[Fit] = []
    named = list(readings(sheet))
    for claim in pins:
        if claim.shape[1] != sheet.shape[1] or claim.shape[0] < sheet.shape[0]:
            continue
        whole = _extended(sheet, claim.shape[0])
        names = [_names(each, claim) for each in named if _matches(each, claim)] or [majority_names(whole, claim)]
        found += [each for some in names if (each := fit(whole, claim, some)) is not None]
    best = _best(found)
    if best is None or not best.support:
        return Recognised("another shape")
    return Recognised("frame" if best.claim.shape != sheet.shape or sheet.unfinished else "as derived", best)


def _matches(reading: Reading, claim: Claim) -> bool:
    """Whether the names index an array of the operand's shape."""
    if claim.data:
        return reading.lead in ("", "channels") and (1, *reading.weight[1:]) == claim.operand
    return reading.weight == claim.operand


def _names(reading: Reading, claim: Claim) -> dict[int, int]:
    return {int(np.ravel_multi_index(at, reading.shape)): code for code, at in reading.places.items()}


# ---------------------------------------------------------------------- what differs


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
    if best.claim.one_sided and not is_pinned and not sheet.ragged and recognised.verdict == "as derived":
        found.append(_about_padding(sheet, best.claim))
    return found


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
