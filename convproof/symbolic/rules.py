"""The rewriting rules of a derivation. Each looks at its side condition, and says so where it is not met.

A rule changes one guarded sum into an equal one. That the result is equal is not taken from here: every step is
checked again, by :mod:`step_checks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sympy import Expr, Symbol, expand

from convproof.errors import ConvproofError
from convproof.symbolic.guarded_sum import GuardedSum, Index, Term
from convproof.symbolic.guards import Divides, Equal, Guard, Range, as_quotient

__all__ = [
    "RuleError",
    "absorb",
    "add_guards",
    "bound",
    "differentiate",
    "drop",
    "each",
    "exchange",
    "reindex",
    "sift",
    "sift_all",
]


class RuleError(ConvproofError, ValueError):
    """The side condition of a rule is not met."""


def each(rule, sum_: GuardedSum, *args, **options) -> GuardedSum:
    """Apply a rule of terms to every term of a sum."""
    return GuardedSum(sum_.free, tuple(rule(term, sum_.free, *args, **options) for term in sum_.terms))


def differentiate(sum_: GuardedSum, tensor: str, by: Iterable[Index]) -> GuardedSum:
    """Return the derivative by ``tensor(by)``: each factor ``tensor(e)`` in turn becomes the delta of e and `by`.

    Side condition: the new indices are not in use, so that nothing is captured.
    """
    by = tuple(by)
    if captured := [index.symbol for index in by if index.symbol in sum_.indices]:
        raise RuleError(f"differentiate: index {captured[0]} is in use")
    terms = []
    for term in sum_.terms:
        for place, factor in enumerate(term.factors):
            if factor.tensor == tensor:
                deltas = tuple(Equal(e, index.symbol) for e, index in zip(factor.indices, by, strict=True))
                rest = term.factors[:place] + term.factors[place + 1 :]
                terms.append(replace(term, guards=term.guards + deltas, factors=rest))
    return GuardedSum(sum_.free + by, tuple(terms))


def absorb(term: Term, free: tuple[Index, ...]) -> Term:
    """Drop guards that a range or a delta implies.

    ``[0 <= e < n]`` beside ``[e = i]`` goes where i ranges over ``0 <= i < n``; so does what repeats the range of
    an index, and what is said twice.
    """
    ranges = {(index.symbol, index.size) for index in (*free, *term.binders)}
    deltas = [(g.a, g.b) for g in term.guards if isinstance(g, Equal)]

    def implied(guard: Guard) -> bool:
        if isinstance(guard, Equal):
            return expand(guard.a - guard.b) == 0
        if isinstance(guard, Divides):
            return guard.m == 1
        if guard.low != 0:
            return False
        known = [guard.e, *(b for a, b in deltas if expand(a - guard.e) == 0)]
        return any((e, guard.high) in ranges for e in known)

    kept = tuple(dict.fromkeys(guard for guard in term.guards if not implied(guard)))
    return replace(term, guards=kept)


def sift(term: Term, free: tuple[Index, ...], binder: Symbol) -> Term:
    """Carry out the sum over `binder` with a delta: one value of it is left, if it is an integer in range.

    ``sum_v [c*v + t = i] F(v) = [c | i - t] [0 <= (i - t)/c < size] F((i - t)/c)``

    Side condition: a delta is linear in the binder, with a coefficient that is 1, -1 or positive.
    """
    index = next((b for b in term.binders if b.symbol == binder), None)
    if index is None:
        raise RuleError(f"sift: {binder} is not summed over")
    delta, c, value = _solvable(term, binder)
    put = {binder: value}
    conditions: tuple[Guard, ...] = () if c == 1 else (Divides(c, expand(c * value)),)
    ranges = {(i.symbol, i.size) for i in free}
    if index.size is not None and (value, index.size) not in ranges:
        conditions += (Range(value, index.size),)
    rest = tuple(g.map(lambda e: _put(e, put)) for g in term.guards if g is not delta)
    return Term(
        tuple(b for b in term.binders if b.symbol != binder),
        rest + conditions,
        tuple(f.map(lambda e: _put(e, put)) for f in term.factors),
        term.coefficient,
    )


def _solvable(term: Term, binder: Symbol) -> tuple[Equal, Expr, Expr]:
    """Return a delta, the coefficient of the binder in it, and the value it gives the binder.

    Of several the plainest: without division where there is one, of as few symbols as there are.
    """
    found = []
    for guard in term.guards:
        if not isinstance(guard, Equal):
            continue
        linear = expand(guard.a - guard.b).as_poly(binder)
        if linear is None or linear.degree() != 1:
            continue
        c, t = linear.all_coeffs()
        c, t = (-c, -t) if c.could_extract_minus_sign() else (c, t)
        if c == 1 or c.is_positive:
            found.append((guard, c, expand(-t) if c == 1 else expand(-t) / c))
    if not found:
        raise RuleError(f"sift: no delta gives {binder}")
    return min(found, key=lambda solution: (solution[1] != 1, len(solution[2].free_symbols)))


def sift_all(term: Term, free: tuple[Index, ...], binders: Iterable[Symbol]) -> Term:
    """Sift several binders, one after the other."""
    for binder in binders:
        term = sift(term, free, binder)
    return term


def reindex(term: Term, free: tuple[Index, ...], old: Iterable[Symbol], new: Iterable[Index], values: Mapping) -> Term:
    """Change bound indices: each of `old` becomes its expression in `new`; its range becomes a guard.

    Side condition: the new names are not in use. That the change is one to one is left to the checks.
    """
    old, new = tuple(old), tuple(new)
    gone = {b.symbol: b for b in term.binders if b.symbol in old}
    if missing := [v for v in old if v not in gone]:
        raise RuleError(f"reindex: {missing[0]} is not summed over")
    used = {i.symbol for i in (*free, *term.binders)} - set(old)
    if captured := [index.symbol for index in new if index.symbol in used]:
        raise RuleError(f"reindex: index {captured[0]} is in use")
    ranges = tuple(Range(_put(values[v], {}), gone[v].size) for v in old if gone[v].size is not None)
    changed = tuple(g.map(lambda e: _put(e, values)) for g in term.guards)
    kept = [b for b in term.binders if b.symbol not in old]
    place = min(q for q, b in enumerate(term.binders) if b.symbol in old)
    binders = (*kept[:place], *new, *kept[place:])
    factors = tuple(f.map(lambda e: _put(e, values)) for f in term.factors)
    return Term(binders, ranges + changed, factors, term.coefficient)


def bound(term: Term, free: tuple[Index, ...], *binders: Symbol) -> Term:
    """Turn the guard ``[0 <= v < size]`` of an index that runs over every integer into its range.

    Side condition: there is such a guard.
    """
    guards = list(term.guards)
    changed = {}
    for v in binders:
        ranges = (g for g in guards if isinstance(g, Range) and g.e == v and g.low == 0 and g.high is not None)
        guard = next(ranges, None)
        if guard is None or not any(b.symbol == v and b.size is None for b in term.binders):
            raise RuleError(f"bound: no range of {v} among the guards, or it has one")
        guards.remove(guard)
        changed[v] = guard.high
    sized = tuple(Index(b.symbol, changed.get(b.symbol, b.size)) for b in term.binders)
    return replace(term, binders=sized, guards=tuple(guards))


def drop(term: Term, free: tuple[Index, ...], *guards: Guard) -> Term:
    """Leave out guards that the others and the hypotheses imply. Side condition: they are there."""
    for guard in guards:
        if guard not in term.guards:
            raise RuleError(f"drop: there is no guard {guard}")
    return replace(term, guards=tuple(g for g in term.guards if g not in guards))


def add_guards(term: Term, free: tuple[Index, ...], *guards: Guard) -> Term:
    """Write guards that the others imply, to have them at hand."""
    return replace(term, guards=term.guards + guards)


def exchange(term: Term, free: tuple[Index, ...], order: Iterable[Symbol]) -> Term:
    """Exchange finite sums: binders in another order. Side condition: the same binders."""
    by_symbol = {b.symbol: b for b in term.binders}
    order = tuple(order)
    if set(order) != set(by_symbol):
        raise RuleError(f"exchange: {', '.join(map(str, order))} are not the indices summed over")
    return replace(term, binders=tuple(by_symbol[v] for v in order))


def _put(e: Expr, values: Mapping[Symbol, Expr]) -> Expr:
    """Substitute, and multiply out unless the result is a quotient."""
    new = e.subs(values, simultaneous=True)
    return new if as_quotient(new)[1] != 1 else expand(new)
