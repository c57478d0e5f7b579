"""Sets of integer points compared for all sizes, with isl, at given strides and dilations.

isl decides Presburger formulas: sizes, paddings and indices may be symbols, but no two symbols may be
multiplied. Strides and dilations therefore get numbers here; :mod:`smt` keeps them as symbols.

References
----------
S. Verdoolaege, *isl: An Integer Set Library for the Polyhedral Model*, ICMS 2010.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sympy import Symbol

from convproof.errors import MissingDependency
from convproof.symbolic.guards import Divides, Equal, Guard, IntegerSet, Range, lower

__all__ = ["STEPS", "Witness", "available", "difference", "repeated"]

#: Pairs of stride and dilation that isl is asked about: equal to and different from one another, coprime or not.
STEPS = ((1, 1), (2, 1), (1, 2), (2, 3), (3, 2), (4, 6))


@dataclass(frozen=True)
class Witness:
    """The smallest sizes at which two sets differ, and the point that tells them apart.

    Attributes
    ----------
    kind : {"missing", "spurious", "twice"}
        The point is in the first set only, in the second only, or is counted twice.
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

    Examples
    --------
    >>> from sympy import symbols
    >>> i, n = symbols("i n", integer=True)
    >>> print(difference([IntegerSet((i,), (Range(i, n),))], [IntegerSet((i,), (Range(i, n - 1),))]))
    at n=1: i=0 is missing
    """
    writer = _Writer([*left, *right], constants)
    texts = writer.union(left), writer.union(right), writer.context(context)
    found = _difference(*texts, len(writer.parameters))
    return None if found is None else writer.witness(*found)


def repeated(
    sets: Sequence[IntegerSet], kept: Sequence[Symbol], context: Iterable[Guard] = (), **constants: int
) -> Witness | None:
    """Return a point that two members of the sets share once only the variables `kept` are looked at.

    None says that each point of the projection comes from exactly one point of one set.
    """
    writer = _Writer(sets, constants)
    found = _repeated(writer.pairs(sets, kept), writer.context(context), len(writer.parameters))
    return None if found is None else writer.witness(*found, names=[str(v) for v in kept])


class NotAffine(Exception):
    """isl was asked about a product of two symbols."""


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

    def __init__(self, sets: Sequence[IntegerSet], constants: Mapping[str, int]) -> None:
        self.constants = dict(constants)
        known = {Symbol(name) for name in constants} | {
            symbol for one in sets for symbol in one.parameters if str(symbol) in constants
        }
        self.values = {symbol: constants[str(symbol)] for symbol in known}
        found = {symbol: None for one in sets for symbol in one.parameters if symbol not in known}
        self.parameters = list(found)
        self.variables = sets[0].variables
        inner = dict.fromkeys(symbol for one in sets for symbol in (*one.variables, *one.hidden))
        self.names = {symbol: f"p{q}" for q, symbol in enumerate(self.parameters)}
        self.names |= {symbol: f"v{q}" for q, symbol in enumerate(inner)}
        self.head = f"[{', '.join(self.names[p] for p in self.parameters)}] -> "

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

    def context(self, guards: Iterable[Guard]) -> str:
        """What is known of parameters that occur here; the rest says nothing."""
        here = {*self.parameters, *self.values}
        told = [self._guard(g) for g in guards if all(e.free_symbols <= here for e in g.expressions)]
        signs = [f"{self.names[p]} >= {1 if p.is_positive else 0}" for p in self.parameters if p.is_nonnegative]
        return self.head + "{ : " + (" and ".join([*signs, *told]) or "true") + " }"

    def _guard(self, guard: Guard) -> str:
        match guard:
            case Range(e, high, low):
                below = "" if low is None else f"{self._lower(low)} <= "
                above = "" if high is None else f" < {self._lower(high)}"
                return f"{below}{self._lower(e)}{above}"
            case Divides(m, e):
                divisor = self._lower(m).strip("()")
                if not divisor.isdigit():
                    raise NotAffine(f"{m} | {e}")
                return f"{self._lower(e)} mod {divisor} = 0"
            case Equal(a, b):
                return f"{self._lower(a)} = {self._lower(b)}"

    def _lower(self, e: Any) -> str:
        return lower(e.subs(self.values), _Text(self.names))

    def witness(self, kind: str, values: tuple[int, ...], names: Sequence[str] | None = None) -> Witness:
        count = len(self.parameters)
        sizes = dict(zip(map(str, self.parameters), values[:count], strict=True)) | self.constants
        point = dict(zip(names or [str(v) for v in self.variables], values[count:], strict=True))
        return Witness(kind, sizes, point)


def _isl() -> Any:
    try:
        import islpy
    except ImportError:
        reason = "proofs for all sizes need islpy: pip install islpy (it has no wheels for Windows)"
        raise MissingDependency(reason) from None
    return islpy


@lru_cache(maxsize=4096)
def _difference(left: str, right: str, context: str, parameters: int) -> tuple[str, tuple[int, ...]] | None:
    isl = _isl()
    known = isl.Set(context)
    a, b = (isl.Set(text).intersect_params(known) for text in (left, right))
    for kind, extra in (("missing", a.subtract(b)), ("spurious", b.subtract(a))):
        if not extra.is_empty():
            return kind, _smallest(extra, parameters)
    return None


@lru_cache(maxsize=4096)
def _repeated(maps: tuple[str, ...], context: str, parameters: int) -> tuple[str, tuple[int, ...]] | None:
    isl = _isl()
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
    return "twice", _smallest(twice, parameters)


def _before(isl: Any, one: Any) -> Any:
    """Return the pairs (y, y') of the range's space with y lexicographically before y', wrapped."""
    space = one.range().get_space()
    return isl.Map.lex_lt(space).wrap()


def _smallest(found: Any, parameters: int) -> tuple[int, ...]:
    """Return the parameters and the point with the smallest sum of parameters, then the first in order."""
    isl = _isl()
    flat = found.move_dims(isl.dim_type.set, 0, isl.dim_type.param, 0, parameters)
    names = [f"x{q}" for q in range(flat.dim(isl.dim_type.set))]
    total = " + ".join(names[:parameters]) or "0"
    weighed = isl.Map(f"{{ [{', '.join(names)}] -> [{', '.join([total, *names])}] }}")
    summed = flat.apply(weighed)
    for bound in (0, -4, -64):  # paddings may be negative without end; then the first point that is not too far off
        floor = " and ".join(f"{name} >= {bound}" for name in names) or "true"
        inside = summed.intersect(isl.Set(f"{{ [{', '.join(['t', *names])}] : {floor} }}"))
        if not inside.is_empty():
            summed = inside
            break
    try:
        point = summed.lexmin().sample_point()
    except isl.Error:
        point = summed.sample_point()
    return tuple(int(point.get_coordinate_val(isl.dim_type.set, q + 1).to_python()) for q in range(len(names)))
