"""Equations between products of printed matrices, ``M v = y``: multiplied out as polynomials."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from convproof.symbolic.audit.entries import entry
from convproof.symbolic.audit.grids import Grid
from convproof.symbolic.audit.result import Finding, PrintedFormula
from convproof.symbolic.audit.values import Polynomial, Symbol, shown

__all__ = ["audit_products"]

_LONGEST_GAP = 80
_MOST_PRODUCTS = 20_000  # of entries, in one equation
_MOST_TERMS = 400
_EQUALS = re.compile(r"&?=&?")
_TIMES = re.compile(r"(?:\\cdot|\\times|\\left|\\right|\\big[lr]?|\\quad|\\[,;! ]|[\[\]().|\s]|\\[bvBV]\w*)*")

Matrix = list[list[Polynomial]]


def audit_products(text: str, grids: Sequence[Grid]) -> tuple[list[PrintedFormula], list[Finding]]:
    """Return the equations of a text, and the entries that are printed otherwise than they multiply out."""
    formulas, findings = [], []
    for sides in _equations(text, grids):
        for left, right in pairwise(sides):
            if looked_at := _compared(left, right):
                formulas.append(looked_at[0])
                findings += looked_at[1]
    return formulas, findings


def _equations(text: str, grids: Sequence[Grid]) -> Iterator[list[list[Grid]]]:
    """Yield chains of matrices that stand side by side with equals signs between, as lists of factors."""
    chain: list[list[Grid]] = []
    before: Grid | None = None
    for grid in grids:
        if grid.kind != "latex" or grid.nests:
            continue
        gap = _gap(text, before, grid)
        if gap == "times":
            chain[-1].append(grid)
        elif gap == "equals":
            chain.append([grid])
        else:
            yield chain
            chain = [[grid]]
        before = grid
    yield chain


def _gap(text: str, before: Grid | None, grid: Grid) -> str:
    """Return what stands between two matrices: ``"times"``, ``"equals"``, or ``""`` for anything else."""
    if before is None or before.home != grid.home or not 0 <= grid.start - before.end <= _LONGEST_GAP:
        return ""
    between = text[before.end : grid.start]
    if "\n\n" in between or "$" in between:
        return ""
    if _TIMES.fullmatch(between):
        return "times"
    sides = _EQUALS.split(between)
    return "equals" if len(sides) == 2 and all(_TIMES.fullmatch(side) for side in sides) else ""


def _compared(left: list[Grid], right: list[Grid]) -> tuple[PrintedFormula, list[Finding]] | None:
    """Multiply out both sides; None where they are no matrices of polynomials, or nothing is multiplied."""
    if len(left) == len(right) == 1:
        return None
    one, two = _multiplied(left), _multiplied(right)
    if one is None or two is None or len(one) != len(two) or len(one[0]) != len(two[0]):
        return None
    printed, derived, factors = (two, one, left) if len(right) == 1 else (one, two, right)
    grid = right[0] if len(right) == 1 else left[0]
    places = [(r, c) for r, row in enumerate(printed) for c, each in enumerate(row) if each != derived[r][c]]
    if 2 * len(places) > len(printed) * len(printed[0]):
        return None  # another kind of product, element by element perhaps
    what = " times ".join(f"{len(each.rows)}x{len(each.rows[0])}" for each in factors)
    verdict = f"{len(places)} of its entries differ" if places else "as derived"
    line = min(left[0].line, right[0].line)
    formula = PrintedFormula(line, f"of {what} matrices", "product", verdict, "as polynomials in its symbols")
    findings = [
        Finding(line, r, c, shown(printed[r][c]), shown(derived[r][c]), "", "product", grid.rows[r][c].line)
        for r, c in places
    ]
    return formula, findings


def _multiplied(factors: list[Grid]) -> Matrix | None:
    product: Matrix | None = None
    for grid in factors:
        factor = _polynomials(grid)
        if factor is None:
            return None
        product = factor if product is None else _product(product, factor)
        if product is None:
            return None
    return product


def _polynomials(grid: Grid) -> Matrix | None:
    """Return the entries of a matrix, where every one of them is exact."""
    width = len(grid.rows[0]) if grid.rows else 0
    if not width or any(len(row) != width for row in grid.rows) or width * len(grid.rows) > _MOST_PRODUCTS:
        return None
    read = [[entry(cell.text) for cell in row] for row in grid.rows]
    exact = all(each.kind == "value" for row in read for each in row)
    rounded = any(re.search(r"\d\.\d", cell.text) for row in grid.rows for cell in row)
    return [[_with_powers(each.polynomial) for each in row] for row in read] if exact and not rounded else None


def _with_powers(polynomial: Polynomial) -> Polynomial:
    """Write ``x^2`` as ``x x``."""
    result: Polynomial = {}
    for factors, coefficient in polynomial.items():
        spread = sorted(each for factor in factors for each in _power(factor))
        result[tuple(spread)] = result.get(tuple(spread), Fraction(0)) + coefficient
    return result


def _power(symbol: Symbol) -> tuple[Symbol, ...]:
    if symbol.sup.isdigit() and 2 <= int(symbol.sup[:3]) <= 9:
        return (symbol._replace(sup=""),) * int(symbol.sup[:3])
    return (symbol,)


def _product(one: Matrix, two: Matrix) -> Matrix | None:
    """Multiply matrices of polynomials; None where their shapes do not fit, or it would take long."""
    if len(one[0]) != len(two) or len(one) * len(two) * len(two[0]) > _MOST_PRODUCTS:
        return None
    result = []
    for row in one:
        result.append([_dot(row, [below[c] for below in two]) for c in range(len(two[0]))])
        if any(len(each) > _MOST_TERMS for each in result[-1]):
            return None
    return result


def _dot(row: Sequence[Polynomial], column: Sequence[Polynomial]) -> Polynomial:
    total: Polynomial = {}
    for first, second in zip(row, column, strict=True):
        for a, one in first.items():
            for b, two in second.items():
                key = tuple(sorted(a + b))
                total[key] = total.get(key, Fraction(0)) + one * two
    return {key: value for key, value in total.items() if value}
