"""PyTorch's CPU kernels: ``torch.nn.functional`` and ``torch.nn.grad``, on NumPy arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from convproof.checker.domain import Domain
from convproof.checker.operations import OPS
from convproof.checker.targets import Target
from convproof.errors import MissingDependency

__all__ = ["target"]


def target(op: str) -> Target:
    """Return the target of one of PyTorch's functions.

    Raises
    ------
    MissingDependency
        PyTorch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingDependency("PyTorch is not installed: pip install 'convproof[peers]'") from error
    home = torch.nn.functional if OPS[op].takes_bias else torch.nn.grad
    # PyTorch returns no output channels where there are no input channels; our sums over nothing are zeros.
    domain = Domain(in_channels=range(1, 2**31), out_channels=range(1, 2**31))
    return Target("torch", op, _on_numpy(torch, getattr(home, op), op), domain)


def _on_numpy(torch: Any, function: Callable, op: str) -> Callable:
    """Wrap a function of tensors as one of arrays, without changing how its operands lie in memory."""

    def tensor(value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        # PyTorch warns of read-only arrays, and shares memory all the same; its kernels write to no operand.
        return torch.from_numpy(value if value.flags.writeable else _writeable_view(value))

    def kernel(*operands: Any, **options: Any) -> np.ndarray:
        with torch.no_grad():
            result = function(*map(tensor, operands), **{name: tensor(v) for name, v in options.items()})
        return result.numpy()

    kernel.__name__ = op
    kernel.__signature__ = _signature(op)  # type: ignore[attr-defined]
    return kernel


def _writeable_view(array: np.ndarray) -> np.ndarray:
    """Return a view of the same memory that does not say it is read-only."""
    interface = dict(array.__array_interface__)
    interface["data"] = (interface["data"][0], False)

    class _Holder:
        __array_interface__ = interface
        owner = array

    return np.asarray(_Holder())


def _signature(op: str) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature([inspect.Parameter(name, kind) for name in OPS[op].order])
