"""Matrices of other fields that nearly look like convolutions: nothing is said against them."""

from __future__ import annotations

import pytest

from convproof.symbolic.audit import audit

MATRICES = {
    "Jordan blocks": r"""
        \lambda 1 0 0 0 0 0 / 0 \lambda 1 0 0 0 0 / 0 0 \lambda 1 0 0 0 / 0 0 0 \lambda 0 0 0
        / 0 0 0 0 \lambda 1 0 / 0 0 0 0 0 \lambda 1 / 0 0 0 0 0 0 \lambda""",
    "Jordan blocks of letters": "a b 0 / 0 a 0 / 0 0 a",
    "Hurwitz": "a_1 a_3 0 0 / a_0 a_2 a_4 0 / 0 a_1 a_3 0 / 0 a_0 a_2 a_4",
    "Sylvester": "a_3 a_2 a_1 a_0 0 / 0 a_3 a_2 a_1 a_0 / b_2 b_1 b_0 0 0 / 0 b_2 b_1 b_0 0 / 0 0 b_2 b_1 b_0",
    "one insulated end": "-2 2 0 0 0 / 1 -2 1 0 0 / 0 1 -2 1 0 / 0 0 1 -2 1 / 0 0 0 1 -2",
    "upwind scheme": "2 0 0 0 0 0 / -4 3 0 0 0 0 / 1 -4 3 0 0 0 / 0 1 -4 3 0 0 / 0 0 1 -4 3 0 / 0 0 0 1 -4 3",
    "spline": "2 1 0 0 0 / 1 4 1 0 0 / 0 1 4 1 0 / 0 0 1 4 1 / 0 0 0 1 2",
    "autocorrelation": "r_0 r_1 r_2 / r_1 r_0 r_1 / r_2 r_1 r_0",
    "symmetric band": "p_0 p_1 0 / p_1 p_0 p_1 / 0 p_1 p_0",
    "longer symmetric band": "a_0 a_1 0 0 / a_1 a_0 a_1 0 / 0 a_1 a_0 a_1 / 0 0 a_1 a_0",
    "symmetric band with other ends": "b_0 b_1 0 0 / b_1 b_2 b_1 0 / 0 b_1 b_2 b_1 / 0 0 b_1 b_0",
    "absorbing chain": "p_1 p_2 0 0 / 0 p_1 p_2 0 / 0 0 p_1 p_2 / 0 0 0 1",
    "birth and death": "a b 0 0 0 / c a b 0 0 / 0 c a b 0 / 0 0 c a b / 0 0 0 c d",
    "queue": "a_0 a_1 a_2 a_3 / a_0 a_1 a_2 a_3 / 0 a_0 a_1 a_2 / 0 0 a_0 a_1",
    "cubic stiffness": """
        c_{11} c_{12} c_{12} 0 0 0 / c_{12} c_{11} c_{12} 0 0 0 / c_{12} c_{12} c_{11} 0 0 0
        / 0 0 0 c_{44} 0 0 / 0 0 0 0 c_{44} 0 / 0 0 0 0 0 c_{44}""",
    "uniaxial tensor": r"\epsilon_1 0 0 / 0 \epsilon_1 0 / 0 0 \epsilon_2",
    "strain and displacement": "b_1 0 b_2 0 b_3 0 / 0 c_1 0 c_2 0 c_3 / c_1 b_1 c_2 b_2 c_3 b_3",
    "Kronecker with the identity": "a_{11} a_{12} 0 0 / a_{21} a_{22} 0 0 / 0 0 a_{11} a_{12} / 0 0 a_{21} a_{22}",
    "filter bank": "h_0 h_1 h_2 h_3 0 0 / g_0 g_1 g_2 g_3 0 0 / 0 0 h_0 h_1 h_2 h_3 / 0 0 g_0 g_1 g_2 g_3",
    "Lanczos": r"\alpha_1 \beta_1 0 / \beta_1 \alpha_2 \beta_2 / 0 \beta_2 \alpha_3",
    "weighted graph": "0 w_1 0 w_4 / w_1 0 w_2 0 / 0 w_2 0 w_3 / w_4 0 w_3 0",
    "fulvene": r"""
        \alpha \beta 0 0 0 0 / \beta \alpha \beta 0 0 \beta / 0 \beta \alpha \beta 0 0
        / 0 0 \beta \alpha \beta 0 / 0 0 0 \beta \alpha \beta / 0 \beta 0 0 \beta \alpha""",
    "slice of a circulant": "g_1 g_2 g_0 / g_0 g_1 g_2",
    "chessboard": "1 0 1 0 / 0 1 0 1 / 1 0 1 0",
    "image": "1 1 1 0 0 / 0 1 1 1 0 / 0 0 1 1 1 / 0 0 1 1 0 / 0 1 1 0 0",
    "image of numbers": "1 2 1 0 / 0 1 2 3 / 3 0 1 2 / 2 3 0 1",
    "cyclic code": "1 0 1 1 0 0 0 / 0 1 0 1 1 0 0 / 0 0 1 0 1 1 0 / 0 0 0 1 0 1 1",
    "transitions": "0.5 0.3 0.2 0 0 / 0 0.5 0.3 0.2 0 / 0 0 0.5 0.3 0.2 / 0 0 0 0.5 0.5 / 0 0 0 0 1",
}


@pytest.mark.parametrize("name", MATRICES)
def test_matrices_of_other_fields(name):
    rows = [row.split() for row in MATRICES[name].split("/")]
    text = "\\begin{pmatrix}" + r"\\".join(" & ".join(row) for row in rows) + "\\end{pmatrix}"
    assert not audit(text)


@pytest.mark.parametrize("name", MATRICES)
def test_tables_of_other_fields(name):
    rows = [row.split() for row in MATRICES[name].split("/")]
    blank, rule = ["|" + each * len(rows[0]) for each in ("  |", "---|")]
    assert not audit("\n".join([blank, rule, *("| " + " | ".join(row) + " |" for row in rows)]))
