"""What the page, the document and the terminal all show of a derivation: numbered lines, marks of evidence, a legend.

A mark is a word of evidence with letters; the legend says what each letter stands for: for which sizes the evidence
was found. The letters are given out as they are first used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convproof.report.summary import MEANING

if TYPE_CHECKING:
    from convproof.evidence import Certificate
    from convproof.geometry import Conv
    from convproof.symbolic.derivation import Derivation, Step

__all__ = [
    "FORMULA_MEANING", "Booklet", "Chain", "Legend", "Line", "Scope", "Sheet", "common_symbols", "legend",
    "own_symbols", "sheet", "symbols",
]  # fmt: skip

#: What the words of evidence claim of a formula.
FORMULA_MEANING = {**MEANING, "exact": "the same polynomial, every coefficient compared, at concrete sizes"}

Symbols = Mapping[str, tuple[str, ...]]  # a meaning, and the LaTeX of what has it

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Scope:
    """An entry of the legend."""

    letter: str
    evidence: str
    scope: str


@dataclass(frozen=True)
class Legend:
    """For which sizes evidence was found, by its letter."""

    scopes: tuple[Scope, ...]

    def marks(self, certificates: Iterable[Certificate]) -> tuple[tuple[str, str], ...]:
        """Return the words of evidence of a step, each with its letters."""
        said = {(c.evidence, c.scope) for c in certificates if c.evidence}
        marks: dict[str, list[str]] = {}
        for entry in self.scopes:
            if (entry.evidence, entry.scope) in said:
                marks.setdefault(entry.evidence, []).append(entry.letter)
        return tuple((word, ", ".join(letters)) for word, letters in marks.items())

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """The words of evidence in use, with their meaning."""
        return tuple((word, FORMULA_MEANING[word]) for word in dict.fromkeys(entry.evidence for entry in self.scopes))


@dataclass(frozen=True)
class Line:
    """A step with its number and its marks."""

    number: int
    step: Step
    marks: tuple[tuple[str, str], ...]

    @property
    def seconds(self) -> float:
        return sum(c.seconds for c in self.step.certificates)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What its certificates assume, each once."""
        return tuple(dict.fromkeys(text for c in self.step.certificates for text in c.assumptions))

    @property
    def not_covered(self) -> tuple[str, ...]:
        """What its certificates do not cover, each once."""
        return tuple(dict.fromkeys(text for c in self.step.certificates for text in c.not_covered))


@dataclass(frozen=True)
class Chain:
    """A part of a derivation: its heading and its lines."""

    title: str
    text: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Sheet:
    """A derivation as it is shown."""

    derivation: Derivation
    title: str
    chains: tuple[Chain, ...]

    @property
    def op(self) -> str:
        return self.derivation.op

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for chain in self.chains for line in chain.lines)

    @property
    def has_limits(self) -> bool:
        """Whether a certificate assumes something, or does not cover something."""
        return any(line.assumptions or line.not_covered for line in self.lines)

    @property
    def checked(self) -> tuple[Line, ...]:
        """The lines that have certificates."""
        return tuple(line for line in self.lines if line.step.certificates)


@dataclass(frozen=True)
class Booklet:
    """Derivations with the geometries whose numbers and matrices are to stand beside them.

    Attributes
    ----------
    derivations : tuple of Derivation
        In any order: the booklet puts them into its chapters.
    geometries : tuple of Conv
        Besides those of the derivations.
    """

    derivations: tuple[Derivation, ...]
    geometries: tuple[Conv, ...] = ()

    @property
    def all_geometries(self) -> tuple[Conv, ...]:
        """Every geometry asked for, each once."""
        own = (derivation.geometry for derivation in self.derivations)
        return tuple(dict.fromkeys(geo for geo in (*own, *self.geometries) if geo is not None))


def legend(derivations: Iterable[Derivation]) -> Legend:
    """Return the legend of everything that the derivations' certificates say, strongest word first."""
    certificates = [c for derivation in derivations for c in derivation.certificates if c.evidence]
    said = dict.fromkeys((c.evidence, c.scope) for c in certificates)
    ordered = sorted(said, key=lambda entry: list(MEANING).index(entry[0] or ""))
    return Legend(tuple(Scope(_letter(place), word or "", scope) for place, (word, scope) in enumerate(ordered)))


def _letter(place: int) -> str:
    """Return a to z, then aa, ab, and so on."""
    text = _LETTERS[place % 26]
    return text if place < 26 else _letter(place // 26 - 1) + text


def sheet(derivation: Derivation, given: Legend) -> Sheet:
    """Return a derivation as it is shown, its steps numbered from 1."""
    chains, number = [], 0
    for part in derivation.parts:
        lines = []
        for step in part.steps:
            number += 1
            lines.append(Line(number, step, given.marks(step.certificates)))
        chains.append(Chain(part.title, part.text, tuple(lines)))
    return Sheet(derivation, _titled(derivation), tuple(chains))


_AXES = {1: " in one dimension", 2: " in two dimensions", 3: " in three dimensions", None: ""}


def _titled(derivation: Derivation) -> str:
    """Return the title with the number of axes that the topic's name says."""
    from convproof.symbolic.derive import axes_of

    simple = ", as on a slide" if derivation.simple else ""
    return f"{derivation.title}{_AXES[axes_of(derivation.op)]}{simple}"


def symbols(derivations: Iterable[Derivation]) -> Symbols:
    """Return the table of notation of several derivations: each meaning once, with the symbols it has."""
    table: dict[str, dict[str, None]] = {}
    for derivation in derivations:
        for latex, meaning in derivation.symbols.items():
            each_once = ", ".join(dict.fromkeys(latex.split(", ")))  # one bold letter stands for every axis
            table.setdefault(meaning, {})[each_once] = None
    return {meaning: tuple(listed) for meaning, listed in table.items()}


def common_symbols(chapters: Sequence[Sequence[Sheet]]) -> Symbols:
    """Return the symbols that several chapters use, in one meaning each; of a single derivation all of them.

    A symbol with several meanings has the one that comes first.
    """
    listed = [symbols(one.derivation for one in members) for members in chapters]
    uses = Counter(meaning for table in listed for meaning in table)
    alone = sum(map(len, chapters)) == 1
    taken: set[str] = set()
    found: dict[str, tuple[str, ...]] = {}
    for meaning, written in symbols(one.derivation for members in chapters for one in members).items():
        letters = {letter for latex in written for letter in latex.split(", ")}
        if alone or (uses[meaning] > 1 and not letters & taken):
            found[meaning] = written
            taken |= letters
    return found


def own_symbols(one: Sheet, common: Symbols) -> Symbols:
    """Return the symbols of a derivation that are not in the common table, or mean something else."""
    return {meaning: listed for meaning, listed in symbols([one.derivation]).items() if meaning not in common}
