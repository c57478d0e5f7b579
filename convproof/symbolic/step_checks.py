"""A step of a derivation checked three ways: at concrete sizes, for all sizes by isl, for any stride by z3.

A step claims that two guarded sums are the same family of polynomials (or that the second is a derivative of the
first). :mod:`step_sets` shows this of index sets, for all sizes; :mod:`step_sizes` of polynomials, written out.
"""

from __future__ import annotations

import time
from dataclasses import replace

from sympy import Symbol

from convproof.errors import ConvproofError, Refuted
from convproof.evidence import Certificate, Counterexample
from convproof.symbolic import relations
from convproof.symbolic.guards import connected
from convproof.symbolic.smt import Undecided
from convproof.symbolic.step_claims import Claim, Setting
from convproof.symbolic.step_sets import numbers, refute_by_isl, refute_by_z3
from convproof.symbolic.step_sizes import TRIALS, endless, refute_at_sizes

__all__ = ["Claim", "Setting", "certify", "refute_at_sizes", "refute_by_isl", "refute_by_z3"]


def certify(claim: Claim, setting: Setting, sentence: str) -> tuple[Certificate, ...]:
    """Check a step in every way there is, and say what each has shown.

    Parameters
    ----------
    claim : Claim
        What the step says.
    setting : Setting
        What its symbols are.
    sentence : str
        The claim in words, for the certificates.

    Raises
    ------
    Refuted
        The two sides differ; the message has the smallest sizes at which they do.
    ArgumentValueError
        The claim has no meaning: see `step_claims.well_formed`; or no sizes meet the hypotheses.
    ConvproofError
        No check could decide it.
    """
    certificates: list[Certificate] = []
    unanswered: list[str] = []
    for check, scope, evidence in (
        (refute_by_isl, _scope_of_isl, "universal"),
        (refute_by_z3, _scope_of_z3, "universal"),
        (refute_at_sizes, _scope_of_sizes, "exact"),
    ):
        start = time.perf_counter()
        found = check(claim, setting)
        if isinstance(found, Undecided):
            unanswered.append(found.reason)
        elif found is None:
            assumed = tuple(map(str, setting.hypotheses))
            seconds = time.perf_counter() - start
            told = scope(claim.inlined(setting.definitions), setting)
            certificates.append(Certificate(sentence, "formula", told, evidence, assumed, seconds=seconds))
        else:
            raise Refuted(_refuted(sentence, str(found)))
    if not certificates:
        raise ConvproofError(f"{sentence}: not decided: {'; '.join(unanswered)}")
    return tuple(replace(c, not_covered=tuple(unanswered)) for c in certificates)


def _refuted(sentence: str, story: str) -> Certificate:
    example = Counterexample(op="derivation", geometry="", dtype="", property="step", story=story)
    return Certificate(sentence, "formula", "the sizes below", None, counterexample=example)


def _scope_of_isl(claim: Claim, setting: Setting) -> str:
    symbols = _symbols(claim, setting)
    asked = list(numbers(symbols, setting))
    if not any(asked):
        return f"{_sizes(claim)}, by isl"
    if asked != list(numbers(symbols, replace(setting, hypotheses=()))):
        listed = "; ".join(", ".join(f"{name}={value}" for name, value in values.items()) for values in asked)
        return f"{_sizes(claim)}, at {listed}, by isl"
    pairs = ", ".join(f"({s}, {d})" for s, d in relations.STEPS)
    return f"{_sizes(claim)}, at (stride, dilation) of an axis in {pairs}, by isl"


def _scope_of_z3(claim: Claim, setting: Setting) -> str:
    steps = "" if setting.steps.isdisjoint(_symbols(claim, setting)) else ", all strides and dilations"
    return f"{_sizes(claim)}{steps}, by z3"


def _scope_of_sizes(claim: Claim, setting: Setting) -> str:
    what = "sizes" if setting.steps.isdisjoint(_symbols(claim, setting)) else "sizes, strides and dilations"
    drawn = f"{what} drawn {TRIALS} times, " if _symbols(claim, setting) else ""
    scope = f"{drawn}every coefficient compared"
    return f"{scope} (of sums over every integer: of the elements around the origin)" if endless(claim.sides) else scope


def _symbols(claim: Claim, setting: Setting) -> frozenset[Symbol]:
    """Return the parameters of both sides, and those that hypotheses tie to them."""
    found = {p for side in claim.sides for p in side.parameters}
    return frozenset(found.union(*(guard.symbols for guard in connected(setting.hypotheses, found))))


def _sizes(claim: Claim) -> str:
    """Name what else the claim is about: sizes are positive, paddings need not be."""
    sizes = all(p.is_positive for side in claim.sides for p in side.parameters)
    return "all sizes" if sizes else "all sizes and paddings"
