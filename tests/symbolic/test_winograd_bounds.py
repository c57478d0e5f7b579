"""Error bounds: they hold in every floating type, for every order of summation, and are missed by less precision."""

from fractions import Fraction
from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from convproof.errors import ArgumentTypeError, ArgumentValueError
from convproof.symbolic.winograd import NestedWinograd, Winograd, winograd
from convproof.symbolic.winograd.formats import FORMATS, rounded

TYPES = ["float16", "bfloat16", "float32", "float64"]


def numpy_type(dtype):
    if dtype == "bfloat16":
        return pytest.importorskip("ml_dtypes", reason="NumPy's bfloat16").bfloat16
    return np.dtype(dtype).type


def in_turn(terms):
    return reduce(lambda total, term: total + term, terms)


def pairwise(terms):
    while len(terms) > 1:
        terms = [in_turn(terms[k : k + 2]) for k in range(0, len(terms), 2)]
    return terms[0]


def multiply(matrix, array, axis, add):
    """One transform along an axis, every product and sum rounded to the type of the array."""
    parts = list(np.moveaxis(array, axis, 0))
    rows = []
    for row in matrix:
        terms = [constant * part for constant, part in zip(row, parts, strict=True) if constant != 0]
        rows.append(add(terms) if terms else np.zeros_like(parts[0]))
    return np.moveaxis(np.array(rows, dtype=array.dtype), 0, axis)


def simulate(found, x, w, number, add=in_turn):
    """A tile of (C, n, n) inputs with (C, r, r) taps, computed in one type throughout."""
    constants = [[matrix.astype(number) for matrix in axis.numpy(number)] for axis in found.axes]
    inputs, weights = x.astype(number), w.astype(number)
    for axis, (_, g, bt) in enumerate(constants, start=1):
        inputs, weights = multiply(bt, inputs, axis, add), multiply(g, weights, axis, add)
    y = add(list(inputs * weights))
    for axis, (at, _, _) in enumerate(constants):
        y = multiply(at, y, axis, add)
    assert y.dtype == np.dtype(number)
    return y


def exact(x, w):
    """The same outputs in rationals, by the definition."""
    x, w = (np.vectorize(lambda v: Fraction(float(v)), otypes=[object])(array) for array in (x, w))
    outputs = [size - taps + 1 for size, taps in zip(x.shape[1:], w.shape[1:], strict=True)]
    y = np.empty(outputs, dtype=object)
    for place in np.ndindex(*outputs):
        window = x[(slice(None), *(slice(i, i + k) for i, k in zip(place, w.shape[1:], strict=True)))]
        y[place] = (window * w).sum()
    return y


def errors(y, truth):
    return np.array(
        [float(abs(Fraction(float(got)) - right)) for got, right in zip(y.ravel(), truth.ravel(), strict=True)]
    )


def operands(found, channels, seed, number, kind="normal"):
    rng = np.random.default_rng(seed)
    shapes = [(channels, *(getattr(axis, size) for axis in found.axes)) for size in ("n", "r")]
    if kind == "signs":
        draws = [rng.choice([-1.0, 1.0], shape) * 0.7 for shape in shapes]
    elif kind == "scales":
        draws = [rng.standard_normal(shape) * 2.0 ** rng.integers(-6, 4, shape) for shape in shapes]
    else:
        draws = [rng.standard_normal(shape) for shape in shapes]
    return [draw.astype(number) for draw in draws]


def bound_of(found, x, w, dtype):
    return found.error_bound(x[None].astype(float), w[None].astype(float), dtype)


ALGORITHMS = {
    "F(2)": lambda: winograd(2, 3).nested(),
    "F(4)": lambda: winograd(4, 3).nested(),
    "F(4) integers": lambda: winograd(4, 3, [0, 1, -1, 2, -2]).nested(),
    "F(6)": lambda: winograd(6, 3).nested(),
    "F(4, 5)": lambda: NestedWinograd([winograd(4, 5)]),
    "F(2x4, 3x2)": lambda: winograd(2, 3).nested(winograd(4, 2)),
}


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", ALGORITHMS)
def test_bound_holds_in_every_type_and_order(name, dtype):
    found, number = ALGORITHMS[name](), numpy_type(dtype)
    for seed, (kind, channels) in enumerate([("normal", 1), ("signs", 3), ("scales", 5)]):
        x, w = operands(found, channels, seed, number, kind)
        truth, bound = exact(x, w), bound_of(found, x, w, dtype)
        for add in (in_turn, pairwise):
            assert (errors(simulate(found, x, w, number, add), truth) <= bound.winograd.ravel()).all()
        direct = in_turn([in_turn(list((window_products(x, w, place)).ravel())) for place in [(0,) * len(found.axes)]])
        first = truth[(0,) * len(found.axes)]
        assert abs(Fraction(float(direct)) - first) <= Fraction(float(bound.direct.ravel()[0]))


def window_products(x, w, place):
    return x[(slice(None), *(slice(i, i + k) for i, k in zip(place, w.shape[1:], strict=True)))] * w


@pytest.mark.parametrize("name", ["F(2)", "F(4)"])
def test_bound_is_missed_by_operands_of_half_the_precision(name):
    found = ALGORITHMS[name]()
    x, w = operands(found, 4, 0, np.float32)
    bound = bound_of(found, x, w, "float32").winograd.ravel()
    coarse = simulate(found, x.astype(np.float16), w.astype(np.float16), np.float32)
    double = simulate(found, x, w, np.float64)
    assert (errors(coarse, exact(x, w)) > bound).any()
    assert (errors(double, exact(x, w)) < bound / 1e6).all()


def test_bound_is_missed_by_a_wrong_constant():
    right = winograd(4, 3, [0, 1, -1, 2, -2])
    matrices = [[list(row) for row in matrix] for matrix in (right.AT, right.G, right.BT)]
    matrices[1][3][0] = Fraction(1, 24) + Fraction(1, 10**4)
    wrong = Winograd.from_matrices(*matrices).nested()
    x, w = operands(wrong, 4, 0, np.float32)
    assert (
        errors(simulate(wrong, x, w, np.float32), exact(x, w))
        > bound_of(right.nested(), x, w, "float32").winograd.ravel()
    ).any()


def test_bound_is_the_formula():
    found, number = winograd(4, 3).nested(), np.float32
    x, w = operands(found, 1, 0, number)
    at, g, bt = (abs(matrix) for matrix in found.axes[0].numpy())
    kappa = found.roundings("float32")
    gamma = kappa * 2.0**-24 / (1 - kappa * 2.0**-24)
    expected = gamma * at @ ((g @ abs(w[0]) @ g.T) * (bt @ abs(x[0]) @ bt.T)) @ at.T
    bound = found.error_bound(x[0], w[0])
    np.testing.assert_allclose(bound.winograd, expected, rtol=1e-6)
    sums = sum(abs(w[0, a, b]) * abs(x[0, a : a + 4, b : b + 4]) for a in range(3) for b in range(3))
    np.testing.assert_allclose(bound.direct, 9 * 2.0**-24 / (1 - 9 * 2.0**-24) * sums, rtol=1e-6)
    assert (bound.roundings, bound.terms, bound.dtype) == (kappa, 9, "float32")
    assert "float32" in repr(bound)


def test_roundings_are_counted_by_hand():
    # F(2, 3): AT adds 3 terms, G 3 with exact halves, BT 2; one product
    assert winograd(2, 3).roundings() == 2 + 2 + 1 + 1
    assert winograd(2, 3).nested().roundings(channels=64) == 2 * 5 + 64
    # F(4, 3), integers: AT 5 terms with powers of two only; G 3 with sixths, rounded; BT 3 or 4 with 5, exact
    assert winograd(4, 3, [0, 1, -1, 2, -2]).roundings() == 4 + (2 + 2) + 3 + 1
    # 225 / 256 needs 8 bits, 2197 / 512 needs 12
    fine = winograd(4, 3, [0, "5/8", "-5/8", "13/8", "-13/8"])
    assert fine.roundings("bfloat16") == fine.roundings("float32") + 2
    assert winograd(1, 4).roundings() == 4


def test_growth_compares_the_worst_cases():
    found = winograd(4, 3).nested()
    kappa, unit = found.roundings(channels=8), Fraction(1, 2**24)
    expected = found.amplification * (kappa * unit / (1 - kappa * unit)) / (72 * unit / (1 - 72 * unit))
    assert found.error_growth(channels=8) == pytest.approx(float(expected))
    x, w = np.ones((1, 8, 6, 6)), np.ones((1, 8, 3, 3))
    bound = found.error_bound(x, w)
    assert bound.winograd.max() / bound.direct.max() == pytest.approx(found.error_growth(channels=8), rel=1e-6)
    assert winograd(1, 3).error_growth() == pytest.approx(1)
    growth = [winograd(m, 3).nested().error_growth() for m in (2, 4, 6, 8)]
    assert growth == sorted(growth) and growth[0] > 1


@given(st.data())
def test_bound_of_an_image_is_that_of_its_tiles(data):
    found = winograd(2, 3)
    numbers = st.floats(-8, 8, width=32)
    x, w = data.draw(arrays(np.float32, 8, elements=numbers)), data.draw(arrays(np.float32, 3, elements=numbers))
    whole = found.error_bound(x, w).winograd
    for start in range(0, 6, 2):
        tile = found.error_bound(x[start : start + 4], w).winograd
        np.testing.assert_allclose(whole[start : start + 2], tile, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("which", ["x", "w", "transformed x", "transformed w", "products"])
def test_what_underflows_stays_inside_the_bound(which, dtype):
    found, number = winograd(4, 3).nested(), np.dtype(dtype).type
    tiny, large = (float(getattr(np.finfo(number), name)) for name in ("smallest_subnormal", "eps"))
    scale_x, scale_w = {
        "x": (tiny * 3, 1.0),
        "w": (1.0, tiny * 3),
        "transformed x": (tiny * 3, 0.25 / large),
        "transformed w": (0.25 / large, tiny * 3),
        "products": (tiny**0.5, tiny**0.5 * 0.7),
    }[which]
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((3, 6, 6)) * scale_x).astype(number)
    w = (rng.standard_normal((3, 3, 3)) * scale_w).astype(number)
    with np.errstate(under="ignore"):
        y, direct = simulate(found, x, w, number), in_turn(list((window_products(x, w, (0, 0))).ravel()))
    truth, bound = exact(x, w), bound_of(found, x, w, dtype)
    missed = errors(y, truth)
    assert (missed <= bound.winograd.ravel()).all() and (bound.winograd < 1).all()
    assert abs(Fraction(float(direct)) - truth[0, 0]) <= Fraction(float(bound.direct.ravel()[0]))
    assert missed.any(), "nothing was inexact"


def test_where_numbers_could_overflow_there_is_no_bound():
    found = winograd(4, 3)
    x, w = np.array([6e4, 6e4, -6e4, -6e4, 6e4, 6e4]), np.ones(3)
    assert np.isinf(found.error_bound(x, w, "float16").winograd).all()
    assert np.isfinite(found.error_bound(x, w, "float32").winograd).all()
    assert np.isinf(found.error_bound(x, w, "float16").direct).all()
    assert np.isfinite(found.error_bound(x / 400, w, "float16").direct).all()
    with np.errstate(over="ignore", invalid="ignore"):
        lost = simulate(
            NestedWinograd([found]), np.float16(x)[None], np.float16(w)[None] * np.float16(2**-14), np.float16
        )
    assert not np.isfinite(lost).all(), "small results, by way of transformed inputs that overflow"
    assert np.isinf(found.error_bound(x, w * 2**-14, "float16").winograd).all()
    assert np.isinf(found.error_bound(np.full(6, 1e308), np.full(3, 1e308), "float64").winograd).all()


def test_where_roundings_are_too_many_there_is_no_bound():
    x, w = np.ones((1, 300, 4)), np.ones((1, 300, 3))
    bound = winograd(2, 3).error_bound(x, w, "bfloat16")
    assert np.isinf(bound.winograd).all() and np.isinf(bound.direct).all()
    assert winograd(2, 3).error_growth("bfloat16", 300) == np.inf
    assert np.isfinite(winograd(2, 3).error_bound(x, w, "float32").winograd).all()


def test_dtypes_by_any_name():
    found, operands_ = winograd(2, 3), ([1, 2, 3, 4], [1, 1, 1])
    expected = found.error_bound(*operands_, "float32").winograd
    for dtype in (np.float32, np.dtype("float32"), "float32"):
        np.testing.assert_array_equal(found.error_bound(*operands_, dtype).winograd, expected)
    np.testing.assert_array_equal(found.error_bound(*(np.float32(o) for o in operands_)).winograd, expected)
    coarse = numpy_type("bfloat16")
    assert found.roundings(coarse) == found.roundings("bfloat16")
    assert found.error_bound(*(np.array(o, coarse) for o in operands_), coarse).dtype == "bfloat16"


@pytest.mark.parametrize(
    ("x", "w", "dtype", "error", "message"),
    [
        ([1, 2, 3, np.nan], [1, 1, 1], "float32", ArgumentValueError, "expected finite numbers"),
        ([1, 2, 3, np.inf], [1, 1, 1], "float32", ArgumentValueError, "expected finite numbers"),
        ([1, 2, 3, 4j], [1, 1, 1], "float32", ArgumentTypeError, "expected real numbers"),
        ([1, 2, 3, "4"], [1, 1, 1], "float32", ArgumentTypeError, "expected real numbers"),
        ([[1, 2], [3]], [1, 1, 1], "float32", ArgumentTypeError, "sequences of equal lengths"),
        (None, [1, 1, 1], "float32", ArgumentTypeError, "x=None: expected real numbers"),
        ([1, 2, 3, 10**400], [1, 1, 1], "float32", ArgumentTypeError, "expected real numbers"),
        ([1, 2, 3, 4], [1, 1, 1], "float80", ArgumentValueError, "dtype='float80': expected one of float16"),
        ([1, 2, 3, 4], [1, 1, 1], None, ArgumentValueError, "dtype=None"),
        ([1, 2, 3, 4], [1, 1, 1], int, ArgumentValueError, "dtype=<class 'int'>"),
        ([1, 2, 3, 4], [1, 1, 1], object(), ArgumentValueError, "dtype=<object object"),
        ([1, 2], [1, 1, 1], "float32", ArgumentValueError, "expected at least 3 elements"),
        (np.broadcast_to(1.0, 2**40), [1, 1, 1], "float32", ArgumentValueError, "expected at most"),
        (range(10**12), [1, 1, 1], "float32", ArgumentValueError, "x=<1000000000000 elements>: expected at most"),
    ],
)  # fmt: skip
def test_what_has_no_bound_is_refused(x, w, dtype, error, message):
    with pytest.raises(error) as raised:
        winograd(2, 3).error_bound(x, w, dtype)
    assert message in str(raised.value)


def test_an_integer_of_thousands_of_digits_is_no_dtype():
    with pytest.raises(ArgumentValueError, match="expected one of float16"):
        winograd(2, 3).roundings(10**5000)


def test_channels_are_checked():
    for channels in (0, -1, 1.5, None, True):
        with pytest.raises((ArgumentTypeError, ArgumentValueError), match="channels="):
            winograd(2, 3).roundings("float32", channels)


@given(
    st.fractions(min_value=Fraction(-100), max_value=Fraction(100)), st.sampled_from(["float16", "float32", "float64"])
)
def test_rounding_is_that_of_numpy(value, dtype):
    near = rounded(value, FORMATS["float64"])
    assert float(near) == float(value)
    if value and abs(value) > Fraction(1, 2**13):
        once = float(rounded(near, FORMATS[dtype]))
        assert once == float(np.dtype(dtype).type(float(near)))
