"""How matrices and entries are written: environments, tables, styles, names, blanks, and what is in the way."""

from __future__ import annotations

import pytest

from convproof.symbolic.audit import audit
from convproof.symbolic.audit.entries import entry
from convproof.symbolic.audit.grids import Lines, latex_grids

VALUES = {
    r"\mathbf{a}": "a",
    r"\underline{w_{0,1}}": "w_{0,1}",
    r"\color{teal} a": "a",
    r"{\color{blue}w_{0,0}}": "w_{0,0}",
    r"\textcolor{red}{\mathbf{a}}": "a",
    r"\cellcolor{gray!25}0": "0",
    r"\text{a}": "a",
    r"\boldsymbol{\theta}_{1,2}": r"\theta_{1,2}",
    r"\mathbf a": "a",
    "w_{00}^l": "w_{00}^{l}",
    "x^{(1)}_2": "x_{2}^{(1)}",
    r"\bar{w}_1": r"\bar{w}_{1}",
    "{w}_{0}": "w_{0}",
    r"w_{1,\,2}": "w_{1,2}",
    "w(0,1)": "w_{0,1}",
    "w[0][1]": "w_{0,1}",
    "w₀₁": "w_{01}",
    "w01": "w_{01}",
    "w<sub>0,1</sub>": "w_{0,1}",
    "<b>a</b>": "a",
    "**a**": "a",
    "$0$": "0",
    r"\,0\,": "0",
    r"{\Huge 0}": "0",
    r"\phantom{-}1": "1",
    "−2": "-2",
    "1/9": "1/9",
    r"\frac{1}{9}": "1/9",
    r"-\tfrac12": "-1/2",
    "0.25": "1/4",
    "a_{-1}": "a_{-1}",
    "a_{-n+1}": "a_{-n+1}",
    "ay + bz": "a y + b z",
    "2(a - b)": "2 a - 2 b",
    "a - a": "0",
}


@pytest.mark.parametrize("source", VALUES)
def test_values(source):
    assert (entry(source).kind, entry(source).token) == ("value", VALUES[source])


@pytest.mark.parametrize(
    ("kind", "sources"),
    [
        ("blank", ["", "  ", "{}", r"\quad", r"\phantom{w_{0,0}}", "<br>"]),
        ("dots", [r"\dots", r"\vdots", r"\ddots", r"\cdots", "...", "…", "⋮", "• <br>•", "÷", r"a_1 \dots a_n"]),
        ("mark", [r"\cdot", ".", "$\\cdot$", "·"]),
        (
            "text",
            ["Filter", r"\text{4x1 vector}", r"\blacksquare", "*", "{{{{", "}}", "a_{", "1/0", "x" * 1000, r"\frac{"],
        ),
    ],
)
def test_other_cells(kind, sources):
    assert {source: entry(source).kind for source in sources} == dict.fromkeys(sources, kind)


ROWS = ("a b c 0 0", "0 a b c 0", "0 0 a b b")


def body(separator=" & ", end=" \\\\\n"):
    return end.join(separator.join(row.split()) for row in ROWS)


@pytest.mark.parametrize(
    "text",
    [
        *(
            f"\\begin{{{name}}}{body()}\\end{{{name}}}"
            for name in ("matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix", "bsmallmatrix")
        ),
        r"\begin{bmatrix*}[r]" + body() + r"\end{bmatrix*}",
        r"\begin{array}{ccc|cc}\hline " + body(end=r" \\ \hline ") + r" \\ \hline\end{array}",
        r"\left(\begin{array}[t]{@{}c*{3}{c}>{\bf}c@{}}" + body(end=r"\\*[-1.5pt] ") + r"\end{array}\right)",
        r"\begin{bmatrix}" + body(end=r"\\ \cline{2-3} ") + r"\\[2pt]\end{bmatrix}",
        r"\begin{bmatrix}" + body(end=r"\cr ") + r"\end{bmatrix}",
        r"\begin{bmatrix}" + body(end="\\\\ % & 0 & \\\\ \\end{bmatrix} \\% {\n") + r"\end{bmatrix}",
        r"\begin{bmatrix}" + body(separator=" &amp; ") + r"\end{bmatrix}",
        r"\begin{matrix} y & = & \begin{pmatrix}" + body() + r"\end{pmatrix} & x \end{matrix}",
        r"{ \end{bmatrix} \begin{pmatrix} { \begin{bmatrix}" + body() + r"\end{bmatrix}",
        "| | | | | |\n|---|:-:|---|---|--:|\n| " + body(" | ", " |\n| ") + " |",
        "| " + body(" | ", " |\n| ").replace("\n", "\n|---|---|---|---|---|\n", 1) + " |",
        body("\t", "\n"),
        "Filter\t\t\t\t\n" + body("\t", "\n"),
        "| | x_0 | x_1 | x_2 | x_3 | x_4 |\n|---|---|---|---|---|---|\n"
        + "\n".join(f"| y_{r} | " + " | ".join(row.split()) + " |" for r, row in enumerate(ROWS)),
    ],
)
def test_ways_to_write_a_matrix(text):
    (finding,) = audit("Text.\n\n" + text + "\n\nMore text.")
    assert (finding.row, finding.column, finding.printed, finding.derived) == (2, 4, "b", "c")
    assert finding.geometry == "x1x1x5-w1x1x3"


def test_several_on_one_line():
    one = r"\begin{bmatrix}" + body(end=r"\\") + r"\end{bmatrix}"
    found = audit(f"{one} and {one}, {one}")
    assert len(found) == len(found.matrices) == 3


def test_lines_of_entries():
    text = "\n\n\\begin{bmatrix}\n% a comment\n" + body(end=" \\\\\n\n") + "\n\\end{bmatrix}"
    (finding,) = audit(text)
    assert finding.line == 3
    assert text.splitlines()[finding.at - 1] == "0 & 0 & a & b & b"
    windows = audit(text.replace("\n", "\r\n"))
    assert windows == audit(text)


@pytest.mark.parametrize(
    "names",
    [
        ("w_0", "w_1", "w_2"),
        ("w_1", "w_2", "w_3"),
        ("w_{-1}", "w_0", "w_1"),
        (r"\alpha", r"\beta", r"\gamma"),
        ("k_{1}^{(2)}", "k_{2}^{(2)}", "k_{3}^{(2)}"),
        ("h(0)", "h(1)", "h(2)"),
        ("P", "Q", "R"),
        ("w_{1,1}", "w_{1,2}", "w_{1,3}"),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_numberings(names, backwards):
    a, b, c = reversed(names) if backwards else names
    rows = [[a, b, c, "0", "0", "0"], ["0", a, b, c, "0", "0"], ["0", "0", a, c, c, "0"], ["0", "0", "0", a, b, c]]
    (finding,) = audit(r"\begin{bmatrix}" + r"\\".join(map(" & ".join, rows)) + r"\end{bmatrix}")
    assert (finding.row, finding.column) == (2, 3)
    assert "flipped" in finding.geometry or not backwards


def test_blanks_and_dots_for_zeros():
    for zero in ("", r"\cdot", ".", r"\text{0}"):
        rows = [row.replace("0", "Z").replace(" ", " & ").replace("Z", zero) for row in ROWS]
        (finding,) = audit(r"\begin{bmatrix}" + r"\\".join(rows) + r"\end{bmatrix}")
        assert (finding.row, finding.column, finding.derived) == (2, 4, "c")


def test_nested_environments_stand_apart():
    text = r"\begin{bmatrix} \begin{bmatrix} a & b \\ c & d \end{bmatrix} & e \\ f & g \end{bmatrix}"
    grids = latex_grids(text, Lines(text))
    assert [grid.nests for grid in grids] == [True, False]
    assert grids[1].home == (0, 1, 0)


def test_what_stands_in_braces_is_one_entry():
    text = r"\begin{matrix} \substack{a & b \\ c} & d \\ e & f \end{matrix}"
    (grid,) = latex_grids(text, Lines(text))
    assert [[cell.text.strip() for cell in row] for row in grid.rows] == [[r"\substack{a & b \\ c}", "d"], ["e", "f"]]


def test_columns_that_one_entry_spans():
    rows = r"a & b & c & \multicolumn{2}{c}{} \\ & a & b & c & \\ \multicolumn{2}{c|}{} & a & b & b"
    (finding,) = audit(r"\begin{array}{ccccc}" + rows + r"\end{array}")
    assert (finding.row, finding.column) == (2, 4)
