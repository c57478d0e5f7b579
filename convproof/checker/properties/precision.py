"""How precisely a kernel computes: its operands, its accumulator, and the rigorous bound on its error."""

from __future__ import annotations

import math

import numpy as np

from convproof.checker.cases import Case, Passed, Skipped, contract, hold_equal
from convproof.checker.probes import NUMBERS, normwise_bound
from convproof.checker.properties.base import Property
from convproof.checker.subject import Subject, Wrong

__all__ = ["ACCUMULATOR", "ERROR_BOUND", "OPERANDS"]

_PART = 27  # wider numbers are cut into parts of so many bits, that the oracle contracts in fast exact arithmetic


def _inexact_class(subject: Subject, case: Case) -> Skipped | None:
    if not case.dtype.startswith("float"):
        return Skipped("integers have no precision to lose")
    if subject.domain.accuracy == "normwise":
        return Skipped("a norm-wise kernel rounds its operands' transforms")
    return None


def operand_precision(subject: Subject, case: Case) -> Passed | Skipped:
    """Leave one live element in one operand and give the other every bit of its significand, in turn.

    Each output is then a single product with 1 or -1, exact in any order: an operand that was cut to TF32, half
    or bfloat16 on its way, or a wide integer to a float, shows in its low bits.
    """
    if subject.domain.accuracy == "normwise":
        return Skipped("a norm-wise kernel rounds its operands' transforms")
    rng, geo, bits = case.rng("operand precision"), case.geometry, NUMBERS[case.dtype].held
    shapes, seen = subject.op.shapes(geo), False
    for full in (0, 1):
        if not math.prod(shapes[0]) or not math.prod(shapes[1]):
            return Skipped("an operand is empty")
        odd = 2 * rng.integers(2 ** (bits - 2), 2 ** (bits - 1), shapes[full]) + 1
        hot = _one_hot(rng, shapes[1 - full])
        hot = hot if NUMBERS[case.dtype].signed else np.abs(hot)
        if _most_meetings(subject, case, full, hot) > 1:
            return Skipped("padding brings the live element to an output more than once")
        parts = [((odd >> low) & (2**_PART - 1), low) for low in range(0, bits, _PART)]
        expected = np.sum([contract(subject.op, geo, *_ordered(full, part, hot)) << low for part, low in parts], axis=0)
        got = subject.run(geo, *(a.astype(case.dtype) for a in _ordered(full, odd, hot)))
        hold_equal(subject, got, expected, what=f"{bits}-bit values in {subject.op.operands[full]}, one tap live")
        seen = seen or bool(expected.any())
    return Passed(informative=seen)


def _one_hot(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    hot = np.zeros(math.prod(shape), np.int64)
    hot[rng.integers(hot.size)] = rng.choice((-1, 1))
    return hot.reshape(shape)


def _most_meetings(subject: Subject, case: Case, full: int, hot: np.ndarray) -> int:
    """Largest number of products with the live element that one output sums (reflect and the like repeat it)."""
    if case.geometry.mode == "zeros":
        return 1
    ones = np.ones(subject.op.shapes(case.geometry)[full], np.int64)
    return int(contract(subject.op, case.geometry, *_ordered(full, ones, np.abs(hot))).max(initial=0))


def _ordered(full: int, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (first, second) if full == 0 else (second, first)


def accumulator_precision(subject: Subject, case: Case) -> Passed | Skipped:
    """Add one product near the end of the exact range to many of size one.

    The operands are powers of two, exact in every type; an accumulator narrower than the dtype drops the ones.
    """
    if skipped := _inexact_class(subject, case):
        return skipped
    rng, geo, bits = case.rng("accumulator"), case.geometry, NUMBERS[case.dtype].bits
    shapes = subject.op.shapes(geo)
    if subject.op.terms(geo) >= 2 ** (bits - 2) or not math.prod(shapes[0]) or not math.prod(shapes[1]):
        return Skipped("too many terms, or none")
    first, second = (rng.choice((-1, 1), shape) for shape in shapes)
    hot = _one_hot(rng, shapes[1])
    second[hot != 0] = 0
    large = 2 ** (bits - 1 - _most_meetings(subject, case, 0, hot).bit_length())
    expected = contract(subject.op, geo, first, second) + large * contract(subject.op, geo, first, hot)
    got = subject.run(geo, first.astype(case.dtype), (second + large * hot).astype(case.dtype))
    hold_equal(subject, got, expected, what=f"one product of {large} among products of 1")
    return Passed(informative=bool(expected.any()))


_MAX_TERMS = 300_000


def error_bound(subject: Subject, case: Case) -> Passed | Skipped:
    """Hold the error on operands that do round to the rigorous bound of the declared accuracy class.

    The operands are wide integers, so that the true result is known exactly in 64 bits while every float sum
    of them rounds (to another integer).
    """
    if not case.dtype.startswith("float"):
        return Skipped("integers do not round")
    op, geo, numbers = subject.op, case.geometry, NUMBERS[case.dtype]
    terms = op.terms(geo)
    if geo.multiply_adds > _MAX_TERMS or terms * numbers.unit >= 1:
        return Skipped("left to smaller geometries")
    m = min(math.isqrt(2**62 // terms), 2**numbers.bits)
    rng = case.rng("error bound")
    first, second = (rng.integers(-m, m + 1, shape) for shape in op.shapes(geo))
    # Rounded to the dtype first: beyond its significand not every integer exists.
    first, second = (a.astype(case.dtype).astype(np.int64) for a in (first, second))
    got = subject.run(geo, first.astype(case.dtype), second.astype(case.dtype))
    true = contract(op, geo, first, second)
    if got.shape != true.shape or not np.isfinite(got).all():
        hold_equal(subject, got, true)
    error = np.abs(np.rint(got).astype(np.int64) - true).astype(float)
    allowed = _allowed(subject, case, first, second, true)
    over = error > allowed
    if over.any():
        entry = tuple(int(i) for i in np.argwhere(over)[0])
        story = f"entry {list(entry)} errs by {error[entry]:.3g}, and the bound allows {allowed[entry]:.3g}"
        raise Wrong(story, entry, got[entry], true[entry])
    return Passed(share=float((error / np.maximum(allowed, 1)).max(initial=0.0)))


def _allowed(subject: Subject, case: Case, first: np.ndarray, second: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Bound of the class: ``gamma_K * (|a| * |b|)`` entry by entry, or a multiple of the operands' norms."""
    op, geo, unit = subject.op, case.geometry, NUMBERS[case.dtype].unit
    if subject.domain.accuracy == "normwise":
        norms = [float(np.linalg.norm(a.astype(float))) for a in (first, second)]
        return np.full(true.shape, normwise_bound(op, geo, case.dtype, *norms))
    terms = op.terms(geo)
    gamma = terms * unit / (1 - terms * unit)
    absolute = contract(op, geo, np.abs(first), np.abs(second)).astype(float)
    return gamma * absolute + unit * np.abs(true.astype(float)) + 1


OPERANDS = Property(
    "operand precision",
    "operands enter with every bit of their significand",
    operand_precision,
    "exact",
    "the precision depends on shapes and parameters, not on the values",
    every=2,
)
ACCUMULATOR = Property(
    "accumulator precision",
    "sums are kept at the precision of the dtype or better",
    accumulator_precision,
    "exact",
    "the precision depends on shapes and parameters, not on the values",
    every=2,
)
ERROR_BOUND = Property(
    "error bound",
    "rounding errors stay within the rigorous bound of the declared accuracy class",
    error_bound,
    "bounded",
    "sampled; K products summed in any order in an accumulator of the dtype",
    every=3,
)
