"""The symbolic line: what a convolution is, as integers and as formulas. The oracle of the checker.

Nothing here imports a kernel, and sizes are counted from the relation ``i = s*r + d*a - p`` itself. SymPy is
imported only by what returns SymPy objects.

The functions `structure` and `matrix` live in the modules of the same names.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {
    "AxisRelation": "relation",
    "FactoredStructure": "factored",
    "IDENTITIES": "identities",
    "Identity": "identities",
    "StructureTensor": "structure",
}

__all__ = sorted(_HOME)

if TYPE_CHECKING:
    from convproof.symbolic.factored import FactoredStructure as FactoredStructure
    from convproof.symbolic.identities import IDENTITIES as IDENTITIES
    from convproof.symbolic.identities import Identity as Identity
    from convproof.symbolic.relation import AxisRelation as AxisRelation
    from convproof.symbolic.structure import StructureTensor as StructureTensor


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'convproof.symbolic' has no attribute {name!r}")
    return getattr(import_module(f"convproof.symbolic.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
