"""What the standard libraries of C++ and Python do, as far as loop nests use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convproof.symbolic.nests.memory import Box, Closure, Element, Filled, Lanes, Pointer
from convproof.symbolic.nests.syntax import NotModelled

__all__ = ["FUNCTIONS", "METHODS"]


def _largest(walker: Any, *values: Any) -> Any:
    return walker.numbers.largest(values[0] if len(values) == 1 else values)


def _smallest(walker: Any, *values: Any) -> Any:
    return walker.numbers.smallest(values[0] if len(values) == 1 else values)


# ---------------------------------------------------------------------- C++: lists


def _push_back(walker: Any, values: Filled, value: Any) -> None:
    if walker.silent:
        return
    inside = len(walker.turns) - values.depth
    if inside == 0:
        _push_one(walker, values, value)
    elif inside == 1:
        values.append(walker.turns[-1], walker.ends[-1], walker.domain, value)
    else:
        raise NotModelled("a list that is filled by loops inside loops")


def _push_one(walker: Any, values: Filled, value: Any) -> None:
    """Append an element outside of all loops that are not unrolled."""
    place = values.turns or 0
    if not isinstance(place, int):
        raise NotModelled("a list that is filled by a loop and without one")
    values.counter = values.counter or walker.numbers.fresh("place")
    here = walker.numbers.symbol(values.counter).eq_set(walker.numbers.lift(place))
    where = walker.domain.intersect(here)
    values.value = value if not place else walker.merged([(values.where, values.value), (where, value)])
    values.where = where if not place else values.where.union(where)
    values.turns = place + 1


def _size(walker: Any, values: Filled) -> Any:
    """Return the number of places, of which some may hold nothing."""
    return 0 if values.where is None else values.turns


def _empty(walker: Any, values: Filled) -> Any:
    return walker.numbers.negate(values.somewhere(walker.numbers))


def _front(walker: Any, values: Filled) -> Any:
    return values.element(walker.numbers, values.end(walker.numbers, last=False))


def _back(walker: Any, values: Filled) -> Any:
    return values.element(walker.numbers, values.end(walker.numbers, last=True))


def _remove_if(walker: Any, begin: Filled, end: Filled, unwanted: Closure) -> Filled:
    """Return the list without the elements that `unwanted` holds of."""
    if begin is not end:
        raise NotModelled("a part of a list")
    before = walker.domain
    walker.domain = begin.where
    gone = walker.numbers.condition(walker.call(unwanted, [begin.value], {}, unwanted.frame)).coalesce()
    walker.domain = before
    return Filled(begin.counter, begin.turns, begin.where.subtract(gone).coalesce(), begin.value)


def _erase(walker: Any, values: Filled, kept: Filled, end: Filled) -> None:
    values.where, values.counter, values.value, values.turns = kept.where, kept.counter, kept.value, kept.turns


def _sort(walker: Any, begin: Filled, end: Filled) -> None:
    begin.ascending = True


def _unique(walker: Any, begin: Filled, end: Filled) -> Filled:
    """Return the list with each number once; only neighbours are compared, so it must have been sorted."""
    if not begin.ascending:
        raise NotModelled("std::unique of a list that is not sorted")
    return begin if begin.where is None else begin.sorted_once(walker.numbers)


def _fill(walker: Any, begin: Any, end: Any, value: Any) -> None:
    walker.visit(f"fill {begin.array}", begin.offset, end.offset)


# ---------------------------------------------------------------------- vectors


def _load(walker: Any, first: Pointer) -> Lanes:
    return _load_first(walker, first, walker.constants["V::lanes"])


def _load_first(walker: Any, first: Pointer, count: Any) -> Lanes:
    """Read the first lanes of a vector; memory of the others is not touched."""
    lanes = walker.numbers.smallest([count, walker.constants["V::lanes"]])
    with walker.every(0, lanes, "lane") as lane:
        walker.visit(f"read {first.array}", walker.numbers.add(first.offset, lane))
    return Lanes(first, 1, lanes)


def _even_lanes(walker: Any, a: Lanes, b: Lanes) -> Lanes:
    """Return every other lane of two vectors that were read from neighbouring places."""
    walker.hazard(
        "even lanes of vectors that are apart",
        walker.domain.subtract(
            walker.numbers.condition(
                walker.numbers.compare("eq", b.first.offset, walker.numbers.add(a.first.offset, a.count))
            )
        ),
    )
    return Lanes(a.first, 2, a.count)


def _store(walker: Any, value: Lanes, to: Pointer) -> None:
    _store_first(walker, value, to, value.count)


def _store_first(walker: Any, value: Lanes, to: Pointer, count: Any) -> None:
    _store_strided(walker, value, to, 1, count)


def _store_strided(walker: Any, value: Lanes, to: Pointer, stride: int, count: Any) -> None:
    """Write the first lanes of a vector, `stride` elements apart."""
    numbers = walker.numbers
    with walker.every(0, numbers.smallest([count, walker.constants["V::lanes"]]), "lane") as lane:
        source = numbers.add(value.first.offset, numbers.multiply(value.step, lane))
        place = numbers.add(to.offset, numbers.multiply(stride, lane))
        walker.visit(f"write {to.array}", place, Element(value.first.array, source))


# ---------------------------------------------------------------------- Python


def _range(walker: Any, *bounds: Any) -> Box:
    if len(bounds) > 2:
        raise NotModelled("a range with a step")
    low, high = bounds if len(bounds) == 2 else (0, bounds[0])
    return Box(((low, high),))


def _product(walker: Any, *boxes: Box) -> Box:
    return Box(tuple(pair for box in boxes for pair in box.ranges), product=True)


def _map(walker: Any, function: Callable, *values: Any) -> list[Any]:
    return [function(walker, *items) for items in zip(*values, strict=False)]


def _enumerate(walker: Any, values: list[Any]) -> list[list[Any]]:
    return [[place, value] for place, value in enumerate(values)]


def _tuple(walker: Any, values: list[Any]) -> list[Any]:
    return list(values)


def _append(walker: Any, values: list[Any], value: Any) -> None:
    values.append(value)


FUNCTIONS: dict[str, Callable] = {
    "max": _largest,
    "min": _smallest,
    "move": lambda walker, value: value,
    "remove_if": _remove_if,
    "sort": _sort,
    "unique": _unique,
    "fill": _fill,
    "V::load": _load,
    "V::load_first": _load_first,
    "even_lanes": _even_lanes,
    "range": _range,
    "product": _product,
    "map": _map,
    "enumerate": _enumerate,
    "tuple": _tuple,
}

METHODS: dict[tuple[type, str], Callable] = {
    (Filled, "push_back"): _push_back,
    (Filled, "size"): _size,
    (Filled, "empty"): _empty,
    (Filled, "front"): _front,
    (Filled, "back"): _back,
    (Filled, "begin"): lambda walker, values: values,
    (Filled, "end"): lambda walker, values: values,
    (Filled, "erase"): _erase,
    (Lanes, "store"): _store,
    (Lanes, "store_first"): _store_first,
    (Lanes, "store_strided"): _store_strided,
    (list, "append"): _append,
}
