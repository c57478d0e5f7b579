r"""Which tap, or which element, each printed name stands for.

Indices may be written ``w_{0,1}``, ``w_{01}``, ``w_1``, from 0, from 1 or around 0; letters stand for the taps in
the order of the alphabet. A name that does not fit the others has no place, and so differs wherever it is printed.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from convproof.symbolic.audit.sheet import Sheet
from convproof.symbolic.audit.values import Symbol
from convproof.symbolic.audit.vocabulary import GREEK

__all__ = ["Reading", "readings"]

_MOST_TAPS = 4096
_RARE = 0.15  # part of the entries that names of another kind may fill
_INDEX = re.compile(r"-?\d{1,4}(?:,-?\d{1,4}){0,3}")

Index = tuple[int, ...]


@dataclass(frozen=True)
class Reading:
    """A place in an array for each token.

    Attributes
    ----------
    places : dict of int to tuple of int
        Index of each code of the sheet, from 0.
    shape : tuple of int
        Sizes of the array: those of `lead` first, then `axes` spatial ones.
    lead : {"", "channels", "filters", "groups", "both"}
        What comes before the spatial indices.
    ordered : bool
        Whether the names say their order: indices, or neighbours in the alphabet.
    """

    places: dict[int, Index]
    shape: Index
    lead: str
    ordered: bool

    @property
    def spatial(self) -> Index:
        """Sizes of the spatial axes."""
        return self.shape[{"": 0, "both": 2}.get(self.lead, 1) :]

    @property
    def weight(self) -> Index:
        """Shape of the weight, (M, C / groups, *k)."""
        size = self.shape[0]
        front = {"": (1, 1), "channels": (1, size), "filters": (size, 1), "groups": (size, 1), "both": self.shape[:2]}
        return (*front[self.lead], *self.spatial)


def readings(sheet: Sheet) -> Iterator[Reading]:
    """Yield the ways to read the names of a sheet, the likeliest first."""
    counts = sheet.counts
    weights = {code: int(counts[code]) for code, symbol in enumerate(sheet.symbols) if symbol and counts[code]}
    named = {code: symbol for code, symbol in enumerate(sheet.symbols) if symbol and code in weights}
    if len(weights) < 2 or sum(weights.values()) < (1 - _RARE) * counts[1:].sum():
        return
    for split in (True, False):
        indices = {code: index for code, symbol in named.items() if (index := _index(symbol, split)) is not None}
        if 2 * sum(weights[code] for code in indices) > sum(weights.values()):
            kept = _of_usual_length(indices, weights)
            together = _with_names(kept, named, weights)
            yield from _indexed(together, weights, by_name=len(together[min(together)]) > len(kept[min(kept)]))
        if not split or not any(len(symbol.sub) > 1 and symbol.sub.isdigit() for symbol in named.values()):
            break
    letters = [code for code, symbol in named.items() if not symbol.sub]
    if sum(weights[code] for code in letters) >= (1 - _RARE) * sum(weights.values()):
        yield from _lettered({code: named[code] for code in letters})


def _index(symbol: Symbol, split: bool) -> Index | None:
    """Return the integers of a subscript; `split` reads 01 as 0, 1."""
    if split and len(symbol.sub) > 1 and symbol.sub.isdigit():
        return tuple(map(int, symbol.sub)) if len(symbol.sub) <= 4 else None
    return tuple(map(int, symbol.sub.split(","))) if _INDEX.fullmatch(symbol.sub) else None


def _of_usual_length(indices: dict[int, Index], weights: dict[int, int]) -> dict[int, Index]:
    length = _usual({code: len(index) for code, index in indices.items()}, weights)
    return {code: index for code, index in indices.items() if len(index) == length}


def _with_names(kept: dict[int, Index], named: dict[int, Symbol], weights: dict[int, int]) -> dict[int, Index]:
    """Keep the indices of the usual name; where names differ more often, they become an index, the first."""
    names = {code: (named[code].base, named[code].sup) for code in kept}
    usual = _usual(names, weights)
    others = sum(weights[code] for code, name in names.items() if name != usual)
    if others <= _RARE * sum(weights[code] for code in kept):
        return {code: index for code, index in kept.items() if names[code] == usual}
    order = sorted(set(names.values()))
    return {code: (order.index(names[code]), *index) for code, index in kept.items()}


def _usual(values: Mapping[int, object], weights: dict[int, int]) -> object:
    tally: Counter[object] = Counter()
    for code, value in values.items():
        tally[value] += weights[code]
    return tally.most_common(1)[0][0]


def _indexed(indices: dict[int, Index], weights: dict[int, int], by_name: bool) -> Iterator[Reading]:
    """Yield the arrays that indices may belong to; one that is printed once only may be a slip.

    Where the first index is a name, as in ``a_0, a_1, b_0, b_1``, it is that of a channel.
    """
    trusted = {code: index for code, index in indices.items() if weights[code] > 1}
    for some in (indices, trusted) if len(trusted) < len(indices) else (indices,):
        if len(some) < 2:
            continue
        first = tuple(map(min, zip(*some.values(), strict=True)))
        shape = tuple(max(part) - low + 1 for part, low in zip(zip(*some.values(), strict=True), first, strict=True))
        if math.prod(shape) > min(_MOST_TAPS, 2 * len(some) + 1):
            continue
        places = {code: tuple(i - low for i, low in zip(index, first, strict=True)) for code, index in some.items()}
        for lead in _leads(len(shape))[by_name and len(shape) == 2 :]:
            yield Reading(places, shape, lead, True)
        if len(shape) == 1:
            yield from _counted_through({code: index[0] for code, index in places.items()}, shape[0], True)
        if some is indices and len({shape}) == 1 and _extents(trusted) == shape:
            return


def _extents(indices: dict[int, Index]) -> Index:
    return tuple(max(part) - min(part) + 1 for part in zip(*indices.values(), strict=True))


def _leads(length: int) -> tuple[str, ...]:
    return {1: ("",), 2: ("", "channels", "filters", "groups"), 3: ("channels", "filters", "groups", "both")}.get(
        length, ("both",)
    )


def _lettered(letters: dict[int, Symbol]) -> Iterator[Reading]:
    """Yield the kernels that letters may fill: one axis, or two."""
    ordered = sorted(letters, key=lambda code: _alphabetical(letters[code]))
    taps = len(ordered)
    neighbours = _neighbours([letters[code] for code in ordered])
    yield Reading({code: (place,) for place, code in enumerate(ordered)}, (taps,), "", neighbours)
    yield from _counted_through({code: place for place, code in enumerate(ordered)}, taps, neighbours)


def _counted_through(places: Mapping[int, int], taps: int, ordered: bool) -> Iterator[Reading]:
    """Yield the kernels of two axes whose taps are counted in one go, the squarest first."""
    for shape in sorted(((taps // k, k) for k in range(2, taps // 2 + 1) if taps % k == 0), key=max):
        yield Reading({code: divmod(place, shape[1]) for code, place in places.items()}, shape, "", ordered)


def _neighbours(letters: Sequence[Symbol]) -> bool:
    """Whether letters follow each other in their alphabet, as ``a, b, c`` do."""
    greek = [name for name in GREEK if not name.startswith("\\var")]
    plain = [each.base.replace("\\var", "\\") for each in letters]
    order = [greek.index(base) if base in greek else ord(base[:1]) for base in plain]
    return not any(each.sup for each in letters) and order == list(range(order[0], order[0] + len(order)))


def _alphabetical(symbol: Symbol) -> tuple[int, str, str, str]:
    greek = GREEK.index(symbol.base) if symbol.base in GREEK else -1
    return greek, symbol.base.lower(), symbol.base, symbol.sup
