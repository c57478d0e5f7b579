"""The laws of convolution, for sequences: which hold, which cross-correlation keeps, and which it lacks."""

from __future__ import annotations

import itertools

from sympy import Add, Expr, Integer, Mul, Symbol, expand

from convproof.evidence import Certificate, Counterexample
from convproof.symbolic import polynomials, rules
from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.convolution import index, size
from convproof.symbolic.derivations.counterexamples import differs
from convproof.symbolic.derivations.writing import operation, over_integers, single, with_definition
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term, inline
from convproof.symbolic.guards import Equal, Range
from convproof.symbolic.notation import Notation
from convproof.symbolic.step_checks import Setting

__all__ = ["algebra"]

_T, _I, _J, _L, _H = (index(letter) for letter in "tijlh")


def algebra(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive the laws of convolution, and what cross-correlation keeps of them.

    Sequences in one axis, written without sizes; every axis of an image obeys the same laws. Sums over every
    integer are exchanged, which is allowed where they are finite, as they are for finite kernels and inputs.

    References
    ----------
    R. N. Bracewell, *The Fourier Transform and Its Applications*, McGraw-Hill, third edition 2000, chapter 3.
    """
    told = {
        "t": "place of an output",
        r"x, w, u, v": "sequences",
        r"\delta": "the unit: 1 at place 0, else 0",
        "x * w": "convolution",
        r"x \star w": "cross-correlation",
        "h": "a shift",
        "n, k": "numbers of coefficients",
    }
    writer = Writer("convolution_algebra", "The algebra of convolution", Setting(), notation, told)
    _commutative(writer)
    _associative(writer)
    _distributive(writer)
    _unit(writer)
    _shift(writer)
    _polynomials(writer)
    _correlation(writer)
    return writer.finish()


# ---------------------------------------------------------------------- convolution


def _convolution(left: str, right: str, free: Expr = _T, inner: Expr = _J) -> GuardedSum:
    """Return ``sum_j left(j) right(t - j)``."""
    factors = (Factor(left, (inner,)), Factor(right, (free - inner,)))
    return GuardedSum(over_integers((free,)), (Term(over_integers((inner,)), (), factors),))


def _cross_correlation(left: str, right: str, free: Expr = _T, inner: Expr = _J) -> GuardedSum:
    """Return ``sum_j left(t + j) right(j)``."""
    factors = (Factor(left, (free + inner,)), Factor(right, (inner,)))
    return GuardedSum(over_integers((free,)), (Term(over_integers((inner,)), (), factors),))


def _one(tensor: str, place: Expr = _T) -> GuardedSum:
    return GuardedSum(over_integers((_T,)), (single(tensor, (place,)),))


def _name(writer: Writer, left: str, right: str, sign: str = "*") -> str:
    return operation(writer.notation, left, sign, right)


def _known(writer: Writer, left: str, right: str, sign: str = "*") -> str:
    """Let the name of an operation on two sequences stand for its sum, and return it."""
    made = _convolution if sign == "*" else _cross_correlation
    name = _name(writer, left, right, sign)
    writer.setting = with_definition(writer.setting, name, made(left, right))
    return name


def _change(sum_: GuardedSum, old: Expr, new: Expr, value: Expr) -> GuardedSum:
    return rules.each(rules.reindex, sum_, (old,), over_integers((new,)), {old: value})


def _commutative(writer: Writer) -> None:
    writer.part("Commutative", "Each pair of places that add up to $t$ is met once, from either side.")
    writer.define(Factor(_known(writer, "x", "w"), (_T,)), _convolution("x", "w"), "The definition.")
    writer.step("reindex", _change(writer.last, _J, _I, _T - _I), "Count by the place in the other sequence.")
    writer.step("insert", _one(_known(writer, "w", "x")), "This is the definition with the sequences exchanged.")


def _associative(writer: Writer) -> None:
    writer.part("Associative", "Three sequences: all triples of places that add up to $t$.")
    first, second = _known(writer, "x", "w"), _known(writer, "w", "v")
    before = _convolution(first, "v", inner=_I)
    left = Factor(_name(writer, first, "v"), (_T,))
    writer.define(left, before, "The definition.")
    inserted = inline(before, {first: writer.setting.definitions[first]})
    writer.step("insert", inserted, "The inner convolution, put in.")
    after = rules.each(rules.exchange, inserted, (_J, _I))
    after = rules.each(rules.reindex, after, (_I,), over_integers((_L,)), {_I: _J + _L})
    writer.step("reindex", after, "The place in $w$, $l = i - j$, instead of the sum of two places.")
    writer.step("insert", _convolution("x", second), "The inner sum is a convolution.")
    writer.setting = with_definition(writer.setting, _name(writer, "x", second), _convolution("x", second))
    writer.step("insert", _one(_name(writer, "x", second)), "Brackets may be left out.")


def _distributive(writer: Writer) -> None:
    writer.part("Distributive", "A convolution is a sum, and sums may be split.")
    both = GuardedSum(over_integers((_J,)), (single("u", (_J,)), single("v", (_J,))))
    name = _name(writer, "u", "v", "+")
    writer.define(Factor(name, (_J,)), both, "The sum of two kernels.")
    writer.setting = with_definition(writer.setting, name, both)
    before = _convolution("x", name)
    left = Factor(_name(writer, "x", name), (_T,))
    writer.step("distribute", inline(before, {name: both}), "Multiply out.", left=left, before=before)
    parts = [_known(writer, "x", kernel) for kernel in ("u", "v")]
    after = GuardedSum(before.free, tuple(single(part, (_T,)) for part in parts))
    writer.step("insert", after, "A sum of kernels is applied by a sum of convolutions.")


def _unit(writer: Writer) -> None:
    writer.part("Unit", r"The sequence $\delta$ is 1 at place 0.")
    delta = GuardedSum(over_integers((_J,)), (Term((), (Equal(_J, Integer(0)),), ()),))
    writer.define(Factor(r"\delta", (_J,)), delta, "The unit.")
    writer.setting = with_definition(writer.setting, r"\delta", delta)
    before = _convolution(r"\delta", "x")
    after = inline(before, {r"\delta": delta})
    writer.step("insert", after, "Its definition.", left=Factor(_name(writer, r"\delta", "x"), (_T,)), before=before)
    writer.step("sift", rules.each(rules.sift, writer.last, _J), "One place is left: nothing changes.")


def _shift(writer: Writer) -> None:
    writer.part(
        "Shift", "Convolution with a unit at place $h$ moves a sequence by $h$, and so convolution moves along."
    )
    unit = GuardedSum(over_integers((_J,)), (Term((), (Equal(_J, _H),), ()),))
    moved = r"\delta_h"
    writer.define(Factor(moved, (_J,)), unit, "The unit at place $h$.")
    given = writer.setting
    writer.setting = with_definition(given, moved, unit)
    before = _convolution(moved, "x")
    after = inline(before, {moved: unit})
    writer.step("insert", after, "Its definition.", left=Factor(_name(writer, moved, "x"), (_T,)), before=before)
    writer.step("sift", rules.each(rules.sift, writer.last, _J), "The sequence, $h$ places later.")

    shifted = _name(writer, moved, "x")
    later = GuardedSum(over_integers((_J,)), (single("x", (_J - _H,)),))
    writer.setting = with_definition(given, shifted, later)
    before = _convolution(shifted, "w")
    left = Factor(_name(writer, shifted, "w"), (_T,))
    after = inline(before, {shifted: later})
    writer.step("insert", after, "The shifted sequence, convolved.", left=left, before=before)
    writer.step("reindex", _change(after, _J, _I, _I + _H), "Count from the shifted start.")
    writer.step("insert", _one(_known(writer, "x", "w"), _T - _H), "The convolution, shifted by as much.")


def _polynomials(writer: Writer) -> None:
    notation = writer.notation
    writer.part(
        "Product of polynomials",
        "Coefficients of a product are the convolution of the coefficients. Let $u(i)$ stand for the power $z^i$, "
        "so that $u(i)\\,u(j) = u(i + j)$. With $n$ and $k$ coefficients the product has $n + k - 1$.",
    )
    n, k = size("n"), size("k")
    i, j, t = Index(_I, n), Index(_J, k), Index(_T, expand(n + k - 1))
    letters = [notation.tensor(x) for x in ("x", "w")]
    ends = [notation.expression(e) for e in (n - 1, k - 1)]
    power = [rf"{x}({one}) z^{one}" for x, one in zip(letters, "ij", strict=True)]
    sums = [rf"\sum_{{{one}=0}}^{{{end}}}" for one, end in zip("ij", ends, strict=True)]
    product = r"\Bigl(" + r"\Bigr)\Bigl(".join(s + p for s, p in zip(sums, power, strict=True)) + r"\Bigr)"
    factors = (Factor("x", (_I,)), Factor("w", (_J,)), Factor("u", (_I + _J,)))
    before = GuardedSum((), (Term((i, j), (), factors),))
    why = "Powers of $z$ add their exponents."
    writer.state("multiply out", product, notation.pieces(before), why, [_multiplied_out(before)], after=before)
    read = Range(_T - _J, n)
    after = GuardedSum((), (Term((t, j), (read,), (Factor("x", (_T - _J,)), Factor("w", (_J,)), Factor("u", (_T,)))),))
    why = "Collect equal powers, $t = i + j$: in the bracket stands which pairs there are."
    writer.step("reindex", after, why)


def _multiplied_out(sum_: GuardedSum) -> Certificate:
    """Compare the sum, its u(t) read as z^t, with the product of the polynomials as SymPy multiplies it out."""
    claim = "the product of two polynomials, multiplied out, is the sum over all pairs of coefficients"
    names, arities = {"u": 0, "w": 1, "x": 2}, dict.fromkeys("uwx", 1)
    z, most = Symbol("z"), 5
    for n, k in itertools.product(range(1, most + 1), repeat=2):
        table = polynomials.table(sum_, {size("n"): n, size("k"): k}, names)
        products = (polynomials.elements(row, names, arities) for row in table.rows)
        powers = (Mul(*(_as_power(factor, z) for factor in factors)) for factors in products)
        written = Add(*(int(c) * power for c, power in zip(table.coefficients, powers, strict=True)))
        x, w = (Add(*(Symbol(f"{name}{q}") * z**q for q in range(top))) for name, top in (("x", n), ("w", k)))
        if expand(x * w - written) != 0:
            example = Counterexample("derivation", "", "", "multiply out", f"at n={n}, k={k}: the polynomials differ")
            return Certificate(claim, "formula", "the sizes named", None, counterexample=example)
    return Certificate(claim, "formula", f"n and k from 1 to {most}, multiplied out by SymPy", "exact")


def _as_power(factor: Factor, z: Symbol) -> Expr:
    place = factor.indices[0]
    return z**place if factor.tensor == "u" else Symbol(f"{factor.tensor}{place}")


# ---------------------------------------------------------------------- cross-correlation


def _correlation(writer: Writer) -> None:
    star = r"\star"
    writer.part("Cross-correlation: what it keeps", "The output reads ahead, so the places no longer play equal parts.")
    writer.define(Factor(_known(writer, "x", "w", star), (_T,)), _cross_correlation("x", "w"), "The definition.")
    both = _name(writer, "u", "v", "+")
    before = _cross_correlation("x", both)
    left = Factor(_name(writer, "x", both, star), (_T,))
    after = inline(before, {both: writer.setting.definitions[both]})
    writer.step("distribute", after, "Cross-correlation is distributive as well.", left=left, before=before)
    left = Factor(_known(writer, "w", "x", star), (_T,))
    before = _cross_correlation("w", "x")
    after = _change(before, _J, _I, _I - _T)
    writer.step("reindex", after, "Exchanged, and counted by the place in the kernel.", left=left, before=before)
    writer.step("insert", _one(_known(writer, "x", "w", star), -_T), "The exchange runs the output backwards.")

    first, second = _known(writer, "x", "w", star), _known(writer, "w", "v")
    before = _cross_correlation(first, "v", inner=_I)
    left = Factor(_name(writer, first, "v", star), (_T,))
    after = inline(before, {first: writer.setting.definitions[first]})
    writer.step("insert", after, "Two kernels, one after the other.", left=left, before=before)
    after = rules.each(rules.reindex, after, (_J,), over_integers((_L,)), {_J: _L - _I})
    writer.step("reindex", after, "The sum of the places in both kernels, $l = i + j$.")
    after = _cross_correlation("x", second, inner=_L)
    why = "One kernel, that of both: their convolution, not their cross-correlation."
    writer.step("insert", after, why)
    _lacks(writer, star)


def _lacks(writer: Writer, star: str) -> None:
    writer.part("Cross-correlation: what it lacks", "It is enough to find one product that is on one side only.")
    there, back = _known(writer, "x", "w", star), _known(writer, "w", "x", star)
    at = writer.notation.element
    left, right = (at(Factor(name, (_T,))) for name in (there, back))
    differs(writer, left, right, "Not commutative.", before=_one(there), wrong=_one(back))
    inner = _known(writer, "w", "v", star)
    names = _name(writer, there, "v", star), _name(writer, "x", inner, star)
    left, right = (at(Factor(name, (_T,))) for name in names)
    before, wrong = _cross_correlation(there, "v"), _cross_correlation("x", inner)
    differs(writer, left, right, "Not associative.", before=before, wrong=wrong)
