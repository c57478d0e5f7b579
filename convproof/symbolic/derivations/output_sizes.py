"""How many outputs a convolution has: the windows that fit, counted; and the sizes of its transpose.

An axis counts for itself, so one axis is written.

References
----------
V. Dumoulin, F. Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285, 2016:
relationships 1 to 6 (sizes), 14 (transposed) and 15 (dilated).
"""

from __future__ import annotations

from sympy import Expr, Integer, ceiling, floor

from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.convolution import index
from convproof.symbolic.derivations.counterexamples import differs
from convproof.symbolic.derivations.sizes import Sizes, counted, over
from convproof.symbolic.derivations.transposed_sizes import transposed_size
from convproof.symbolic.guarded_sum import Factor, Index
from convproof.symbolic.guards import Guard, Range
from convproof.symbolic.notation import Notation

__all__ = ["output_size"]


def output_size(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive the output size of a convolution and of its transpose, for one axis.

    ``o = floor((n + p + q - d*(k - 1) - 1) / s) + 1``, with padding p below and q above; and the formulas that are
    often met and wrong, each with its smallest counterexample. References as of this module.

    Examples
    --------
    >>> from convproof.symbolic.derive import derive
    >>> [step.pieces[0] for step in derive("output_size").steps if step.rule in ("valid", "full")]
    ['n - k + 1', 'n + k - 1']
    """
    sizes = Sizes(simple)
    writer = Writer("output_size", "Output sizes", sizes.conv.setting, notation, sizes.meanings(notation))
    _forward(writer, sizes)
    if not simple:
        _special(writer, sizes)
        _same(writer, sizes)
    _wrong(writer, sizes)
    transposed_size(writer, sizes)
    return writer.finish()


def _forward(writer: Writer, sizes: Sizes) -> None:
    writer.part("Windows that fit", _COUNTED if not sizes.simple else _COUNTED_SIMPLE)
    r = index("r")
    writer.define(Factor("U", ()), sizes.fitting(), _FITS if not sizes.simple else _FITS_SIMPLE)
    if not sizes.simple:
        why = "Solved for $r$; as $r$ is an integer, the quotient is rounded down."
        writer.step("floor", over(Index(r), Range(r, sizes.count)), why)
    why = "So the outputs are numbered from $0$ to $o - 1$, and $o$ is their number."
    writer.step("bound", over(Index(r, sizes.count)), why)
    counted(writer, sizes, "count", {}, sizes.count, "With $u = 1$. A number below $1$ means that no window fits.")


def _special(writer: Writer, sizes: Sizes) -> None:
    n, k, s, d, p, q = sizes.n, sizes.k, sizes.s, sizes.d, sizes.p, sizes.q
    writer.part("Special cases", "The same count with some of the parameters fixed.")
    cases = [
        ("no dilation", {d: 1}, floor((n + p + q - k) / s) + 1, "Without dilation the kernel reaches over $k$."),
        ("stride 1", {d: 1, s: 1}, n + p + q - k + 1, "At stride 1 nothing is rounded."),
        ("valid", {d: 1, s: 1, p: 0, q: 0}, n - k + 1, "Without padding, one window for each place of the kernel."),
        ("same", {s: 1, q: d * (k - 1) - p}, n, "Padding of $d\\,(k - 1)$ in all keeps the size, at stride 1."),
        ("full", {d: 1, s: 1, p: k - 1, q: k - 1}, n + k - 1, "Every window that touches the input."),
        ("tiles", {d: 1, k: s, p: 0, q: 0}, floor(n / s), "Windows side by side: as many as fit."),
    ]
    for rule, values, count, why in cases:
        counted(writer, sizes, rule, values, count, why)


def _same(writer: Writer, sizes: Sizes) -> None:
    n, k, s, d, p, q = sizes.n, sizes.k, sizes.s, sizes.d, sizes.p, sizes.q
    writer.part("Same padding with a stride", _SAME)
    why = "With the padding of stride 1."
    counted(writer, sizes, "same", {q: d * (k - 1) - p}, ceiling(n / s), why)
    least = (ceiling(n / s) - 1) * s + d * (k - 1) + 1 - n - p
    why = "With the least padding that gives so many outputs; where it is negative, the last elements are left out."
    counted(writer, sizes, "same", {q: least}, ceiling(n / s), why)


def _wrong(writer: Writer, sizes: Sizes) -> None:
    writer.part("Formulas that are wrong", "Each was held against the windows that fit.")
    r, slack, s = index("r"), sizes.slack, sizes.s
    up = ceiling(slack / s) + 1

    def wrong(count: Expr, why: str, *given: Guard, shown: str = "") -> None:
        counted, shown = over(Index(r, count)), shown or writer.notation.expression(count)
        differs(writer, "o", shown, why, before=sizes.fitting(), wrong=counted, given=given)

    wrong(sizes.count + 1, "A loop that includes its upper end, $r = 0, \\dots, o$, makes one output too many.")
    if not sizes.simple:
        wrong(up, "Rounding up counts a last window that does not fit.", Range(slack))
        shown = rf"\mathrm{{trunc}}\left({writer.notation.expression(slack / s)}\right) + 1"
        wrong(up, _TRUNCATED, Range(slack, Integer(0), None), shown=shown)


_COUNTED = (
    "Window number $r$ begins at $s\\,r - p$ and ends $d\\,(k - 1)$ further on. "
    "$U$ is the sum of an arbitrary function $u$ of the windows that fit; with $u = 1$ it counts them."
)
_COUNTED_SIMPLE = (
    "Without padding, window number $r$ begins at $r$ and ends $k - 1$ further on. "
    "$U$ is the sum of an arbitrary function $u$ of the windows that fit; with $u = 1$ it counts them."
)
_FITS = "The first window begins at the first element of the padded input; the last tap lies before its end."
_FITS_SIMPLE = "The first window begins at the first element; the last tap lies before the end."
_SAME = "What some libraries call the same padding gives $\\lceil n/s \\rceil$ outputs."
_TRUNCATED = (
    "In C and in CUDA a quotient is rounded towards zero, which is up where the kernel is larger than the padded "
    "input, $n + p + q < d\\,(k - 1) + 1$: one window is counted, and none fits."
)
