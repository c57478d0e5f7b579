"""The formulas asked for, with a geometry's numbers put in, and the matrices of that geometry."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from convproof.symbolic.derive import axes_of, check_geometry

if TYPE_CHECKING:
    from convproof.geometry import Conv
    from convproof.symbolic.derivation import Derivation
    from convproof.symbolic.guarded_sum import GuardedSum, Index, Term

__all__ = ["Formula", "ShownMatrix", "in_numbers", "matrices"]

_MOST_COLUMNS, _MOST_WIDE_COLUMNS = 24, 14  # beyond so many, dots; elements of three or more indices are wide


@dataclass(frozen=True)
class Formula:
    """A formula: both sides as LaTeX, the right one in pieces between which a line may end, and as an expression."""

    left: str
    relation: str
    pieces: tuple[str, ...]
    expression: GuardedSum


@dataclass(frozen=True)
class ShownMatrix:
    """A matrix with what it does: LaTeX of the equation, a caption, LaTeX of the matrix."""

    caption: str
    equation: str
    latex: str


def in_numbers(derivation: Derivation, geo: Conv) -> list[Formula]:
    """Return the formulas that a derivation was asked for, with the numbers of a geometry.

    Returns
    -------
    list of Formula
        Empty where the geometry is not one of what is derived: another number of axes, another padding than zeros,
        or not what a slide's simplifications assume (stride 1, no padding in front, one channel, as many outputs as
        inputs).
    """
    if not _applies(derivation, geo):
        return []
    numbers = _numbers(geo)
    notation = replace(derivation.notation, vectors=False)  # the numbers of the axes differ
    found = []
    for part in derivation.parts:
        left = ""
        for step in part.steps:
            left = notation.element(step.element) if step.element is not None else step.left or left
            if step.final and step.after is not None:
                values = {symbol: numbers[str(symbol)] for symbol in step.after.parameters if str(symbol) in numbers}
                put = _tidy(step.after.substitute(values))
                found.append(Formula(left, step.relation, tuple(notation.pieces(put)), put))
    return found


def _applies(derivation: Derivation, geo: Conv) -> bool:
    convolves = derivation.op.startswith("conv") and axes_of(derivation.op) == geo.axes
    return convolves and geo.mode == "zeros" and (_is_simple(geo) or not derivation.simple)


def _is_simple(geo: Conv) -> bool:
    one = (geo.batch, geo.in_channels, geo.out_channels, *geo.stride, *geo.dilation)
    return set(one) == {1} and all(low == 0 for low, _ in geo.padding) and geo.o == geo.n


def _numbers(geo: Conv) -> Mapping[str, int]:
    """Return the value of every symbol that derivations use for sizes, by its name."""
    low, high = zip(*geo.padding, strict=True)
    values = {"n": geo.n, "k": geo.kernel, "o": geo.o, "s": geo.stride, "d": geo.dilation, "p": low, "q": high}
    per_axis = {
        letter if geo.axes == 1 else f"{letter}_{axis + 1}": value
        for letter, sizes in values.items()
        for axis, value in enumerate(sizes)
    }
    channels = {"N": geo.batch, "G": geo.groups, "M": geo.out_channels // geo.groups, "C": geo.w[1]}
    return per_axis | channels


def _tidy(sum_: GuardedSum) -> GuardedSum:
    """Leave out what numbers have settled: sums of one term, guards that always hold."""
    from convproof.symbolic.rules import absorb, each

    return each(absorb, replace(sum_, terms=tuple(map(_without_single, sum_.terms))))


def _without_single(term: Term) -> Term:
    """Put 0 in the place of an index that is summed over 0 alone."""

    def single(index: Index) -> bool:
        return index.size == 1

    zeros = {index.symbol: 0 for index in term.binders if single(index)}
    changed = term.map(lambda e: e.subs(zeros))
    return replace(changed, binders=tuple(index for index in changed.binders if not single(index)))


def matrices(geo: Conv) -> Iterator[ShownMatrix]:
    """Yield the matrices of a geometry: forward, transposed, and the data matrix.

    Raises
    ------
    ArgumentValueError
        A geometry that `derive.check_geometry` refuses.
    """
    check_geometry(geo)
    from convproof.symbolic.matrix import matrix

    forward, data = matrix(geo), matrix(geo, acts_on="w")
    narrow = geo.axes < 3 and geo.x[:2] == geo.w[:2] == (1, 1)
    most = _MOST_COLUMNS if narrow else _MOST_WIDE_COLUMNS
    for found, caption, equation in (
        (forward, "The convolution", r"\operatorname{vec}(y) = C(w) \operatorname{vec}(x)"),
        (forward.T, "Its transpose: the input gradient, and the transposed convolution",
         r"\operatorname{vec}(\bar{x}) = C(w)^{\mathsf{T}} \operatorname{vec}(g)"),
        (data, "The data matrix (im2col)", r"\operatorname{vec}(y) = X(x) \operatorname{vec}(w)"),
    ):  # fmt: skip
        rows, columns = found.shape
        kind = f", {found.structure}" if math.prod(found.shape) <= 100_000 else ""
        yield ShownMatrix(f"{caption}: {rows} × {columns}{kind}", equation, found.latex(max_size=most))
