"""Size formulas as printed: LaTeX, plain text or code, read into a function of its sizes.

Only what formulas of sizes are made of is read: sums, products, fractions, floor and ceiling, and names whose role
is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

__all__ = ["ROLES", "Expression", "Token", "parse", "tokens"]

_DEEPEST = 12

#: Names of each size, without scripts; lower case where the case makes no difference.
ROLES: Mapping[str, str] = {
    **dict.fromkeys(["n", "N", "W", "H", "L", "I", "i", "T", "D_in", "input", "in", "input_size", "in_size"], "n"),
    **dict.fromkeys(["width", "height", "length", "h", "w", "x", "input_width", "input_height"], "n"),
    **dict.fromkeys(["k", "K", "f", "F", "HH", "WW", "kernel", "kernel_size", "filter", "filter_size", "ks"], "k"),
    **dict.fromkeys(["R", "kernel_width", "kernel_height", "kernelsize", "window", "window_size", "pool_size"], "k"),
    **dict.fromkeys(["p", "P", "pad", "padding", "pads", "zero_padding"], "p"),
    **dict.fromkeys(["s", "S", "stride", "strides"], "s"),
    **dict.fromkeys(["d", "D", "dilation", "dilations", "rate"], "d"),
    **dict.fromkeys(["a", "op", "output_padding", "outputpadding", "opad"], "e"),
}


class Token(NamedTuple):
    """A word of a formula, and where it stands in the text."""

    text: str
    start: int
    end: int


class Expression(NamedTuple):
    """A formula of sizes.

    Attributes
    ----------
    value : callable
        Takes the sizes by role, returns a Fraction; raises ZeroDivisionError.
    roles : dict of str to str
        Role of each name.
    rounding : set of str
        ``"floor"``, ``"ceil"``; empty where nothing is rounded.
    divides : bool
        Whether something is divided by a size.
    """

    value: Callable[[Mapping[str, int]], Fraction]
    roles: dict[str, str]
    rounding: frozenset[str]
    divides: bool


#: A stride or a dilation beside a size: the products of letters that formulas are written with.
_PRODUCTS = frozenset(("sn", "sN", "SN", "ns", "Ns", "NS", "dk", "dK", "DK", "df", "dF", "DF", "kd", "fd"))
_SPACING = r"\\(?:left|right|big|Big|bigg|Bigg|[lr]\.|displaystyle|quad|qquad|text|mathrm|mathit|mathbf|operatorname)\b"
_TOKEN = re.compile(
    rf"""(?P<skip>[ \t]+|\n(?!\s*\n)|{_SPACING}|\\[,;:! ]|\\[bB]ig+[lrm]?\b|~|&)
       |(?P<word>\\[A-Za-z]+|[A-Za-z](?:[A-Za-z]|\\?_(?=[A-Za-z]{{2}}))*|\d{{1,6}}|//|[⌊⌋⌈⌉]|[-+*/(){{}}\[\]_^'×·⋅−])""",
    re.VERBOSE,
)


def tokens(text: str, start: int, stop: int) -> list[Token]:
    """Return the words of a formula that begins at `start`, up to the first character that no formula has."""
    found = []
    while start < stop and (match := _TOKEN.match(text, start, stop)):
        if match.lastgroup == "word" and match["word"] in _PRODUCTS:
            found += [Token(letter, at, at + 1) for at, letter in enumerate(match["word"], match.start())]
        elif match.lastgroup == "word":
            found.append(Token(match["word"].replace("\\_", "_"), match.start(), match.end()))
        start = match.end()
    return found


def parse(words: list[Token], first: int) -> tuple[Expression, int] | None:
    """Read the longest formula that begins at a word; return it and where it ends, or None."""
    reader = _Parser(words, first)
    try:
        value = reader.sum()
    except _NoFormula:
        return None
    divides = bool(reader.divides)
    return Expression(value, reader.roles, frozenset(reader.rounding), divides), reader.at


class _NoFormula(Exception):
    """The words are no formula of sizes."""


Value = Callable[[Mapping[str, int]], Fraction]
_FLOOR = {r"\lfloor": (r"\rfloor", floor, "floor"), "⌊": ("⌋", floor, "floor")}
_CEIL = {r"\lceil": (r"\rceil", ceil, "ceil"), "⌈": ("⌉", ceil, "ceil")}
_ROUNDED = {**_FLOOR, **_CEIL}
_CALLS = {"floor": (floor, "floor"), "int": (floor, "floor"), "ceil": (ceil, "ceil")}
_TIMES = ("*", r"\cdot", r"\times", "×", "·", "⋅", r"\ast")
_CLOSES = {"(": ")", "{": "}", "[": "]"}
_SIDES = ("in", "h", "w", "H", "W", "height", "width", "x", "y")
_NOT_INPUT = ("out", "new", "filters", "c", "C")


class _Parser:
    """Recursive descent of bounded depth; every value is a function of the sizes."""

    def __init__(self, words: list[Token], first: int) -> None:
        self.words = words
        self.at = first
        self.depth = 0
        self.roles: dict[str, str] = {}
        self.rounding: set[str] = set()
        self.divides = False
        self.inputs = 0  # how often the input's size was read

    def _peek(self) -> str:
        return self.words[self.at].text if self.at < len(self.words) else ""

    def _take(self, word: str) -> None:
        if self._peek() != word:
            raise _NoFormula
        self.at += 1

    def sum(self) -> Value:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _NoFormula
        value = self._product()
        while self._peek() in ("+", "-", "−"):
            sign = 1 if self._peek() == "+" else -1
            term = self._attempt(self._signed_product)
            if term is None:  # what follows the formula is something else
                break
            value = _added(value, term, sign)
        self.depth -= 1
        return value

    def _attempt(self, read: Callable[[], Value]) -> Value | None:
        """Read on; where that fails, be as if nothing had been read."""
        here, depth, roles, inputs = self.at, self.depth, dict(self.roles), self.inputs
        try:
            return read()
        except _NoFormula:
            self.at, self.depth, self.roles, self.inputs = here, depth, roles, inputs
            return None

    def _signed_product(self) -> Value:
        self.at += 1
        return self._product()

    def _product(self) -> Value:
        sign = 1
        while self._peek() in ("-", "−"):
            self.at += 1
            sign = -sign
        before = self.inputs
        value = self._factor()
        while True:
            word = self._peek()
            if word in (*_TIMES, "/", "//"):
                factor = self._attempt(lambda: self._next_factor(before, 1))
            elif word in ("(", r"\frac", *_ROUNDED) or (_role(word) and self._beside()):
                factor = self._attempt(lambda: self._next_factor(before, 0))
            else:
                break
            if factor is None:
                break
            value = self._quotient(value, factor, word == "//") if word in ("/", "//") else _times(value, factor)
        return value if sign == 1 else _times(_constant(-1), value)

    def _next_factor(self, before: int, skipped: int) -> Value:
        """Read a factor; no size is a product of two that both grow with the input (that is two sizes)."""
        read_already = self.inputs > before
        inputs = self.inputs
        self.at += skipped
        value = self._factor()
        if read_already and self.inputs > inputs:
            raise _NoFormula
        return value

    def _beside(self) -> bool:
        """Whether the next name follows without a space, or after a number: ``2p``, ``s n``."""
        return self.words[self.at].start - self.words[self.at - 1].end <= 1

    def _quotient(self, above: Value, below: Value, rounds: bool) -> Value:
        self.divides = True
        if rounds:
            self.rounding.add("floor")
            return lambda sizes: Fraction(floor(above(sizes) / below(sizes)))
        return lambda sizes: above(sizes) / below(sizes)

    def _factor(self) -> Value:
        word = self._peek()
        self.at += 1
        if word.isdigit():
            return _constant(int(word))
        if word in _ROUNDED:
            closing, function, name = _ROUNDED[word]
            inner = self.sum()
            self._take(closing)
            return self._rounded(inner, function, name)
        if word in _CALLS and self._peek() == "(":
            function, name = _CALLS[word]
            return self._rounded(self._factor(), function, name)
        if word in (r"\frac", r"\dfrac", r"\tfrac"):
            return self._quotient(self._factor(), self._factor(), False)
        if word in _CLOSES:
            inner = self.sum()
            self._take(_CLOSES[word])
            if word == "{":
                self._skip_axis()
            return inner
        if _role(word):
            return self._name(word)
        raise _NoFormula

    def _rounded(self, inner: Value, function: Callable[[Fraction], int], name: str) -> Value:
        self.rounding.add(name)
        return lambda sizes: Fraction(function(inner(sizes)))

    def _name(self, word: str) -> Value:
        """Read a name with its scripts; one role has one name in a formula."""
        name, role = word, _role(word)
        if self._peek().isdigit() and self.words[self.at].start == self.words[self.at - 1].end:  # W1
            name += self._peek()
            self.at += 1
        self._skip_axis()
        while self._peek() in ("_", "^", "'"):
            mark = self._peek()
            self.at += 1
            script = "" if mark == "'" else self._script()
            if script in _NOT_INPUT or (mark == "^" and script.isdigit()):
                raise _NoFormula
            name += "" if mark == "^" else mark + script
        if self.roles.setdefault(name, role) != role or list(self.roles.values()).count(role) > 1:
            raise _NoFormula
        self.inputs += role == "n"
        return lambda sizes: Fraction(sizes[role])

    def _skip_axis(self) -> None:
        """Pass over the number of an axis: ``padding[0]``, as PyTorch's pages have it."""
        first, number, last = ([word.text for word in self.words[self.at : self.at + 3]] + [""] * 3)[:3]
        if (first, last) == ("[", "]") and number.isdigit():
            self.at += 3

    def _script(self) -> str:
        """Read what follows ``_`` or ``^``: a word, or a group, without its braces."""
        start, depth = self.at, 0
        while word := self._peek():
            depth += (word in _CLOSES) - (word in _CLOSES.values())
            self.at += 1
            if depth == 0:
                return "".join(each.text for each in self.words[start : self.at]).strip("{}[]()")
        raise _NoFormula


def _role(word: str) -> str:
    """Return the role of a name; of ``H_in`` and ``kernel_h`` that of its first part."""
    first, _, last = word.partition("_")
    return ROLES.get(word) or (ROLES.get(first, "") if last in _SIDES else "")


def _constant(number: int) -> Value:
    return lambda sizes: Fraction(number)


def _added(one: Value, two: Value, sign: int) -> Value:
    return lambda sizes: one(sizes) + sign * two(sizes)


def _times(one: Value, two: Value) -> Value:
    return lambda sizes: one(sizes) * two(sizes)
