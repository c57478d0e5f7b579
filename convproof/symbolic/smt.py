"""The same comparisons with stride and dilation as symbols too, by z3 (extra ``prove``).

Hidden variables are eliminated first, where an equation gives them as polynomials of the others; floors become
fresh integers q with ``d*q <= e < d*q + d``. What is left has no quantifier, and z3 decides it, or says that it
does not know: the theory (integers with products) is undecidable in general.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from sympy import Expr, Symbol, expand, floor

from convproof.errors import MissingDependency
from convproof.symbolic.guards import Divides, Equal, Guard, IntegerSet, Range, as_quotient, lower
from convproof.symbolic.relations import Witness

__all__ = ["Undecided", "available", "difference", "eliminate", "valid"]

_PATIENCE = 5_000  # milliseconds
_LARGEST_SUM = 40  # of the sizes of a counterexample


@dataclass(frozen=True)
class Undecided:
    """z3 could not be asked, or gave no answer."""

    reason: str


def available() -> bool:
    """Return whether z3 can be imported."""
    try:
        import z3  # noqa: F401
    except ImportError:
        return False
    return True


def difference(
    left: IntegerSet | Sequence[IntegerSet], right: IntegerSet | Sequence[IntegerSet], context: Iterable[Guard] = ()
) -> Witness | Undecided | None:
    """Return where two sets over the same variables differ, for any stride and dilation; None where they are equal.

    Where a side is a union of several sets, these have to be disjoint, so that no point is counted twice.

    Raises
    ------
    MissingDependency
        z3-solver is not installed.

    Examples
    --------
    >>> from sympy import symbols
    >>> i, r = symbols("i r", integer=True)
    >>> s = symbols("s", positive=True, integer=True)
    >>> multiples = IntegerSet((i,), (Equal(i, s * r),), hidden=(r,))
    >>> difference(multiples, IntegerSet((i,), (Divides(s, i),)))   # doctest: +SKIP
    """
    sides = _eliminated(left), _eliminated(right)
    sets = (*sides[0], *sides[1])
    if hidden := [h for one in sets for h in one.hidden]:
        return Undecided(f"no equation gives {hidden[0]} in terms of the other indices")
    return _difference(*_canonical(*sides, context)).named(sets)


def _eliminated(side: IntegerSet | Sequence[IntegerSet]) -> tuple[IntegerSet, ...]:
    return tuple(map(eliminate, (side,) if isinstance(side, IntegerSet) else side))


def valid(hypotheses: Iterable[Guard], claim: Iterable[Guard]) -> Witness | Undecided | None:
    """Return a counterexample to "the hypotheses imply the claim", over all integers; None where there is none."""
    left = IntegerSet((), tuple(hypotheses))
    right = IntegerSet((), (*left.guards, *claim))
    return difference(left, right)


def eliminate(one: IntegerSet) -> IntegerSet:
    """Remove hidden variables that an equation gives as a polynomial of the rest.

    Each is then a function of the other indices, so that no point is counted twice on its account.
    """
    guards, hidden = list(one.guards), list(one.hidden)
    progress = True
    while progress:
        progress = False
        for h in hidden:
            found = next(((g, v) for g in guards if isinstance(g, Equal) and (v := _solved(g, h)) is not None), None)
            if found:
                equation, value = found
                guards = [g.map(partial(_put, {h: value})) for g in guards if g is not equation]
                hidden.remove(h)
                progress = True
                break
    return IntegerSet(one.variables, tuple(guards), tuple(hidden))


def _put(values: Mapping[Symbol, Expr], e: Expr) -> Expr:
    return e.subs(values)


def _solved(equation: Equal, unknown: Symbol) -> Expr | None:
    """Return the value of `unknown` where the equation is linear in it with coefficient 1 or -1."""
    for one, other in ((equation.a, equation.b), (equation.b, equation.a)):
        if one == unknown and not other.has(unknown):
            return other if as_quotient(other)[1] == 1 else floor(other)
    if any(as_quotient(e)[1] != 1 for e in equation.expressions):
        return None  # a sum with a floor in it is not linear
    rest = expand(equation.a - equation.b).as_poly(unknown)
    if rest is None or rest.degree() != 1 or rest.LC() not in (1, -1):
        return None
    return expand(-rest.LC() * rest.TC())


class _Terms:
    """The algebra of z3; floors are collected as definitions."""

    def __init__(self, z3: Any) -> None:
        self.z3 = z3
        self.floors: list[Any] = []
        self.known: dict[Any, Any] = {}

    def integer(self, value: int) -> Any:
        return self.z3.IntVal(value)

    def symbol(self, symbol: Symbol) -> Any:
        return self.z3.Int(str(symbol))

    def add(self, terms: list[Any]) -> Any:
        return terms[0] if len(terms) == 1 else self.z3.Sum(terms)

    def multiply(self, factors: list[Any]) -> Any:
        product = factors[0]
        for factor in factors[1:]:
            product = product * factor
        return product

    def floor(self, numerator: Any, denominator: Any) -> Any:
        key = (numerator.sexpr(), denominator.sexpr())
        if key not in self.known:
            quotient = self.z3.Int(f"floor!{len(self.known)}")
            self.floors += [denominator * quotient <= numerator, numerator < denominator * quotient + denominator]
            self.known[key] = quotient
        return self.known[key]

    def guard(self, guard: Guard) -> Any:
        match guard:
            case Range(e, high, low):
                value = lower(e, self)
                ends = [] if low is None else [lower(low, self) <= value]
                return self.z3.And(*ends, *([] if high is None else [value < lower(high, self)]))
            case Divides(m, e):
                return lower(m, self) * lower(e / m, self) == lower(e, self)
            case Equal(a, b):
                return lower(a, self) == lower(b, self)


@dataclass(frozen=True)
class _Answer:
    """What z3 said of sets with canonical names."""

    kind: str  # "equal", "missing", "spurious", or why nothing is known
    values: tuple[tuple[str, int], ...] = ()

    def named(self, sets: Sequence[IntegerSet]) -> Witness | Undecided | None:
        if self.kind == "equal":
            return None
        if self.kind not in ("missing", "spurious"):
            return Undecided(self.kind)
        original = {new: str(old) for old, new in _names(sets).items()}
        values = {original[name]: value for name, value in self.values if name in original}
        point = {str(v): values.pop(str(v), 0) for v in sets[0].variables}
        return Witness(self.kind, dict(sorted(values.items())), point)


def _names(sets: Sequence[IntegerSet]) -> dict[Symbol, str]:
    """Name the symbols by their order of appearance, so that each axis asks the same question."""
    names: dict[Symbol, str] = {}
    for symbol in (*sets[0].variables, *(p for one in sets for p in one.parameters)):
        names.setdefault(symbol, f"u{len(names)}")
    return names


def _canonical(
    left: Sequence[IntegerSet], right: Sequence[IntegerSet], context: Iterable[Guard]
) -> tuple[Any, ...]:
    """Return the question with its symbols renamed, as the key of a cache."""
    sets = (*left, *right)
    names = _names(sets)
    renamed = {symbol: Symbol(name, **symbol.assumptions0) for symbol, name in names.items()}
    told = [g for g in context if all(e.free_symbols <= names.keys() for e in g.expressions)]
    change = lambda e: e.xreplace(renamed)  # noqa: E731
    renamed_sides = (tuple(tuple(g.map(change) for g in one.guards) for one in side) for side in (left, right))
    known = tuple(g.map(change) for g in told)
    signs = tuple((name, bool(symbol.is_positive), bool(symbol.is_nonnegative)) for symbol, name in names.items())
    return (*renamed_sides, known, signs, len(sets[0].variables))


@lru_cache(maxsize=4096)
def _difference(
    left: tuple[tuple[Guard, ...], ...],
    right: tuple[tuple[Guard, ...], ...],
    told: tuple[Guard, ...],
    signs: Any,
    count: int,
) -> _Answer:
    try:
        import z3
    except ImportError:
        reason = "proofs for any stride and dilation need z3: pip install 'convproof[prove]'"
        raise MissingDependency(reason) from None
    terms = _Terms(z3)
    sides = [[z3.And(*map(terms.guard, guards)) for guards in side] for side in (left, right)]
    a, b = (z3.Or(*side) for side in sides)
    sizes = [z3.Int(name) for name, _, nonnegative in signs[count:] if nonnegative]
    known = [*map(terms.guard, told), *terms.floors]
    known += [z3.Int(name) >= (1 if positive else 0) for name, positive, nonnegative in signs if nonnegative]
    for kind, extra in (("missing", z3.And(a, z3.Not(b))), ("spurious", z3.And(b, z3.Not(a)))):
        solver = z3.Solver()
        solver.set("timeout", _PATIENCE)
        solver.add(*known, extra)
        answer = solver.check()
        if answer == z3.unknown:
            return _Answer("z3 gave no answer within 5 s")
        if answer == z3.sat:
            return _Answer(kind, _smallest(z3, solver, sizes))
    return _Answer("equal" if _disjoint(z3, sides, known) else "a product may occur in two of the sums")


def _disjoint(z3: Any, sides: list[list[Any]], known: list[Any]) -> bool:
    """Return whether no two sets of one side share a point."""
    for one, other in (pair for side in sides for pair in itertools.combinations(side, 2)):
        solver = z3.Solver()
        solver.set("timeout", _PATIENCE)
        solver.add(*known, one, other)
        if solver.check() != z3.unsat:
            return False
    return True


def _smallest(z3: Any, solver: Any, sizes: list[Any]) -> tuple[tuple[str, int], ...]:
    """Return the model with the smallest sum of sizes that z3 finds."""
    model = solver.model()
    for bound in itertools.count(len(sizes)):
        if bound > _LARGEST_SUM or not sizes:
            break
        solver.push()
        solver.add(z3.Sum(sizes) <= bound)
        if solver.check() == z3.sat:
            model = solver.model()
            break
        solver.pop()
    return tuple((str(name), model[name].as_long()) for name in model.decls())
