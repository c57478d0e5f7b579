"""The list of right but unusual kernels, and the decorator that enters one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RightKernel:
    """A kernel that must never be flagged within the domain it claims."""

    name: str
    op: str
    kernel: Callable
    why: str  # what is unusual about it
    accuracy: str = "componentwise"  # "exact", "componentwise" or "normwise"
    domain: dict = field(default_factory=dict)  # keyword arguments of convproof.Domain, the accuracy among them
    needs: str | None = None  # a library that may be missing

    def __post_init__(self):
        object.__setattr__(self, "domain", {"accuracy": self.accuracy, **self.domain})


RIGHT: list[RightKernel] = []


def enter(op, kernel, /, *, name=None, why, accuracy="componentwise", needs=None, **domain):
    """Enter a kernel under its own name."""
    RIGHT.append(RightKernel(name or kernel.__name__, op, kernel, why, accuracy, domain, needs))
    return kernel


def right(op, **declared):
    """Enter the decorated function: see `enter`."""
    return lambda kernel: enter(op, kernel, **declared)
