"""Chooses the module built for the widest instruction set that this machine runs.

The question is put to the baseline module: a wide module is imported only once it is known to be safe.
The environment variable CONVPROOF_ISA (baseline, avx2 or avx512) overrides the choice.
"""

import os
from functools import cache
from importlib import import_module
from importlib.util import find_spec

__all__ = ["available", "core", "name"]

_NARROW_TO_WIDE = ("baseline", "avx2", "avx512")


@cache
def available() -> tuple[str, ...]:
    """Return the instruction sets that are built and that this machine supports, narrow to wide."""
    widest = _module("baseline").widest_isa()
    return tuple(
        name for name in _NARROW_TO_WIDE[: widest + 1] if find_spec(f"convproof.kernels.cpu._{name}") is not None
    )


def name() -> str:
    """Return the instruction set in use."""
    wanted = os.environ.get("CONVPROOF_ISA", "").strip().lower()
    if not wanted:
        return available()[-1]
    if wanted not in _NARROW_TO_WIDE:
        raise ValueError(f"CONVPROOF_ISA is {wanted!r}, expected one of {', '.join(_NARROW_TO_WIDE)}")
    if wanted not in available():
        raise ValueError(f"CONVPROOF_ISA is {wanted!r}, but this machine only has {', '.join(available())}")
    return wanted


def core(isa: str | None = None):
    """Return the compiled module of the instruction set in use, or of the one named (see `available`)."""
    if isa is None:
        return _module(name())
    if isa not in available():
        raise ValueError(f"isa is {isa!r}, but this machine only has {', '.join(available())}")
    return _module(isa)


@cache
def _module(isa: str):
    """Import the module of an instruction set.

    GNU's OpenMP lets idle threads spin for a while, which starves whatever else runs on the machine. It
    reads its settings once, when it is loaded with the first of these modules, so they are in place just
    then, unless the user has chosen.
    """
    spin = "GOMP_SPINCOUNT"
    chosen = spin in os.environ or "OMP_WAIT_POLICY" in os.environ
    if not chosen:
        os.environ[spin] = "0"
    try:
        return import_module(f"convproof.kernels.cpu._{isa}")
    finally:
        if not chosen:
            del os.environ[spin]
