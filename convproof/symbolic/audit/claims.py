"""What a printed matrix may claim to be: the matrix of a geometry, its transpose, or the data matrix."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad
from convproof.geometry import MODES, Conv
from convproof.symbolic.audit.entries import entry
from convproof.symbolic.audit.sheet import UNKNOWN, Sheet
from convproof.symbolic.audit.values import Polynomial, shown
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

    @property
    def uneven(self) -> bool:
        """Whether some axis is padded more on one side than on the other."""
        return any(low != high for low, high in self.geometry.padding)

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
    names : mapping of int to int
        Code of the sheet that names each element of the operand, by its place in C order.
    differences : list of (row, column)
        Where the sheet prints something else.
    support : int
        Entries, of those compared, that are not zero in the derived matrix.
    elements : int
        Elements of the operand that occur in the derived matrix and are not zero.
    again : int
        Entries that agree with the derived ones and are not zero, beyond the first of each element.
    """

    claim: Claim
    names: Mapping[int, int]
    differences: list[tuple[int, int]]
    support: int
    elements: int
    again: int

    @property
    def shared(self) -> bool:
        """Whether each element is printed twice on average; in a data matrix, a little less."""
        return self.support >= (3 if self.claim.data else 4) * self.elements // 2

    def in_other_modes(self, sheet: Sheet) -> list[Fit]:
        """Return the fits with other padding than zeros around the input, of the same size."""
        found = []
        for mode in MODES[1:]:
            try:
                geometry = self.claim.geometry.replace(mode=mode)
            except ArgumentValueError:  # padding that reaches beyond the input
                continue
            found.append(fit(sheet, replace(self.claim, geometry=geometry), self.names))
        return [each for each in found if each is not None]

    def derived(self, sheet: Sheet, place: tuple[int, int]) -> str:
        """Write what stands at a place of the derived matrix."""
        coo = self.claim.derived.coo
        terms = np.flatnonzero((coo.row == place[0]) & (coo.col == place[1]))
        code_of = _codes_of_elements(self.claim, self.names)
        return _sum(coo, terms.tolist(), code_of, self.claim, sheet) if terms.size else "0"


def fit(sheet: Sheet, claim: Claim, names: Mapping[int, int]) -> Fit | None:
    """Compare a sheet with a claim; None where the shapes differ."""
    if claim.shape != sheet.shape:
        return None
    code_of = _codes_of_elements(claim, names)
    codes = _derived_codes(claim, code_of, sheet)
    compared = sheet.codes != UNKNOWN
    rows, columns = np.nonzero(compared & (codes != sheet.codes))
    places = list(zip(rows.tolist(), columns.tolist(), strict=True))
    live = np.unique(claim.derived.coo.operand)
    support = int(np.count_nonzero(compared & (codes != 0)))
    elements = int(np.count_nonzero(code_of[live]))
    again = int(np.count_nonzero(compared & (codes != 0) & (codes == sheet.codes))) - elements
    return Fit(claim, names, places, support, elements, again)


def _codes_of_elements(claim: Claim, names: Mapping[int, int]) -> np.ndarray:
    """Return a code for each element of the operand; those without a name get codes that are never printed."""
    size = math.prod(claim.operand)
    code_of = np.arange(UNKNOWN - 1, UNKNOWN - 1 - size, -1)
    for element, code in names.items():
        code_of[element] = code
    return code_of


def _derived_codes(claim: Claim, code_of: np.ndarray, sheet: Sheet) -> np.ndarray:
    """Return the codes of the derived matrix; a sum of elements that is not printed has one that is never printed."""
    coo = claim.derived.coo
    codes = np.zeros(claim.shape, dtype=np.int64)
    codes[coo.row, coo.col] = code_of[coo.operand]
    if claim.geometry.mode == "zeros":
        return codes
    place = coo.row * claim.shape[1] + coo.col
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    for first, last in zip(starts.tolist(), [*starts[1:].tolist(), len(place)], strict=True):
        if last - first > 1 or coo.coeff[first] != 1:
            text = _sum(coo, range(first, last), code_of, claim, sheet) if sheet.has_sums else ""
            code = sheet.tokens.index(text) if text in sheet.tokens else UNKNOWN - 1 - len(code_of)
            codes[coo.row[first], coo.col[first]] = code
    return codes


def _sum(coo: Coo, terms: Iterable[int], code_of: np.ndarray, claim: Claim, sheet: Sheet) -> str:
    """Write the sum of some terms, in the form in which `entries.shown` writes it."""
    value: Polynomial = {}
    for term in terms:
        name = _name(int(code_of[coo.operand[term]]), claim, sheet)
        read = entry(name)
        if read.kind != "value":
            return name
        for factors, each in read.polynomial.items():
            value[factors] = value.get(factors, Fraction(0)) + int(coo.coeff[term]) * each
    return shown({factors: each for factors, each in value.items() if each})


def _name(code: int, claim: Claim, sheet: Sheet) -> str:
    if code >= 0:
        return sheet.tokens[code]
    index = [int(i) for i in np.unravel_index(UNKNOWN - 1 - code, claim.operand)]
    return ("element" if claim.data else "tap") + " (" + ", ".join(map(str, index)) + "), which has no name here"


def pinned(geometry: str | Conv | Claim) -> list[Claim]:
    """Return what a geometry given by the caller may look like on paper.

    A descriptor may be followed by ``forward``, ``transposed``, ``flipped`` and ``data``, as findings write it;
    without any of these words it may be all of it.

    Examples
    --------
    >>> [str(claim) for claim in pinned("x1x1x5-w1x1x3 transposed")]
    ['x1x1x5-w1x1x3 transposed']
    >>> len(pinned("x1x1x5-w1x1x3"))
    6
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
    if words:
        return [Claim(geo, "transposed" in words, "flipped" in words, "data" in words)]
    either = (False, True)
    forward = [Claim(geo, transposed, flipped) for flipped in either for transposed in either]
    return [*forward, *(Claim(geo, transposed, data=True) for transposed in either)]
