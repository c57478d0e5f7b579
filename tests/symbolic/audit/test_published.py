"""The classes of misprints that published material has, each in a small matrix of its own."""

from __future__ import annotations

import pytest

from convproof.symbolic.audit import audit

#: A 3 x 3 kernel of names on a 4 x 4 input, transposed, with one tap too many.
TRANSPOSED_2D = r"""
Slide 12 % of a lecture

$$\begin{pmatrix}
 v_{0,0} & 0 & 0 & 0 \\
 \underline{v_{0,1}} & v_{0,0} & 0 & 0 \\
 v_{0,2} & v_{0,1} & 0 & 0 \\
 v_{0,0} & v_{0,2} & 0 & 0 \\
 v_{1,0} & 0 & v_{0,0} & 0 \\
 v_{1,1} & v_{1,0} & v_{0,1} & v_{0,0} \\
 v_{1,2} & v_{1,1} & v_{0,2} & v_{0,1} \\
 0 & v_{1,2} & 0 & v_{0,2} \\
 v_{2,0} & 0 & v_{1,0} & 0 \\
 v_{2,1} & v_{2,0} & v_{1,1} & v_{1,0} \\
 v_{2,2} & v_{2,1} & v_{1,2} & v_{1,1} \\
 0 & v_{2,2} & 0 & v_{1,2} \\
 0 & 0 & v_{2,0} & 0 \\
 0 & 0 & v_{2,1} & v_{2,0} \\
 0 & 0 & v_{2,2} & v_{2,1} \\
 0 & 0 & 0 & v_{2,2}
\end{pmatrix}$$
"""

SAME_TRANSPOSED = r"""
\begin{bmatrix}
 \mathbf{q} & \mathbf{p} & 0 & 0 & 0 & 0 \\
 \mathbf{r} & \mathbf{q} & \mathbf{p} & 0 & 0 & 0 \\
 0 & \mathbf{r} & \mathbf{q} & \mathbf{p} & 0 & 0 \\
 0 & p & \mathbf{r} & \mathbf{q} & \mathbf{p} & 0 \\
 0 & 0 & p & \mathbf{r} & \mathbf{q} & \mathbf{p} \\
 0 & 0 & 0 & 0 & \mathbf{r} & \mathbf{q}
\end{bmatrix}"""

STRIDED_TRANSPOSED = (
    r"\begin{bmatrix} \mathbf{x} & 0 & 0 \\ \mathbf{y} & 0 & 0 \\ \mathbf{z} & \mathbf{x} & 0 \\ x & \mathbf{y} & 0 \\"
    r" 0 & \mathbf{z} & \mathbf{x} \\ 0 & 0 & \mathbf{y} \\ 0 & 0 & \mathbf{z} \end{bmatrix}"
)

RAGGED = r"""A Toeplitz matrix:
\begin{bmatrix}
 a & b & c & 0 & 0 & 0 \\
 0 & a & b & c & 0 & 0 \\
 0 & 0 & a & b & c & 0 \\
 0 & 0 & 0 & a & b & c \\
 0 & 0 & 0 & 0 & a & b & c
\end{bmatrix}"""

ONE_SIDED = r"""\begin{bmatrix}
a & b & c & 0 & 0 & 0 \\ 0 & a & b & c & 0 & 0 \\ 0 & 0 & a & b & c & 0 \\ 0 & 0 & 0 & a & b & c \\
0 & 0 & 0 & 0 & a & b
\end{bmatrix}"""

#: The same as text with tabulators and HTML, as taken from slides.
ONE_SIDED_TABLE = "\n".join(
    "\t".join(f"<b>{cell}</b>" if cell != "0" else cell for cell in row.split())
    for row in ("a b c 0 0 0", "0 a b c 0 0", "0 0 a b c 0", "0 0 0 a b c", "0 0 0 0 a b")
)


def test_a_tap_too_many_in_a_transposed_matrix():
    (finding,) = audit(TRANSPOSED_2D)
    assert (finding.line, finding.at, finding.row, finding.column) == (4, 8, 3, 0)
    assert (finding.printed, finding.derived, finding.kind) == ("v_{0,0}", "0", "entry")
    assert finding.geometry == "x1x1x4x4-w1x1x3x3 transposed"
    assert str(finding) == (
        "line 8: entry (3, 0): printed here v_{0,0}, derived 0 for x1x1x4x4-w1x1x3x3 transposed (matrix at line 4)"
    )


def test_an_index_that_no_tap_has():
    right = TRANSPOSED_2D.replace("v_{0,0} & v_{0,2} & 0 & 0", "0 & v_{0,2} & 0 & 0")
    assert not audit(right)
    (finding,) = audit(right.replace("v_{2,1} & v_{2,0} & v_{1,1}", "v_{2,1} & v_{9,9} & v_{1,1}"))
    assert (finding.row, finding.column, finding.printed, finding.derived) == (9, 1, "v_{9,9}", "v_{2,0}")


def test_taps_that_went_on_too_long():
    found = audit(SAME_TRANSPOSED)
    assert [(each.row, each.column, each.printed, each.derived) for each in found] == [
        (3, 1, "p", "0"),
        (4, 2, "p", "0"),
    ]
    assert {each.geometry for each in found} == {"x1x1x6-w1x1x3-p1 transposed"}
    assert found.matrices[0].verdict == "2 entries differ"


def test_a_strided_transposed_matrix():
    (finding,) = audit(STRIDED_TRANSPOSED)
    assert (finding.row, finding.column, finding.printed, finding.derived) == (3, 0, "x", "0")
    assert finding.geometry == "x1x1x7-w1x1x3-s2 transposed"


def test_a_row_with_an_entry_too_many():
    (finding,) = audit(RAGGED)
    assert (finding.kind, finding.row, finding.column, finding.at) == ("ragged row", 4, None, 7)
    assert (finding.printed, finding.derived) == ("7 entries", "6 entries")
    assert str(finding).startswith("line 7: row 4: printed here 7 entries, derived 6 entries")


def test_a_row_with_an_entry_too_few():
    (finding,) = audit(
        RAGGED.replace("0 & 0 & a & b & c & 0", "0 & a & b & c & 0").replace(r" & c" + "\n\\end", "\n\\end")
    )
    assert (finding.kind, finding.row, finding.printed) == ("ragged row", 2, "5 entries")


@pytest.mark.parametrize("text", [ONE_SIDED, ONE_SIDED_TABLE])
def test_padding_on_one_side_that_nothing_speaks_of(text):
    (finding,) = audit(text)
    assert finding.kind == "one-sided padding"
    assert finding.geometry == "x1x1x6-w1x1x3-p0_1"
    assert (finding.printed, finding.derived) == ("a 5x6 matrix", "4x6 with the same padding on both sides")


@pytest.mark.parametrize(
    "says",
    [
        "We pad one zero on the right.",
        "With one-sided padding:",
        "padding=(0, 1)",
        "a causal filter, cropped:",
        "Zero padding at the end only.",
    ],
)
def test_padding_on_one_side_that_the_text_speaks_of(says):
    found = audit(f"{says}\n\n{ONE_SIDED}")
    assert not found
    assert found.matrices[0].verdict == "as derived"
    assert audit(f"We pad nothing at all, and stride by one.\n\n{ONE_SIDED}")


def test_all_of_them_in_one_text():
    text = "\n\n".join([TRANSPOSED_2D, SAME_TRANSPOSED, STRIDED_TRANSPOSED, RAGGED, ONE_SIDED, ONE_SIDED_TABLE])
    found = audit(text)
    kinds = [each.kind for each in found]
    assert kinds == ["entry"] * 4 + ["ragged row", "one-sided padding", "one-sided padding"]
    assert [each.line for each in found] == sorted(each.line for each in found)
    assert text.splitlines()[found[0].at - 1].strip().startswith("v_{0,0} & v_{0,2}")


def test_channels_filters_and_groups():
    channels = [
        "a_0 a_1 a_2 0 0 b_0 b_1 b_2 0 0",
        "0 a_0 a_1 a_2 0 0 b_0 b_1 b_1 0",
        "0 0 a_0 a_1 a_2 0 0 b_0 b_1 b_2",
    ]
    (finding,) = audit(matrix(channels))
    assert (finding.row, finding.column, finding.printed, finding.derived) == (1, 8, "b_{1}", "b_{2}")
    assert finding.geometry == "x1x2x5-w1x2x3"
    depthwise = [
        "w_{0,0} w_{0,1} 0 0 0 0",
        "0 w_{0,0} w_{0,1} 0 w_{0,0} 0",
        "0 0 0 w_{1,0} w_{1,1} 0",
        "0 0 0 0 w_{1,0} w_{1,1}",
    ]
    (finding,) = audit(matrix(depthwise))
    assert (finding.row, finding.column, finding.derived) == (1, 4, "0")
    assert finding.geometry == "x1x2x3-w2x1x2-g2"


def test_the_data_matrix():
    patches = ["x_1 x_2 x_3", "x_2 x_3 x_4", "x_3 x_4 x_5", "x_4 x_4 x_6"]
    (finding,) = audit(matrix(patches))
    assert (finding.row, finding.column, finding.printed, finding.derived) == (3, 1, "x_{4}", "x_{5}")
    assert finding.geometry == "x1x1x6-w1x1x3 data"


def test_other_padding_than_zeros():
    wraps = ["b c 0 0 0 a", "a b c 0 0 0", "0 a b c 0 0", "0 0 a b b 0", "0 0 0 a b c", "c 0 0 0 a b"]
    (finding,) = audit(matrix(wraps))
    assert (finding.row, finding.column, finding.printed, finding.derived) == (3, 4, "b", "c")
    assert finding.geometry == "x1x1x6-w1x1x3-p1-mode=circular"


def test_a_sum_that_is_derived_is_written_out():
    repeats = ["a+b c 0 0 0 0", "a b c 0 0 0", "0 a b c 0 0", "0 0 a b c 0", "0 0 0 a b c", "0 0 0 0 a c"]
    (finding,) = audit(matrix(repeats))
    assert (finding.row, finding.column, finding.printed, finding.derived) == (5, 5, "c", "b + c")


@pytest.mark.parametrize("slip", ["w_{7}", "w_{99}", "v_{1}", "q", "2", "w_{2} + w_{1}", r"\blacksquare"])
def test_a_misprint_that_is_no_tap_at_all(slip):
    rows = ["w_0 w_1 w_2 0 0 0", "0 w_0 w_1 w_2 0 0", "0 0 w_0 w_1 slip 0", "0 0 0 w_0 w_1 w_2"]
    (finding,) = audit(matrix(rows).replace("slip", slip))
    assert (finding.row, finding.column, finding.derived) == (2, 4, "w_{2}")
    assert finding.printed in (slip, "w_{1} + w_{2}")


def matrix(rows):
    return "\\begin{bmatrix}\n" + " \\\\\n".join(" & ".join(row.split()) for row in rows) + "\n\\end{bmatrix}"
