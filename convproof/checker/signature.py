"""What a kernel's signature shows: which of an operation's parameters it takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from convproof.errors import KernelError

__all__ = ["DEFAULTS", "Accepts", "accepted"]

#: What a parameter that a kernel does not take must be.
DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "padding_mode": "zeros", "output_padding": 0}

_KNOWN = {*DEFAULTS, "bias", "out", "threads", "algo"}


@dataclass(frozen=True)
class Accepts:
    """Which arguments a kernel takes.

    Attributes
    ----------
    names : frozenset of str or None
        Those it takes by the operation's own names; None stands for any (a builtin shows no signature).
    aliases : mapping of str to str
        Those it has under another name, such as ``s`` for stride: told by place and default.
    """

    names: frozenset[str] | None
    aliases: Mapping[str, str] = field(default_factory=dict)

    def options(self, wanted: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
        """Keep what the kernel takes; a parameter it does not take must be at its default."""
        if self.names is None:
            return {**wanted, **extra}
        for name, value in wanted.items():
            if name not in self.names and value != DEFAULTS[name]:
                raise NotImplementedError(f"it takes no argument {name!r} ({name}={value} was wanted)")
        return {name: value for name, value in {**wanted, **extra}.items() if name in self.names}

    def without_defaults(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Keep what is not at its default."""
        return {name: value for name, value in self.options(wanted, {}).items() if value != DEFAULTS[name]}

    def renamed(self, options: dict[str, Any]) -> dict[str, Any]:
        """Write options by the kernel's own names."""
        return {self.aliases.get(name, name): value for name, value in options.items()}

    def takes(self, name: str) -> bool:
        """Whether the kernel names this argument in its signature."""
        return self.names is not None and name in self.names

    def lacks(self, name: str) -> bool:
        """Whether the signature shows that the kernel takes no such argument."""
        return self.names is not None and name not in self.names


def accepted(kernel: Callable, order: Sequence[str]) -> Accepts:
    """Read from its signature which arguments a kernel takes.

    `order` names the operation's positional arguments: a stranger in the place of one that the kernel lacks, with
    the same default, is that one.
    """
    if not callable(kernel):
        raise KernelError(f"kernel={kernel!r}: expected a callable")
    try:
        parameters = list(inspect.signature(kernel).parameters.values())
    except (TypeError, ValueError):
        return Accepts(None)
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return Accepts(None)
    names = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    aliases = {
        wanted: p.name
        for wanted, p in zip(order, parameters, strict=False)
        if wanted in _KNOWN and wanted not in names and p.name not in _KNOWN and p.kind is p.POSITIONAL_OR_KEYWORD
        if _same(p.default, DEFAULTS.get(wanted))
    }
    return Accepts(frozenset(names | set(aliases)), aliases)


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other
