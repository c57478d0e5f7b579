"""The duality identities, as the symbolic line lists them, asked of the kernel."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from convproof.checker.cases import Case, Passed, Skipped, hold_equal, integer_magnitude, oracle
from convproof.checker.probes import NUMBERS, log2_miss, normwise_magnitude
from convproof.checker.properties.base import BILINEAR, Property
from convproof.checker.subject import Subject, Wrong
from convproof.geometry import Conv
from convproof.symbolic.identities import IDENTITIES, Identity

__all__ = ["DUALITIES"]


def _runner(subject: Subject, dtype: str, used: dict[Conv, bool]) -> Callable:
    """Return the `run` of an identity: the kernel where the role is its own, the oracle elsewhere."""

    def run(role: str, geo: Conv, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        if role != subject.op.contraction or not _can_ask(subject, geo, dtype, first, second):
            return getattr(oracle(geo), role)(first, second)
        got = subject.run(geo, first.astype(dtype), second.astype(dtype))
        shape = subject.op.result_shape(geo)
        if got.shape != shape:
            raise Wrong(f"the result has shape {got.shape}, expected {shape}, at {geo}", (), got.shape, shape)
        if not np.isfinite(got).all():
            raise Wrong(f"integers gave a result that is not finite, at {geo}")
        whole = np.rint(got) if got.dtype.kind == "f" else got
        if subject.domain.accuracy != "normwise" and not np.array_equal(whole, got):
            raise Wrong(f"integers gave a result that is no integer, at {geo}")
        right = np.array_equal(whole, getattr(oracle(geo), role)(first, second))
        used[geo] = used.get(geo, True) and right
        return whole.astype(np.int64)

    return run


def _can_ask(subject: Subject, geo: Conv, dtype: str, first: np.ndarray, second: np.ndarray) -> bool:
    """Whether a geometry that an identity derives lies in the domain, and its numbers in the exact range."""
    op = subject.op
    if subject.domain.refuses(geo, op.name) is not None:
        return False
    peak = [int(np.abs(a).max(initial=0)) for a in (first, second)]
    if max(peak) > NUMBERS[dtype].operand or (not NUMBERS[dtype].signed and min(first.min(), second.min()) < 0):
        return False
    if subject.domain.accuracy == "normwise" and dtype.startswith("float"):
        return max(peak) <= normwise_magnitude(op, geo, dtype)
    return op.terms(geo) * peak[0] * peak[1] <= 2 ** NUMBERS[dtype].bits


# Its second kernel is sparse, of ones: not drawn from all integers, so that no probability follows.
_NOT_UNIFORM = ("composition",)


def _ask(identity: Identity, subject: Subject, case: Case) -> Passed | Skipped:
    if not identity.applies(case.geometry):
        return Skipped("the identity says nothing of this geometry")
    if not NUMBERS[case.dtype].signed:
        return Skipped("the identity needs negative numbers")
    # Derived geometries may sum more terms than the case itself; half the bits keep them exact, mostly.
    m = min(integer_magnitude(subject, case, identity.growth), 2 ** (NUMBERS[case.dtype].bits // 2 - 4))
    if m < 1:
        return Skipped("no integers are exact at this many terms")
    used: dict[Conv, bool] = {}  # the geometries that the kernel was asked, and whether it was right there
    left, right = identity.sides(_runner(subject, case.dtype, used), case.geometry, case.rng(identity.name), m)
    if not used:
        return Skipped("every side lies outside the kernel's domain")
    wrong = next((geo for geo, is_right in used.items() if not is_right and geo != case.geometry), None)
    where = f" (the kernel is wrong at {wrong})" if wrong else ""
    hold_equal(subject, np.asarray(left), np.asarray(right), what=identity.statement + where)
    if identity.name in _NOT_UNIFORM:
        return Passed()
    # degree at most three in the operands drawn
    return Passed(min(0.0, log2_miss(m, case.dtype) + math.log2(1.5)))


DUALITIES = tuple(
    Property(
        # "flip: forward" and "flip: weight_gradient" are both "flip": no kernel is asked both
        identity.name.partition(":")[0],
        identity.statement,
        partial(_ask, identity),
        "exact",
        BILINEAR,
        every=6,
        contractions=identity.roles,
    )
    for identity in IDENTITIES
)
