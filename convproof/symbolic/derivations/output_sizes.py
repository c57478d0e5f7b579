"""How many outputs a convolution has: the windows that fit, counted; and the sizes of its transpose.

An axis counts for itself, so one axis is written. A count is a sum of an arbitrary function u over what is
counted: two index ranges are the same where the sums are equal for every u, and u = 1 counts.

References
----------
V. Dumoulin, F. Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285, 2016:
relationships 1 to 6 (sizes), 14 (transposed) and 15 (dilated).
"""

from __future__ import annotations

from sympy import Expr, Integer, Symbol, ceiling, expand, floor, sympify

from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.convolution import Convolution, index
from convproof.symbolic.derivations.counterexamples import differs
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.guards import Equal, Guard, Range
from convproof.symbolic.notation import Notation
from convproof.symbolic.step_checks import Claim, certify

__all__ = ["Sizes", "output_size"]


class Sizes:
    """The symbols of one axis, and the sums that count on it.

    Attributes
    ----------
    n, k, o, s, d, p, q
        Input, kernel, output, stride, dilation, padding below and above; numbers in the simple form.
    """

    def __init__(self, simple: bool = False) -> None:
        self.conv = Convolution(1, simple)
        self.simple = simple
        (self.n,), (self.k,), (self.s,), (self.d,), (self.p,) = (
            getattr(self.conv, name) for name in ("n", "k", "s", "d", "p")
        )
        self.o = Convolution(1).o[0]
        self.q: Expr = Integer(0) if simple else index("q")

    @property
    def slack(self) -> Expr:
        """How far the first window can move: padded input less the reach of the kernel."""
        return expand(self.n + self.p + self.q - self.d * (self.k - 1) - 1)

    @property
    def count(self) -> Expr:
        """Number of windows that fit."""
        return floor(self.slack / self.s) + 1

    @property
    def transposed(self) -> Expr:
        """The smallest input that has o windows."""
        return expand(self.s * (self.o - 1) - self.p - self.q + self.d * (self.k - 1) + 1)

    def fitting(self, n: Expr | None = None) -> GuardedSum:
        """Sum over the windows whose first and last tap lie in the padded input (of size n)."""
        r = index("r")
        last = expand(self.s * r + self.d * (self.k - 1) - self.p)
        return over(Index(r), Range(r), Range(last, expand((self.n if n is None else n) + self.q), None))

    def meanings(self, notation: Notation) -> dict[str, str]:
        """Return the table of notation."""
        told = {
            (self.n,): "size of the input",
            (self.k,): "size of the kernel",
            (self.o,): "number of outputs",
            (self.s,): "stride",
            (self.d,): "dilation",
            (self.p, self.q): "padding below and above; negative padding crops",
            (index("r"),): "index of an output: number of a window",
            (index("u"),): "any function of what is counted; 1 for the count itself",
        }
        return {
            ", ".join(notation.expression(s) for s in symbols): meaning
            for symbols, meaning in told.items()
            if all(isinstance(s, Symbol) for s in symbols)
        }


def over(counted: Index, *guards: Guard, value: Expr | None = None) -> GuardedSum:
    """Return the sum of u(value) over one index."""
    at = counted.symbol if value is None else value
    return GuardedSum((), (Term((counted,), guards, (Factor("u", (at,)),)),))


def output_size(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive the output size of a convolution and of its transpose, for one axis (whatever `axes` is)."""
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
    _counted(writer, sizes, "count", {}, sizes.count, "With $u = 1$. A number below $1$ means that no window fits.")


def _counted(writer: Writer, sizes: Sizes, rule: str, values: dict, count: Expr, why: str) -> None:
    """Write the number of outputs where some parameters are fixed; that as many windows fit is checked."""
    claim = Claim(sizes.fitting().substitute(values), over(Index(index("r"), count)))
    certificates = certify(claim, writer.setting, f"output_size, {rule}: the windows that fit")
    tell = writer.notation.expression
    fixed = ",\\ ".join(f"{tell(name)} = {tell(sympify(value))}" for name, value in values.items())
    writer.state(rule, "o", [tell(count), rf"\qquad ({fixed})"] if values else [tell(count)], why, certificates)


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
        _counted(writer, sizes, rule, values, count, why)


def _same(writer: Writer, sizes: Sizes) -> None:
    n, k, s, d, p, q = sizes.n, sizes.k, sizes.s, sizes.d, sizes.p, sizes.q
    writer.part("Same padding with a stride", _SAME)
    why = "With the padding of stride 1."
    _counted(writer, sizes, "same", {q: d * (k - 1) - p}, ceiling(n / s), why)
    least = (ceiling(n / s) - 1) * s + d * (k - 1) + 1 - n - p
    why = "With the least padding that gives so many outputs; where it is negative, the last elements are left out."
    _counted(writer, sizes, "same", {q: least}, ceiling(n / s), why)


def _wrong(writer: Writer, sizes: Sizes) -> None:
    writer.part("Formulas that are wrong", "Each was held against the windows that fit.")
    r, slack, s = index("r"), sizes.slack, sizes.s
    up = ceiling(slack / s) + 1

    def wrong(count: Expr, why: str, *given: Guard) -> None:
        counted, shown = over(Index(r, count)), writer.notation.expression(count)
        differs(writer, "o", shown, why, before=sizes.fitting(), wrong=counted, given=given)

    wrong(sizes.count + 1, "A loop that includes its upper end, $r = 0, \\dots, o$, makes one output too many.")
    if not sizes.simple:
        wrong(up, "Rounding up counts a last window that does not fit.")
        wrong(up, _TRUNCATED, Range(slack, Integer(0), None))


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


_COUNTED = (
    "Window number $r$ begins at $s\\,r - p$ and ends $d\\,(k - 1)$ further on. "
    "$U$ is the sum of an arbitrary function $u$ of the windows that fit; with $u = 1$ it counts them."
)
_COUNTED_SIMPLE = (
    "Window number $r$ begins at $r$ and ends $k - 1$ further on. "
    "$U$ is the sum of an arbitrary function $u$ of the windows that fit; with $u = 1$ it counts them."
)
_FITS = "The first window begins at the first element of the padded input; the last tap lies before its end."
_FITS_SIMPLE = "The first window begins at the first element; the last tap lies before the end."
_SAME = "What some libraries call the same padding gives $\\lceil n/s \\rceil$ outputs."
_TRUNCATED = (
    "In C and in CUDA a quotient is rounded towards zero, which is up where the kernel is larger than the padded "
    "input, $n + p + q < d\\,(k - 1) + 1$: one window is counted, and none fits."
)
_TRANSPOSED = (
    "A transposed convolution leads from the size of the output back to that of the input, "
    "but $s$ input sizes have the same number of outputs: output padding tells them apart."
)
_TRANSPOSED_SIMPLE = "A transposed convolution leads from the size of the output back to that of the input."
