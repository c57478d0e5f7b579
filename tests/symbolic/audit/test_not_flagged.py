"""Right matrices of unusual kinds, and matrices that are no convolutions: nothing is said against them."""

from __future__ import annotations

import pytest

from convproof import Conv
from convproof.symbolic.audit import audit
from convproof.symbolic.matrix import full_convolution, matrix


def latex(rows):
    lines = rows.strip().splitlines()
    return "\\begin{bmatrix}\n" + " \\\\\n".join(" & ".join(line.split()) for line in lines) + "\n\\end{bmatrix}"


#: Rows, and what each is recognised as; a verdict of its own where it is not "as derived".
RECOGNISED = {
    "second difference": ("2 -1 0 0 0\n-1 2 -1 0 0\n0 -1 2 -1 0\n0 0 -1 2 -1\n0 0 0 -1 2", "x1x1x5-w1x1x3-p1"),
    "free ends": (
        "1 -1 0 0 0\n-1 2 -1 0 0\n0 -1 2 -1 0\n0 0 -1 2 -1\n0 0 0 -1 1",
        "x1x1x5-w1x1x3-p1-mode=replicate",
    ),
    "mirrored ends": ("-2 2 0 0 0\n1 -2 1 0 0\n0 1 -2 1 0\n0 0 1 -2 1\n0 0 0 2 -2", "x1x1x5-w1x1x3-p1-mode=reflect"),
    "periodic": (
        "2 -1 0 0 -1\n-1 2 -1 0 0\n0 -1 2 -1 0\n0 0 -1 2 -1\n-1 0 0 -1 2",
        "x1x1x5-w1x1x5-p0_4-mode=circular",
    ),
    "circular": ("b c 0 0 a\na b c 0 0\n0 a b c 0\n0 0 a b c\nc 0 0 a b", "x1x1x5-w1x1x3-p1-mode=circular"),
    "circulant": ("a b c d\nd a b c\nc d a b\nb c d a", "x1x1x4-w1x1x4-p0_3-mode=circular"),
    "repeated ends": ("a+b c 0 0\na b c 0\n0 a b c\n0 0 a b+c", "x1x1x4-w1x1x3-p1-mode=replicate"),
    "five-point Laplacian": (
        "4 -1 0 -1 0 0 0 0 0\n-1 4 -1 0 -1 0 0 0 0\n0 -1 4 0 0 -1 0 0 0\n-1 0 0 4 -1 0 -1 0 0\n"
        "0 -1 0 -1 4 -1 0 -1 0\n0 0 -1 0 -1 4 0 0 -1\n0 0 0 -1 0 0 4 -1 0\n0 0 0 0 -1 0 -1 4 -1\n0 0 0 0 0 -1 0 -1 4",
        "x1x1x3x3-w1x1x3x3-p1",
    ),
    "causal": ("a 0 0 0 0\nb a 0 0 0\nc b a 0 0\n0 c b a 0\n0 0 c b a", "x1x1x5-w1x1x3-p0_2 transposed"),
    "even kernel, size kept": ("a b 0 0\n0 a b 0\n0 0 a b\n0 0 0 a", "x1x1x4-w1x1x2-p0_1"),
    "stride as long as the kernel": ("a b 0 0 0 0\n0 0 a b 0 0\n0 0 0 0 a b", "x1x1x6-w1x1x2-s2"),
    "stride 2, last column unread": (
        "a b c 0 0 0 0 0\n0 0 a b c 0 0 0\n0 0 0 0 a b c 0",
        "x1x1x8-w1x1x3-s2",
    ),
    "stride 2, padding 1, half of it unread": (
        "w_1 w_2 0 0 0 0 0 0\n0 w_0 w_1 w_2 0 0 0 0\n0 0 0 w_0 w_1 w_2 0 0\n0 0 0 0 0 w_0 w_1 w_2",
        "x1x1x8-w1x1x3-s2-p1",
    ),
    "a kernel that repeats a name": (
        "a b c d e a 0 0 0\n0 a b c d e a 0 0\n0 0 a b c d e a 0\n0 0 0 a b c d e a",
        "x1x1x9-w1x1x6",
    ),
    "letters in an order of their own": ("l c r 0 0\n0 l c r 0\n0 0 l c r", "x1x1x5-w1x1x3"),
    "symmetric kernel": ("b a b 0 0\n0 b a b 0\n0 0 b a b", "x1x1x5-w1x1x3"),
    "dilated": ("w_1 0 w_2 0 w_3 0\n0 w_1 0 w_2 0 w_3", "x1x1x6-w1x1x3-d2"),
    "channels": ("a_0 a_1 0 b_0 b_1 0\n0 a_0 a_1 0 b_0 b_1", "x1x2x3-w1x2x2"),
    "filters": ("w_{0,0} w_{0,1} 0\n0 w_{0,0} w_{0,1}\nw_{1,0} w_{1,1} 0\n0 w_{1,0} w_{1,1}", "x1x1x3-w2x1x2"),
    "patches": ("x_1 x_2 x_3\nx_2 x_3 x_4\nx_3 x_4 x_5", "x1x1x5-w1x1x3 data"),
    "patches of an image": (
        "x_{00} x_{01} x_{10} x_{11}\nx_{01} x_{02} x_{11} x_{12}\nx_{10} x_{11} x_{20} x_{21}\n"
        "x_{11} x_{12} x_{21} x_{22}",
        "x1x1x3x3-w1x1x2x2 data",
    ),
    "rectangular": (
        "w_{00} w_{01} 0 0 w_{10} w_{11} 0 0\n0 w_{00} w_{01} 0 0 w_{10} w_{11} 0\n0 0 w_{00} w_{01} 0 0 w_{10} w_{11}",
        "x1x1x2x4-w1x1x2x2",
    ),
}


@pytest.mark.parametrize("name", RECOGNISED)
def test_right_matrices_of_unusual_kinds(name):
    rows, geometry = RECOGNISED[name]
    found = audit(latex(rows))
    assert not found
    assert [(each.verdict, each.geometry) for each in found.matrices] == [("as derived", geometry)]
    assert found.checked == 1


FRAMES = {
    "the first rows": "w_1 w_2 w_3 0 0 0 0\n0 w_1 w_2 w_3 0 0 0",
    "the first rows, padded": "w_1 w_2 0 0 0 0 0\nw_0 w_1 w_2 0 0 0 0\n0 w_0 w_1 w_2 0 0 0",
    "the first rows in two dimensions": (
        "w_{00} w_{01} 0 w_{10} w_{11} 0 0 0 0\n0 w_{00} w_{01} 0 w_{10} w_{11} 0 0 0\n"
        "0 0 0 w_{00} w_{01} 0 w_{10} w_{11} 0"
    ),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_of_an_animation(name):
    found = audit(latex(FRAMES[name]))
    assert not found
    assert [each.verdict for each in found.matrices] == ["frame"]


@pytest.mark.parametrize(
    "rows",
    [
        r"a & b & c & 0 & 0 & 0 \\ 0 & & & & & ",
        r"a & b & c & 0 & 0 & 0 \\ 0 & a & & & & ",
        r"w_{00}^l & w_{01}^l & & & \\ w_{10}^l & w_{11}^l & & & \\ & & & & \\ & & & & ",
        r"a & b & c & 0 & 0 & 0 \\ 0 & a & b & c & 0 & 0 \\ & & & & & \\ & & & & & ",
    ],
)
def test_frames_with_blanks(rows):
    found = audit(r"\begin{bmatrix}" + rows + r"\end{bmatrix}")
    assert not found
    assert [each.verdict for each in found.matrices] == ["frame"]


def test_a_frame_of_a_padded_matrix_lacks_rows_at_the_end():
    rows = ["b c 0 0 0", "a b c 0 0", "0 a b c 0", "0 0 a b c", "0 0 0 a b"]
    whole, without_last = latex("\n".join(rows)), latex("\n".join(rows[:-1]))
    assert not audit(f"{without_last}\n\n{whole}")
    assert [each.kind for each in audit(without_last)] == ["one-sided padding"]


NO_CONVOLUTIONS = {
    "generic Toeplitz": "a b c d e\nf a b c d\ng f a b c\nh g f a b\ni h g f a",
    "Toeplitz of two rows": "a b c d e f\ng a b c d e",
    "Toeplitz with indices": "a_0 a_{-1} a_{-2}\na_1 a_0 a_{-1}\na_2 a_1 a_0",
    "one free end": "1 -1 0 0 0\n-1 2 -1 0 0\n0 -1 2 -1 0\n0 0 -1 2 -1\n0 0 0 -1 2",
    "fixed ends": "1 0 0 0 0\n-1 2 -1 0 0\n0 -1 2 -1 0\n0 0 -1 2 -1\n0 0 0 0 1",
    "spline": "2 1 0 0 0\n1 4 1 0 0\n0 1 4 1 0\n0 0 1 4 1\n0 0 0 1 2",
    "kernel": "w_{0,0} w_{0,1} w_{0,2}\nw_{1,0} w_{1,1} w_{1,2}\nw_{2,0} w_{2,1} w_{2,2}",
    "image": "200 150 150\n100 50 100\n25 25 10",
    "triangular numbers": "1 2 0 0\n0 1 2 0\n0 0 3 2",
    "edges": "1 0 -1\n2 0 -2\n1 0 -1",
    "flipped": "9 8 7\n6 5 4\n3 2 1",
    "pooling": "1 0 3 5\n3 4 2 2\n1 3 3 9\n5 7 8 4",
    "rank one": "3 6 9\n4 8 12\n5 10 15",
    "symmetric": "a b c\nb d e\nc e f",
    "identity": "1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1",
    "permutation": "0 1 0 0\n0 0 1 0\n0 0 0 1\n1 0 0 0",
    "rotation": "c -s\ns c",
    "shift": "0 1 0 0\n0 0 1 0\n0 0 0 1\n0 0 0 0",
    "companion": "0 1 0 0\n0 0 1 0\n0 0 0 1\n-c_0 -c_1 -c_2 -c_3",
    "tridiagonal": "b_1 c_1 0 0\na_2 b_2 c_2 0\n0 a_3 b_3 c_3\n0 0 a_4 b_4",
    "triangular": "l_{11} 0 0 0\nl_{21} l_{22} 0 0\nl_{31} l_{32} l_{33} 0\nl_{41} l_{42} l_{43} l_{44}",
    "Winograd": "1 0 -1 0\n0 1 1 0\n0 -1 1 0\n0 1 0 -1",
    "Fourier": "1 1 1 1\n1 -i -1 i\n1 -1 1 -1\n1 i -1 -i",
    "Pascal": "1 0 0 0\n1 1 0 0\n1 2 1 0\n1 3 3 1",
    "blocks": "a b 0 0 0 0\nc d 0 0 0 0\n0 0 a b 0 0\n0 0 c d 0 0\n0 0 0 0 a b\n0 0 0 0 c d",
    "Sylvester": "a_3 a_2 a_1 a_0 0\n0 a_3 a_2 a_1 a_0\nb_2 b_1 b_0 0 0\n0 b_2 b_1 b_0 0\n0 0 b_2 b_1 b_0",
    "points": "x_1 y_1 1 0 0 0\n0 0 0 x_1 y_1 1\nx_2 y_2 1 0 0 0\n0 0 0 x_2 y_2 1",
    "zeros": "0 0 0\n0 0 0\n0 0 0",
    "column": "a\nb\nc",
    "row": "a b a b a b",
}


@pytest.mark.parametrize("name", NO_CONVOLUTIONS)
def test_matrices_that_are_no_convolutions(name):
    found = audit(latex(NO_CONVOLUTIONS[name]))
    assert not found
    (seen,) = found.matrices
    assert seen.verdict == ("generic Toeplitz" if "Toeplitz" in name or name == "rotation" else "not a convolution")
    assert not found.checked
    assert "nothing to audit" in str(found)


DOTS = [
    r"\begin{bmatrix} a_0 & a_{-1} & \cdots & a_{-n+1} \\ a_1 & a_0 & \ddots & \vdots \\ \vdots & & \ddots & a_{-1}"
    r" \end{bmatrix}",
    r"\begin{bmatrix} w_{00} & \dots \\ \vdots & \ddots \end{bmatrix}",
    r"\begin{bmatrix} a & b & 0 & \cdot \\ 0 & a & b & \cdot \\ \cdot & \cdot & \cdot & \cdot \end{bmatrix}",
    "| $w_k$ | 0 | • • • | 0 |\n| • | • <br> • | • | ÷ |\n| 0 | $w_1$ | ... | $w_k$ |",
]


@pytest.mark.parametrize("text", DOTS)
def test_matrices_with_dots_are_skipped(text):
    found = audit(text)
    assert not found
    assert [each.verdict for each in found.matrices] == ["skipped: dots"]


TABLES = [
    "Type / Stride\tFilter Shape\tInput Size\t\n"
    "Conv / s2\t$3 \\times 3 \\times 3 \\times 32$\t$224 \\times 224 \\times 3$\t\n"
    "Conv dw / s1\t$3 \\times 3 \\times 32$ dw\t$112 \\times 112 \\times 32$\t",
    "| layer | size |\n|---|---|\n| conv1 | 3 |\n| conv2 | 3 |\n| fc | 10 |",
    "| | cat | dog |\n|---|---|---|\n| cat | 5 | 1 |\n| dog | 1 | 5 |",
    "| A | B | out |\n|---|---|---|\n| 0 | 0 | 0 |\n| 0 | 1 | 1 |\n| 1 | 0 | 1 |\n| 1 | 1 | 0 |",
    "\tfor i in x:\n\t\tprint(i)\n\treturn",
]


@pytest.mark.parametrize("text", TABLES)
def test_tables_that_are_no_matrices(text):
    found = audit(text)
    assert not found
    assert {each.verdict for each in found.matrices} <= {"not a convolution"}


def test_a_kernel_as_a_table():
    rows = [[f"$w_{{{a},{b}}}$" for b in range(3)] for a in range(3)]
    found = audit("Filter\t\t\n" + "\n".join("\t".join(row) for row in rows))
    assert not found
    assert [(each.shape, each.verdict) for each in found.matrices] == [((3, 3), "not a convolution")]


@pytest.mark.parametrize("options", [{}, {"zeros": "."}, {"zeros": ""}, {"environment": "pmatrix"}, {"lines": True}])
@pytest.mark.parametrize(
    "geometry",
    [
        "x1x1x8-w1x1x3",
        "x1x1x8-w1x1x3-s2-p1",
        "x1x1x9-w1x1x3-d2-p2",
        "x1x1x4x4-w1x1x3x3",
        "x1x1x4x4-w1x1x2x2-p1",
        "x1x1x3x5-w1x1x2x3",
        "x1x2x4x4-w2x2x3x3",
    ],
)
def test_what_convproof_prints_itself(geometry, options):
    derived = matrix(Conv.parse(geometry))
    for each, says in ((derived, geometry), (derived.T, f"{geometry} transposed"), (derived.flipped(), geometry)):
        found = audit(each.latex(**options, max_size=40))
        assert not found
        assert [seen.verdict for seen in found.matrices] == ["as derived"]
        assert not audit(each.latex(**options, max_size=40), says)
    assert not audit(full_convolution(5, 3).latex(**options))


def test_the_textbook_matrix_is_recognised():
    """The 4 x 16 matrix of Dumoulin and Visin, section 4.1, as text with pipes and brackets taken for letters."""
    taps = [[f"$w_{{{a},{b}}}$" for b in range(3)] for a in range(3)]
    rows = []
    for r, c in ((0, 0), (0, 1), (1, 0), (1, 1)):
        cells = ["0"] * 16
        for a in range(3):
            for b in range(3):
                cells[4 * (r + a) + c + b] = taps[a][b]
        rows.append(cells)
    lines = [f"| {bracket} | {' | '.join(row)} |" for bracket, row in zip("1III", rows)]
    lines[0] = lines[0][:-1] + "\\ |"
    lines.insert(1, "|" + "---|" * 17)
    found = audit("\n".join(lines))
    assert not found
    assert [(each.shape, each.geometry) for each in found.matrices] == [((4, 16), "x1x1x4x4-w1x1x3x3")]
