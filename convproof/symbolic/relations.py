"""Sets of integer points compared for all sizes, with isl, at given strides and dilations.

isl decides Presburger formulas: sizes, paddings and indices may be symbols, but no two symbols may be
multiplied. Strides and dilations therefore get numbers here; :mod:`smt` keeps them as symbols.

References
----------
S. Verdoolaege, *isl: An Integer Set Library for the Polyhedral Model*, ICMS 2010.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any

from sympy import Expr, Integer, Symbol

from convproof.errors import ArgumentValueError, MissingDependency, bad
from convproof.symbolic.guards import Guard, IntegerSet, connected, lower

__all__ = ["STEPS", "NotAffine", "TooHard", "Weighted", "Witness", "available", "balance", "difference", "repeated"]

#: Pairs of stride and dilation that isl is asked about: equal to and different from one another, coprime or not.
STEPS = ((1, 1), (2, 1), (1, 2), (2, 3), (3, 2), (4, 6))

#: A set whose points count a number of times.
Weighted = tuple[int, IntegerSet]

_MOST_OPERATIONS = 20_000_000  # of isl, some ten seconds


@dataclass(frozen=True)
class Witness:
    """The smallest sizes at which two sets differ, and the point that tells them apart.

    Attributes
    ----------
    kind : {"missing", "spurious", "counted otherwise", "twice", "no integer"}
        The point is in the first set only, in the second only, counts differently in both, is reached twice in one
        set, or an index of its elements is a fraction.
    sizes, point : mapping of str to int
        Values of the parameters (strides and dilations among them) and of the variables.
    """

    kind: str
    sizes: Mapping[str, int]
    point: Mapping[str, int]

    def __str__(self) -> str:
        sizes = ", ".join(f"{name}={value}" for name, value in self.sizes.items()) or "all sizes"
        return f"at {sizes}: {_said(self.point)} is {self.kind}"


def _said(point: Mapping[str, int]) -> str:
    """Write a point: its indices, then the elements whose coordinates ``x@0.0, x@0.1`` are, as x(2, 3)."""
    indices = ", ".join(f"{name}={value}" for name, value in point.items() if "@" not in name)
    elements: dict[str, list[str]] = {}
    for name, value in point.items():
        if "@" in name:
            elements.setdefault(name.rpartition(".")[0], []).append(str(value))
    product = " ".join(f"{name.partition('@')[0]}({', '.join(place)})" for name, place in elements.items())
    return ": ".join(part for part in (indices, product) if part) or "the single point"


def available() -> bool:
    """Return whether islpy can be imported (it has no wheels for Windows)."""
    try:
        import islpy  # noqa: F401
    except ImportError:
        return False
    return True


def difference(
    left: Sequence[IntegerSet], right: Sequence[IntegerSet], context: Iterable[Guard] = (), **constants: int
) -> Witness | None:
    """Return where the union of `left` differs from the union of `right`, or None where they are equal.

    Parameters
    ----------
    left, right : sequence of IntegerSet
        Over the same variables, in the same order.
    context : iterable of Guard
        What is known of the parameters, such as ``n >= 1``.
    **constants : int
        Numbers for parameters, by name.

    Raises
    ------
    MissingDependency
        islpy is not installed.
    NotAffine
        Two symbols are multiplied that have no numbers.
    TooHard
        isl gave up.

    Examples
    --------
    >>> from sympy import symbols
    >>> from convproof.symbolic.guards import Range
    >>> i, n = symbols("i n", integer=True)
    >>> print(difference([IntegerSet((i,), (Range(i, n),))], [IntegerSet((i,), (Range(i, n - 1),))]))
    at n=1: i=0 is missing
    """
    writer = _Writer([*left, *right], context, constants)
    found = _difference(writer.union(left), writer.union(right), writer.context, len(writer.parameters))
    return None if found is None else writer.witness(*found)


def balance(
    left: Sequence[Weighted], right: Sequence[Weighted], context: Iterable[Guard] = (), **constants: int
) -> Witness | None:
    """Return a point that counts differently in both sums of sets, or None where each point counts the same.

    A point counts the sum of the weights of the sets that hold it; a set holds it once (see `repeated`). Parameters,
    exceptions and the rest are those of `difference`.

    Examples
    --------
    >>> from sympy import symbols
    >>> from convproof.symbolic.guards import Range
    >>> i, n = symbols("i n", integer=True)
    >>> whole, tail = IntegerSet((i,), (Range(i, n),)), IntegerSet((i,), (Range(i, n, n - 1), Range(i)))
    >>> balance([(2, whole)], [(1, whole), (1, whole)]) is None
    True
    >>> print(balance([(1, whole)], [(1, whole), (1, tail)]))
    at n=1: i=0 is counted otherwise
    """
    writer = _Writer([one for _, one in (*left, *right)], context, constants)
    sides = tuple(tuple((weight, writer.union([one])) for weight, one in side) for side in (left, right))
    found = _balance(*sides, writer.context, len(writer.parameters))
    return None if found is None else writer.witness(*found)


def repeated(
    sets: Sequence[IntegerSet], kept: Sequence[Symbol], context: Iterable[Guard] = (), **constants: int
) -> Witness | None:
    """Return a point that two members of the sets share once only the variables `kept` are looked at.

    None says that each point of the projection comes from exactly one point of one set.
    """
    writer = _Writer(sets, context, constants)
    found = _repeated(writer.pairs(sets, kept), writer.context, len(writer.parameters))
    return None if found is None else writer.witness(*found, names=[str(v) for v in kept])


class NotAffine(Exception):
    """isl was asked about a product of two symbols."""


class TooHard(Exception):
    """isl gave no answer, within the operations that it is allowed."""


class _Text:
    """The algebra of isl's own notation."""

    def __init__(self, names: Mapping[Symbol, str]) -> None:
        self.names = names

    def integer(self, value: int) -> str:
        return str(value)

    def symbol(self, symbol: Symbol) -> str:
        return self.names[symbol]

    def add(self, terms: list[str]) -> str:
        return f"({' + '.join(terms)})"

    def multiply(self, factors: list[str]) -> str:
        numbers = [f for f in factors if f.lstrip("-").isdigit()]
        if len(factors) - len(numbers) > 1:
            raise NotAffine(" * ".join(factors))
        return "*".join([*numbers, *(f for f in factors if f not in numbers)])

    def floor(self, numerator: str, denominator: str) -> str:
        divisor = denominator.strip("()")
        if not divisor.isdigit():
            raise NotAffine(f"{numerator} / {denominator}")
        return f"floor({numerator}/{divisor})"


class _Writer:
    """Writes sets over the same variables in isl's notation, with names by order: equal questions are equal texts."""

    def __init__(self, sets: Sequence[IntegerSet], context: Iterable[Guard], constants: Mapping[str, int]) -> None:
        self.variables = sets[0].variables if sets else ()
        if other := next((one for one in sets if one.variables != self.variables), None):
            raise ArgumentValueError(bad("sets", other.variables, f"all over the variables {self.variables}"))
        self.constants = dict(constants)
        inner = dict.fromkeys(symbol for one in sets for symbol in (*one.variables, *one.hidden))
        found = dict.fromkeys(symbol for one in sets for symbol in one.parameters)
        told = connected((guard for guard in context if not guard.symbols & inner.keys()), found)
        found |= dict.fromkeys(sorted({s for guard in told for s in guard.symbols} - found.keys(), key=str))
        self.values = {symbol: Integer(constants[str(symbol)]) for symbol in found if str(symbol) in constants}
        self.parameters = [symbol for symbol in found if symbol not in self.values]
        self.names = {symbol: f"p{q}" for q, symbol in enumerate(self.parameters)}
        self.names |= {symbol: f"v{q}" for q, symbol in enumerate(inner)}
        self.head = f"[{', '.join(self.names[p] for p in self.parameters)}] -> "
        self.context = self._known(told)

    def union(self, sets: Sequence[IntegerSet]) -> str:
        point = f"[{', '.join(self.names[v] for v in self.variables)}]"
        bodies = [self._body(one.guards, one.hidden) for one in sets] or ["false"]
        return self.head + "{ " + "; ".join(f"{point} : {body}" for body in bodies) + " }"

    def _body(self, guards: Iterable[Guard], hidden: Sequence[Symbol]) -> str:
        conditions = " and ".join(f"({self._guard(guard)})" for guard in guards) or "true"
        return f"exists {', '.join(self.names[h] for h in hidden)} : {conditions}" if hidden else conditions

    def pairs(self, sets: Sequence[IntegerSet], kept: Sequence[Symbol]) -> tuple[str, ...]:
        """Each set as a map from what is kept to (number of the set, everything else)."""
        maps = []
        for number, one in enumerate(sets):
            rest = [v for v in (*one.variables, *one.hidden) if v not in kept]
            into = ", ".join([str(number), *(self.names[v] for v in rest)])
            source = ", ".join(self.names[v] for v in kept)
            maps.append(f"{self.head}{{ [{source}] -> [{into}] : {self._body(one.guards, ())} }}")
        return tuple(maps)

    def _known(self, told: Iterable[Guard]) -> str:
        signs = [f"{self.names[p]} >= {1 if p.is_positive else 0}" for p in self.parameters if p.is_nonnegative]
        return self.head + "{ : " + (" and ".join([*signs, *map(self._guard, told)]) or "true") + " }"

    def _guard(self, guard: Guard) -> str:
        clauses = guard.map(lambda e: e.xreplace(self.values)).clauses
        return " and ".join(self._clause(*clause) for clause in clauses) or "true"

    def _clause(self, relation: str, a: Expr, b: Expr) -> str:
        if relation != "|":
            return f"{self._lower(a)} {relation} {self._lower(b)}"
        if not a.is_Integer:
            raise NotAffine(f"{a} | {b}")
        return f"{self._lower(b)} mod {a} = 0"

    def _lower(self, e: Expr) -> str:
        return lower(e, _Text(self.names))

    def witness(self, kind: str, values: tuple[int, ...], names: Sequence[str] | None = None) -> Witness:
        count = len(self.parameters)
        sizes = dict(zip(map(str, self.parameters), values[:count], strict=True)) | self.constants
        point = dict(zip(names or [str(v) for v in self.variables], values[count:], strict=True))
        return Witness(kind, dict(sorted(sizes.items())), point)


_Found = tuple[str, tuple[int, ...]] | None
_Sum = tuple[tuple[int, str], ...]


def _isl() -> Any:
    try:
        import islpy
    except ImportError:
        reason = "proofs for all sizes need islpy: pip install islpy (it has no wheels for Windows)"
        raise MissingDependency(reason) from None
    return islpy


def _limited(decide: Callable[..., _Found]) -> Callable[..., _Found]:
    """Remember the answers of isl, and stop it after a number of operations."""

    @lru_cache(maxsize=4096)
    @wraps(decide)
    def limited(*question: Any) -> _Found:
        isl = _isl()
        context = isl.DEFAULT_CONTEXT
        context.reset_operations()
        context.set_max_operations(_MOST_OPERATIONS)
        try:
            return decide(isl, *question)
        except isl.Error as error:  # mostly because the operations are used up
            raise TooHard(f"isl gave up: {error}") from None
        finally:
            context.reset_operations()
            context.set_max_operations(0)

    return limited


@_limited
def _difference(isl: Any, left: str, right: str, context: str, parameters: int) -> _Found:
    a, b = (_set(isl, text, context) for text in (left, right))
    for kind, extra in (("missing", a.subtract(b)), ("spurious", b.subtract(a))):
        if not extra.is_empty():
            return kind, _smallest(isl, extra, parameters)
    return None


@_limited
def _balance(isl: Any, left: _Sum, right: _Sum, context: str, parameters: int) -> _Found:
    """Cut space into cells whose points are in the same sets, and look for one that does not count the same."""
    cells: list[tuple[Any, int, int]] = []
    for weight, text, side in [(*one, 0) for one in left] + [(*one, 1) for one in right]:
        new = _set(isl, text, context)
        rest, refined = new, []
        for cell, before, after in cells:
            counted = (before + weight, after) if side == 0 else (before, after + weight)
            refined += [(cell.intersect(new), *counted), (cell.subtract(new), before, after)]
            rest = rest.subtract(cell)
        refined.append((rest, weight, 0) if side == 0 else (rest, 0, weight))
        cells = [part for part in refined if not part[0].is_empty()]
    for cell, before, after in cells:
        if before != after:
            kind = "missing" if after == 0 else "spurious" if before == 0 else "counted otherwise"
            return kind, _smallest(isl, cell, parameters)
    return None


@_limited
def _repeated(isl: Any, maps: tuple[str, ...], context: str, parameters: int) -> _Found:
    known = isl.Set(context)
    spaces = [isl.Map(text).intersect_params(known) for text in maps]
    twice = None
    for q, one in enumerate(spaces):
        for other in spaces[q + 1 :]:
            shared = one.domain().intersect(other.domain())
            twice = shared if twice is None else twice.union(shared)
        if not one.is_single_valued():
            # points with two images: the domain of {x -> (y, y')} with y lexicographically before y'
            both = one.range_product(one).intersect_range(_before(isl, one))
            twice = both.domain() if twice is None else twice.union(both.domain())
    if twice is None or twice.is_empty():
        return None
    return "twice", _smallest(isl, twice, parameters)


def _set(isl: Any, text: str, context: str) -> Any:
    return isl.Set(text).intersect_params(isl.Set(context))


def _before(isl: Any, one: Any) -> Any:
    """Return the pairs (y, y') of the range's space with y lexicographically before y', wrapped."""
    space = one.range().get_space()
    return isl.Map.lex_lt(space).wrap()


def _smallest(isl: Any, found: Any, parameters: int) -> tuple[int, ...]:
    """Return the parameters and the point with the smallest sum of parameters, then the first in order."""
    flat = found.move_dims(isl.dim_type.set, 0, isl.dim_type.param, 0, parameters)
    names = [f"x{q}" for q in range(flat.dim(isl.dim_type.set))]
    total = " + ".join(names[:parameters]) or "0"
    weighed = isl.Map(f"{{ [{', '.join(names)}] -> [{', '.join([total, *names])}] }}")
    summed = flat.apply(weighed)
    for bound in (
        0,
        -1,
        -2,
        -4,
        -64,
    ):  # paddings may be negative without end; then the first point that is not too far off
        floor = " and ".join(f"{name} >= {bound}" for name in names) or "true"
        inside = summed.intersect(isl.Set(f"{{ [{', '.join(['t', *names])}] : {floor} }}"))
        if not inside.is_empty():
            summed = inside
            break
    point = _sampled(isl, summed.lexmin) or _sampled(isl, lambda: summed)
    if point is None:
        raise TooHard("isl named no point of a set that is not empty")
    return tuple(int(point.get_coordinate_val(isl.dim_type.set, q + 1).to_python()) for q in range(len(names)))


def _sampled(isl: Any, chosen: Callable[[], Any]) -> Any:
    """Return a point of a set; None where isl cannot, as of the first of points that have no first."""
    try:
        point = chosen().sample_point()
    except isl.Error:
        return None
    return None if point.is_void() else point
