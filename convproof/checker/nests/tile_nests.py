"""Nests that copy the input of a tile, and the offsets at which the kernels find it there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convproof.checker.nests.nest import TAPS, Nest, array, axis_relation, numbers_of, shape_of, visit_taps
from convproof.symbolic.nests.claims import Trial
from convproof.symbolic.nests.memory import Element, Filled, Pointer, Record
from convproof.symbolic.nests.walk import Event

__all__ = ["NESTS"]

_COPIES = ((2, 1), (4, 2), (8, 1), (8, 2), (16, 2), (4, 3))  # lanes of a vector, step of the columns


def _copy_phase(trial: Trial) -> None:
    """dst[i] = src[first + step*i], or zero, for all i below count."""
    walker = trial.walker(constants={"V::lanes": trial.steps["lanes"]})
    sizes = [trial.size("n"), trial.size("first"), trial.steps["step"], trial.size("count")]
    walker.run(trial.function("copy_phase"), [array("src"), *sizes, array("dst")])
    trial.same(*_written(trial, walker.events, "write dst", copied=True), "i, source")
    trial.same(*_written(trial, walker.events, "write dst", copied=False), "i")
    for event in walker.events:
        if event.label == "read src":
            _inside(trial, "reads outside the input", event, event.values[0], trial.size("n"))


def _written(trial: Trial, events: list[Event], label: str, *, copied: bool) -> tuple[list[Event], Any]:
    """Return the elements that are copied, or set to zero, and those that should be."""
    found = [event for event in events if event.label == label and isinstance(event.values[1], Element) == copied]
    inside = "0 <= first + step*i < n"
    if copied:
        wanted = trial.set(f"0 <= i < count and {inside} and x = first + step*i", of="i,x")
        values = [(event.values[0], event.values[1].offset) for event in found]
    else:
        wanted = trial.set(f"0 <= i < count and not ({inside})", of="i")
        values = [event.values[:1] for event in found]
    shown = [Event(e.label, e.where, e.turns, v) for e, v in zip(found, values, strict=True)]
    return shown, wanted


def _inside(trial: Trial, story: str, event: Event, offset: Any, size: Any) -> None:
    numbers = trial.numbers
    outside = numbers.either(numbers.compare("lt", offset, 0), numbers.compare("ge", offset, size))
    trial.never(story, event.where.intersect(numbers.condition(outside)))


# ---------------------------------------------------------------------- where the kernels find the copy


def _tile(trial: Trial, axis: int) -> Record:
    """Return a tile that begins and ends where the trial says along one axis."""
    fields = {"depth": 0, "row_begin": 0, "row_end": 1, "column_begin": 0, "column_end": 1}
    side = "row" if axis == 1 else "column"
    return Record("Tile", {**fields, f"{side}_begin": trial.size("begin"), f"{side}_end": trial.size("end")})


def _layout(trial: Trial, axis: int) -> tuple[Any, Record, Record]:
    """Run the constructor of `TileLayout`; what a phase, a row and a plane measure are symbols from then on."""
    found: list[Any] = []

    def find(walker: Any, begin: Any, end: Any, residue: Any) -> Any:
        if not walker.silent:
            filled = Filled(depth=len(walker.turns) - 1)
            filled.append(walker.turns[-1], None, walker.domain, residue)
            found.append(filled)
        return residue

    known: dict[str, Callable[..., Any]] = {
        "find": find,
        "Axis::drop_idle_taps": lambda walker, this: None,
        "Axis::is_pointwise": lambda walker, this: False,
        "Residues::begin": lambda walker, this: 0,
        "Residues::end": lambda walker, this: walker.numbers.symbol("none"),
        "Residues::size": lambda walker, this: walker.numbers.symbol("phases"),
        "Residues::push_back": lambda walker, this, residue: None,
        "copy_phase": _copied,
    }
    walker = trial.walker(known)
    correlation = walker.run(trial.function("forward_correlation"), [shape_of(trial, axis)])
    block = {"block_rows_": 1, "block_columns_": 1}
    block["block_rows_" if axis == 1 else "block_columns_"] = trial.size("block")
    layout = Record(
        "TileLayout", {**trial.fields("TileLayout"), "residues_": Record("Residues"), "phase_of_": Filled()}
    )
    arguments = [correlation, Record("Tiling", block), trial.steps["vector"], 4]
    walker.run(trial.function("TileLayout::TileLayout"), arguments, layout)
    residues = found[0].sorted_once(trial.numbers)
    residues.turns = trial.steps["s"] if axis == 2 else 1
    layout.fields["residues_"] = residues
    return walker, correlation, layout


def _copied(walker: Any, source: Pointer, n: Any, first: Any, step: Any, count: Any, to: Pointer) -> None:
    """Note every place of the copy that is written, and the input row and column that belong there."""
    with walker.every(0, count, "place") as place:
        column = walker.numbers.add(first, walker.numbers.multiply(step, place))
        walker.visit("copied", to.offset, place, source.offset, column)


def _tile_rows(trial: Trial) -> None:
    """Rows that taps in range read are stored, within the copy, and are those of the relation."""
    walker, correlation, layout = _layout(trial, 1)
    numbers, row, tile = trial.numbers, correlation.fields["axis"][1], _tile(trial, 1)
    stored_rows = layout.fields["stored_rows_"]
    layout.fields.update(pitch_=1, plane_=0, channel_=0, phase_length_=0)
    held = numbers.subtract(trial.size("end"), trial.size("begin"))
    with walker.within(numbers.compare("le", held, trial.size("block"))):
        layout.fields["phase_length_"] = 1
        walker.run(trial.function("TileLayout::copy_plane"), [array("x"), tile, array("copy")], layout)
        stored, walker.events = walker.events, []
        layout.fields["phase_length_"] = 0
        with walker.every(trial.size("begin"), trial.size("end"), "r") as r:
            _read_rows(trial, walker, layout, row, tile, r)
    for event in [*stored, *walker.events]:
        _inside(trial, "a row outside the copy", event, event.values[0], stored_rows)
    for event in stored:
        _inside(trial, "reads a row outside the input", event, event.values[2], trial.size("n"))
    rows = [Event("copied", e.where, e.turns, (e.values[0], e.values[2])) for e in stored]
    reads = trial.numbers.isl.Map("{ [z, r, a, y, i] -> [r, a, i] : z = y }")
    joined = _all(trial, walker.events).flat_product(_all(trial, rows)).apply(reads)
    trial.equal(joined, axis_relation(trial, extra="begin <= r < end and end - begin <= block"), "output, tap, input")


def _read_rows(trial: Trial, walker: Any, layout: Record, row: Record, tile: Record, r: Any) -> None:
    at, below = (walker.run(trial.function("TileLayout::row"), [tile, q], layout) for q in (r, trial.numbers.add(r, 1)))
    apart = walker.run(trial.function("TileLayout::row_stride"), [], layout)
    trial.always(
        "the distance of rows",
        walker.domain,
        trial.numbers.compare("eq", trial.numbers.subtract(below, at), apart),
    )

    def read(tap: Record, place: Any) -> None:
        up = walker.run(trial.function("TileLayout::offset"), [0, 0, place, 0], layout)
        walker.visit("read", trial.numbers.add(at, up), r, tap.fields["weight"])

    visit_taps(trial, walker, row, r, read)


def _tile_columns(trial: Trial) -> None:
    """Columns that taps read are stored in their phase, before its end, and are those of the relation."""
    walker, correlation, layout = _layout(trial, 2)
    numbers, column, tile, length = trial.numbers, correlation.fields["axis"][2], _tile(trial, 2), trial.size("length")
    measured = numbers.compare("eq", length, layout.fields["phase_length_"])
    columns = numbers.subtract(trial.size("end"), trial.size("begin"))
    layout.fields.update(pitch_=0, plane_=0, channel_=0, phase_length_=length)
    vector = trial.steps["vector"]
    with walker.within(numbers.both(measured, numbers.compare("le", columns, trial.size("block")))):
        walker.run(trial.function("TileLayout::copy_plane"), [array("x"), tile, array("copy")], layout)
        stored, walker.events = walker.events, []
        vectors = numbers.quotient(numbers.add(columns, vector - 1), vector, down=True)
        with walker.every(0, numbers.multiply(vectors, vector), "j") as j:
            _read_columns(trial, walker, layout, column, j)
    for event in walker.events:
        _inside(trial, "reads beyond the end of a phase", event, event.values[1], length)
    copies = [
        Event("copied", e.where, e.turns, (numbers.digit(e.values[0], "length")[0], e.values[1], e.values[3]))
        for e in stored
    ]
    there = _all(trial, copies)
    first = trial.numbers.isl.Map("{ [f, c, r, a, i] -> [f, c, i] }")
    wrong = _all(trial, walker.events).apply(first).subtract(there)
    trial.empty("read where another column, or none, was copied", wrong, "phase, place, input")


def _read_columns(trial: Trial, walker: Any, layout: Record, column: Record, j: Any) -> None:
    numbers, taps = trial.numbers, column.fields["taps"]
    r = numbers.add(trial.size("begin"), j)
    with walker.every(0, taps.turns, "tap") as place, walker.within(taps.exists(numbers, place)):
        tap = taps.element(numbers, place)
        offset = walker.run(trial.function("TileLayout::offset"), [0, 0, 0, place], layout)
        phase, at = numbers.digit(offset, "length")
        place = numbers.add(at, j)
        walker.visit("read", phase, place, r, tap.fields["weight"], numbers_of(trial, walker, column, r, tap))


def _all(trial: Trial, events: list[Event]) -> Any:
    found = trial.points(events[0])
    for event in events[1:]:
        found = found.union(trial.points(event))
    return found


_TILE = ("tile.hpp", "correlation.hpp", "ranges.hpp", "shape.hpp")
_IN_PLACE = "tiles that are read in place (pointwise layers)"
_PLANES = "the planes of a tile: which depth each tap of the first axis reads"
_LEFT = "where a tap lies depends on its own shift and those of the first and last tap left in the list"

NESTS = (
    Nest(
        "cpu.tile.copy",
        "a phase of a row is copied element by element, zeros where the input ends, and nothing outside it is read",
        ("tile.hpp",),
        _copy_phase,
        sizes={"n": 0, "first": None, "count": 0},
        steps=False,
        variants=tuple({"lanes": lanes, "step": step} for lanes, step in _COPIES),
    ),
    Nest(
        "cpu.tile.rows",
        "the rows that taps in range read lie in the copy and hold the input rows of the relation",
        _TILE,
        _tile_rows,
        sizes={**TAPS, "begin": 0, "end": 0, "block": 1},
        relation="begin < end and end <= o and k >= 2",
        variants=({"vector": 1},),
        assumptions=(_LEFT,),
        not_covered=(_IN_PLACE, _PLANES),
    ),
    Nest(
        "cpu.tile.rows.one_tap",
        "the same where one tap is left, and only every row that it reads is stored",
        _TILE,
        _tile_rows,
        sizes={**TAPS, "begin": 0, "end": 0, "block": 1},
        relation="begin < end and end <= o and k = 1",
        variants=({"vector": 1},),
        not_covered=(_IN_PLACE, _PLANES),
    ),
    Nest(
        "cpu.tile.columns",
        "the columns that taps read, whole vectors at a time, lie in their phase and hold those of the relation",
        _TILE,
        _tile_columns,
        sizes={**TAPS, "begin": 0, "end": 0, "block": 1, "length": 0},
        relation="begin < end and end <= o",
        variants=({"vector": 1}, {"vector": 8}),
        assumptions=(_LEFT,),
        not_covered=(_IN_PLACE, _PLANES, "where the copies of rows, planes and channels lie among each other"),
    ),
)
