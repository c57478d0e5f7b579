"""The convolution theorem: a Fourier transform turns circular convolution into a product."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product

import numpy as np
from sympy import Integer, floor

from convproof.evidence import Certificate, Counterexample
from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.convolution import index, size
from convproof.symbolic.derivations.cyclotomic import RootOfUnity
from convproof.symbolic.derivations.writing import operation, tensor_over, with_definition
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term, inline
from convproof.symbolic.guards import Range
from convproof.symbolic.notation import Notation
from convproof.symbolic.step_checks import Setting

__all__ = ["convolution_theorem", "diagonal", "orthogonal"]

_LARGEST = 12  # length at which roots of unity are computed with
_N, _K, _L = size("n"), size("k"), size("l")
_T, _I, _J = index("t"), index("i"), index("j")
_POWER = r"\omega^{f %s}"


def convolution_theorem(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive the convolution theorem for sequences of finite length, and how it serves linear convolution.

    The sums are rearranged for every length. What is said of roots of unity is computed exactly, for lengths up
    to 12, and follows for every length from the powers of a root being counted modulo n.

    References
    ----------
    A. V. Oppenheim, R. W. Schafer, *Discrete-Time Signal Processing*, Pearson, third edition 2010, sections 8.6
    and 8.7.
    """
    told = {
        "n": "length of the sequences, and of the transform",
        "t, i, j": "places, from 0 to $n - 1$",
        "f": "frequency, from 0 to $n - 1$",
        r"\omega": r"$e^{-2\pi\mathrm{i}/n}$, a primitive $n$-th root of unity",
        r"\circledast": "circular convolution",
    }
    writer = Writer("convolution_theorem", "The convolution theorem", Setting(), notation, told)
    circular = _circular(writer)
    _any_weights(writer, circular)
    _transform(writer, writer.parts[-1][2][-1].certificates)
    _inverse(writer)
    _linear(writer)
    return writer.finish()


def _ring(writer: Writer, left: str = "x", right: str = "w") -> str:
    return operation(writer.notation, left, r"\circledast", right)


def _pieces_of_a_circle(left: str, right: str) -> tuple[Term, Term]:
    """Return ``sum_j left(j) right(t - j)``, and the same with the index that falls below zero brought back."""
    j = (Index(_J, _N),)
    start = Factor(left, (_J,))
    ahead = Term(j, (Range(_T - _J),), (start, Factor(right, (_T - _J,))))
    around = Term(j, (Range(_T - _J, Integer(0), None),), (start, Factor(right, (_T - _J + _N,))))
    return ahead, around


def _circular(writer: Writer) -> GuardedSum:
    writer.part("Circular convolution", "Both sequences go round: what leaves at one end comes in at the other.")
    notation, name = writer.notation, _ring(writer)
    x, w = notation.tensor("x"), notation.tensor("w")
    shown = [rf"\sum_{{j=0}}^{{n - 1}}{x}(j)", rf"{w}\bigl((t - j) \bmod n\bigr)"]
    left = notation.element(Factor(name, (_T,)))
    free = (Index(_T, _N),)
    remainder = _T - _J - _N * floor((_T - _J) / _N)
    before = GuardedSum(free, (Term((Index(_J, _N),), (), (Factor("x", (_J,)), Factor("w", (remainder,)))),))
    writer.state("definition", left, shown, "The kernel is read modulo its length.", after=before)
    after = GuardedSum(free, _pieces_of_a_circle("x", "w"))
    why = "The remainder of $t - j$ is $t - j$ itself, or $t - j + n$ where that is negative."
    writer.step("split", after, why)
    return after


def _any_weights(writer: Writer, circular: GuardedSum) -> None:
    writer.part(
        "The sum of an output with weights",
        "A sum over the output, with any weights $u$, is a sum over all pairs of inputs.",
    )
    name = _ring(writer)
    writer.setting = with_definition(writer.setting, name, circular)
    t = Index(_T, _N)
    before = GuardedSum((), (Term((t,), (), (Factor(name, (_T,)), Factor("u", (_T,)))),))
    writer.define(Factor("U", ()), before, "The weights are arbitrary.")
    writer.step("insert", inline(before, {name: circular}), "The circular convolution, put in.")
    pairs = (Index(_J, _N), Index(_I, _N))
    both = (Factor("x", (_J,)), Factor("w", (_I,)))
    near = Term(pairs, (Range(_I + _J, _N, None),), (*both, Factor("u", (_I + _J,))))
    far = Term(pairs, (Range(_I + _J, None, _N),), (*both, Factor("u", (_I + _J - _N,))))
    why = "The place in the kernel, $i = t - j$ or $t - j + n$: the weight is taken at $(i + j) \\bmod n$."
    writer.step("reindex", GuardedSum((), (near, far)), why)


# ---------------------------------------------------------------------- roots of unity


def _transform(writer: Writer, pairing: tuple[Certificate, ...]) -> None:
    writer.part(
        "The discrete Fourier transform",
        r"With the weights $u(t) = \omega^{f t}$, where $\omega = e^{-2\pi\mathrm{i}/n}$, "
        r"the sum is the Fourier transform at frequency $f$.",
    )
    notation = writer.notation
    x, w = notation.tensor("x"), notation.tensor("w")
    ring = notation.element(Factor(_ring(writer), (_T,)))
    head = r"\sum_{%s=0}^{n - 1}"
    one, other = head % "j" + x + "(j)" + _POWER % "j", head % "i" + w + "(i)" + _POWER % "i"
    writer.state("definition", rf"\hat{{{x}}}(f)", [one], "The transform of the input; the kernel's is alike.")
    pairs = [head % "j" + head % "i" + x + "(j)", w + "(i)", r"\omega^{f ((i + j) \bmod n)}"]
    left = head % "t" + ring + _POWER % "t"
    writer.state("insert", left, pairs, "The last line of the part before, with these weights.", pairing)
    writer.state(
        "roots of unity",
        "",
        [rf"\Bigl({one}\Bigr)", rf"\Bigl({other}\Bigr)"],
        r"As $\omega^n = 1$, exponents count modulo $n$: "
        r"$\omega^{f ((i + j) \bmod n)} = \omega^{f i}\,\omega^{f j}$.",
        (diagonal(),),
    )
    writer.state(
        "definition",
        "",
        [rf"\hat{{{x}}}(f)\,\hat{{{w}}}(f)"],
        "The transform of a circular convolution is the product of the transforms.",
    )


def _inverse(writer: Writer) -> None:
    writer.part("Back again", "So a convolution is two transforms, a product for each frequency, and a transform back.")
    x = writer.notation.tensor("x")
    head = r"\sum_{%s=0}^{n - 1}"
    writer.state(
        "roots of unity",
        head % "f" + r"\omega^{f (i - t)}",
        [r"n\,[i = t]"],
        "The powers of a root of unity other than 1 add up to zero.",
        (orthogonal(),),
    )
    back = rf"\frac{{1}}{{n}}{head % 'f'}\hat{{{x}}}(f)\,\omega^{{-f t}}"
    writer.state("inverse", back, [f"{x}(t)"], "Each place is found again from the transform.", (orthogonal(),))


def diagonal() -> Certificate:
    """Check that powers of a root of unity turn places added modulo n into products."""

    def differ(root: RootOfUnity) -> Iterable[str]:
        n = root.n
        for f, i, j in product(range(n), repeat=3):
            if not np.array_equal(root.power(f * ((i + j) % n)), root.product(root.power(f * i), root.power(f * j))):
                yield f"the coefficient of x({j}) w({i}) at frequency {f}"

    return _computed("the transform of a circular convolution is the product of the transforms", differ)


def orthogonal() -> Certificate:
    """Check that the powers of a root of unity add up to n or to zero."""

    def differ(root: RootOfUnity) -> Iterable[str]:
        for i, t in product(range(root.n), repeat=2):
            total = root.power(np.arange(root.n) * ((i - t) % root.n)).sum(axis=0)
            if not np.array_equal(total, root.n * (i == t) * root.power(0)):
                yield f"the sum for i={i}, t={t}"

    return _computed("the inverse transform leads back", differ)


def _computed(claim: str, differ: Callable[[RootOfUnity], Iterable[str]]) -> Certificate:
    """Compute with a root of unity of every order up to the largest."""
    start = time.perf_counter()
    for n in range(1, _LARGEST + 1):
        if story := next(iter(differ(RootOfUnity(n))), None):
            example = Counterexample("derivation", "", "", "roots of unity", f"at n={n}: {story}")
            return Certificate(claim, "formula", f"n={n}", None, counterexample=example)
    scope = f"lengths n from 1 to {_LARGEST}, every coefficient compared as an integer combination of roots of unity"
    return Certificate(claim, "formula", scope, "exact", seconds=time.perf_counter() - start)


# ---------------------------------------------------------------------- linear convolution


def _linear(writer: Writer) -> None:
    writer.part(
        "Linear convolution by transforms",
        "Continue both sequences by zeros to a length $n \\ge l + k - 1$, where $l$ and $k$ are their lengths: "
        "then nothing comes round.",
    )
    writer.symbols["l, k"] = "lengths of input and kernel, before zeros are added"
    long_x, long_w = (tensor_over(writer.notation, "tilde", tensor) for tensor in ("x", "w"))
    place = (Index(_J, _N),)
    for name, tensor, length in ((long_x, "x", _L), (long_w, "w", _K)):
        padded = GuardedSum(place, (Term((), (Range(_J, length),), (Factor(tensor, (_J,)),)),))
        writer.define(Factor(name, (_J,)), padded, "Continued by zeros.")
        writer.setting = with_definition(writer.setting, name, padded)
    free = (Index(_T, _N),)
    before = GuardedSum(free, _pieces_of_a_circle(long_x, long_w))
    left = Factor(_ring(writer, long_x, long_w), (_T,))
    writer.define(left, before, "Their circular convolution.")
    enough = Range(_N - _L - _K + 1)
    writer.setting = replace(writer.setting, hypotheses=(enough,))
    ahead = Term(place, (Range(_T - _J),), (Factor(long_x, (_J,)), Factor(long_w, (_T - _J,))))
    why = "A place that comes round is at least $t - j + n > k - 1$, and there the kernel is zero."
    writer.step("drop", GuardedSum(free, (ahead,)), why)
    kernel = (Range(_T - _J, _K),)
    after = GuardedSum(free, (Term((Index(_J, _L),), kernel, (Factor("x", (_J,)), Factor("w", (_T - _J,)))),))
    writer.step("insert", after, "Linear convolution: every output of it, and zeros where $n$ is larger.")
