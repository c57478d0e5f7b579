"""How a kernel treats memory: layouts, what lies around its arrays, what it writes, what it remembers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

from convproof.checker.cases import (
    Case,
    Passed,
    Skipped,
    contract,
    draw,
    draw_bias,
    hold_equal,
    integer_magnitude,
    per_channel,
)
from convproof.checker.probes import log2_miss
from convproof.checker.properties.base import BILINEAR, Property
from convproof.checker.subject import Declined, Subject, Wrong, plain

__all__ = ["LAYOUTS", "MOAT", "REPEATABLE", "STATELESS", "UNTOUCHED"]


def _poison(dtype: np.dtype) -> object:
    """A value that shows wherever it is read: NaN, or the largest integer."""
    return np.nan if dtype.kind == "f" else np.iinfo(dtype).max


# ---------------------------------------------------------------------- layouts


def _within(array: np.ndarray, slices: tuple[slice, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Copy an array into a view of a larger, poisoned one."""
    view = np.full(shape, _poison(array.dtype), array.dtype)[slices]
    view[...] = array
    return view


def _every_second(array: np.ndarray) -> np.ndarray:
    shape = (*array.shape[:2], *(2 * n for n in array.shape[2:]))
    return _within(array, (slice(None),) * 2 + (slice(None, None, 2),) * (array.ndim - 2), shape)


def _cropped(array: np.ndarray) -> np.ndarray:
    inner = (slice(None),) * 2 + tuple(slice(1, 1 + n) for n in array.shape[2:])
    return _within(array, inner, (*array.shape[:2], *(n + 3 for n in array.shape[2:])))


def _reversed(array: np.ndarray) -> np.ndarray:
    flip = (slice(None, None, -1),) * array.ndim
    return np.ascontiguousarray(array[flip])[flip]


def _channels_last(array: np.ndarray) -> np.ndarray:
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)


def _channel_slice(array: np.ndarray) -> np.ndarray:
    shape = (array.shape[0], array.shape[1] + 3, *array.shape[2:])
    return _within(array, (slice(None), slice(1, 1 + array.shape[1])), shape)


def _channel_slice_of_channels_last(array: np.ndarray) -> np.ndarray:
    wide = np.full((array.shape[0], *array.shape[2:], array.shape[1] + 2), _poison(array.dtype), array.dtype)
    view = np.moveaxis(wide, -1, 1)[:, :-2]
    view[...] = array
    return view


def _axes_swapped(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array.swapaxes(0, 1)).swapaxes(0, 1)


def _read_only(array: np.ndarray) -> np.ndarray:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def _unaligned(array: np.ndarray) -> np.ndarray:
    raw = np.zeros(array.nbytes + 1, np.uint8)
    view = raw[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


#: Ways to store the same numbers.
LAYOUT_OF: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "every second element": _every_second,
    "the inside of a larger array": _cropped,
    "negative strides": _reversed,
    "Fortran order": np.asfortranarray,
    "channels last": _channels_last,
    "a slice of channels": _channel_slice,
    "a slice of channels, channels last": _channel_slice_of_channels_last,
    "first two axes swapped": _axes_swapped,
    "read-only": _read_only,
    "unaligned": _unaligned,
}


def layouts(subject: Subject, case: Case) -> Passed | Skipped:
    """Give each operand in each layout, with poison in the gaps, and the other contiguous; then both."""
    m = integer_magnitude(subject, case)
    if m < 1:
        return Skipped("no integers are exact at this many terms")
    operands = draw(subject, case, case.rng("layouts"), m)
    expected = contract(subject.op, case.geometry, *operands)
    declined = []
    for name, lay_out in LAYOUT_OF.items():
        for chosen in ((0,), (1,), (0, 1)):
            arrays = [lay_out(a) if which in chosen else a for which, a in enumerate(operands)]
            what = f"{name} in {' and '.join(subject.op.operands[which] for which in chosen)}"
            try:
                hold_equal(subject, subject.run(case.geometry, *arrays), expected, what=what)
            except Declined:
                declined.append(name)
    for what, axes in (("a broadcast batch", 1), ("broadcast in all axes", operands[0].ndim)):
        for which in (0, 1):
            arrays = list(operands)
            arrays[which] = _broadcast(arrays[which], axes)
            try:
                got = subject.run(case.geometry, *arrays)
                hold_equal(subject, got, contract(subject.op, case.geometry, *arrays), what=what)
            except Declined:
                declined.append(what)
    _layout_of_bias(subject, case, operands, expected, declined)
    if len(set(declined)) >= len(LAYOUT_OF) + 2:
        return Skipped("the kernel takes contiguous arrays only")
    note = "declines " + ", ".join(dict.fromkeys(declined)) if declined else ""
    return Passed(log2_miss(m, case.dtype), note=note)


def _broadcast(array: np.ndarray, axes: int) -> np.ndarray:
    """Repeat the first element along the first axes, by a stride of 0."""
    return np.broadcast_to(array[(slice(1),) * axes], array.shape)


def _layout_of_bias(
    subject: Subject, case: Case, operands: tuple[np.ndarray, np.ndarray], expected: np.ndarray, declined: list[str]
) -> None:
    if not subject.takes_bias:
        return
    offset = draw_bias(subject, case, case.rng("layout of the bias"))
    spread = _within(offset, (slice(None, None, 2),), (2 * len(offset),))
    try:
        got = subject.run(case.geometry, *operands, bias=spread)
    except Declined:
        declined.append("every second element in the bias")
        return
    hold_equal(subject, got, expected + per_channel(offset, case.geometry), what="every second element in the bias")


# ---------------------------------------------------------------------- what lies around the arrays

_MARGIN = 129  # elements of poison on either side


def _in_moat(array: np.ndarray) -> np.ndarray:
    """Copy an array, contiguous, into the middle of a poisoned buffer."""
    buffer = np.full(array.size + 2 * _MARGIN, _poison(array.dtype), array.dtype)
    inside = buffer[_MARGIN : _MARGIN + array.size].reshape(array.shape)
    inside[...] = array
    return inside


def moat(subject: Subject, case: Case) -> Passed | Skipped:
    """Surround the operands with poison, and leave poison where the result is likely to be allocated."""
    m = integer_magnitude(subject, case)
    if m < 1:
        return Skipped("no integers are exact at this many terms")
    geo = case.geometry
    operands = draw(subject, case, case.rng("moat"), m)
    expected = contract(subject.op, geo, *operands)
    inside = [_in_moat(a) for a in operands]
    _leave_poison(subject.op.result_shape(geo), np.dtype(case.dtype))
    hold_equal(subject, subject.run(geo, *inside), expected, what="poison around the operands")
    if subject.accepts.takes("out"):
        out = np.full(subject.op.result_shape(geo), 0, subject.run(geo, *operands).dtype)
        out[...] = _poison(out.dtype)
        subject.call(geo, *inside, out=out)
        hold_equal(subject, out, expected, what="a poisoned out=")
    return Passed(log2_miss(m, case.dtype))


def _leave_poison(shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Fill and free memory of the result's size: an allocator tends to hand it out next, contents and all."""
    kept = [np.full(shape, _poison(dtype), dtype) for _ in range(4)]
    del kept


# ---------------------------------------------------------------------- what it writes, and remembers


def untouched(subject: Subject, case: Case) -> Passed | Skipped:
    """Compare the operands before and after, and see that the result lies in memory of its own."""
    geo, rng = case.geometry, case.rng("untouched")
    first, second = draw(subject, case, rng, 3)
    delta = np.zeros_like(second)
    delta[(slice(None), 0, *(n // 2 for n in second.shape[2:]))] = 1
    bias = (draw_bias(subject, case, rng),) if subject.takes_bias else ()
    # Under a delta, and without a bias, the result may equal the operand: the occasion to return that itself.
    for given in ((first, second, *bias), (first, delta)):
        operands = tuple(array.copy() for array in given)
        result = subject.call(geo, *operands)
        for name, array, before in zip((*subject.op.operands, "bias"), operands, given, strict=False):
            if array.tobytes() != before.tobytes():
                raise Wrong(f"the call changed its operand {name}")
            if isinstance(result, np.ndarray) and np.may_share_memory(result, array):
                raise Wrong(f"the result shares memory with the operand {name}")
    return Passed()


def _same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two results agree in every bit that counts: a long double has bytes that mean nothing."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype.kind != "f":
        return np.array_equal(one, other)
    return np.array_equal(one, other, equal_nan=True) and np.array_equal(np.signbit(one), np.signbit(other))


_LATER_CALLS = 9


def stateless(subject: Subject, case: Case) -> Passed | Skipped:
    """Call with one set of data, several times with others, at another geometry, and with the first again."""
    geo, rng = case.geometry, case.rng("stateless")
    one = draw(subject, case, rng, 3)
    kept = subject.call(geo, *one)
    first = plain(kept)
    for _ in range(_LATER_CALLS):  # buffers are handed out in turn
        subject.run(geo, *draw(subject, case, rng, 3))
        if not _same_bits(plain(kept), first):
            raise Wrong("a later call overwrote the result of an earlier one")
    other = geo.replace(x=(geo.batch + 1, *geo.x[1:]))
    if subject.domain.refuses(other, subject.op.name) is None:
        shapes = subject.op.shapes(other)
        with contextlib.suppress(Declined):
            subject.run(other, *(np.ones(shape, case.dtype) for shape in shapes))
    again = subject.run(geo, *one)
    if not _same_bits(first, again):
        raise Wrong("the same call gave another result after other calls in between")
    return Passed()


def repeatable(subject: Subject, case: Case) -> Passed | Skipped:
    """Repeat a call on floats that round, with every number of threads that the kernel can be asked for."""
    geo, rng = case.geometry, case.rng("repeatable")
    if not case.dtype.startswith("float"):
        return Skipped("integers do not round")
    operands = [rng.standard_normal(shape).astype(case.dtype) for shape in subject.op.shapes(geo)]
    first = subject.run(geo, *operands)
    threads: list[dict[str, Any]] = [{}, {}]
    if subject.accepts.takes("threads"):
        threads += [{"threads": count} for count in (1, 2, 3)]
    for extra in threads:
        again = subject.run(geo, *operands, **extra)
        if not _same_bits(first, again):
            how = f" with {extra['threads']} threads" if extra else ""
            raise Wrong(f"the same call{how} gave other bits")
    return Passed()


LAYOUTS = Property(
    "layouts", "the values do not depend on how the operands lie in memory", layouts, "exact", BILINEAR, every=6
)
MOAT = Property(
    "moat", "nothing outside the operands is read, and every output is written", moat, "exact", BILINEAR, every=3
)
UNTOUCHED = Property(
    "inputs untouched",
    "operands are not changed, and the result shares no memory with them",
    untouched,
    None,
    "observed at the calls made",
    every=4,
)
STATELESS = Property(
    "no state",
    "a call's result does not depend on the calls before it",
    stateless,
    None,
    "observed at the calls made",
    every=4,
)
REPEATABLE = Property(
    "repeatable",
    "the same call gives the same bits, with any number of threads",
    repeatable,
    None,
    "observed at the calls made",
    every=4,
)
