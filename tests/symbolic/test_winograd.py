"""Winograd transforms: from points, over the rationals; sizes and points that are refused; counts and LaTeX."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from convproof.errors import ArgumentTypeError, ArgumentValueError, ConvproofError
from convproof.symbolic.winograd import NestedWinograd, Winograd, winograd
from convproof.symbolic.winograd.exact import odd_part

SIZES = [(2, 2), (2, 3), (3, 2), (3, 3), (4, 3), (5, 3), (6, 3), (2, 5), (4, 5), (8, 3), (2, 7)]


@pytest.mark.parametrize(("m", "r"), [*SIZES, (1, 1), (1, 2), (1, 5), (5, 1), (10, 3), (9, 8), (16, 17), (2, 31)])
def test_default_transforms_are_proved(m, r):
    found = winograd(m, r)
    assert (found.m, found.r, found.n, found.multiplications) == (m, r, m + r - 1, m + r - 1)
    assert found.certificate.evidence == "exact" and found


@given(st.integers(1, 5), st.integers(1, 5), st.data())
def test_any_distinct_points_give_a_proved_algorithm(m, r, data):
    numbers = st.fractions(min_value=-9, max_value=9, max_denominator=9)
    points = data.draw(st.lists(numbers, min_size=m + r - 2, max_size=m + r - 2, unique=True))
    found = winograd(m, r, points)
    assert found.certificate and found.points == tuple(points)


@given(st.integers(2, 5), st.integers(2, 4), st.data())
def test_only_the_weight_transform_has_odd_denominators(m, r, data):
    numbers = st.fractions(min_value=-9, max_value=9, max_denominator=9)
    found = winograd(m, r, data.draw(st.lists(numbers, min_size=m + r - 2, max_size=m + r - 2, unique=True)))
    for row in (*found.AT, *found.BT):
        assert all(odd_part(entry.denominator) == 1 for entry in row)
    assert all(odd_part(math.gcd(*(entry.numerator for entry in row))) == 1 for row in found.BT)
    assert all(next(entry for entry in row if entry) > 0 for row in found.G)


def test_without_a_choice_it_is_direct_summation():
    one, row, column = winograd(1, 1), winograd(1, 3), winograd(3, 1)
    assert one.AT == one.G == one.BT == ((1,),)
    assert row.AT == ((1, 1, 1),) and row.G == row.BT == ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    assert column.G == ((1,), (1,), (1,)) and column.AT == column.BT == row.BT
    assert all(found.amplification == 1 and found.points is found.points_reason is None for found in (one, row, column))


def test_points_in_every_notation_are_the_same_numbers():
    expected = winograd(4, 3, [0, Fraction(3, 4), Fraction(-3, 4), Fraction(3, 2), Fraction(-3, 2)])
    for points in (
        ["0", "3/4", "-3/4", "1.5", " -3/2 "],
        [0.0, 0.75, -0.75, 1.5, np.float32(-1.5)],
        np.array([0, 0.75, -0.75, 1.5, -1.5]),
        [np.int8(0), sympy.Rational(3, 4), sympy.Rational(-3, 4), sympy.Rational(3, 2), -sympy.Rational(3, 2)],
        (point for point in expected.points),
    ):
        assert winograd(4, 3, points) == expected


class Unwritable:
    def __repr__(self):
        raise RuntimeError


class Unreadable:
    def __iter__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("m", "r", "points", "error", "message"),
    [
        (0, 3, None, ArgumentValueError, "m=0: expected a positive integer"),
        (2, -1, None, ArgumentValueError, "r=-1: expected a positive integer"),
        (2.0, 3, None, ArgumentTypeError, "m=2.0: expected a positive integer"),
        (True, 3, None, ArgumentTypeError, "m=True"),
        (None, 3, None, ArgumentTypeError, "m=None"),
        (2, "3", None, ArgumentTypeError, "r='3'"),
        (3, 31, None, ArgumentValueError, "r=31: expected m + r - 1 at most 32"),
        (2, 3, [0, 1], ArgumentValueError, "expected 3 finite points for F(2, 3); the point at infinity is added"),
        (2, 3, [0, 1, 2, 3], ArgumentValueError, "expected 3 finite points"),
        (2, 3, [0, 1, 1.0], ArgumentValueError, "expected distinct points; 1 is there twice"),
        (2, 3, ["1/2", "2/4", 0], ArgumentValueError, "1/2 is there twice"),
        (2, 3, [0, 1, 0.1], ArgumentValueError, "points=0.1: expected an exact number; this float is not"),
        (2, 3, [0, 1, 0.1], ArgumentValueError, "write '1/10'"),
        (2, 3, [0, 1, 1 / 3], ArgumentValueError, "write '1/3'"),
        (2, 3, [0, 1, math.inf], ArgumentValueError, "points=inf: expected a finite rational"),
        (2, 3, [0, 1, math.nan], ArgumentValueError, "points=nan"),
        (2, 3, [0, 1, sympy.oo], ArgumentTypeError, "points=oo"),
        (2, 3, [0, 1, sympy.sqrt(2)], ArgumentTypeError, "points=sqrt(2)"),
        (2, 3, [0, 1, sympy.Float(0.5)], ArgumentTypeError, "points=0.5"),
        (2, 3, [0, 1, 1j], ArgumentTypeError, "points=1j"),
        (2, 3, [0, 1, None], ArgumentTypeError, "points=None"),
        (2, 3, [0, 1, True], ArgumentTypeError, "points=True"),
        (2, 3, [0, 1, "1/0"], ArgumentValueError, "points='1/0'"),
        (2, 3, [0, 1, "1e999999999"], ArgumentValueError, "points='1e999999999'"),
        (2, 3, [0, 1, 2**40], ArgumentValueError, "at most 2**32"),
        (2, 3, [0, 1, Unwritable()], ArgumentTypeError, "<Unwritable that cannot be shown>"),
        (2, 3, "0,1", ArgumentTypeError, "points='0,1': expected a sequence of 3 rationals"),
        (2, 3, 7, ArgumentTypeError, "points=7"),
        (2, 3, np.array(3), ArgumentTypeError, "points=array(3)"),
        (2, 3, Unreadable(), ArgumentTypeError, "expected a sequence of 3 rationals"),
        (1, 1, [0], ArgumentValueError, "expected 0 finite points for F(1, 1)"),
    ],
)  # fmt: skip
def test_what_is_no_algorithm_is_refused_in_a_sentence(m, r, points, error, message):
    with pytest.raises(error) as raised:
        winograd(m, r, points)
    assert message in str(raised.value)


def test_a_size_of_thousands_of_digits_is_refused():
    with pytest.raises(ArgumentValueError, match="m=<int that cannot be shown>: expected m \\+ r - 1 at most 32"):
        winograd(10**5000, 3)


def test_endless_points_are_refused():
    def endless():
        while True:
            yield 1

    with pytest.raises(ArgumentValueError, match="3 finite points"):
        winograd(2, 3, endless())


def test_nesting_takes_one_to_three_algorithms():
    one = winograd(2, 3)
    assert NestedWinograd([one]).name == one.name == "F(2, 3)"
    assert one.nested(winograd(4, 1), winograd(1, 2)).name == "F(2x4x1, 3x1x2)"
    for axes in ([], [one] * 4, [one, None], None, 3, "ab"):
        with pytest.raises(ConvproofError, match="axes="):
            NestedWinograd(axes)


# ---------------------------------------------------------------------- counts


def test_multiplications_are_those_of_lavin_and_gray():
    # Fast algorithms for convolutional neural networks, 2016, section 4: 16 for 36, 36 for 144, 64 for 324
    for m, count, direct in ((2, 16, 36), (4, 36, 144), (6, 64, 324)):
        nested = winograd(m, 3).nested()
        assert (nested.multiplications, nested.direct_multiplications) == (count, direct)
        assert nested.saving == Fraction(direct, count)


def test_additions_are_those_of_lavin_and_gray():
    # F(2x2, 3x3): the data transform needs 32 additions, the inverse transform 24
    costs = winograd(2, 3).nested().costs
    assert (costs["BT"].additions, costs["AT"].additions) == (32, 24)
    assert costs["BT"].multiplications == costs["BT"].scalings == costs["AT"].multiplications == 0
    assert costs["G"].multiplications == 0 < costs["G"].scalings


def straightforward(matrix):
    return sum(sum(map(bool, row)) - 1 for row in matrix)


@pytest.mark.parametrize(("m", "r"), SIZES)
def test_shared_sums_never_cost_more_than_row_by_row(m, r):
    found = winograd(m, r)
    for part, matrix in (("AT", found.AT), ("G", found.G), ("BT", found.BT)):
        assert 0 < found.costs[part].additions <= straightforward(matrix)


def test_costs_of_a_nested_transform_follow_the_shrinking_array():
    one, other = winograd(4, 3), winograd(2, 5)
    first, second = one.costs["AT"], other.costs["AT"]
    # along the first axis there are 6 vectors left to transform, along the second only 4
    assert one.nested(other).costs["AT"].additions == first.additions * 6 + second.additions * 4


# ---------------------------------------------------------------------- views


def test_numpy_rounds_once_to_nearest():
    found = winograd(4, 3, [0, 1, -1, 2, -2])
    for dtype in ("float16", "float32", "float64"):
        for matrix, array in zip((found.AT, found.G, found.BT), found.numpy(dtype), strict=True):
            assert array.dtype == dtype
            for entry, number in zip(np.ravel(matrix), array.ravel(), strict=True):
                below, above = (Fraction(float(np.nextafter(number, array.dtype.type(to)))) for to in (-np.inf, np.inf))
                error = abs(Fraction(float(number)) - entry)
                assert error <= abs(below - entry) and error <= abs(above - entry)
    assert found.numpy()[1][3, 0] == 1 / 24
    coarse = found.numpy("bfloat16")[1]
    assert coarse.dtype == np.float32 and coarse[3, 0] == 171 / 4096
    with pytest.raises(ArgumentValueError, match="a type that holds the constant"):
        winograd(2, 16, [*range(8), *range(-8, 0)]).numpy("float16")


def test_sympy_matrices_compute_the_correlation():
    at, g, bt = winograd(3, 3).sympy()
    x, w = sympy.Matrix(sympy.symbols("x:5")), sympy.Matrix(sympy.symbols("w:3"))
    y = at * (g * w).multiply_elementwise(bt * x)
    assert sympy.expand(y) == sympy.Matrix([sum(w[a] * x[i + a] for a in range(3)) for i in range(3)])


def test_repr_names_points_and_counts():
    assert repr(winograd(2, 3)) == "<Winograd F(2, 3): 4 multiplications instead of 6, points 0, ±1, inf>"
    assert repr(winograd(1, 2)) == "<Winograd F(1, 2): 2 multiplications instead of 2>"
    assert repr(winograd(2, 3).nested()) == "<NestedWinograd F(2x2, 3x3): 16 multiplications instead of 36>"


def test_latex_shows_matrices_formula_and_count():
    found = winograd(2, 3)
    assert found.latex("G") == (
        "\\begin{bmatrix}\n1 & 0 & 0 \\\\\n\\frac{1}{2} & \\frac{1}{2} & \\frac{1}{2} \\\\\n"
        "\\frac{1}{2} & -\\frac{1}{2} & \\frac{1}{2} \\\\\n0 & 0 & 1\n\\end{bmatrix}"
    )
    assert found.nested().latex("count") == (
        r"\mu(F(2 \times 2, 3 \times 3)) = (2 + 3 - 1)(2 + 3 - 1) = 16, "
        r"\quad \frac{2 \cdot 2 \cdot 3 \cdot 3}{16} = \frac{9}{4}"
    )
    equal, different = found.nested(), found.nested(winograd(4, 3))
    assert "'" not in equal.latex() and equal.latex().count("bmatrix") == 6
    assert "A'^{\\mathsf{T}} &=" in different.latex() and different.latex().count("bmatrix") == 12
    assert found.nested(found, found).latex("formula").count(r"\otimes") == 6
    assert found._repr_latex_().startswith("$\\displaystyle \\begin{aligned}")
    for part, algorithm in product(("AT", "G", "BT", "formula", "count", None), (found, equal, different)):
        text = algorithm.latex(part)
        assert text.count("{") == text.count("}") and text.count(r"\left") == text.count(r"\right")
    with pytest.raises(ArgumentValueError, match="part='B'"):
        found.latex("B")


def test_wide_matrices_are_written_whole():
    text = winograd(16, 17).latex("BT")
    assert r"\cdots" not in text and text.count(r"\\") == 31


def test_only_dyadic_transforms_are_exact_on_integers():
    assert winograd(2, 3).dyadic and winograd(1, 4).dyadic
    assert not winograd(4, 3).dyadic
    assert isinstance(winograd(2, 3), Winograd)
