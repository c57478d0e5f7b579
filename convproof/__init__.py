"""convproof tells, with evidence you could sign, whether a convolution kernel is right, and shows why.

The public names are loaded when first used, so that importing the kernels never imports SymPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Conv": "convproof.geometry",
    "Domain": "convproof.checker.domain",
    "certify": "convproof.checker.runner",
    "check": "convproof.checker.runner",
    "matrix": "convproof.symbolic.matrix",
    "verify": "convproof.checker.runner",
}
_SUBMODULES = ("errors", "evidence", "geometry", "kernels", "layers", "symbolic", "checker", "report", "strategies")

__all__ = [*sorted(_HOME), "layers", "strategies"]

if TYPE_CHECKING:
    from convproof.checker.domain import Domain as Domain
    from convproof.checker.runner import certify as certify
    from convproof.checker.runner import check as check
    from convproof.checker.runner import verify as verify
    from convproof.geometry import Conv as Conv
    from convproof.symbolic.matrix import matrix as matrix


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    elif name in _SUBMODULES:
        value = import_module(f"convproof.{name}")
    else:
        raise AttributeError(f"module 'convproof' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, *_SUBMODULES})
