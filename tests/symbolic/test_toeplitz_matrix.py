"""One-dimensional matrices of symbolic size."""

import pytest
import sympy as sp

from convproof.errors import ArgumentTypeError, ArgumentValueError
from convproof.geometry import Conv
from convproof.symbolic.matrix import matrix
from convproof.symbolic.toeplitz_matrix import toeplitz


def test_general_entry_depends_on_the_difference_only():
    general = toeplitz("n")
    i, j, t = sp.symbols("i j t", integer=True)
    assert general.entry(i, j) == sp.IndexedBase("a")[i - j]
    assert general.entry(i + t, j + t) == general.entry(i, j)
    assert general.expression.shape == (sp.Symbol("n", integer=True, positive=True),) * 2
    explicit = toeplitz(5).sympy()
    assert explicit[4, 0] == sp.IndexedBase("a")[4]
    assert all(explicit[r + 1, c + 1] == explicit[r, c] for r in range(4) for c in range(4))


@pytest.mark.parametrize(("n", "k", "s"), [(6, 3, 1), (7, 3, 2), (9, 2, 3), (4, 4, 1), (8, 3, 2)])
def test_band_is_the_matrix_of_the_geometry(n, k, s):
    w = sp.IndexedBase("w")
    expected = matrix(Conv(x=(1, 1, n), w=(1, 1, k), stride=s)).sympy([w[a] for a in range(k)])
    assert toeplitz(n, k, stride=s).sympy() == expected


def test_symbolic_band_becomes_the_explicit_one():
    symbolic = toeplitz("n", "k", stride="s")
    n, k, s = sp.symbols("n k s", integer=True, positive=True)
    sizes = {n: 7, k: 3, s: 2}
    rows, columns = (size.subs(sizes) for size in symbolic.shape)
    explicit = sp.Matrix(rows, columns, lambda r, i: symbolic.entry(r, i).subs(sizes))
    assert explicit == toeplitz(7, 3, stride=2).sympy()


def test_latex_of_a_band_of_symbolic_size():
    assert toeplitz("n", 3).latex().splitlines()[1:5] == [
        r"w_{0} & w_{1} & w_{2} & 0 & \cdots & 0 & 0 & 0 \\",
        r"0 & w_{0} & w_{1} & w_{2} & \cdots & 0 & 0 & 0 \\",
        r"\vdots & \vdots & \vdots & \vdots & \ddots & \vdots & \vdots & \vdots \\",
        r"0 & 0 & 0 & 0 & \cdots & w_{0} & w_{1} & w_{2}",
    ]
    assert toeplitz("n", 2, stride=2).latex().splitlines()[2] == r"0 & 0 & w_{0} & w_{1} & \cdots & 0 & 0 \\"
    text = toeplitz("n", "k", stride="s").latex()
    assert r"\underbrace{0 \cdots 0}_{s}" in text
    assert r"w_{k - 1}" in text
    assert len({line.count("&") for line in text.splitlines()[1:-1]}) == 1


def test_latex_of_many_taps_has_dots():
    written = toeplitz("n", 10**20, stride=10**20).latex()
    assert r"w_{0} & \cdots & w_{99999999999999999999}" in written
    assert r"\underbrace{0 \cdots 0}_{100000000000000000000}" in written


def test_latex_of_explicit_sizes():
    assert toeplitz(3, 2).latex() == r"\begin{bmatrix}{w}_{0} & {w}_{1} & 0\\0 & {w}_{0} & {w}_{1}\end{bmatrix}"
    assert toeplitz("n", name="t")._repr_latex_().startswith("$\\displaystyle \\begin{bmatrix}\nt_{0}")


def test_refusals():
    with pytest.raises(ArgumentValueError, match="k=5: expected at most n=3"):
        toeplitz(3, 5)
    with pytest.raises(ArgumentValueError, match="stride=2: expected 1"):
        toeplitz("n", stride=2)
    with pytest.raises(ArgumentValueError, match="n=0: expected a positive integer"):
        toeplitz(0)
    for wrong in (2.5, True, "n + 1", None, [3], sp.nan):
        with pytest.raises(ArgumentTypeError, match="an integer or a symbol"):
            toeplitz(wrong)
    for wrong in (None, "", "1/0", 2.5, sp.I, sp.nan):
        with pytest.raises(ArgumentTypeError, match="i="):
            toeplitz(4, 3).entry(wrong, 0)
    with pytest.raises(ArgumentTypeError, match="name="):
        toeplitz("n", name=3)
    with pytest.raises(ArgumentValueError, match="expression takes symbols"):
        toeplitz("n").sympy()
    with pytest.raises(ArgumentValueError, match="at most 512"):
        toeplitz(1000).sympy()
