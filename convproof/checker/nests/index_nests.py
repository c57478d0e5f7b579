"""Nests that copy by index: what other padding modes put around an input, and the columns of the dot kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from convproof.checker.nests.nest import Nest, array
from convproof.symbolic.nests.claims import Trial
from convproof.symbolic.nests.memory import Element, Filled, Record
from convproof.symbolic.nests.walk import Event, Walker

__all__ = ["NESTS"]

_ROW_MAJOR = "row-major offsets are distinct and inside the array where every index is inside its extent"


def _row_major(trial: Trial, indices: Sequence[Any], extents: Sequence[Any]) -> Any:
    """Return the offset of an element of an array: ((i0*n1 + i1)*n2 + i2)..."""
    offset: Any = indices[0]
    for index, extent in zip(indices[1:], extents[1:], strict=True):
        offset = trial.numbers.add(trial.numbers.multiply(offset, extent), index)
    return offset


def _padding(gathers: bool) -> Callable[[Trial], None]:
    """Return the check of the copy into the padded array, or of the sum back from it."""

    def check(trial: Trial) -> None:
        numbers = trial.numbers
        n, padded = ([trial.size(f"{name}{axis}") for axis in range(3)] for name in ("n", "p"))
        found: dict[tuple[int, str], Any] = {}

        def map_of(axis: int) -> Callable[[Walker, Any], Any]:
            """Return an index map of which only `maps_are_sound` is known."""

            def look_up(walker: Walker, index: Any) -> Any:
                trial.always("a map read beyond its end", walker.domain, _within(trial, index, padded[axis]))
                key = (axis, str(index))
                if key not in found:
                    found[key] = numbers.symbol(numbers.fresh(f"map{axis}"))
                    walker.domain = walker.domain.intersect(numbers.condition(_within(trial, found[key], n[axis], -1)))
                return found[key]

            return look_up

        walker = trial.walker(_PARALLEL)
        maps = Record("IndexMaps", {"outer": trial.size("planes"), "n": n, "padded": padded})
        maps.fields["map"] = [map_of(axis) for axis in range(3)]
        names = ("pad_gather", "x", "padded") if gathers else ("pad_scatter_add", "padded", "x")
        walker.run(trial.function(names[0]), [maps, *map(array, names[1:]), 1])
        label = "write padded" if gathers else "add x"
        events = [event for event in walker.events if event.label == label]
        looked_up = [value for _, value in sorted(found.items(), key=lambda item: item[0][0])]
        _copied(trial, events, gathers, looked_up, n, padded)
        if not gathers:
            _filled(trial, [event for event in walker.events if event.label == "fill x"], n)

    return check


def _copied(trial: Trial, events: list[Event], gathers: bool, maps: list[Any], n: list[Any], padded: list[Any]) -> None:
    numbers = trial.numbers
    inside: Any = True
    for value in maps:
        inside = numbers.both(inside, numbers.compare("ge", value, 0))
    reached = numbers.nothing
    for event in events:
        place = [numbers.symbol(turn) for turn in event.turns]
        ours = _row_major(trial, place, [trial.size("planes"), *padded])
        theirs = _row_major(trial, [place[0], *maps], [trial.size("planes"), *n])
        to, value = event.values
        reached = reached.union(event.where)
        if isinstance(value, Element):
            pairs = ((to, ours), (value.offset, theirs)) if gathers else ((to, theirs), (value.offset, ours))
            for offset, wanted in pairs:
                trial.always("another element", event.where, numbers.compare("eq", offset, wanted))
            trial.always("an element from nowhere", event.where, inside)
        else:
            trial.always("another zero", event.where, numbers.compare("eq", to, ours))
            trial.never("a zero for an element", event.where.intersect(numbers.condition(inside)))
    if not events:
        return trial.never("nothing is copied", trial.context)
    everywhere = trial.context
    for turn, extent in zip(events[0].turns, [trial.size("planes"), *padded], strict=True):
        everywhere = everywhere.intersect(numbers.condition(_within(trial, numbers.symbol(turn), extent)))
    for value, extent in zip(maps, n, strict=True):
        everywhere = everywhere.intersect(numbers.condition(_within(trial, value, extent, -1)))
    wanted = everywhere if gathers else everywhere.intersect(numbers.condition(inside))
    return trial.never("left out", wanted.subtract(reached))


def _filled(trial: Trial, events: list[Event], n: list[Any]) -> None:
    """Every plane is set to zero as a whole before anything is added to it."""
    numbers = trial.numbers
    (event,) = events
    plane = numbers.symbol(event.turns[0])
    extents = [trial.size("planes"), *n]
    first = _row_major(trial, [plane, 0, 0, 0], extents)
    beyond = _row_major(trial, [numbers.add(plane, 1), 0, 0, 0], extents)
    for offset, wanted in zip(event.values, (first, beyond), strict=True):
        trial.always("another plane set to zero", event.where, numbers.compare("eq", offset, wanted))
    trial.counts("plane", event, plane, trial.size("planes"))


def _within(trial: Trial, value: Any, end: Any, low: int = 0) -> Any:
    numbers = trial.numbers
    return numbers.both(numbers.compare("ge", value, low), numbers.compare("lt", value, end))


def _run_parallel(walker: Walker, threads: Any, body: Any) -> None:
    """Run the tasks of a region one after the other: they share no outputs."""

    def loop(walker: Walker, count: Any, task: Any) -> None:
        with walker.every(0, count, "task") as i:
            walker.call(task, [i], {}, task.frame)

    walker.call(body, [loop], {}, body.frame)


_PARALLEL: dict[str, Callable[..., Any]] = {
    "run_parallel": _run_parallel,
    "useful_threads": lambda walker, threads, work: 1,
}


# ---------------------------------------------------------------------- columns of the dot kernel


def _gather(trial: Trial) -> None:
    """Term (channel, taps) of a column is the input that the taps read, or zero outside."""
    numbers = trial.numbers
    names = ("r0", "r1", "r2")
    extents = [trial.size(f"n{axis}") for axis in range(3)]
    taps = [trial.size(f"k{axis}") for axis in range(3)]
    axes = [_full_axis(trial, axis, extents[axis], taps[axis]) for axis in range(3)]
    channels = trial.size("channels")
    walker = trial.walker()
    this = Record("DotJob", {"c_": Record("Correlation", {"axis": axes, "in_channels": channels})})
    outputs = [trial.size(name) for name in names]
    walker.run(trial.function("DotJob::gather"), [array("image"), *outputs, array("column")], this)
    events = [event for event in walker.events if event.label == "write column"]
    reached = numbers.nothing
    for event in events:
        channel, *tap = (numbers.symbol(turn) for turn in event.turns)
        read = [
            numbers.add(numbers.multiply(row.fields["step"], r), numbers.add(numbers.multiply(trial.steps["d"], a), -1))
            for row, r, a in zip(axes, outputs, tap, strict=True)
        ]
        to, value = event.values
        reached = reached.union(event.where)
        wanted = _row_major(trial, [channel, *tap], [channels, *taps])
        trial.always("another term", event.where, numbers.compare("eq", to, wanted))
        inside: Any = True
        for index, extent in zip(read, extents, strict=True):
            inside = numbers.both(inside, _within(trial, index, extent))
        if isinstance(value, Element):
            source = _row_major(trial, [channel, *read], [channels, *extents])
            trial.always("another input", event.where, numbers.compare("eq", value.offset, source))
            trial.always("an input outside", event.where, inside)
        else:
            trial.never("a zero for an input", event.where.intersect(numbers.condition(inside)))
    everywhere = trial.context
    for turn, extent in zip(events[0].turns, [channels, *taps], strict=True):
        everywhere = everywhere.intersect(numbers.condition(_within(trial, numbers.symbol(turn), extent)))
    trial.never("left out", everywhere.subtract(reached))


def _full_axis(trial: Trial, axis: int, extent: Any, taps: Any) -> Record:
    """Return an axis with padding 1 whose taps all meet the input, as `DotJob::serves` asks; each with its own step."""
    numbers = trial.numbers
    turn = numbers.symbol(f"tap{axis}")
    shift = numbers.add(numbers.multiply(trial.steps["d"], turn), -1)
    where = numbers.condition(_within(trial, turn, taps))
    filled = Filled(f"tap{axis}", taps, where, Record("Tap", {"shift": shift, "weight": turn}))
    return Record("Axis", {"inputs": extent, "step": trial.steps["s"] + axis, "taps": filled})


_PADDED = {"planes": 1, **{f"{name}{axis}": 1 for name in "np" for axis in range(3)}}

NESTS = (
    Nest(
        "cpu.padding.gather",
        "every element of the padded array is the one that the index maps name, or zero, each written once",
        ("index_map.hpp", "shape.hpp"),
        _padding(True),
        sizes=_PADDED,
        steps=False,
        assumptions=("the maps are sound, as `maps_are_sound` makes sure", _ROW_MAJOR),
        not_covered=("the index maps themselves, which NumPy makes",),
    ),
    Nest(
        "cpu.padding.scatter",
        "every element of the padded array is added once to the one that the index maps name, from zero",
        ("index_map.hpp", "shape.hpp"),
        _padding(False),
        sizes=_PADDED,
        steps=False,
        assumptions=("the maps are sound, as `maps_are_sound` makes sure", _ROW_MAJOR),
        not_covered=("the index maps themselves, which NumPy makes",),
    ),
    Nest(
        "cpu.dot.columns",
        "every term of a gathered column is the input that its taps read, or zero outside, in the order of the weights",
        ("dot.hpp",),
        _gather,
        sizes={
            "channels": 1,
            **{f"n{axis}": 1 for axis in range(3)},
            **{f"k{axis}": 1 for axis in range(3)},
            "r0": 0,
            "r1": 0,
            "r2": 0,
        },
        variants=({},),
        assumptions=("all taps meet the input, as `DotJob::serves` asks", _ROW_MAJOR),
        not_covered=(
            "paddings other than 1, which shift all taps alike",
            "strides of the three axes other than s, s + 1 and s + 2",
        ),
    ),
)
