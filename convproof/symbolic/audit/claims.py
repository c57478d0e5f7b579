"""What a printed matrix may claim to be: the matrix of a geometry, its transpose, or the data matrix."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad
from convproof.geometry import Conv
from convproof.symbolic.audit.entries import entry, shown
from convproof.symbolic.audit.sheet import UNKNOWN, Sheet
from convproof.symbolic.conv_matrix import ConvMatrix, Coo
from convproof.symbolic.matrix import matrix

__all__ = ["Claim", "Fit", "fit", "pinned"]

_MOST_TERMS = 200_000
_WORDS = ("forward", "transposed", "flipped", "data")


@dataclass(frozen=True)
class Claim:
    """A matrix of a geometry.

    Attributes
    ----------
    geometry : Conv
        Of the forward convolution, also where its transpose is printed.
    transposed, flipped, data : bool
        Whether the transpose is meant, the kernel is reversed, and the entries are those of x (im2col).
    """

    geometry: Conv
    transposed: bool = False
    flipped: bool = False
    data: bool = False

    def __str__(self) -> str:
        words = [word for word in ("transposed", "flipped", "data") if getattr(self, word)]
        return " ".join([str(self.geometry), *words])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = math.prod(self.geometry.y), math.prod(self.geometry.w if self.data else self.geometry.x)
        return (columns, rows) if self.transposed else (rows, columns)

    @property
    def operand(self) -> tuple[int, ...]:
        """Shape of the array that the entries are taken from."""
        return self.geometry.x if self.data else self.geometry.w

    @property
    def one_sided(self) -> bool:
        """Whether it pads one side more than the other, and not in order to keep the size (per stride)."""
        geo = self.geometry
        axes = zip(geo.padding, geo.n, geo.o, geo.stride, strict=True)
        return any(low != high and o != -(-n // s) for (low, high), n, o, s in axes)

    @cached_property
    def derived(self) -> ConvMatrix:
        """The matrix, from the structure tensor."""
        found = matrix(self.geometry, "w" if self.data else "x")
        found = found.flipped() if self.flipped else found
        return found.T if self.transposed else found


@dataclass(frozen=True)
class Fit:
    """A claim, the names of the operand's elements, and where a sheet differs from it.

    Attributes
    ----------
    claim : Claim
        What was compared.
    differences : list of (row, column)
        Where the sheet prints something else.
    derived : dict of (row, column) to str
        What stands there instead.
    support : int
        Entries, of those compared, that are not zero in the derived matrix.
    elements : int
        Elements of the operand that occur in the derived matrix and are not zero.
    """

    claim: Claim
    differences: list[tuple[int, int]]
    derived: dict[tuple[int, int], str]
    support: int
    elements: int

    def in_mode(self, sheet: Sheet, names: Mapping[int, int], mode: str) -> Fit | None:
        """Return the fit with other padding than zeros; None where there is none."""
        try:
            geometry = self.claim.geometry.replace(mode=mode)
        except ArgumentValueError:  # padding that reaches beyond the input
            return None
        return fit(sheet, replace(self.claim, geometry=geometry), names)


def fit(sheet: Sheet, claim: Claim, names: Mapping[int, int]) -> Fit | None:
    """Compare a sheet with a claim.

    Parameters
    ----------
    sheet : Sheet
        The printed matrix.
    claim : Claim
        What it may be.
    names : mapping of int to int
        Code of the sheet that names each element of the operand, by its place in C order.

    Returns
    -------
    Fit or None
        None where the shapes differ.
    """
    if claim.shape != sheet.shape:
        return None
    coo = claim.derived.coo
    code_of = _codes_of_elements(claim, names)
    codes, sums = _derived_codes(coo, claim, code_of, sheet)
    compared = sheet.codes != UNKNOWN
    rows, columns = np.nonzero(compared & (codes != sheet.codes))
    places = list(zip(rows.tolist(), columns.tolist(), strict=True))
    derived = {place: sums.get(place) or _name(int(codes[place]), claim, sheet) for place in places}
    support = compared & (codes != 0)
    return Fit(claim, places, derived, int(np.count_nonzero(support)), _live(coo, code_of))


def _codes_of_elements(claim: Claim, names: Mapping[int, int]) -> np.ndarray:
    """Return a code for each element of the operand; those without a name get codes that are never printed."""
    size = math.prod(claim.operand)
    code_of = np.arange(UNKNOWN - 1, UNKNOWN - 1 - size, -1)
    for element, code in names.items():
        code_of[element] = code
    return code_of


def _live(coo: Coo, code_of: np.ndarray) -> int:
    used = np.unique(coo.operand)
    return int(np.count_nonzero(code_of[used]))


def _derived_codes(
    coo: Coo, claim: Claim, code_of: np.ndarray, sheet: Sheet
) -> tuple[np.ndarray, dict[tuple[int, int], str]]:
    """Return the codes of the derived matrix, and the entries that are sums, written out."""
    codes = np.zeros(claim.shape, dtype=np.int64)
    codes[coo.row, coo.col] = code_of[coo.operand] * (coo.coeff == 1)
    sums: dict[tuple[int, int], str] = {}
    place = coo.row * claim.shape[1] + coo.col
    several = np.zeros(len(place), dtype=bool)
    several[1:] = place[1:] == place[:-1]
    several[:-1] |= several[1:]
    several |= coo.coeff != 1
    for term in np.flatnonzero(several).tolist():
        where = (int(coo.row[term]), int(coo.col[term]))
        name = _name(int(code_of[coo.operand[term]]), claim, sheet)
        sums[where] = _added(sums.get(where), int(coo.coeff[term]), name)
    for where, text in sums.items():
        codes[where] = sheet.tokens.index(text) if text in sheet.tokens else UNKNOWN - 1 - len(code_of)
    return codes, sums


def _added(total: str | None, coefficient: int, name: str) -> str:
    """Add a term to a sum, in the form in which `entries.shown` writes it."""
    value = dict(entry(total).polynomial) if total else {}
    for factors, each in entry(name).polynomial.items():
        value[factors] = value.get(factors, 0) + coefficient * each  # type: ignore[assignment]
    return shown({factors: each for factors, each in value.items() if each})


def _name(code: int, claim: Claim, sheet: Sheet) -> str:
    if code >= 0:
        return sheet.tokens[code]
    place = UNKNOWN - 1 - code
    index = [int(i) for i in np.unravel_index(place, claim.operand)]
    return ("element" if claim.data else "tap") + " (" + ", ".join(map(str, index)) + "), which has no name here"


def pinned(geometry: str | Conv | Claim) -> list[Claim]:
    """Return what a geometry given by the caller may look like on paper.

    A descriptor may be followed by ``forward``, ``transposed``, ``flipped`` and ``data``, as findings write it;
    what is not said may be either way.

    Examples
    --------
    >>> [str(claim) for claim in pinned("x1x1x5-w1x1x3-p1 transposed")]
    ['x1x1x5-w1x1x3-p1 transposed', 'x1x1x5-w1x1x3-p1 transposed flipped']
    """
    if isinstance(geometry, Claim):
        return [geometry]
    if isinstance(geometry, Conv):
        descriptor, words = str(geometry), []
    elif isinstance(geometry, str):
        descriptor, *words = geometry.split() or [""]
    else:
        raise ArgumentTypeError(bad("geometry", geometry, "a Conv, or text such as 'x1x1x4-w1x1x3 transposed'"))
    if unknown := [word for word in words if word not in _WORDS]:
        expected = f"after the descriptor only the words {', '.join(_WORDS)}, not {unknown[0][:40]!r}"
        raise ArgumentValueError(bad("geometry", geometry, expected))
    if {"forward", "transposed"} <= set(words):
        raise ArgumentValueError(bad("geometry", geometry, "either forward or transposed"))
    geo = Conv.parse(descriptor)
    if geo.multiply_adds > _MOST_TERMS:
        expected = f"a geometry whose matrix can be printed, of at most {_MOST_TERMS} products"
        raise ArgumentValueError(bad("geometry", str(geo), expected))
    if {"data", "flipped"} <= set(words):
        raise ArgumentValueError(bad("geometry", geometry, "data without flipped: the data matrix holds no kernel"))
    data = (True,) if "data" in words else (False,) if words else (False, True)
    flipped = (True,) if "flipped" in words else (False, True)
    transposed = (True,) if "transposed" in words else (False,) if "forward" in words else (False, True)
    claims = (Claim(geo, t, f, x) for x in data for f in flipped for t in transposed)
    return [claim for claim in claims if not (claim.data and claim.flipped)]
