"""The same comparisons with stride and dilation as symbols too, by z3 (extra ``prove``).

Hidden variables are eliminated first, where an equation gives them as polynomials of the others; floors become
fresh integers q with ``d*q <= e < d*q + d``. What is left has no quantifier, and z3 decides it, or says that it
does not know: the theory (integers with products) is undecidable in general.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial, reduce
from operator import mul
from typing import Any

from sympy import Expr, Symbol, expand, floor

from convproof.errors import ArgumentValueError, MissingDependency, bad
from convproof.symbolic.guards import Divides, Equal, Guard, IntegerSet, as_quotient, connected, lower
from convproof.symbolic.relations import Weighted, Witness

__all__ = ["Undecided", "available", "balance", "difference", "eliminate"]

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


def difference(left: IntegerSet, right: IntegerSet, context: Iterable[Guard] = ()) -> Witness | Undecided | None:
    """Return where two sets over the same variables differ, for any stride and dilation; None where they are equal.

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
    return balance([(1, left)], [(1, right)], context)


def balance(
    left: Sequence[Weighted], right: Sequence[Weighted], context: Iterable[Guard] = ()
) -> Witness | Undecided | None:
    """Return a point that counts differently in both sums of sets, or None where each point counts the same.

    A point counts the sum of the weights of the sets that hold it, and a set holds it once: that is so where the
    other indices determine the hidden ones (see `eliminate`), and undecided elsewhere.
    """
    before, after = ([(weight, eliminate(one)) for weight, one in side] for side in (left, right))
    sets = [one for _, one in (*before, *after)]
    if other := next((one for one in sets if one.variables != sets[0].variables), None):
        raise ArgumentValueError(bad("sets", other.variables, f"all over the variables {sets[0].variables}"))
    if hidden := [h for one in sets for h in one.hidden]:
        return Undecided(f"no equation gives {hidden[0]} in terms of the other indices")
    question, names = _canonical(before, after, context)
    return _named(_balance(*question), sets[0].variables, names) if sets else None


def eliminate(one: IntegerSet) -> IntegerSet:
    """Remove hidden variables that a linear equation gives in terms of the rest: ``c h + t = 0`` with c not zero.

    Each is then a function of the other indices, so that no point is counted twice on its account.
    """
    guards, hidden = list(one.guards), list(one.hidden)
    while solutions := [found for h in hidden for g in guards if (found := _solved(g, h))]:
        solved = min(
            solutions, key=lambda solution: solution.coefficient != 1
        )  # the first, where none needs a quotient
        guards = [g.map(partial(_put, {solved.unknown: solved.value})) for g in guards if g is not solved.equation]
        guards += solved.conditions
        hidden.remove(solved.unknown)
    return IntegerSet(one.variables, tuple(guards), tuple(hidden))


def _put(values: Mapping[Symbol, Expr], e: Expr) -> Expr:
    return e.subs(values)


@dataclass(frozen=True)
class _Solution:
    """An equation says that an unknown has a value, where that is an integer."""

    equation: Equal
    unknown: Symbol
    coefficient: Expr
    value: Expr
    conditions: tuple[Guard, ...]


def _solved(equation: Guard, unknown: Symbol) -> _Solution | None:
    if not isinstance(equation, Equal) or unknown not in equation.symbols:
        return None
    (above, below), (over, under) = as_quotient(equation.a), as_quotient(equation.b)
    linear = expand(above * under - over * below).as_poly(unknown)
    if linear is None or linear.degree() != 1:
        return None
    coefficient, rest = linear.all_coeffs()
    coefficient, rest = (-coefficient, -rest) if coefficient.is_negative else (coefficient, rest)
    if coefficient == 1:
        return _Solution(equation, unknown, coefficient, expand(-rest), ())
    if coefficient.is_positive:
        return _Solution(equation, unknown, coefficient, floor(-rest / coefficient), (Divides(coefficient, -rest),))
    return None


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
        return reduce(mul, factors)

    def floor(self, numerator: Any, denominator: Any) -> Any:
        key = (numerator.sexpr(), denominator.sexpr())
        if key not in self.known:
            quotient = self.z3.Int(f"floor!{len(self.known)}")
            below, above = denominator * quotient, denominator * quotient + denominator
            self.floors += [self.z3.Or(denominator <= 0, self.z3.And(below <= numerator, numerator < above))]
            self.known[key] = quotient
        return self.known[key]

    def guard(self, guard: Guard) -> Any:
        return self.z3.And(*(self._clause(*clause) for clause in guard.clauses))

    def _clause(self, relation: str, a: Expr, b: Expr) -> Any:
        left, right = lower(a, self), lower(b, self)
        match relation:
            case "<=":
                return left <= right
            case "<":
                return left < right
            case "=":
                return left == right
        return left * lower(b / a, self) == right


def _named(answer: _Answer, variables: tuple[Symbol, ...], names: Mapping[Symbol, str]) -> Witness | Undecided | None:
    """Put the symbols back in place of the canonical names."""
    if answer.kind == "equal":
        return None
    if answer.values is None:
        return Undecided(answer.kind)
    original = {new: str(old) for old, new in names.items()}
    values = {original[name]: value for name, value in answer.values if name in original}
    point = {str(v): values.pop(str(v), 0) for v in variables}
    return Witness(answer.kind, dict(sorted(values.items())), point)


@dataclass(frozen=True)
class _Answer:
    """What z3 said of sets with canonical names."""

    kind: str  # "equal", as in Witness, or why nothing is known
    values: tuple[tuple[str, int], ...] | None = None


_Sum = tuple[tuple[int, tuple[Guard, ...]], ...]


def _canonical(
    left: Sequence[Weighted], right: Sequence[Weighted], context: Iterable[Guard]
) -> tuple[tuple[_Sum, _Sum, tuple[Guard, ...], tuple[tuple[str, int | None], ...]], dict[Symbol, str]]:
    """Return the question with its symbols named by their order, as the key of a cache; and those names."""
    sets = [one for _, one in (*left, *right)]
    variables = sets[0].variables if sets else ()
    parameters = dict.fromkeys(p for one in sets for p in one.parameters)
    told = connected((guard for guard in context if not guard.symbols & set(variables)), parameters)
    parameters |= dict.fromkeys(sorted({s for guard in told for s in guard.symbols} - parameters.keys(), key=str))
    names = {symbol: f"u{number}" for number, symbol in enumerate((*variables, *parameters))}
    renamed = {symbol: Symbol(name, **symbol.assumptions0) for symbol, name in names.items()}

    def changed(guards: Iterable[Guard]) -> tuple[Guard, ...]:
        return tuple(guard.map(lambda e: e.xreplace(renamed)) for guard in guards)

    sums = tuple(tuple((weight, changed(one.guards)) for weight, one in side) for side in (left, right))
    signs = tuple((names[p], 1 if p.is_positive else 0 if p.is_nonnegative else None) for p in parameters)
    return (sums[0], sums[1], changed(told), signs), names


@lru_cache(maxsize=4096)
def _balance(left: _Sum, right: _Sum, told: tuple[Guard, ...], signs: tuple[tuple[str, int | None], ...]) -> _Answer:
    z3 = _z3()
    terms = _Terms(z3)
    before, after = (_count(z3, terms, side) for side in (left, right))
    known = [z3.Int(name) >= least for name, least in signs if least is not None]
    known += [*map(terms.guard, told), *terms.floors]
    sizes = [z3.Int(name) for name, least in signs if least is not None]
    solver = z3.Solver()
    solver.set("timeout", _PATIENCE)
    solver.add(*known, before != after)
    answer = solver.check()
    if answer == z3.unsat:
        return _Answer("equal")
    if answer == z3.unknown:
        return _Answer(f"z3 gave no answer within {_PATIENCE / 1000:g} s")
    model = _smallest(z3, solver, sizes)
    counts = [model.eval(count, model_completion=True).as_long() for count in (before, after)]
    kind = "missing" if counts[1] == 0 else "spurious" if counts[0] == 0 else "counted otherwise"
    return _Answer(kind, tuple((str(name), model[name].as_long()) for name in model.decls()))


def _count(z3: Any, terms: _Terms, side: _Sum) -> Any:
    """Return how often a point counts."""
    here = (z3.If(z3.And(*map(terms.guard, guards)), z3.IntVal(weight), z3.IntVal(0)) for weight, guards in side)
    return z3.Sum(z3.IntVal(0), *here)


def _z3() -> Any:
    try:
        import z3
    except ImportError:
        reason = "proofs for any stride and dilation need z3: pip install 'convproof[prove]'"
        raise MissingDependency(reason) from None
    return z3


def _smallest(z3: Any, solver: Any, sizes: list[Any]) -> Any:
    """Return the model with the smallest sum of sizes that z3 finds."""
    model = solver.model()
    for bound in range(len(sizes), _LARGEST_SUM if sizes else 0):
        solver.push()
        solver.add(z3.Sum(sizes) <= bound)
        answer = solver.check()
        if answer == z3.sat:
            return solver.model()
        solver.pop()
        if answer == z3.unknown:
            break
    return model
