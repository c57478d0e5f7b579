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
    "audit": "convproof.symbolic.audit",
    "certify": "convproof.checker.runner",
    "check": "convproof.checker.runner",
    "derive": "convproof.symbolic.derive",
    "matrix": "convproof.symbolic.matrix",
    "save": "convproof.report.save",
    "verify": "convproof.checker.runner",
    "winograd": "convproof.symbolic.winograd",
}
_SUBMODULES = ("errors", "evidence", "geometry", "kernels", "layers", "symbolic", "checker", "report", "strategies")

__all__ = [*sorted(_HOME), "layers", "strategies"]

if TYPE_CHECKING:
    from convproof.checker.domain import Domain as Domain
    from convproof.checker.runner import certify as certify
    from convproof.checker.runner import check as check
    from convproof.checker.runner import verify as verify
    from convproof.geometry import Conv as Conv
    from convproof.report.save import save as save
    from convproof.symbolic.audit import audit as audit
    from convproof.symbolic.derive import derive as derive
    from convproof.symbolic.matrix import matrix as matrix
    from convproof.symbolic.winograd import winograd as winograd


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
