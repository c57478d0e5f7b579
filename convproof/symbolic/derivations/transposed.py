"""The transposed convolution: transposed matrix, scatter and gather form, inserted zeros, stride 1, sizes.

References
----------
V. Dumoulin, F. Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285, 2016, chapter 4.
Negative padding (cropping), which the guide leaves out, is included: every padding is any integer.
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Symbol, expand

from convproof.symbolic import rules
from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.convolution import Convolution, inner
from convproof.symbolic.derivations.oracle import same_products
from convproof.symbolic.derivations.scattering import meanings, scatter
from convproof.symbolic.derivations.sizes import Sizes
from convproof.symbolic.derivations.transposed_sizes import other_forms, transposed_size
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.guards import Equal, Range
from convproof.symbolic.notation import Notation

__all__ = ["conv_transpose"]


def conv_transpose(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive the transposed convolution.

    Input x of shape (N, G*M, *o) and weight of shape (G*M, C, *k) give an output of shape (N, G*C, *n), where n is
    any size with at least o windows: ``n = s*(o - 1) + d*(k - 1) + 1 - p - q + e``, with output padding e.

    Examples
    --------
    >>> from convproof.symbolic.derive import derive
    >>> found = derive("conv_transpose1d", simple=True)
    >>> [part.title for part in found.parts][-3:]
    ['Gather form', 'As a convolution', 'Sizes of the transposed convolution']
    >>> found.parts[-1].result.after.terms[0].factors[0].indices
    (k + o - 1,)

    References
    ----------
    V. Dumoulin, F. Visin, *A guide to convolution arithmetic for deep learning*, 2016, chapter 4;
    M. D. Zeiler et al., *Deconvolutional networks*, CVPR 2010, for the misleading name.
    """
    conv = Convolution(axes, simple)
    writer = Writer(
        f"conv_transpose{axes}d", "Transposed convolution", conv.setting, notation, meanings(conv, notation)
    )
    _matrix(writer, conv)
    _scatter_and_gather(writer, conv)
    if not simple:
        _cropping(writer, conv)
        _inserted_zeros(writer, conv)
    _stride_one(writer, conv)
    sizes = Sizes(simple)
    writer.setting = sizes.conv.setting
    transposed_size(writer, sizes)
    if not simple:
        other_forms(writer, sizes)
    return writer.finish()


# ---------------------------------------------------------------------- the parts


def _matrix(writer: Writer, conv: Convolution) -> None:
    group, filter_, channel = conv.channels("gamma"), conv.channels("m"), conv.channels("c")
    r, a, i = conv.outputs(), conv.taps(), conv.pixels()
    image = conv.channels("b", "gamma")
    reads = conv.reads()
    weight, pixel = conv.element("w", group, filter_, channel, a), conv.element("x", image, channel, i)
    place = group + filter_ + r + channel + i
    entry = conv.element(_C, place)
    matrix = GuardedSum(place, (Term(a, reads, (weight,)),))
    writer.setting = replace(writer.setting, definitions={_C: matrix})

    writer.part("The matrix of a convolution", _MATRIX)
    writer.define(conv.element("y", conv.output), conv.forward(), "Cross-correlation: each output is a sum over taps.")
    spread = GuardedSum(conv.output, (Term(channel + i + a, reads, (weight, pixel)),))
    writer.step("sift", spread, "Read backwards: each tap takes the one element $i$ that it meets, if there is one.")
    why = "What stands before an element is its coefficient: the entry of the matrix in row $r$, column $i$."
    writer.step("insert", GuardedSum(conv.output, (Term(channel + i, (), (entry, pixel)),)), why)
    writer.part("An entry")
    writer.define(entry, matrix, "The weight through which output $r$ reads element $i$; $0$ where it does not.")

    writer.part("The transposed matrix", _TRANSPOSED)
    y = image + channel + i
    columns = GuardedSum(y, (Term(filter_ + r, (), (entry, conv.element("x", image, filter_, r))),))
    writer.define(conv.element("y", y), columns, "Transposed: the sum runs over the rows of $\\mathbf{C}$.")


def _scatter_and_gather(writer: Writer, conv: Convolution) -> None:
    writer.step("insert", scatter(conv), _SCATTER if not conv.simple else _SCATTER_SIMPLE)
    y = conv.element("y", scatter(conv).free)

    writer.part("The same as an input gradient", _GRADIENT)
    given = writer.setting.definitions
    writer.setting = replace(writer.setting, definitions={**given, "v": conv.forward(channel="c'", x="u")})
    output = conv.channels("b'", "gamma'", "m") + conv.outputs()
    before, why = inner("x", "v", output), "The derivative by $u(i)$ keeps the products that hold $u(i)$."
    writer.step("chain rule", scatter(conv), why, left=y, before=before, derivative="u")

    writer.part("Gather form", "The same sum, ordered by what one output receives.")
    gathered = _sifted(scatter(conv), conv.outputs())
    why = _GATHER if not conv.simple else _GATHER_SIMPLE
    writer.step("sift", gathered, why, left=y, before=scatter(conv))
    writer.confirm(same_products(conv, gathered, "x", {"y": "x", "w": "w"}))


def _cropping(writer: Writer, conv: Convolution) -> None:
    """The padding of the transposed convolution, as elements cut off."""
    by = scatter(conv).free
    lead, i = by[: -conv.axes], conv.pixels("t")
    values = dict(zip(conv.p, (0,) * conv.axes, strict=True))
    whole = scatter(conv).map(lambda e: e.subs(values | _renamed(conv, "i", "t")))
    whole = GuardedSum(lead + tuple(Index(v.symbol) for v in i), whole.terms)
    writer.part("Padding crops", "The whole result, of all elements that any input reaches, has no padding.")
    writer.define(conv.element("f", whole.free), whole, "The transposed convolution with $p = 0$.")
    writer.setting = replace(writer.setting, definitions={**writer.setting.definitions, "f": whole})
    shifted = tuple(v.symbol + p for v, p in zip(conv.pixels(), conv.p, strict=True))
    factor = Factor("f", (*(v.symbol for v in lead), *shifted))
    why = "Padding of the convolution cuts the first $p$ elements off its transpose."
    writer.step("reindex", GuardedSum(by, (Term((), (), (factor,)),)), why, left=_y(conv), before=scatter(conv))


def _inserted_zeros(writer: Writer, conv: Convolution) -> None:
    image, filter_, channel = conv.channels("b", "gamma"), conv.channels("m"), conv.channels("c")
    r, a = conv.outputs(), conv.taps()
    u = tuple(map(Index, conv.named("u"), (s * (o - 1) + 1 for s, o in zip(conv.s, conv.o, strict=True))))
    spaced = tuple(Equal(v.symbol, s * t.symbol) for v, s, t in zip(u, conv.s, r, strict=True))
    zeros = GuardedSum(image + filter_ + u, (Term(r, spaced, (conv.element("x", image, filter_, r),)),))
    writer.part(
        "Zeros inserted", "A convolution of stride 1 does the same to the input with zeros between its elements."
    )
    writer.define(conv.element("z", zeros.free), zeros, "Between two elements of the input stand $s - 1$ zeros.")
    writer.setting = replace(writer.setting, definitions={**writer.setting.definitions, "z": zeros})
    reads = tuple(
        Equal(expand(v.symbol + d * t.symbol - p), i.symbol)
        for v, d, t, p, i in zip(u, conv.d, a, conv.p, conv.pixels(), strict=True)
    )
    weight = conv.element("w", image[1:], filter_, channel, a)
    term = Term(filter_ + u + a, reads, (conv.element("z", image, filter_, u), weight))
    why = "Element $r$ of the input is element $u = s\\,r$ of $z$; the others are zero and add nothing."
    writer.step(
        "insert", GuardedSum(image + channel + conv.pixels(), (term,)), why, left=_y(conv), before=scatter(conv)
    )
    writer.step("sift", _sifted(writer.last, u), "For each tap the one element of $z$ that reaches output $i$.")
    writer.step("reindex", _flipped(conv, writer.last), _FLIPPED)


def _stride_one(writer: Writer, conv: Convolution) -> None:
    values = {s: 1 for s in conv.s if isinstance(s, Symbol)}
    before = scatter(conv).map(lambda e: e.subs(values))
    title = "At stride 1" if not conv.simple else "As a convolution"
    writer.part(title, "No zeros are inserted: a convolution with another padding.")
    why = "For each tap one element of the input, if it exists."
    writer.step("sift", _sifted(before, conv.outputs()), why, left=_y(conv), before=before)
    writer.step("reindex", _flipped(conv, writer.last), _FLIPPED_ONE if not conv.simple else _FLIPPED_SIMPLE)


# ---------------------------------------------------------------------- pieces of them


def _y(conv: Convolution) -> Factor:
    return conv.element("y", scatter(conv).free)


def _sifted(sum_: GuardedSum, binders: tuple[Index, ...]) -> GuardedSum:
    return rules.each(rules.sift_all, sum_, tuple(v.symbol for v in binders))


def _renamed(conv: Convolution, old: str, new: str) -> dict[Symbol, Symbol]:
    return dict(zip(conv.named(old), conv.named(new), strict=True))


def _flipped(conv: Convolution, sum_: GuardedSum) -> GuardedSum:
    """Count the taps from the other end."""
    taps = conv.taps()
    other: dict[Symbol, Expr] = {v.symbol: k - 1 - v.symbol for v, k in zip(taps, conv.k, strict=True)}
    turned = rules.each(rules.reindex, sum_, tuple(other), taps, other)
    known = tuple(Range(expand(e), v.size) for v, e in zip(taps, other.values(), strict=True))
    return rules.each(rules.drop, turned, *known)


_C = "\\mathbf{C}"  # C alone is the number of channels
_MATRIX = "A convolution is linear in its input, so it is a matrix: which number stands in row $r$, column $i$?"
_TRANSPOSED = (
    "Transposing swaps the roles: now $x$ has the shape of the outputs and $y$ the shape of the inputs. "
    "$\\mathbf{C}^{\\top}$ has the shape of an inverse, but it is none: it undoes the sizes, not the values."
)
_SCATTER = "Scatter form: element $r$ of the input adds a copy of the kernel, times its value, from $s\\,r - p$ on."
_SCATTER_SIMPLE = (
    "Scatter form: each element of the input adds a copy of the kernel, times its value, from its place on."
)
_GRADIENT = (
    "Let $v$ be the convolution of some $u$. The gradient of $\\langle x, v \\rangle$ with respect to $u$ is "
    "$\\mathbf{C}^{\\top} x$: a transposed convolution is an input gradient with $x$ in the place of the gradient."
)
_GATHER = "Tap $a$ brings element $r = (i + p - d\\,a)/s$, if the stride divides $i + p - d\\,a$ and it exists."
_GATHER_SIMPLE = "Tap $a$ brings the element at its distance before the output, if there is one."
_FLIPPED = (
    "Taps counted from the other end: a cross-correlation with the flipped kernel, stride $1$, dilation $d$ and "
    "padding $p' = d\\,(k - 1) - p$. Where $p > d\\,(k - 1)$ this is negative, and $z$ is cropped."
)
_FLIPPED_ONE = (
    "A cross-correlation with the flipped kernel and padding $d\\,(k - 1) - p$; without padding of the convolution, "
    "$p = 0$, every element meets every tap: the full correlation."
)
_FLIPPED_SIMPLE = "A cross-correlation with the flipped kernel, padded by $k - 1$ on the side of the first element."
