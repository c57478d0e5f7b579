"""Nests that visit the terms of a sum: which outputs, taps and inputs meet along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convproof.checker.nests.nest import Nest, array, axis_relation, numbers_of, shape_of, visit_taps
from convproof.symbolic.nests.claims import Trial
from convproof.symbolic.nests.memory import Record
from convproof.symbolic.nests.walk import Event

__all__ = ["NESTS"]

_AXIS = ("correlation.hpp", "ranges.hpp", "shape.hpp")
_CHANNELS = "channels, images and groups: their loops run over all of them, and their strides are not modelled"
_ARRAYS = "how far apart rows and planes lie in an array: the other axes have size 1"


def _forward_axis(trial: Trial, walker: Any, axis: int) -> Record:
    correlation = walker.run(trial.function("forward_correlation"), [shape_of(trial, axis)])
    return correlation.fields["axis"][axis]


def _taps_in_range(trial: Trial) -> None:
    walker, axis = trial.walker(), trial.steps["axis"]
    row = _forward_axis(trial, walker, axis)
    with walker.every(0, row.fields["outputs"], "r") as r:
        visit_taps(
            trial, walker, row, r,
            lambda tap, _: walker.visit("term", r, tap.fields["weight"], numbers_of(trial, walker, row, r, tap)),
        )  # fmt: skip
    trial.same(walker.events, axis_relation(trial), "output, tap, input")


def _weight_gradient(job: str) -> Callable[[Trial], None]:
    """Return the check of the rows that the tiles of a kernel add to the weight gradient.

    A tile is one column wide and one lane deep, so that offsets are rows.
    """

    def check(trial: Trial) -> None:
        numbers, axis = trial.numbers, trial.steps["axis"]
        first, end = (trial.size("first"), trial.size("end")) if axis == 1 else (0, 1)

        def add_rows(walker: Any, this: Record, *arguments: Any) -> None:
            """Visit the rows of gradient and input that are multiplied: the gradient may be a copy of the tile's."""
            if job == "WeightGradientJob":
                _, _, t, r, rows, _, x, gradient, _ = arguments
                start = numbers.add(gradient.offset, first)
            else:
                t, r, rows, _, x, gradient, _ = arguments
                start = gradient.offset
            tap = this.fields["c_"].fields["axis"][axis].fields["taps"].element(numbers, (t, r)[axis])
            with walker.every(0, rows, "row") as row:
                output = numbers.add(start, row) if axis == 1 else tile.fields["depth"]
                source = numbers.add(x.offset, row) if axis == 1 else tile.fields["depth"]
                read = numbers.add(numbers.multiply(source, trial.steps["s"]), tap.fields["shift"])
                walker.visit("term", output, tap.fields["weight"], read)

        known: dict[str, Callable[..., Any]] = {
            "TileLayout::row": lambda walker, this, tile, output: output,
            f"{job}::width": lambda walker, this, block: 1,
            f"{job}::add_rows": add_rows,
        }
        walker = trial.walker(known)
        correlation = walker.run(trial.function("forward_correlation"), [shape_of(trial, axis)])
        this = Record(job, {"c_": correlation, "layout_": Record("TileLayout")})
        with walker.every(0, 1 if axis == 1 else trial.size("o"), "depth") as depth:
            tile = Record("Tile", dict(depth=depth, row_begin=first, row_end=end, column_begin=0, column_end=1))
            lead = [Record("Range", {"begin": 0, "end": 1}), 0] if job == "WeightGradientJob" else []
            arguments = [*lead, tile, array("x"), array("gradient"), array("sums")]
            walker.run(trial.function(f"{job}::add_tile"), arguments, this)
        relation = axis_relation(trial, extra="first <= r < end" if axis == 1 else "")
        trial.same(walker.events, relation, "output, tap, input")

    return check


def _input_gradient(trial: Trial) -> None:
    """Every phase that a tap reaches, every input position of it, every tap that reaches that position."""
    walker, axis, numbers = trial.walker(), _some_axis(trial), trial.numbers
    shape = shape_of(trial, axis)
    phases = walker.run(trial.function("reached_phases"), [shape, axis])
    for phase in range(trial.steps["s"]):
        with walker.within(phases.exists(numbers, phase)):
            terms = _one_phase(trial, walker, shape, phase)
        trial.same(terms, axis_relation(trial, extra=f"i mod s = {phase}"), "output, tap, input")
    beyond = numbers.smallest([trial.steps["s"], trial.size("n")])
    phase = numbers.symbol("phase")
    outside = numbers.either(numbers.compare("lt", phase, 0), numbers.compare("ge", phase, beyond))
    trial.never("a phase outside the stride or the input", phases.exists(numbers, phase).intersect(outside))


def _some_axis(trial: Trial) -> int:
    """Choose an axis: one for every pair of steps is enough, as long as each gets its turn."""
    return (trial.steps["s"] + trial.steps["d"]) % 3


def _one_phase(trial: Trial, walker: Any, shape: Record, phase: int) -> list[Event]:
    numbers, axis = trial.numbers, _some_axis(trial)
    begin = [phase if a == axis else 0 for a in range(3)]
    correlation = walker.run(trial.function("phase_correlation"), [shape, begin])
    row, first = correlation.fields["axis"][axis], correlation.fields["output_begin"]
    written = len(walker.events)
    with walker.every(0, row.fields["outputs"], "j") as j:
        i = numbers.add(first, numbers.multiply(j, row.fields["output_stride"]))
        walker.visit("write", i)
        visit_taps(
            trial, walker, row, j,
            lambda tap, _: walker.visit("term", numbers_of(trial, walker, row, j, tap), tap.fields["weight"], i),
        )  # fmt: skip
    writes = [event for event in walker.events[written:] if event.label == "write"]
    of_phase = trial.set(f"0 <= i < n and i mod s = {phase}", of="i").intersect_params(walker.domain)
    trial.same(writes, of_phase, "input")
    return [event for event in walker.events[written:] if event.label == "term"]


_WEIGHT_SIZES = {"n": 1, "k": 1, "o": 1, "p": None, "first": 0, "end": 0}

NESTS = (
    Nest(
        "cpu.forward.taps",
        "the taps in range of every output are those that meet the input, each once",
        _AXIS,
        _taps_in_range,
        variants=({"axis": 0}, {"axis": 1}, {"axis": 2}),
        not_covered=(_CHANNELS, _ARRAYS),
    ),
    Nest(
        "cpu.weight_gradient.rows",
        "the tiles of the weight gradient multiply every output row with every input row that a tap joins it to, once",
        ("weight_gradient.hpp", "tile.hpp", *_AXIS),
        _weight_gradient("WeightGradientJob"),
        sizes=_WEIGHT_SIZES,
        relation="first <= end and end <= o",
        variants=({"axis": 0}, {"axis": 1}),
        not_covered=(_CHANNELS, _ARRAYS, "the columns of a row"),
    ),
    Nest(
        "cpu.weight_gradient.few_channels.rows",
        "the same for the kernel of layers with few output channels",
        ("weight_gradient.hpp", "tile.hpp", *_AXIS),
        _weight_gradient("WeightDotJob"),
        sizes=_WEIGHT_SIZES,
        relation="first <= end and end <= o",
        variants=({"axis": 0}, {"axis": 1}),
        not_covered=(_CHANNELS, _ARRAYS, "the columns of a row"),
    ),
    Nest(
        "cpu.input_gradient.phases",
        "all phases together join inputs, taps and outputs as the reversed relation does, each once",
        ("input_gradient.hpp", *_AXIS),
        _input_gradient,
        not_covered=(_CHANNELS, _ARRAYS, "the values of positions that no tap reaches, which a job of its own fills"),
    ),
)
