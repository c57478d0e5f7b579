"""From the source of a cell to what it says: nothing, dots, a zero, a polynomial in named symbols, or words.

Styles, colours and HTML are stripped; scripts stay part of a name.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import NamedTuple

from convproof.symbolic.audit.vocabulary import (
    ACCENTS,
    FRACTIONS,
    GREEK,
    IGNORED_ARGUMENT,
    IGNORED_FIRST,
    STYLES,
    TIMES,
    WORDS,
)

__all__ = ["Entry", "Polynomial", "Symbol", "entry", "shown"]

_LONGEST = 300
_DEEPEST = 12
_MOST_TERMS = 64


class Symbol(NamedTuple):
    """A name with its scripts as they were printed: ``w``, ``0,1`` and ``l`` of ``w_{0,1}^l``."""

    base: str
    sub: str = ""
    sup: str = ""

    def __str__(self) -> str:
        sub = f"_{{{self.sub}}}" if self.sub else ""
        return self.base + sub + (f"^{{{self.sup}}}" if self.sup else "")


Term = tuple[Fraction, tuple[Symbol, ...]]  # factors in the order in which they were printed
Polynomial = dict[tuple[Symbol, ...], Fraction]  # by sorted factors, no zeros


@dataclass(frozen=True)
class Entry:
    """What one cell says.

    Attributes
    ----------
    kind : {"blank", "dots", "mark", "value", "text"}
        ``mark`` is a lone centred dot, which may stand for zero.
    terms : tuple of terms
        Of a value.
    """

    kind: str
    terms: tuple[Term, ...] = ()

    @cached_property
    def polynomial(self) -> Polynomial:
        """The value in normal form: two entries are equal exactly when these are."""
        collected: Polynomial = {}
        for coefficient, factors in self.terms:
            key = tuple(sorted(factors))
            collected[key] = collected.get(key, Fraction(0)) + coefficient
        return {key: value for key, value in collected.items() if value}

    @cached_property
    def token(self) -> str:
        """The value as a word that tells entries of one matrix apart; ``ab`` and ``ba`` are two words."""
        if len(self.terms) == 1 and len(self.terms[0][1]) > 1:
            return shown({self.terms[0][1]: self.terms[0][0]})
        return shown(self.polynomial)

    @property
    def symbol(self) -> Symbol | None:
        """The symbol where the value is nothing else."""
        if len(self.terms) == 1 and self.terms[0][0] == 1 and len(self.terms[0][1]) == 1:
            return self.terms[0][1][0]
        return None


def shown(polynomial: Polynomial) -> str:
    """Write a polynomial.

    >>> shown({(Symbol("a"), Symbol("x", "0")): Fraction(1), (): Fraction(-2)})
    '-2 + a x_{0}'
    """
    words = []
    for factors, coefficient in sorted(polynomial.items()):
        size = "" if factors and abs(coefficient) == 1 else str(abs(coefficient))
        words.append(("-" if coefficient < 0 else "") + " ".join([*([size] if size else []), *map(str, factors)]))
    return " + ".join(words).replace("+ -", "- ") or "0"


_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_SCRIPT = re.compile(r"<(/?)su([bp])>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_EMPHASIS = re.compile(r"\*\*|__|`|~~|\$|\\[()]")
_DOTS = re.compile(
    r"\\(?:[cvdlhui]|ad|xd)?dots(?:[bcimo])?(?![A-Za-z])|\\hdotsfor|\.\.+|[…⋮⋯⋱⋰︙]|^\s*[•÷⁝]|^\s*\.\s*\n", re.MULTILINE
)
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
_PLAIN_WORD = re.compile(r"[A-Za-z]{4,}")


@lru_cache(maxsize=4096)
def entry(source: str) -> Entry:
    r"""Read one cell.

    Examples
    --------
    >>> entry(r"\mathbf{w}_{0,1}").symbol
    Symbol(base='w', sub='0,1', sup='')
    >>> entry("a y + b z").token, entry("<b>a</b>").token, entry("$0$").token
    ('a y + b z', 'a', '0')
    >>> entry(r"\vdots").kind, entry("  ").kind, entry("Filter").kind
    ('dots', 'blank', 'text')
    """
    if len(source) > _LONGEST:
        return Entry("text")
    source = _plain(source)
    if _DOTS.search(source):
        return Entry("dots")
    if source.strip() in (".", r"\cdot", r"\bullet", "∙", "⋅"):
        return Entry("mark")
    if _PLAIN_WORD.search(re.sub(r"\\[A-Za-z]+", " ", source)):
        return _style_only(source)
    try:
        reader = _Reader(source)
        return reader.whole()
    except _NoEntry:
        return Entry("text")


def _plain(source: str) -> str:
    """Strip HTML and Markdown, and bring letters and signs to one form."""
    source = unicodedata.normalize("NFKC", html.unescape(source)).replace("−", "-").replace("·", r"\cdot ")
    source = _SCRIPT.sub(lambda tag: "}" if tag[1] else ("_{" if tag[2] in "bB" else "^{"), _BREAK.sub("\n", source))
    return _EMPHASIS.sub("", _TAG.sub("", source))


def _style_only(source: str) -> Entry:
    """Read a cell with a long word in it: the name of a colour is none."""
    try:
        found = _Reader(source).whole()
    except _NoEntry:
        return Entry("text")
    letters = [symbol for _, factors in found.terms for symbol in factors]
    return Entry("text") if len(letters) > 3 else found


class _NoEntry(Exception):
    """The cell holds something else than a value."""


class _Reader:
    """A recursive descent over the tokens of a cell, of bounded depth."""

    def __init__(self, source: str) -> None:
        self.tokens = _TOKEN.findall(source)
        self.at = 0
        self.depth = 0

    def whole(self) -> Entry:
        self._skip()
        if self._peek() == "":
            return Entry("blank")
        terms = self._sum()
        if self._peek() != "":
            raise _NoEntry
        return Entry("value", tuple(terms))

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _skip(self) -> None:
        """Pass over spaces, styles and what only colours."""
        while token := self._peek():
            if token.isspace() or token in STYLES:
                self.at += 1
            elif token in IGNORED_ARGUMENT or token in IGNORED_FIRST:
                self.at += 1
                self._raw()
            elif token == "{" and self._next_solid() == "}":
                self.at = self.tokens.index("}", self.at) + 1
            else:
                return

    def _next_solid(self) -> str:
        return next((token for token in self.tokens[self.at + 1 :] if not token.isspace()), "")

    def _raw(self) -> str:
        """Take the next group, or token, as it is."""
        while self._peek().isspace():
            self.at += 1
        if self._peek() != "{":
            token = self._peek()
            self.at += 1
            return token
        depth, start = 0, self.at
        while token := self._peek():
            depth += (token == "{") - (token == "}")
            self.at += 1
            if depth == 0:
                return "".join(self.tokens[start + 1 : self.at - 1])
        raise _NoEntry

    def _argument(self) -> str:
        """Take an argument; without braces it is one digit, as in ``\\frac12``."""
        taken = self._raw()
        if len(taken) > 1 and taken.isdigit() and self.tokens[self.at - 1] == taken:
            self.at -= 1
            self.tokens[self.at] = taken[1:]
            return taken[0]
        return taken

    def _sum(self) -> list[Term]:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _NoEntry
        terms = self._signed()
        self._skip()
        while self._peek() in ("+", "-"):
            terms += self._signed()
            self._skip()
        self.depth -= 1
        return terms

    def _signed(self) -> list[Term]:
        sign = 1
        self._skip()
        while self._peek() in ("+", "-"):
            sign *= -1 if self._peek() == "-" else 1
            self.at += 1
            self._skip()
        return _product([(Fraction(sign), ())], self._product())

    def _product(self) -> list[Term]:
        terms = self._factor()
        while True:
            self._skip()
            if self._peek() in TIMES:
                self.at += 1
                terms = _product(terms, self._factor())
            elif self._peek() == "/":
                self.at += 1
                terms = _quotient(terms, self._factor())
            elif self._peek() in ("", "+", "-", ")", "}", "]"):
                return terms
            else:
                terms = _product(terms, self._factor())

    def _factor(self) -> list[Term]:
        self._skip()
        token = self._peek()
        self.at += 1
        if token[:1].isdigit():
            return [(Fraction(token), ())]
        if token in ("{", "("):
            terms = self._sum()
            if self._peek() != {"{": "}", "(": ")"}[token]:
                raise _NoEntry
            self.at += 1
            return self._scripted(terms) if token == "{" else terms
        if token in WORDS:
            return self._word()
        if token in FRACTIONS:
            above = _Reader(self._argument())._sum()
            return _quotient(above, _Reader(self._argument())._sum())
        if token in ACCENTS:
            return [(Fraction(1), (self._scripts(f"{token}{{{self._raw()}}}"),))]
        if (len(token) == 1 and token.isalpha()) or token in GREEK:
            return [(Fraction(1), (self._scripts(token),))]
        raise _NoEntry

    def _word(self) -> list[Term]:
        """Read what stands in ``\\text``: a letter or a number, no words."""
        inside = self._raw().strip()
        if len(inside) == 1 and inside.isalpha():
            return [(Fraction(1), (self._scripts(inside),))]
        if not re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?|[A-Za-z]_?\{?[\d,]{1,9}\}?", inside):
            raise _NoEntry
        return _Reader(inside)._sum()

    def _scripted(self, terms: list[Term]) -> list[Term]:
        """Give the scripts after a group to the symbol in it: ``{w}_{0}``."""
        if self._peek() not in ("_", "^", "'"):
            return terms
        if len(terms) != 1 or terms[0][0] != 1 or len(terms[0][1]) != 1:
            raise _NoEntry
        inner = terms[0][1][0]
        outer = self._scripts(inner.base)
        return [(Fraction(1), (Symbol(outer.base, inner.sub or outer.sub, inner.sup or outer.sup),))]

    def _scripts(self, base: str) -> Symbol:
        sub = sup = ""
        while True:
            token = self._peek()
            if token == "'":
                base += "'"
                self.at += 1
            elif token in ("_", "^"):
                self.at += 1
                script = _script(self._raw())
                sub, sup = (sub + script, sup) if token == "_" else (sub, sup + script)
            elif token.isdigit() and not sub:  # w00, as text taken from a figure has it
                sub = token
                self.at += 1
            elif token in ("(", "[") and not sub and (index := self._called()):
                sub = index
            else:
                return Symbol(base, sub, sup)

    def _called(self) -> str:
        """Take ``(0,1)`` or ``[0][1]`` after a name as its indices; nothing where it is something else."""
        found = re.match(r"\((-?\d{1,4}(?:,-?\d{1,4})*)\)|((?:\[-?\d{1,4}(?:,-?\d{1,4})*\])+)", self._ahead())
        if not found:
            return ""
        length = len(found[0])
        while length > 0:
            length -= len(self._peek().strip())
            self.at += 1
        return found[0][1:-1].replace("][", ",")

    def _ahead(self) -> str:
        return "".join(token.strip() for token in self.tokens[self.at : self.at + 24])


def _script(raw: str) -> str:
    """Return a script without styles and spaces."""
    return re.sub(r"\\[A-Za-z]+|\\.|[{}\s]", "", raw)


def _product(one: list[Term], two: list[Term]) -> list[Term]:
    if len(one) * len(two) > _MOST_TERMS:
        raise _NoEntry
    return [(a * b, first + second) for a, first in one for b, second in two]


def _quotient(terms: list[Term], divisor: list[Term]) -> list[Term]:
    if len(divisor) != 1 or divisor[0][1] or not divisor[0][0]:
        raise _NoEntry
    return [(coefficient / divisor[0][0], factors) for coefficient, factors in terms]
