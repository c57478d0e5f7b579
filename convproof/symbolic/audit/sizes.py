"""Formulas of output sizes and bounds of loops, held against the number of windows that fit.

The number is counted from the relation ``i = s*r + d*a - p`` at every small size; the smallest size at which a
formula gives something else is shown.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from convproof.symbolic.audit.expressions import Expression
from convproof.symbolic.audit.formulas import Budget, Occurrence, occurrences
from convproof.symbolic.audit.grids import Lines
from convproof.symbolic.audit.result import Finding, PrintedFormula
from convproof.symbolic.relation import AxisRelation

__all__ = ["audit_sizes"]

_MOST_WORDS = 200_000  # read, each start counted anew
_MOST_FORMULAS = 200  # different ones
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


def audit_sizes(text: str, lines: Lines) -> tuple[list[PrintedFormula], list[Finding], list[str]]:
    """Return the size formulas and loop bounds of a text, those that give another number, and notes."""
    formulas, findings, notes = [], [], []
    known: dict[tuple[str, str, str], _Judgement | None] = {}
    budget = Budget(_MOST_WORDS)
    for printed in occurrences(text, budget):
        key = printed.text, printed.context, printed.about
        if key not in known and len(known) >= _MOST_FORMULAS:
            budget.stop(printed.start)
            break
        if key not in known:
            known[key] = _judged(printed.expression, printed.context, printed.about)
        judgement = known[key]
        if judgement is None:
            continue
        line = lines(printed.start)
        verdict = "as derived" if judgement.smallest is None else "differs"
        formulas.append(PrintedFormula(line, printed.text, judgement.kind, verdict, _scope(printed.expression)))
        if judgement.smallest is not None:
            findings.append(_finding(printed, line, judgement.kind, judgement.smallest))
    if budget.spent_at is not None:
        notes.append(f"formulas after line {lines(budget.spent_at)} were not looked at: there are too many")
    return formulas, findings, notes


@lru_cache(maxsize=8192)
def _windows(n: int, k: int, s: int, d: int, lo: int, hi: int) -> int:
    return AxisRelation(n=n, k=k, s=s, d=d, lo=lo, hi=hi).count


def _forward(sizes: Sizes) -> int | None:
    """Count the windows, padding p on both sides; None where the kernel does not fit."""
    found = _windows(sizes["n"], sizes["k"], sizes["s"], sizes["d"], sizes["p"], sizes["p"])
    return found or None


def _forward_total(sizes: Sizes) -> int | None:
    """Count the windows, where p is the padding of both sides together."""
    return _windows(sizes["n"], sizes["k"], sizes["s"], sizes["d"], 0, sizes["p"]) or None


def _transposed(sizes: Sizes) -> int | None:
    """Return the smallest input that has n windows, and the output padding; None where there is none."""
    return _read_by(sizes, sizes["p"], sizes["p"])


def _transposed_total(sizes: Sizes) -> int | None:
    """Return the same, where p is the padding of both sides together."""
    return _read_by(sizes, 0, sizes["p"])


def _read_by(sizes: Sizes, lo: int, hi: int) -> int | None:
    k, s, d = (sizes[role] for role in "ksd")
    if sizes["e"] >= max(s, d) or lo + hi > d * (k - 1):
        return None
    for n in range(1, 64):
        if _windows(n, k, s, d, lo, hi) == sizes["n"]:
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


def _judged(expression: Expression, context: str, about: str) -> _Judgement | None:
    """Judge a formula; None where it is none of sizes."""
    if _grows_with_kernel(expression):
        return _judged_transposed(expression, context, about)
    bound = context in ("last", "count")
    kind = "loop bound" if bound else "output size"
    expected = -1 if context == "last" else 0
    forward, total = _compare(expression, _forward, expected), _compare(expression, _forward_total, expected)
    if {Fraction(expected)} in (forward.differences, total.differences):
        return _Judgement(kind, None) if context != "raised" else None
    if context == "raised" or ("ceil" in expression.rounding and context == "ceiling"):
        return None
    if not _follows_sizes(expression):
        return None
    if not expression.rounding and not expression.divides:
        said = context == "output" or (bound and forward.differences == {Fraction(-1 - expected)})
        return _Judgement(kind, forward.smallest) if said and about else None
    if not bound and context not in ("output", "size") and {Fraction(-1)} in (forward.differences, total.differences):
        return _Judgement("last index", None) if expression.rounding else None
    return _Judgement(kind, forward.smallest)


def _judged_transposed(expression: Expression, context: str, about: str) -> _Judgement | None:
    """Judge a formula that grows with the kernel; one that differs has to be said to be the size of an output."""
    compared = _compare(expression, _transposed)
    if {Fraction(0)} in (compared.differences, _compare(expression, _transposed_total).differences):
        return _Judgement("transposed size", None)
    said = context == "output" and about == "transposed" and _follows_sizes(expression)
    return _Judgement("transposed size", compared.smallest) if said else None


def _scope(expression: Expression) -> str:
    parts = [f"{name} = {_RANGES[role][0]}..{_RANGES[role][-1]}" for name, role in expression.roles.items()]
    return "all sizes " + ", ".join(parts)


def _finding(printed: Occurrence, line: int, kind: str, smallest: tuple[Sizes, Fraction, int]) -> Finding:
    sizes, value, counted = smallest
    where = ", ".join(f"{name}={sizes[role]}" for name, role in printed.expression.roles.items())
    remark = f"at {where} it gives {value}, and {_counted(kind, counted)}"
    steps = "0, ..., " if printed.context == "last" else ""
    named = "loop bound" if kind == "loop bound" else "size formula"
    return Finding(line, None, None, steps + printed.text, _derived(kind, printed.context), "", named, line, remark)


def _derived(kind: str, context: str) -> str:
    if kind == "transposed size":
        return "the smallest size that has as many windows as the input has elements"
    return {
        "last": "the number of windows that fit, less 1, as the last index from 0",
        "count": "the number of windows that fit",
    }.get(context, "the number of windows that fit, read as the size of a convolution's output")


def _counted(kind: str, number: int) -> str:
    if kind == "transposed size":
        return f"the size is {number}"
    return "1 window fits" if number == 1 else f"{number} windows fit"


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
