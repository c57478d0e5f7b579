"""isl: what sets have in common, how often their points count, the smallest point that tells them apart."""

from __future__ import annotations

import sys

import pytest
from sympy import floor, symbols

from convproof.errors import ArgumentValueError, MissingDependency
from convproof.symbolic import relations
from convproof.symbolic.guards import Divides, Equal, IntegerSet, Range
from convproof.symbolic.relations import NotAffine, TooHard, Witness, balance, difference, repeated

i, r, a, p, q = symbols("i r a p q", integer=True)
n, m, k, o, s, d = symbols("n m k o s d", integer=True, positive=True)

needs_isl = pytest.mark.skipif(not relations.available(), reason="islpy is not installed")


def below(end, *, over=i):
    return IntegerSet((over,), (Range(over, end),))


@needs_isl
def test_equal_sets():
    assert difference([below(n)], [IntegerSet((i,), (Range(2 * i + 1, 2 * n),))]) is None
    assert difference([below(n)], [below(m)], [Equal(n, m)]) is None
    assert difference([], []) is None


@needs_isl
@pytest.mark.parametrize(
    ("left", "right", "text"),
    [
        (below(n), below(n - 1), "at n=1: i=0 is missing"),
        (below(n - 1), below(n), "at n=1: i=0 is spurious"),
        (below(n), below(3), "at n=4: i=3 is missing"),
        (below(p), below(0), "at p=1: i=0 is missing"),
        (
            IntegerSet((i,), (Equal(i, p),)),
            IntegerSet(
                (i,),
                (Equal(i, p), Range(p)),
            ),
            "at p=-1: i=-1 is missing",
        ),
        (IntegerSet((), (Range(n, 3),)), IntegerSet((), ()), "at n=3: the single point is spurious"),
        (IntegerSet((), ()), IntegerSet((), (Range(1, 0),)), "at all sizes: the single point is missing"),
    ],
)
def test_the_smallest_point_that_tells_sets_apart(left, right, text):
    assert str(difference([left], [right])) == text


@needs_isl
def test_unions():
    parts = [IntegerSet((i,), (Range(i, m), Range(i, n))), IntegerSet((i,), (Range(i, n, m),))]
    assert difference([below(n)], parts) is None
    assert difference([below(n)], parts[:1]).kind == "missing"
    assert difference([], parts[:1]).kind == "spurious"


@needs_isl
def test_hidden_indices_are_any():
    even = IntegerSet((i,), (Equal(i, 2 * r),), (r,))
    assert difference([even], [IntegerSet((i,), (Divides(2, i),))]) is None
    assert difference([even], [IntegerSet((i,), (Divides(4, i),))]).kind == "missing"


@needs_isl
def test_strides_get_numbers():
    read = IntegerSet((i,), (Equal(i, s * r + d * a - p), Range(r, o), Range(a, k)), (r, a))
    assert difference([read], [read], s=2, d=3) is None
    witness = difference([read], [IntegerSet((i,), (Range(i + p, s * (o - 1) + d * (k - 1) + 1),))], s=2, d=3)
    assert witness.sizes["s"] == 2 and witness.sizes["d"] == 3 and witness.kind == "spurious"
    with pytest.raises(NotAffine):
        difference([read], [read])
    for guard in (Divides(s, i), Range(floor(i / s), n)):
        with pytest.raises(NotAffine):
            difference([IntegerSet((i,), (guard,))], [below(n)])


@needs_isl
def test_what_is_known_reaches_through_other_parameters():
    known = [Equal(n, q + 1), Equal(m, q + 1)]
    assert difference([below(n)], [below(m)], known) is None
    assert difference([below(n)], [below(m)], known[:1]) is not None
    assert difference([below(n)], [below(m)], [*known, Range(i, 3)]) is None  # of an index: says nothing


@needs_isl
def test_points_count_the_sum_of_the_weights():
    half = IntegerSet((i,), (Range(i, m), Range(i, n)))
    rest = IntegerSet((i,), (Range(i, n, m),))
    assert balance([(1, below(n))], [(1, half), (1, rest)]) is None
    assert balance([(2, below(n))], [(1, below(n)), (1, half), (1, rest)]) is None
    assert balance([(3, below(n)), (-3, below(n))], []) is None
    assert balance([(1, below(n)), (-1, half)], [(1, rest)]) is None
    assert balance([], []) is None
    assert balance([(2, below(n))], [(1, below(n))]).kind == "counted otherwise"
    assert balance([(1, below(n))], [(1, below(n)), (1, rest)]).kind == "counted otherwise"
    assert balance([(1, below(n)), (-1, rest)], [(1, below(n))]).kind == "spurious"


@needs_isl
def test_points_that_are_reached_twice():
    pairs = IntegerSet((i,), (Range(r, n), Range(a, k), Equal(i, r + a)), (r, a))
    found = repeated([pairs], [i])
    assert found == Witness("twice", {"k": 2, "n": 2}, {"i": 1})
    assert repeated([IntegerSet((i,), (Range(r, n), Equal(i, 2 * r)), (r,))], [i]) is None
    assert repeated([below(n), below(m)], [i]).kind == "twice"
    assert repeated([IntegerSet((i, r), (Range(i, n), Equal(i, r)))], [i]) is None


@needs_isl
def test_sets_over_other_variables_are_refused():
    with pytest.raises(ArgumentValueError, match="sets="):
        difference([below(n)], [below(n, over=r)])


@needs_isl
def test_isl_is_stopped(monkeypatch):
    monkeypatch.setattr(relations, "_MOST_OPERATIONS", 100)
    with pytest.raises(TooHard, match="isl gave up"):
        difference(
            [IntegerSet((i,), (Equal(17 * i, 19 * r + 23 * a), Range(r, n), Range(a, 31)), (r, a))], [below(n - 29)]
        )
    monkeypatch.undo()
    assert difference([below(n)], [below(n - 29)]) is not None


def test_without_islpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "islpy", None)
    assert not relations.available()
    with pytest.raises(MissingDependency, match="islpy"):
        difference([below(n + 12345)], [below(n)])


def test_a_witness_names_elements():
    point = {"i": 2, "x@0.0": 1, "x@0.1": 0, "w@1.0": 3}
    assert str(Witness("missing", {"n": 1}, point)) == "at n=1: i=2: x(1, 0) w(3) is missing"
