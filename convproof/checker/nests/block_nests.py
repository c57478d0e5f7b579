"""Nests that write blocks of output channels, a vector of them at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convproof.checker.nests.nest import Nest, array
from convproof.checker.nests.task_nests import made_member
from convproof.symbolic.nests.claims import Trial
from convproof.symbolic.nests.memory import Pointer, Record
from convproof.symbolic.nests.walk import Event, Walker

__all__ = ["NESTS"]


def _unpacked(
    walker: Walker, sums: Pointer, pitch: Any, pixels: Any, lanes: Any, bias: Any, out: Pointer, plane: Any, stride: Any
) -> None:
    """Stand for `unpack_lanes`: note the channel and the place of the sum of every lane."""
    with walker.every(0, lanes, "lane") as lane:
        walker.visit("write", walker.numbers.add(out.offset, lane), walker.numbers.add(sums.offset, lane))


def _written(job: str) -> Callable[[Trial], None]:
    """Return the check that the blocks of a job write every output channel once, from its place in the block.

    Channels lie one place apart here and everything else none, so that places in the output are channels.
    """

    def check(trial: Trial) -> None:
        numbers, lanes = trial.numbers, trial.steps["lanes"]
        known: dict[str, Callable[..., Any]] = {
            "unpack_lanes": _unpacked,
            "Correlation::output_of": lambda walker, this, image, group: 0,
        }
        walker = trial.walker(known, {"V::lanes": lanes})
        axis = Record("Axis", {"output_stride": 0})
        correlation = {"axis": [axis] * 3, "out_channels": trial.size("outs"), "output_plane": 1, "weight_taps": 1}
        correlation |= {"weight_group": 0, "weight_in": 0, "weight_out": 1}
        this = Record(job, {"c_": Record("Correlation", correlation), "bias_": None})
        this.fields |= {name: array(name) for name in ("output_", "dw_")}
        tile = Record("Tile", dict(depth=0, row_begin=0, row_end=1, column_begin=0, column_end=1))
        blocks = made_member(trial, walker, job, "blocks_", this)
        with walker.every(0, blocks, "b") as b:
            inside = [0, 0, b, tile] if job == "RowJob" else [0, b, Record("Range", {"begin": 0, "end": 1})]
            walker.run(trial.function(f"{job}::write_block"), [*inside, array("sums")], this)
            first = numbers.multiply(2 * lanes, b)
        for event in walker.events:
            place = numbers.subtract(event.values[0], first)
            trial.always("the sum of another channel", event.where, numbers.compare("eq", place, event.values[1]))
        channels = [Event(event.label, event.where, event.turns, event.values[:1]) for event in walker.events]
        trial.same(channels, trial.set("0 <= m < outs", of="m"), "channel")

    return check


NESTS = tuple(
    Nest(
        f"cpu.blocks.{name}",
        "the blocks write every output channel once, from its place in the block",
        (file, "tile.hpp", "correlation.hpp", "ranges.hpp", "shape.hpp"),
        _written(job),
        sizes={"outs": 0},
        steps=False,
        variants=tuple({"lanes": lanes} for lanes in (2, 4, 8, 16)),
        not_covered=("how blocks of weights and gradients are packed", "pixels of a tile, and taps of a weight"),
    )
    for name, file, job in (
        ("row", "row.hpp", "RowJob"),
        ("weight_gradient", "weight_gradient.hpp", "WeightGradientJob"),
    )
)
