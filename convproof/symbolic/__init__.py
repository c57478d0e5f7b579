"""The symbolic line: what a convolution is, as integers and as formulas. The oracle of the checker.

Nothing here imports a kernel, and sizes are counted from the relation ``i = s*r + d*a - p`` itself. SymPy is
imported only by what returns SymPy objects.

The functions `structure`, `matrix`, `derive`, `audit` and `winograd` live in the modules of the same names.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {
    "AxisRelation": "relation",
    "Audit": "audit",
    "ConvMatrix": "conv_matrix",
    "Derivation": "derivation",
    "FactoredStructure": "factored",
    "Finding": "audit",
    "IDENTITIES": "identities",
    "Identity": "identities",
    "NestedWinograd": "winograd",
    "Notation": "notation",
    "Overlaps": "receptive",
    "ReceptiveField": "receptive",
    "StructureTensor": "structure",
    "Winograd": "winograd",
    "compose": "receptive",
    "forward_expression": "expressions",
    "full_convolution": "matrix",
    "input_gradient_expression": "expressions",
    "jacobian": "expressions",
    "overlap_counts": "receptive",
    "prove_transforms": "winograd",
    "receptive_field": "receptive",
    "toeplitz": "toeplitz_matrix",
    "transposed_expression": "expressions",
    "weight_gradient_expression": "expressions",
}

__all__ = sorted(_HOME)

if TYPE_CHECKING:
    from convproof.symbolic.audit import Audit as Audit
    from convproof.symbolic.audit import Finding as Finding
    from convproof.symbolic.conv_matrix import ConvMatrix as ConvMatrix
    from convproof.symbolic.derivation import Derivation as Derivation
    from convproof.symbolic.expressions import forward_expression as forward_expression
    from convproof.symbolic.expressions import input_gradient_expression as input_gradient_expression
    from convproof.symbolic.expressions import jacobian as jacobian
    from convproof.symbolic.expressions import transposed_expression as transposed_expression
    from convproof.symbolic.expressions import weight_gradient_expression as weight_gradient_expression
    from convproof.symbolic.factored import FactoredStructure as FactoredStructure
    from convproof.symbolic.identities import IDENTITIES as IDENTITIES
    from convproof.symbolic.identities import Identity as Identity
    from convproof.symbolic.matrix import full_convolution as full_convolution
    from convproof.symbolic.notation import Notation as Notation
    from convproof.symbolic.receptive import Overlaps as Overlaps
    from convproof.symbolic.receptive import ReceptiveField as ReceptiveField
    from convproof.symbolic.receptive import compose as compose
    from convproof.symbolic.receptive import overlap_counts as overlap_counts
    from convproof.symbolic.receptive import receptive_field as receptive_field
    from convproof.symbolic.relation import AxisRelation as AxisRelation
    from convproof.symbolic.structure import StructureTensor as StructureTensor
    from convproof.symbolic.toeplitz_matrix import toeplitz as toeplitz
    from convproof.symbolic.winograd import NestedWinograd as NestedWinograd
    from convproof.symbolic.winograd import Winograd as Winograd
    from convproof.symbolic.winograd import prove_transforms as prove_transforms


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'convproof.symbolic' has no attribute {name!r}")
    return getattr(import_module(f"convproof.symbolic.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
