"""The gradients of a transposed convolution: a convolution, and a weight gradient with the roles swapped."""

from __future__ import annotations

from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.chain_rule import ChainRule, sifted
from convproof.symbolic.derivations.convolution import Convolution
from convproof.symbolic.derivations.oracle import same_products
from convproof.symbolic.derivations.scattering import meanings, scatter
from convproof.symbolic.notation import Notation

__all__ = ["input_gradient", "input_rule", "weight_gradient", "weight_rule"]


def input_gradient(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive the gradient of a transposed convolution's input: the convolution of the gradient that arrives.

    References
    ----------
    V. Dumoulin, F. Visin, *A guide to convolution arithmetic for deep learning*, 2016, section 4.1: forward and
    backward pass change places.
    """
    conv = Convolution(axes, simple)
    writer = _begin(conv, "input", "Input gradient of a transposed convolution", notation)
    input_rule(conv).write(writer)
    if channels := tuple(i.symbol for i in conv.channels("b", "gamma")):
        why = "Image and group have to be those of the element asked for."
        writer.step("sift", sifted(writer.last, channels), why)
    why = _CONVOLUTION if not simple else _CONVOLUTION_SIMPLE
    writer.step("sift", sifted(writer.last, (i.symbol for i in conv.pixels())), why)
    writer.confirm(same_products(conv, writer.last, "y", {"x": "dy", "w": "w"}))
    return writer.finish()


def weight_gradient(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive the gradient of a transposed convolution's weight. References as of `input_gradient`."""
    conv = Convolution(axes, simple)
    writer = _begin(conv, "weight", "Weight gradient of a transposed convolution", notation)
    weight_rule(conv).write(writer)
    if channels := tuple(i.symbol for i in conv.channels("gamma", "c")):
        why = "Group and output channel have to be those of the weight asked for."
        writer.step("sift", sifted(writer.last, channels), why)
    writer.step("sift", sifted(writer.last, (i.symbol for i in conv.pixels())), _SWAPPED)
    writer.confirm(same_products(conv, writer.last, "w", {"x": "dy", "y": "x"}))
    return writer.finish()


def input_rule(conv: Convolution) -> ChainRule:
    """Return what leads to the input gradient."""
    outputs = _summed_outputs(conv)
    return ChainRule(
        forward=scatter(conv, filters="m'", outputs=outputs),
        tensor="x",
        by=conv.channels("b'", "gamma'", "m") + conv.outputs(),
        definition=_DEFINITION,
        what="element of the input",
        survives="An element of the input reaches as many outputs as the kernel has taps.",
        matched=tuple(i.symbol for i in (*conv.channels("m'"), *conv.outputs(outputs))),
        match="The element is the one asked for." if conv.simple else "Channel and element are those asked for.",
    )


def weight_rule(conv: Convolution) -> ChainRule:
    """Return what leads to the weight gradient."""
    return ChainRule(
        forward=scatter(conv, filters="m'", tap="a'"),
        tensor="w",
        by=conv.channels("gamma'", "m", "c'") + conv.taps(),
        definition=_DEFINITION,
        what="weight",
        survives="A weight joins each element of the input with one output.",
        matched=tuple(i.symbol for i in (*conv.channels("m'"), *conv.taps("a'"))),
        match="The tap is the one asked for." if conv.simple else "Channel and tap are those asked for.",
    )


def _summed_outputs(conv: Convolution) -> str:
    """Return a letter for the elements summed over; r' is what a slide calls the pixel."""
    return "t" if conv.simple else "r'"


_DEFINITION = "Transposed convolution: each element of the input adds a copy of the kernel, times its value."
_CONVOLUTION = (
    "Tap $a$ joins element $r$ with output $i = s\\,r + d\\,a - p$, if it exists. This is the convolution, with its "
    "own stride, dilation and padding, of the gradient that arrives."
)
_CONVOLUTION_SIMPLE = (
    "Each tap joins an element with one output, if it exists. This is the convolution of the gradient that arrives."
)
_SWAPPED = (
    "For each element of the input one output is left. This is the weight gradient of the convolution, "
    "with input and gradient in each other's place."
)


def _begin(conv: Convolution, by: str, title: str, notation: Notation) -> Writer:
    return Writer(f"conv_transpose{conv.axes}d_{by}", title, conv.setting, notation, meanings(conv, notation))
