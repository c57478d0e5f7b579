"""What the numbers are like: kernels that look at them have paths that dense random integers never take."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convproof.checker.cases import Case, Passed, Skipped, contract, draw, hold_equal, integer_magnitude, telling
from convproof.checker.properties.base import Property
from convproof.checker.subject import Subject

__all__ = ["KINDS", "SCALE"]


def kinds(subject: Subject, case: Case) -> Passed | Skipped:
    """Compare with the oracle on integers of one sign, mostly zero, all equal, and the least that there is."""
    m = integer_magnitude(subject, case)
    if m < 1:
        return Skipped("no integers are exact at this many terms")
    rng, seen = case.rng("kinds of data"), False
    for what, operands in _of_each_kind(rng, draw(subject, case, rng, m)):
        expected = contract(subject.op, case.geometry, *operands)
        hold_equal(subject, subject.run(case.geometry, *(a.copy() for a in operands)), expected, what=what)
        seen = seen or telling(expected, *operands)
    return Passed(informative=seen)


_Arrays = tuple[np.ndarray, ...]


def _of_each_kind(rng: np.random.Generator, operands: _Arrays) -> Iterator[tuple[str, _Arrays]]:
    yield "no negative numbers", tuple(np.abs(a) for a in operands)
    if operands[0].dtype.kind != "u":
        yield "no positive numbers", tuple(-np.abs(a) for a in operands)
    yield "mostly zeros", tuple(np.where(rng.random(a.shape) < 0.9, a.dtype.type(0), a) for a in operands)
    for which in (0, 1):
        one = [a.copy() for a in operands]
        one[which][...] = one[which].max(initial=0) or 1
        yield "all numbers of one operand equal", tuple(one)
    if operands[0].dtype in (np.int8, np.int16):
        yield "the least number of the type", (np.full_like(operands[0], np.iinfo(operands[0].dtype).min), operands[1])


# Exponents of the powers of two for either operand; with them no sum leaves the normal numbers.
_EXPONENTS = {
    "float32": ((-60, -60), (48, 48), (-100, 100), (100, -100)),
    "float64": ((-500, -500), (480, 480), (-900, 900), (900, -900)),
}


def scale(subject: Subject, case: Case) -> Passed | Skipped:
    """Multiply the operands by powers of two: every right sum is multiplied too, and no bit of it changes.

    What rounds to whole numbers, or takes an absolute number for small or large, is found out.
    """
    m = integer_magnitude(subject, case)
    if m < 1 or case.dtype not in _EXPONENTS:
        return Skipped("integers have no scale" if m else "no integers are exact at this many terms")
    operands = draw(subject, case, case.rng("scale"), m)
    expected = contract(subject.op, case.geometry, *operands)
    for exponents in _EXPONENTS[case.dtype]:
        scaled = (np.ldexp(a, e) for a, e in zip(operands, exponents, strict=True))
        got = np.ldexp(subject.run(case.geometry, *scaled), -sum(exponents))
        powers = " and ".join(f"{name} by 2**{e}" for name, e in zip(subject.op.operands, exponents, strict=True))
        hold_equal(subject, got, expected, what=f"multiplied {powers}, and the result back")
    return Passed(informative=telling(expected, *operands))


KINDS = Property(
    "kinds of data",
    "zeros, one sign, equal numbers and the least number are no different from others",
    kinds,
    None,
    "observed at the numbers drawn",
    every=6,
)
SCALE = Property(
    "scale",
    "operands times powers of two give the result times powers of two, to the last bit",
    scale,
    None,
    "observed at the powers tried",
    every=4,
)
