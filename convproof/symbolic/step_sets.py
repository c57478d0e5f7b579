"""A step for all sizes: the products that both sides sum are the same, and each counts the same.

The set of a sum in several axes is the product of the sets of its axes, so each axis is asked about alone, and axes
that ask the same question are answered once. Where an axis differs the whole is asked about: another axis may be
empty.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from sympy import Symbol

from convproof.errors import ArgumentValueError, MissingDependency, bad, shown
from convproof.symbolic import relations, smt
from convproof.symbolic.guarded_sum import GuardedSum, Index, Term, renamed
from convproof.symbolic.guards import Divides, Equal, Guard, IntegerSet, Range, as_quotient, connected
from convproof.symbolic.relations import Weighted, Witness
from convproof.symbolic.smt import Undecided
from convproof.symbolic.step_claims import Claim, Setting, well_formed

__all__ = ["numbers", "refute_by_isl", "refute_by_z3"]

_NOTHING = IntegerSet((), (Range(-1),))

Answer = Witness | Undecided | None


def refute_by_isl(claim: Claim, setting: Setting) -> Answer:
    """Compare the index sets for all sizes, at every pair of `relations.STEPS`, axis by axis."""
    setting = well_formed(claim, setting)
    if not relations.available():
        return Undecided("all sizes (islpy is not installed)")
    try:
        return _refute(claim, setting, _by_isl)
    except relations.NotAffine as error:
        return Undecided(f"all sizes by isl (a product of symbols, {error})")
    except relations.TooHard as error:
        return Undecided(f"all sizes by isl ({error})")


def refute_by_z3(claim: Claim, setting: Setting) -> Answer:
    """Compare the index sets with strides and dilations as symbols, axis by axis."""
    setting = well_formed(claim, setting)
    try:
        return _refute(claim, setting, _by_z3)
    except MissingDependency:
        return Undecided("other strides and dilations (z3 is not installed)")


@dataclass(frozen=True)
class _Question:
    """Does each point of (free indices, coordinates) count the same in both sums of sets?"""

    left: tuple[Weighted, ...]
    right: tuple[Weighted, ...]

    @property
    def sets(self) -> tuple[IntegerSet, ...]:
        return tuple(one for _, one in (*self.left, *self.right))

    @property
    def single(self) -> bool:
        """Whether one set is compared with one."""
        return len(self.left) == len(self.right) == 1 and self.left[0][0] == self.right[0][0]


Decide = Callable[[_Question, Setting], Answer]


def _refute(claim: Claim, setting: Setting, decide: Decide) -> Answer:
    if (doubt := _doubtful(setting, decide)) is not None:
        return doubt
    written, claim = claim.sides, claim.inlined(setting.definitions)
    undecided = None
    for side in dict.fromkeys((*written, *setting.definitions.values(), *claim.sides)):
        for question in _fractions(side):
            found = _answer(question, setting, decide)
            if isinstance(found, Witness):
                return replace(found, kind="no integer")
            undecided = undecided or found
    for orders in _questions(claim):
        found = _in_some_order(orders, setting, decide)
        if isinstance(found, Witness):
            return found
        undecided = undecided or found
    return undecided


def _doubtful(setting: Setting, decide: Decide) -> Undecided | None:
    """Return why nothing would follow from the hypotheses, as far as is known; refuse those that cannot hold."""
    if not setting.hypotheses:
        return None
    question = _Question(((1, IntegerSet((), setting.hypotheses)),), ((1, _NOTHING),))
    found = decide(question, replace(setting, hypotheses=()))
    if isinstance(found, Undecided):
        return found
    if found is None:
        if decide is _by_isl and not setting.steps.isdisjoint(question.sets[0].parameters):
            return Undecided("all sizes by isl (at the strides and dilations it is asked about no hypothesis holds)")
        raise ArgumentValueError(bad("hypotheses", shown(str(setting.hypotheses)), "such as can hold"))
    return None


# ---------------------------------------------------------------------- from terms to questions


def _questions(claim: Claim) -> Iterator[tuple[_Question, ...]]:
    """Yield a question for each kind of product, or several ways to put it, of which the last decides.

    Products of several elements of one tensor can be ordered in several ways, each of which is a way to match them;
    last comes the sum over every order on both sides, which are equal where the polynomials are.
    """
    before, after = claim.sides
    if claim.derivative is not None:
        before = _differentiated(before, claim.differentiated_by, claim.derivative)
    kinds: dict[tuple[str, ...], tuple[list[Term], list[Term]]] = {}
    for side, terms in enumerate((before.terms, after.terms)):
        for term in terms:
            kinds.setdefault(term.tensors, ([], []))[side].append(term)
    for tensors, (left, right) in kinds.items():
        ways: list[tuple[list[Term], list[Term]]] = [(left, right)]
        if len(set(tensors)) < len(tensors):
            if len(left) == len(right) == 1:
                ways = [(left, [order]) for order in _orders(right[0])]
            ways.append(([o for term in left for o in _orders(term)], [o for term in right for o in _orders(term)]))
        yield tuple(_Question(_weighted(one, before), _weighted(other, after)) for one, other in ways)


def _weighted(terms: Iterable[Term], side: GuardedSum) -> tuple[Weighted, ...]:
    return tuple((term.coefficient, term.points(side.free)) for term in terms)


def _orders(term: Term) -> Iterator[Term]:
    """Yield the term with its factors in every order that differs in the order of elements of one tensor."""
    ordered = sorted(term.factors, key=lambda factor: factor.tensor)
    groups = [list(group) for _, group in itertools.groupby(ordered, key=lambda factor: factor.tensor)]
    for choice in itertools.product(*(itertools.permutations(group) for group in groups)):
        yield replace(term, factors=tuple(itertools.chain.from_iterable(choice)))


def _differentiated(sum_: GuardedSum, by: tuple[Index, ...], tensor: str) -> GuardedSum:
    """Take the products that hold tensor(i), each of its elements in turn, and leave that element out.

    The element may be any: one that the other side has no derivative by must not occur. This is not the rule of
    :mod:`rules`, which the checks may not rely on.
    """
    by = tuple(Index(index.symbol) for index in by)
    sum_ = renamed(sum_, [index.symbol for index in by])
    terms = []
    for term in sum_.terms:
        for place, factor in enumerate(term.factors):
            if factor.tensor == tensor:
                deltas = tuple(Equal(e, index.symbol) for e, index in zip(factor.indices, by, strict=True))
                rest = term.factors[:place] + term.factors[place + 1 :]
                terms.append(replace(term, guards=term.guards + deltas, factors=rest))
    return GuardedSum(sum_.free + by, tuple(terms))


def _fractions(sum_: GuardedSum) -> Iterator[_Question]:
    """Ask of every index that is a fraction whether it is an integer wherever the guards hold."""
    for term in sum_.terms:
        found = {as_quotient(e) for factor in term.factors for e in factor.indices}
        wanted = tuple(Divides(below, above) for above, below in found if below != 1)
        told = {(guard.m, as_quotient(guard.e)[0]) for guard in term.guards if isinstance(guard, Divides)}
        if any((guard.m, guard.e) not in told for guard in wanted):
            indices = (*sum_.free, *term.binders)
            ranges = tuple(Range(index.symbol, index.size) for index in indices if index.size is not None)
            here = IntegerSet(tuple(index.symbol for index in indices), ranges + term.guards)
            yield _Question(((1, here),), ((1, replace(here, guards=here.guards + wanted)),))


# ---------------------------------------------------------------------- from questions to answers


def _in_some_order(orders: tuple[_Question, ...], setting: Setting, decide: Decide) -> Answer:
    found: Answer = None
    for question in orders:
        found = _answer(question, setting, decide)
        if found is None:
            break
    return found


def _answer(question: _Question, setting: Setting, decide: Decide) -> Answer:
    """Answer for each axis; where one differs, for all together."""
    parts = tuple(_split(question)) if question.single else (question,)
    undecided = None
    for part in parts:
        found = decide(part, setting)
        if isinstance(found, Witness):
            return found if len(parts) == 1 else decide(question, setting)
        undecided = undecided or found
    return undecided


def _split(question: _Question) -> Iterator[_Question]:
    """Take a pair of sets apart into the parts that share no index: one part for each axis.

    Guards without an index go to every part of their side. A set is the product of its parts.
    """
    ((weight, left),), ((_, right),) = question.left, question.right
    parts = _components(left, right)
    for part in parts:
        yield _Question(((weight, _restricted(left, part)),), ((weight, _restricted(right, part)),))
    if not parts:
        yield question


def _restricted(one: IntegerSet, part: frozenset[Symbol]) -> IntegerSet:
    indices = {*one.variables, *one.hidden}
    guards = tuple(g for g in one.guards if g.symbols & part or not g.symbols & indices)
    keep = tuple(v for v in one.variables if v in part), tuple(h for h in one.hidden if h in part)
    return IntegerSet(keep[0], guards, keep[1])


def _components(left: IntegerSet, right: IntegerSet) -> list[frozenset[Symbol]]:
    """Return the sets of indices that guards of either side tie together."""
    indices = dict.fromkeys((*left.variables, *left.hidden, *right.variables, *right.hidden))
    parts = [{index} for index in indices]
    for guard in (*left.guards, *right.guards):
        touched = [part for part in parts if part & guard.symbols]
        if len(touched) > 1:
            parts = [part for part in parts if part not in touched] + [set().union(*touched)]
    return sorted((frozenset(part) for part in parts), key=lambda part: sorted(map(str, part)))


def _matchings(question: _Question) -> Iterator[_Question]:
    """Also compare bound indices, so that products that occur often are matched by them: by name, then by order."""
    if not question.single:
        return
    ((weight, left),), ((_, right),) = question.left, question.right
    common = tuple(h for h in left.hidden if h in right.hidden)
    yield _Question(((weight, _shown(left, common)),), ((weight, _shown(right, common)),))
    if len(left.hidden) == len(right.hidden) and left.hidden != right.hidden:
        names = dict(zip(right.hidden, left.hidden, strict=True))
        guards = tuple(g.map(lambda e: e.subs(names, simultaneous=True)) for g in right.guards)
        same = IntegerSet(right.variables, guards, left.hidden)
        yield _Question(((weight, _shown(left, left.hidden)),), ((weight, _shown(same, left.hidden)),))


def _shown(one: IntegerSet, indices: tuple[Symbol, ...]) -> IntegerSet:
    return IntegerSet(one.variables + indices, one.guards, tuple(h for h in one.hidden if h not in indices))


# ---------------------------------------------------------------------- isl


def _by_isl(question: _Question, setting: Setting) -> Answer:
    undecided = None
    for constants in numbers({p for one in question.sets for p in one.parameters}, setting):
        found = _by_isl_at(question, setting.hypotheses, constants)
        if isinstance(found, Witness):
            return found
        undecided = undecided or found
    return undecided


def _by_isl_at(question: _Question, known: tuple[Guard, ...], constants: dict[str, int]) -> Answer:
    twice = _twice(question, known, constants)
    found = relations.balance(question.left, question.right, known, **constants)
    if twice is None:
        return found
    if found is not None and question.single:
        return found  # a product that one side lacks
    for matched in _matchings(question):
        if _twice(matched, known, constants) is None:
            if relations.balance(matched.left, matched.right, known, **constants) is None:
                return None
    return Undecided(f"how often each product occurs, by isl ({twice})")


def _twice(question: _Question, known: tuple[Guard, ...], constants: dict[str, int]) -> Witness | None:
    """Return a point that a set reaches in two ways."""
    found = (relations.repeated((one,), one.variables, known, **constants) for one in question.sets if one.hidden)
    return next((witness for witness in found if witness is not None), None)


def numbers(parameters: Collection[Symbol], setting: Setting) -> Iterator[dict[str, int]]:
    """Yield the numbers that isl is given for strides and dilations, those at which the hypotheses can hold.

    Each axis has every pair of `relations.STEPS`; several axes have the same pair, then one after the other.
    """
    told = connected(setting.hypotheses, parameters)
    here = {*parameters, *(symbol for guard in told for symbol in guard.symbols)}
    axes = [axis for axis in itertools.zip_longest(setting.strides, setting.dilations) if not here.isdisjoint(axis)]
    seen = []
    for apart, first in itertools.product((0, 1), range(len(relations.STEPS))):
        values: dict[str, int] = {}
        for place, axis in enumerate(axes):
            pair = relations.STEPS[(first + apart * place) % len(relations.STEPS)]
            values |= {str(symbol): step for symbol, step in zip(axis, pair, strict=True) if symbol in here}
        if values not in seen and (not told or relations.difference([IntegerSet((), told)], [_NOTHING], (), **values)):
            seen.append(values)
            yield values


# ---------------------------------------------------------------------- z3


def _by_z3(question: _Question, setting: Setting) -> Answer:
    found = smt.balance(question.left, question.right, setting.hypotheses)
    if not isinstance(found, Undecided):
        return found
    for matched in _matchings(question):
        if smt.balance(matched.left, matched.right, setting.hypotheses) is None:
            return None
    return Undecided(f"any stride and dilation by z3 ({found.reason})")
