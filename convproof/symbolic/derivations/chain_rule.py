"""The gradient of any operation that is linear in a tensor: definition, chain rule, Jacobian."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sympy import Symbol

from convproof.symbolic import rules
from convproof.symbolic.derivation import Writer
from convproof.symbolic.derivations.convolution import Convolution, inner
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term, inline

__all__ = ["ChainRule", "sifted"]


@dataclass(frozen=True)
class ChainRule:
    """What to differentiate, and the words for it.

    Attributes
    ----------
    forward : GuardedSum
        The operation, y.
    tensor : str
        What it is differentiated by.
    by : tuple of Index
        Indices of that tensor's element, none of them in use in `forward`.
    definition : str
        Why the operation is what it is.
    what : str
        The element in words, such as ``"weight"``.
    survives : str
        Lead-in of the part in which the Jacobian is put into the chain rule.
    matched : tuple of Symbol
        Indices summed over in `forward` that the element asked for determines.
    match : str
        Why, a sentence.
    """

    forward: GuardedSum
    tensor: str
    by: tuple[Index, ...]
    definition: str
    what: str
    survives: str
    matched: tuple[Symbol, ...] = ()
    match: str = ""

    def write(self, writer: Writer) -> None:
        """Write all lines up to the chain rule with the Jacobian in it."""
        output, name = self.forward.free, f"dy/d{self.tensor}"
        gradient = Convolution.element(f"d{self.tensor}", self.by)
        jacobian = self.jacobian()
        passed_on = Convolution.element("dy", output), Convolution.element(name, output, self.by)
        summed = GuardedSum(self.by, (Term(output, (), passed_on),))

        writer.part("Definition")
        writer.define(Convolution.element("y", output), self.forward, self.definition)

        writer.part("Chain rule", f"A change of one {self.what} reaches the loss through every output.")
        given = {**writer.setting.definitions, "y": self.forward, name: jacobian}
        writer.setting = replace(writer.setting, definitions=given)
        why = "Every output passes its gradient on, times how much it changes."
        writer.step("chain rule", summed, why, left=gradient, before=inner("dy", "y", output), derivative=self.tensor)

        self._write_jacobian(writer, Convolution.element(name, output, self.by))

        writer.part("Which index survives", self.survives)
        why = "The Jacobian, put into the chain rule."
        writer.step("insert", inline(summed, {name: jacobian}), why, left=gradient, before=summed)

    def _write_jacobian(self, writer: Writer, left: Factor) -> None:
        writer.part("How much an output changes")
        why = f"Of the sum only the products that hold this {self.what} are left."
        after = rules.differentiate(self.forward, self.tensor, self.by)
        writer.step("differentiate", after, why, left=left, before=self.forward, derivative=self.tensor)
        if (after := rules.each(rules.absorb, writer.last)) != writer.last:
            writer.step("absorb", after, f"A{_n(self.what)} {self.what} that is asked for exists: its range is known.")
        if self.matched:
            writer.step("sift", sifted(writer.last, self.matched), self.match)

    def jacobian(self) -> GuardedSum:
        """Return the derivative of an output, what a delta implies left out."""
        differentiated = rules.each(rules.absorb, rules.differentiate(self.forward, self.tensor, self.by))
        return sifted(differentiated, self.matched)


def sifted(sum_: GuardedSum, binders: Iterable[Symbol]) -> GuardedSum:
    """Carry out the sums that deltas determine, and drop what is then known."""
    return rules.each(rules.absorb, rules.each(rules.sift_all, sum_, tuple(binders)))


def _n(word: str) -> str:
    return "n" if word[0] in "aeiou" else ""
