"""The edges of the domain: empty sizes, and numbers that are not finite."""

from __future__ import annotations

import numpy as np

from convproof.checker.cases import Case, Passed, Skipped, contract, draw, draw_bias, hold_equal, per_channel
from convproof.checker.properties.base import Property
from convproof.checker.subject import Declined, Subject, Wrong
from convproof.geometry import Conv

__all__ = ["EMPTY", "NON_FINITE"]


def _emptied(geo: Conv) -> list[tuple[str, Conv]]:
    spatial = geo.x[2:]
    return [
        ("batch 0", geo.replace(x=(0, *geo.x[1:]))),
        ("no input channels", geo.replace(x=(geo.batch, 0, *spatial), w=(geo.w[0], 0, *geo.kernel), groups=1)),
    ]


def empty(subject: Subject, case: Case) -> Passed | Skipped:
    """Ask for no images, and for no channels: sums over nothing are zero, but for the bias."""
    declined = []
    for name, geo in _emptied(case.geometry):
        if subject.domain.refuses(geo, subject.op.name) is not None:
            declined.append(name)
            continue
        first, second = (np.ones(shape, case.dtype) for shape in subject.op.shapes(geo))
        shape = subject.op.result_shape(geo)
        for dirty in (False, True):
            if dirty:
                kept = [np.full(shape, 7, case.dtype) for _ in range(4)]
                del kept
            bias = draw_bias(subject, Case(geo, case.dtype), case.rng("empty")) if subject.takes_bias else None
            try:
                got = subject.run(geo, first, second, bias=bias)
            except Declined:
                declined.append(name)
                break
            expected = np.zeros(shape, np.int64) + (0 if bias is None else per_channel(bias, geo))
            hold_equal(subject, got, expected, what=name)
    if len(set(declined)) == 2:
        return Skipped("the kernel declines empty sizes")
    return Passed(note="declines " + ", ".join(dict.fromkeys(declined)) if declined else "")


def non_finite(subject: Subject, case: Case) -> Passed | Skipped:
    """Make one element infinite or NaN: exactly the outputs that read it stop being finite."""
    if not case.dtype.startswith("float") or subject.domain.finite_only:
        return Skipped("finite numbers only")
    rng = case.rng("non-finite")
    operands = draw(subject, case, rng, 3)
    if not operands[0].size or not operands[1].size:
        return Skipped("an operand is empty")
    for which in (0, 1):
        for value in (np.inf, np.nan):
            _one_not_finite(subject, case, rng, operands, which, value)
    return Passed()


# Which operand is padded with zeros, or has them inserted: infinities in the other one may meet those zeros.
_PADDED = {"forward": 0, "input_gradient": 0, "weight_gradient": 1}


def _one_not_finite(
    subject: Subject, case: Case, rng: np.random.Generator, operands: tuple, which: int, value: float
) -> None:
    clean = [np.where(a == 0, 1, a).astype(case.dtype) for a in operands]  # zero times infinity would hide a read
    at = tuple(int(rng.integers(n)) for n in clean[which].shape)
    clean[which][at] = 0
    finite = contract(subject.op, case.geometry, *clean)
    marks = [np.ones(a.shape, np.int64) for a in clean]
    marks[which][...] = 0
    marks[which][at] = 1
    must = contract(subject.op, case.geometry, *marks) != 0
    may = must
    if which != _PADDED[subject.op.contraction]:
        # infinity times a zero of the padding is NaN in kernels that multiply by it: anywhere in the channel
        channel = 0 if subject.op.result == "w" else 1
        others = tuple(axis for axis in range(must.ndim) if axis != channel)
        may = np.broadcast_to(must.any(axis=others, keepdims=True), must.shape)
        if not must.any():
            return
    clean[which][at] = value
    got = subject.run(case.geometry, *clean)
    where = f"{value} at {subject.op.operands[which]}{list(at)}"
    if got.shape != finite.shape:
        hold_equal(subject, got, finite, what=where)
    hold_equal(subject, np.where(may, 0, got), np.where(may, 0, finite), what=where)
    if np.isfinite(got[must]).any():
        entry = tuple(int(i) for i in np.argwhere(must & np.isfinite(got))[0])
        raise Wrong(f"{where}: entry {list(entry)} reads it and is finite", entry, got[entry], "inf or nan")


EMPTY = Property(
    "empty sizes",
    "an empty batch gives an empty result, sums over nothing are zero",
    empty,
    "exact",
    "a result over nothing depends on shapes alone",
    every=12,
)
NON_FINITE = Property(
    "not finite",
    "an infinity or NaN reaches the outputs that read it, and no other",
    non_finite,
    None,
    "observed at the positions drawn",
    every=4,
)
