"""unfold and fold: windows as columns, and the map that adds columns back; adjoint, and not inverse.

References
----------
K. Chellapilla, S. Puri, P. Simard, *High performance convolutional neural networks for document processing*,
IWFHR 2006 (im2col); the names of PyTorch's ``Unfold`` and ``Fold``. Overlap counts: A. Odena, V. Dumoulin,
C. Olah, *Deconvolution and checkerboard artifacts*, Distill 2016.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sympy import Symbol, ceiling, expand, floor

from convproof.evidence import Certificate, Counterexample
from convproof.geometry import Conv
from convproof.symbolic import polynomials, rules
from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.convolution import Convolution, index, inner
from convproof.symbolic.derivations.sizes import Sizes
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term, inline
from convproof.symbolic.guards import Equal, Range
from convproof.symbolic.notation import Notation
from convproof.symbolic.structure import structure

__all__ = ["columns", "fold", "folded", "unfold"]

_CHANNELS = ("b", "c")  # of unfold and fold, which know no groups


def unfold(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive what unfold does, and its adjoint. References as of this module."""
    conv = Convolution(axes, simple)
    writer = _begin(conv, "unfold", "Windows as columns", notation)
    _define_columns(writer, conv)
    writer.part("The adjoint is fold", _ADJOINT)
    _adjoint(writer, conv)
    writer.part("Its gradient")
    by = conv.channels(*_CHANNELS) + conv.pixels()
    place = conv.channels("b'", "c'") + conv.taps() + conv.outputs()
    why = "The gradient of each column is added to the elements it was read from: the gradient of unfold is fold."
    writer.step(
        "chain rule",
        folded(conv, "dX"),
        why,
        left=conv.element("dx", by),
        before=inner("dX", "X", place),
        derivative="x",
    )
    return writer.finish()


def fold(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive what fold does, and by what fold after unfold multiplies. References as of this module.

    Examples
    --------
    >>> from convproof.symbolic.derive import derive
    >>> derive("fold", simple=True).steps[-1].pieces  # windows that hold each of six elements
    ('(1, 2, 1, 2, 1, 1)',)
    """
    conv = Convolution(axes, simple)
    writer = _begin(conv, "fold", "Columns added back", notation)
    _define_columns(writer, conv)
    writer.part("Fold, the adjoint", _ADJOINT)
    _adjoint(writer, conv)

    writer.part("Gather form", "The same sum, ordered by what one element receives.")
    left = conv.element("F", conv.channels(*_CHANNELS), conv.pixels())
    gathered = rules.each(rules.sift_all, folded(conv, "V"), tuple(i.symbol for i in conv.outputs()))
    why = "Through tap $a$ the element lies in one window at most."
    writer.step("sift", gathered, why, left=left, before=folded(conv, "V"))
    _fold_after_unfold(writer, conv)
    if not simple:
        _interior(writer)
    _example(writer, axes)
    return writer.finish()


def columns(conv: Convolution, channels: tuple[str, ...] = _CHANNELS) -> GuardedSum:
    """Return unfold: ``X(channels, a, r) = [0 <= s r + d a - p < n] x(channels, s r + d a - p)``."""
    lead, a, r = conv.channels(*channels), conv.taps(), conv.outputs()
    read = conv.position(tuple(i.symbol for i in r), tuple(i.symbol for i in a))
    inside = tuple(Range(e, n) for e, n in zip(read, conv.n, strict=True))
    element = Factor("x", (*(i.symbol for i in lead), *read))
    return GuardedSum(lead + a + r, (Term((), inside, (element,)),))


def folded(conv: Convolution, tensor: str, channels: tuple[str, ...] = _CHANNELS) -> GuardedSum:
    """Return fold of a tensor: the sum over the windows that hold element i, and the taps by which they do."""
    lead, a, r, i = conv.channels(*channels), conv.taps(), conv.outputs(), conv.pixels()
    return GuardedSum(lead + i, (_over_windows(conv, conv.element(tensor, lead, a, r)),))


def _over_windows(conv: Convolution, *factors: Factor) -> Term:
    """Return the sum over the windows that hold element i, and the taps by which they do."""
    return Term(conv.taps() + conv.outputs(), conv.reads(), factors)


def _begin(conv: Convolution, op: str, title: str, notation: Notation) -> Writer:
    return Writer(op, title, conv.setting, notation, conv.meanings(notation))


def _define_columns(writer: Writer, conv: Convolution) -> None:
    writer.part("Definition", _COLUMNS)
    unfolded = columns(conv)
    writer.define(conv.element("X", unfolded.free), unfolded, "Window $r$ as a column: what tap $a$ meets, or zero.")
    writer.setting = replace(writer.setting, definitions={"X": unfolded})


def _adjoint(writer: Writer, conv: Convolution) -> None:
    """Write <unfold x, V> = <x, fold V>."""
    lead, a, r, i = conv.channels(*_CHANNELS), conv.taps(), conv.outputs(), conv.pixels()
    before = inner("X", "V", lead + a + r)
    left = Factor("\\langle X, V \\rangle", ())
    writer.define(left, before, "Every element of $X$ times that of any $V$ of the same shape.")
    writer.step("insert", inline(before, writer.setting.definitions), "What stands in a column.")
    factors = conv.element("V", lead, a, r), conv.element("x", lead, i)
    spread = GuardedSum((), (Term(lead + a + r + i, conv.reads(), factors),))
    writer.step("sift", spread, "Read backwards: each tap of each window takes the one element $i$ that it meets.")
    order = tuple(v.symbol for v in (*lead, *i, *a, *r))
    writer.step(
        "exchange", rules.each(rules.exchange, spread, order), "The sums are finite; that over elements goes first."
    )
    writer.setting = replace(writer.setting, definitions={**writer.setting.definitions, "F": folded(conv, "V")})
    why = "What stands beside $x(i)$ is fold of $V$: the sum over every window that holds the element."
    writer.step("insert", inner("x", "F", lead + i), why)
    writer.define(conv.element("F", lead, i), folded(conv, "V"), "This is fold.")


def _fold_after_unfold(writer: Writer, conv: Convolution) -> None:
    lead, i = conv.channels(*_CHANNELS), conv.pixels()
    windows = GuardedSum(i, (_over_windows(conv),))
    writer.part("Fold after unfold", "Fold does not undo unfold: it multiplies.")
    left = Factor("\\mathrm{fold}(X)", tuple(v.symbol for v in (*lead, *i)))
    writer.define(left, folded(conv, "X"), "Columns added back, where they came from.")
    same = GuardedSum(lead + i, (_over_windows(conv, conv.element("x", lead, i)),))
    writer.step("insert", same, "Each of these columns holds the element itself.")
    writer.setting = replace(writer.setting, definitions={**writer.setting.definitions, _COUNT: windows})
    counted = GuardedSum(lead + i, (Term((), (), (conv.element(_COUNT, i), conv.element("x", lead, i))),))
    writer.step("insert", counted, "So often as windows hold the element.")
    writer.define(conv.element(_COUNT, i), windows, "The number of windows that hold element $i$.")
    if conv.axes > 1:
        _count_by_axis(writer, conv)


def _count_by_axis(writer: Writer, conv: Convolution) -> None:
    factors = []
    for axis, (i, read) in enumerate(zip(conv.pixels(), conv.reads(), strict=True)):
        windows = Term((conv.taps()[axis], conv.outputs()[axis]), (read,), ())
        definitions = {**writer.setting.definitions, rf"{_COUNT}_{axis + 1}": GuardedSum((i,), (windows,))}
        writer.setting = replace(writer.setting, definitions=definitions)
        factors.append(Factor(rf"{_COUNT}_{axis + 1}", (i.symbol,)))
    why = "Each axis counts for itself: the numbers of windows along the axes are multiplied."
    writer.step("factor", GuardedSum(conv.pixels(), (Term((), (), tuple(factors)),)), why)


def _interior(writer: Writer) -> None:
    """Count the windows that hold an element far from the border, on one axis without dilation."""
    sizes = Sizes()
    i, r, j, a = (index(letter) for letter in "irja")
    k, s, p = sizes.k, sizes.s, sizes.p
    writer.setting = sizes.conv.setting
    writer.part("Away from the border", _INTERIOR)
    where = expand(s * r + a - p)
    before = GuardedSum((), (Term((Index(r), Index(a, k)), (Equal(where, i),), (Factor("u", (r,)),)),))
    writer.define(Factor("U", ()), before, "The windows that hold element $i$, if every window exists; no dilation.")
    phase = expand(i + p) - s * floor((i + p) / s)
    after = Term((Index(j, ceiling((k - phase) / s)),), (), (Factor("u", (floor((i + p) / s) - j,)),))
    why = "The last of them is number $\\lfloor (i + p)/s \\rfloor$, the others come right before it."
    writer.step("reindex", GuardedSum((), (after,)), why)
    t = Symbol("t", integer=True, positive=True)
    whole = GuardedSum((), (Term((Index(j, t),), (), after.factors),))
    why = "Where the stride divides the kernel, $k = s\\,t$, every element lies in $t$ windows; else counts alternate."
    writer.step("reindex", whole, why, left=Factor("U", ()), before=before.map(lambda e: e.subs(k, s * t)))


def _example(writer: Writer, axes: int) -> None:
    """Count the windows at one size, by the formula and by the structure tensor."""
    geometry = "x1x1x6-w1x1x3-s2-p1"
    conv, geo = Convolution(1), Conv.parse(geometry)
    formula = GuardedSum(conv.pixels(), (_over_windows(conv),))
    numbers = (conv.n, geo.n), (conv.k, geo.kernel), (conv.o, geo.o), (conv.s, geo.stride), (conv.d, geo.dilation)
    sizes = {symbols[0]: values[0] for symbols, values in numbers} | {conv.p[0]: geo.padding[0][0]}
    table = polynomials.table(formula, sizes, {})
    found = np.zeros(geo.n[0], np.int64)
    found[table.rows[:, 0]] = table.coefficients
    counted = np.bincount(structure(geo).x, minlength=geo.n[0])
    claim = "the windows that hold an element, by the formula and by the structure tensor"
    if found.tolist() == counted.tolist():
        certificate = Certificate(claim, "formula", geometry, "exact")
    else:
        story = f"{found.tolist()} by the formula, {counted.tolist()} by the structure tensor"
        example = Counterexample(op=writer.op, geometry=geometry, dtype="", property="count", story=story)
        certificate = Certificate(claim, "formula", geometry, None, counterexample=example)
    writer.part("An example", "On one axis, $n = 6$, $k = 3$, $s = 2$, $p = 1$.")
    pieces = ["(" + ", ".join(map(str, counted.tolist())) + ")"]
    why = "Elements lie in one window or in two: a pattern seen in transposed convolutions as a checkerboard."
    writer.state("count", rf"({_COUNT}(0), \dots, {_COUNT}(5))", pieces, why, (certificate,))


_COUNT = r"\nu"  # of windows; N is the number of images
_COLUMNS = (
    "A matrix with one column for each window and one row for each channel and tap, "
    "rows and columns numbered row by row."
)
_ADJOINT = (
    "Fold is the adjoint of unfold: "
    "$\\langle \\mathrm{unfold}(x), V \\rangle = \\langle x, \\mathrm{fold}(V) \\rangle$ for all $x$ and $V$."
)
_INTERIOR = (
    "On one axis; $u$ is any function of the windows, and $u = 1$ counts them. "
    "An element is away from the border where all these windows exist."
)
