"""Derivations for the tests of what shows them: real ones, and one made by hand that says hostile things."""

from __future__ import annotations

from functools import cache

from convproof.evidence import Certificate
from convproof.symbolic.derivation import Derivation, Part, Step
from convproof.symbolic.derive import derive
from convproof.symbolic.notation import PAPER, Notation

HOSTILE = "<script>alert('1')</script>&\"<b> \\input{/etc/passwd} %#_^~{ $ 中 ≤"
SMALL = "x1x1x4-w1x1x3-p1"


@cache
def derived(op: str = "conv1d_input", *, simple: bool = False, geometry: str | None = None, **notation) -> Derivation:
    return derive(op, simple=simple, geometry=geometry, notation=Notation(**notation) if notation else None)


def hostile() -> Derivation:
    """A derivation whose every text comes from a stranger."""
    certificate = Certificate(HOSTILE, "formula", HOSTILE, "universal", (HOSTILE,), (HOSTILE,))
    step = Step(HOSTILE, "y(r)", ("x(r)",), HOSTILE, certificates=(certificate,))
    return Derivation(HOSTILE, HOSTILE, (Part(HOSTILE, HOSTILE, (step,)),), {"y": HOSTILE}, PAPER)


def with_piece(latex: str) -> Derivation:
    """A derivation one of whose formulas holds the LaTeX given."""
    step = Step("definition", "y", (latex,), "A name of the user's.")
    return Derivation("named", "Names", (Part("Definition", "", (step,)),), {"y": "output"}, PAPER)
