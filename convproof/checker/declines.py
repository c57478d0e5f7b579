"""Telling what a kernel does not support from what it fails at: refusals that no parameter explains."""

from __future__ import annotations

from collections.abc import Callable

from convproof.checker.tally import Tally
from convproof.geometry import Conv

__all__ = ["unexplained"]

#: Features that a kernel may well not support.
_FEATURES: dict[str, Callable[[Conv], object]] = {
    "stride": lambda geo: set(geo.stride) != {1},
    "axes of unequal stride": lambda geo: len(set(geo.stride)) > 1,
    "dilation": lambda geo: set(geo.dilation) != {1},
    "axes of unequal dilation": lambda geo: len(set(geo.dilation)) > 1,
    "padding": lambda geo: set(geo.padding) != {(0, 0)},
    "axes of unequal padding": lambda geo: len(set(geo.padding)) > 1,
    "groups": lambda geo: geo.groups != 1,
    "groups other than depthwise": lambda geo: geo.groups not in (1, geo.in_channels),
    "output padding": lambda geo: any(geo.output_padding),
    "a batch": lambda geo: geo.batch != 1,
    "several input channels": lambda geo: geo.in_channels != 1,
    "several output channels": lambda geo: geo.out_channels != 1,
    "axes of unequal size": lambda geo: len(set(geo.n)) > 1,
    "axes of unequal kernel": lambda geo: len(set(geo.kernel)) > 1,
    "even kernels": lambda geo: any(k % 2 == 0 for k in geo.kernel),
    "padding of the kernel's size and more": lambda geo: any(
        max(pair) >= k for pair, k in zip(geo.padding, geo.kernel, strict=True)
    ),
    "padding beyond half the kernel": lambda geo: any(
        2 * max(pair) > k for pair, k in zip(geo.padding, geo.kernel, strict=True)
    ),
    "kernels other than 3": lambda geo: set(geo.kernel) != {3},
}


# A kernel that takes fewer cases than this, and declines more, has not been looked at.
_FEWEST_CASES = 20


def unexplained(tally: Tally | None) -> list[str]:
    """Return the doubts that refusals raise: too little was seen, or no unsupported feature explains them.

    A feature is unsupported where every case that has it was declined. A kernel that declines one case and
    accepts others with the same features does not refuse: it fails.
    """
    if tally is None or not tally.declined or not tally.cases:
        return []
    doubts = []
    if tally.cases < min(_FEWEST_CASES, len(tally.declined)):
        doubts.append(f"only {tally.cases} cases were looked at, for {len(tally.declined)} were declined")
    accepted = [geo for geo, _ in tally.accepted]
    unsupported = [has for has in _FEATURES.values() if not any(has(geo) for geo in accepted)]
    taken = {dtype for _, dtype in tally.accepted}
    left = [
        (geo, dtype, reason)
        for geo, dtype, reason in tally.declined
        if dtype in taken and not any(has(geo) for has in unsupported)
    ]
    if left:
        geo, dtype, reason = min(left, key=lambda item: item[0].multiply_adds)
        what = f"declines {len(left)} cases though it accepts others like them"
        doubts.append(f"{what}, {dtype} at {geo} for one: {reason}")
    return doubts
