"""A convolution with a bias, and the gradient of the bias."""

from __future__ import annotations

from convproof.symbolic import rules
from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.chain_rule import sifted
from convproof.symbolic.derivations.convolution import Convolution, inner
from convproof.symbolic.derivations.writing import with_definition
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Term, inline
from convproof.symbolic.notation import Notation

__all__ = ["bias_gradient"]

_BIAS = r"\beta"


def bias_gradient(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive the gradient of a bias: one number for each filter, added to all of its outputs.

    References
    ----------
    D. E. Rumelhart, G. E. Hinton, R. J. Williams, *Learning representations by back-propagating errors*,
    Nature 323, 1986.
    """
    conv = Convolution(axes, simple)
    writer = Writer("bias", "Gradient of the bias", conv.setting, notation, conv.meanings(notation))
    writer.symbols[_BIAS] = "bias, one for each filter"
    forward = conv.forward()
    added = Term((), (), (conv.element(_BIAS, conv.channels("gamma", "m")),))
    whole = GuardedSum(conv.output, (*forward.terms, added))

    writer.part("Definition")
    why = "Every output of a filter gets the same number added."
    writer.define(conv.element("y", conv.output), whole, why)

    writer.part("Chain rule", "A change of the bias reaches the loss through every output of its filter.")
    writer.setting = with_definition(writer.setting, "y", whole)
    by = conv.channels("gamma'", "m'")
    loss = inner("dy", "y", conv.output)
    bias_part = inline(loss, {"y": GuardedSum(conv.output, (added,))})
    after = rules.differentiate(bias_part, _BIAS, by)
    left = Factor(f"d{_BIAS}", tuple(i.symbol for i in by))
    why = "An output changes as much as the bias does, if it belongs to the filter; the products of $x$ and $w$ stay."
    writer.step("differentiate", after, why, left=left, before=loss, derivative=_BIAS)
    if channels := tuple(i.symbol for i in conv.channels("gamma", "m")):
        why = "The gradient of a bias is the sum of the gradients of all outputs of its filter, over images and pixels."
        writer.step("sift", sifted(writer.last, channels), why)
    return writer.finish()
