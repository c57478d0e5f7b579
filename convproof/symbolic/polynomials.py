"""Guarded sums at concrete sizes, written out exactly: each product of tensor elements is a row of integers.

A table holds, sorted, one row for each monomial of each polynomial of the family::

    free indices | codes of the elements multiplied, sorted        coefficient
    0 1          | x(2,0)  w(0,1)                                  1

Two families are equal where their tables are; there is no sampling of values. A sum over every integer may have
products without end: then those are written out whose elements all lie in a box around the origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import mul
from typing import Any

import numpy as np
from sympy import Symbol

from convproof.errors import ArgumentValueError, bad, shown
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.guards import Guard, Range, as_quotient, lower

__all__ = ["NotAnInteger", "Table", "TooLarge", "derivative", "elements", "from_columns", "table"]

_LARGEST = 400_000  # points of one term
_PLACE = 54  # bits of all coordinates of an element
_DIGIT = 9  # bits of a coordinate at most, offset by half
_NAMES = 6  # bits of a tensor's name
_EXACT = 1 << 62  # below which sums of coefficients are integers of 64 bits
_MARGIN = 8  # at the ends of a window; no stride leaves a gap as wide


class NotAnInteger(Exception):
    """An index is a fraction at some point where the guards hold."""


class TooLarge(Exception):
    """More points than are worth writing out, or coefficients that are no integers of 64 bits."""


class Endless(TooLarge):
    """A sum over every integer has no end that a window could hold."""


@dataclass(frozen=True)
class Table:
    """Rows of (free indices, codes of the factors, -1 where a product is shorter) and their coefficients."""

    rows: np.ndarray  # (monomials, free + factors)
    coefficients: np.ndarray  # (monomials,)
    free: int

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        if self.free != other.free:
            return False
        width = max(self.rows.shape[1], other.rows.shape[1])
        mine, theirs = self.widened(width), other.widened(width)
        return np.array_equal(mine, theirs) and np.array_equal(self.coefficients, other.coefficients)

    __hash__ = None  # type: ignore[assignment]

    def widened(self, width: int) -> np.ndarray:
        # codes are sorted with the largest first, so that padding stays behind
        return np.pad(self.rows, ((0, 0), (0, width - self.rows.shape[1])), constant_values=-1)


def table(
    sum_: GuardedSum,
    sizes: Mapping[Symbol, int],
    names: Mapping[str, int],
    definitions: Mapping[str, GuardedSum] | None = None,
    box: int | None = None,
) -> Table:
    """Write out a family of polynomials.

    Parameters
    ----------
    sizes : mapping of Symbol to int
        A number for each parameter.
    names : mapping of str to int
        A number below 64 for each tensor, the same for tables that are compared. A tensor has one number of indices.
    definitions : mapping of str to GuardedSum, optional
        Tensors that stand for sums; their polynomials are multiplied out. Not together with a box.
    box : int, optional
        Leave out products that hold an element with a coordinate of larger magnitude.

    Raises
    ------
    Endless
        A sum over every integer goes on where its window ends.
    NotAnInteger
        A fraction in an index does not come out even.
    TooLarge
        More than 400 000 points, or coefficients of more than 62 bits.
    """
    parts = [_term_rows(term, sum_, sizes, names, definitions or {}, box) for term in sum_.terms]
    width = max((codes.shape[1] for _, codes, _ in parts), default=0)
    rows = [np.hstack([free, _sorted_codes(codes, width)]) for free, codes, _ in parts]
    coefficients = [c for *_, c in parts]
    if not rows:
        return Table(np.empty((0, len(sum_.free)), np.int64), np.empty(0, np.int64), len(sum_.free))
    return _collected(np.vstack(rows), np.concatenate(coefficients), len(sum_.free))


def from_columns(free: np.ndarray, factors: Mapping[int, np.ndarray], coefficients: np.ndarray) -> Table:
    """Return the table of products that are known already.

    Parameters
    ----------
    free : (T, f) ndarray
        Free indices, a row for each product.
    factors : mapping of int to (T, arity) ndarray
        Number of each tensor (see `table`), and the indices of its element in each product.
    coefficients : (T,) ndarray
        Coefficient of each product.
    """
    codes = np.stack([_code(place, name) for name, place in factors.items()], axis=1)
    return _collected(np.hstack([free, _sorted_codes(codes, codes.shape[1])]), coefficients, free.shape[1])


def derivative(of: Table, name: int, arity: int) -> Table:
    """Differentiate by every element of one tensor, whose indices become free indices, behind those of `of`.

    Parameters
    ----------
    name, arity : int
        Number of the tensor (see `table`) and how many indices it has.
    """
    rows, coefficients = [], []
    codes = of.rows[:, of.free :]
    for column in range(codes.shape[1]):
        live = (codes[:, column] >= 0) & (codes[:, column] >> _PLACE == name)
        if not live.any():
            continue
        place = _decode(codes[live, column], arity)
        rest = np.delete(codes[live], column, axis=1)
        rows.append(np.hstack([of.rows[live, : of.free], place, rest]))
        coefficients.append(of.coefficients[live])
    free = of.free + arity
    if not rows:
        return Table(np.empty((0, free), np.int64), np.empty(0, np.int64), free)
    return _collected(np.vstack(rows), np.concatenate(coefficients), free)


# ---------------------------------------------------------------------- one term


class Arrays:
    """The algebra of integer arrays over the grid of all indices."""

    def __init__(self, values: Mapping[Symbol, Any]) -> None:
        self.values = values

    def integer(self, value: int) -> int:
        return value

    def symbol(self, symbol: Symbol) -> Any:
        return self.values[symbol]

    def add(self, terms: list[Any]) -> Any:
        return sum(terms[1:], start=terms[0])

    def multiply(self, factors: list[Any]) -> Any:
        return reduce(mul, factors)

    def floor(self, numerator: Any, denominator: Any) -> Any:
        return numerator // denominator


def _term_rows(
    term: Term,
    sum_: GuardedSum,
    sizes: Mapping[Symbol, int],
    names: Mapping[str, int],
    definitions: Mapping[str, Any],
    box: int | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (free indices, codes, coefficients) of the products of one term, one row each."""
    arrays, points = _points(term, sum_, sizes, box)
    alive = np.arange(points)
    free = _columns([arrays.values[index.symbol] for index in sum_.free], alive.size)
    codes = np.empty((alive.size, 0), np.int64)
    coefficients = np.full(alive.size, _within_range(term.coefficient), np.int64)
    for factor in term.factors:
        place = _columns([_exact(e, arrays) for e in factor.indices], len(alive))
        if factor.tensor in definitions:
            inner = table(definitions[factor.tensor], sizes, names, definitions)
            here, there = _matches(place, inner.rows[:, : inner.free])
            _within_range(_largest(coefficients) * _largest(inner.coefficients))
            free, codes, coefficients = free[here], codes[here], coefficients[here] * inner.coefficients[there]
            codes = np.hstack([codes, inner.rows[there, inner.free :]])
            alive = alive[here]
            arrays = _chosen(arrays, here)
        else:
            codes = np.hstack([codes, _code(place, names[factor.tensor])[:, None]])
    return free, codes, coefficients


def _points(term: Term, sum_: GuardedSum, sizes: Mapping[Symbol, int], box: int | None) -> tuple[Arrays, int]:
    """Return the values of all indices at the points that meet every guard, and how many points there are.

    One index after the other gets its values, those over every integer last; a point that misses a guard is left
    out as soon as that can be told.
    """
    pending = list(term.guards)
    if box is not None:
        pending += [Range(e, box + 1, -box) for factor in term.factors for e in factor.indices]
    arrays, points, pending = _filtered(Arrays(dict(sizes)), 1, pending)
    ends = {}
    for index in sorted((*sum_.free, *term.binders), key=lambda index: index.size is None):
        span, ends[index.symbol] = _span(index, index in sum_.free, sizes, box)
        if points * span.size > _LARGEST:
            raise TooLarge
        spread = _chosen(arrays, np.repeat(np.arange(points), span.size)).values
        arrays = Arrays({**spread, index.symbol: np.tile(span, points)})
        arrays, points, pending = _filtered(arrays, points * span.size, pending)
    if any(end is not None and (np.abs(arrays.values[symbol]) > end).any() for symbol, end in ends.items()):
        raise Endless
    if pending:
        raise ArgumentValueError(bad("sizes", shown(str(dict(sizes))), f"a number for every symbol of {pending[0]}"))
    return arrays, points


def _span(index: Index, free: bool, sizes: Mapping[Symbol, int], box: int | None) -> tuple[np.ndarray, int | None]:
    """Return the values of an index, and how far those of a sum over every integer may reach.

    The window of such an index is wide enough for what is inside the box, and has a margin in which nothing may lie.
    """
    if index.size is not None:
        return np.arange(max(0, lower(index.size, Arrays(sizes)))), None
    wide = 2 + 2 * max([1, *(abs(v) for v in sizes.values())]) * max(1, len(sizes) // 2)
    if free:
        end = wide if box is None else box
        return np.arange(-end, end + 1), None
    end = wide if box is None else 2 * box + 1
    return np.arange(-end - _MARGIN, end + _MARGIN + 1), end


def _filtered(arrays: Arrays, points: int, pending: list[Guard]) -> tuple[Arrays, int, list[Guard]]:
    """Leave out the points that miss a guard all of whose symbols have values; return what is left of both."""
    alive = np.ones(points, bool)
    for guard in (known := [guard for guard in pending if guard.symbols <= arrays.values.keys()]):
        alive &= holds(guard, arrays)
    left = [guard for guard in pending if guard not in known]
    return _chosen(arrays, np.flatnonzero(alive)), int(alive.sum()), left


def _chosen(arrays: Arrays, points: np.ndarray) -> Arrays:
    return Arrays({s: v[points] if isinstance(v, np.ndarray) else v for s, v in arrays.values.items()})


def holds(guard: Guard, arrays: Arrays) -> Any:
    """Return whether a guard holds, for each point."""
    result = True
    for relation, a, b in guard.clauses:
        left, right = lower(a, arrays), lower(b, arrays)
        match relation:
            case "<=":
                result = result & (left <= right)
            case "<":
                result = result & (left < right)
            case "=":
                result = result & (left == right)
            case "|":
                result = result & (right % left == 0)
    return result


def _exact(e: Any, arrays: Arrays) -> Any:
    """Evaluate an index, in which a fraction has to come out even."""
    numerator, denominator = as_quotient(e)
    value = lower(numerator, arrays)
    if denominator == 1:
        return value
    divisor = lower(denominator, arrays)
    if np.any(value % divisor):
        raise NotAnInteger(f"{e} is not an integer")
    return value // divisor


def _columns(values: list[Any], rows: int) -> np.ndarray:
    return np.stack([np.broadcast_to(v, rows) for v in values], axis=1) if values else np.empty((rows, 0), np.int64)


# ---------------------------------------------------------------------- codes


def _code(place: np.ndarray, name: int) -> np.ndarray:
    """Pack the name and the coordinates of an element into one integer."""
    bits = _digit(place.shape[1])
    half = 1 << (bits - 1)
    if place.size and abs(place).max() >= half:
        raise TooLarge
    code = np.full(len(place), name, np.int64)
    for column in place.T:
        code = (code << bits) | (column + half)
    return code << (_PLACE - bits * place.shape[1])


def _decode(codes: np.ndarray, arity: int) -> np.ndarray:
    bits = _digit(arity)
    half, mask = 1 << (bits - 1), (1 << bits) - 1
    return _columns([((codes >> (_PLACE - bits * (q + 1))) & mask) - half for q in range(arity)], len(codes))


def _digit(arity: int) -> int:
    """Return how many bits a coordinate has."""
    if arity > _PLACE // 3:
        raise TooLarge
    return min(_DIGIT, _PLACE // max(arity, 1))


def _sorted_codes(codes: np.ndarray, width: int) -> np.ndarray:
    padded = np.pad(codes, ((0, 0), (0, width - codes.shape[1])), constant_values=-1)
    return -np.sort(-padded, axis=1)


def _matches(wanted: np.ndarray, offered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of rows that are equal, as indices into both."""
    keys = _keys(np.vstack([wanted, offered]))
    mine, theirs = keys[: len(wanted)], keys[len(wanted) :]
    order = np.argsort(theirs, kind="stable")
    start = np.searchsorted(theirs[order], mine)
    count = np.searchsorted(theirs[order], mine, side="right") - start
    here = np.repeat(np.arange(len(wanted)), count)
    within = np.arange(here.size) - np.repeat(np.cumsum(count) - count, count)
    return here, order[np.repeat(start, count) + within]


def _collected(rows: np.ndarray, coefficients: np.ndarray, free: int) -> Table:
    """Add up equal rows, and drop what cancels."""
    _within_range(len(coefficients) * _largest(coefficients))
    _, first, place = np.unique(_keys(rows), return_index=True, return_inverse=True)
    total = np.zeros(len(first), np.int64)
    np.add.at(total, place.ravel(), coefficients)
    return Table(rows[first[total != 0]], total[total != 0], free)


def _within_range(coefficient: int) -> int:
    if abs(coefficient) >= _EXACT:
        raise TooLarge
    return coefficient


def _largest(coefficients: np.ndarray) -> int:
    return max(map(abs, (int(coefficients.min()), int(coefficients.max())))) if coefficients.size else 0


def _keys(rows: np.ndarray) -> np.ndarray:
    """Return an integer for each row: in the order of the rows, and equal where they are."""
    keys, span = np.zeros(len(rows), np.int64), 1
    for column in rows.T if len(rows) else ():
        digits = column - column.min()
        size = int(digits.max()) + 1
        if size > len(rows):
            values, digits = np.unique(column, return_inverse=True)
            size = len(values)
        if span * size >= 1 << 62:
            values, keys = np.unique(keys, return_inverse=True)
            span = len(values)
        keys, span = keys.ravel() * size + digits.ravel(), span * size
    return keys


def elements(codes: np.ndarray, names: Mapping[str, int], arities: Mapping[str, int]) -> list[Factor]:
    """Return the elements behind a row of codes, for a message."""
    by_number = {number: name for name, number in names.items()}
    found = []
    for code in codes[codes >= 0].tolist():
        name = by_number[code >> _PLACE]
        place = _decode(np.array([code]), arities[name])[0].tolist()
        found.append(Factor(name, tuple(place)))
    return found
