"""The kernel under test: called the way its users call it, and never trusted.

Its result is copied to a plain array before anybody looks at it; what it raises is sorted into *declined*
(the errors by which libraries refuse arguments) and *crashed* (anything else).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convproof.checker.domain import Domain
from convproof.checker.operations import Operation
from convproof.checker.signature import accepted
from convproof.geometry import Conv

__all__ = ["Crashed", "Declined", "Subject", "Wrong", "plain"]

# What libraries raise for arguments that they do not support (PyTorch raises RuntimeError), and small kernels assert.
_REFUSALS = (
    *(ValueError, TypeError, NotImplementedError, RuntimeError, OverflowError, MemoryError, BufferError),
    AssertionError,
)


class Declined(Exception):
    """The kernel refused the call."""


class Crashed(Exception):
    """The kernel failed in a way that is no refusal."""


class Wrong(Exception):
    """The kernel did something that the property forbids."""

    def __init__(
        self, story: str, entry: tuple[int, ...] | None = None, got: object = None, expected: object = None
    ) -> None:
        super().__init__(story)
        self.story, self.entry = story, entry
        self.got = None if got is None else str(got)
        self.expected = None if expected is None else str(expected)


class Subject:
    """A kernel together with the operation it claims to be and the domain it claims to support.

    Parameters
    ----------
    kernel : callable
        With the signature of the operation; parameters it does not take count as unsupported.
    op : Operation
        What it claims to compute.
    domain : Domain
        Where it claims to compute it.
    """

    def __init__(self, kernel: Callable, op: Operation, domain: Domain) -> None:
        self.kernel, self.op, self.domain = kernel, op, domain
        self.accepts = accepted(kernel, op.order)
        self.calls = 0

    @property
    def takes_bias(self) -> bool:
        """Whether a bias is part of the operation, of the domain, and of the kernel's signature."""
        return self.op.takes_bias and self.domain.bias and not self.accepts.lacks("bias")

    def call(self, geo: Conv, first: np.ndarray, second: np.ndarray, bias: Any = None, **extra: Any) -> Any:
        """Call the kernel and return whatever it returns."""
        self.calls += 1
        before = _forms(first, second, bias)
        try:
            with np.errstate(all="ignore"):
                result = self.op.call(self.kernel, geo, first, second, self.accepts, bias, **extra)
        except _REFUSALS as error:
            raise Declined(f"{type(error).__name__}: {_first_line(error)}") from error
        except (Exception, SystemExit) as error:
            raise Crashed(f"{type(error).__name__}: {_first_line(error)}") from error
        # A caller whose array was reshaped or locked is no better off than one whose numbers were changed.
        for name, old, new in zip((*self.op.operands, "bias"), before, _forms(first, second, bias), strict=True):
            if old != new:
                raise Wrong(f"the call changed the shape, type or flags of its operand {name}")
        return result

    def run(self, geo: Conv, first: np.ndarray, second: np.ndarray, bias: Any = None, **extra: Any) -> np.ndarray:
        """Call the kernel and return its result as a plain array that nobody else holds."""
        return plain(self.call(geo, first, second, bias, **extra))


def _forms(*arrays: np.ndarray | None) -> list[tuple | None]:
    return [None if a is None else (a.shape, a.dtype, a.flags.writeable) for a in arrays]


def plain(result: Any) -> np.ndarray:
    """Copy a result to a plain NumPy array."""
    if hasattr(result, "detach"):
        result = result.detach()
    try:
        array = np.array(result, copy=True, subok=False)
    except Exception as error:
        raise Crashed(f"its result, a {type(result).__name__}, is no array: {_first_line(error)}") from error
    if array.dtype == object or array.dtype.kind not in "fiub":
        raise Wrong(f"its result, a {type(result).__name__}, has dtype {array.dtype}, which is no number")
    return array


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:200]
