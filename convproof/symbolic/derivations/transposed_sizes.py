"""The sizes a transposed convolution can have: output padding, cropping, exactly s times the size.

References
----------
V. Dumoulin, F. Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285, 2016:
relationship 14. Output padding at or above the stride: the documentation of ``torch.nn.ConvTranspose2d``.
"""

from __future__ import annotations

from sympy import Symbol, expand, floor

from convproof.symbolic.derivation import Writer
from convproof.symbolic.derivations.convolution import index
from convproof.symbolic.derivations.sizes import Sizes, counted, over
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.guards import Equal, Range

__all__ = ["other_forms", "transposed_size"]


def transposed_size(writer: Writer, sizes: Sizes) -> None:
    """Write which input sizes have the same number of outputs: the sizes a transposed convolution can have."""
    n, e, s, o = index("n"), index("e"), sizes.s, sizes.o
    smallest = sizes.transposed
    writer.part("Sizes of the transposed convolution", _TRANSPOSED if not sizes.simple else _TRANSPOSED_SIMPLE)
    count = sizes.count.subs(sizes.n, n)
    before = over(Index(n), Equal(count, o))
    if sizes.simple:
        writer.define(Factor("V", ()), before, "All input sizes with $o$ outputs.")
        writer.step("sift", GuardedSum((), (Term((), (), (Factor("u", (smallest,)),)),)), "Exactly one size.")
        return
    writer.symbols[writer.notation.symbol(e)] = "output padding: what the last window does not reach"
    writer.define(Factor("V", ()), before, "All input sizes with $o$ outputs.")
    rest = expand(n - smallest)
    why = "The floor is $o - 1$ where the slack is at least $s\\,(o - 1)$, and by less than $s$ more."
    writer.step("floor", over(Index(n), Range(rest, s)), why)
    why = "What is above the smallest of them is the output padding $e$: one size for each $0 \\le e < s$."
    writer.step("reindex", over(Index(e, s), value=smallest + e), why)


def other_forms(writer: Writer, sizes: Sizes) -> None:
    """Write the size by the other forms of a transposed convolution, and what larger output padding means."""
    s, d, k, o, p, q = sizes.s, sizes.d, sizes.k, sizes.o, sizes.p, sizes.q
    e = Symbol("e", integer=True, nonnegative=True)
    known = (Range(e, s),)
    tell = writer.notation.expression
    writer.part("The size by the other forms", "The convolutions above have as many outputs.")
    full = {sizes.n: s * (o - 1) + 1, p: d * (k - 1) - p, q: d * (k - 1) - q + e, s: 1}
    why = "Zeros inserted, stride 1, padding $d\\,(k - 1) - p$ below and $d\\,(k - 1) - q + e$ above."
    counted(writer, sizes, "zeros inserted", full, expand(sizes.transposed + e), why, *known, left="n", told="")
    one = {sizes.n: o, p: d * (k - 1) - p, q: d * (k - 1) - q, s: 1}
    why = "Of stride 1: with $p = 0$ the full correlation, with $2\\,p = d\\,(k - 1)$ the same padding again."
    told = r"\quad (s = 1)"
    counted(writer, sizes, "stride 1", one, o + d * (k - 1) - p - q, why, left="n", told=told)

    writer.part("Output padding at or above the stride", _WIDER)
    wider = {sizes.n: expand(sizes.transposed + e)}
    why = "Output padding $e$ makes room for $\\lfloor e/s \\rfloor$ windows more than the $o$ that are transposed."
    counted(writer, sizes, "crop", wider, o + floor(e / s), why, left=tell(sizes.count), told="")
    writer.part("Exactly $s$ times the size", "The padding with which an input of size $s\\,o$ has $o$ outputs.")
    exact = {sizes.n: s * o, q: d * (k - 1) + 1 - s + e - p}
    fitting = tell(sizes.slack.subs(sizes.n, s * o))
    left = rf"\left\lfloor \frac{{{fitting}}}{{{tell(s)}}} \right\rfloor + 1"
    why = "For each output padding $0 \\le e < s$; with $s = 2$ the transpose makes twice the size, as upsampling does."
    told = rf"\quad (p + q = {tell(d * (k - 1) + 1 - s + e)})"
    counted(writer, sizes, "upsampling", exact, o, why, *known, left=left, told=told)


_TRANSPOSED = (
    "A transposed convolution leads from the size of the output back to that of the input, "
    "but $s$ input sizes have the same number of outputs: output padding tells them apart."
)
_TRANSPOSED_SIMPLE = (
    "A transposed convolution leads from the size of the output back to that of the input: here without padding."
)
_WIDER = (
    "PyTorch takes output padding below $\\max(s, d)$. Nothing above needed $o$ to be the number of all windows: "
    "the result is the transpose of a convolution of which only the first $o$ outputs are kept."
)
