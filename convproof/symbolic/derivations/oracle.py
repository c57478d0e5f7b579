"""A derived formula held against the structure tensor, the oracle of the checker: the same products, none else.

The derivation starts from the relation of an axis in symbols, the structure tensor from the same relation in
numbers (:mod:`convproof.symbolic.relation`); neither uses the other. The comparison is exact, at a few geometries
that differ in everything: strides, dilations, groups, padding on each side, cropping, outputs left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

import numpy as np
from sympy import Symbol

from convproof.evidence import Certificate, Counterexample
from convproof.geometry import Conv
from convproof.symbolic import polynomials
from convproof.symbolic.derivations.convolution import Convolution, size
from convproof.symbolic.guarded_sum import GuardedSum
from convproof.symbolic.structure import structure

__all__ = ["GEOMETRIES", "same_products"]

#: Where formulas are compared, by number of axes; o is the number of outputs kept where not all are.
GEOMETRIES = {
    1: ("x2x4x7-w6x2x3-s2-p1_2-d2-g2", "x1x2x6-w2x2x2-s3-pn1_2", "x1x1x8-w2x1x3-s2-p3_1-o2", "x2x3x4-w3x1x1-g3"),
    2: (
        "x2x2x5x4-w4x1x2x3-s2x1-p1_2x0_1-d2x1-g2",
        "x1x2x5x6-w2x2x3x2-s1x3-p3_0xn1_2-d1x2",
        "x1x1x6x5-w2x1x3x2-s2-p1-o2x1",
    ),
    3: (
        "x1x2x3x4x3-w4x1x2x1x2-s1x2x2-p1_0x0_1x1_1-d1x2x1-g2",
        "x2x2x3x2x4-w1x2x1x2x2-s2x1x3-p0_1x1_0xn1_2-d1x1x2",
    ),
}

# A slide has one channel, stride 1, and as many outputs as inputs: the padding is all on the far side.
_SIMPLE_GEOMETRIES = {
    1: ("x1x1x5-w1x1x3-p0_2", "x1x1x2-w1x1x4-p0_3"),
    2: ("x1x1x4x5-w1x1x2x3-p0_1x0_2", "x1x1x2x3-w1x1x3x1-p0_2x0_0"),
    3: ("x1x1x3x2x4-w1x1x2x3x1-p0_1x0_2x0_0",),
}


def same_products(
    conv: Convolution,
    formula: GuardedSum,
    result: str,
    factors: Mapping[str, str],
    definitions: Mapping[str, GuardedSum] | None = None,
    geometries: Iterable[str] | None = None,
) -> Certificate:
    """Compare a formula with the structure tensor, product by product, at concrete geometries.

    Parameters
    ----------
    conv : Convolution
        The symbols of the formula.
    formula : GuardedSum
        Its free indices are those of one element of the result: (b, g, m, r) for y, (b, g, c, i) for x,
        (g, m, c, a) for w; only the pixels or taps in the simple form.
    result : {"y", "x", "w"}
        Which column of the structure tensor the formula computes: ``"x"`` for an input gradient.
    factors : mapping of str to str
        The other two columns, and which tensor of the formula stands there: ``{"y": "dy", "w": "w"}``.
    definitions : mapping of str to GuardedSum, optional
        Tensors that stand for sums.
    geometries : iterable of str, optional
        One-line geometries; by default strided, dilated, grouped, asymmetric and cropped ones.

    Returns
    -------
    Certificate
        Evidence ``exact``, or a counterexample.
    """
    start = time.perf_counter()
    if geometries is None:
        geometries = (_SIMPLE_GEOMETRIES if conv.simple else GEOMETRIES)[conv.axes]
    geometries = tuple(geometries)
    sums = (formula, *(definitions or {}).values())
    tensors = {*factors.values(), *(t for sum_ in sums for term in sum_.terms for t in term.tensors)}
    names = {tensor: number for number, tensor in enumerate(sorted(tensors))}
    claim = f"the formula sums the same products as the structure tensor, for each element of {result}"
    for text in geometries:
        geo = Conv.parse(text)
        found = polynomials.table(formula, _sizes(conv, geo), names, definitions)
        wanted = _expected(conv, geo, result, {names[t]: role for role, t in factors.items()})
        if found != wanted:
            story = f"at {text}: {_difference(found, wanted, names, sums)}"
            example = Counterexample(op="derivation", geometry=text, dtype="", property="oracle", story=story)
            return Certificate(claim, "formula", text, None, counterexample=example)
    seconds = time.perf_counter() - start
    return Certificate(claim, "formula", "the geometries " + ", ".join(geometries), "exact", seconds=seconds)


def _sizes(conv: Convolution, geo: Conv) -> dict[Symbol, int]:
    """Return the number behind each symbol."""
    low, high = zip(*geo.padding, strict=True)
    values: dict[Symbol, int] = {}
    pairs = [(conv.n, geo.n), (conv.k, geo.kernel), (conv.o, geo.o), (conv.s, geo.stride), (conv.d, geo.dilation)]
    for symbols, numbers in [*pairs, (conv.p, low), (conv.named("q"), high)]:
        values |= {s: v for s, v in zip(symbols, numbers, strict=True) if s.is_Symbol}
    channels = geo.batch, geo.groups, geo.out_channels // geo.groups, geo.w[1]
    return values | dict(zip(map(size, "NGMC"), channels, strict=True))


def _expected(conv: Convolution, geo: Conv, result: str, factors: Mapping[int, str]) -> polynomials.Table:
    """Write the structure tensor as a table of products."""
    form = structure(geo)
    columns = {"y": form.out, "x": form.x, "w": form.w}
    shapes = {
        "y": (geo.batch, geo.groups, geo.out_channels // geo.groups, *geo.o),
        "x": (geo.batch, geo.groups, geo.w[1], *geo.n),
        "w": (geo.groups, geo.out_channels // geo.groups, geo.w[1], *geo.kernel),
    }

    def places(role: str) -> np.ndarray:
        indices = np.stack(np.unravel_index(columns[role], shapes[role]), axis=1)
        return indices[:, -geo.axes :] if conv.simple else indices

    return polynomials.from_columns(places(result), {t: places(role) for t, role in factors.items()}, form.coeff)


def _difference(
    found: polynomials.Table, wanted: polynomials.Table, names: Mapping[str, int], sums: Iterable[GuardedSum]
) -> str:
    """Say which product is missing, or is one too many."""
    here, there = (
        {(*row, c) for row, c in zip(t.rows.tolist(), t.coefficients.tolist(), strict=True)} for t in (found, wanted)
    )
    missing, spurious = there - here, here - there
    kind, row = ("missing", min(missing)) if missing else ("spurious", min(spurious))
    *place, coefficient = row
    arities = {f.tensor: len(f.indices) for sum_ in sums for term in sum_.terms for f in term.factors}
    element, codes = tuple(place[: found.free]), np.array(place[found.free :])
    product = " ".join(f"{f.tensor}{f.indices}" for f in polynomials.elements(codes, names, arities))
    return f"{coefficient} * {product} is {kind} at {element}"
