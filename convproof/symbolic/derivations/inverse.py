"""Why the transposed convolution is no inverse, when there is one, and what a deconvolution is instead.

References
----------
R. M. Gray, *Toeplitz and circulant matrices: a review*, Foundations and Trends in Communications and Information
Theory 2, 2006 (triangular Toeplitz and circulant inverses); R. Penrose, *A generalized inverse for matrices*, 1955
(least squares); V. Dumoulin, F. Visin, 2016, section 4 (transposed convolution is not deconvolution).
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Integer, expand

from convproof.symbolic import rules
from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.convolution import index
from convproof.symbolic.derivations.inverse_examples import (
    circular_example,
    same_example,
    small_example,
    worked_example,
)
from convproof.symbolic.derivations.sizes import Sizes, over
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.guards import Equal, Guard, Range
from convproof.symbolic.notation import Notation
from convproof.symbolic.step_checks import Claim, certify

__all__ = ["inverse"]

_R, _I, _J, _A, _F = (index(letter) for letter in "rijaf")


def inverse(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive what the transpose does to a convolution, and when a convolution can be undone.

    Written for one axis (whatever `axes` is) and one channel. References as of this module.

    Examples
    --------
    >>> from convproof.symbolic.derive import derive
    >>> found = derive("inverse", simple=True)
    >>> [step.pieces[0] for step in found.steps if step.left == "C^{+} y"]
    ['C^{\\\\top} (C C^{\\\\top})^{-1} y = (\\\\tfrac{1}{3}, \\\\tfrac{8}{3}, \\\\tfrac{7}{3})^{\\\\top}']
    """
    sizes = Sizes(simple)
    symbols = sizes.meanings(notation)
    writer = Writer("inverse", "Transposed is not inverted", sizes.conv.setting, notation, symbols)
    _autocorrelation(writer, sizes)
    _farthest(writer, sizes)
    small_example(writer)
    _echelon(writer, sizes)
    _wide(writer, sizes)
    _triangular(writer, sizes)
    same_example(writer)
    worked_example(writer)
    circular_example(writer)
    return writer.finish()


def entry(sizes: Sizes, column: Expr, *known: Guard, padding: Expr | None = None) -> GuardedSum:
    """Return the entry of C in row r and the given column, r being a parameter; `known` are guards of the tap a."""
    p = sizes.p if padding is None else padding
    read = Equal(expand(sizes.s * _R + sizes.d * _A - p), expand(column))
    return GuardedSum((), (Term((Index(_A, sizes.k),), (*known, read), (Factor("w", (_A,)),)),))


def _autocorrelation(writer: Writer, sizes: Sizes) -> None:
    b = index("b")
    rows, place = (Index(_R, sizes.o),), (Index(_I, sizes.n), Index(_J, sizes.n))
    matrix = GuardedSum((Index(_R, sizes.o), Index(_I, sizes.n)), entry(sizes, _I).terms)
    writer.part("Transposed times matrix", _PRODUCT)
    writer.define(Factor("C", (_R, _I)), matrix, "The weight by which output $r$ reads element $i$.")
    writer.setting = replace(writer.setting, definitions={"C": matrix})
    product = GuardedSum(place, (Term(rows, (), (Factor("C", (_R, _I)), Factor("C", (_R, _J)))),))
    writer.define(Factor("A", (_I, _J)), product, "Entry $(i, j)$ of $A = C^{\\top} C$: column $i$ times column $j$.")
    reads = Equal(expand(sizes.s * _R + sizes.d * b - sizes.p), _J)
    (left,) = entry(sizes, _I).terms
    factors = (Factor("w", (_A,)), Factor("w", (b,)))
    both = Term((*rows, *left.binders, Index(b, sizes.k)), (*left.guards, reads), factors)
    writer.step("insert", GuardedSum(place, (both,)), "An output counts if it reads both elements, through two taps.")
    one = rules.each(rules.sift, writer.last, _R)
    writer.step("sift", one, "Tap $a$ and element $i$ leave one output at most.")
    lag = "j - i" if sizes.simple else "(j - i)/d"
    why = f"The second tap is ${lag}$ further on: the autocorrelation of the kernel, over the taps that reach $i$."
    writer.step("sift", rules.each(rules.sift, one, b), why)


def _farthest(writer: Writer, sizes: Sizes) -> None:
    """Write what one output adds to the entry at the greatest distance: one product."""
    reach = sizes.d * (sizes.k - 1)
    b = index("b")
    free = (Index(_R, sizes.o), Index(_I))
    writer.part("When the product is the identity", _IDENTITY)
    first = Equal(expand(sizes.s * _R + sizes.d * _A - sizes.p), _I)
    second = Equal(expand(sizes.s * _R + sizes.d * b - sizes.p), expand(_I + reach))
    binders, weights = (Index(_A, sizes.k), Index(b, sizes.k)), (Factor("w", (_A,)), Factor("w", (b,)))
    before = GuardedSum(free, (Term(binders, (first, second), weights),))
    far = "i + k - 1" if sizes.simple else "i + d\\,(k - 1)"
    why = f"What output $r$ adds to the entry of two elements as far apart as the kernel reaches, $i$ and ${far}$."
    writer.define(Factor("B", (_R, _I)), before, why)
    apart = GuardedSum(free, (Term(binders, (Equal(b, _A + sizes.k - 1), first), weights),))
    writer.step("subtract", apart, "The difference of both conditions: the taps are $k - 1$ apart.")
    writer.step("sift", rules.each(rules.sift, apart, b), "Only one other tap is so far from tap $a$.")
    ends = (Factor("w", (Integer(0),)), Factor("w", (sizes.k - 1,)))
    product = Term((), (Equal(expand(sizes.s * _R - sizes.p), _I),), ends)
    writer.step("bound", GuardedSum(free, (product,)), "It exists for $a = 0$ alone: the first tap, and the last.")


def _echelon(writer: Writer, sizes: Sizes) -> None:
    """Show that C has full row rank where every row's first weight stands inside."""
    pivot = expand(sizes.s * _R + sizes.d * _F - sizes.p)
    nonzero = Range(_A, None, _F)
    writer.setting = replace(sizes.conv.setting, hypotheses=(Range(_F, sizes.k),))
    writer.symbols[writer.notation.symbol(_F)] = "first tap whose weight is not zero"
    writer.part("Rows are independent", _ECHELON)
    value = GuardedSum((), (Term((), (), (Factor("w", (_F,)),)),))
    why = "In row $r$ the first weight that is not zero stands in a column that moves on with $r$."
    writer.step("sift", value, why, left=Factor("C", (_R, pivot)), before=entry(sizes, pivot, nonzero))
    why = "To the left of it there is nothing: an echelon form, whose rows are independent."
    _nothing(writer, entry(sizes, _I, nonzero, Range(_I, pivot, None)), _I, pivot, why)

    writer.part("Without padding", "Each of these columns exists; $u$ is any function of the rows.")
    values = {v: 0 for v in (sizes.p, sizes.q) if v.is_Symbol}
    rows = sizes.fitting().substitute(values)
    inside = Range(expand(sizes.s * _R + sizes.d * _F), sizes.n)
    writer.define(Factor("U", ()), rules.each(rules.add_guards, rows, inside), "The rows whose column exists.")
    writer.step("drop", rows, "These are all rows: they are independent, unless the kernel is zero.")
    writer.setting = sizes.conv.setting


def _nothing(writer: Writer, before: GuardedSum, low: Expr, high: Expr, why: str) -> None:
    """Write that an entry of C is zero where low < high."""
    sentence = f"{writer.op}: no tap is left in the sum"
    certificates = certify(Claim(before, GuardedSum((), ())), writer.setting, sentence)
    tell = writer.notation.expression
    left = writer.notation.element(Factor("C", (_R, _I)))
    writer.state("bound", left, ["0", rf"\quad ({tell(low)} < {tell(high)})"], why, certificates)


def _wide(writer: Writer, sizes: Sizes) -> None:
    """Show that there are no more outputs than inputs, unless padding makes them."""
    reach = sizes.d * (sizes.k - 1)
    writer.part("Fewer outputs than inputs", _WIDE if not sizes.simple else _WIDE_SIMPLE)
    known = () if sizes.simple else (Range(expand(sizes.p + sizes.q), expand(reach + 1), None),)
    writer.setting = replace(sizes.conv.setting, hypotheses=known)
    outputs = Index(_R, sizes.count)
    writer.define(Factor("U", ()), over(outputs, Range(_R, sizes.n, None)), "The outputs with a number below $n$.")
    why = "These are all outputs. With fewer outputs than elements, some $x \\ne 0$ has $C x = 0$."
    writer.step("drop", over(outputs), why)
    writer.setting = sizes.conv.setting


def _triangular(writer: Writer, sizes: Sizes) -> None:
    """Show that with all padding before the input the matrix is triangular, at stride 1."""
    reach = expand(sizes.d * (sizes.k - 1))
    values = {v: 1 for v in (sizes.s,) if v.is_Symbol}

    def at_stride_one(sum_: GuardedSum) -> GuardedSum:
        return sum_.map(lambda e: e.subs(values))

    writer.part("A matrix that has an inverse", _CAUSAL if not sizes.simple else _CAUSAL_SIMPLE)
    diagonal = at_stride_one(entry(sizes, _R, padding=reach))
    value = GuardedSum((), (Term((), (), (Factor("w", (sizes.k - 1,)),)),))
    why = "On the diagonal stands the last weight."
    writer.step("sift", value, why, left=Factor("C", (_R, _R)), before=diagonal)
    above = at_stride_one(entry(sizes, _I, Range(_I, None, _R + 1), padding=reach))
    why = "Above it nothing: a triangular matrix. Its determinant is $w(k - 1)^n$; it is invertible unless that is $0$."
    _nothing(writer, above, _R, _I, why)


_PRODUCT = "One axis, one channel. If the transpose were the inverse, $C^{\\top} C$ would be the identity."
_IDENTITY = (
    "Outside its diagonal the identity is zero. So a kernel of more than one tap, whose first and last weight "
    "are not zero, is never undone by its transpose, if some output reads two elements so far apart."
)
_ECHELON = "Let $f$ be the first tap whose weight is not zero; only taps from $f$ on count."
_WIDE = (
    "If the padding is at most $d\\,(k - 1)$ in all, the matrix is at least as wide as it is high. "
    "$u$ is any function of the outputs."
)
_WIDE_SIMPLE = "Without padding the matrix is at least as wide as it is high. $u$ is any function of the outputs."
_CAUSAL_SIMPLE = "With padding of $k - 1$, all of it before the input: as many outputs as inputs."
_CAUSAL = "At stride $1$, with all the padding of $d\\,(k - 1)$ before the input: as many outputs as inputs."
