"""What a kernel's signature shows: which of an operation's parameters it takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from convproof.errors import KernelError

__all__ = ["DEFAULTS", "Accepts", "accepted"]

#: What a parameter that a kernel does not take must be.
DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "padding_mode": "zeros", "output_padding": 0}


@dataclass(frozen=True)
class Accepts:
    """Which keyword arguments a kernel takes; None stands for any (a builtin shows no signature)."""

    names: frozenset[str] | None

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

    def takes(self, name: str) -> bool:
        """Whether the kernel names this argument in its signature."""
        return self.names is not None and name in self.names

    def lacks(self, name: str) -> bool:
        """Whether the signature shows that the kernel takes no such argument."""
        return self.names is not None and name not in self.names


def accepted(kernel: Callable) -> Accepts:
    """Read from its signature which keyword arguments a kernel takes."""
    if not callable(kernel):
        raise KernelError(f"kernel={kernel!r}: expected a callable")
    try:
        parameters = inspect.signature(kernel).parameters.values()
    except (TypeError, ValueError):
        return Accepts(None)
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return Accepts(None)
    return Accepts(frozenset(p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)))
