"""From the convolution of functions to the layer of a network: sums, flip, padding, dilation, stride, channels."""

from __future__ import annotations

from sympy import Expr, Symbol, expand, floor

from convproof.symbolic import rules
from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.convolution import Convolution
from convproof.symbolic.derivations.oracle import same_products
from convproof.symbolic.derivations.writing import operation, over_integers, single, tensor_over, with_definition
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term, inline
from convproof.symbolic.guards import Equal, Range
from convproof.symbolic.notation import Notation

__all__ = ["forward"]

Symbols = tuple[Symbol, ...]


def forward(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive a convolution layer from the definition of convolution.

    The integral and the sum over every integer are definitions (I. Goodfellow, Y. Bengio, A. Courville, *Deep
    Learning*, MIT Press 2016, section 9.1); padding, stride and dilation follow V. Dumoulin and F. Visin, *A guide
    to convolution arithmetic for deep learning*, 2016. The last line is the definition that every other derivation
    of a convolution starts from.
    """
    conv = Convolution(axes, simple)
    told = {notation.expression(conv.named("t")[0]): "place of an output of a sum over every integer, per axis"}
    title = "From the definition of convolution to a layer"
    writer = Writer(f"conv{axes}d", title, conv.setting, notation, told | conv.meanings(notation))
    _functions(writer, conv)
    _sequences(writer, conv)
    _finite_kernel(writer, conv)
    _flip(writer, conv)
    if simple:
        _finite_input(writer, conv, "y", conv.outputs())
    else:
        _stride(writer, conv, dense=_dilation(writer, conv))
        _count(writer, conv)
        _channels(writer, conv)
    writer.confirm(same_products(conv, writer.last, "y", {"x": "x", "w": "w"}))
    return writer.finish()


def _symbols(indices: tuple[Index, ...]) -> Symbols:
    return tuple(i.symbol for i in indices)


def _apart(t: tuple[Expr, ...], a: tuple[Expr, ...], sign: int = 1) -> tuple[Expr, ...]:
    return tuple(ti + sign * ai for ti, ai in zip(t, a, strict=True))


def _padded(writer: Writer) -> str:
    """Return the name of the input continued by zeros."""
    return tensor_over(writer.notation, "tilde", "x")


# ---------------------------------------------------------------------- functions and sequences


def _functions(writer: Writer, conv: Convolution) -> None:
    writer.part("Convolution of functions", "A function is averaged around each place, with the weights of another.")
    element = writer.notation.element
    t, tau = conv.named("t"), conv.named("tau")
    name = operation(writer.notation, "x", "*", "w")
    sign = (r"\int", r"\iint", r"\iiint")[0 if writer.notation.vectors else conv.axes - 1]
    space = r"\mathbb{R}" + (f"^{conv.axes}" if conv.axes > 1 else "")
    ends = r"\,".join(dict.fromkeys(rf"\mathrm{{d}}{writer.notation.symbol(one)}" for one in tau))
    body = [rf"{sign}_{{{space}}} {element(Factor('x', tau))}", element(Factor("w", _apart(t, tau, -1))), ends]
    writer.state("definition", element(Factor(name, t)), body, "The convolution of two functions.")
    writer.state(
        "sample",
        "",
        writer.notation.pieces(_sequence_sum(conv)),
        "Where the functions are known at the integers only, the integral becomes a sum with step 1. For functions "
        "this is an approximation; for sequences it is the definition.",
        relation=r"\approx",
    )


def _sequence_sum(conv: Convolution) -> GuardedSum:
    t, j = conv.named("t"), conv.named("j")
    return GuardedSum(over_integers(t), (Term(over_integers(j), (), (Factor("x", j), Factor("w", _apart(t, j, -1)))),))


def _sequences(writer: Writer, conv: Convolution) -> None:
    writer.part("Convolution of sequences", "The sum of the products of all pairs whose places add up to the output's.")
    t, j, a = conv.named("t"), conv.named("j"), conv.named("a")
    name = operation(writer.notation, "x", "*", "w")
    writer.define(Factor(name, t), _sequence_sum(conv), "The convolution of two sequences.")
    change = dict(zip(j, _apart(t, a, -1), strict=True))
    after = rules.each(rules.reindex, writer.last, j, over_integers(a), change)
    writer.step("reindex", after, "Count from the output backwards: $j = t - a$. The kernel now has the plain index.")


def _finite_kernel(writer: Writer, conv: Convolution) -> None:
    writer.part("A kernel of finite size", "Outside its elements a kernel is zero.")
    t, j, a = conv.named("t"), conv.named("j"), conv.named("a")
    long = tensor_over(writer.notation, "tilde", "w")
    inside = tuple(Range(e, k) for e, k in zip(j, conv.k, strict=True))
    continued = GuardedSum(over_integers(j), (Term((), inside, (Factor("w", j),)),))
    writer.define(Factor(long, j), continued, "The kernel, continued by zeros.")
    writer.setting = with_definition(writer.setting, long, continued)

    product = (Factor("x", _apart(t, a, -1)), Factor(long, a))
    before = GuardedSum(over_integers(t), (Term(over_integers(a), (), product),))
    after = inline(before, {long: continued})
    name = operation(writer.notation, "x", "*", long)
    writer.step("insert", after, "Only places of the kernel add to the sum.", left=Factor(name, t), before=before)
    writer.step("bound", rules.each(rules.bound, after, *a), "The bracket is the range of the sum.")


def _correlation(conv: Convolution, weight: str) -> GuardedSum:
    t, a = conv.named("t"), conv.named("a")
    return GuardedSum(over_integers(t), (Term(conv.taps(), (), (Factor("x", _apart(t, a)), Factor(weight, a))),))


def _flip(writer: Writer, conv: Convolution) -> None:
    writer.part("Flip", "Convolution runs through the kernel backwards. Cross-correlation runs through it forwards.")
    notation, t, a = writer.notation, conv.named("t"), conv.named("a")
    flipped = tensor_over(notation, "breve", "w")
    last = tuple(k - 1 - ai for k, ai in zip(conv.k, a, strict=True))
    flip = GuardedSum(conv.taps(), (single("w", last),))
    correlation = operation(notation, "x", r"\star", "w")
    of_flipped = operation(notation, "x", r"\star", flipped)
    writer.define(Factor(correlation, t), _correlation(conv, "w"), "Cross-correlation: the output reads ahead.")
    writer.define(Factor(flipped, a), flip, "The flipped kernel.")
    given = with_definition(writer.setting, flipped, flip)
    writer.setting = with_definition(given, of_flipped, _correlation(conv, flipped))

    product = (Factor("x", _apart(t, a, -1)), Factor("w", a))
    before = GuardedSum(over_integers(t), (Term(conv.taps(), (), product),))
    change = dict(zip(a, last, strict=True))
    after = rules.each(rules.reindex, before, a, conv.taps(), change)
    ranges = [Range(e, k) for e, k in zip(last, conv.k, strict=True)]
    after = rules.each(rules.drop, after, *ranges)
    left = Factor(operation(notation, "x", "*", tensor_over(notation, "tilde", "w")), t)
    writer.step("reindex", after, "Count the taps from the other end.", left=left, before=before)
    read = after.terms[0].factors[0]
    inserted = GuardedSum(after.free, (Term(conv.taps(), (), (read, Factor(flipped, a))),))
    writer.step("insert", inserted, "This is a sum over the taps of the flipped kernel.")
    start = tuple(ti - k + 1 for ti, k in zip(t, conv.k, strict=True))
    writer.step(
        "insert",
        GuardedSum(over_integers(t), (single(of_flipped, start),)),
        "Convolution is cross-correlation with the flipped kernel, $k - 1$ places earlier. A network learns its "
        "kernel, so it may as well learn the flipped one: from here on, convolution means cross-correlation.",
    )


# ---------------------------------------------------------------------- padding, dilation, stride


def _continued_input(writer: Writer, conv: Convolution) -> GuardedSum:
    """Write the line that continues the input by zeros."""
    i, padded = conv.named("i"), _padded(writer)
    inside = tuple(Range(e, n) for e, n in zip(i, conv.n, strict=True))
    continued = GuardedSum(over_integers(i), (Term((), inside, (Factor("x", i),)),))
    writer.define(Factor(padded, i), continued, "The input, continued by zeros.")
    writer.setting = with_definition(writer.setting, padded, continued)
    return continued


def _finite_input(writer: Writer, conv: Convolution, output: str, places: tuple[Index, ...]) -> None:
    writer.part("A finite input", "Outside its elements the input is zero.")
    continued = _continued_input(writer, conv)
    padded, r, a = _padded(writer), _symbols(places), conv.named("a")
    before = GuardedSum(places, (Term(conv.taps(), (), (Factor(padded, _apart(r, a)), Factor("w", a))),))
    writer.define(Factor(output, r), before, "An output for each element of the input.")
    writer.step("insert", inline(before, {padded: continued}), "Only elements of the input add to the sum.")


def _dilation(writer: Writer, conv: Convolution) -> GuardedSum:
    """Write the sum over every window, and return it."""
    writer.part(
        "Padding and dilation",
        "The first window starts $p$ places before the input; negative padding crops. A kernel is dilated by "
        "$d - 1$ zeros between its taps.",
    )
    _continued_input(writer, conv)
    t, j, a = conv.named("t"), conv.named("j"), conv.named("a")
    dilated, padded = tensor_over(writer.notation, "hat", "w"), _padded(writer)
    reach = tuple(expand(d * (k - 1) + 1) for d, k in zip(conv.d, conv.k, strict=True))
    spread = tuple(Equal(ji, d * ai) for ji, d, ai in zip(j, conv.d, a, strict=True))
    wide = tuple(map(Index, j, reach))
    with_zeros = GuardedSum(wide, (Term(conv.taps(), spread, (Factor("w", a),)),))
    writer.define(Factor(dilated, j), with_zeros, "The dilated kernel reaches over $d(k - 1) + 1$ places.")
    writer.setting = with_definition(writer.setting, dilated, with_zeros)

    place = tuple(e - p for e, p in zip(_apart(t, j), conv.p, strict=True))
    before = GuardedSum(over_integers(t), (Term(wide, (), (Factor(padded, place), Factor(dilated, j))),))
    writer.define(Factor("v", t), before, "The cross-correlation of the padded input with the dilated kernel.")
    after = inline(before, {dilated: with_zeros})
    writer.step("insert", after, "The dilated kernel, put in.")
    after = rules.each(rules.sift_all, after, j)
    inside = [Range(d * ai, size) for d, ai, size in zip(conv.d, a, reach, strict=True)]
    why = r"Only every $d$-th place holds a tap: $j = d\,a$."
    return writer.step("sift", rules.each(rules.drop, after, *inside), why)


def _stride(writer: Writer, conv: Convolution, dense: GuardedSum) -> None:
    writer.part("Stride", "Of all windows every $s$-th is kept.")
    continued = writer.setting.definitions[_padded(writer)]
    writer.setting = with_definition(writer.setting, "v", dense)
    r = conv.outputs()
    place = tuple(s * i.symbol for s, i in zip(conv.s, r, strict=True))
    before = GuardedSum(r, (single("v", place),))
    writer.define(Factor("y", _symbols(r)), before, "The output is the dense output, taken at multiples of the stride.")
    writer.step("insert", inline(before, {"v": dense}), r"Output $r$ reads place $s\,r + d\,a - p$ through tap $a$.")
    writer.step("insert", inline(writer.last, {_padded(writer): continued}), "What lies in the padding is zero.")


def _count(writer: Writer, conv: Convolution) -> None:
    writer.part(
        "How many outputs",
        "An output exists for each window that lies inside the input with $p$ elements of padding before it and "
        "$q$ behind it. Which ones these are is said by a sum over them of an arbitrary $u$.",
    )
    r, q = conv.named("r"), conv.named("q")
    last = tuple(n + p + q - d * (k - 1) - 1 for n, p, q, d, k in zip(conv.n, conv.p, q, conv.d, conv.k, strict=True))
    fits = tuple(Range(s * ri, end + 1) for s, ri, end in zip(conv.s, r, last, strict=True))
    windows = GuardedSum((), (Term(over_integers(r), fits, (Factor("u", r),)),))
    writer.define(Factor("U", ()), windows, "A window starts at a multiple of the stride, and its last tap is inside.")
    counts = tuple(floor(end / s) + 1 for end, s in zip(last, conv.s, strict=True))
    counted = GuardedSum((), (Term(tuple(map(Index, r, counts)), (), (Factor("u", r),)),))
    why = r"So there are $o = \lfloor (n + p + q - d(k - 1) - 1)/s \rfloor + 1$ outputs on each axis."
    writer.step("bound", counted, why)


# ---------------------------------------------------------------------- channels


def _channels(writer: Writer, conv: Convolution) -> None:
    writer.part(
        "Channels, groups and images",
        "A filter has a kernel for each channel of its group, and adds up what they find. Each group sees its own "
        "channels, and each image is treated alike.",
    )
    whole = conv.forward()
    term = whole.terms[0]
    indices = conv.channels("b", "gamma", "m", "c") + conv.outputs()
    alone = GuardedSum(indices, (Term(conv.taps(), term.guards, term.factors),))
    writer.define(Factor("z", _symbols(indices)), alone, "One kernel on one channel.")
    writer.setting = with_definition(writer.setting, "z", alone)
    before = GuardedSum(whole.free, (Term(conv.channels("c"), (), (Factor("z", _symbols(indices)),)),))
    writer.define(Factor("y", _symbols(conv.output)), before, "A filter adds up its channels.")
    writer.step("insert", whole, "The convolution layer: the definition that everything else starts from.")
