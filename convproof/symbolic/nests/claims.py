"""What is claimed of a loop nest, and the smallest sizes at which it is false."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, product
from typing import TYPE_CHECKING, Any

from convproof.errors import ConvproofError
from convproof.symbolic.nests.memory import substituted
from convproof.symbolic.nests.numbers import Numbers
from convproof.symbolic.nests.syntax import Function, NotModelled, Program
from convproof.symbolic.nests.walk import Event, Walker

if TYPE_CHECKING:
    import islpy as isl

__all__ = ["Flaw", "Trial", "Undecided", "first_flaw"]

_MOST_TRIALS = 200
_MOST_SIZES = 20_000  # looked at, those that the relation of a nest excludes among them
_MOST_TOTALS = 16  # sums of the sizes at which a counterexample is searched for, one after the other


class Unaffine(Exception):
    """Something depends on products or quotients of symbols, of which too little is known to decide it."""


class Undecided(ConvproofError):
    """A claim about a loop nest that was neither proved nor refuted."""


@dataclass(frozen=True)
class Flaw:
    """Sizes and indices at which a claim is false.

    Attributes
    ----------
    story : str
        What goes wrong.
    sizes : dict of str to int
        The smallest sizes at which it does, by their sum and then one after the other.
    indices : dict of str to int
        Where, at these sizes.
    """

    story: str
    sizes: dict[str, int]
    indices: dict[str, int]

    def __str__(self) -> str:
        at = ", ".join(f"{name}={value}" for name, value in self.sizes.items())
        where = ", ".join(f"{name}={value}" for name, value in self.indices.items())
        return f"{self.story}: at {at}" + (f", for {where}" if where else "")


@dataclass
class Trial:
    """One nest with symbols, or numbers, for its sizes.

    Parameters
    ----------
    program : Program
        The functions of the nest.
    ranges : mapping of str to int or None
        Least value of every size; None where it may be negative.
    steps : mapping of str to int
        Stride, dilation, lanes and other constants of this trial.
    given : mapping of str to int, optional
        Numbers for the sizes.
    """

    program: Program
    ranges: Mapping[str, int | None]
    steps: Mapping[str, int]
    given: Mapping[str, int] | None = None
    relation: str = ""  # what else holds of the sizes
    free: tuple[str, ...] = ()  # symbols that are no sizes: what is claimed holds whatever they are
    false: list[tuple[str, Any, tuple[str, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.numbers = Numbers(self.given)
        held = [f"{name} >= {least}" for name, least in self.ranges.items() if least is not None]
        held += [self.relation] if self.relation else []
        held += [f"{name} = {value}" for name, value in (self.given or {}).items()]
        self.context = self.set(" and ".join(held) or "1 = 1")

    # ------------------------------------------------------------------ what a nest is made of

    def set(self, condition: str, *, of: str = "") -> Any:
        """Return the set of the indices `of`, in terms of the sizes and steps, that satisfy a condition."""
        for name, value in self.steps.items():
            condition = _with_value(condition, name, value)
        return self.numbers.isl.Set(
            f"[{', '.join([*self.ranges, *self.free])}] -> {{ {f'[{of}]' if of else ''} : {condition} }}"
        )

    def function(self, name: str) -> Function:
        """Return a function of the program."""
        if name not in self.program.functions:
            raise NotModelled(f"the sources have no function {name}")
        return self.program.functions[name]

    def fields(self, name: str) -> dict[str, Any]:
        """Return the fields of a structure of the program, without values."""
        if name not in self.program.structures:
            raise NotModelled(f"the sources have no structure {name}")
        return dict.fromkeys(field.name for field in self.program.structures[name].fields)

    def size(self, name: str) -> Any:
        """Return the symbol of a size."""
        return self.numbers.symbol(name)

    def walker(
        self, known: Mapping[str, Callable[..., Any]] | None = None, constants: Mapping[str, Any] | None = None
    ) -> Walker:
        """Return a walker at the start of the nest."""
        return Walker(self.program, self.numbers, self.context, constants, known)

    # ------------------------------------------------------------------ claims

    def never(self, story: str, where: Any, *indices: str) -> None:
        """Claim that nothing satisfies a condition on symbols."""
        where = self.numbers.known(self.context.intersect(self.numbers.condition(where)))
        if not where.is_empty():
            self.false.append((story, where, indices))

    def always(self, story: str, where: Any, condition: Any) -> None:
        """Claim that a condition holds wherever another does."""
        self.never(story, self.numbers.condition(where).subtract(self.numbers.condition(condition)))

    def safe(self) -> None:
        """Claim that no loop runs for ever and nothing is divided by zero."""
        for story, where in self.numbers.hazards:
            self.never(story, where)

    def same(self, events: Sequence[Event], wanted: isl.Set, of: str) -> None:
        """Claim that events visit exactly these points, each once."""
        indices = tuple(name.strip() for name in of.split(","))
        wanted = wanted.intersect_params(self.context)
        visited = [self.points(event) for event in events]
        union = wanted.subtract(wanted)
        for points in visited:
            self._claim("visited twice", points.intersect(union), indices)
            union = union.union(points)
        for event in events:
            self._claim("visited twice", self._repeated(event), indices)
        self.equal(union, wanted, of)

    def equal(self, points: isl.Set, wanted: isl.Set, of: str) -> None:
        """Claim that points are exactly these; how often each is visited is another claim."""
        indices = tuple(name.strip() for name in of.split(","))
        wanted = wanted.intersect_params(self.context)
        self._claim("visited, and does not belong there", points.subtract(wanted), indices)
        self._claim("left out", wanted.subtract(points), indices)

    def empty(self, story: str, points: isl.Set, of: str) -> None:
        """Claim that there are no such points."""
        self._claim(story, points, tuple(name.strip() for name in of.split(",")))

    def counts(self, story: str, event: Event, value: Any, total: Any) -> None:
        """Claim that a value that one loop advances by 1 runs from 0 up to, not including, `total`."""
        numbers = self.numbers
        place, turn = numbers.symbol(numbers.fresh("share")), event.turns[-1]
        start = numbers.subtract(value, numbers.symbol(turn))
        if numbers.depends(start, turn):
            raise NotModelled(f"{story}: not advanced by 1 in every turn")
        inside = numbers.both(numbers.compare("ge", place, 0), numbers.compare("lt", place, total))
        visited = substituted(numbers, event.where, turn, numbers.subtract(place, start))
        self.always(f"{story} left out", self.context.intersect(numbers.condition(inside)), visited)
        self.always(f"{story} beyond the end", visited, inside)

    def points(self, event: Event) -> isl.Set:
        """Return the values of an event for all its turns."""
        return self._values(event, turns=False)

    def _values(self, event: Event, *, turns: bool) -> isl.Set:
        """Return the values of an event, behind its turns if these are wanted."""
        numbers = self.numbers
        points: Any = None
        lead = [numbers.symbol(name) for name in event.turns] if turns else []
        for value in (*lead, *event.values):
            one = numbers.isl.Set.from_pw_aff(numbers.lift(value))
            points = one if points is None else points.flat_product(one)
        points = points.intersect_params(event.where.intersect(self.context))
        hidden = numbers.symbols(points) - {*self.ranges, *self.free, *event.turns}
        if hidden:
            raise Unaffine("what is visited depends on products or quotients of sizes")
        param = numbers.isl.dim_type.param
        for name in event.turns:
            at = points.find_dim_by_name(param, name)
            points = points.project_out(param, at, 1) if at >= 0 else points
        return points.coalesce()

    def _repeated(self, event: Event) -> isl.Set:
        """Return the points that an event visits in several turns."""
        isl = self.numbers.isl
        both = self._values(event, turns=True)
        count = both.dim(isl.dim_type.set) - len(event.values)
        turns_of = isl.Map.from_range(both).move_dims(isl.dim_type.in_, 0, isl.dim_type.out, count, len(event.values))
        return turns_of.subtract(turns_of.lexmin()).domain()

    def _claim(self, story: str, points: isl.Set, indices: tuple[str, ...]) -> None:
        if not points.is_empty():
            self.false.append((story, points, indices))

    # ------------------------------------------------------------------ counterexamples

    def smallest(self) -> Flaw | None:
        """Return the flaw with the smallest sizes among the claims that are false; None where none is."""
        found = [self._smallest(*false) for false in self.false]
        return min(found, key=lambda flaw: (_total(flaw.sizes), *flaw.sizes.values()), default=None)

    def least_total(self) -> int:
        """Return the smallest sum of sizes that the nest allows."""
        return _total(self._smallest("", self.context, ()).sizes)

    def _smallest(self, story: str, where: isl.Set, indices: tuple[str, ...]) -> Flaw:
        isl, numbers = self.numbers.isl, self.numbers
        if self.given is not None:
            return Flaw(story, dict(self.given), {})
        param, out = isl.dim_type.param, isl.dim_type.set
        names = [where.get_dim_name(param, at) for at in range(where.dim(param))]
        if numbers.hides(name for at, name in enumerate(names) if where.involves_dims(param, at, 1)):
            raise Unaffine(story)
        where = where.align_params(self.context.get_space())
        if where.is_params():
            where = isl.Set.from_params(where)
        for name in self.ranges:
            at = where.find_dim_by_name(param, name)
            where = where.move_dims(out, where.dim(out), param, at, 1)
        shown = where.dim(out) - len(self.ranges)
        where = where.project_out(param, 0, where.dim(param))
        order = [*range(shown, where.dim(out)), *range(shown)]
        point = where.apply(_in_order(isl, order, list(self.ranges.values()), shown)).lexmin().sample_point()
        values = [int(point.get_coordinate_val(out, at).to_python()) for at in range(point.get_space().dim(out))]
        sizes = dict(zip(self.ranges, values[1:], strict=False))
        return Flaw(story, sizes, dict(zip(indices, values[1 + len(self.ranges) :], strict=False)))


def first_flaw(
    check: Callable[[Trial], None],
    program: Program,
    ranges: Mapping[str, int | None],
    steps: Mapping[str, int],
    relation: str = "",
) -> Flaw | None:
    """Decide the claims of a nest for all sizes.

    Parameters
    ----------
    check : callable
        Walks through the nest and states the claims of a `Trial`.
    program, ranges, steps, relation
        As for `Trial`.

    Returns
    -------
    flaw : Flaw or None
        The smallest counterexample; None where the claims are proved.

    Raises
    ------
    NotModelled
        The source holds what the model has no form for.
    Undecided
        No proof and no counterexample was found.
    """
    trial = Trial(program, ranges, steps, None, relation)
    try:
        check(trial)
        trial.safe()
        return trial.smallest()
    except Unaffine as error:
        return _searched(check, program, ranges, steps, relation, str(error))


def _searched(
    check: Callable[[Trial], None],
    program: Program,
    ranges: Mapping[str, int | None],
    steps: Mapping[str, int],
    relation: str,
    story: str,
) -> Flaw:
    """Look for a counterexample with numbers for the sizes, where every product and quotient is known."""
    least = Trial(program, ranges, steps, None, relation).least_total()
    tried = 0
    totals = range(least, least + _MOST_TOTALS)
    for sizes in islice(chain.from_iterable(_sizes_of(total, ranges) for total in totals), _MOST_SIZES):
        trial = Trial(program, ranges, steps, sizes, relation)
        if trial.context.is_empty():
            continue
        tried += 1
        try:
            check(trial)
            trial.safe()
            flaw = trial.smallest()
        except Unaffine:
            flaw = None  # these sizes are not decided either
        if flaw is not None:
            return flaw
        if tried == _MOST_TRIALS:
            break
    raise Undecided(f"{story}: no proof, and no counterexample at the {tried} smallest sizes")


def _sizes_of(total: int, ranges: Mapping[str, int | None]) -> Iterator[dict[str, int]]:
    """Yield all sizes with this sum of their absolute values, in order."""
    *before, (name, least) = ranges.items()
    if not before:
        ends = (total,) if least is not None or total == 0 else (-total, total)
        yield from ({name: value} for value in ends if least is None or value >= least)
        return
    (first, low), rest = before[0], dict((*before[1:], (name, least)))
    for value in range(-total if low is None else low, total + 1):
        yield from ({first: value, **others} for others in _sizes_of(total - abs(value), rest))


def _total(sizes: Mapping[str, int]) -> int:
    return sum(map(abs, sizes.values()))


def _in_order(isl: Any, order: Sequence[int], least: Sequence[int | None], shown: int) -> Any:
    """Return the map that puts the sum of the sizes first, then the sizes, then the indices."""
    names = [f"x{at}" for at in range(len(order))]
    sizes = [names[at] for at in order[: len(order) - shown]]
    signs = product(*([("", "-") if low is None else ("",) for low in least]))
    sums = [" + ".join(f"({sign}{name})" for sign, name in zip(row, sizes, strict=True)) or "0" for row in signs]
    held = " and ".join(f"t >= {total}" for total in sums)
    to = ", ".join(["t", *(names[at] for at in order)])
    return isl.Map(f"{{ [{', '.join(names)}] -> [{to}] : {held} }}")


def _with_value(text: str, name: str, value: int) -> str:
    """Put a number for a name in a formula."""
    return re.sub(rf"\b{name}\b", str(value), text)
