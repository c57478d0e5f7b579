"""Chooses the module built for the widest instruction set that this machine runs.

The question is put to the baseline module: a wide module is imported only once it is known to be safe.
The environment variable CONVPROOF_ISA (baseline, avx2 or avx512) overrides the choice.
"""

from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
import os

_NARROW_TO_WIDE = ("baseline", "avx2", "avx512")


@lru_cache(maxsize=None)
def available() -> tuple[str, ...]:
    """Names of the instruction sets that are built and that this machine supports, narrow to wide."""
    widest = import_module("convproof.kernels.cpu._baseline").widest_isa()
    return tuple(
        name for name in _NARROW_TO_WIDE[: widest + 1] if find_spec(f"convproof.kernels.cpu._{name}") is not None
    )


def name() -> str:
    """The instruction set in use."""
    wanted = os.environ.get("CONVPROOF_ISA", "").strip().lower()
    if not wanted:
        return available()[-1]
    if wanted not in _NARROW_TO_WIDE:
        raise ValueError(f"CONVPROOF_ISA is {wanted!r}, expected one of {', '.join(_NARROW_TO_WIDE)}")
    if wanted not in available():
        raise ValueError(f"CONVPROOF_ISA is {wanted!r}, which this machine does not support; "
                         f"it has {', '.join(available())}")
    return wanted


@lru_cache(maxsize=None)
def _module(isa: str):
    return import_module(f"convproof.kernels.cpu._{isa}")


def core(isa: str | None = None):
    """The compiled module of the instruction set in use, or of the one named (see `available`)."""
    return _module(name() if isa is None else isa)
