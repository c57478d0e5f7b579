"""The gradients of a convolution: chain rule over the outputs, which index survives, the formula."""

from __future__ import annotations

from dataclasses import replace

from convproof.symbolic import rules
from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.convolution import Convolution
from convproof.symbolic.guarded_sum import GuardedSum, Index, Term, inline
from convproof.symbolic.notation import Notation

__all__ = ["input_gradient", "weight_gradient"]


def input_gradient(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive the gradient of the input."""
    conv = Convolution(axes, simple)
    names = tuple(i.symbol for i in conv.outputs())
    writer = _begin(conv, f"conv{axes}d_input", "Input gradient of a convolution", notation)
    by = conv.channels("b'", "gamma'", "c") + conv.pixels()
    jacobian = _chain_rule(writer, conv, "x", by, forward=conv.forward(channel="c'"))

    writer.part("Which index survives", "Only the outputs that read the element are left of the sum over all outputs.")
    left = conv.element("dx", by)
    before = _summed(conv, by, "dy/dx")
    after = inline(before, {"dy/dx": jacobian})
    writer.step("insert", after, "The Jacobian, put into the chain rule.", left=left, before=before)
    channels = tuple(i.symbol for i in conv.channels("b", "gamma", "c'"))
    if channels:
        after = rules.each(rules.absorb, rules.each(rules.sift_all, writer.last, channels))
        writer.step("sift", after, "Image, group and channel have to be those of the element asked for.")
    if notation.sum_over == "taps":
        after = rules.each(rules.absorb, rules.each(rules.sift_all, writer.last, names))
        writer.step("sift", after, _SURVIVING_OUTPUT if not simple else _SURVIVING_OUTPUT_SIMPLE)
    else:
        taps = tuple(i.symbol for i in conv.taps())
        after = rules.each(rules.absorb, rules.each(rules.sift_all, writer.last, taps))
        writer.step("sift", after, _SURVIVING_TAP if not simple else _SURVIVING_TAP_SIMPLE)
    return writer.finish()


def weight_gradient(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive the gradient of the weight."""
    conv = Convolution(axes, simple)
    writer = _begin(conv, f"conv{axes}d_weight", "Weight gradient of a convolution", notation)
    by = conv.channels("gamma'", "m'", "c") + conv.taps()
    jacobian = _chain_rule(writer, conv, "w", by, forward=conv.forward(tap="a'", channel="c'"))

    writer.part("Which index survives", "Every output uses a weight once, each with another element of the input.")
    left = conv.element("dw", by)
    before = _summed(conv, by, "dy/dw")
    after = inline(before, {"dy/dw": jacobian})
    writer.step("insert", after, "The Jacobian, put into the chain rule.", left=left, before=before)
    channels = tuple(i.symbol for i in conv.channels("gamma", "m"))
    if channels:
        after = rules.each(rules.absorb, rules.each(rules.sift_all, writer.last, channels))
        writer.step("sift", after, "Group and filter have to be those of the weight asked for.")
    return writer.finish()


_SURVIVING_OUTPUT = (
    "For each tap at most one output reads the element: $s\\,r + d\\,a - p = i$ has the solution "
    "$r = (i + p - d\\,a)/s$, if the stride divides $i + p - d\\,a$ and the output exists."
)
_SURVIVING_OUTPUT_SIMPLE = "For each tap one output reads the element, at the tap's distance before it, if it exists."
_SURVIVING_TAP = (
    "Each output reads the element through at most one tap: $a = (i + p - s\\,r)/d$, "
    "if the dilation divides $i + p - s\\,r$ and the tap exists."
)
_SURVIVING_TAP_SIMPLE = "Each output reads the element through one tap: their distance, if there is such a tap."


def _begin(conv: Convolution, op: str, title: str, notation: Notation) -> Writer:
    return Writer(op, title, conv.setting, notation, conv.meanings(notation))


def _chain_rule(
    writer: Writer, conv: Convolution, tensor: str, by: tuple[Index, ...], forward: GuardedSum
) -> GuardedSum:
    """Write the definition, the chain rule and the Jacobian; return the Jacobian."""
    writer.part("Definition")
    writer.define(conv.element("y", conv.output), forward, "Cross-correlation: each output is a sum over the taps.")
    jacobian = _jacobian(forward, tensor, by)
    tapped = {"w": "weight", "x": "element of the input"}[tensor]

    writer.part("Chain rule", f"A change of one {tapped} reaches the loss through every output.")
    given = writer.setting.definitions
    writer.setting = replace(writer.setting, definitions={**given, "y": forward, f"dy/d{tensor}": jacobian})
    writer.step(
        "chain rule",
        _summed(conv, by, f"dy/d{tensor}"),
        "Every output passes its gradient on, times how much it changes.",
        left=conv.element(f"d{tensor}", by),
        before=conv.loss(),
        derivative=tensor,
    )

    writer.part("How much an output changes")
    element = conv.element(f"dy/d{tensor}", conv.output, by)
    writer.step(
        "differentiate",
        rules.differentiate(forward, tensor, by),
        f"Of the sum only the products that hold this {tapped} are left.",
        left=element,
        before=forward,
        derivative=tensor,
    )
    if rules.each(rules.absorb, writer.last) != writer.last:
        writer.step("absorb", jacobian, "An element that is asked for lies inside the input: its range is known.")
    elif jacobian != writer.last:
        asked = "The tap is" if conv.simple else "Channel and tap are"
        writer.step("sift", jacobian, f"{asked} the one asked for." if conv.simple else f"{asked} those asked for.")
    return jacobian


def _jacobian(forward: GuardedSum, tensor: str, by: tuple[Index, ...]) -> GuardedSum:
    """Return the derivative of an output, the ranges that a delta implies left out."""
    jacobian = rules.each(rules.absorb, rules.differentiate(forward, tensor, by))
    if tensor == "x":
        return jacobian
    taps = [i.symbol for term in jacobian.terms for i in term.binders]
    return rules.each(rules.absorb, rules.each(rules.sift_all, jacobian, taps))


def _summed(conv: Convolution, by: tuple[Index, ...], jacobian: str) -> GuardedSum:
    """Return the sum over all outputs of the gradient there times the Jacobian."""
    element = conv.element(jacobian, conv.output, by)
    return GuardedSum(by, (Term(conv.output, (), (conv.element("dy", conv.output), element)),))
