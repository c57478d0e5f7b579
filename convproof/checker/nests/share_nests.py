"""Nests that cut a count of things into shares, panels and tiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convproof.checker.nests.nest import Nest, array
from convproof.symbolic.nests.claims import Trial
from convproof.symbolic.nests.memory import Filled, Record
from convproof.symbolic.nests.walk import Event

__all__ = ["NESTS"]

_SHARES = ("ranges.hpp",)


def _shares(trial: Trial) -> None:
    """Shares lie side by side from 0 to the count, and hold as many things as they should."""
    numbers, walker = trial.numbers, trial.walker()
    numbers.margins = (0, -1, trial.steps["most"])
    count, parts, i = trial.size("count"), trial.size("parts"), trial.size("i")

    def share(at: Any) -> tuple[Any, Any]:
        if walker.domain.is_empty():
            return 0, 0  # nothing is claimed of what is not there
        found = walker.run(trial.function("share_of"), [count, at, parts])
        return found.fields["begin"], found.fields["end"]

    begin, end = share(i)
    with walker.within(numbers.compare("lt", numbers.add(i, 1), parts)):
        _equal(trial, walker, "shares that do not meet", end, share(numbers.add(i, 1))[0])
    _equal(trial, walker, "the first share does not begin at 0", share(0)[0], 0)
    _equal(trial, walker, "the last share does not end at the count", share(numbers.subtract(parts, 1))[1], count)
    _ordered(trial, walker, "a share that ends before it begins", begin, end)
    size = numbers.subtract(end, begin)
    with walker.within(numbers.compare("ge", count, parts)):
        _ordered(trial, walker, "an empty share of many things", 1, size)
    with walker.within(numbers.compare("le", count, numbers.multiply(trial.steps["most"], parts))):
        _ordered(trial, walker, f"a share of more than {trial.steps['most']}", size, trial.steps["most"])


def _equal(trial: Trial, walker: Any, story: str, a: Any, b: Any) -> None:
    trial.always(story, walker.domain, trial.numbers.compare("eq", a, b))


def _ordered(trial: Trial, walker: Any, story: str, a: Any, b: Any) -> None:
    trial.always(story, walker.domain, trial.numbers.compare("le", a, b))


# ---------------------------------------------------------------------- who asks for shares


def _share(walker: Any, count: Any, i: Any, parts: Any) -> Record:
    """Stand for `share_of`, which has a proof of its own: note what is asked of it."""
    numbers = walker.numbers
    begin, end = (numbers.symbol(numbers.fresh(side)) for side in ("begin", "end"))
    walker.visit("share", count, i, parts, begin, end)
    return Record("Range", {"begin": begin, "end": end})


def _asked(trial: Trial, walker: Any, thing: str, wanted: Any) -> Any:
    """Claim that shares are asked for in one loop over all of them, and return the event; None where there is none."""
    numbers = trial.numbers
    some = trial.context.intersect(numbers.condition(numbers.compare("ge", wanted, 1)))
    events = [event for event in walker.events if event.label == "share"]
    if not events:
        trial.never(f"no {thing}", some)
        return None
    (event,) = events
    count, i, parts, _, _ = event.values
    trial.counts(thing, event, i, parts)
    trial.always("a share of something else", event.where, numbers.compare("eq", count, wanted))
    trial.always(f"no {thing}", some, numbers.compare("ge", parts, 1))
    return event


def _chunks(trial: Trial) -> None:
    """Every input channel belongs to one chunk, and the terms of the chunks lie end to end."""
    walker, numbers = trial.walker({"share_of": _share}), trial.numbers
    places = [Filled(turns=trial.size(name), where=numbers.everything) for name in ("t", "r", "s")]
    axes = [Record("Axis", {"taps": taps}) for taps in places]
    channels = trial.size("channels")
    this = Record("Terms", dict.fromkeys(("depth_taps_", "row_taps_", "column_taps_")) | {"chunks_": Filled()})
    correlation = Record("Correlation", {"in_channels": channels, "axis": axes})
    walker.run(trial.function("Terms::Terms"), [correlation], this)
    share = _asked(trial, walker, "chunk", channels)
    if share is None:
        return
    begin, end = share.values[3:]
    chunk = this.fields["chunks_"].value.fields
    taps = numbers.multiply(numbers.multiply(trial.size("t"), trial.size("r")), trial.size("s"))
    held = numbers.subtract(end, begin)
    wanted = {
        "first_channel": begin, "channels": held,
        "begin": numbers.multiply(begin, taps), "terms": numbers.multiply(held, taps),
    }  # fmt: skip
    for name, value in wanted.items():
        trial.always(f"{name} of a chunk", share.where, numbers.compare("eq", chunk[name], value))


def _row_panels(trial: Trial) -> None:
    """Every pixel of a row belongs to one panel, and a panel holds what its kernel was made for."""
    numbers, panel = trial.numbers, trial.steps["panel"]

    def kernels(walker: Any, pixels: Any) -> Any:
        return lambda walker, terms, row, offset, packed, sums, add: walker.visit(
            "panel", pixels, row.offset, sums.offset
        )

    walker = trial.walker({"share_of": _share}, {"panel": panel})
    columns = trial.size("columns")
    arguments = [kernels, 1, array("row"), array("offset"), array("packed"), array("sums"), columns, 1, False]
    walker.run(trial.function("RowJob::sum_row"), arguments)
    share = _asked(trial, walker, "panel", columns)
    if share is None:
        return
    parts, begin, end = share.values[2:]
    (visit,) = (event for event in walker.events if event.label == "panel")
    for name, value, wanted in zip(
        ("pixels", "first pixel", "first sum"), visit.values, (numbers.subtract(end, begin), begin, begin), strict=True
    ):
        trial.always(f"{name} of a panel", visit.where, numbers.compare("eq", value, wanted))
    trial.always("panels too small", share.where, numbers.compare("le", columns, numbers.multiply(panel, parts)))
    trial.always("more panels than pixels", share.where, numbers.compare("le", parts, columns))


def _pieces(trial: Trial) -> None:
    """A run of terms is cut into pieces that lie end to end, none of them long."""
    walker, numbers = trial.walker(), trial.numbers
    longest = trial.steps["longest"]

    def visit(walker: Any, begin: Any, end: Any) -> None:
        trial.always("a long piece", walker.domain, numbers.compare("le", numbers.subtract(end, begin), longest))
        with walker.every(begin, end, "term") as term:
            walker.visit("term", term)

    walker.run(trial.function("Terms::each_piece"), [trial.size("begin"), trial.size("end"), visit])
    trial.same(walker.events, trial.set("begin <= term < end", of="term"), "term")


def _written_panels(trial: Trial) -> None:
    """Every pixel of a row is written once, from the sum that its panel holds for it."""
    numbers, stride, lanes = trial.numbers, trial.steps["stride"], trial.steps["lanes"]
    known: dict[str, Callable[..., Any]] = {
        "Correlation::output_of": lambda walker, this, image, group: 0,
        "OffsetTableJob::channels_of": lambda walker, this, block: Record("Range", {"begin": 0, "end": 1}),
    }
    walker = trial.walker(known, {"V::lanes": lanes})
    axes = [Record("Axis", {"output_stride": distance}) for distance in (0, 0, stride)]
    this = Record("OffsetTableJob", {"c_": Record("Correlation", {"axis": axes, "output_plane": 0})})
    this.fields.update(output_=array("output"), bias_=None)
    columns, panel = trial.size("columns"), 2 * lanes
    tile = Record("Tile", dict(depth=0, row_begin=0, row_end=1, column_begin=0, column_end=columns))
    panels = numbers.quotient(numbers.add(columns, panel - 1), panel, down=True)
    with walker.every(0, panels, "panel") as at:
        j = numbers.multiply(panel, at)
        walker.run(trial.function("OffsetTableJob::write_panel"), [0, 0, 0, tile, 0, j, array("sums")], this)
    written = [event for event in walker.events if event.label == "write output"]
    for event in written:
        place = numbers.subtract(event.values[0], numbers.multiply(stride * panel, numbers.symbol(event.turns[0])))
        sum_of = numbers.multiply(stride, event.values[1].offset)
        trial.always("the sum of another pixel", event.where, numbers.compare("eq", place, sum_of))
    pixels = [Event(event.label, event.where, event.turns, event.values[:1]) for event in written]
    trial.same(pixels, trial.set(f"exists j : 0 <= j < columns and x = {stride}*j", of="x"), "element")


# ---------------------------------------------------------------------- tiles


def _tiling(side: str) -> Any:
    """Return the check that the tiles of an image meet, from its first row or column to its last, at every depth."""

    def check(trial: Trial) -> None:
        walker, numbers = trial.walker(), trial.numbers
        size = trial.size("size")
        asked = trial.steps["asked"] if side == "column" else trial.size("asked")
        sizes = [trial.size("depths"), size, 1] if side == "row" else [trial.size("depths"), 1, size]
        axes = [Record("Axis", {"outputs": outputs}) for outputs in sizes]
        tiling = Record("Tiling", trial.fields("Tiling"))
        block = [asked, 1] if side == "row" else [1, asked]
        walker.run(trial.function("Tiling::Tiling"), [Record("Correlation", {"axis": axes}), *block], tiling)
        blocks = numbers.combined(numbers.linear(tiling.fields[f"{side}_blocks_"]))
        depth, at = numbers.symbol("depth"), numbers.symbol("at")
        for value, end in ((depth, sizes[0]), (at, blocks)):
            walker.domain = walker.domain.intersect(numbers.condition(numbers.compare("ge", value, 0)))
            walker.domain = walker.domain.intersect(numbers.condition(numbers.compare("lt", value, end)))

        def tile(place: Any) -> Any:
            number = numbers.add(numbers.multiply(depth, blocks), place)
            return walker.run(trial.function("Tiling::operator[]"), [number], tiling).fields

        here = tile(at)
        _equal(trial, walker, "a tile of another depth", here["depth"], depth)
        _meet(trial, walker, side, here, tile, at, blocks, size)
        count = walker.run(trial.function("Tiling::count"), [], tiling)
        _equal(trial, walker, "the number of tiles", count, numbers.multiply(sizes[0], blocks))
        held = numbers.subtract(here[f"{side}_end"], here[f"{side}_begin"])
        _ordered(trial, walker, f"more {side}s than a block has", held, tiling.fields[f"block_{side}s_"])

    return check


def _meet(trial: Trial, walker: Any, side: str, here: Any, tile: Any, at: Any, blocks: Any, size: Any) -> None:
    """Claim that tiles cut one axis into stretches that lie end to end."""
    numbers = trial.numbers
    begin, end = f"{side}_begin", f"{side}_end"
    _ordered(trial, walker, f"a {side} block that ends before it begins", here[begin], here[end])
    with walker.within(numbers.compare("lt", numbers.add(at, 1), blocks)):
        if not walker.domain.is_empty():
            _equal(trial, walker, f"{side} blocks that do not meet", here[end], tile(numbers.add(at, 1))[begin])
    _equal(trial, walker, f"the first {side} block does not begin at 0", tile(0)[begin], 0)
    last = tile(numbers.subtract(blocks, 1))[end]
    _equal(trial, walker, f"the last {side} block does not end with the axis", last, size)


NESTS = (
    Nest(
        "cpu.shares",
        "shares of a count lie end to end from 0 to the count, and differ in size by at most one",
        _SHARES,
        _shares,
        sizes={"count": 0, "parts": 1, "i": 0},
        relation="i < parts",
        steps=False,
        variants=tuple({"most": most} for most in (1, 6, 12, 14)),
    ),
    Nest(
        "cpu.terms.chunks",
        "every input channel belongs to one chunk of terms, and the chunks lie end to end",
        ("terms.hpp", "correlation.hpp", *_SHARES, "shape.hpp"),
        _chunks,
        sizes={"channels": 0, "t": 1, "r": 1, "s": 1},
        steps=False,
        not_covered=(
            "how many terms a chunk holds, which bounds rounding errors only",
            "the order of the terms of a chunk, and which runs of them the taps in range are",
        ),
    ),
    Nest(
        "cpu.terms.pieces",
        "a run of terms is cut into pieces that lie end to end, each of at most three halves of a chunk",
        ("terms.hpp",),
        _pieces,
        sizes={"begin": 0, "end": 0},
        steps=False,
        variants=({"longest": 216},),
    ),
    Nest(
        "cpu.row.panels",
        "every pixel of a row belongs to one panel of at most as many pixels as there are registers",
        ("row.hpp", *_SHARES),
        _row_panels,
        sizes={"columns": 0},
        steps=False,
        variants=({"panel": 6}, {"panel": 14}),
    ),
    Nest(
        "cpu.offset_table.panels",
        "every pixel of a row is written once, from the sum that its panel holds for it",
        ("offset_table.hpp", *_SHARES, "tile.hpp"),
        _written_panels,
        sizes={"columns": 0},
        steps=False,
        variants=tuple({"lanes": lanes, "stride": stride} for lanes in (2, 4, 8, 16) for stride in (1, 2)),
        not_covered=(
            "the loop over the panels of a row, which advances by two vectors",
            "where the row begins in the output",
        ),
    ),
    Nest(
        "cpu.tiling.rows",
        "the tiles of an image meet, from its first row to its last, without overlap, at every depth",
        ("tile.hpp",),
        _tiling("row"),
        sizes={"depths": 1, "size": 1, "asked": 1},
        steps=False,
    ),
    *(
        Nest(
            f"cpu.tiling.columns.{name}",
            f"the same for the columns of {length}",
            ("tile.hpp",),
            _tiling("column"),
            sizes={"depths": 1, "size": 1},
            relation=relation,
            steps=False,
            variants=tuple({"asked": columns} for columns in (192, 504, 512, 2048)),
        )
        for name, length, relation in (
            ("one", "rows that fit into a tile", "size <= asked"),
            ("several", "longer rows", "size > asked"),
        )
    ),
)
