"""Rules: each gives an equal sum where its side condition is met, and refuses where it is not."""

from __future__ import annotations

import pytest

from convproof.symbolic import rules
from convproof.symbolic.guarded_sum import Index
from convproof.symbolic.guards import Divides, Equal, Range
from convproof.symbolic.rules import RuleError, each
from convproof.symbolic.step_checks import Claim, certify, refute_at_sizes
from tests.symbolic.step_cases import (
    DOT,
    FORWARD,
    GATHER,
    PLAIN,
    READ,
    SCATTER,
    SUM,
    a,
    dy,
    i,
    k,
    n,
    o,
    one,
    p,
    r,
    s,
    total,
    u,
    v,
    w,
    x,
)  # fmt: skip


def holds(before, after, derivative=None):
    return bool(certify(Claim(before, after, derivative), PLAIN, "the rule"))


def test_differentiate():
    found = rules.differentiate(FORWARD, "x", [Index(i, n)])
    assert found == one({r: o, i: n}, {a: k}, [Range(READ, n), Equal(READ, i)], w(a))
    assert holds(FORWARD, found, "x")
    assert rules.differentiate(FORWARD, "v", [Index(i, n)]) == total({r: o, i: n})
    squares = rules.differentiate(one({}, {r: o}, [], x(r), x(r)), "x", [Index(i, n)])
    assert len(squares.terms) == 2


def test_differentiate_captures_nothing():
    for index in (a, r):
        with pytest.raises(RuleError, match="in use"):
            rules.differentiate(FORWARD, "w", [Index(index, k)])


def test_absorb():
    found = each(rules.absorb, rules.differentiate(FORWARD, "x", [Index(i, n)]))
    assert found == one({r: o, i: n}, {a: k}, [Equal(READ, i)], w(a))
    kept = one({i: n}, {r: o}, [Range(r, o + 1), Range(i, n, 1), Range(r), Divides(2, r), Equal(r, i)], x(i))
    assert each(rules.absorb, kept) == kept
    known = one({i: n}, {r: o}, [Range(r, o), Range(i, n), Divides(1, r), Equal(r, r), Equal(r, i), Equal(r, i)], x(i))
    assert each(rules.absorb, known) == one({i: n}, {r: o}, [Equal(r, i)], x(i))
    assert holds(known, each(rules.absorb, known))


def test_sift():
    assert each(rules.sift, SCATTER, r) == GATHER
    assert holds(SCATTER, each(rules.sift, SCATTER, r)) and holds(SCATTER, each(rules.sift, SCATTER, a))
    unit = one({i: n}, {r: o, a: k}, [Equal(i, r - a)], dy(r), w(a))
    assert each(rules.sift, unit, a) == one({i: n}, {r: o}, [Range(r - i, k)], dy(r), w(r - i))
    assert holds(unit, each(rules.sift, unit, a)) and holds(unit, each(rules.sift, unit, r))
    named = one({i: n}, {r: n}, [Equal(r, i)], x(r))
    assert each(rules.sift, named, r) == one({i: n}, {}, [], x(i))
    assert each(rules.sift_all, SCATTER, [r]) == GATHER


@pytest.mark.parametrize(
    "guards",
    [[], [Range(r, 3)], [Equal(r**2, i)], [Equal(p * r, i)], [Equal(a, i)], [Divides(s, r)]],
)
def test_sift_needs_a_delta_that_is_linear(guards):
    with pytest.raises(RuleError, match="no delta gives r"):
        each(rules.sift, one({i: n}, {r: o, a: k}, guards, x(r), w(a)), r)


def test_sift_needs_a_sum():
    with pytest.raises(RuleError, match="not summed over"):
        each(rules.sift, SCATTER, u)


def test_reindex():
    flipped = each(rules.reindex, DOT, [a], [Index(u, None)], {a: k - 1 - u})
    assert flipped == one({}, {u: None}, [Range(k - 1 - u, k)], x(k - 1 - u), w(k - 1 - u))
    assert holds(DOT, flipped)
    both = each(rules.reindex, SCATTER, [r, a], [Index(u, None), Index(v, None)], {r: u - v, a: v})
    assert holds(SCATTER, both)
    same = each(rules.reindex, SUM, [r], [Index(r, None)], {r: r - 1})
    assert holds(SUM, same)


def test_reindex_that_is_not_one_to_one_is_left_to_the_checks():
    twice = each(rules.reindex, DOT, [a], [Index(u, None), Index(v, k)], {a: u})
    assert refute_at_sizes(Claim(DOT, twice), PLAIN) is not None


def test_reindex_refuses():
    with pytest.raises(RuleError, match="not summed over"):
        each(rules.reindex, DOT, [r], [Index(u, None)], {r: u})
    with pytest.raises(RuleError, match="in use"):
        each(rules.reindex, SCATTER, [r], [Index(a, None)], {r: a})
    with pytest.raises(RuleError, match="in use"):
        each(rules.reindex, SCATTER, [r], [Index(i, None)], {r: i})


def test_bound():
    endless = one({}, {u: None}, [Range(u, o), Divides(2, u)], x(u))
    found = each(rules.bound, endless, u)
    assert found == one({}, {u: o}, [Divides(2, u)], x(u)) and holds(endless, found)


@pytest.mark.parametrize(
    "sum_",
    [
        one({}, {u: None}, [Range(u + 1, o)], x(u)),
        one({}, {u: None}, [Range(u, o, 1)], x(u)),
        one({}, {u: None}, [Range(u)], x(u)),
        one({}, {u: n}, [Range(u, o)], x(u)),
        one({}, {v: None}, [Range(v, o)], x(v)),
    ],
)
def test_bound_needs_a_range_from_0(sum_):
    with pytest.raises(RuleError, match="no range of u"):
        each(rules.bound, sum_, u)


def test_drop_and_add_guards():
    wide = each(rules.add_guards, GATHER, Range(i, n))
    assert wide.terms[0].guards[-1] == Range(i, n) and holds(GATHER, wide)
    assert each(rules.drop, wide, Range(i, n)) == GATHER
    with pytest.raises(RuleError, match="no guard"):
        each(rules.drop, GATHER, Range(i, o))


def test_exchange():
    found = each(rules.exchange, SCATTER, [a, r])
    assert [b.symbol for b in found.terms[0].binders] == [a, r] and holds(SCATTER, found)
    for order in ([a], [a, r, u], [a, u], []):
        with pytest.raises(RuleError, match="not the indices"):
            each(rules.exchange, SCATTER, order)


def test_rules_of_terms_act_on_each_term():
    several = total({i: n}, *SCATTER.terms, *SCATTER.terms)
    assert each(rules.sift, several, r) == total({i: n}, *GATHER.terms, *GATHER.terms)
