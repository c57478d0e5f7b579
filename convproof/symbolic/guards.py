"""Conditions on integers, and the sets of integer points they describe.

A guard is what stands in an Iverson bracket. An :class:`IntegerSet` is a conjunction of guards over its
variables; every other symbol in it is a parameter (a size, a stride, a padding). :mod:`relations` decides such
sets with isl, :mod:`smt` with z3; both read the expressions here, by `lower`.

A fraction in an expression means its floor. Where a formula needs the quotient to be exact, a `Divides` stands
beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sympy import Add, Expr, Integer, Mul, Pow, S, Symbol, ceiling, expand, floor, fraction, sympify, together

__all__ = ["Algebra", "Divides", "Equal", "Guard", "IntegerSet", "Range", "as_quotient", "lower"]


@dataclass(frozen=True)
class Range:
    """``[low <= e < high]``; an end that is None is open."""

    e: Expr
    high: Expr | None = None
    low: Expr | None = S.Zero

    @property
    def expressions(self) -> tuple[Expr, ...]:
        return tuple(e for e in (self.e, self.high, self.low) if e is not None)

    def map(self, change: Callable[[Expr], Expr]) -> Range:
        low, high = (None if end is None else change(end) for end in (self.low, self.high))
        return Range(change(self.e), high, low)


@dataclass(frozen=True)
class Divides:
    """``[m | e]``, for m >= 1."""

    m: Expr
    e: Expr

    @property
    def expressions(self) -> tuple[Expr, ...]:
        return (self.m, self.e)

    def map(self, change: Callable[[Expr], Expr]) -> Divides:
        return Divides(change(self.m), change(self.e))


@dataclass(frozen=True)
class Equal:
    """``[a = b]``, the Kronecker delta of a and b."""

    a: Expr
    b: Expr

    @property
    def expressions(self) -> tuple[Expr, ...]:
        return (self.a, self.b)

    def map(self, change: Callable[[Expr], Expr]) -> Equal:
        return Equal(change(self.a), change(self.b))


Guard = Range | Divides | Equal


@dataclass(frozen=True)
class IntegerSet:
    """The points ``(variables)`` for which values of ``hidden`` exist that meet every guard."""

    variables: tuple[Symbol, ...]
    guards: tuple[Guard, ...]
    hidden: tuple[Symbol, ...] = ()

    @property
    def parameters(self) -> tuple[Symbol, ...]:
        """The symbols that are neither variables nor hidden, in order of their names."""
        found: set[Symbol] = set()
        for guard in self.guards:
            for e in guard.expressions:
                found |= e.free_symbols
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


def as_quotient(e: Expr) -> tuple[Expr, Expr]:
    """Return numerator and denominator of an expression, with a positive leading denominator."""
    numerator, denominator = fraction(together(sympify(e)))
    if denominator.is_negative:
        numerator, denominator = -numerator, -denominator
    return expand(numerator), denominator


def lower(e: Expr, algebra: Algebra) -> Any:
    """Build the value of an expression in another algebra; a fraction is its floor.

    Raises
    ------
    TypeError
        A function other than floor and ceiling.
    """
    numerator, denominator = as_quotient(e)
    above = algebra.add([_product(term, algebra) for term in Add.make_args(numerator)])
    return above if denominator == 1 else algebra.floor(above, lower(denominator, algebra))


def _product(term: Expr, algebra: Algebra) -> Any:
    return algebra.multiply([part for factor in Mul.make_args(term) for part in _power(factor, algebra)])


def _power(factor: Expr, algebra: Algebra) -> Iterable[Any]:
    base, exponent = factor.as_base_exp() if isinstance(factor, Pow) else (factor, Integer(1))
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
        raise TypeError(f"{factor}: neither a polynomial with integer coefficients nor a floor of one")
    for _ in range(int(exponent)):
        yield value
