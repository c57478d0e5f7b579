"""What variables of a loop nest hold besides numbers: records, pointers, and lists that loops have filled."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convproof.symbolic.nests.numbers import Numbers
from convproof.symbolic.nests.syntax import Function, NotModelled

if TYPE_CHECKING:
    import islpy as isl

__all__ = [
    "Bound",
    "Box",
    "Cases",
    "Closure",
    "Element",
    "Filled",
    "Lanes",
    "Pointer",
    "Record",
    "replaced",
    "substituted",
]


@dataclass
class Record:
    """An object: its class and its fields."""

    kind: str
    fields: dict[str, Any] = field(default_factory=dict)

    def copy(self) -> Record:
        """Return another object with the same fields."""
        fields = {name: value.copy() if isinstance(value, Record) else value for name, value in self.fields.items()}
        return Record(self.kind, fields)


@dataclass(frozen=True)
class Pointer:
    """An element of an array, counted from its first."""

    array: str
    offset: Any


@dataclass(frozen=True)
class Element:
    """What was read from an array: known by where it stood."""

    array: str
    offset: Any


@dataclass(frozen=True)
class Lanes:
    """A vector read from an array: from its first element on, every `step`-th of `count`."""

    first: Pointer
    step: int
    count: Any


@dataclass(frozen=True)
class Cases:
    """A value that is one thing here and another there."""

    cases: tuple[tuple[Any, Any], ...]


@dataclass(frozen=True)
class Box:
    """Python's ``range``, or a product of several."""

    ranges: tuple[tuple[Any, Any], ...]
    product: bool = False


@dataclass(frozen=True)
class Closure:
    """A lambda with the variables it sees."""

    parameters: list[str]
    body: list[ast.stmt]
    frame: Any


@dataclass(frozen=True)
class Bound:
    """A function of an object, or one known by its name alone."""

    function: Function
    this: Any = None


@dataclass
class Filled:
    """A list filled by a loop.

    Its elements are known by the turn of the loop that appended them, and so are their places: a place at
    which the loop appended nothing does not exist, and what is done there is not done. `depth` is the
    number of loops around the list itself.
    """

    counter: str = ""
    turns: Any = None
    where: Any = None
    value: Any = None
    ascending: bool = False
    depth: int = 0

    def append(self, counter: str, turns: Any, where: isl.Set, value: Any) -> None:
        """Note what the loop with this counter appends, and where."""
        if self.where is not None:
            raise NotModelled("a list that is filled at two places")
        self.counter, self.turns, self.where, self.value = counter, turns, where, value

    def somewhere(self, numbers: Numbers) -> Any:
        """Tell where the list has an element at all."""
        return False if self.where is None else _without(numbers, self.where, [self.counter])

    def exists(self, numbers: Numbers, place: Any) -> isl.Set:
        """Tell where there is an element at this place."""
        if self.where is None:
            return numbers.nothing
        return substituted(numbers, self.where, self.counter, place)

    def element(self, numbers: Numbers, place: Any) -> Any:
        """Return the element at this place."""
        if self.where is None:
            raise NotModelled("an element of an empty list")
        return replaced(self.value, lambda value: _replaced_number(numbers, value, self.counter, place))

    def length(self, numbers: Numbers, where: isl.Set) -> Any:
        """Return the number of elements where every turn of the loop has appended one; None where some have not."""
        if self.where is None:
            return 0
        turn = numbers.symbol(self.counter)
        if self.turns is None:
            return None
        every = where.intersect(turn.ge_set(numbers.lift(0))).intersect(turn.lt_set(numbers.lift(self.turns)))
        return self.turns if every.is_subset(self.where) else None

    def end(self, numbers: Numbers, *, last: bool) -> Any:
        """Return the first or last place."""
        param = numbers.isl.dim_type.param
        places = self.where
        at = places.find_dim_by_name(param, self.counter)
        places = places.move_dims(numbers.isl.dim_type.set, 0, param, at, 1)
        found = places.lexmax_pw_multi_aff() if last else places.lexmin_pw_multi_aff()
        return found.get_pw_aff(0)

    def sorted_once(self, numbers: Numbers) -> Filled:
        """Return the list with its numbers in ascending order, each once: an element is its own place."""
        name = numbers.fresh("value")
        same = self.where.intersect(numbers.symbol(name).eq_set(numbers.lift(self.value)))
        return Filled(name, None, _without(numbers, same, [self.counter]), numbers.symbol(name))


def replaced(value: Any, change: Callable[[Any], Any]) -> Any:
    """Apply `change` to the numbers in a value."""
    if isinstance(value, Record):
        return Record(value.kind, {name: replaced(item, change) for name, item in value.fields.items()})
    if isinstance(value, Pointer):
        return Pointer(value.array, change(value.offset))
    return change(value)


def _without(numbers: Numbers, where: isl.Set, names: list[str]) -> isl.Set:
    """Return where some value of these symbols makes it hold."""
    param = numbers.isl.dim_type.param
    for name in names:
        at = where.find_dim_by_name(param, name)
        if at >= 0:
            where = where.project_out(param, at, 1)
    return where


def substituted(numbers: Numbers, where: isl.Set, name: str, value: Any) -> isl.Set:
    """Return a set with a value put for one of its symbols."""
    if _is_symbol(numbers, value, name):
        return where
    between = numbers.fresh("at")  # the value may itself depend on the symbol
    numbers.refuse_hidden(where, name)
    symbol, step = numbers.symbol(name), numbers.symbol(between)
    moved = _without(numbers, _where(where, symbol.eq_set(step)), [name])
    return _without(numbers, _where(moved, step.eq_set(numbers.lift(value))), [between]).coalesce()


def _where(a: isl.Set, condition: isl.Set) -> isl.Set:
    """Return the part of a set, of symbols or of points, at which a condition on symbols holds."""
    return a.intersect(condition) if a.is_params() else a.intersect_params(condition)


def _replaced_number(numbers: Numbers, number: Any, name: str, value: Any) -> Any:
    if isinstance(number, (int, str, type(None))) or not numbers.depends(number, name):
        return number
    form = numbers.form(number)
    if form is not None:
        total: Any = 0
        for symbol, factor in form.items():
            total = numbers.add(total, numbers.multiply(factor, numbers.product_with(symbol, name, value)))
        return total
    graph = numbers.isl.Set.from_pw_aff(number)
    return substituted(numbers, graph, name, value).lexmin_pw_multi_aff().get_pw_aff(0)


def _is_symbol(numbers: Numbers, value: Any, name: str) -> bool:
    return not isinstance(value, int) and value.plain_is_equal(numbers.symbol(name))
