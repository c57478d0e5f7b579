"""A convolution moves with its input: by how much, where, and why a stride breaks it."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, expand, floor

from convproof.symbolic import rules
from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.convolution import Convolution, index
from convproof.symbolic.derivations.counterexamples import differs
from convproof.symbolic.derivations.writing import over_integers, single, with_definition, without
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term, inline
from convproof.symbolic.guards import Range
from convproof.symbolic.notation import Notation

__all__ = ["equivariance"]

_H = index("h")
_MOVED_X, _MOVED_Y = "x_h", "y_h"


def equivariance(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive that a convolution commutes with shifts by multiples of its stride, away from the rim.

    One axis and one channel: each axis is shifted alone, and channels are shifted together.

    References
    ----------
    I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning*, MIT Press 2016, section 9.2; for the stride A. Azulay,
    Y. Weiss, *Why do deep convolutional networks generalize so poorly to small image transformations?*, Journal of
    Machine Learning Research 20, 2019.
    """
    conv = Convolution(1, simple)
    writer = Writer("equivariance", "Translation equivariance", conv.setting, notation, conv.meanings(notation))
    writer.symbols["h"] = "shift of the output"
    _endless(writer, conv)
    _finite(writer, conv)
    if not simple:
        _between_strides(writer, conv)
    return writer.finish()


def _read(conv: Convolution, r: Expr) -> Expr:
    """Return the place that output r reads through tap a."""
    return expand(conv.position((r,), conv.named("a"))[0])


def _summed(conv: Convolution, place: Expr, free: tuple[Index, ...], x: str = "x") -> GuardedSum:
    (a,) = conv.named("a")
    return GuardedSum(free, (Term(conv.taps(), (), (Factor(x, (place,)), Factor("w", (a,)))),))


def _endless(writer: Writer, conv: Convolution) -> None:
    writer.part(
        "An input without ends",
        "The input is shifted by $s\\,h$ places." if not conv.simple else "The input is shifted by $h$ places.",
    )
    (r,), (i,), (s,) = conv.named("r"), conv.named("i"), conv.s
    everywhere = over_integers((r,))
    output = _summed(conv, _read(conv, r), everywhere)
    writer.define(Factor("y", (r,)), output, "An output at every integer.")
    moved = GuardedSum(over_integers((i,)), (single("x", (i - s * _H,)),))
    writer.define(Factor(_MOVED_X, (i,)), moved, "The shifted input.")
    given = writer.setting
    writer.setting = with_definition(with_definition(given, _MOVED_X, moved), "y", output)
    before = _summed(conv, _read(conv, r), everywhere, _MOVED_X)
    writer.define(Factor(_MOVED_Y, (r,)), before, "Its output.")
    writer.step("insert", inline(before, {_MOVED_X: moved}), "The shift, put in.")
    why = "The output, shifted by $h$: output $r$ now reads what output $r - h$ read before."
    writer.step("insert", GuardedSum(everywhere, (single("y", (r - _H,)),)), why)
    writer.setting = given


def _finite(writer: Writer, conv: Convolution) -> None:
    writer.part(
        "A finite input",
        "What is shifted out at one end is lost, and zeros come in at the other. So the outputs are compared whose "
        "window lies inside the input, and which had a place before the shift.",
    )
    (r,), (i,), (a,) = conv.named("r"), conv.named("i"), conv.named("a")
    (s,), (n,), (k,), (o,) = conv.s, conv.n, conv.k, conv.o
    moved = GuardedSum(conv.pixels(), (Term((), (Range(i - s * _H, n),), (Factor("x", (i - s * _H,)),)),))
    writer.define(Factor(_MOVED_X, (i,)), moved, "The shifted input.")
    forward = without(conv.forward(), "b", "gamma", "m", "c")
    with_moved = without(conv.forward(x=_MOVED_X), "b", "gamma", "m", "c")
    writer.define(Factor(_MOVED_Y, (r,)), with_moved, "Its output.")
    given = writer.setting
    defined = {"y": forward, _MOVED_X: moved, _MOVED_Y: with_moved}
    writer.setting = replace(given, definitions=defined)

    first, last = _read(conv, r).subs(a, 0), _read(conv, r).subs(a, k - 1)
    inside = (Range(first), Range(expand(last), n, None), Range(r - _H, o))
    there = GuardedSum(conv.outputs(), (Term((), inside, (Factor(_MOVED_Y, (r,)),)),))
    writer.define(Factor("Y", (r,)), there, "The outputs that are compared.")
    inserted = inline(there, {_MOVED_Y: with_moved})
    writer.step("insert", inserted, "The output of the shifted input, put in.")
    read = _read(conv, r)
    after = inline(writer.last, {_MOVED_X: moved})
    after = rules.each(_without_range, after, read, n)
    writer.step("insert", after, "The shift, put in; a window inside the input reads only elements.")
    after = GuardedSum(conv.outputs(), (Term((), inside, (Factor("y", (r - _H,)),)),))
    writer.step("insert", after, "There, the output is shifted by $h$.")
    writer.setting = given


def _without_range(term: Term, free: tuple[Index, ...], e: Expr, size: Expr) -> Term:
    """Leave out the range of the place that is read, however often it is said."""
    return replace(term, guards=tuple(g for g in term.guards if g != Range(e, size)))


def _between_strides(writer: Writer, conv: Convolution) -> None:
    writer.part(
        "A shift that is no multiple of the stride",
        "The input, without ends, is shifted by $h$ places. If the output were shifted, it would be by $h/s$ places, "
        "rounded.",
    )
    (r,), (s,) = conv.named("r"), conv.s
    everywhere = over_integers((r,))
    moved = _summed(conv, _read(conv, r) - _H, everywhere)
    rounded = _summed(conv, _read(conv, r - floor(_H / s)), everywhere)
    element = writer.notation.element
    left = element(Factor(_MOVED_Y, (r,)))
    right = element(Factor("y", (r - floor(_H / s),)))
    why = "Output $r$ reads elements that no output read before."
    differs(writer, left, right, why, before=moved, wrong=rounded, given=(Range(_H),))
