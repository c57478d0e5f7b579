"""Equations of printed matrices, multiplied out."""

from __future__ import annotations

import pytest

from convproof.symbolic.audit import audit


def m(rows, environment="bmatrix"):
    """Write a matrix: ``m("a b; c d")``."""
    lines = (" & ".join(row.split()) for row in rows.split(";"))
    return f"\\begin{{{environment}}}" + r" \\ ".join(lines) + f"\\end{{{environment}}}"


BAND = m("p q r 0 0; 0 p q r 0; 0 0 p q r")
COLUMN = m("0; u; v; w; 0")
RIGHT = m("qu+rv; pu+qv+rw; vp+qw")


@pytest.mark.parametrize(
    "text",
    [
        f"{BAND} {COLUMN} = {RIGHT}",
        f"$$ {RIGHT} = {BAND} \\cdot {COLUMN} $$",
        f"{BAND} \\times\n {COLUMN} &= {RIGHT}",
        f"{BAND} {COLUMN} = {RIGHT} = {BAND} {COLUMN}",
        f"{m('3 6; 4 8')} = {m('3; 4')} \\times {m('1 2')}",
        rf"\left[{m('x 1; 0 x', 'matrix')}\right]{m('x; y', 'pmatrix')} = {m('x^2+y; xy', 'pmatrix')}",
    ],
)
def test_right_products(text):
    found = audit(text)
    assert not found
    assert {(each.kind, each.verdict) for each in found.formulas} == {("product", "as derived")}
    assert found.checked


def test_a_wrong_entry_of_a_product():
    text = f"First.\n{BAND} {COLUMN} =\n{RIGHT.replace('rw', 'rv')}"
    (finding,) = audit(text)
    assert (finding.kind, finding.line, finding.at, finding.row, finding.column) == ("product", 2, 3, 1, 0)
    assert (finding.printed, finding.derived) == ("p u + q v + r v", "p u + q v + r w")


def test_a_wrong_product_written_first():
    (finding,) = audit(f"{RIGHT.replace('vp', 'vq')} = {BAND} {COLUMN}")
    assert (finding.row, finding.printed, finding.derived) == (2, "q v + q w", "p v + q w")


def test_a_product_that_differs_has_a_certificate_that_says_so():
    right, wrong = f"{BAND} {COLUMN} = {RIGHT}", f"{BAND} {COLUMN} = {RIGHT.replace('rw', 'rv')}"
    refuted = [each for each in audit(f"{right}\n\n{wrong}").certificates if not each]
    assert [each.counterexample.property for each in refuted] == ["product"]
    assert "line 3" in refuted[0].claim


@pytest.mark.parametrize(
    "text",
    [
        # element by element, and a convolution
        f"{m('1 2; 3 4')} \\cdot {m('5 6; 7 8')} = {m('5 12; 21 32')}",
        f"{m('1 2; 3 4')} \\odot {m('5 6; 7 8')} = {m('19 22; 43 51')}",
        f"{m('1 2')} * {m('1 1')} = {m('1 3 2')}",
        # shapes that do not fit, rounded numbers, words, and dots
        f"{m('1 2')} {m('1 1')} = {m('3')}",
        f"{m('0.33 0; 0 1')} {m('3; 2')} = {m('1; 2')}",
        f"{m('words')} = {m('a b')} {m('c; d')}",
        rf"{m('a ...')} {m('c; d')} = {m('e')}",
        # in different paragraphs, or with something between
        f"{m('1 2')}\n\n{m('1; 1')} = {m('9')}",
        f"{m('1 2')} A {m('1; 1')} = {m('9')}",
        f"{m('1 2')} {m('1; 1')} \\neq {m('9')}",
        f"${m('1 2')}$ ${m('1; 1')}$ = {m('9')}",
        f"{m('9')} = {m('8')}",
    ],
)
def test_what_is_no_product_of_matrices(text):
    found = audit(text)
    assert not found
    assert not found.formulas
