"""Convolutions that are a matrix product, and matrix products that are a convolution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sympy import Expr, Integer, Symbol

from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.convolution import Convolution
from convproof.symbolic.derivations.writing import with_definition, without
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Term
from convproof.symbolic.guards import Equal
from convproof.symbolic.notation import Notation

__all__ = ["fully_connected", "pointwise"]


def pointwise(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive that a convolution with a kernel of one element is a matrix product over the channels.

    References
    ----------
    M. Lin, Q. Chen, S. Yan, *Network In Network*, ICLR 2014.
    """
    conv = Convolution(axes)
    title = "A kernel of one element: a matrix product"
    writer = Writer("pointwise", title, conv.setting, notation, conv.meanings(notation))
    one = _fixed(conv, k=1, s=1, d=1, p=0) | dict(zip(conv.o, conv.n, strict=True))
    forward = _layer(conv, simple).substitute(one)
    y = Factor("y", tuple(i.symbol for i in forward.free))

    writer.part("One tap", "At stride 1 and without padding the output has the pixels of the input.")
    writer.define(y, forward, "The convolution, with $k = s = d = 1$ and $p = 0$.")
    (term,) = forward.terms
    taps = conv.named("a")
    channels = tuple(b for b in term.binders if b.symbol not in taps)
    x, w = (_put(factor, dict.fromkeys(taps, Integer(0))) for factor in term.factors)
    after = GuardedSum(forward.free, (Term(channels, (), (x, w)),))
    writer.step("sift", after, "There is one tap, $a = 0$, and the pixel it reads exists.")

    writer.part("A matrix product", "Let the filters be the rows of a matrix, and the pixels the columns of another.")
    rows = tuple(i for i in w.indices if i != 0)
    matrix = GuardedSum(tuple(i for i in (*forward.free, *channels) if i.symbol in rows), (Term((), (), (w,)),))
    entry = Factor("W", tuple(i.symbol for i in matrix.free))
    writer.define(entry, matrix, "One matrix for each group: a row for each filter, a column for each channel.")
    writer.setting = with_definition(writer.setting, "W", matrix)
    after = GuardedSum(forward.free, (Term(channels, (), (Factor("W", rows), x)),))
    why = "Row times column: the same matrix for each image and each pixel."
    writer.step("insert", after, why, left=y, before=writer.parts[0][2][-1].after)
    return writer.finish()


def fully_connected(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive that a kernel as large as the input is a fully connected layer, and what it does on a larger image.

    References
    ----------
    J. Long, E. Shelhamer, T. Darrell, *Fully Convolutional Networks for Semantic Segmentation*, CVPR 2015,
    section 3.1.
    """
    conv = Convolution(axes)
    title = "A kernel as large as the input: a fully connected layer"
    writer = Writer("fully_connected", title, conv.setting, notation, conv.meanings(notation))
    layer = _layer(conv, simple).substitute(_fixed(conv, d=1, p=0, **({"s": 1} if simple else {})))
    _same_size(writer, conv, layer.substitute(dict(zip((*conv.k, *conv.o), (*conv.n, *_ones(conv)), strict=True))))
    _larger(writer, conv, layer)
    return writer.finish()


def _same_size(writer: Writer, conv: Convolution, layer: GuardedSum) -> None:
    writer.part("A single window", "With $k = n$ and without padding there is one output for each filter, $r = 0$.")
    y = Factor("y", tuple(i.symbol for i in layer.free))
    writer.define(y, layer, "The convolution with a kernel of the size of the input.")
    (term,) = layer.terms
    x, w = term.factors
    x = replace(x, indices=(*x.indices[: -conv.axes], *conv.named("a")))
    after = GuardedSum(layer.free, (Term(term.binders, (), (x, w)),))
    why = "Each weight has its own element of the input: the inner product of the input with the filter."
    writer.step("drop", after, why)


def _larger(writer: Writer, conv: Convolution, layer: GuardedSum) -> None:
    writer.part(
        "On a larger image",
        "The same weights on an image with $n \\ge k$: no weight has to change, and there are more outputs.",
    )
    y = Factor("y", tuple(i.symbol for i in layer.free))
    writer.define(y, layer, "The convolution, without padding and dilation.")
    (term,) = layer.terms
    s = [e.coeff(r) for e, r in zip(term.factors[0].indices[-conv.axes :], conv.named("r"), strict=True)]
    left_over = conv.named("e", lambda name: Symbol(name, integer=True, nonnegative=True))
    sizes = zip(conv.n, conv.k, s, conv.o, left_over, strict=True)
    fits = tuple(Equal(n, si * (o - 1) + k + e) for n, k, si, o, e in sizes)
    writer.setting = replace(writer.setting, hypotheses=fits)
    why = "All windows lie inside the image: $n = s\\,(o - 1) + k + e$, with $e \\ge 0$ elements left over."
    writer.step("drop", GuardedSum(layer.free, (replace(term, guards=()),)), why)

    x, w = term.factors
    r, a = conv.outputs(), conv.taps()
    leading = x.indices[: -conv.axes]
    known = tuple(i for i in (*layer.free, *term.binders) if i.symbol in leading)
    window = GuardedSum((*known, *r, *a), (Term((), (), (x,)),))
    writer.define(Factor(_WINDOW, tuple(i.symbol for i in window.free)), window, "The window of output $r$.")
    writer.setting = with_definition(writer.setting, _WINDOW, window)
    cut = Factor(_WINDOW, (*leading, *conv.named("r"), *conv.named("a")))
    after = GuardedSum(layer.free, (Term(term.binders, (), (cut, w)),))
    why = "The fully connected layer, applied to every window: what windows share is computed once."
    writer.step("insert", after, why, left=y, before=writer.parts[-1][2][-2].after)


_WINDOW = r"\hat{x}"


def _layer(conv: Convolution, simple: bool) -> GuardedSum:
    """Return the definition of a convolution; channels are kept in the simple form, images and groups are not."""
    return without(conv.forward(), "b", "gamma") if simple else conv.forward()


def _fixed(conv: Convolution, **values: int) -> dict[Expr, int]:
    return {symbol: value for name, value in values.items() for symbol in getattr(conv, name)}


def _ones(conv: Convolution) -> tuple[int, ...]:
    return (1,) * conv.axes


def _put(factor: Factor, values: Mapping[Expr, Expr]) -> Factor:
    return factor.map(lambda e: e.subs(values))
