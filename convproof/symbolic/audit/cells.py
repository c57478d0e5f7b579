"""A recursive descent over the tokens of a cell: sums, products, fractions, and names with scripts."""

from __future__ import annotations

import re
from fractions import Fraction

from convproof.symbolic.audit.values import Entry, Symbol, Term
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

__all__ = ["NoEntry", "read"]

_DEEPEST = 12
_MOST_TERMS = 64
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)


class NoEntry(Exception):
    """The cell holds something else than a value."""


def read(source: str) -> Entry:
    """Read the source of a cell, as LaTeX; `NoEntry` where it is no value."""
    return _Reader(source).whole()


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
            raise NoEntry
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
        raise NoEntry

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
            raise NoEntry
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
                raise NoEntry
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
        raise NoEntry

    def _word(self) -> list[Term]:
        """Read what stands in ``\\text``: a letter or a number, no words."""
        inside = self._raw().strip()
        if len(inside) == 1 and inside.isalpha():
            return [(Fraction(1), (self._scripts(inside),))]
        if not re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?|[A-Za-z]_?\{?[\d,]{1,9}\}?", inside):
            raise NoEntry
        return _Reader(inside)._sum()

    def _scripted(self, terms: list[Term]) -> list[Term]:
        """Give the scripts after a group to the symbol in it: ``{w}_{0}``."""
        if self._peek() not in ("_", "^", "'"):
            return terms
        if len(terms) != 1 or terms[0][0] != 1 or len(terms[0][1]) != 1:
            raise NoEntry
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
                sub, sup = (sub + _bare(script), sup) if token == "_" else (sub, sup + script)
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


def _bare(subscript: str) -> str:
    """Return a subscript without brackets around it, its indices parted by commas."""
    inside = subscript[1:-1] if subscript[:1] + subscript[-1:] in ("()", "[]") else subscript
    return inside.replace(";", ",")


def _product(one: list[Term], two: list[Term]) -> list[Term]:
    if len(one) * len(two) > _MOST_TERMS:
        raise NoEntry
    return [(a * b, first + second) for a, first in one for b, second in two]


def _quotient(terms: list[Term], divisor: list[Term]) -> list[Term]:
    if len(divisor) != 1 or divisor[0][1] or not divisor[0][0]:
        raise NoEntry
    return [(coefficient / divisor[0][0], factors) for coefficient, factors in terms]
