"""Finding formulas of sizes in a text, and what the words around one say of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from convproof.symbolic.audit.expressions import Expression, Token, parse, tokens

__all__ = ["Budget", "Occurrence", "occurrences"]

_LONGEST = 1500  # characters of a formula
_SEGMENT = re.compile(r"[^$=,.;:|!?<>\"#%@≤≥]+")
_OPERATORS = ("+", "-", "−", "/", "//", "^", "_")
_SIZING = re.compile(r"\\(?:left|right)(?![A-Za-z])\s*")
_DOTS = r"(?:\\[lc]?dots[a-z]?|\.\.\.?|…|⋯)"
_END = r"(?:\\left|\\[,;:! ]|[\s{$(])*$"
_FROM_ZERO = re.compile(
    rf"(?:=\s*0\s*,?\s*{_DOTS}\s*,?|_\{{?\s*[a-z]\s*=\s*0\s*\}}?\s*\^|(?:=|from)\s*0\s*(?:up\s*)?to"
    rf"|\\in\s*\\\{{\s*0\s*,(?:\s*1\s*,)?\s*{_DOTS}\s*,|=\s*0\s*,\s*1\s*,\s*{_DOTS}\s*,?){_END}"
)
_UP_TO = re.compile(
    r"(?:=\s*0\s*;[^;\n]{0,20}(?:<=|≤|\\leq?(?![a-z]))|\b0\s*(?:<=|≤|\\leq?(?![a-z]))\s*\w{1,3}\s*(?:<=|≤|\\leq?(?![a-z]))"
    r"|\bin\s+0\s*\.\.\s*=)\s*$"
)
_FROM_ONE = re.compile(
    rf"(?:=\s*1\s*,\s*(?:2\s*,\s*)?{_DOTS}\s*,?|_\{{?\s*[a-z]\s*=\s*1\s*\}}?\s*\^|(?:=|from)\s*1\s*to){_END}"
)
_BELOW = re.compile(r"(?:\brange\s*\(\s*(?:0\s*,\s*)?|=\s*0\s*;[^;\n]{0,20}<\s*)$")
_SAYS_SIZE = re.compile(
    r"(?:output|feature[ -]map|result)\w*\W{0,4}(?:volume|image)?\W{0,3}(?:size|shape|dimension|width|height|length)"
    r"|_\{?(?:\\text\{)?out\}?\}?\s*=|\b[ow]_?out\s*=|\bout\w*\s*=",
    re.IGNORECASE,
)
_EXTENT = r"(?:size|shape|dimension|width|height|length)"
_IS_OUTPUT = re.compile(
    rf"(?:(?:output|feature[ -]map|result)\w*\s(?:[a-z' -]{{0,30}}\s)?{_EXTENT}\s*(?:is|of|:|=)?"
    rf"|(?:{_EXTENT} of the (?:[a-z-]+ ){{0,3}}(?:output|feature map|convolution)\w*|output)\s*(?:is|:|=)"
    r"|_\{?(?:\\(?:text|mathrm)\{)?out\}?\}?\s*=|\b[A-Za-z]_?out\w*\s*=|\bout\w*\s*=|\bo'?\s*=)[\s$(\\]*$",
    re.IGNORECASE,
)
_OUTPUT_FOLLOWS = re.compile(
    r"[\s$)\\\]]*(?:is|gives|as|for)\s+the\s+(?:output|(?:size|width|height|length|shape) of the output)", re.IGNORECASE
)
_OF_CONVOLUTIONS = re.compile(r"convol|kernel|filter|feature[ -]map|padding|stride|pool", re.IGNORECASE)
_OF_OTHERS = re.compile(
    r"autoco|\blags?\b|null ?space|linear map|\brank\b|syndrome|parity|degrees of freedom|density|\\sum", re.IGNORECASE
)
_OF_TRANSPOSED = re.compile(r"transposed? conv|deconv|fractionally|up-?convol|full conv|full padding", re.IGNORECASE)
_SAYS_CEILING = re.compile(r"ceil[_ -]?mode|partial window|round(?:ed|ing)? up", re.IGNORECASE)


class Occurrence(NamedTuple):
    """A formula that has an input and a kernel in it, where it stands, and the text around it."""

    expression: Expression
    text: str
    start: int
    before: str
    after: str
    raised: bool  # in a superscript

    @property
    def context(self) -> str:
        """What the text says of it, or nothing.

        ``"last"``: the last index of a loop from 0; ``"count"``: a number of steps; ``"ceiling"``: rounding up is
        meant; ``"output"``: it is said to be an output size; ``"size"``: such a size is spoken of; ``"raised"``: it
        is an exponent.
        """
        if _FROM_ZERO.search(self.before) or _UP_TO.search(self.before):
            return "last"
        if _FROM_ONE.search(self.before) or _BELOW.search(self.before):
            return "count"
        if self.raised:
            return "raised"
        if _SAYS_CEILING.search(self.before + " " + self.after):
            return "ceiling"
        if (_IS_OUTPUT.search(self.before) and not self._of_index) or _OUTPUT_FOLLOWS.match(self.after):
            return "output"
        return "size" if _SAYS_SIZE.search(self.before) else ""

    @property
    def about(self) -> str:
        """What the text around speaks of: ``"transposed"`` or other ``"convolution"``, or nothing of the kind."""
        around = f"{self.before} {self.text} {self.after}"
        if _OF_OTHERS.search(around):  # where n - k is a number of its own
            return ""
        if _OF_TRANSPOSED.search(around):
            return "transposed"
        return "convolution" if _OF_CONVOLUTIONS.search(around) else ""

    @property
    def _of_index(self) -> bool:
        """Whether it may be the output that an input with index i is read by: ``o = (i + p - k)/s``."""
        return "i" in self.expression.roles and not self.expression.rounding


class Budget:
    """Words that may still be read, so that no text takes long."""

    def __init__(self, words: int) -> None:
        self.left = words
        self.spent_at: int | None = None

    def stop(self, position: int) -> None:
        """Read no further than a position."""
        self.left = -1
        if self.spent_at is None:
            self.spent_at = position

    def spend(self, words: int, position: int) -> bool:
        """Take words from the budget; False where none are left."""
        self.left -= words
        if self.left < 0:
            self.stop(position)
        return self.left >= 0


def occurrences(text: str, budget: Budget) -> Iterator[Occurrence]:
    """Yield the formulas of a text that have an input and a kernel in them, as far as the budget goes."""
    for segment in _SEGMENT.finditer(text):
        if len(segment[0]) > _LONGEST or not re.search(r"[-+−]", segment[0]):
            continue
        position = segment.start()
        while position < segment.end():
            words = tokens(text, position, segment.end())
            if not budget.spend(1 + _cost(words), position):
                return
            yield from _formulas(text, words)
            position = words[-1].end + 1 if words else position + 1


def _cost(words: Sequence[Token]) -> int:
    return len(words) ** 2 // 8 + len(words)


def _formulas(text: str, words: list[Token]) -> Iterator[Occurrence]:
    at = 0
    while at < len(words):
        found = parse(words, at) if _begins(words, at) else None
        if found is None or not {"n", "k"} <= set(found[0].roles.values()):
            at += 1
            continue
        expression, end = found
        start, stop = words[at].start, words[end - 1].end
        if end >= len(words) or words[end].text not in _OPERATORS:
            before, after = text[max(start - 200, 0) : start], text[stop : stop + 120]
            raised = at > 1 and words[at - 1].text == "{" and words[at - 2].text == "^"
            written = " ".join(_SIZING.sub("", text[start:stop]).split())
            yield Occurrence(expression, written, start, before, after, raised)
        at = end


def _begins(words: Sequence[Token], at: int) -> bool:
    """Whether a formula may begin here: not in the middle of a larger one, nor in a subscript."""
    before = words[at - 1].text if at else ""
    scripted = at > 1 and before in ("{", "(") and words[at - 2].text == "_"
    called = before == "range" and words[at].text == "("  # its brackets are no part of the formula
    return before not in _OPERATORS and not before.isdigit() and not scripted and not called
