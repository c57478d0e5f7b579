"""Two convolutions in a row are one: stride, kernel and padding of both, and the receptive field of a stack."""

from __future__ import annotations

import time
from dataclasses import replace

from sympy import Integer, Symbol, expand, symbols

from convproof.evidence import Certificate, Counterexample
from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.convolution import index, size
from convproof.symbolic.derivations.two_layers import Two
from convproof.symbolic.derivations.writing import equation, with_definition
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Term, inline
from convproof.symbolic.guards import Equal, Range
from convproof.symbolic.notation import Notation

__all__ = ["closed_form", "composition"]

_DEEPEST = 6  # stack whose closed form is compared with the recursion


def composition(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive the convolution that two convolutions in a row are, and the receptive field of a stack.

    One axis and one channel: each axis is composed alone, and over the channels between the layers is summed.

    References
    ----------
    A. Araujo, W. Norris, J. Sim, *Computing Receptive Fields of Convolutional Neural Networks*, Distill 2019.
    """
    two = Two(simple)
    title = "Two convolutions in a row, and receptive fields"
    writer = Writer("composition", title, two.setting, notation, two.meanings(notation))
    _insert(writer, two)
    _one_kernel(writer, two)
    _between(writer, two)
    if not simple:
        _when_exact(writer, two)
    _receptive_field(writer, two)
    return writer.finish()


def _insert(writer: Writer, two: Two) -> None:
    writer.part("Two layers", "The second layer reads the output of the first.")
    writer.define(Factor("y", (two.r,)), two.first(), "The first layer.")
    writer.define(Factor("z", (two.t,)), two.second(), "The second layer.")
    writer.setting = with_definition(writer.setting, "y", two.first())
    between = (Range(two.middle, two.o),)
    why = "The first layer, put in: through both taps, place $s\\,s' t + s\\,d' h + d\\,a - s\\,p' - p$ is read."
    if two.simple:
        why = "The first layer, put in: through both taps, place $t + a + h$ is read."
    writer.step("insert", GuardedSum(two.outputs, (two.products(*between),)), why)


def _one_kernel(writer: Writer, two: Two) -> None:
    writer.part(
        "One kernel",
        "Both taps move the place that is read. The composed kernel collects the pairs of taps that move it alike.",
    )
    kernel = two.composed_kernel()
    why = "A convolution of both kernels; the second is spread by the stride of the first."
    writer.define(Factor("u", (two.j,)), kernel, why if not two.simple else "The convolution of both kernels.")
    writer.setting = with_definition(writer.setting, "u", kernel)
    before = two.composed()
    why = "One layer with this kernel, the product of the strides, and padding $p + s\\,p'$."
    writer.define(Factor("Z", (two.t,)), before, why if not two.simple else "One layer with this kernel.")
    after = inline(before, {"u": kernel})
    writer.step("insert", after, "The composed kernel, put in.")
    after = GuardedSum(two.outputs, (two.products(),))
    writer.step("sift", after, "Each pair of taps is met once. Nothing asks whether the output in between exists.")


def _between(writer: Writer, two: Two) -> None:
    writer.part(
        "What lies in between",
        "The one layer also takes what the first layer would have put out before its first output and behind its "
        "last; the second layer reads zeros there.",
    )
    if two.simple:
        fits = Range(two.o - two.o2 - two.k2 + 1)
        writer.setting = replace(writer.setting, hypotheses=(fits,))
        factors = (Factor("y", (two.t + two.h,)), Factor("v", (two.h,)))
        after = GuardedSum(two.outputs, (Term(two.taps[:1], (), factors),))
        why = "Without padding the second layer reads only outputs that exist: two layers are exactly one."
        writer.step("insert", after, why, left=Factor("Z", (two.t,)), before=GuardedSum(two.outputs, (two.products(),)))
        return
    before = GuardedSum(two.outputs, (two.products(),))
    cases = (Range(two.middle, two.o), Range(two.middle, Integer(0), None), Range(two.middle, None, two.o))
    after = GuardedSum(two.outputs, tuple(two.products(case) for case in cases))
    left = Factor("Z", (two.t,))
    writer.step("split", after, "The output in between exists, or lies before or behind.", left=left, before=before)
    writer.setting = with_definition(writer.setting, "z", two.second())
    exists = Term((), (), (Factor("z", (two.t,)),))
    after = GuardedSum(two.outputs, (exists, *after.terms[1:]))
    writer.step("insert", after, "So the two layers are the one layer, less what lies before and behind.")


def _when_exact(writer: Writer, two: Two) -> None:
    writer.part(
        "When two layers are exactly one",
        "Nothing lies before or behind in three cases. In each of them $Z$ and $z$ are the same.",
    )
    before = GuardedSum(two.outputs, (two.products(),))
    same = GuardedSum(two.outputs, (Term((), (), (Factor("z", (two.t,)),)),))
    left, given = Factor("Z", (two.t,)), writer.setting
    last = two.s2 * (two.o2 - 1) + two.d2 * (two.k2 - 1) - two.p2
    left_over = Symbol("e", integer=True, nonnegative=True)
    none = (Range(-two.p2), Equal(two.o, expand(last + 1 + left_over)))
    full = (Range(two.d * (two.k - 1) - two.p, two.s, None), Range(two.s * two.o - two.p - two.n))
    for rule, hypotheses, why in (("no padding", none, _NO_PADDING), ("full padding", full, _FULL)):
        writer.setting = replace(given, hypotheses=hypotheses)
        writer.step(rule, same, why, left=left, before=before)
    writer.setting = given
    ends = two.middle.subs(two.h, 0), two.middle.subs(two.h, two.k2 - 1)
    interior = (Range(ends[0]), Range(expand(ends[1]), two.o, None))
    before = GuardedSum(two.outputs, (two.products(*interior),))
    same = GuardedSum(two.outputs, (Term((), interior, (Factor("z", (two.t,)),)),))
    inside = GuardedSum(two.outputs, (Term((), interior, (Factor("Z", (two.t,)),)),))
    writer.setting = with_definition(given, "Z", two.composed())
    writer.define(Factor("Y", (two.t,)), inside, "With padding, the outputs whose window in between needs none.")
    writer.step("insert", before, "The products of both layers.")
    writer.step("interior", same, "There the layers agree as well.")
    writer.setting = given


_NO_PADDING = (
    "The second layer does not pad, $p' \\le 0$, and its last window ends inside, with $e \\ge 0$ outputs left over: "
    "$o = s' (o' - 1) + d' (k' - 1) - p' + 1 + e$."
)
_FULL = (
    "The first layer pads so much that a further output would see only padding: "
    "$d\\,(k - 1) - p < s$ before, and $s\\,o - p \\ge n$ behind."
)


# ---------------------------------------------------------------------- receptive fields


def _receptive_field(writer: Writer, two: Two) -> None:
    writer.part(
        "Receptive field",
        "Of a stack, one output reads $R$ neighbouring elements, starting at $J\\,t - P$: kernel, stride and padding "
        "of the one layer that the stack is. With one layer more, with $k_l, s_l, d_l, p_l$, they become",
    )
    named = writer.notation.formula
    told = {"R": "receptive field", "J": "jump: stride of a stack", "P": "padding of a stack"}
    writer.symbols |= told | {named("k_l, s_l, d_l, p_l"): "kernel, stride, dilation and padding of layer $l$"}
    field, jump, pad, k, s, d, p = (size(x) if x not in "Pp" else index(x) for x in ["R", "J", "P", "k", "s", "d", "p"])
    full = Two()
    stack = {full.k: field, full.d: 1, full.s: jump, full.p: pad, full.k2: k, full.s2: s, full.d2: d, full.p2: p}
    rows = (
        ("R_l", "R_{l-1} + (k_l - 1)\\,d_l\\,J_{l-1}", full.kernel, field + (k - 1) * d * jump, _FIELD),
        ("J_l", "J_{l-1}\\,s_l", full.stride, jump * s, "Strides multiply."),
        ("P_l", "P_{l-1} + J_{l-1}\\,p_l", full.padding, pad + jump * p, "Padding counts in steps of the jump."),
    )
    for left, right, composed, stepped, why in rows:
        claim = f"composition: {left} by one layer more is what two layers in a row have"
        certificate = equation(claim, composed.subs(stack, simultaneous=True), stepped)
        writer.state("recursion", named(left), [named(right)], why, (certificate,))
    closed = "1 + \\sum_{l=1}^{L} (k_l - 1)\\,d_l \\prod_{i=1}^{l-1} s_i"
    why = "From $R_0 = J_0 = 1$, added up: what a layer adds is stretched by all strides before it."
    writer.state("closed form", named("R_L"), [named(closed)], why, (closed_form(),))


_FIELD = "The kernel of both, $d\\,(k - 1) + s\\,d' (k' - 1) + 1$, with $R_{l-1}$ in the place of the first kernel."


def closed_form() -> Certificate:
    """Compare the closed form of the receptive field with the recursion, for stacks of some layers in symbols."""
    start = time.perf_counter()
    claim = "the closed form of the receptive field is what the recursion gives"
    field, jump, closed = Integer(1), Integer(1), Integer(1)
    layers = [symbols(f"k_{l} s_{l} d_{l}") for l in range(1, _DEEPEST + 1)]
    for depth, (k, s, d) in enumerate(layers, 1):
        field, jump = field + (k - 1) * d * jump, jump * s
        stretched = Integer(1)
        for _, stride, _ in layers[: depth - 1]:
            stretched *= stride
        closed += (k - 1) * d * stretched
        if expand(field - closed) != 0:
            example = Counterexample("derivation", "", "", "closed form", f"{depth} layers: {field} and {closed}")
            return Certificate(claim, "formula", f"{depth} layers", None, counterexample=example)
    scope = f"stacks of 1 to {_DEEPEST} layers, of every kernel, stride and dilation"
    return Certificate(claim, "formula", scope, "exact", seconds=time.perf_counter() - start)
