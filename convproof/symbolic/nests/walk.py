"""Walks through a loop nest with symbols for its sizes and counters, and notes what it visits.

A loop is walked through once, with a symbol for the number of its turn: a counter is its first value plus the step
times the turn, and the loop ends at the first turn at which its test fails. Loops whose bounds are
numbers are unrolled. A variable that every turn advances by the same amount is followed too; one that
changes in any other way is refused, like everything else that has no form in the model.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convproof.symbolic.nests.expressions import Expressions, Frame
from convproof.symbolic.nests.memory import Box, Filled, Pointer, Record
from convproof.symbolic.nests.numbers import Numbers
from convproof.symbolic.nests.syntax import CountedLoop, Declare, NotModelled, Program, Step

if TYPE_CHECKING:
    import islpy as isl

__all__ = ["Event", "Walker"]

_MOST_TURNS = 4096


@dataclass(frozen=True)
class Event:
    """Something that a nest does: a visit, a read or a write.

    Attributes
    ----------
    label : str
        What it is.
    where : isl.Set
        For which sizes and turns.
    turns : tuple of str
        Symbols of the turns of the loops around it.
    values : tuple
        Indices, offsets or whatever else it does it with.
    """

    label: str
    where: Any
    turns: tuple[str, ...]
    values: tuple[Any, ...]


@dataclass
class _Loop:
    """What is known of the innermost loop that is unrolled."""

    unrolled: bool
    broken: list[Any] = field(default_factory=list)


class Walker(Expressions):
    """Runs functions of a program on symbols.

    Parameters
    ----------
    program : Program
        The functions.
    context : isl.Set
        What holds of the sizes.
    constants : mapping of str to int
        Constants that the program takes from elsewhere, such as the number of lanes.
    known : mapping of str to callable
        Functions that are not walked through: ``function(walker, *arguments)`` says what they do.
    """

    def __init__(
        self,
        program: Program,
        numbers: Numbers,
        context: isl.Set,
        constants: Mapping[str, Any] | None = None,
        known: Mapping[str, Callable] | None = None,
    ) -> None:
        super().__init__(program, numbers, constants or {}, known or {})
        self.context = context
        self.domain = context
        self.events: list[Event] = []
        self.silent = False  # walking only to see what changes
        self.ends: list[Any] = []  # of the loops around
        self._loops: list[_Loop] = []

    # ------------------------------------------------------------------ events

    def visit(self, label: str, *values: Any) -> None:
        """Note an event."""
        if not self.silent:
            self.events.append(Event(label, self.domain, tuple(self.turns), values))

    def hazard(self, story: str, where: isl.Set) -> None:
        """Note what must never happen."""
        self.numbers.hazards.append((story, where))

    @contextmanager
    def within(self, condition: Any) -> Any:
        """Walk on only where a condition holds."""
        before = self.domain
        self.domain = before.intersect(self.numbers.condition(condition)).coalesce()
        yield
        self.domain = before

    @contextmanager
    def every(self, low: Any, high: Any, name: str = "i") -> Any:
        """Walk on for every integer from `low` up to, not including, `high`."""
        symbol = self.numbers.fresh(name)
        value = self.numbers.symbol(symbol)
        between = self.numbers.both(self.numbers.compare("ge", value, low), self.numbers.compare("lt", value, high))
        self.turns.append(symbol)
        with self.within(between):
            yield value
        self.turns.pop()

    # ------------------------------------------------------------------ statements

    def block(self, statements: Sequence[ast.stmt], frame: Frame) -> None:
        """Walk through statements one after the other."""
        for statement in statements:
            if self.domain.is_empty():
                return
            walk = self._WALKS.get(type(statement))
            if walk is None:
                raise NotModelled(f"{frame.where}: a statement of kind {type(statement).__name__}")
            walk(self, statement, frame)

    def _declare(self, node: Declare, frame: Frame) -> None:
        if node.value is None:
            value = self.unset(node, frame)
        else:
            value = self.made(node.type_name, node.value, frame)
            if hasattr(value, "get_pieces"):
                value = self.numbers.simplest(value, self.domain)
            if isinstance(value, Record) and not node.reference:
                value = value.copy()
        frame.declare(node.name, value, self.domain, self.turns)

    def _assign(self, node: ast.Assign, frame: Frame) -> None:
        (target,) = node.targets
        self.store(target, self.value(node.value, frame), frame)

    def _augment(self, node: ast.AugAssign, frame: Frame) -> None:
        by = self.value(node.value, frame)
        if isinstance(node.target, ast.Subscript) and isinstance(self.value(node.target.value, frame), Pointer):
            element = self.value(node.target, frame)
            return self.visit(f"add {element.array}", element.offset, by)
        old = self.value(node.target, frame)
        self.store(node.target, self.binary(node.op, old, by, frame), frame)
        return None

    def _expression(self, node: ast.Expr, frame: Frame) -> None:
        if isinstance(node.value, ast.Constant):
            return  # a docstring
        self.value(node.value, frame)

    def _branch(self, node: ast.If, frame: Frame) -> None:
        test = self.truth(node.test, frame)
        if isinstance(test, bool):
            return self.block(node.body if test else node.orelse, frame)
        before = self.domain
        self.domain = before.intersect(test)
        self.block(node.body, frame)
        after, self.domain = self.domain, before.subtract(test)
        self.block(node.orelse, frame)
        self.domain = self.domain.union(after).coalesce()
        return None

    def _return(self, node: ast.Return, frame: Frame) -> None:
        if len(self.turns) > frame.depth:
            raise NotModelled(f"{frame.where}: a return from inside a loop")
        value = None if node.value is None else self.value(node.value, frame)
        frame.results.append((self.domain, value))
        self.domain = self.numbers.nothing

    def _continue(self, node: ast.stmt, frame: Frame) -> None:
        self.domain = self.numbers.nothing  # the next turn begins as this one did

    def _break(self, node: ast.stmt, frame: Frame) -> None:
        if not self._loops[-1].unrolled:
            raise NotModelled(f"{frame.where}: a break from a loop of unknown length")
        self._loops[-1].broken.append(self.domain)
        self.domain = self.numbers.nothing

    # ------------------------------------------------------------------ loops

    def _counted(self, node: CountedLoop, frame: Frame) -> None:
        inner = frame.inside()
        self.block(node.start, inner)
        step, body = (node.step, node.body) if node.step else (node.body[-1:], node.body[:-1])
        test = self._test(node.test, inner)
        if isinstance(test, bool):
            return self._unroll(node.test, step, body, inner)
        target, by = self._advance(step, inner)
        self._check_counter(target, inner)
        first = self.value(target, inner)
        name = self.numbers.fresh("turn")
        turn = self.numbers.symbol(name)
        before = self.domain
        self.turns.append(name)
        self.store(target, self.moved(first, self.numbers.multiply(by, turn)), inner, anywhere=True)
        self.domain = before.intersect(turn.ge_set(self.numbers.lift(0)))
        end = self._end(node.test, name, inner, before)
        self.domain = before.intersect(turn.ge_set(self.numbers.lift(0))).intersect(turn.lt_set(self.numbers.lift(end)))
        self._body(body, inner, turn, end)
        self.turns.pop()
        self.domain = before
        self.store(target, self.moved(first, self.numbers.multiply(by, end)), inner, anywhere=True)
        return None

    def _check_counter(self, target: ast.expr, inner: Frame) -> None:
        """Refuse a counter that other paths see, too: what it is after the loop would be said of them as well."""
        if not isinstance(target, ast.Name) or target.id in inner.variables:
            return
        variable = inner.find(target.id)
        if variable is not None and not variable.where.is_subset(self.domain):
            raise NotModelled(f"{inner.where}: a loop in a branch, whose counter {target.id} is declared outside it")

    def _test(self, test: ast.expr, frame: Frame) -> Any:
        """Evaluate the test of a loop, as if every place of a list held an element: `_end` sees to it."""
        self.testing, self.probed = True, False
        truth = self.truth(test, frame)
        self.testing = False
        return truth

    def _end(self, test: ast.expr, name: str, frame: Frame, before: isl.Set) -> Any:
        """Return the first turn at which the test fails."""
        kinds = self.numbers.isl.dim_type
        fails = self.domain.subtract(self.numbers.condition(self._test(test, frame)))
        for symbol in self.numbers.symbols(fails):
            if symbol != name and name in symbol.split("__"):
                raise NotModelled(f"{frame.where}: a loop whose counter is multiplied in its test")
        at = fails.find_dim_by_name(kinds.param, name)
        if at < 0:
            raise NotModelled(f"{frame.where}: a loop whose test does not depend on its counter")
        fails = fails.move_dims(kinds.set, 0, kinds.param, at, 1).coalesce()
        if self.probed and not fails.apply(self.numbers.isl.Map("{ [i] -> [i + 1] }")).is_subset(fails):
            raise NotModelled(f"{frame.where}: a search through a list whose test may fail and hold again")
        first = fails.lexmin_pw_multi_aff().get_pw_aff(0)
        self.hazard(f"the loop of {frame.where} does not end", before.subtract(first.domain()))
        return self.numbers.simplest(first.coalesce(), before)

    def _advance(self, step: list[ast.stmt], frame: Frame) -> tuple[ast.expr, int]:
        """Return the counter of a loop and its step."""
        if len(step) == 1:
            (node,) = step
            if isinstance(node, ast.Expr) and isinstance(node.value, Step):
                return node.value.target, node.value.by
            if isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Add, ast.Sub)):
                by = self.value(node.value, frame)
                if isinstance(by, int) and by:
                    return node.target, by if isinstance(node.op, ast.Add) else -by
        raise NotModelled(f"{frame.where}: a loop that does not advance by a constant")

    def _unroll(self, test: ast.expr, step: list[ast.stmt], body: list[ast.stmt], frame: Frame) -> None:
        broken: list[Any] = []
        for _ in range(_MOST_TURNS):
            truth = self.truth(test, frame)
            if not isinstance(truth, bool):
                raise NotModelled(f"{frame.where}: a loop whose end is known at first and not later")
            if not truth or self.domain.is_empty():
                break
            broken += self._one_turn(body, frame)
            self.block(step, frame)
        else:
            raise NotModelled(f"{frame.where}: a loop of more than {_MOST_TURNS} turns")
        for domain in broken:
            self.domain = self.domain.union(domain)

    def _one_turn(self, body: list[ast.stmt], frame: Frame) -> list[Any]:
        """Walk through one turn of an unrolled loop; the next begins wherever this one did not leave the loop."""
        loop, before, returned = _Loop(unrolled=True), self.domain, len(frame.results)
        self._loops.append(loop)
        self.block(body, frame.inside())
        self._loops.pop()
        for left in [*loop.broken, *(where for where, _ in frame.results[returned:])]:
            before = before.subtract(left)
        self.domain = before
        return loop.broken

    def _body(self, body: list[ast.stmt], frame: Frame, turn: Any, end: Any) -> None:
        """Walk through the body of a loop once, for all its turns."""
        carried = [name for name in _assigned(body) if frame.holds(name)]
        start = {name: frame.value_of(name) for name in carried}
        amount = self._amounts(body, frame, start, turn) if carried else {}
        numbers = self.numbers
        for name in carried:
            frame.set(name, self.moved(start[name], numbers.multiply(turn, amount[name])), self.turns)
        self._run(body, frame, end)
        for name in carried:
            if end is None:
                raise NotModelled(f"{frame.where}: {name} counts the elements of a list that has gaps")
            frame.set(name, self.moved(start[name], numbers.multiply(end, amount[name])), self.turns[:-1])

    def _run(self, body: list[ast.stmt], frame: Frame, end: Any = None) -> None:
        self._loops.append(_Loop(unrolled=False))
        self.ends.append(end)
        self.block(body, frame.inside())
        self.ends.pop()
        self._loops.pop()

    def _amounts(self, body: list[ast.stmt], frame: Frame, start: Mapping[str, Any], turn: Any) -> dict[str, Any]:
        """Return by how much each turn of a loop advances the variables that it carries on."""
        numbers, domain, silent, hazards = self.numbers, self.domain, self.silent, len(self.numbers.hazards)
        base = {name: numbers.fresh("base") for name in start}
        for name, value in start.items():
            if not isinstance(value, (int, Pointer)) and not hasattr(value, "get_pieces"):
                raise NotModelled(f"{frame.where}: {name} is changed by a loop, and is no number")
            symbol = numbers.symbol(base[name])
            frame.set(name, Pointer(value.array, symbol) if isinstance(value, Pointer) else symbol, self.turns)
        self.silent = True
        self._run(body, frame)
        self.domain, self.silent = domain, silent
        del numbers.hazards[hazards:]
        found = {}
        for name in start:
            value = frame.value_of(name)
            offset = value.offset if isinstance(value, Pointer) else value
            difference = numbers.subtract(offset, numbers.symbol(base[name]))
            found[name] = numbers.simplest(difference, domain)
            unsteady = [symbol for symbol in (*base.values(), self.turns[-1]) if numbers.depends(found[name], symbol)]
            if unsteady:
                raise NotModelled(f"{frame.where}: {name} does not advance by the same amount in every turn")
        return found

    def _for_each(self, node: ast.For, frame: Frame) -> None:
        values = self.value(node.iter, frame)
        inner = frame.inside()
        if isinstance(values, Filled):
            return self._for_filled(node, values, inner)
        if isinstance(values, Box):
            return self._for_box(node, values, inner)
        if not isinstance(values, (list, tuple)):
            raise NotModelled(f"{frame.where}: a loop over {type(values).__name__}")
        broken: list[Any] = []
        for value in values:
            self.bind(node.target, value, inner)
            broken += self._one_turn(node.body, inner)
        for domain in broken:
            self.domain = self.domain.union(domain)
        return None

    def _for_filled(self, node: ast.For, values: Filled, frame: Frame) -> None:
        name = self.numbers.fresh("turn")
        turn, before = self.numbers.symbol(name), self.domain
        self.turns.append(name)
        self.domain = before.intersect(values.exists(self.numbers, turn))
        self.bind(node.target, values.element(self.numbers, turn), frame)
        self._body(node.body, frame, turn, values.length(self.numbers, before))
        self.turns.pop()
        self.domain = before

    def _for_box(self, node: ast.For, box: Box, frame: Frame) -> None:
        """Walk through every point of a product of ranges at once."""
        before, point = self.domain, []
        for low, high in box.ranges:
            name = self.numbers.fresh("turn")
            turn = self.numbers.symbol(name)
            self.turns.append(name)
            point.append(self.numbers.add(low, turn))
            self.domain = self.domain.intersect(turn.ge_set(self.numbers.lift(0))).intersect(
                turn.lt_set(self.numbers.lift(self.numbers.subtract(high, low)))
            )
        self.bind(node.target, point if box.product else point[0], frame)
        if box.product:
            self._run(node.body, frame)
        else:
            ((low, high),) = box.ranges
            count = self.numbers.largest([0, self.numbers.subtract(high, low)])
            self._body(node.body, frame, self.numbers.symbol(self.turns[-1]), count)
        del self.turns[len(self.turns) - len(point) :]
        self.domain = before

    _WALKS: dict[type, Callable] = {  # noqa: RUF012
        Declare: _declare,
        ast.Assign: _assign,
        ast.AugAssign: _augment,
        ast.Expr: _expression,
        ast.If: _branch,
        ast.Return: _return,
        ast.Continue: _continue,
        ast.Break: _break,
        CountedLoop: _counted,
        ast.For: _for_each,
    }


def _assigned(body: Sequence[ast.AST]) -> list[str]:
    """Return the variables that statements change."""
    found: dict[str, None] = {}
    for statement in body:
        for node in ast.walk(statement):
            targets: list[ast.AST] = []
            if isinstance(node, (Step, ast.AugAssign)):
                targets = [node.target]
            elif isinstance(node, ast.Assign):
                targets = list(node.targets)
            found.update((target.id, None) for target in targets if isinstance(target, ast.Name))
    return list(found)
