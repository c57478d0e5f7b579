"""A nest of our kernels: where it stands, what is claimed of it, and how it is walked through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from convproof.symbolic.nests.claims import Trial
from convproof.symbolic.nests.memory import Pointer, Record

__all__ = ["TAPS", "Nest", "axis_relation", "numbers_of", "shape_of", "visit_taps"]

#: Sizes of one axis: input, taps, outputs, padding below (negative where it crops).
TAPS: Mapping[str, int | None] = {"n": 1, "k": 1, "o": 1, "p": None}


@dataclass(frozen=True)
class Nest:
    """One loop nest and the claims about it.

    Attributes
    ----------
    name, claim : str
        What it is called, and what is claimed of it.
    sources : tuple of str
        The files it is read from, the one that holds its loops first.
    check : callable
        Walks through it and states the claims of a `Trial`.
    sizes : mapping of str to int or None
        Least value of every size; None where it may be negative.
    relation : str
        What else holds of the sizes.
    steps : bool
        Whether it depends on stride and dilation.
    variants : tuple of mappings
        Constants with which it is compiled, such as the lanes of a vector.
    assumptions, not_covered : tuple of str
        What has to hold besides, and what the model leaves out.
    """

    name: str
    claim: str
    sources: tuple[str, ...]
    check: Callable[[Trial], None]
    sizes: Mapping[str, int | None] = field(default_factory=lambda: TAPS)
    relation: str = ""
    steps: bool = True
    variants: tuple[Mapping[str, int], ...] = ({},)
    assumptions: tuple[str, ...] = ()
    not_covered: tuple[str, ...] = ()


def shape_of(trial: Trial, axis: int) -> Record:
    """Return a `Shape` with the sizes of the trial along one axis, and ones along the others."""

    def along(value: Any, other: int) -> list[Any]:
        return [value if a == axis else other for a in range(3)]

    counts = dict.fromkeys(("batch", "groups", "in_channels", "out_channels"), 1)
    sizes = {name: along(trial.size(name), 1) for name in ("n", "k", "o")}
    steps = {"stride": along(trial.steps["s"], 1), "dilation": along(trial.steps["d"], 1)}
    return Record("Shape", {**counts, **sizes, **steps, "pad": along(trial.size("p"), 0)})


def axis_relation(trial: Trial, of: str = "r,a,i", extra: str = "") -> Any:
    """Return the relation of an axis: the triples of output, tap and input that meet."""
    held = "i = s*r + d*a - p and 0 <= i < n and 0 <= a < k and 0 <= r < o"
    return trial.set(f"{held} and {extra}" if extra else held, of=of)


def numbers_of(trial: Trial, walker: Any, axis: Record, output: Any, tap: Record) -> Any:
    """Return the input index that a tap of an axis reads for an output."""
    n = trial.numbers
    return n.add(n.multiply(output, axis.fields["step"]), tap.fields["shift"])


def visit_taps(trial: Trial, walker: Any, axis: Record, output: Any, visit: Callable[[Record, Any], None]) -> None:
    """Visit the taps of an axis that are in range of an output, as the terms of a sum are."""
    taps = axis.fields["taps"]
    found = walker.run(trial.function("Axis::in_range"), [output], axis)
    taken = walker.every(found.fields["begin"], found.fields["end"], "tap")
    with taken as place, walker.within(taps.exists(trial.numbers, place)):
        visit(taps.element(trial.numbers, place), place)


def array(name: str) -> Pointer:
    """Return a pointer to the first element of an array."""
    return Pointer(name, 0)
