"""The matrices that lectures teach, and third parties that know some of them."""

import numpy as np
import pytest
import scipy.linalg
import scipy.signal
import sympy as sp
from hypothesis import given, settings

from convproof.errors import ArgumentTypeError, ArgumentValueError
from convproof.geometry import Conv
from convproof.symbolic.matrix import full_convolution, matrix

from .geometries import convs, integers

FILTER = Conv(x=(1, 1, 4, 4), w=(1, 1, 3, 3))  # a 3x3 filter on a 4x4 input
w = {(i, j): sp.Symbol(f"w_{{{i},{j}}}") for i in range(3) for j in range(3)}


def row_of_the_filter(shift):
    """The filter's rows laid out in a row of 16, four apart, moved right by so many columns."""
    row = [0] * 16
    for (i, j), symbol in w.items():
        row[shift + 4 * i + j] = symbol
    return row


# ---------------------------------------------------------------------- one axis


def test_band_of_a_filter_of_three_taps():
    x, y, z = sp.symbols("x y z")
    banded = sp.Matrix([[x, y, z, 0, 0, 0], [0, x, y, z, 0, 0], [0, 0, x, y, z, 0], [0, 0, 0, x, y, z]])
    result = matrix(Conv(x=(1, 1, 6), w=(1, 1, 3)))
    assert result.sympy([x, y, z]) == banded
    assert result.structure == "Toeplitz (band)"


def test_worked_example_with_padding():
    """Four elements padded by one, three taps: the banded matrix times (0, a, b, c, d, 0)."""
    a, b, c, d, x, y, z = sp.symbols("a b c d x y z")
    banded = matrix(Conv(x=(1, 1, 6), w=(1, 1, 3))).sympy([x, y, z])
    expected = sp.Matrix([a * y + b * z, a * x + b * y + c * z, b * x + c * y + d * z, c * x + d * y])
    assert banded * sp.Matrix([0, a, b, c, d, 0]) == expected
    assert matrix(Conv(x=(1, 1, 4), w=(1, 1, 3), padding=1)).sympy([x, y, z]) * sp.Matrix([a, b, c, d]) == expected


def test_worked_example_transposed():
    a, b, c, d, x, y, z = sp.symbols("a b c d x y z")
    banded = matrix(Conv(x=(1, 1, 6), w=(1, 1, 3)))
    expected = sp.Matrix(
        [a * x, a * y + b * x, a * z + b * y + c * x, b * z + c * y + d * x, c * z + d * y, d * z],
    )
    assert banded.T.sympy([x, y, z]) * sp.Matrix([a, b, c, d]) == expected
    assert full_convolution(4, 3) == banded.T


def test_stride_two_and_its_transpose():
    a, b, c = sp.symbols("a b c")
    strided = matrix(Conv(x=(1, 1, 7), w=(1, 1, 3), stride=2))
    rows = [[a, b, c, 0, 0, 0, 0], [0, 0, a, b, c, 0, 0], [0, 0, 0, 0, a, b, c]]
    assert strided.sympy([a, b, c]) == sp.Matrix(rows)
    assert strided.T.sympy([a, b, c]) == sp.Matrix(rows).T
    assert strided.T.sympy([a, b, c])[3, :] == sp.Matrix([[0, b, 0]])
    assert (strided.structure, strided.T.structure) == ("strided band (stride 2)", "transposed strided band (stride 2)")


@pytest.mark.parametrize(("n", "k"), [(1, 1), (3, 2), (5, 3), (2, 5)])
def test_full_convolution_is_what_scipy_says(n, k):
    taps = integers(k, 1)
    full = full_convolution(n, k)
    assert full.shape == (n + k - 1, n)
    np.testing.assert_array_equal(full.scipy(taps).toarray(), scipy.linalg.convolution_matrix(taps, n))
    x = integers(n, 2)
    np.testing.assert_array_equal(full.scipy(taps) @ x, np.convolve(x, taps))
    assert full == matrix(Conv(x=(1, 1, n), w=(1, 1, k), padding=k - 1)).flipped()


def test_full_convolution_in_two_dimensions():
    taps, x = integers((2, 3), 1), integers((4, 3), 2)
    full = full_convolution((4, 3), (2, 3)).scipy(taps)
    np.testing.assert_array_equal((full @ x.ravel()).reshape(5, 5), scipy.signal.convolve(x, taps, method="direct"))


def test_valid_matrix_is_a_scipy_toeplitz():
    taps = integers(3, 1)
    first_row, first_column = [*taps, 0, 0, 0], [taps[0], 0, 0, 0]
    result = matrix(Conv(x=(1, 1, 6), w=(1, 1, 3))).scipy(taps).toarray()
    np.testing.assert_array_equal(result, scipy.linalg.toeplitz(first_column, first_row))


def test_circular_matrix_is_a_scipy_circulant():
    taps = integers(3, 1)
    result = matrix(Conv(x=(1, 1, 5), w=(1, 1, 3), padding=1, mode="circular"))
    column = [taps[1], taps[0], 0, 0, taps[2]]
    np.testing.assert_array_equal(result.scipy(taps).toarray(), scipy.linalg.circulant(column))
    assert result.structure == "circulant"


# ---------------------------------------------------------------------- two axes


def test_doubly_block_matrix_of_a_filter():
    expected = sp.Matrix([row_of_the_filter(shift) for shift in (0, 1, 4, 5)])
    result = matrix(FILTER)
    assert result.sympy() == expected
    assert result.structure == "doubly block Toeplitz"


def test_its_transpose_has_a_zero_in_row_three():
    """Input element (0, 3) is read by the second window only: entry (3, 0) is 0, not w_{0,0}."""
    transposed = matrix(FILTER).T.sympy()
    assert transposed.shape == (16, 4)
    assert transposed[:4, :] == sp.Matrix(
        [[w[0, 0], 0, 0, 0], [w[0, 1], w[0, 0], 0, 0], [w[0, 2], w[0, 1], 0, 0], [0, w[0, 2], 0, 0]]
    )
    assert transposed == sp.Matrix([row_of_the_filter(shift) for shift in (0, 1, 4, 5)]).T


def test_transpose_is_not_the_inverse():
    forward = matrix(FILTER).scipy(integers((3, 3), 1)).toarray()
    product = forward.T @ forward
    assert product.shape == (16, 16)
    assert np.linalg.matrix_rank(product) == 4
    assert not np.array_equal(product, np.eye(16))
    symbolic = matrix(Conv(x=(1, 1, 3), w=(1, 1, 2))).sympy("w")
    assert (symbolic.T * symbolic).rank() == 2


def test_a_full_kernel_is_a_fully_connected_layer():
    geo = Conv(x=(1, 2, 3, 3), w=(4, 2, 3, 3))
    weights = integers(geo.w, 1)
    np.testing.assert_array_equal(matrix(geo).scipy(weights).toarray(), weights.reshape(4, 18))


def test_groups_are_diagonal_blocks():
    geo = Conv(x=(1, 4, 5), w=(6, 2, 3), groups=2)
    weights = integers(geo.w, 1)
    parts = [matrix(Conv(x=(1, 2, 5), w=(3, 2, 3))).scipy(part).toarray() for part in np.split(weights, 2)]
    np.testing.assert_array_equal(matrix(geo).scipy(weights).toarray(), scipy.linalg.block_diag(*parts))


@pytest.mark.parametrize(
    ("geometry", "acts_on", "structure"),
    [
        ("x1x1x6-w1x1x3-p1-mode=reflect", "x", "unstructured"),
        ("x1x1x5x5-w1x1x3x3-p1-mode=circular", "x", "doubly block circulant"),
        ("x1x1x6x6-w1x1x3x3-s2-p1", "x", "doubly block strided band (stride 2x2)"),
        ("x1x1x8x7-w1x1x3x3-s2x1", "x", "block strided band (stride 2), its blocks Toeplitz"),
        ("x1x1x5x5x5-w1x1x2x2x2", "x", "triply block Toeplitz"),
        ("x2x4x6x6-w6x2x3x3-g2", "x", "block diagonal (4 blocks): 3x2 blocks, each doubly block Toeplitz"),
        ("x1x4x3x3-w2x4x1x1", "x", "2x4 blocks, each multiple of the identity"),
        ("x1x3x5-w3x1x3-g3", "x", "block diagonal (3 blocks): Toeplitz (band)"),
        ("x1x1x6-w1x1x3-p1-d2", "x", "Toeplitz (band)"),
        ("x1x1x5-w1x1x5", "x", "Toeplitz"),
        ("x1x1x1-w1x1x1", "x", "dense"),
        ("x0x1x4-w1x1x3", "x", "zero"),
        ("x1x1x6-w1x1x3", "w", "Hankel"),
        ("x1x1x7-w1x1x3-s2", "w", "strided Hankel (stride 2)"),
        ("x1x1x6x6-w1x1x3x3-p1", "w", "doubly block Hankel"),
    ],
)
def test_structure_is_named(geometry, acts_on, structure):
    assert matrix(Conv.parse(geometry), acts_on).structure == structure


# ---------------------------------------------------------------------- any geometry


@settings(max_examples=40, deadline=None)
@given(convs())
def test_matrix_times_vector(geo):
    x, weights, g = integers(geo.x, 1), integers(geo.w, 2), integers(geo.y, 3)
    acts_on_x, acts_on_w = matrix(geo).scipy(weights), matrix(geo, acts_on="w").scipy(x)
    y = acts_on_x @ x.ravel()
    np.testing.assert_array_equal(y, acts_on_w @ weights.ravel())
    np.testing.assert_array_equal(matrix(geo).T.scipy(weights).toarray(), acts_on_x.toarray().T)
    assert g.ravel() @ y == (acts_on_x.T @ g.ravel()) @ x.ravel()


@settings(max_examples=30, deadline=None)
@given(convs(max_axes=2, modes=("zeros",), cropped=False, empty=False))
def test_scipy_correlates_alike(geo):
    one = Conv(x=(1, 1, *geo.n), w=(1, 1, *geo.kernel), stride=geo.stride, padding=geo.padding)
    x, weights = integers(one.x, 1), integers(one.w, 2)
    grow = [(max(lo, 0), max(hi, 0)) for lo, hi in one.padding]
    wide = np.pad(x[0, 0], grow)[tuple(slice(max(-lo, 0), -max(-hi, 0) or None) for lo, hi in one.padding)]
    dense = scipy.signal.correlate(wide, weights[0, 0], mode="valid", method="direct")
    expected = dense[tuple(slice(None, None, s) for s in one.stride)]
    np.testing.assert_array_equal(matrix(one).scipy(weights) @ x.ravel(), expected.ravel())


def test_equality_looks_at_entries():
    geo = Conv(x=(1, 1, 4), w=(1, 1, 3))
    assert matrix(geo) == matrix(geo).T.T
    assert matrix(geo) != matrix(geo, acts_on="w")
    assert matrix(geo) != matrix(geo).flipped()
    assert matrix(geo) != "matrix"


# ---------------------------------------------------------------------- views


def test_symbols_can_be_given_in_many_ways():
    result = matrix(Conv(x=(1, 1, 3), w=(1, 1, 2)))
    p, q = sp.symbols("p q")
    for given_symbols in (["p", "q"], [p, q], sp.Matrix([p, q]), np.array([[[p, q]]])):
        assert result.sympy(given_symbols) == sp.Matrix([[p, q, 0], [0, p, q]])
    assert result.sympy([1, sp.Rational(1, 2)])[0, 1] == sp.Rational(1, 2)
    with pytest.raises(ArgumentValueError, match=r"symbols=<array of shape \(3,\)>: expected shape \(1, 1, 2\)"):
        result.sympy([1, 2, 3])
    with pytest.raises(ArgumentValueError, match=r"values=<array of shape \(3,\)>: expected shape \(1, 1, 2\)"):
        result.scipy([1, 2, 3])


def test_an_operand_with_its_axes_permuted_is_refused():
    result = matrix(Conv(x=(1, 2, 3, 4), w=(1, 2, 2, 3)))
    weights = integers((2, 2, 3), 1)  # the axis of one output channel may be left out
    np.testing.assert_array_equal(result.scipy(weights).toarray(), result.scipy(weights.ravel()).toarray())
    for permuted in (weights.transpose(2, 0, 1), weights.transpose(0, 2, 1), weights.reshape(4, 3)):
        with pytest.raises(ArgumentValueError, match="values=<array of shape"):
            result.scipy(permuted)


@pytest.mark.parametrize("wrong", [[None, 1], [object(), 1], [[1, 2], [3]], {"w": 1}, 1j])
def test_what_is_no_operand_is_refused(wrong):
    result = matrix(Conv(x=(1, 1, 3), w=(1, 1, 2)))
    with pytest.raises((ArgumentTypeError, ArgumentValueError), match="values="):
        result.scipy(wrong)
    with pytest.raises((ArgumentTypeError, ArgumentValueError), match="symbols="):
        result.sympy(wrong)


def test_two_taps_that_read_one_element_are_summed():
    a, b, c = sp.symbols("a b c")
    reflected = matrix(Conv(x=(1, 1, 3), w=(1, 1, 3), padding=1, mode="reflect"))
    assert reflected.sympy([a, b, c]) == sp.Matrix([[b, a + c, 0], [a, b, c], [0, a + c, b]])
    assert "a + c" in reflected.latex([a, b, c])
    assert reflected == reflected.T.T


def test_latex_of_the_doubly_block_matrix():
    text = matrix(FILTER).latex(lines=True, zeros="")
    assert text.startswith(r"\left[\begin{array}{cccc|cccc|cccc|cccc}")
    assert text.count(r"\hline") == 1
    assert text.count("&") == 4 * 15
    assert matrix(FILTER).latex(environment="pmatrix").startswith(r"\left(\begin{array}{cccccccccccccccc}")


def test_latex_leaves_out_the_middle_of_a_long_matrix():
    lines = matrix(Conv(x=(1, 1, 40), w=(1, 1, 3))).latex(max_size=5).splitlines()
    assert lines[1] == r"w_{0} & w_{1} & \cdots & 0 & 0 \\"
    assert lines[3] == r"\vdots & \vdots & \ddots & \vdots & \vdots \\"
    assert lines[5] == r"0 & 0 & \cdots & w_{1} & w_{2}"


def test_notebooks_show_small_matrices_only():
    assert matrix(FILTER)._repr_latex_().startswith("$\\displaystyle \\left[")
    assert matrix(Conv(x=(1, 1, 40), w=(1, 1, 3)))._repr_latex_() is None
    assert repr(matrix(Conv(x=(1, 1, 40), w=(1, 1, 3)))) == "<ConvMatrix 38x40 in w, 114 entries, Toeplitz (band)>"


def test_refusals():
    with pytest.raises(ArgumentValueError, match="acts_on='y': expected 'x'"):
        matrix(FILTER, acts_on="y")
    with pytest.raises(ArgumentTypeError, match="expected a Conv"):
        matrix("x1x1x4-w1x1x3")
    with pytest.raises(ArgumentValueError, match="zeros="):
        matrix(FILTER).latex(zeros="-")
    with pytest.raises(ArgumentValueError, match="environment="):
        matrix(FILTER).latex(environment="tabular")
    for argument in ("zeros", "environment"):
        with pytest.raises(ArgumentValueError, match=f"{argument}="):
            matrix(FILTER).latex(**{argument: []})
    with pytest.raises(ArgumentTypeError, match="lines="):
        matrix(FILTER).latex(lines=np.array([1, 2]))
    with pytest.raises(ArgumentValueError, match="acts_on="):
        matrix(FILTER, acts_on=np.array([1, 2]))
    with pytest.raises(ArgumentValueError, match="max_size="):
        matrix(FILTER).latex(max_size=2)
    with pytest.raises(ArgumentValueError, match=r"scipy\(\) takes more"):
        matrix(Conv(x=(1, 8, 32, 32), w=(8, 8, 3, 3))).sympy()
    with pytest.raises(ArgumentTypeError, match="n='three'"):
        full_convolution("three", 2)
    with pytest.raises(ArgumentValueError, match="k=2: expected one size for each"):
        full_convolution((3, 3), 2)
