"""A formula that is often met and wrong, with the smallest sizes at which it fails."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from convproof.errors import Refuted
from convproof.evidence import Certificate, Counterexample
from convproof.symbolic.derivation import Writer
from convproof.symbolic.guarded_sum import GuardedSum
from convproof.symbolic.guards import Guard
from convproof.symbolic.step_checks import Claim, certify

__all__ = ["differs"]


def differs(
    writer: Writer,
    left: str,
    right: str,
    why: str,
    *,
    before: GuardedSum,
    wrong: GuardedSum,
    given: tuple[Guard, ...] = (),
) -> None:
    """Write that two formulas are not the same, and where the first sums over something else.

    Parameters
    ----------
    left, right : str
        LaTeX of both.
    before, wrong : GuardedSum
        What they stand for.
    given : tuple of Guard
        Hypotheses under which the wrong formula is looked at.

    Raises
    ------
    Refuted
        They are equal.
    """
    setting = replace(writer.setting, hypotheses=(*writer.setting.hypotheses, *given))
    claim = "the two formulas are not the same for all sizes"
    try:
        certify(Claim(before, wrong), setting, claim)
    except Refuted as found:
        refuted = cast(Certificate, found.report)
        where, _, what = cast(Counterexample, refuted.counterexample).story.removeprefix("at ").partition(": ")
    else:
        story = "they agree for all sizes"
        example = Counterexample(op=writer.op, geometry="", dtype="", property="step", story=story)
        raise Refuted(Certificate(claim, "formula", "all sizes", None, counterexample=example))
    certificate = Certificate(claim, "formula", f"{where} ({what})", "exact")
    writer.state("counterexample", left, [right], f"{why} The smallest case: ${where}$.", (certificate,), r"\ne")
