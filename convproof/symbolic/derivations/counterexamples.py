"""A formula that is often met and wrong, with the smallest sizes at which it fails."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Integer, Symbol

from convproof.errors import Refuted
from convproof.evidence import Certificate, Counterexample
from convproof.symbolic.derivation import Writer
from convproof.symbolic.guarded_sum import Factor, GuardedSum
from convproof.symbolic.guards import Guard
from convproof.symbolic.notation import Notation
from convproof.symbolic.relations import Witness
from convproof.symbolic.step_checks import Claim, Setting, refute_at_sizes, refute_by_isl, refute_by_z3

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
    found = _found(Claim(before, wrong), setting)
    if found is None:
        story = "they agree for all sizes"
        example = Counterexample(op=writer.op, geometry="", dtype="", property="step", story=story)
        raise Refuted(Certificate(claim, "formula", "all sizes", None, counterexample=example))
    certificate = Certificate(claim, "formula", str(found).removeprefix("at ").removeprefix("all sizes: "), "exact")
    said = f"{why} {_said(found, writer.notation)}"
    writer.state("counterexample", left, [right], said, (certificate,), r"\ne")


def _found(claim: Claim, setting: Setting) -> Witness | str | None:
    """Return where two formulas differ, by the first check that knows."""
    for check in (refute_by_isl, refute_by_z3, refute_at_sizes):
        found = check(claim, setting)
        if isinstance(found, (Witness, str)):
            return found
    return None


_SIDES = {"missing": "is on the left only", "spurious": "is on the right only"}


def _said(found: Witness | str, notation: Notation) -> str:
    """Say in LaTeX at which sizes and indices two formulas differ, and in which product."""
    if isinstance(found, str):
        sizes = found.removeprefix("at ").partition(": ")[0]
        return "They differ whatever the sizes." if sizes == "all sizes" else f"The smallest case: ${sizes}$."
    elements: dict[str, list[Expr]] = {}
    for name, value in found.point.items():
        if "@" in name:
            elements.setdefault(name.rpartition(".")[0], []).append(Integer(value))
    values = {**found.sizes, **{name: value for name, value in found.point.items() if "@" not in name}}
    sizes = ", ".join(f"{notation.symbol(Symbol(name))}={value}" for name, value in values.items())
    factors = (Factor(name.partition("@")[0], tuple(place)) for name, place in elements.items())
    product = r"\,".join(map(notation.element, factors)) or "1"
    sides = _SIDES.get(found.kind, "is not there as often on both sides")
    return f"The smallest case: {f'${sizes}$, where ' if sizes else ''}${product}$ {sides}."
