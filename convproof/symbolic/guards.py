"""Conditions on integers, and the sets of integer points they describe.

A guard is what stands in an Iverson bracket. An :class:`IntegerSet` is a conjunction of guards over its
variables; every other symbol in it is a parameter (a size, a stride, a padding). :mod:`relations` decides such
sets with isl, :mod:`smt` with z3; both read the expressions here, by `lower`.

A fraction compared in a guard means the rational number, as it is printed: ``[r = i/s]`` holds only where s divides
i. An index that is a fraction, ``x(i/s)``, means its floor; that it is an integer, wherever the guards beside it
hold, is checked apart. Denominators and divisors are positive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from sympy import (
    Add,
    Expr,
    Integer,
    Mul,
    Pow,
    S,
    Symbol,
    SympifyError,
    ceiling,
    expand,
    floor,
    fraction,
    sympify,
    together,
)

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad, shown

__all__ = ["Algebra", "Divides", "Equal", "Guard", "IntegerSet", "Range", "as_quotient", "connected", "lower"]


@dataclass(frozen=True)
class _Guard:
    """What guards have in common: their fields are expressions."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not isinstance(value, Expr):
                object.__setattr__(self, name, _expression(name, value, type(self).__name__))

    @property
    def expressions(self) -> tuple[Expr, ...]:
        return tuple(e for e in vars(self).values() if e is not None)

    @property
    def symbols(self) -> frozenset[Symbol]:
        """Every symbol in it."""
        return frozenset().union(*(e.free_symbols for e in self.expressions))


def _expression(name: str, value: object, guard: str) -> Expr | None:
    """Return a number as an expression; the ends of a range may be None."""
    if value is None and guard == "Range" and name != "e":
        return None
    try:
        found = sympify(value, strict=True)
    except SympifyError:
        found = None
    if not isinstance(found, Expr):
        raise ArgumentTypeError(bad(name, value, "an integer or an expression of SymPy"))
    return found


@dataclass(frozen=True)
class Range(_Guard):
    """``[low <= e < high]``; an end that is None is open."""

    e: Expr
    high: Expr | None = None
    low: Expr | None = S.Zero

    def __str__(self) -> str:
        below = "" if self.low is None else f"{self.low} <= "
        above = "" if self.high is None else f" < {self.high}"
        return f"{below}{self.e}{above}"

    @property
    def clauses(self) -> tuple[Clause, ...]:
        ends: list[Clause] = []
        if self.low is not None:
            ends.append(("<=", self.low, self.e) if _whole(self.low) else ("<=", *_multiplied(self.low, self.e)))
        if self.high is not None:
            ends.append(("<", self.e, self.high) if _whole(self.high) else ("<", *_multiplied(self.e, self.high)))
        return tuple(ends)

    def map(self, change: Callable[[Expr], Expr]) -> Range:
        low, high = (None if end is None else change(end) for end in (self.low, self.high))
        return Range(change(self.e), high, low)


@dataclass(frozen=True)
class Divides(_Guard):
    """``[m | e]``, for m >= 1."""

    m: Expr
    e: Expr

    def __str__(self) -> str:
        return f"{self.m} divides {self.e}"

    @property
    def clauses(self) -> tuple[Clause, ...]:
        above, below = as_quotient(self.e)
        return (("|", _positive(self.m * below), above),)

    def map(self, change: Callable[[Expr], Expr]) -> Divides:
        return Divides(change(self.m), change(self.e))


@dataclass(frozen=True)
class Equal(_Guard):
    """``[a = b]``, the Kronecker delta of a and b."""

    a: Expr
    b: Expr

    def __str__(self) -> str:
        return f"{self.a} = {self.b}"

    @property
    def clauses(self) -> tuple[Clause, ...]:
        (above, below), (over, under) = as_quotient(self.a), as_quotient(self.b)
        if below == 1 and under == 1:
            return (("=", above, over),)
        if below == 1:
            return (("|", under, over), ("=", above, self.b))
        if under == 1:
            return (("|", below, above), ("=", self.a, over))
        return (("=", above * under, over * below),)

    def map(self, change: Callable[[Expr], Expr]) -> Equal:
        return Equal(change(self.a), change(self.b))


Guard = Range | Divides | Equal

#: What a guard says of integers: ``("<=", a, b)``, ``("<", a, b)``, ``("=", a, b)``, or ``("|", a, b)``. A fraction
#: in it may be taken for its floor, which comes to the same in each of these clauses.
Clause = tuple[str, Expr, Expr]


def _whole(e: Expr) -> bool:
    return as_quotient(e)[1] == 1


def _multiplied(a: Expr, b: Expr) -> tuple[Expr, Expr]:
    """Multiply both sides by their denominators."""
    (above, below), (over, under) = as_quotient(a), as_quotient(b)
    return above * under, over * below


def connected(guards: Iterable[Guard], symbols: Iterable[Symbol]) -> tuple[Guard, ...]:
    """Return the guards that say something of the symbols, by themselves or through others, in their order."""
    guards, known = tuple(guards), set(symbols)
    told: set[Guard] = set()
    while new := {g for g in guards if g not in told and (not g.symbols or g.symbols & known)}:
        told |= new
        known |= {symbol for guard in new for symbol in guard.symbols}
    return tuple(g for g in guards if g in told)


@dataclass(frozen=True)
class IntegerSet:
    """The points ``(variables)`` for which values of ``hidden`` exist that meet every guard."""

    variables: tuple[Symbol, ...]
    guards: tuple[Guard, ...]
    hidden: tuple[Symbol, ...] = ()

    @property
    def parameters(self) -> tuple[Symbol, ...]:
        """The symbols that are neither variables nor hidden, in order of their names."""
        found = {symbol for guard in self.guards for symbol in guard.symbols}
        return tuple(sorted(found - set(self.variables) - set(self.hidden), key=str))

    def substitute(self, values: Mapping[Symbol, Any]) -> IntegerSet:
        """Put values in the place of parameters."""
        return IntegerSet(self.variables, tuple(g.map(lambda e: e.subs(values)) for g in self.guards), self.hidden)


class Algebra(Protocol):
    """What `lower` builds an expression from: text for isl, terms for z3, arrays for evaluation."""

    def integer(self, value: int) -> Any: ...
    def symbol(self, symbol: Symbol) -> Any: ...
    def add(self, terms: list[Any]) -> Any: ...
    def multiply(self, factors: list[Any]) -> Any: ...
    def floor(self, numerator: Any, denominator: Any) -> Any: ...


@lru_cache(maxsize=16_384)
def as_quotient(e: Expr) -> tuple[Expr, Expr]:
    """Return numerator and denominator of an expression.

    Raises
    ------
    ArgumentValueError
        A denominator that need not be positive.
    """
    numerator, denominator = fraction(together(sympify(e)))
    if denominator.is_negative:
        numerator, denominator = -numerator, -denominator
    return expand(numerator), _positive(denominator)


def _positive(divisor: Expr) -> Expr:
    if not divisor.is_positive:
        raise ArgumentValueError(bad("divisor", shown(str(divisor)), "a product of positive numbers and symbols"))
    return divisor


def lower(e: Expr, algebra: Algebra) -> Any:
    """Build the value of an expression in another algebra; a fraction is its floor.

    Raises
    ------
    ArgumentTypeError
        Something else than sums, products, quotients, floors and ceilings of integers and symbols.
    """
    numerator, denominator = as_quotient(e)
    above = algebra.add([_product(term, algebra) for term in Add.make_args(numerator)])
    return above if denominator == 1 else algebra.floor(above, lower(denominator, algebra))


def _product(term: Expr, algebra: Algebra) -> Any:
    return algebra.multiply([part for factor in Mul.make_args(term) for part in _power(factor, algebra)])


def _power(factor: Expr, algebra: Algebra) -> Iterable[Any]:
    base, exponent = factor.as_base_exp() if isinstance(factor, Pow) else (factor, Integer(1))
    if not (exponent.is_Integer and exponent.is_positive):
        raise ArgumentTypeError(bad("expression", shown(str(factor)), "powers with numbers above 0 as exponents"))
    if base.is_Integer:
        yield algebra.integer(int(base**exponent))
        return
    if base.is_Symbol:
        value = algebra.symbol(base)
    elif isinstance(base, floor):
        value = lower(base.args[0], algebra)
    elif isinstance(base, ceiling):  # ceil(t) = -floor(-t)
        value = algebra.multiply([algebra.integer(-1), lower(-base.args[0], algebra)])
    elif isinstance(base, (Add, Mul)):
        value = lower(base, algebra)
    else:
        expected = "sums, products, quotients, floors and ceilings of integers and symbols"
        raise ArgumentTypeError(bad("expression", shown(str(factor)), expected))
    for _ in range(int(exponent)):
        yield value
