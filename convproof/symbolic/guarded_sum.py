"""The expression type of a derivation: sums of products of tensor elements, under Iverson brackets.

::

    sum_{r, a} [0 <= s*r + d*a - p < n] [s*r + d*a - p = i]  dy(r) w(a)
        binders          guards: ranges, divisibility, deltas  factors

A `GuardedSum` has free indices (the left-hand side depends on them) and a tuple of terms. For concrete sizes it
is a family of polynomials in the elements of its tensors, which `GuardedSum.table` writes out exactly; for all
sizes it is a set of integer points, which `Term.points` gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

from sympy import Expr, Symbol, SympifyError, sympify

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad
from convproof.symbolic.guards import Equal, Guard, IntegerSet, Range

__all__ = ["Factor", "GuardedSum", "Index", "Term", "fresh", "inline", "renamed"]


@dataclass(frozen=True)
class Index:
    """An index with its range, ``0 <= symbol < size``; a size that is None stands for every integer."""

    symbol: Symbol
    size: Expr | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.symbol, Symbol):
            raise ArgumentTypeError(bad("symbol", self.symbol, "a symbol of SymPy"))
        if self.size is not None:
            object.__setattr__(self, "size", _expression("size", self.size))


@dataclass(frozen=True)
class Factor:
    """An element of a tensor, such as ``x(s*r + d*a - p)``."""

    tensor: str
    indices: tuple[Expr, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "indices", tuple(_expression("index", e) for e in self.indices))

    def map(self, change: Callable[[Expr], Expr]) -> Factor:
        return Factor(self.tensor, tuple(map(change, self.indices)))


def _expression(name: str, value: object) -> Expr:
    """Return a number as an expression."""
    if isinstance(value, Expr):
        return value
    try:
        found = sympify(value, strict=True)
    except SympifyError:
        found = None
    if not isinstance(found, Expr):
        raise ArgumentTypeError(bad(name, value, "an integer or an expression of SymPy"))
    return found


@dataclass(frozen=True)
class Term:
    """``coefficient * sum over binders of the guards times the factors``."""

    binders: tuple[Index, ...]
    guards: tuple[Guard, ...]
    factors: tuple[Factor, ...]
    coefficient: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.coefficient, bool) or not isinstance(self.coefficient, int):
            raise ArgumentTypeError(bad("coefficient", self.coefficient, "an integer"))

    def map(self, change: Callable[[Expr], Expr]) -> Term:
        """Change every expression in guards and factors, and the sizes of binders."""
        return replace(
            self,
            binders=tuple(Index(b.symbol, None if b.size is None else change(b.size)) for b in self.binders),
            guards=tuple(g.map(change) for g in self.guards),
            factors=tuple(f.map(change) for f in self.factors),
        )

    @property
    def tensors(self) -> tuple[str, ...]:
        return tuple(sorted(f.tensor for f in self.factors))

    def points(self, free: Iterable[Index]) -> IntegerSet:
        """Return the points (free indices, coordinates of the factors) of the products that are summed."""
        free = tuple(free)
        ranges = tuple(Range(index.symbol, index.size) for index in (*free, *self.binders) if index.size is not None)
        equations = tuple(Equal(c, e) for c, e in self.coordinates())
        variables = tuple(index.symbol for index in free) + tuple(c for c, _ in self.coordinates())
        return IntegerSet(variables, ranges + self.guards + equations, tuple(b.symbol for b in self.binders))

    def coordinates(self) -> tuple[tuple[Symbol, Expr], ...]:
        """Return a symbol for each coordinate of each factor, beside its value; factors in order of their names."""
        ordered = sorted(self.factors, key=lambda factor: factor.tensor)  # stable: equal names keep their order
        return tuple(
            (Symbol(f"{factor.tensor}@{number}.{place}", integer=True), e)
            for number, factor in enumerate(ordered)
            for place, e in enumerate(factor.indices)
        )


@dataclass(frozen=True)
class GuardedSum:
    """A family of polynomials, one for each value of the free indices.

    Attributes
    ----------
    free : tuple of Index
        What the left-hand side depends on.
    terms : tuple of Term
        Summands.
    """

    free: tuple[Index, ...]
    terms: tuple[Term, ...]

    def __post_init__(self) -> None:
        for term in (None, *self.terms):
            symbols = [index.symbol for index in (*self.free, *(term.binders if term else ()))]
            if twice := [symbol for symbol in symbols if symbols.count(symbol) > 1]:
                raise ArgumentValueError(bad("index", twice[0], "an index that is not in use, free or summed over"))

    def map(self, change: Callable[[Expr], Expr]) -> GuardedSum:
        free = tuple(Index(f.symbol, None if f.size is None else change(f.size)) for f in self.free)
        return GuardedSum(free, tuple(term.map(change) for term in self.terms))

    def substitute(self, values: Mapping[Symbol, object]) -> GuardedSum:
        """Put values in the place of parameters (not of indices)."""
        return self.map(lambda e: e.subs(values))

    @cached_property
    def indices(self) -> frozenset[Symbol]:
        """Every free index and binder."""
        return frozenset(i.symbol for i in (*self.free, *(b for term in self.terms for b in term.binders)))

    @cached_property
    def parameters(self) -> tuple[Symbol, ...]:
        """The symbols that are no indices: sizes, strides, paddings; in order of their names."""
        sized = (*self.free, *(b for term in self.terms for b in term.binders))
        found = {symbol for index in sized if index.size is not None for symbol in index.size.free_symbols}
        for term in self.terms:
            found |= {symbol for guard in term.guards for symbol in guard.symbols}
            found |= {symbol for factor in term.factors for e in factor.indices for symbol in e.free_symbols}
        return tuple(sorted(found - self.indices, key=str))

    @cached_property
    def arities(self) -> dict[str, frozenset[int]]:
        """With how many indices each tensor occurs."""
        found: dict[str, frozenset[int]] = {}
        for factor in (f for term in self.terms for f in term.factors):
            found[factor.tensor] = found.get(factor.tensor, frozenset()) | {len(factor.indices)}
        return found


def inline(sum_: GuardedSum, definitions: Mapping[str, GuardedSum]) -> GuardedSum:
    """Write every factor whose tensor is defined as its definition; such a tensor is zero outside its ranges."""
    if not any(factor.tensor in definitions for term in sum_.terms for factor in term.factors):
        return sum_
    terms = tuple(new for term in sum_.terms for new in _inline_one(term, sum_, definitions))
    return inline(GuardedSum(sum_.free, terms), definitions)


def _inline_one(term: Term, sum_: GuardedSum, definitions: Mapping[str, GuardedSum]) -> Iterable[Term]:
    """Expand the first defined factor of a term; one term for each term of the definition."""
    place = next((q for q, f in enumerate(term.factors) if f.tensor in definitions), None)
    if place is None:
        yield term
        return
    factor = term.factors[place]
    definition = definitions[factor.tensor]
    for inner in definition.terms:
        taken = sum_.indices | {*sum_.parameters, *definition.parameters}
        names = fresh([b.symbol for b in inner.binders], taken)
        values = dict(zip((f.symbol for f in definition.free), factor.indices, strict=True)) | names
        put = inner.map(partial(_put, values=values))
        known = {(index.symbol, index.size) for index in (*sum_.free, *term.binders)}
        inside = tuple(
            Range(e, index.size)
            for e, index in zip(factor.indices, definition.free, strict=True)
            if index.size is not None and (e, index.size) not in known
        )
        yield Term(
            term.binders + tuple(Index(names[b.symbol], b.size) for b in put.binders),
            term.guards + inside + put.guards,
            term.factors[:place] + put.factors + term.factors[place + 1 :],
            term.coefficient * inner.coefficient,
        )


def renamed(sum_: GuardedSum, taken: Iterable[Symbol]) -> GuardedSum:
    """Rename the bound indices that are among `taken`."""
    taken = frozenset(taken)
    terms = []
    for term in sum_.terms:
        captured = [b.symbol for b in term.binders if b.symbol in taken]
        names = fresh(captured, taken | sum_.indices | set(sum_.parameters))
        new = term.map(partial(_put, values=names))
        terms.append(replace(new, binders=tuple(Index(names.get(b.symbol, b.symbol), b.size) for b in new.binders)))
    return GuardedSum(sum_.free, tuple(terms))


def _put(e: Expr, values: Mapping[Symbol, Expr]) -> Expr:
    return e.subs(values, simultaneous=True)


def fresh(symbols: Iterable[Symbol], taken: frozenset[Symbol]) -> dict[Symbol, Symbol]:
    """Rename bound indices away from those in use, by primes."""
    names: dict[Symbol, Symbol] = {}
    used = {str(symbol) for symbol in taken}
    for symbol in symbols:
        name = str(symbol)
        while name in used:
            name += "'"
        used.add(name)
        names[symbol] = Symbol(name, **symbol.assumptions0)
    return names
