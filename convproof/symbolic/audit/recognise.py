"""What a printed matrix claims to be: the geometry that fits, misprints allowed for, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from convproof.errors import ConvproofError
from convproof.geometry import Conv
from convproof.symbolic.audit.claims import Claim, Fit, fit
from convproof.symbolic.audit.readings import Reading, readings
from convproof.symbolic.audit.recovered import fits_recovered, is_toeplitz, majority_names
from convproof.symbolic.audit.search import fits, order, split
from convproof.symbolic.audit.sheet import UNKNOWN, Sheet

__all__ = ["Recognised", "recognise", "recognise_pinned"]

_FEW = 2  # differences that no frame of a larger matrix would leave
_AGAIN = 2  # taps that are printed again where the first print of each says they should be
_LEAST_SUPPORT = 6  # entries that are not zero, in a matrix that may have errors


class Recognised(NamedTuple):
    """What a sheet was recognised as."""

    verdict: str
    fit: Fit | None = None


def recognise(sheet: Sheet) -> Recognised:
    """Find the geometry that a sheet claims, if it claims one."""
    if sheet.counts[1:].max(initial=0) < 2:  # every name once: a kernel, an image, a vector
        return Recognised(_unknown(sheet))
    named = list(readings(sheet))
    best = _best_named(sheet, named)
    ordered = bool(named) and named[0].ordered
    if best is not None and not best.differences and _convincing(best, ordered):
        plain = is_toeplitz(sheet) and best.claim.geometry.mode == "zeros" and not best.claim.data
        return Recognised("generic Toeplitz") if plain else _compared(sheet, best)
    misprinted = best is not None and _tolerable(best, sheet, 4 if ordered else 5, ordered)
    few = best is not None and misprinted and ordered and len(best.differences) <= _FEW
    if best is not None and few and not (is_toeplitz(sheet) or _is_banded(sheet)):
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


def _convincing(found: Fit, ordered: bool = False) -> bool:
    """Whether taps are shared at all: at least two of them, printed twice on average.

    Where the names say their order, every tap says where it stands: two that are printed again are enough.
    """
    return found.elements >= 2 and (found.shared or (ordered and found.again >= _AGAIN))


def _tolerable(found: Fit, sheet: Sheet, part: int, ordered: bool = False) -> bool:
    """Whether a matrix with differences is a misprinted one, rather than something else: few of its taps differ."""
    enough = found.shared and found.support >= max(_LEAST_SUPPORT, found.elements + 4)
    uneven = found.claim.uneven
    enough |= ordered and found.again >= _AGAIN and not uneven and bool((sheet.codes == 0).any())
    few = len(found.differences) <= max(1, found.support // part)
    jordan = uneven and found.elements == 2  # a normal form lacks some of its second diagonal
    return enough and few and not jordan and found.elements >= 2 and min(sheet.shape) > 1


def _is_banded(sheet: Sheet) -> bool:
    """Whether every diagonal holds one value, and each value that is not zero stands there twice at least."""
    rows, columns = sheet.shape
    diagonals = [np.diagonal(sheet.codes, offset) for offset in range(1 - rows, columns)]
    live = [each for each in diagonals if each.any()]
    return all(len(each) > 1 and (each == each[0]).all() for each in live)


def _trusted_numbers(found: Fit, sheet: Sheet) -> bool:
    """Whether a matrix of numbers, or of names without order, is a misprinted convolution.

    It has to look like one more than a matrix of names has: each tap three times, and no first or last row of its
    own, as matrices of difference schemes have.
    """
    whole = found.claim.geometry.outputs is None
    varied = found.elements >= 3 and sheet.numeric and whole and not _is_scheme(found, sheet)
    least = max(2 * found.elements, found.elements + 6) if varied else max(12, 3 * found.elements)
    if found.support < least or found.claim.one_sided:
        return False
    if varied and len(found.differences) == 1:
        return _tolerable(found, sheet, 9)
    last = sheet.shape[0] - 1, sheet.shape[1] - 1
    rows, columns = zip(*found.differences, strict=True)
    if set(rows) <= {0, last[0]} or set(columns) <= {0, last[1]}:
        return False
    return _tolerable(found, sheet, 12)


def _is_scheme(found: Fit, sheet: Sheet) -> bool:
    """Whether a kernel of numbers is one of differences or means: its taps sum to nothing, or some are equal."""
    taps = [sheet.tokens[code] for _, code in sorted(found.names.items()) if code > 0]
    return len(set(taps)) < len(taps) or not sum(map(Fraction, taps))


def _frame(sheet: Sheet, named: Sequence[Reading]) -> Fit | None:
    """Return how the first rows of a larger two-dimensional matrix, which has zeros, fit without a difference."""
    if 4 * np.count_nonzero(sheet.codes == 0) < sheet.codes.size:
        return None
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


def recognise_pinned(sheet: Sheet, pins: Sequence[Claim]) -> Recognised:
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
