"""Nests of the depthwise kernel: passes of rows, vectors of columns that may hang over an edge of the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convproof.checker.nests.nest import Nest, array
from convproof.symbolic.nests.claims import Trial
from convproof.symbolic.nests.memory import Pointer, Record
from convproof.symbolic.nests.walk import Event, Walker

__all__ = ["NESTS"]


def _columns(trial: Trial) -> None:
    """One row of outputs under as many input rows as there are taps."""
    taps, step = trial.steps["taps"], trial.steps["step"]
    plane = {"rows": taps, "columns": trial.size("n"), "top": 0, "left": trial.numbers.subtract(0, trial.size("p"))}
    walker = _run(trial, plane, {"rows": 1, "columns": trial.size("o"), "row_stride": 0})
    terms = []
    for event in walker.events:
        row, column = trial.numbers.digit(event.values[-1], "n") if event.label in ("read", "term") else (0, 0)
        if event.label == "read":
            _inside(trial, event, column)
        elif event.label == "term":
            output, weight = event.values[0], event.values[1].offset
            values = (output, *divmod(weight, taps), row, column)
            terms.append(Event("term", event.where, event.turns, values))
    wanted = f"0 <= r < {taps} and 0 <= s < {taps} and h = r and w = {step}*j + s - p and 0 <= w < n and 0 <= j < o"
    _written_once(trial, walker)
    trial.same(terms, trial.set(wanted, of="j,r,s,h,w"), "output, row tap, column tap, input row, input column")


def _rows(trial: Trial) -> None:
    """One column of outputs; the first column tap stands for the others."""
    taps, step = trial.steps["taps"], trial.steps["step"]
    width = taps - 1 + step
    plane = {"rows": trial.size("n"), "columns": width, "top": trial.numbers.subtract(0, trial.size("p")), "left": 0}
    walker = _run(trial, plane, {"rows": trial.size("o"), "columns": 1, "row_stride": 1})
    terms = []
    for event in walker.events:
        if event.label == "read":
            _inside(trial, event, trial.numbers.quotient(event.values[-1], width, down=True))
        elif event.label == "term" and event.values[1].offset % taps == 0:
            output, weight, source = event.values
            row, column = (act(source, width, down=True) for act in (trial.numbers.quotient, trial.numbers.remainder))
            terms.append(Event("term", event.where, event.turns, (output, weight.offset // taps, row, column)))
    wanted = f"0 <= r < {taps} and h = {step}*i + r - p and 0 <= h < n and 0 <= i < o and w = 0"
    _written_once(trial, walker)
    trial.same(terms, trial.set(wanted, of="i,r,h,w"), "output, tap, input row, input column")


def _run(trial: Trial, plane: dict[str, Any], output: dict[str, Any]) -> Walker:
    steps = trial.steps
    constants = {"V::lanes": steps["lanes"], "sum_rows": steps["registers"], "K": steps["taps"], "step": steps["step"]}
    walker = trial.walker(_KNOWN, constants)
    x, y = Record("Plane", {"data": array("x"), **plane}), Record("OutputPlane", {"data": array("y"), **output})
    walker.run(trial.function("depthwise_plane"), [x, array("weight"), 0, y])
    return walker


def _written_once(trial: Trial, walker: Walker) -> None:
    writes = [event for event in walker.events if event.label == "write"]
    trial.same(writes, trial.set("0 <= i < o", of="i"), "output")


def _inside(trial: Trial, event: Event, index: Any) -> None:
    numbers = trial.numbers
    outside = numbers.either(numbers.compare("lt", index, 0), numbers.compare("ge", index, trial.size("n")))
    trial.never("reads outside the input", event.where.intersect(numbers.condition(outside)))


# ---------------------------------------------------------------------- vectors and sums


def _load(walker: Walker, first: Pointer, mask: tuple[Any, Any] | None = None) -> Record:
    """Read a vector; lanes outside a mask are zero and are not touched."""
    vector = Record("Vector", {"first": first, "step": 1, "mask": mask})
    with walker.every(0, walker.constants["V::lanes"], "lane") as lane, walker.within(_seen(walker, vector, lane)):
        walker.visit("read", walker.numbers.add(first.offset, lane))
    return vector


def _seen(walker: Walker, vector: Record, lane: Any) -> Any:
    """Tell whether a lane of a vector was read."""
    if vector.fields["mask"] is None:
        return True
    numbers, (low, high) = walker.numbers, vector.fields["mask"]
    place = numbers.multiply(vector.fields["step"], lane)
    return numbers.both(numbers.compare("ge", place, low), numbers.compare("lt", place, high))


def _every_other(odd: int) -> Callable[[Walker, Record, Record], Record]:
    """Return the function that takes even or odd lanes of two vectors; they must be neighbours, masks included."""

    def take(walker: Walker, a: Record, b: Record) -> Record:
        numbers, lanes = walker.numbers, walker.constants["V::lanes"]
        pairs = [(b.fields["first"].offset, numbers.add(a.fields["first"].offset, lanes))]
        mask = a.fields["mask"]
        if mask is not None:
            pairs += [
                (theirs, numbers.subtract(ours, lanes)) for ours, theirs in zip(mask, b.fields["mask"], strict=True)
            ]
            mask = tuple(numbers.subtract(side, odd) for side in mask)
        for one, other in pairs:
            apart = numbers.condition(numbers.compare("ne", one, other))
            walker.hazard("lanes of vectors that are apart", walker.domain.intersect(apart))
        return Record("Vector", {"first": walker.moved(a.fields["first"], odd), "step": 2, "mask": mask})

    return take


def _add_product(walker: Walker, total: Record, weight: Any, vector: Record) -> None:
    total.fields["terms"].append((walker.domain, weight, vector))


def _store_first(walker: Walker, total: Record, to: Pointer, count: Any) -> None:
    """Visit every term of the first lanes of a sum."""
    numbers = walker.numbers
    with walker.every(0, numbers.smallest([count, walker.constants["V::lanes"]]), "lane") as lane:
        walker.visit("write", numbers.add(to.offset, lane))
        for where, weight, vector in total.fields["terms"]:
            with walker.within(where), walker.within(_seen(walker, vector, lane)):
                source = numbers.add(vector.fields["first"].offset, numbers.multiply(vector.fields["step"], lane))
                walker.visit("term", numbers.add(to.offset, lane), weight, source)


_KNOWN: dict[str, Callable[..., Any]] = {
    "V::zero": lambda walker: Record("Sum", {"terms": []}),
    "V::fill": lambda walker, value: value,
    "V::mask": lambda walker, low, high: (low, high),
    "V::load": _load,
    "even_lanes": _every_other(0),
    "odd_lanes": _every_other(1),
    "Sum::add_product": _add_product,
    "Sum::operator+": lambda walker, total, bias: total,
    "Sum::store": lambda walker, total, to: _store_first(walker, total, to, walker.constants["V::lanes"]),
    "Sum::store_first": _store_first,
}

_SIZES = {"n": 1, "o": 1, "p": None}
_SOURCES = ("depthwise.hpp",)

NESTS = (
    Nest(
        "cpu.depthwise.rows",
        "passes of rows and the rows left over join every output row with the input rows of the relation, once",
        _SOURCES,
        _rows,
        sizes=_SIZES,
        steps=False,
        variants=tuple(
            {"taps": taps, "step": step, "registers": registers, "lanes": 1}
            for taps, step, registers in ((3, 1, 14), (3, 2, 14), (3, 2, 6), (5, 1, 6), (5, 2, 14))
        ),
        not_covered=("channels and images",),
    ),
    Nest(
        "cpu.depthwise.columns",
        "vectors of a row, masked at its edges, join every output column with the input columns of the relation, once",
        _SOURCES,
        _columns,
        sizes=_SIZES,
        steps=False,
        variants=tuple(
            {"taps": taps, "step": step, "registers": 14, "lanes": lanes}
            for taps, step, lanes in ((3, 1, 4), (3, 2, 4), (3, 1, 16), (3, 2, 16), (5, 2, 8))
        ),
        not_covered=("channels and images",),
    ),
)
