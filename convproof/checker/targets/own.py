"""Our own CPU kernels, through the public functions that users call."""

from __future__ import annotations

from convproof import kernels
from convproof.checker.domain import Domain
from convproof.checker.operations import OPS
from convproof.checker.targets import Target
from convproof.geometry import MODES

__all__ = ["target"]

_INTEGERS = ("int8", "int32")


def target(op: str) -> Target:
    """Return the target of one of `convproof.kernels`; declining any case is a failure."""
    modes = ("zeros",) if OPS[op].role == "transposed" else MODES
    domain = Domain(per_side_padding=True, padding_mode=modes)
    dtypes = ("float32", "float64", *_INTEGERS)
    return Target("convproof", op, getattr(kernels, op), domain, strict=True, dtypes=dtypes)
