"""Evaluates the expressions of a loop nest on symbols."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convproof.symbolic.nests.builtins import FUNCTIONS, METHODS
from convproof.symbolic.nests.memory import Bound, Cases, Closure, Element, Filled, Pointer, Record
from convproof.symbolic.nests.numbers import Numbers
from convproof.symbolic.nests.syntax import Braces, Declare, Function, Lambda, NotModelled, Program, Remainder, Step

if TYPE_CHECKING:
    import islpy as isl

__all__ = ["Expressions", "Frame"]

_MISSING = object()
_SIGNS: dict[type, str] = {
    ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne",
}  # fmt: skip


@dataclass
class _Variable:
    """A variable: its value, where it was declared, and inside which loops."""

    value: Any
    where: Any
    turns: tuple[str, ...]


@dataclass
class Frame:
    """The variables that a function or block sees."""

    where: str
    this: Any = None
    outer: Frame | None = None
    depth: int = 0
    variables: dict[str, _Variable] = field(default_factory=dict)
    results: list[tuple[Any, Any]] = field(default_factory=list)

    def inside(self) -> Frame:
        """Return the frame of a block inside."""
        return Frame(self.where, self.this, self, self.depth, {}, self.results)

    def declare(self, name: str, value: Any, where: isl.Set, turns: Sequence[str]) -> None:
        """Add a variable."""
        self.variables[name] = _Variable(value, where, tuple(turns))

    def find(self, name: str) -> _Variable | None:
        """Return the variable of this name, from the nearest block that has one."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.variables:
                return frame.variables[name]
            frame = frame.outer
        return None

    def holds(self, name: str) -> bool:
        """Tell whether there is such a variable."""
        return self.find(name) is not None

    def value_of(self, name: str) -> Any:
        """Return the value of a variable that is there."""
        variable = self.find(name)
        assert variable is not None
        return variable.value

    def set(self, name: str, value: Any, turns: Sequence[str]) -> None:
        """Give a variable that is there another value, wherever the program is."""
        variable = self.find(name)
        assert variable is not None
        variable.value, variable.turns = value, tuple(turns)


class Expressions:
    """Evaluates expressions; the statements are walked through by its subclass."""

    def __init__(
        self, program: Program, numbers: Numbers, constants: Mapping[str, Any], known: Mapping[str, Callable]
    ) -> None:
        self.program, self.numbers, self.constants, self.known = program, numbers, constants, known
        self.turns: list[str] = []
        self.testing = False  # evaluating the test of a loop
        self.probed = False  # the test looked at an element of a list
        self._template: tuple[Sequence[ast.expr], Frame] = ((), Frame(""))  # of the function called last

    @property
    def domain(self) -> Any:
        """What holds where the program is."""
        return self.numbers.domain

    @domain.setter
    def domain(self, domain: Any) -> None:
        self.numbers.domain = domain

    # ------------------------------------------------------------------ implemented by the walker

    def block(self, statements: Sequence[ast.stmt], frame: Frame) -> None:
        """Walk through statements."""
        raise NotImplementedError

    def visit(self, label: str, *values: Any) -> None:
        """Note an event."""
        raise NotImplementedError

    # ------------------------------------------------------------------ values

    def value(self, node: ast.expr, frame: Frame) -> Any:
        """Evaluate an expression."""
        evaluate = self._VALUES.get(type(node))
        if evaluate is None:
            raise NotModelled(f"{frame.where}: an expression of kind {type(node).__name__}")
        return evaluate(self, node, frame)

    def truth(self, node: ast.expr, frame: Frame) -> Any:
        """Evaluate a condition."""
        value = self.value(node, frame)
        if isinstance(value, Pointer):
            return True  # a null pointer is None
        if value is None:
            return False
        if isinstance(value, bool) or hasattr(value, "is_params"):
            return value
        return self.numbers.compare("ne", value, 0)

    def settled(self, value: Any) -> Any:
        """Drop the cases of a value that cannot be here."""
        if not isinstance(value, Cases):
            return value
        here = [(where, case) for where, case in value.cases if not where.intersect(self.domain).is_empty()]
        return self.merged(here)

    def merged(self, cases: list[tuple[Any, Any]]) -> Any:
        """Join the values that an expression has in several cases."""
        if not cases:
            return None
        (_, first), *rest = cases
        numbers = self.numbers
        if not rest or all(case is first for _, case in rest):
            return first
        values = [case for _, case in cases]
        if all(map(_is_number, values)):
            total = first
            for where, case in rest:
                total = numbers.choose(where, case, total)
            return numbers.simplest(total, self.domain)
        if all(isinstance(case, bool) or hasattr(case, "is_params") for case in values):
            found = numbers.nothing
            for where, case in cases:
                found = found.union(where.intersect(numbers.condition(case)))
            return found
        if isinstance(first, Record) and all(isinstance(case, Record) and case.kind == first.kind for case in values):
            return Record(
                first.kind,
                {name: self.merged([(where, case.fields[name]) for where, case in cases]) for name in first.fields},
            )
        if isinstance(first, Pointer) and all(isinstance(v, Pointer) and v.array == first.array for v in values):
            return Pointer(first.array, self.merged([(where, case.offset) for where, case in cases]))
        return Cases(tuple(cases))

    def moved(self, value: Any, by: Any) -> Any:
        """Return a number or pointer moved on."""
        if isinstance(value, Pointer):
            return Pointer(value.array, self.numbers.add(value.offset, by))
        return self.numbers.add(value, by)

    def _constant(self, node: ast.Constant, frame: Frame) -> Any:
        return node.value

    def _name(self, node: ast.Name, frame: Frame) -> Any:
        variable = frame.find(node.id)
        if variable is not None:
            return self.settled(variable.value)
        found = self._member(frame.this, node.id, frame) if isinstance(frame.this, Record) else _MISSING
        if found is _MISSING:
            found = self._global(node.id, frame)
        if found is _MISSING:
            raise NotModelled(f"{frame.where}: {node.id}, which is not declared in what is modelled")
        return self.settled(found)

    def _global(self, name: str, frame: Frame) -> Any:
        if name in self.constants:
            return self.constants[name]
        if name in self.program.constants:
            return self.value(self.program.constants[name], Frame(frame.where))
        if name in self.known:
            return self.known[name]
        if name in FUNCTIONS:
            return FUNCTIONS[name]
        if name in self.program.functions:
            return Bound(self.program.functions[name])
        if name in self.program.structures:
            return self.program.structures[name]
        return _MISSING

    def _member(self, this: Record, name: str, frame: Frame) -> Any:
        """Return a field, a constant or a function of an object."""
        if name in this.fields:
            return this.fields[name]
        full = f"{this.kind}::{name}"
        if full in self.known:
            known = self.known[full]
            return lambda walker, *arguments: known(walker, this, *arguments)
        structure = self.program.structures.get(this.kind)
        if structure is not None and name in structure.constants:
            if name in self.constants:
                return self.constants[name]
            return self.value(structure.constants[name], Frame(frame.where, this))
        if full in self.program.functions:
            return Bound(self.program.functions[full], this)
        return _MISSING

    def _attribute(self, node: ast.Attribute, frame: Frame) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id == "this":
            owner = frame.this
        elif isinstance(node.value, ast.Name) and node.value.id == "np":
            raise NotModelled(f"{frame.where}: np.{node.attr}")
        else:
            owner = self.value(node.value, frame)
        if isinstance(owner, Record):
            found = self._member(owner, node.attr, frame)
            if found is not _MISSING:
                return self.settled(found)
        elif (type(owner), node.attr) in METHODS:
            method = METHODS[type(owner), node.attr]
            return lambda walker, *arguments: method(walker, owner, *arguments)
        raise NotModelled(f"{frame.where}: {node.attr} of {ast.unparse(node.value)}, which is not in the model")

    def _subscript(self, node: ast.Subscript, frame: Frame) -> Any:
        owner, index = self.value(node.value, frame), self.value(node.slice, frame)
        if isinstance(owner, Filled):
            if self.testing:
                self.probed = True
            else:
                self.domain = self.domain.intersect(owner.exists(self.numbers, index))
            return owner.element(self.numbers, index)
        if isinstance(owner, Pointer):
            offset = self.numbers.add(owner.offset, index)
            self.visit(f"read {owner.array}", offset)
            return Element(owner.array, offset)
        if isinstance(owner, Record) and f"{owner.kind}::operator[]" in self.known:
            return self.known[f"{owner.kind}::operator[]"](self, owner, index)
        if isinstance(owner, Record) and f"{owner.kind}::operator[]" in self.program.functions:
            return self.call(Bound(self.program.functions[f"{owner.kind}::operator[]"], owner), [index], {}, frame)
        if isinstance(owner, (list, tuple)) and isinstance(index, int) and -len(owner) <= index < len(owner):
            return self.settled(owner[index])
        if callable(owner):
            return owner(self, index)
        raise NotModelled(f"{frame.where}: element {ast.unparse(node)}")

    def binary(self, operator: ast.operator, a: Any, b: Any, frame: Frame) -> Any:
        """Apply an operator to two values."""
        numbers = self.numbers
        if isinstance(a, Pointer) and isinstance(operator, (ast.Add, ast.Sub)) and _is_number(b):
            return self.moved(a, b if isinstance(operator, ast.Add) else numbers.subtract(0, b))
        if isinstance(a, Record) and isinstance(operator, ast.Add) and f"{a.kind}::operator+" in self.known:
            return self.known[f"{a.kind}::operator+"](self, a, b)
        if not (_is_number(a) and _is_number(b)):
            raise NotModelled(f"{frame.where}: {type(operator).__name__} of values that are no integers")
        down = isinstance(operator, (ast.FloorDiv, ast.Mod))
        apply: dict[type, Callable] = {
            ast.Add: numbers.add,
            ast.Sub: numbers.subtract,
            ast.Mult: numbers.multiply,
            ast.Div: lambda a, b: numbers.quotient(a, b, down=down),
            ast.FloorDiv: lambda a, b: numbers.quotient(a, b, down=down),
            Remainder: lambda a, b: numbers.remainder(a, b, down=down),
            ast.Mod: lambda a, b: numbers.remainder(a, b, down=down),
            ast.BitOr: numbers.odd,
        }
        if type(operator) not in apply:
            raise NotModelled(f"{frame.where}: operator {type(operator).__name__}")
        return apply[type(operator)](a, b)

    def _binary(self, node: ast.BinOp, frame: Frame) -> Any:
        return self.binary(node.op, self.value(node.left, frame), self.value(node.right, frame), frame)

    def _unary(self, node: ast.UnaryOp, frame: Frame) -> Any:
        if isinstance(node.op, ast.Not):
            return self.numbers.negate(self.truth(node.operand, frame))
        return self.numbers.subtract(0, self.value(node.operand, frame))

    def _compare(self, node: ast.Compare, frame: Frame) -> Any:
        found: Any = True
        left = self.value(node.left, frame)
        for operator, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.value(right_node, frame)
            found = self.numbers.both(found, self._compared(operator, left, right, frame))
            left = right
        return found

    def _compared(self, operator: ast.cmpop, left: Any, right: Any, frame: Frame) -> Any:
        if isinstance(operator, (ast.Is, ast.IsNot)):
            same = self._is(left, right)
            return same if isinstance(operator, ast.Is) else self.numbers.negate(same)
        if isinstance(left, str) and isinstance(right, str):
            return (left == right) == isinstance(operator, ast.Eq)
        if not (_is_number(left) and _is_number(right)):
            raise NotModelled(f"{frame.where}: a comparison of values that are no integers")
        return self.numbers.compare(_SIGNS[type(operator)], left, right)

    def _is(self, left: Any, right: Any) -> Any:
        if isinstance(left, Cases):
            where = self.numbers.nothing
            for case, value in left.cases:
                if value is right:
                    where = where.union(case)
            return where
        return left is right

    def _logic(self, node: ast.BoolOp, frame: Frame) -> Any:
        """Evaluate ``and`` and ``or``: what comes later counts only where it is reached."""
        stops = isinstance(node.op, ast.Or)
        found: Any = not stops
        before = self.domain
        for part in node.values:
            reached = self.numbers.negate(found) if stops else found
            here = before.intersect(self.numbers.condition(reached))
            if here.is_empty():
                continue
            self.domain = here
            truth = self.truth(part, frame)
            before = before.subtract(here.subtract(self.domain))
            found = self.numbers.either(found, truth) if stops else self.numbers.both(found, truth)
        self.domain = before
        return found

    def _if(self, node: ast.IfExp, frame: Frame) -> Any:
        test = self.truth(node.test, frame)
        if isinstance(test, bool):
            return self.value(node.body if test else node.orelse, frame)
        before, cases, left = self.domain, [], self.numbers.nothing
        for where, branch in ((before.intersect(test), node.body), (before.subtract(test), node.orelse)):
            if where.is_empty():
                continue
            self.domain = where
            cases.append((where, self.value(branch, frame)))
            left = left.union(self.domain)
        self.domain = before if before.is_subset(left) else left
        return self.merged(cases)

    # ------------------------------------------------------------------ objects and calls

    def made(self, type_name: str, node: ast.expr, frame: Frame) -> Any:
        """Evaluate an initial value, whose braces may leave out the type."""
        if isinstance(node, Braces) and not node.type_name and type_name in self.program.structures:
            node = Braces(type_name, node.values)
        return self.value(node, frame)

    def unset(self, node: Declare, frame: Frame) -> Any:
        """Return a new object, array or number that has no value yet."""
        if node.sizes:
            count = self.value(node.sizes[0], frame)
            if not isinstance(count, int):
                raise NotModelled(f"{frame.where}: array {node.name} of unknown length")
            one = Declare(node.type_name, node.name, None, reference=False)
            return [self.unset(one, frame) for _ in range(count)]
        if node.type_name == "vector":
            return Filled(depth=len(self.turns))
        structure = self.program.structures.get(node.type_name)
        if structure is None:
            return None
        return Record(
            node.type_name,
            {
                item.name: self.unset(item, frame) if item.value is None else self.value(item.value, frame)
                for item in structure.fields
            },
        )

    def _braces(self, node: Braces, frame: Frame) -> Any:
        if node.type_name in self.known:
            return self.known[node.type_name](self, *(self.value(value, frame) for value in node.values))
        structure = self.program.structures.get(node.type_name)
        if structure is None:
            values = [self.value(value, frame) for value in node.values]
            return values[0] if node.type_name and len(values) == 1 else values or Filled(depth=len(self.turns))
        fields = structure.fields
        if len(node.values) > len(fields):
            raise NotModelled(f"{frame.where}: {node.type_name} of {len(node.values)} fields")
        made = {item.name: self.unset(item, frame) for item in fields}
        for item, value in zip(fields, node.values, strict=False):
            made[item.name] = self.made("vector" if item.type_name == "vector" else item.type_name, value, frame)
        return Record(node.type_name, made)

    def _lambda(self, node: Lambda, frame: Frame) -> Any:
        return Closure(node.parameters, node.body, frame)

    def _step(self, node: Step, frame: Frame) -> Any:
        old = self.value(node.target, frame)
        new = self.moved(old, node.by)
        self.store(node.target, new, frame)
        return new if node.after else old

    def _call(self, node: ast.Call, frame: Frame) -> Any:
        function = self.value(node.func, frame)
        arguments: list[Any] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                arguments += self.value(argument.value, frame)
            else:
                arguments.append(self.value(argument, frame))
        constants = [keyword.value for keyword in node.keywords if keyword.arg is None]
        return self.call(function, arguments, {"": constants} if constants else {}, frame)

    def call(self, function: Any, arguments: list[Any], options: Mapping[str, Any], frame: Frame) -> Any:
        """Call what a name stands for."""
        if isinstance(function, Closure):
            inner = Frame(function.frame.where, function.frame.this, function.frame, len(self.turns))
            return self._run_function(inner, function.parameters, function.body, arguments)
        if isinstance(function, Bound):
            constants = self._template_values(function.function, options.get("", []), frame)
            return self.run(function.function, arguments, function.this, constants)
        if callable(function):
            self._template = (options.get("", ()), frame)
            return function(self, *arguments)
        name = getattr(function, "name", None)
        if name is not None and f"{name}::{name}" in self.program.functions:
            this = self.unset(Declare(name, name, None, reference=False), frame)
            self.run(self.program.functions[f"{name}::{name}"], arguments, this)
            return this
        raise NotModelled(f"{frame.where}: a call of {type(function).__name__}")

    def _template_values(self, function: Function, nodes: Sequence[ast.expr], frame: Frame) -> dict[str, Any]:
        """Match template arguments that are values with their names; those that are types have none."""
        return dict(zip(function.constants, self._template_list(nodes, frame), strict=False))

    def template_arguments(self) -> list[Any]:
        """Return the template arguments that are values, for a function that stands for one of the program."""
        return self._template_list(*self._template)

    def _template_list(self, nodes: Sequence[ast.expr], frame: Frame) -> list[Any]:
        types = [isinstance(node, ast.Name) and node.id in ("T", "V") and not frame.holds(node.id) for node in nodes]
        return [self.value(node, frame) for node, is_type in zip(nodes, types, strict=True) if not is_type]

    def run(
        self, function: Function, arguments: Sequence[Any], this: Any = None, constants: Mapping[str, Any] | None = None
    ) -> Any:
        """Call a function of the program."""
        frame = Frame(function.where, this, None, len(self.turns))
        for name, value in (constants or {}).items():
            frame.declare(name, value, self.domain, self.turns)
        for name, value in zip(function.parameters, arguments, strict=False):
            frame.declare(name, value, self.domain, self.turns)
        for member, node in function.members:
            if isinstance(node, ast.Tuple):
                raise NotModelled(f"{function.where}: member {member} made from several values")
            this.fields[member] = self.value(node, frame)
        return self._run_function(frame, function.parameters, function.body, arguments)

    def _run_function(self, frame: Frame, parameters: Sequence[str], body: Sequence[ast.stmt], arguments: Any) -> Any:
        if len(parameters) != len(arguments):
            raise NotModelled(f"{frame.where}: {len(arguments)} arguments for {len(parameters)} parameters")
        for name, value in zip(parameters, arguments, strict=True):
            frame.declare(name, value, self.domain, self.turns)
        self.block(body, frame)
        if not frame.results:
            return None
        domain = self.domain
        for where, _ in frame.results:
            domain = domain.union(where)
        cases = list(frame.results)
        if not self.domain.is_empty():
            cases.append((self.domain, None))
        self.domain = domain.coalesce()
        return self.merged(cases)

    # ------------------------------------------------------------------ assignment

    def store(self, target: ast.expr, value: Any, frame: Frame, *, anywhere: bool = False) -> None:
        """Assign to a variable, a field or an element; `anywhere` for a counter that its loop looks after."""
        if isinstance(target, ast.Name) and (variable := frame.find(target.id)) is not None:
            if isinstance(variable.value, Record) and isinstance(value, Record):
                variable.value.fields.update(value.copy().fields)
                return
            if not anywhere and variable.turns != tuple(self.turns):
                raise NotModelled(f"{frame.where}: a loop changes {target.id}, declared outside of it")
            variable.value = self._over(variable.value, value, variable.where, anywhere)
            variable.turns = tuple(self.turns)
        elif isinstance(target, ast.Name) and isinstance(frame.this, Record) and target.id in frame.this.fields:
            frame.this.fields[target.id] = self._over(frame.this.fields[target.id], value, None, anywhere)
        elif isinstance(target, ast.Attribute) and isinstance(owner := self.value(target.value, frame), Record):
            owner.fields[target.attr] = self._over(owner.fields.get(target.attr), value, None, anywhere)
        elif isinstance(target, ast.Subscript):
            self._store_element(target, value, frame)
        elif isinstance(target, ast.Name):
            frame.declare(target.id, value, self.domain, self.turns)  # Python declares by assignment
        else:
            raise NotModelled(f"{frame.where}: assignment to {ast.unparse(target)}")

    def _over(self, old: Any, new: Any, declared: Any, anywhere: bool) -> Any:
        """Return the new value here and the old one elsewhere."""
        if anywhere or old is None or not _is_number(old) or not _is_number(new):
            return new
        if declared is not None and declared.is_subset(self.domain):
            return new
        return self.numbers.simplest(self.numbers.choose(self.domain, new, old), declared or self.numbers.everything)

    def _store_element(self, target: ast.Subscript, value: Any, frame: Frame) -> None:
        owner, index = self.value(target.value, frame), self.value(target.slice, frame)
        if isinstance(owner, list) and isinstance(index, int):
            owner[index] = value
        elif isinstance(owner, Pointer):
            offset = self.numbers.add(owner.offset, index)
            cases = value.cases if isinstance(value, Cases) else ((self.domain, value),)
            before = self.domain
            for where, case in cases:
                self.domain = before.intersect(where)
                self.visit(f"write {owner.array}", offset, case)
            self.domain = before
        else:
            raise NotModelled(f"{frame.where}: assignment to {ast.unparse(target)}")

    def bind(self, target: ast.expr, value: Any, frame: Frame) -> None:
        """Give the variables of a loop over values their value."""
        if isinstance(target, ast.Tuple):
            for part, item in zip(target.elts, value, strict=True):
                self.bind(part, item, frame)
        elif isinstance(target, ast.Name):
            frame.declare(target.id, value, self.domain, self.turns)
        else:
            raise NotModelled(f"{frame.where}: a loop over {ast.unparse(target)}")

    def _list(self, node: ast.List | ast.Tuple, frame: Frame) -> list[Any]:
        found: list[Any] = []
        for item in node.elts:
            if isinstance(item, ast.Starred):
                found += self.value(item.value, frame)
            else:
                found.append(self.value(item, frame))
        return found

    def _yield(self, node: ast.Yield, frame: Frame) -> None:
        assert node.value is not None
        self.visit("yield", self.value(node.value, frame))

    _VALUES: dict[type, Callable] = {  # noqa: RUF012
        ast.Constant: _constant,
        ast.Name: _name,
        ast.Attribute: _attribute,
        ast.Subscript: _subscript,
        ast.BinOp: _binary,
        ast.UnaryOp: _unary,
        ast.Compare: _compare,
        ast.BoolOp: _logic,
        ast.IfExp: _if,
        ast.Call: _call,
        ast.List: _list,
        ast.Tuple: _list,
        ast.Yield: _yield,
        Braces: _braces,
        Lambda: _lambda,
        Step: _step,
    }


def _is_number(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or hasattr(value, "get_pieces")
