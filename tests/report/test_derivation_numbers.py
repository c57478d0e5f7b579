"""Formulas with a geometry's numbers put in are the formulas at that geometry; matrices are those of the geometry."""

from __future__ import annotations

import pytest

from convproof.errors import ArgumentValueError
from convproof.geometry import Conv
from convproof.report.derivation_numbers import in_numbers, matrices
from convproof.symbolic import polynomials
from convproof.symbolic.derive import check_geometry
from convproof.symbolic.matrix import matrix
from tests.report.derivation_samples import derived

ODD = "x2x4x7-w6x2x3-s2-p1_2-d2-g2"
EVEN = "x1x1x4-w1x1x3-p1"


def values(sum_, geo):
    """The numbers of a one-axis geometry for the symbols of a formula, written out by hand."""
    (low, high), n = geo.padding[0], geo.n[0]
    named = {
        "n": n, "k": geo.kernel[0], "o": geo.o[0], "s": geo.stride[0], "d": geo.dilation[0], "p": low, "q": high,
        "N": geo.x[0], "G": geo.groups, "M": geo.w[0] // geo.groups, "C": geo.x[1] // geo.groups,
    }  # fmt: skip
    return {symbol: named[str(symbol)] for symbol in sum_.parameters}


@pytest.mark.parametrize("geometry", [ODD, EVEN])
@pytest.mark.parametrize("op", ["conv1d_input", "conv1d_weight"])
def test_numbers_give_the_same_polynomials(op, geometry):
    geo = Conv.parse(geometry)
    (formula,) = in_numbers(derived(op), geo)
    general = next(step.after for step in derived(op).steps if step.final)
    names = {"dy": 0, "w": 1, "x": 2}
    assert polynomials.table(formula.expression, {}, names) == polynomials.table(general, values(general, geo), names)
    assert formula.expression.parameters == ()


def test_numbers_of_bold_formulas_are_told_for_each_axis():
    geo = Conv.parse("x1x1x4x5-w1x1x2x3-p0_1x0_2")
    (bold,), (plain,) = (in_numbers(derived("conv2d_input", vectors=on), geo) for on in (True, False))
    assert bold == plain and r"\mathbf" not in bold.left + "".join(bold.pieces)


def test_another_geometry_gives_other_polynomials():
    one, other = (in_numbers(derived(), Conv.parse(text))[0].expression for text in (EVEN, "x1x1x4-w1x1x3-p0_2"))
    names = {"dy": 0, "w": 1}
    assert polynomials.table(one, {}, names) != polynomials.table(other, {}, names)


def test_sums_of_one_term_and_brackets_that_always_hold_are_left_out():
    (formula,) = in_numbers(derived(), Conv.parse(EVEN))
    written = " ".join(formula.pieces)
    assert r"\mid" not in written and "m=0" not in written and r"\frac" not in written
    assert r"\sum_{a=0}^{2}" in written


@pytest.mark.parametrize("geometry", ["x1x1x4x4-w1x1x3x3-p1", "x1x1x4-w1x1x3-p1-mode=circular"])
def test_a_geometry_of_something_else_has_no_numbers(geometry):
    assert in_numbers(derived(), Conv.parse(geometry)) == []


def test_a_slide_takes_the_numbers_of_a_slide_only():
    slide = derived(simple=True)
    assert len(in_numbers(slide, Conv.parse("x1x1x4-w1x1x3-p0_2"))) == 1
    for other in (EVEN, "x1x1x5-w1x1x3", "x1x2x4-w1x2x3-p0_2", "x2x1x4-w1x1x3-p0_2", "x1x1x5-w1x1x3-s2-p0_6"):
        assert in_numbers(slide, Conv.parse(other)) == []


def test_matrices_are_forward_transposed_and_im2col():
    geo = Conv.parse(EVEN)
    shown = list(matrices(geo))
    assert [one.latex for one in shown] == [m.latex() for m in (matrix(geo), matrix(geo).T, matrix(geo, acts_on="w"))]
    assert "4 × 4" in shown[0].caption and "4 × 3" in shown[2].caption


@pytest.mark.parametrize(
    "geometry", ["x1x1x4096x4096-w1x1x3x3", "x0x1x4-w1x1x3", "x1x0x4-w1x0x3", "x1x1x4-w1x1x3-p1-mode=circular"]
)
def test_geometries_that_nobody_could_read_are_refused(geometry):
    with pytest.raises(ArgumentValueError, match="geometry="):
        check_geometry(Conv.parse(geometry))
    with pytest.raises(ArgumentValueError):
        list(matrices(Conv.parse(geometry)))
