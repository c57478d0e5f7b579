"""How the parameters are written: left out where they are at their defaults, one number, or one for each axis."""

from __future__ import annotations

from typing import Any

from convproof.checker.cases import Case, Passed, Skipped, contract, draw, hold_equal, integer_magnitude, telling
from convproof.checker.properties.base import Property
from convproof.checker.subject import Crashed, Declined, Subject

__all__ = ["ARGUMENTS"]


def arguments(subject: Subject, case: Case) -> Passed | Skipped:
    """Write the same call in the other ways that PyTorch accepts."""
    m = integer_magnitude(subject, case)
    if m < 1:
        return Skipped("no integers are exact at this many terms")
    operands = draw(subject, case, case.rng("arguments"), m)
    expected = contract(subject.op, case.geometry, *operands)
    declined = []
    ways: dict[str, dict[str, Any]] = {"with defaults left out": {}, "with tuples": subject.op.per_axis(case.geometry)}
    for what, written in ways.items():
        try:
            got = subject.run(case.geometry, *operands, terse=not written, **written)
        except (Declined, Crashed):  # many a kernel takes numbers alone, or has no defaults
            declined.append(what)
            continue
        hold_equal(subject, got, expected, what=what)
    if len(declined) == len(ways):
        return Skipped("the kernel takes its arguments in one way only")
    return Passed(
        note="declines calls " + ", ".join(declined) if declined else "", informative=telling(expected, *operands)
    )


ARGUMENTS = Property(
    "arguments",
    "left out, a parameter has its default; a number is the same as a tuple of it",
    arguments,
    None,
    "observed at the calls made",
    every=6,
)
