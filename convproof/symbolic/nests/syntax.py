"""The syntax that loop nests of C++ and of Python are read into: Python's own, and what C++ has besides.

Expressions and most statements are nodes of :mod:`ast`. Division that rounds towards zero is ``ast.Div``
with its remainder `Remainder`; division that rounds down is ``ast.FloorDiv`` with ``ast.Mod``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from convproof.errors import ArgumentValueError

__all__ = [
    "Braces",
    "CountedLoop",
    "Declare",
    "Function",
    "Lambda",
    "NotModelled",
    "Program",
    "Remainder",
    "Step",
    "Structure",
]


class NotModelled(ArgumentValueError):
    """A source holds something that the model of loop nests has no form for."""


class Remainder(ast.operator):
    """The remainder of the division that rounds towards zero."""


class Step(ast.expr):
    """``target += by`` as an expression, whose value is the one from before or from after."""

    _fields = ("target", "by")

    def __init__(self, target: ast.expr, by: int, *, after: bool) -> None:
        super().__init__()
        self.target, self.by, self.after = target, by, after


class Braces(ast.expr):
    """``Type{value, ...}``, or ``{value, ...}`` where the type is known."""

    _fields = ("values",)

    def __init__(self, type_name: str, values: list[ast.expr]) -> None:
        super().__init__()
        self.type_name, self.values = type_name, values


class Lambda(ast.expr):
    """A function without a name that sees the variables around it."""

    _fields = ("body",)

    def __init__(self, parameters: list[str], body: list[ast.stmt]) -> None:
        super().__init__()
        self.parameters, self.body = parameters, body


class Declare(ast.stmt):
    """A new variable; a reference is another name for what it is made from, anything else a copy."""

    _fields = ("value",)

    def __init__(
        self, type_name: str, name: str, value: ast.expr | None, *, reference: bool, sizes: tuple[ast.expr, ...] = ()
    ) -> None:
        super().__init__()
        self.type_name, self.name, self.value = type_name, name, value
        self.reference, self.sizes = reference, sizes


class CountedLoop(ast.stmt):
    """``for (start; test; step) body``, and ``while``, which has no start and no step."""

    _fields = ("start", "test", "step", "body")

    def __init__(self, start: list[ast.stmt], test: ast.expr, step: list[ast.stmt], body: list[ast.stmt]) -> None:
        super().__init__()
        self.start, self.test, self.step, self.body = start, test, step, body


@dataclass(frozen=True)
class Function:
    """A function read from a source.

    Attributes
    ----------
    name, where : str
        Its name, and file and line.
    parameters, constants : tuple of str
        Names of the arguments and of the template arguments that are values.
    body : tuple of ast.stmt
        What it does.
    members : tuple of (str, ast.expr)
        Of a constructor: the members it initialises.
    """

    name: str
    where: str
    parameters: tuple[str, ...]
    body: tuple[ast.stmt, ...]
    constants: tuple[str, ...] = ()
    members: tuple[tuple[str, ast.expr], ...] = ()


@dataclass(frozen=True)
class Structure:
    """The fields of a structure or class, in order, its constants and the names of its functions."""

    name: str
    fields: tuple[Declare, ...] = ()
    constants: Mapping[str, ast.expr] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Program:
    """Functions by name (``Class::function`` for those of a class), structures and constants."""

    functions: Mapping[str, Function]
    structures: Mapping[str, Structure] = field(default_factory=dict)
    constants: Mapping[str, ast.expr] = field(default_factory=dict)
