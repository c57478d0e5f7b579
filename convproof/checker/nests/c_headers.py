"""Takes structures, functions and constants out of C++ headers; their bodies are read when asked for."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import pairwise

from convproof.checker.nests.c_expressions import Reader, Token, parameter_names, tokens_of
from convproof.symbolic.nests.syntax import Declare, Function, NotModelled, Program, Structure

__all__ = ["program_of"]

_ACCESS = {"public", "private", "protected"}
_OUTSIDE = {"namespace", "struct", "class"}


def program_of(headers: Mapping[str, str]) -> Program:
    """Read headers into a program.

    Parameters
    ----------
    headers : mapping of str to str
        Text by file name.

    Returns
    -------
    program : Program
        A function is parsed when it is looked up; NotModelled is raised where it cannot be understood.
    """
    found = _Found()
    for file, text in headers.items():
        found.scan(Reader(tokens_of(text, file), file), "")
    return Program(_Parsed(found.functions), found.structures, found.constants)


class _Found:
    """What the headers declare."""

    def __init__(self) -> None:
        self.functions: dict[str, list[tuple[Reader, tuple[str, ...]]]] = {}
        self.structures: dict[str, Structure] = {}
        self.constants: dict[str, ast.expr] = {}

    def scan(self, reader: Reader, owner: str) -> None:
        """Note every declaration of a header, or of the structure `owner`."""
        fields: list[Declare] = []
        constants: dict[str, ast.expr] = {}
        functions: set[str] = set()
        while reader.next:
            if reader.next in _ACCESS and reader.ahead(1).text == ":":
                reader.at += 2
                continue
            template = _template_constants(reader)
            if reader.next in _OUTSIDE:
                self._inner(reader)
                continue
            head, body = _declaration(reader)
            name = _function_name(head, reader.file)
            if name and body is not None:
                functions.add(name)
                full = f"{owner}::{name}" if owner else name
                self.functions.setdefault(full, []).append((Reader([*head, *body], reader.file), template))
            elif not name and body is None and head and head[0].text not in ("using", "typedef", "friend"):
                for item in _variables(head, reader.file):
                    if item.value is not None and any(token.text == "constexpr" for token in head):
                        constants[item.name] = item.value
                    else:
                        fields.append(item)
        if owner:
            self.structures[owner] = Structure(owner, tuple(fields), constants, frozenset(functions))
        else:
            self.constants.update(constants)

    def _inner(self, reader: Reader) -> None:
        """Enter a namespace, a structure or a class."""
        kind, name = reader.take(), ""
        while reader.next not in ("{", ";"):
            if reader.next == ":":  # what a class is derived from
                while reader.next != "{":
                    reader.take()
                break
            if reader.next == "<":
                reader.balanced("<", ">")
                continue
            text = reader.take()
            name = text if text not in ("final", "::") else name
        if reader.takes(";"):
            return
        inside = Reader(reader.balanced("{", "}"), reader.file)
        reader.takes(";")
        self.scan(inside, name if kind != "namespace" else "")


class _Parsed(Mapping[str, Function]):
    """Functions by name, parsed when they are looked up."""

    def __init__(self, sources: dict[str, list[tuple[Reader, tuple[str, ...]]]]) -> None:
        self._sources = sources
        self._parsed: dict[str, Function] = {}

    def __getitem__(self, name: str) -> Function:
        if name not in self._parsed:
            sources = self._sources[name]
            if len(sources) > 1:
                raise NotModelled(f"{sources[1][0].file}:{sources[1][0].line}: a second function named {name}")
            self._parsed[name] = _function(name, *sources[0])
        return self._parsed[name]

    def __contains__(self, name: object) -> bool:
        return name in self._sources

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


def _template_constants(reader: Reader) -> tuple[str, ...]:
    """Step over ``template <...>`` (the word itself is no token) and return the arguments that are values."""
    names: list[str] = []
    while reader.next == "<":
        tokens = reader.balanced("<", ">")
        names += [
            name.text
            for kind, name in pairwise(tokens)
            if kind.text in ("int", "bool", "int64_t") and name.kind == "word"
        ]
    return tuple(names)


def _declaration(reader: Reader) -> tuple[list[Token], list[Token] | None]:
    """Step over a declaration: the tokens up to its body or semicolon, and those of the body with its braces."""
    begin, depth = reader.at, 0
    while reader.next:
        if reader.next == "{" and depth == 0:
            head = reader.tokens[begin : reader.at]
            if not _is_function(head):  # the braces of an initial value
                reader.balanced("{", "}")
                continue
            if _in_members(head) and head[-1].kind == "word":  # the braces of a member initialised
                reader.balanced("{", "}")
                continue
            start = reader.at
            reader.balanced("{", "}")
            return head, reader.tokens[start : reader.at]
        text = reader.take()
        depth += (text in "([") - (text in ")]")
        if text == ";" and depth == 0:
            return reader.tokens[begin : reader.at - 1], None
    return reader.tokens[begin:], None


def _is_function(head: list[Token]) -> bool:
    return _function_name(head, "") != ""


def _function_name(head: list[Token], file: str) -> str:
    """Return the name before the first bracket, unless a value is given before that; '' for no function."""
    types = 0  # inside the brackets of a type
    for token, bracket in pairwise(head):
        types += (token.text == "<") - (token.text == ">") - 2 * (token.text == ">>")
        if types > 0:
            continue
        if token.text in ("=", "[") or token.text == "operator":
            return "operator[]" if token.text == "operator" and bracket.text == "[" else ""
        if bracket.text == "(":
            return token.text if token.kind == "word" else ""
    return ""


def _in_members(head: list[Token]) -> bool:
    """Tell whether a constructor's list of members has begun: a colon after the parameters."""
    depth = 0
    for token in head:
        depth += (token.text == "(") - (token.text == ")")
        if token.text == ":" and depth == 0:
            return True
    return False


def _variables(head: list[Token], file: str) -> list[Declare]:
    reader = Reader(list(head), file)
    try:
        return [item for item in reader.declaration() if isinstance(item, Declare)]
    except NotModelled:
        return []  # a declaration without variables, such as an assertion: nothing can refer to it


def _function(name: str, source: Reader, constants: tuple[str, ...]) -> Function:
    """Parse a function from its head and body."""
    reader = Reader(source.tokens, source.file)
    where = f"{source.file}:{reader.line}"
    while reader.next != "(":
        if reader.takes("operator"):
            reader.balanced("[", "]")
            continue
        reader.take()
    parameters = parameter_names(Reader(reader.balanced("(", ")"), source.file))
    while reader.next in ("const", "override", "final", "noexcept"):
        reader.take()
    members = []
    if reader.takes(":"):
        while reader.next != "{":
            member = reader.take()
            values = reader.arguments(reader.next)
            value = values[0] if len(values) == 1 else ast.Tuple(values)
            members.append((member, value))
            reader.takes(",")
    body = Reader(reader.balanced("{", "}"), source.file).statements()
    return Function(name, where, tuple(parameters), tuple(body), constants, tuple(members))
