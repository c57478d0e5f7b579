"""A step at concrete sizes: both sides written out as exact polynomials, every coefficient compared."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sympy import Symbol

from convproof.symbolic import polynomials
from convproof.symbolic.guarded_sum import GuardedSum
from convproof.symbolic.guards import Equal, connected, lower
from convproof.symbolic.smt import Undecided
from convproof.symbolic.step_claims import Claim, Setting, well_formed

__all__ = ["TRIALS", "endless", "refute_at_sizes"]

TRIALS = 8

_TRIES = 400
_BOXES = (None, 3, 2)
# Pairs of stride and dilation; first those at which fewest wrong steps look right.
_STEPS = ((2, 3), (1, 1), (1, 2), (2, 1), (3, 2))


def refute_at_sizes(claim: Claim, setting: Setting, trials: int = TRIALS, seed: int = 0) -> str | Undecided | None:
    """Compare both sides at random sizes; on a difference, search for the smallest sizes.

    Parameters
    ----------
    trials, seed : int
        How many sizes, and which.

    Returns
    -------
    str, Undecided or None
        Where the sides differ; why nothing was compared; None where they are equal each time.
    """
    setting = well_formed(claim, setting)
    rng = random.Random(seed)
    parameters = _parameters(claim, setting)
    done = met = 0
    for attempt in range(_TRIES):
        sizes = _drawn(parameters, setting, rng, attempt)
        if not _allowed(sizes, setting):
            continue
        met += 1
        try:
            story = _differs(claim, setting, sizes)
        except polynomials.TooLarge:
            continue
        if story is not None:
            return _smallest_story(claim, setting, parameters) or story
        done += 1
        if done == trials:
            break
    if done == trials:
        return None
    why = "too few that meet the hypotheses are small enough" if met else "none was found that meets the hypotheses"
    return Undecided(f"concrete sizes ({why})")


def endless(sums: Iterable[GuardedSum]) -> bool:
    """Return whether an index runs over every integer."""
    return any(i.size is None for sum_ in sums for i in (*sum_.free, *(b for t in sum_.terms for b in t.binders)))


# ---------------------------------------------------------------------- which sizes


def _parameters(claim: Claim, setting: Setting) -> list[Symbol]:
    """Return what needs a number: the parameters of all sums, and what hypotheses tie to them."""
    found = {p for sum_ in (*claim.sides, *setting.definitions.values()) for p in sum_.parameters}
    found |= {symbol for guard in connected(setting.hypotheses, found) for symbol in guard.symbols}
    return sorted(found, key=str)


def _drawn(parameters: list[Symbol], setting: Setting, rng: random.Random, attempt: int) -> dict[Symbol, int]:
    sizes: dict[Symbol, int] = {}
    for p in parameters:
        if p.is_positive:
            sizes[p] = rng.choice((1, 2, 2, 3, 3, 4) if attempt else (2, 3))
        else:  # a padding: crops the second time, if it can
            sizes[p] = rng.randint(0, 2) if attempt != 1 or p.is_nonnegative else -1
    for place, symbols in enumerate((setting.strides, setting.dilations)):
        for axis, p in enumerate(symbols):
            if p in sizes:
                sizes[p] = _STEPS[(attempt + axis) % len(_STEPS)][place]
    return _solved(sizes, setting)


def _solved(sizes: dict[Symbol, int], setting: Setting) -> dict[Symbol, int]:
    """Give a parameter that a hypothesis sets equal to an expression of others that value."""
    for guard in setting.hypotheses:
        if isinstance(guard, Equal) and guard.symbols <= sizes.keys():
            for symbol, e in ((guard.a, guard.b), (guard.b, guard.a)):
                if symbol.is_Symbol and not e.has(symbol):
                    sizes[symbol] = int(lower(e, polynomials.Arrays(sizes)))
                    break
    return sizes


def _allowed(sizes: Mapping[Symbol, int], setting: Setting) -> bool:
    signs = (value >= 1 if p.is_positive else value >= 0 for p, value in sizes.items() if p.is_nonnegative)
    told = (guard for guard in setting.hypotheses if guard.symbols <= sizes.keys())
    arrays = polynomials.Arrays(sizes)
    return all(signs) and all(polynomials.holds(guard, arrays) for guard in told)


def _smallest_story(claim: Claim, setting: Setting, parameters: list[Symbol]) -> str | None:
    """Search sizes in the order of their sum."""
    for sizes in itertools.islice(_by_sum(parameters), _TRIES):
        try:
            story = _differs(claim, setting, sizes) if _allowed(sizes, setting) else None
        except polynomials.TooLarge:
            continue
        if story:
            return story
    return None


def _by_sum(parameters: list[Symbol]) -> Iterator[dict[Symbol, int]]:
    """Yield sizes, those with the smallest sum first."""
    least = {p: 1 if p.is_positive else 0 for p in parameters}
    for extra in range(2 * len(parameters) + 1):
        for raised in itertools.combinations_with_replacement(parameters, extra):
            yield {p: value + raised.count(p) for p, value in least.items()}


# ---------------------------------------------------------------------- compared


def _differs(claim: Claim, setting: Setting, sizes: Mapping[Symbol, int]) -> str | None:
    """Compare both sides, written out; sums that do not end in smaller and smaller boxes."""
    if endless(setting.definitions.values()):
        claim, setting = claim.inlined(setting.definitions), replace(setting, definitions={})
    if not endless((*claim.sides, *setting.definitions.values())):
        return _differs_within(claim, setting, sizes, None)
    for box in _BOXES:
        try:
            return _differs_within(claim, setting, sizes, box)
        except polynomials.TooLarge:
            continue
    raise polynomials.TooLarge


def _differs_within(claim: Claim, setting: Setting, sizes: Mapping[Symbol, int], box: int | None) -> str | None:
    tensors = {tensor for sum_ in (*claim.sides, *setting.definitions.values()) for tensor in sum_.arities}
    names = {tensor: number for number, tensor in enumerate(sorted(tensors | {claim.derivative or ""}))}
    at = "at " + (", ".join(f"{p}={v}" for p, v in sizes.items()) or "all sizes")
    try:
        before, after = (polynomials.table(side, sizes, names, setting.definitions, box) for side in claim.sides)
    except polynomials.NotAnInteger as error:
        return f"{at}: {error}"
    if claim.derivative is not None:
        before = polynomials.derivative(before, names[claim.derivative], len(claim.differentiated_by))
        if box is not None:
            before, after = (_within(of, claim, box) for of in (before, after))
    return None if before == after else f"{at}: the polynomials differ"


def _within(of: polynomials.Table, claim: Claim, box: int) -> polynomials.Table:
    """Keep the derivatives by elements in the box."""
    by = of.rows[:, len(claim.before.free) : of.free]
    keep = (abs(by) <= box).all(axis=1)
    return polynomials.Table(of.rows[keep], of.coefficients[keep], of.free)
