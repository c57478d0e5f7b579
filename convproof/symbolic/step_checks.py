"""A step of a derivation checked three ways: at concrete sizes, for all sizes by isl, for any stride by z3.

A step claims that two guarded sums are the same family of polynomials (or that the second is a derivative of the
first). For all sizes this is shown of the index sets: the products that are summed are the same, and each occurs
once. The set of a sum in several axes is the product of the sets of its axes, so each axis is proved alone, and
axes that ask the same question are answered once.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sympy import Symbol

from convproof.errors import MissingDependency, Refuted
from convproof.evidence import Certificate, Counterexample
from convproof.symbolic import polynomials, relations, smt
from convproof.symbolic.guarded_sum import GuardedSum, Index, Term, inline
from convproof.symbolic.guards import Equal, Guard, IntegerSet, Range, lower
from convproof.symbolic.relations import Witness
from convproof.symbolic.smt import Undecided

__all__ = ["Claim", "Setting", "certify", "refute_at_sizes", "refute_by_isl", "refute_by_z3"]

_TRIALS = 3
_TRIES = 400


@dataclass(frozen=True)
class Setting:
    """What the symbols of a derivation are.

    Attributes
    ----------
    strides, dilations : tuple of Symbol
        One per axis; isl is given numbers for them.
    hypotheses : tuple of Guard
        What is assumed of parameters, besides the signs that the symbols carry.
    definitions : mapping of str to GuardedSum
        Tensors that stand for sums.
    """

    strides: tuple[Symbol, ...] = ()
    dilations: tuple[Symbol, ...] = ()
    hypotheses: tuple[Guard, ...] = ()
    definitions: Mapping[str, GuardedSum] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """That `after` equals `before`, or its derivative by a tensor whose indices are the last free ones of `after`."""

    before: GuardedSum
    after: GuardedSum
    derivative: str | None = None

    @property
    def sides(self) -> tuple[GuardedSum, GuardedSum]:
        return self.before, self.after


def certify(claim: Claim, setting: Setting, sentence: str) -> tuple[Certificate, ...]:
    """Check a step in every way there is, and say what each has shown.

    Raises
    ------
    Refuted
        The two sides differ; the message has the smallest sizes at which they do.
    """
    certificates: list[Certificate] = []
    unanswered: list[str] = []
    for check in (_by_isl, _by_z3, _at_sizes):
        start = time.perf_counter()
        found = check(claim, setting)
        if isinstance(found, Undecided):
            unanswered.append(found.reason)
        elif isinstance(found, Certificate):
            certificates.append(replace(found, claim=sentence, seconds=time.perf_counter() - start))
        else:
            raise Refuted(_refuted(sentence, str(found)))
    if unanswered:
        certificates = [replace(c, not_covered=(*c.not_covered, *unanswered)) for c in certificates]
    return tuple(certificates)


def _refuted(sentence: str, story: str) -> Certificate:
    example = Counterexample(op="derivation", geometry="", dtype="", property="step", story=story)
    return Certificate(sentence, "formula", "the sizes below", None, counterexample=example)


def _by_isl(claim: Claim, setting: Setting) -> Certificate | Witness | Undecided:
    found = refute_by_isl(claim, setting)
    if found is not None:
        return found
    pairs = ", ".join(f"({s}, {d})" for s, d in relations.STEPS)
    sides = (inline(side, setting.definitions) for side in claim.sides)
    stepped = any(p in (*setting.strides, *setting.dilations) for side in sides for p in side.parameters)
    scope = f"all sizes and paddings, at (stride, dilation) in {pairs}" if stepped else "all sizes and paddings"
    assumed = tuple(f"{_said(guard)}" for guard in setting.hypotheses)
    return Certificate("", "formula", scope, "universal", assumed)


def _by_z3(claim: Claim, setting: Setting) -> Certificate | Witness | Undecided:
    found = refute_by_z3(claim, setting)
    if found is not None:
        return found
    assumed = tuple(f"{_said(guard)}" for guard in setting.hypotheses)
    return Certificate("", "formula", "all sizes, paddings, strides and dilations", "universal", assumed)


def _at_sizes(claim: Claim, setting: Setting) -> Certificate | str | Undecided:
    found = refute_at_sizes(claim, setting)
    if found is not None:
        return found
    scope = f"{_TRIALS} random sizes, strides and dilations, every coefficient compared"
    if _endless(inline(side, setting.definitions) for side in claim.sides):
        scope += " (of sums over every integer: of the elements around the origin)"
    return Certificate("", "formula", scope, "exact")


def _said(guard: Guard) -> str:
    match guard:
        case Range(e, high, low):
            return f"{'' if low is None else f'{low} <= '}{e}{'' if high is None else f' < {high}'}"
        case Equal(a, b):
            return f"{a} = {b}"
        case _:
            return f"{guard.m} divides {guard.e}"


# ---------------------------------------------------------------------- at concrete sizes


def refute_at_sizes(claim: Claim, setting: Setting, trials: int = _TRIALS, seed: int = 0) -> str | Undecided | None:
    """Compare both sides as exact polynomials at random sizes; on a difference, search for the smallest."""
    rng = random.Random(seed)
    parameters = sorted({p for side in claim.sides for p in _all_parameters(side, setting)}, key=str)
    done = 0
    for _ in range(_TRIES):
        sizes = {p: _drawn(p, setting, rng) for p in parameters}
        if not _allowed(sizes, setting):
            continue
        try:
            story = _differs(claim, setting, sizes)
        except polynomials.TooLarge:
            continue
        if story is not None:
            return _smallest_story(claim, setting, parameters) or story
        done += 1
        if done == trials:
            return None
    return None if done else Undecided("concrete sizes (none that meets the hypotheses is small enough)")


def _all_parameters(side: GuardedSum, setting: Setting) -> set[Symbol]:
    found = set(inline(side, setting.definitions).parameters) | set(side.parameters)
    return found - {i for d in setting.definitions.values() for i in d.indices}


def _drawn(parameter: Symbol, setting: Setting, rng: random.Random) -> int:
    if parameter in (*setting.strides, *setting.dilations):
        return rng.randint(1, 3)
    if parameter.is_positive:
        return rng.choice((1, 2, 2, 3, 3, 4))
    return rng.randint(0 if parameter.is_nonnegative else -1, 2)


def _allowed(sizes: Mapping[Symbol, int], setting: Setting) -> bool:
    arrays = polynomials.Arrays(sizes)
    told = [g for g in setting.hypotheses if all(e.free_symbols <= sizes.keys() for e in g.expressions)]
    return all(polynomials.holds(guard, arrays) for guard in told)


def _endless(sums: Iterable[GuardedSum]) -> bool:
    """Return whether an index runs over every integer."""
    return any(i.size is None for sum_ in sums for i in (*sum_.free, *(b for t in sum_.terms for b in t.binders)))


def _differs(claim: Claim, setting: Setting, sizes: Mapping[Symbol, int]) -> str | None:
    """Compare both sides, written out; sums that do not end in smaller and smaller boxes."""
    if _endless(setting.definitions.values()):
        before, after = (inline(side, setting.definitions) for side in claim.sides)
        claim, setting = replace(claim, before=before, after=after), replace(setting, definitions={})
    if not _endless((*claim.sides, *setting.definitions.values())):
        return _differs_within(claim, setting, sizes, None)
    for box in (None, 3, 2):
        try:
            return _differs_within(claim, setting, sizes, box)
        except polynomials.TooLarge:
            continue
    raise polynomials.TooLarge


def _differs_within(claim: Claim, setting: Setting, sizes: Mapping[Symbol, int], box: int | None) -> str | None:
    sums = (*claim.sides, *setting.definitions.values())
    tensors = sorted({tensor for sum_ in sums for term in sum_.terms for tensor in term.tensors})
    names = {tensor: number for number, tensor in enumerate(tensors)}
    at = ", ".join(f"{p}={v}" for p, v in sizes.items())
    try:
        before, after = (polynomials.table(side, sizes, names, setting.definitions, box) for side in claim.sides)
    except polynomials.NotAnInteger as error:
        return f"at {at}: {error}"
    if claim.derivative is not None:
        arity = len(claim.after.free) - len(claim.before.free)
        before = polynomials.derivative(before, names[claim.derivative], arity)
        before = _within(before, claim.after.free, sizes)
    return None if before == after else f"at {at}: the polynomials differ"


def _within(of: polynomials.Table, free: tuple[Index, ...], sizes: Mapping[Symbol, int]) -> polynomials.Table:
    """Keep the derivatives by elements that the after side has."""
    arrays = polynomials.Arrays(sizes)
    keep = True
    for column, index in enumerate(free):
        if index.size is not None:
            keep = keep & (of.rows[:, column] >= 0) & (of.rows[:, column] < lower(index.size, arrays))
    return of if keep is True else polynomials.Table(of.rows[keep], of.coefficients[keep], of.free)


def _smallest_story(claim: Claim, setting: Setting, parameters: list[Symbol]) -> str | None:
    """Search sizes in the order of their sum."""
    choices = [range(1, 4) if p.is_positive else range(3) for p in parameters]
    for values in sorted(itertools.islice(itertools.product(*choices), 20_000), key=lambda v: (sum(v), v))[:_TRIES]:
        sizes = dict(zip(parameters, values, strict=True))
        try:
            story = _differs(claim, setting, sizes) if _allowed(sizes, setting) else None
        except polynomials.TooLarge:
            continue
        if story:
            return story
    return None


# ---------------------------------------------------------------------- for all sizes


def refute_by_isl(claim: Claim, setting: Setting) -> Witness | Undecided | None:
    """Compare the index sets for all sizes, at every pair of `relations.STEPS`, axis by axis."""
    if not relations.available():
        return Undecided("all sizes (islpy is not installed)")
    try:
        for question in _questions(claim, setting):
            for constants in _constants(question, setting):
                found = _isl_answer(question, setting, constants)
                if found is not None:
                    return found
    except relations.NotAffine as error:
        return Undecided(f"all sizes by isl (a product of symbols, {error})")
    return None


def refute_by_z3(claim: Claim, setting: Setting) -> Witness | Undecided | None:
    """Compare the index sets with strides and dilations as symbols, axis by axis."""
    try:
        for question in _questions(claim, setting):
            found = _z3_answer(question, setting)
            if found is not None:
                return found
    except MissingDependency:
        return Undecided("other strides and dilations (z3 is not installed)")
    return None


@dataclass(frozen=True)
class _Question:
    """Are the unions of these sets equal, and is each point of (free indices, coordinates) there once?"""

    left: tuple[IntegerSet, ...]
    right: tuple[IntegerSet, ...]


def _questions(claim: Claim, setting: Setting) -> Iterator[_Question]:
    before, after = (inline(side, setting.definitions) for side in claim.sides)
    if claim.derivative is not None:
        before = _differentiated(before, after.free, claim.derivative)
    free = after.free
    groups: dict[tuple[int, tuple[str, ...]], tuple[list[Term], list[Term]]] = {}
    for side, terms in enumerate((before.terms, after.terms)):
        for term in terms:
            groups.setdefault((term.coefficient, term.tensors), ([], []))[side].append(term)
    for left, right in groups.values():
        whole = _Question(tuple(t.points(free) for t in left), tuple(t.points(free) for t in right))
        yield from _split(whole) if len(left) == len(right) == 1 else (whole,)


def _differentiated(sum_: GuardedSum, free: tuple[Index, ...], tensor: str) -> GuardedSum:
    """Take the products that hold tensor(i), and leave it out: what a derivative of a linear form is."""
    new = free[len(sum_.free) :]
    terms = []
    for term in sum_.terms:
        for place, factor in enumerate(term.factors):
            if factor.tensor == tensor:
                deltas = tuple(Equal(e, i.symbol) for e, i in zip(factor.indices, new, strict=True))
                rest = term.factors[:place] + term.factors[place + 1 :]
                terms.append(replace(term, guards=term.guards + deltas, factors=rest))
    return GuardedSum(free, tuple(terms))


def _split(question: _Question) -> Iterator[_Question]:
    """Take a pair of sets apart into the parts that share no index: one part for each axis."""
    left, right = question.left[0], question.right[0]
    parts = _components(left, right)
    loose = {g for one in (left, right) for g in one.guards if not _inside(g, {*one.variables, *one.hidden})}
    for part in parts:
        yield _Question((_restricted(left, part, loose),), (_restricted(right, part, loose),))
    if not parts:
        yield question


def _inside(guard: Guard, indices: set[Symbol]) -> set[Symbol]:
    return {s for e in guard.expressions for s in e.free_symbols} & indices


def _restricted(one: IntegerSet, part: frozenset[Symbol], loose: set[Guard]) -> IntegerSet:
    guards = tuple(g for g in one.guards if g in loose or _inside(g, set(part)))
    keep = tuple(v for v in one.variables if v in part), tuple(h for h in one.hidden if h in part)
    return IntegerSet(keep[0], guards, keep[1])


def _components(left: IntegerSet, right: IntegerSet) -> list[frozenset[Symbol]]:
    """Return the sets of indices that guards of either side tie together."""
    indices = dict.fromkeys((*left.variables, *left.hidden, *right.variables, *right.hidden))
    parts = [{index} for index in indices]
    for one in (left, right):
        for guard in one.guards:
            tied = _inside(guard, set(indices))
            touched = [part for part in parts if part & tied]
            if len(touched) > 1:
                parts = [part for part in parts if not part & tied] + [set().union(*touched)]
    return sorted((frozenset(part) for part in parts), key=lambda part: sorted(map(str, part)))


def _constants(question: _Question, setting: Setting) -> Iterator[dict[str, int]]:
    """Yield numbers for the strides and dilations that the question has; one empty dict where it has none."""
    here = {p for one in (*question.left, *question.right) for p in one.parameters}
    strides = [s for s in setting.strides if s in here]
    dilations = [d for d in setting.dilations if d in here]
    seen = set()
    for q in range(len(relations.STEPS)):
        pick = lambda place, q=q: relations.STEPS[(q + place) % len(relations.STEPS)]  # noqa: E731
        values = {str(s): pick(place)[0] for place, s in enumerate(strides)}
        values |= {str(d): pick(place)[1] for place, d in enumerate(dilations)}
        if (key := tuple(values.items())) not in seen:
            seen.add(key)
            yield values


def _isl_answer(question: _Question, setting: Setting, constants: dict[str, int]) -> Witness | Undecided | None:
    known = setting.hypotheses
    found = relations.difference(question.left, question.right, known, **constants)
    if found is not None:
        return found
    twice = _twice(question, known, constants)
    if twice is None:
        return None
    matched = _with_common_indices(question)
    if relations.difference(matched.left, matched.right, known, **constants) or _twice(matched, known, constants):
        return Undecided(f"how often each product occurs, by isl ({twice})")
    return None


def _twice(question: _Question, known: tuple[Guard, ...], constants: dict[str, int]) -> Witness | None:
    for side in (question.left, question.right):
        if side and (found := relations.repeated(side, side[0].variables, known, **constants)):
            return found
    return None


def _with_common_indices(question: _Question) -> _Question:
    """Also compare the bound indices that both sides have, so that products that occur often are matched by them."""
    if len(question.left) != 1 or len(question.right) != 1:
        return question
    common = tuple(h for h in question.left[0].hidden if h in question.right[0].hidden)

    def shown(one: IntegerSet) -> tuple[IntegerSet]:
        return (IntegerSet(one.variables + common, one.guards, tuple(h for h in one.hidden if h not in common)),)

    return _Question(shown(question.left[0]), shown(question.right[0]))


def _z3_answer(question: _Question, setting: Setting) -> Witness | Undecided | None:
    found = smt.difference(question.left, question.right, setting.hypotheses)
    if not isinstance(found, Undecided):
        return found
    matched = _with_common_indices(question)
    again = smt.difference(matched.left, matched.right, setting.hypotheses)
    return None if again is None else Undecided(f"any stride and dilation by z3 ({found.reason})")
