"""The points chosen: least error growth among all sets compared, recomputed here without the search."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from convproof.symbolic.winograd import winograd
from convproof.symbolic.winograd.points import chosen_points

TENTH = Fraction(11, 10)


def weights_of_errors(found):
    """|AT|, |G| and |BT| multiplied out: what the rounding error of each product x[j] w[a] can add to y[i]."""
    at, g, bt = (np.array(matrix, dtype=object) for matrix in (found.AT, found.G, found.BT))
    return np.einsum("it,ta,tj->iaj", abs(at), abs(g), abs(bt))


@pytest.mark.parametrize(("m", "r"), [(2, 3), (4, 3), (3, 2), (2, 5), (1, 4)])
def test_amplification_is_the_largest_sum_of_magnitudes(m, r):
    found = winograd(m, r)
    assert found.amplification == max(weights_of_errors(found).sum((1, 2))) / r
    assert found.nested().amplification == found.amplification**2
    assert found.nested(winograd(2, 3)).amplification == found.amplification * Fraction(8, 3)


@pytest.mark.parametrize(("m", "r"), [(2, 3), (4, 3)])
def test_typical_amplification_is_the_mean_square_of_drawn_errors(m, r):
    found = winograd(m, r)
    at, g, bt = found.numpy()
    rng = np.random.default_rng(0)
    x, w, errors = (rng.choice([-1.0, 1.0], (size, 50_000)) for size in (m + r - 1, r, m + r - 1))
    changes = at @ ((g @ w) * (bt @ x) * errors)
    assert np.sqrt(np.mean(changes**2) / r) == pytest.approx(found.typical_amplification, rel=0.03)


def test_moving_a_factor_between_the_matrices_changes_nothing():
    found = winograd(4, 3)
    factors = [Fraction(3), Fraction(-1, 7), Fraction(5, 2), Fraction(1), Fraction(9), Fraction(-2)]
    moved = type(found).from_matrices(
        [[entry * f for entry, f in zip(row, factors, strict=True)] for row in found.AT],
        [[entry / f for entry in row] for row, f in zip(found.G, factors, strict=True)],
        found.BT,
    )
    assert moved.certificate and moved != found
    assert moved.amplification == found.amplification
    assert moved.typical_amplification == pytest.approx(found.typical_amplification, rel=1e-12)


def symmetric_sets(count):
    magnitudes = sorted({Fraction(a, 4) for a in range(1, 17)} | {Fraction(a, 8) for a in range(2, 17)})
    for pairs in combinations(magnitudes, count // 2):
        yield [Fraction(0)] * (count % 2) + [sign * p for p in pairs for sign in (1, -1)]


@pytest.mark.parametrize(("m", "r"), [(2, 3), (3, 2), (4, 3), (2, 5)])
def test_choice_is_the_best_of_all_sets_by_exact_arithmetic(m, r):
    every = [winograd(m, r, points) for points in symmetric_sets(m + r - 2)]
    chosen, least, count = chosen_points(m, r)
    assert count == len(every)
    smallest = min(found.amplification for found in every)
    assert winograd(m, r, least).amplification == smallest
    near = [found for found in every if found.amplification <= smallest * TENTH]
    best = min(found.typical_amplification for found in near)
    assert winograd(m, r).points == chosen
    assert winograd(m, r).typical_amplification == pytest.approx(best, rel=1e-9)
    assert winograd(m, r).amplification <= smallest * TENTH


@pytest.mark.parametrize(("m", "r"), [*((m, 3) for m in range(2, 9)), (2, 5), (4, 5), (2, 7), (10, 3)])
def test_no_other_set_in_use_is_better_in_both_respects(m, r):
    found, finite = winograd(m, r), m + r - 2
    in_use = {
        "integers": [0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5],
        "wincnn, NNPACK": [0, 1, -1, 2, -2, "1/2", "-1/2", 4, -4, "1/4", "-1/4"],
        "reciprocals of opposite signs": [0, 1, -1, "1/2", -2, 2, "-1/2", "1/4", -4, 4, "-1/4"],
        "three quarters": [0, "3/4", "-3/4", "3/2", "-3/2", 3, -3, "3/8", "-3/8", 6, -6],
    }
    for points in in_use.values():
        other = winograd(m, r, points[:finite])
        assert found.amplification <= other.amplification * TENTH
        better = other.typical_amplification < found.typical_amplification * (1 - 1e-9)
        assert not (better and other.amplification <= found.amplification)


def test_reason_is_data_and_text():
    reason = winograd(4, 3).points_reason
    assert reason.used.points == winograd(4, 3).points and reason.used.label == "chosen"
    assert reason.used.amplification == winograd(4, 3).amplification
    labels = {entry.label: entry for entry in reason.others}
    assert labels["integers"].amplification == 16 and labels["least"].amplification == Fraction(22, 3)
    assert reason.used.typical < labels["least"].typical < labels["integers"].typical
    assert reason.sets == 253
    assert "chosen" in str(reason) and "0, ±1/2, ±2, inf" in str(reason)


def test_reason_of_given_points_shows_the_choice_beside_them():
    points = [0, "3/4", "-3/4", "3/2", "-3/2"]
    reason = winograd(4, 3, points).points_reason
    assert reason.used.label == "given"
    assert reason.others[0].label == "chosen" and reason.others[0].points == winograd(4, 3).points
    assert reason.others[0].amplification < reason.used.amplification
    assert winograd(4, 3, [0, 1, -1, 2, -2]).points_reason.used.label == "integers"


def test_points_in_another_order_are_the_same_set():
    reason = winograd(2, 3, [-1, 0, 1]).points_reason
    assert reason.used.label == "chosen" and not reason.others
