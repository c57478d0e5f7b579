"""Kernels that are products: two passes instead of one, and depthwise separable convolution."""

from __future__ import annotations

from sympy import Integer, prod, symbols

from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.convolution import Convolution, index, size
from convproof.symbolic.derivations.writing import equation, with_definition, without
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term, inline
from convproof.symbolic.notation import Notation

__all__ = ["depthwise_separable", "separable"]


def separable(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive that a kernel of rank one is applied in two passes, one along each axis.

    References
    ----------
    R. Szeliski, *Computer Vision: Algorithms and Applications*, Springer, second edition 2022, section 3.2.1.
    """
    conv = Convolution(2, simple)
    writer = Writer("separable", "Separable kernels", conv.setting, notation, conv.meanings(notation))
    writer.part("Definition", "One channel; several are treated alike.")
    forward = without(conv.forward(), "b", "gamma", "m", "c")
    writer.define(Factor("y", conv.named("r")), forward, "Every output takes $k_1 k_2$ products.")
    writer.part("A kernel of rank one", "Each row of the kernel is a multiple of the same row.")
    _passes(writer, conv, forward, ())
    writer.part(
        "Any kernel",
        "A matrix of rank $R$ is a sum of $R$ products of a column with a row (its singular value decomposition).",
    )
    writer.symbols["R"] = "rank of the kernel"
    _passes(writer, conv, forward, (Index(index("l"), size("R")),))
    _cost_of_passes(writer, conv)
    return writer.finish()


def _passes(writer: Writer, conv: Convolution, forward: GuardedSum, rank: tuple[Index, ...]) -> None:
    """Write the kernel as a product, or as a sum of products, and take one axis after the other."""
    l, (a, b), (r, c) = tuple(i.symbol for i in rank), conv.named("a"), conv.named("r")
    taps, outputs = conv.taps(), conv.outputs()
    column, row = Factor("u", (*l, a)), Factor("v", (*l, b))
    kernel = GuardedSum(taps, (Term(rank, (), (column, row)),))
    writer.define(Factor("w", (a, b)), kernel, "A column times a row." if not rank else "A sum of such products.")
    (term,) = forward.terms
    x = term.factors[0]
    y = Factor("y", (r, c))
    given = writer.setting
    writer.setting = with_definition(given, "w", kernel)
    after = inline(forward, {"w": kernel})
    writer.step("insert", after, "The kernel, put into the definition.", left=y, before=forward)

    across = Index(index("i_2"), conv.n[1])
    first = Term((taps[0],), term.guards[:1], (Factor("x", (x.indices[0], across.symbol)), column))
    along = GuardedSum((*rank, outputs[0], across), (first,))
    writer.define(Factor("z", (*l, r, across.symbol)), along, "The first pass, along the first axis only.")
    writer.setting = with_definition(writer.setting, "z", along)
    second = Term((*rank, taps[1]), term.guards[1:], (Factor("z", (*l, r, x.indices[1])), row))
    why = "The second pass, along the other axis, over what the first has left."
    writer.step("insert", GuardedSum(outputs, (second,)), why, left=y, before=after)
    writer.setting = given


def _cost_of_passes(writer: Writer, conv: Convolution) -> None:
    writer.part(
        "What it saves",
        "Multiply-adds, with as many columns of outputs as of inputs: the first pass has $k_1$ of them for each of "
        "its elements, the second $k_2$.",
    )
    o, (k1, k2), rank = prod(symbols("o_1 o_2", positive=True)), conv.k, size("R")
    passes, direct = rank * o * (k1 + k2), o * k1 * k2
    ratio = rank * (k1 + k2) / (k1 * k2)
    claim = "multiply-adds of both passes, as a part of those of the direct sum"
    first, second, kernel = (writer.notation.expression(e) for e in (k1, k2, k1 * k2))
    left = rf"\frac{{R\,o_1 o_2\,({first} + {second})}}{{o_1 o_2\,{kernel}}}"
    writer.state(
        "count",
        left,
        [rf"\frac{{R\,({first} + {second})}}{{{kernel}}}"],
        "With rank 1 and a kernel of $k$ by $k$ that is $2/k$: two passes pay from $k = 3$ on.",
        (equation(claim, passes / direct, ratio),),
    )


def depthwise_separable(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive that a depthwise convolution and a 1x1 convolution are one convolution whose kernel is a product.

    References
    ----------
    A. G. Howard et al., *MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications*,
    arXiv:1704.04861, 2017, section 3.1.
    """
    conv = Convolution(axes)
    title = "Depthwise separable convolution"
    writer = Writer("depthwise_separable", title, conv.setting, notation, conv.meanings(notation))
    whole = without(conv.forward(), "gamma", *("b" if simple else ""))
    if simple:
        whole = whole.substitute(dict.fromkeys((*conv.s, *conv.d), 1) | dict.fromkeys(conv.p, Integer(0)))
    _two_layers(writer, conv, whole)
    _cost_of_layers(writer)
    return writer.finish()


def _two_layers(writer: Writer, conv: Convolution, whole: GuardedSum) -> None:
    (term,) = whole.terms
    x = term.factors[0]
    image = tuple(i for i in whole.free if i.symbol == index("b"))
    (channel,), (filter_,) = conv.channels("c"), conv.channels("m")
    taps, r, a = conv.taps(), conv.outputs(), conv.named("a")
    c, m, b = channel.symbol, filter_.symbol, tuple(i.symbol for i in image)

    writer.part("Two layers", "First each channel alone, then all channels together, pixel by pixel.")
    depthwise = GuardedSum((*image, channel, *r), (Term(taps, term.guards, (x, Factor("u", (c, *a)))),))
    writer.define(Factor("z", (*b, c, *conv.named("r"))), depthwise, "Depthwise: one kernel for each channel.")
    mixed = (Factor("z", (*b, c, *conv.named("r"))), Factor("v", (m, c)))
    pixelwise = GuardedSum(whole.free, (Term((channel,), (), mixed),))
    y = Factor("y", tuple(i.symbol for i in whole.free))
    writer.define(y, pixelwise, "Pointwise: a matrix product over the channels.")
    writer.setting = with_definition(writer.setting, "z", depthwise)

    writer.part("One convolution", "Put together, the two layers are an ordinary convolution.")
    writer.step("insert", inline(pixelwise, {"z": depthwise}), "The first layer, put in.", left=y, before=pixelwise)
    kernel = GuardedSum((filter_, channel, *taps), (Term((), (), (Factor("v", (m, c)), Factor("u", (c, *a)))),))
    inserted = writer.last
    writer.define(Factor("w", (m, c, *a)), kernel, "A kernel that is a product: for each channel, of rank one.")
    writer.setting = with_definition(writer.setting, "w", kernel)
    why = "The definition of a convolution, with a kernel that has fewer parameters."
    writer.step("insert", whole, why, left=y, before=inserted)


def _cost_of_layers(writer: Writer) -> None:
    writer.part(
        "What it saves",
        "Multiply-adds for $o$ output pixels, with $C$ channels, $M$ filters and $K$ elements of a kernel "
        "($k_1 k_2$ for an image).",
    )
    writer.symbols["K"] = "elements of a kernel on one channel"
    o, channels, filters, taps, groups = map(size, ("o", "C", "M", "K", "G"))
    full = o * filters * channels * taps
    both = o * channels * taps + o * filters * channels
    what = "multiply-adds of depthwise and pointwise layer, as a part of those of the full convolution"
    writer.state(
        "count",
        r"\frac{o\,C K + o\,M C}{o\,M C K}",
        [r"\frac{1}{M} + \frac{1}{K}"],
        "With many filters little more than $1/K$ is left: a ninth for a kernel of 3 by 3.",
        (equation(what, both / full, 1 / filters + 1 / taps),),
    )
    weights, all_weights = channels * taps + filters * channels, filters * channels * taps
    what = "parameters of depthwise and pointwise layer, as a part of those of the full convolution"
    writer.state(
        "count",
        r"\frac{C K + M C}{M C K}",
        [r"\frac{1}{M} + \frac{1}{K}"],
        "The parameters, without bias, become fewer in the same proportion.",
        (equation(what, weights / all_weights, 1 / filters + 1 / taps),),
    )
    what = "multiply-adds of a convolution in G groups, as a part of those of the full convolution"
    grouped = groups * o * (filters / groups) * (channels / groups) * taps
    writer.state(
        "count",
        r"\frac{G\,o\,\frac{M}{G}\,\frac{C}{G}\,K}{o\,M C K}",
        [r"\frac{1}{G}"],
        "Groups alone: each filter sees the channels of its group. Depthwise is the extreme, $G = C = M$.",
        (equation(what, grouped / full, 1 / groups),),
    )
