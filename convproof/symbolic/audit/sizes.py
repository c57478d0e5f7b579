"""Formulas of output sizes and bounds of loops, held against the number of windows that fit.

The number is counted from the relation ``i = s*r + d*a - p`` at every small size; the smallest size at which a
formula gives something else is shown.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from convproof.symbolic.audit.expressions import Expression, Token, parse, tokens
from convproof.symbolic.audit.grids import Lines
from convproof.symbolic.audit.result import Finding, PrintedFormula
from convproof.symbolic.relation import AxisRelation

__all__ = ["audit_sizes"]

_MOST_WORDS = 200_000  # read, each start counted anew
_LONGEST = 1500
_SEGMENT = re.compile(r"[^$=,.;:|!?<>\"#%@≤≥]+")
_OPERATORS = ("+", "-", "−", "/", "//", "^", "_")
_RANGES: Mapping[str, range] = {
    "n": range(1, 10),
    "k": range(1, 5),
    "p": range(3),
    "s": range(1, 4),
    "d": range(1, 3),
    "e": range(3),
}
_LEFT_OUT = {"p": 0, "s": 1, "d": 1, "e": 0}
Sizes = Mapping[str, int]

_SIZING = re.compile(r"\\(?:left|right)(?![A-Za-z])\s*")
_DOTS = r"(?:\\[lc]?dots[a-z]?|\.\.\.?|…|⋯)"
_END = r"(?:\\left|\\[,;:! ]|[\s{$(])*$"
_FROM_ZERO = re.compile(
    rf"(?:=\s*0\s*,?\s*{_DOTS}\s*,?|_\{{?\s*[a-z]\s*=\s*0\s*\}}?\s*\^|(?:=|from)\s*0\s*(?:up\s*)?to"
    rf"|\\in\s*\\\{{\s*0\s*,(?:\s*1\s*,)?\s*{_DOTS}\s*,|=\s*0\s*,\s*1\s*,\s*{_DOTS}\s*,?){_END}"
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
_SAYS_CEILING = re.compile(r"ceil[_ -]?mode|partial window|round(?:ed|ing)? up", re.IGNORECASE)


class _Printed(NamedTuple):
    """A formula of the text that has an input and a kernel in it."""

    expression: Expression
    text: str
    start: int
    before: str
    after: str
    raised: bool  # in a superscript


def audit_sizes(text: str, lines: Lines) -> tuple[list[PrintedFormula], list[Finding], list[str]]:
    """Return the size formulas and loop bounds of a text, those that give another number, and notes."""
    formulas, findings, notes = [], [], []
    known: dict[tuple[str, str], _Judgement | None] = {}
    budget = _Budget(_MOST_WORDS)
    for printed in _printed(text, budget):
        context = _context(printed)
        if (printed.text, context) not in known:
            known[printed.text, context] = _judged(printed.expression, context)
        judgement = known[printed.text, context]
        if judgement is None:
            continue
        line = lines(printed.start)
        verdict = "as derived" if judgement.smallest is None else "differs"
        formulas.append(PrintedFormula(line, printed.text, judgement.kind, verdict, _scope(printed.expression)))
        if judgement.smallest is not None:
            findings.append(_finding(printed, line, judgement.kind, context, judgement.smallest))
    if budget.spent_at is not None:
        notes.append(f"formulas after line {lines(budget.spent_at)} were not looked at: there are too many words")
    return formulas, findings, notes


# ---------------------------------------------------------------------- finding them


class _Budget:
    """Words that may still be read, so that no text takes long."""

    def __init__(self, words: int) -> None:
        self.left = words
        self.spent_at: int | None = None

    def spend(self, words: int, position: int) -> bool:
        """Take words from the budget; False where none are left."""
        self.left -= words
        if self.left < 0 and self.spent_at is None:
            self.spent_at = position
        return self.left >= 0


def _printed(text: str, budget: _Budget) -> Iterator[_Printed]:
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


def _formulas(text: str, words: list[Token]) -> Iterator[_Printed]:
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
            yield _Printed(expression, written, start, before, after, raised)
        at = end


def _begins(words: Sequence[Token], at: int) -> bool:
    """Whether a formula may begin here: not in the middle of a larger one, nor in a subscript."""
    before = words[at - 1].text if at else ""
    scripted = at > 1 and before in ("{", "(") and words[at - 2].text == "_"
    called = before == "range" and words[at].text == "("  # its brackets are no part of the formula
    return before not in _OPERATORS and not before.isdigit() and not scripted and not called


# ---------------------------------------------------------------------- comparing them


@lru_cache(maxsize=8192)
def _windows(n: int, k: int, s: int, d: int, lo: int, hi: int) -> int:
    return AxisRelation(n=n, k=k, s=s, d=d, lo=lo, hi=hi).count


def _forward(sizes: Sizes) -> int | None:
    """Count the windows, padding p on both sides; None where the kernel does not fit."""
    found = _windows(sizes["n"], sizes["k"], sizes["s"], sizes["d"], sizes["p"], sizes["p"])
    return found or None


def _forward_total(sizes: Sizes) -> int | None:
    """Count the windows, where p is the padding of both sides together."""
    low = sizes["p"] // 2
    return _windows(sizes["n"], sizes["k"], sizes["s"], sizes["d"], low, sizes["p"] - low) or None


def _transposed(sizes: Sizes) -> int | None:
    """Return the smallest input that has n windows, and the output padding; None where there is none."""
    k, s, d, p = (sizes[role] for role in "ksdp")
    if sizes["e"] >= max(s, d) or 2 * p > d * (k - 1):
        return None
    for n in range(1, 64):
        if _windows(n, k, s, d, p, p) == sizes["n"]:
            return n + sizes["e"]
    return None


class _Comparison(NamedTuple):
    """What a formula gives at every small size, less what is counted."""

    differences: set[Fraction]
    smallest: tuple[Sizes, Fraction, int] | None


def _compare(expression: Expression, count: Callable[[Sizes], int | None], expected: int = 0) -> _Comparison:
    """Compare everywhere; the smallest size is one where the difference is not the expected one."""
    differences: set[Fraction] = set()
    smallest = None
    for sizes in _grid(frozenset(expression.roles.values())):
        counted = count(sizes)
        if counted is None:
            continue
        try:
            value = expression.value(sizes)
        except ZeroDivisionError:
            continue
        if expression.divides and not expression.rounding and value.denominator > 1:
            continue  # nothing is said of how to round
        differences.add(value - counted)
        if smallest is None and value - counted != expected:
            smallest = (sizes, value, counted)
    return _Comparison(differences, smallest)


@lru_cache(maxsize=64)
def _grid(roles: frozenset[str]) -> tuple[Sizes, ...]:
    """Return all small sizes, the smallest first; sizes that a formula leaves out have their defaults."""
    ranges = [_RANGES[role] if role in roles else (_LEFT_OUT[role],) for role in _RANGES]
    sizes = [dict(zip(_RANGES, values, strict=True)) for values in itertools.product(*ranges)]
    return tuple(sorted(sizes, key=lambda each: sum(each.values())))


class _Judgement(NamedTuple):
    """What kind of formula it is, and the smallest size at which it gives something else."""

    kind: str
    smallest: tuple[Sizes, Fraction, int] | None


def _judged(expression: Expression, context: str) -> _Judgement | None:
    """Judge a formula; None where it is none of sizes."""
    if _grows_with_kernel(expression):
        right = _compare(expression, _transposed).differences == {Fraction(0)}
        return _Judgement("transposed size", None) if right else None
    bound = context in ("last", "count")
    kind = "loop bound" if bound else "output size"
    expected = -1 if context == "last" else 0
    forward, total = _compare(expression, _forward, expected), _compare(expression, _forward_total, expected)
    if {Fraction(expected)} in (forward.differences, total.differences):
        return _Judgement(kind, None) if context != "raised" else None
    certain = bool(expression.rounding or expression.divides) and _follows_sizes(expression)
    if not certain or context == "raised" or ("ceil" in expression.rounding and context == "ceiling"):
        return None
    if not bound and context != "size" and {Fraction(-1)} in (forward.differences, total.differences):
        return _Judgement("last index", None) if expression.rounding else None
    return _Judgement(kind, forward.smallest)


def _context(printed: _Printed) -> str:
    """Return what the text says of a formula.

    ``"last"``: the last index of a loop from 0; ``"count"``: a number of steps; ``"ceiling"``: rounding up is meant;
    ``"size"``: an output size; ``"raised"``: it is an exponent.
    """
    if _FROM_ZERO.search(printed.before):
        return "last"
    if _FROM_ONE.search(printed.before) or _BELOW.search(printed.before):
        return "count"
    if printed.raised:
        return "raised"
    if _SAYS_CEILING.search(printed.before + " " + printed.after):
        return "ceiling"
    return "size" if _SAYS_SIZE.search(printed.before) else ""


def _scope(expression: Expression) -> str:
    parts = [f"{name} = {_RANGES[role][0]}..{_RANGES[role][-1]}" for name, role in expression.roles.items()]
    return "all sizes " + ", ".join(parts)


def _finding(printed: _Printed, line: int, kind: str, context: str, smallest: tuple[Sizes, Fraction, int]) -> Finding:
    sizes, value, counted = smallest
    where = ", ".join(f"{name}={sizes[role]}" for name, role in printed.expression.roles.items())
    windows = "1 window fits" if counted == 1 else f"{counted} windows fit"
    remark = f"at {where} it gives {value}, and {windows}"
    derived = {
        "last": "the number of windows that fit, less 1, as the last index from 0",
        "count": "the number of windows that fit",
    }.get(context, "the number of windows that fit, read as the size of a convolution's output")
    kind = "loop bound" if kind == "loop bound" else "size formula"
    steps = "0, ..., " if context == "last" else ""
    return Finding(line, None, None, steps + printed.text, derived, "", kind, line, remark)


def _at(expression: Expression, **changes: int) -> Fraction:
    return expression.value({"n": 12, "k": 3, **_LEFT_OUT, **changes})


def _grows_with_kernel(expression: Expression) -> bool:
    return not expression.divides and _at(expression, k=4) > _at(expression)


def _follows_sizes(expression: Expression) -> bool:
    """Whether, at stride 1, each element of input and each tap changes it by one, as they do sizes."""
    steps = [(n, k) for n in (11, 12, 13) for k in (1, 2, 3)]
    try:
        by_input = {_at(expression, n=n + 1, k=k) - _at(expression, n=n, k=k) for n, k in steps}
        by_tap = {abs(_at(expression, n=n, k=k + 1) - _at(expression, n=n, k=k)) for n, k in steps}
    except ZeroDivisionError:
        return False
    return by_input == by_tap == {1}
