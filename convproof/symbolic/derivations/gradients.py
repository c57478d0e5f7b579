"""The gradients of a convolution: chain rule over the outputs, which index survives, the formula."""

from __future__ import annotations

from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.chain_rule import ChainRule, sifted
from convproof.symbolic.derivations.convolution import Convolution
from convproof.symbolic.derivations.oracle import same_products
from convproof.symbolic.notation import Notation

__all__ = ["input_gradient", "input_rule", "weight_gradient", "weight_rule"]


def input_gradient(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive the gradient of the input.

    References
    ----------
    D. E. Rumelhart, G. E. Hinton, R. J. Williams, *Learning representations by back-propagating errors*,
    Nature 323, 1986; for convolutions Y. LeCun et al., *Backpropagation applied to handwritten zip code
    recognition*, Neural Computation 1, 1989.
    """
    conv = Convolution(axes, simple)
    writer = _begin(conv, f"conv{axes}d_input", "Input gradient of a convolution", notation)
    input_rule(conv).write(writer)
    if channels := tuple(i.symbol for i in conv.channels("b", "gamma", "c'")):
        why = "Image, group and channel have to be those of the element asked for."
        writer.step("sift", sifted(writer.last, channels), why)
    if notation.sum_over == "taps":
        names, why = conv.outputs(), _SURVIVING_OUTPUT if not simple else _SURVIVING_OUTPUT_SIMPLE
    else:
        names, why = conv.taps(), _SURVIVING_TAP if not simple else _SURVIVING_TAP_SIMPLE
    writer.step("sift", sifted(writer.last, (i.symbol for i in names)), why)
    writer.confirm(same_products(conv, writer.last, "x", {"y": "dy", "w": "w"}))
    return writer.finish()


def weight_gradient(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive the gradient of the weight. References as of `input_gradient`."""
    conv = Convolution(axes, simple)
    writer = _begin(conv, f"conv{axes}d_weight", "Weight gradient of a convolution", notation)
    weight_rule(conv).write(writer)
    if channels := tuple(i.symbol for i in conv.channels("gamma", "m")):
        writer.step("sift", sifted(writer.last, channels), _MATCHED_FILTER)
    writer.confirm(same_products(conv, writer.last, "w", {"y": "dy", "x": "x"}))
    return writer.finish()


def input_rule(conv: Convolution) -> ChainRule:
    """Return what leads to the input gradient."""
    return ChainRule(
        forward=conv.forward(channel="c'"),
        tensor="x",
        by=conv.channels("b'", "gamma'", "c") + conv.pixels(),
        definition=_DEFINITION,
        what="element of the input",
        survives="Only the outputs that read the element are left of the sum over all outputs.",
    )


def weight_rule(conv: Convolution) -> ChainRule:
    """Return what leads to the weight gradient."""
    return ChainRule(
        forward=conv.forward(tap="a'", channel="c'"),
        tensor="w",
        by=conv.channels("gamma'", "m'", "c") + conv.taps(),
        definition=_DEFINITION,
        what="weight",
        survives="Every output uses a weight once, each with another element of the input."
        + (" The sum is the cross-correlation of the input with the gradient that arrives." if conv.simple else ""),
        matched=tuple(i.symbol for i in (*conv.channels("c'"), *conv.taps("a'"))),
        match="The tap is the one asked for." if conv.simple else "Channel and tap are those asked for.",
    )


_DEFINITION = "Cross-correlation: each output is a sum over the taps."
_SURVIVING_OUTPUT = (
    "For each tap at most one output reads the element: $s\\,r + d\\,a - p = i$ has the solution "
    "$r = (i + p - d\\,a)/s$, if the stride divides $i + p - d\\,a$ and the output exists. This is the transposed "
    "convolution of the gradient that arrives."
)
_SURVIVING_OUTPUT_SIMPLE = (
    "For each tap one output reads the element, at the tap's distance before it, if it exists. This is the convolution "
    "of the gradient that arrives with the kernel; as a cross-correlation, with the flipped kernel."
)
_MATCHED_FILTER = (
    "Group and filter have to be those of the weight asked for. This is a cross-correlation of the input with the "
    "gradient that arrives: the gradient is the kernel, dilated by $s$ and moved in steps of $d$."
)
_SURVIVING_TAP = (
    "Each output reads the element through at most one tap: $a = (i + p - s\\,r)/d$, "
    "if the dilation divides $i + p - s\\,r$ and the tap exists."
)
_SURVIVING_TAP_SIMPLE = "Each output reads the element through one tap: their distance, if there is such a tap."


def _begin(conv: Convolution, op: str, title: str, notation: Notation) -> Writer:
    return Writer(op, title, conv.setting, notation, conv.meanings(notation))
