"""The proof of a bilinear algorithm: published matrices pass, every wrong entry is named, gradients follow."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from convproof.errors import ArgumentTypeError, ArgumentValueError
from convproof.evidence import Certificate
from convproof.geometry import Conv
from convproof.symbolic.winograd import NestedWinograd, Winograd, prove_transforms, winograd
from convproof.symbolic.winograd.proof import trilinear

# Lavin and Gray, Fast algorithms for convolutional neural networks, 2016, sections 4.1 and 4.3.
LAVIN_23 = (
    [[1, 1, 1, 0], [0, 1, -1, -1]],
    [[1, 0, 0], ["1/2", "1/2", "1/2"], ["1/2", "-1/2", "1/2"], [0, 0, 1]],
    [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
)
LAVIN_43 = (
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
    [["1/4", 0, 0], ["-1/6", "-1/6", "-1/6"], ["-1/6", "1/6", "-1/6"],
     ["1/24", "1/12", "1/6"], ["1/24", "-1/12", "1/6"], [0, 0, 1]],
    [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
     [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]],
)  # fmt: skip
# F(3, 2) of the same paper, for the weight gradient.
LAVIN_32 = (
    [[1, 1, 1, 0], [0, 1, -1, 0], [0, 1, 1, 1]],
    [[1, 0], ["1/2", "1/2"], ["1/2", "-1/2"], [0, 1]],
    [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]],
)
# wincnn, README: F(6, 3) with the points 0, 1, -1, 2, -2, 1/2, -1/2.
WINCNN_63 = (
    [[1, 1, 1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, "1/2", "-1/2", 0], [0, 1, 1, 4, 4, "1/4", "1/4", 0],
     [0, 1, -1, 8, -8, "1/8", "-1/8", 0], [0, 1, 1, 16, 16, "1/16", "1/16", 0],
     [0, 1, -1, 32, -32, "1/32", "-1/32", 1]],
    [[1, 0, 0], ["-2/9", "-2/9", "-2/9"], ["-2/9", "2/9", "-2/9"], ["1/90", "1/45", "2/45"], ["1/90", "-1/45", "2/45"],
     ["32/45", "16/45", "8/45"], ["32/45", "-16/45", "8/45"], [0, 0, 1]],
    [[1, 0, "-21/4", 0, "21/4", 0, -1, 0], [0, 1, 1, "-17/4", "-17/4", 1, 1, 0], [0, -1, 1, "17/4", "-17/4", -1, 1, 0],
     [0, "1/2", "1/4", "-5/2", "-5/4", 2, 1, 0], [0, "-1/2", "1/4", "5/2", "-5/4", -2, 1, 0],
     [0, 2, 4, "-5/2", -5, "1/2", 1, 0], [0, -2, 4, "5/2", -5, "-1/2", 1, 0], [0, -1, 0, "21/4", 0, "-21/4", 0, 1]],
)  # fmt: skip
PUBLISHED = {"F(2, 3)": LAVIN_23, "F(4, 3)": LAVIN_43, "F(3, 2)": LAVIN_32, "F(6, 3)": WINCNN_63}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_matrices_are_proved(name):
    certificate = prove_transforms(*PUBLISHED[name])
    assert certificate and certificate.evidence == "exact" and certificate.subject == "formula"
    assert name in certificate.scope and "all real operands" in certificate.scope
    assert Certificate.from_json(certificate.to_json()) == certificate


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("F(2, 3)", [0, 1, -1]),
        ("F(3, 2)", [0, 1, -1]),
        ("F(4, 3)", [0, 1, -1, 2, -2]),
        ("F(6, 3)", [0, 1, -1, 2, -2, "1/2", "-1/2"]),
    ],
)
def test_the_same_points_give_the_published_matrices_up_to_factors(name, points):
    ours, theirs = winograd(*sizes_of(name), points), Winograd.from_matrices(*PUBLISHED[name])
    products = [term_products(found) for found in (ours, theirs)]
    assert products[0] == products[1]


def sizes_of(name):
    return tuple(int(number) for number in name[2:-1].split(","))


def term_products(found):
    """The products of one term's column of AT and rows of G and BT: what no factor changes."""
    columns = zip(*found.AT, strict=True)
    return [[a * w * x for a, w, x in product(*rows)] for rows in zip(columns, found.G, found.BT, strict=True)]


def test_matrices_of_other_libraries_are_taken():
    at, g, bt = (sympy.Matrix([[sympy.Rational(str(e)) for e in row] for row in matrix]) for matrix in LAVIN_43)
    assert prove_transforms(at, g, bt)
    assert prove_transforms(np.array(LAVIN_23[0]), np.array(LAVIN_23[1], dtype=object), np.array(LAVIN_23[2], float))


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_wrong_entry_is_refuted_with_a_coefficient_that_is_wrong(name):
    for part, matrix in enumerate(PUBLISHED[name]):
        for row, column in np.ndindex(len(matrix), len(matrix[0])):
            matrices = [[list(line) for line in one] for one in PUBLISHED[name]]
            matrices[part][row][column] = Fraction(matrices[part][row][column]) + Fraction(1, 3)
            certificate = prove_transforms(*matrices)
            assert not certificate and certificate.evidence is None
            assert_wrong(Winograd.from_matrices(*matrices), certificate.counterexample)


def assert_wrong(found, example):
    """The coefficient named is what the matrices give, multiplied out here, and not what it has to be."""
    i, a, j = example.entry
    got = sum(found.AT[i][t] * found.G[t][a] * found.BT[t][j] for t in range(found.n))
    assert Fraction(example.got) == got != (j == i + a) == Fraction(example.expected)
    assert example.op == "conv1d" and Conv.parse(example.geometry).y == (1, 1, found.m)
    assert f"({i}, {a}, {j})" in example.story and f"{got} * w[{a}] x[{j}]" in example.story


def test_signs_and_transpositions_are_refuted():
    at, g, bt = (np.array([[Fraction(e) for e in row] for row in matrix]) for matrix in LAVIN_23)
    for wrong in ((-at, g, bt), (at, -g, bt), (at, g, bt.T), (at[::-1], g, bt), (at * 2, g, bt), (at * 0, g, bt)):
        assert prove_transforms(*wrong).counterexample.entry
    assert prove_transforms(-at, -g, bt), "two signs cancel"


def test_transforms_of_the_convolution_are_told_from_those_of_the_correlation():
    at, g, bt = LAVIN_43
    certificate = prove_transforms(at, [row[::-1] for row in g], bt)
    assert "taps are reversed" in certificate.counterexample.diagnosis
    assert prove_transforms(at, g, [[0] * 6] * 6).counterexample.diagnosis is None


@pytest.mark.parametrize(
    ("matrices", "error", "message"),
    [
        ((None, [[1]], [[1]]), ArgumentTypeError, "AT=None: expected a matrix"),
        (([], [[1]], [[1]]), ArgumentValueError, "AT=[]: expected from 1 to 32 rows and columns"),
        (([[]], [[1]], [[1]]), ArgumentValueError, "AT=[]: expected from 1 to 32"),
        (([1], [[1]], [[1]]), ArgumentTypeError, "AT=1: expected a matrix"),
        (([[1, 1], [1]], [[1], [1]], [[1]]), ArgumentValueError, "expected rows of equal lengths"),
        (("1", [[1]], [[1]]), ArgumentTypeError, "AT='1'"),
        (([[1]], [[1]], [[1] * 40]), ArgumentValueError, "expected from 1 to 32"),
        (([[1]], [[1 / 6]], [[1]]), ArgumentValueError, "G=0.16666666666666666: expected an exact number"),
        (([[1]], [[float("nan")]], [[1]]), ArgumentValueError, "G=nan"),
        (([[1]], [[sympy.Symbol("g")]], [[1]]), ArgumentTypeError, "G=g: expected a finite rational"),
        (([[1]], [[2**5000]], [[1]]), ArgumentValueError, "at most 4096 bits"),
        (([[1, 1, 1, 0]], LAVIN_23[1], LAVIN_23[2]), ArgumentValueError, "G=<4x3 matrix>: expected 3x3"),
        (([[1, 0], [1, 1], [1, -1], [0, -1]], *LAVIN_23[1:]), ArgumentValueError, "n = m + r - 1"),
        ((*LAVIN_23[:2], [[1, 0, -1, 0]]), ArgumentValueError, "BT=<1x4 matrix>: expected 4x4"),
    ],
)  # fmt: skip
def test_what_is_no_triple_of_matrices_is_refused(matrices, error, message):
    with pytest.raises(error) as raised:
        prove_transforms(*matrices)
    assert message in str(raised.value)


# ---------------------------------------------------------------------- nested


def brute_force(nested):
    """Every coefficient of a nested algorithm of two axes, multiplied out without using that it factorises."""
    (at, g, bt), (bt_at, bt_g, bt_bt) = [
        [np.array(matrix, dtype=object) for matrix in triple] for triple in nested.triples
    ]
    big = [np.kron(one, two) for one, two in ((at, bt_at), (g, bt_g), (bt, bt_bt))]
    return np.einsum("it,ta,tj->iaj", *big)


def definition(nested):
    (m, r, n), (m2, r2, n2) = (triple.sizes for triple in nested.triples)
    expected = np.zeros((m * m2, r * r2, n * n2), dtype=object)
    for i, k, a, b in product(range(m), range(m2), range(r), range(r2)):
        expected[i * m2 + k, a * r2 + b, (i + a) * n2 + k + b] = 1
    return expected


@pytest.mark.parametrize("sizes", [((2, 3), (2, 3)), ((2, 3), (3, 2)), ((1, 2), (2, 2)), ((3, 1), (2, 3))])
def test_nested_proof_agrees_with_brute_force(sizes):
    nested = NestedWinograd([winograd(*size) for size in sizes])
    assert nested.certificate and np.array_equal(brute_force(nested), definition(nested))


def test_nested_in_three_axes_computes_the_definition_symbolically():
    nested = winograd(2, 2).nested(winograd(1, 2), winograd(2, 1))
    x = np.array(sympy.symbols("x:12")).reshape(3, 2, 2)
    w = np.array(sympy.symbols("w:4")).reshape(2, 2, 1)
    assert nested.certificate
    y = nested.apply(x, w)
    for i, j, k in np.ndindex(2, 1, 2):
        expected = sum(w[a, b, 0] * x[i + a, j + b, k] for a in range(2) for b in range(2))
        assert sympy.expand(y[i, j, k] - expected) == 0


@given(st.data())
def test_nested_proof_refutes_exactly_what_brute_force_does(data):
    axes = []
    for _ in range(2):
        one = winograd(2, 2)
        parts = [[list(row) for row in matrix] for matrix in (one.AT, one.G, one.BT)]
        part = parts[data.draw(st.integers(0, 2))]
        kind = data.draw(st.sampled_from(["right", "entry", "factor"]))
        if kind == "entry":
            row, column = data.draw(st.integers(0, len(part) - 1)), data.draw(st.integers(0, len(part[0]) - 1))
            part[row][column] += data.draw(st.sampled_from([-1, 1]))
        elif kind == "factor":
            factor = data.draw(st.sampled_from([Fraction(2), Fraction(1, 2), Fraction(-1), Fraction(0)]))
            part[:] = [[entry * factor for entry in row] for row in part]
        axes.append(Winograd.from_matrices(*parts))
    nested = NestedWinograd(axes)
    found, expected = brute_force(nested), definition(nested)
    assert bool(nested.certificate) == np.array_equal(found, expected)
    if not nested.certificate:
        i, k, a, b, j, l = nested.certificate.counterexample.entry
        got = found[i * 2 + k, a * 2 + b, j * 3 + l]
        assert Fraction(nested.certificate.counterexample.got) == got != expected[i * 2 + k, a * 2 + b, j * 3 + l]
        assert nested.certificate.counterexample.op == "conv2d"


def test_a_factor_too_much_on_one_axis_and_too_little_on_the_other_is_right():
    at, g, bt = LAVIN_23
    doubled = Winograd.from_matrices([[2 * entry for entry in row] for row in at], g, bt)
    halved = Winograd.from_matrices([[Fraction(entry, 2) for entry in row] for row in at], g, bt)
    assert not doubled.certificate and not halved.certificate
    assert doubled.nested(halved).certificate
    assert not doubled.nested().certificate


# ---------------------------------------------------------------------- gradients


@pytest.mark.parametrize(("m", "r"), [(2, 3), (4, 3), (3, 5), (1, 3), (3, 1)])
def test_weight_gradient_is_an_algorithm_of_its_own(m, r):
    gradient = winograd(m, r).for_weight_gradient()
    assert (gradient.m, gradient.r) == (r, m) and gradient.certificate
    assert not Winograd.from_matrices(gradient.AT, gradient.G, -np.array(gradient.BT)).certificate


def test_coefficients_are_symmetric_in_what_is_contracted():
    found = winograd(3, 2)
    forward, gradient = trilinear(found.triples[0]), trilinear(found.for_weight_gradient().triples[0])
    assert forward == {(i, a, j): value for (a, i, j), value in gradient.items()}
    assert sum(forward.values()) == 3 * 2
