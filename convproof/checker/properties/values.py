"""The values themselves: exact integers, bias, the shape and dtype of the result, the whole matrix read off."""

from __future__ import annotations

import math

import numpy as np

from convproof.checker.cases import (
    Case,
    Passed,
    Skipped,
    contract,
    draw,
    hold_equal,
    integer_magnitude,
    oracle,
    per_channel,
    telling,
)
from convproof.checker.probes import NUMBERS, fill, log2_miss, trials_for
from convproof.checker.properties.base import BILINEAR, Property
from convproof.checker.subject import Subject, Wrong

__all__ = ["BIAS", "READ_OFF", "RESULT", "VALUES", "read_off_calls"]


def values(subject: Subject, case: Case) -> Passed | Skipped:
    """Compare with the oracle on random integers, redrawn in place until the chance of a miss is small."""
    m = integer_magnitude(subject, case)
    if m < 1:
        return Skipped("no integers are exact at this many terms")
    trials = trials_for(case.log2_target, m, case.dtype, case.max_trials)
    rng, geo = case.rng("values"), case.geometry
    first, second = draw(subject, case, rng, m)
    informative = False
    for trial in range(trials):
        if trial:
            # The same buffers with new contents: a kernel that remembers the old ones is found out.
            first[...], second[...] = draw(subject, case, rng, m)
        got = subject.run(geo, first, second)
        expected = contract(subject.op, geo, first, second)
        hold_equal(subject, got, expected)
        informative = informative or telling(expected, first, second)
    return Passed(trials * log2_miss(m, case.dtype), informative)


def bias(subject: Subject, case: Case) -> Passed | Skipped:
    """Compare with the oracle plus a bias per channel."""
    if not subject.takes_bias:
        return Skipped("the operation, or the kernel, takes no bias")
    m = integer_magnitude(subject, case, growth=2)
    if m < 1:
        return Skipped("no integers are exact at this many terms")
    rng, geo = case.rng("bias"), case.geometry
    first, second = draw(subject, case, rng, m)
    offset = fill(rng, (subject.op.bias_size(geo),), m, case.dtype)
    got = subject.run(geo, first, second, bias=offset)
    hold_equal(subject, got, contract(subject.op, geo, first, second) + per_channel(offset, geo))
    _full_bias(subject, case, rng)
    return Passed(log2_miss(m, case.dtype))


def _full_bias(subject: Subject, case: Case, rng: np.random.Generator) -> None:
    """Let the bias have every bit of its dtype, and the products but a few: a narrower bias shows in its low bits."""
    geo, terms = case.geometry, subject.op.terms(case.geometry)
    held = 2 ** NUMBERS[case.dtype].held
    if subject.domain.accuracy == "normwise" or held <= 2 * terms:
        return
    first, second = draw(subject, case, rng, 1)
    offset = rng.integers(held // 2, held - terms, (subject.op.bias_size(geo),))
    got = subject.run(geo, first, second, bias=offset.astype(case.dtype))
    expected = contract(subject.op, geo, first, second) + per_channel(offset, geo)
    hold_equal(subject, got, expected, what=f"a bias of {held.bit_length() - 1} bits")


def result_form(subject: Subject, case: Case) -> Passed | Skipped:
    """Hold the shape to the number of windows counted from the relation, and the dtype to the operands'."""
    geo = case.geometry
    counted = oracle(geo).y
    if counted != geo.y:
        raise Wrong(f"convproof's own size formula gives {geo.y}, and the relation has {counted}: please report this")
    first, second = draw(subject, case, case.rng("result"), 1)
    got = subject.run(geo, first, second)
    shape = subject.op.result_shape(geo)
    if got.shape != shape:
        raise Wrong(f"the result has shape {got.shape}, expected {shape}", (), got.shape, shape)
    if got.dtype == np.dtype(case.dtype) or got.dtype.kind == np.dtype(case.dtype).kind == "i":
        return Passed()
    if case.dtype.startswith("float") and not np.can_cast(case.dtype, got.dtype):
        raise Wrong(f"the result has dtype {got.dtype} for operands of {case.dtype}", (), got.dtype, case.dtype)
    return Passed(note=f"returns {got.dtype} for {case.dtype}")


# Entries of a wrong matrix between -2 and 3 differ from the right 0 or 1 by at most 3, so that base 8 keeps
# any two of them apart in every digit.
_RADIX_BITS = 3
_MAX_CALLS = 200


def read_off_calls(subject: Subject, case: Case) -> int:
    """Number of calls that reading the whole matrix off takes."""
    first, second = (math.prod(shape) for shape in subject.op.shapes(case.geometry))
    digits = _digits(case.dtype)
    return min(first * math.ceil(second / digits), second * math.ceil(first / digits))


def _digits(dtype: str) -> int:
    # As many as the dtype stores, and the oracle sums: a power beyond would be cut off, and read nothing.
    return min(NUMBERS[dtype].held, 53) // _RADIX_BITS


def read_off(subject: Subject, case: Case) -> Passed | Skipped:
    """Read every entry of the three-way matrix: basis vectors in one operand, powers of 8 in the other."""
    if subject.domain.accuracy == "normwise":
        return Skipped("a norm-wise kernel does not keep powers of 8 apart")
    if not 0 < read_off_calls(subject, case) <= _MAX_CALLS:
        return Skipped("too many entries")
    geo, digits = case.geometry, _digits(case.dtype)
    shapes = subject.op.shapes(geo)
    sizes = [math.prod(shape) for shape in shapes]
    basis = 0 if sizes[0] * math.ceil(sizes[1] / digits) <= sizes[1] * math.ceil(sizes[0] / digits) else 1
    order = case.rng("read-off").permutation(sizes[1 - basis])
    for start in range(0, len(order), digits):
        packed = np.zeros(sizes[1 - basis], np.int64)
        chunk = order[start : start + digits]
        packed[chunk] = 1 << (_RADIX_BITS * np.arange(len(chunk)))
        for index in range(sizes[basis]):
            hot = np.zeros(sizes[basis], np.int64)
            hot[index] = 1
            operands = (hot, packed) if basis == 0 else (packed, hot)
            arrays = [a.reshape(s).astype(case.dtype) for a, s in zip(operands, shapes, strict=True)]
            got = subject.run(geo, *arrays)
            hold_equal(subject, got, contract(subject.op, geo, *arrays))
    return Passed()


VALUES = Property(
    "values", "every output equals the oracle's, exactly, on integers that leave no rounding", values, "exact", BILINEAR
)
BIAS = Property("bias", "a bias is added once to each output of its channel", bias, "exact", BILINEAR, every=4)
RESULT = Property(
    "result shape",
    "the result has as many outputs as the relation has windows, and the dtype of its operands",
    result_form,
    "exact",
    "the shape depends on shapes and parameters alone",
)
READ_OFF = Property(
    "matrix",
    "every entry of the kernel's matrix, read off, equals the structure tensor's",
    read_off,
    "read-off",
    "bilinear on the exact range, with integer entries between -2 and 3",
    every=2,
)
