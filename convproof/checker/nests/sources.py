"""Finds the sources of our kernels and reads them into programs."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from convproof.checker.nests.c_headers import program_of
from convproof.errors import KernelError
from convproof.symbolic.nests.syntax import Function, NotModelled, Program

__all__ = ["read_program", "source_text"]


@cache
def source_text(file: str) -> str:
    """Return the text of a header of the CPU cores, or of a module of `convproof.kernels`.

    Raises
    ------
    KernelError
        The file is not installed.
    """
    folder = files("convproof.kernels")
    path = folder / file if file.endswith(".py") else folder / "cpu" / "src" / file
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise KernelError(f"the source {file} of the kernels is not installed ({error})") from error


def read_program(names: Sequence[str], texts: Mapping[str, str]) -> Program:
    """Read sources into one program; `texts` replaces those that it names."""
    given = {name: texts[name] if name in texts else source_text(name) for name in names}
    if all(name.endswith(".py") for name in names):
        return _python_program(given)
    return program_of(given)


def _python_program(sources: Mapping[str, str]) -> Program:
    functions: dict[str, Function] = {}
    for file, text in sources.items():
        try:
            module = ast.parse(text)
        except SyntaxError as error:
            raise NotModelled(f"{file}:{error.lineno}: {error.msg}") from None
        for node in module.body:
            if isinstance(node, ast.FunctionDef):
                parameters = tuple(argument.arg for argument in node.args.args)
                functions[node.name] = Function(node.name, f"{file}:{node.lineno}", parameters, tuple(node.body))
    return Program(functions)
