"""Small matrices, as notes print them: every misprint that the matrix itself can tell is found where it is."""

from __future__ import annotations

import itertools
import random

import pytest

from convproof.symbolic.audit import audit
from tests.symbolic.audit.printed import Axis, entries

#: Axes, printed twice or more where a misprint leaves enough to say what was meant.
SMALL = {
    "4 to 2": (Axis(4, 3),),
    "5 to 3": (Axis(5, 3),),
    "4 to 3": (Axis(4, 2),),
    "5 to 2, stride 2": (Axis(5, 3, 2),),
    "6 to 2, stride 2": (Axis(6, 4, 2),),
    "5 to 3, stride 2, padding 1": (Axis(5, 3, 2, 1, 1),),
    "6 to 2, dilation 2": (Axis(6, 3, 1, 2),),
    "3 to 3, padding 1": (Axis(3, 3, 1, 1, 1),),
    "3x3 to 2x2": (Axis(3, 2), Axis(3, 2)),
    "4x4 to 2x2": (Axis(4, 3), Axis(4, 3)),
    "3x4 to 2x2": (Axis(3, 2), Axis(4, 3)),
    "5x5 to 2x2, stride 2": (Axis(5, 3, 2), Axis(5, 3, 2)),
    "4x4 to 2x2, stride 1 and 2": (Axis(4, 3), Axis(5, 3, 2)),
}
NUMBERS = ["7", "2", "9", "3", "8", "4", "6", "11", "5"]


def tap_names(axes, naming):
    taps = list(itertools.product(*(range(a.k) for a in axes)))
    if naming == "letters":
        return dict(zip(taps, "abcdefghi"))
    if naming == "numbers":
        return dict(zip(taps, NUMBERS))
    if naming == "counted through":
        return {tap: f"w_{{{place + 1}}}" for place, tap in enumerate(taps)}
    return {tap: "h_{(" + ",".join(map(str, tap)) + ")}" for tap in taps}


def latex(rows, zero="0"):
    cells = [[zero if entry is None else entry for entry in row] for row in rows]
    return "\\begin{bmatrix}" + r"\\".join(" & ".join(row) for row in cells) + "\\end{bmatrix}"


def misprints(rows, names):
    """Yield every matrix with one tap left out or taken for the next, where the tap is printed elsewhere too."""
    printed = [entry for row in rows for entry in row if entry]
    for r, c in itertools.product(range(len(rows)), range(len(rows[0]))):
        entry = rows[r][c]
        others = [name for name in names if name != entry][:1]
        if entry is None or printed.count(entry) > 1:
            for wrong in others if entry is None else (None, *others):
                changed = [list(row) for row in rows]
                changed[r][c] = wrong
                yield (r, c), changed


@pytest.mark.parametrize("naming", ["letters", "brackets", "counted through"])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("name", SMALL)
def test_every_misprint_of_a_small_matrix(name, transposed, naming):
    names = tap_names(SMALL[name], naming)
    rows = [[tap and names[tap] for tap in row] for row in entries(SMALL[name], transposed, False)]
    right = audit(latex(rows))
    assert not right
    assert [each.verdict for each in right.matrices] == ["as derived"]
    for place, wrong in random.Random(name).sample(list(misprints(rows, list(names.values()))), 6):
        found = audit(latex(wrong))
        assert [(each.row, each.column) for each in found] == [place], (wrong, found)


@pytest.mark.parametrize("name", ["5 to 3", "4x4 to 2x2", "5x5 to 2x2, stride 2", "4x4 to 2x2, stride 1 and 2"])
@pytest.mark.parametrize("transposed", [False, True])
def test_kernels_of_different_numbers(name, transposed):
    names = tap_names(SMALL[name], "numbers")
    rows = [[tap and names[tap] for tap in row] for row in entries(SMALL[name], transposed, False)]
    assert [each.verdict for each in audit(latex(rows)).matrices] == ["as derived"]
    places = [(r, c) for r, row in enumerate(rows) for c, entry in enumerate(row) if entry]
    for r, c in random.Random(name).sample(places, 6):
        wrong = [list(row) for row in rows]
        wrong[r][c] = None
        found = audit(latex(wrong))
        assert [(each.row, each.column, each.derived) for each in found] == [(r, c, rows[r][c])]


@pytest.mark.parametrize("zero", [".", ".\n ", r"\cdot", r"\bullet", "", "{}", r"\,", "~", r"\textcolor{gray}{0}"])
def test_zeros_of_every_kind(zero):
    rows = [["a", "b", None, None], [None, "a", "b", None], [None, None, "a", "b"]]
    assert [each.verdict for each in audit(latex(rows, zero)).matrices] == ["as derived"]
    rows[1][2] = "a"
    (finding,) = audit(latex(rows, zero))
    assert (finding.row, finding.column, finding.derived) == (1, 2, "b")


ROWS = ["a & b & 0 & 0", "0 & a & b & 0", "0 & a & a & b"]


@pytest.mark.parametrize(
    "begin",
    [
        r"\begin{bNiceMatrix}[margin, first-row=false]%s\end{bNiceMatrix}",
        r"\begin{NiceArray}{cccc}[hvlines]%s\end{NiceArray}",
        r"\begin{longtable}{*{4}{c}}%s\end{longtable}",
        r"\begin{psmallmatrix}%s\end{psmallmatrix}",
        r"\begin{bmatrix*}[r]%s\end{bmatrix*}",
    ],
)
def test_environments_of_packages(begin):
    (finding,) = audit(begin % r"\\".join(ROWS))
    assert (finding.row, finding.column, finding.printed, finding.derived) == (2, 1, "a", "0")


@pytest.mark.parametrize("pipes", ["%s", "| %s |"])
@pytest.mark.parametrize("header", ["x_0 & x_1 & x_2 & x_3", " & & & "])
def test_tables_with_and_without_pipes_at_their_sides(pipes, header):
    rows = [header, "--- & :-: & --: & ---", *ROWS]
    text = "Before.\n\n" + "\n".join(pipes % row.replace("&", "|") for row in rows) + "\n\nAfter."
    found = audit(text)
    assert [(each.row, each.column, each.at) for each in found] == [(2, 1, 7)]
    assert found.matrices[0].shape == (3, 4)


@pytest.mark.parametrize("body", [["7 & 2", "0 & 7"], ["a & 0", "b & a", "0 & b"]])
def test_a_header_of_names_is_no_row(body):
    width = body[0].count("&") + 1
    rows = [" & ".join(f"$x_{{{i}}}$" for i in range(width)), " & ".join(["---"] * width), *body]
    found = audit("\n".join("|" + row.replace("&", "|") + "|" for row in rows))
    assert [each.shape for each in found.matrices] == [(len(body), width)]


def test_a_pipe_in_prose_is_no_table():
    assert not audit("a | b\n\nif x || y: |z|\n---\nmore | text").matrices


def test_every_name_that_is_printed_is_a_tap_where_that_explains_as_much():
    text = r"\begin{bmatrix} w_2&0&0&0&0&0 \\ 0&w_0&w_1&w_2&0&0 \\ 0&0&0&0&0&w_1 \end{bmatrix}"
    (finding,) = audit(text)
    assert (finding.row, finding.column, finding.derived, finding.geometry) == (2, 4, "w_{0}", "x1x1x6-w1x1x3-s3-p2")
