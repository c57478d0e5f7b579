"""Derivations and algorithms as plain data, for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convproof.symbolic.derivation import Derivation
    from convproof.symbolic.winograd.algorithm import Algorithm

__all__ = ["algorithm_data", "derivation_data"]


def derivation_data(derivation: Derivation) -> dict[str, Any]:
    """Return a derivation as plain data: its parts, their steps in LaTeX, and the certificates of each."""
    parts = [
        {
            "title": part.title,
            "text": part.text,
            "steps": [
                {
                    "rule": step.rule,
                    "left": step.left,
                    "relation": step.relation,
                    "pieces": list(step.pieces),
                    "why": step.why,
                    "evidence": step.evidence,
                    "final": step.final,
                    "certificates": [asdict(certificate) for certificate in step.certificates],
                }
                for step in part.steps
            ],
        }
        for part in derivation.parts
    ]
    return {
        "op": derivation.op,
        "title": derivation.title,
        "simple": derivation.simple,
        "geometry": None if derivation.geometry is None else str(derivation.geometry),
        "symbols": dict(derivation.symbols),
        "parts": parts,
        "seconds": derivation.seconds,
    }


def algorithm_data(algorithm: Algorithm) -> dict[str, Any]:
    """Return the matrices of an algorithm, fractions as text, with its certificate."""
    axes = [
        {part: [[str(entry) for entry in row] for row in getattr(triple, part)] for part in ("AT", "G", "BT")}
        for triple in algorithm.triples
    ]
    return {"name": algorithm.name, "axes": axes, "certificate": asdict(algorithm.certificate)}
