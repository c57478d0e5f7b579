"""A formula held against the structure tensor: right ones pass, each wrong one is told by a product."""

import pytest

from convproof.symbolic import rules
from convproof.symbolic.derivations.convolution import Convolution
from convproof.symbolic.derivations.oracle import GEOMETRIES, same_products
from convproof.symbolic.guarded_sum import GuardedSum, Term
from convproof.symbolic.guards import Range

FORWARD = {"x": "x", "w": "w"}


@pytest.mark.parametrize("simple", [False, True])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_the_definition_names_the_products_of_the_structure_tensor(axes, simple):
    conv = Convolution(axes, simple)
    found = same_products(conv, conv.forward(), "y", FORWARD)
    assert found.evidence == "exact"
    assert simple or all(text in found.scope for text in GEOMETRIES[axes])


def changed(conv, change):
    forward = conv.forward()
    return GuardedSum(forward.free, tuple(change(term) for term in forward.terms))


@pytest.mark.parametrize(
    "change",
    [
        lambda conv, term: term.map(lambda e: e.subs(conv.p[0], -conv.p[0])),
        lambda conv, term: term.map(lambda e: e.subs({conv.s[0]: conv.d[0], conv.d[0]: conv.s[0]}, simultaneous=True)),
        lambda conv, term: rules.drop(term, (), next(g for g in term.guards if isinstance(g, Range))),
        lambda conv, term: term.map(lambda e: e.subs(conv.n[0], conv.n[0] - 1)),
    ],
    ids=["sign of padding", "stride and dilation swapped", "range dropped", "one element fewer"],
)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_a_wrong_formula_is_refuted_by_a_product(axes, change):
    conv = Convolution(axes)
    found = same_products(conv, changed(conv, lambda term: change(conv, term)), "y", FORWARD)
    assert not found
    assert any(word in str(found.counterexample) for word in ("missing", "spurious"))


def test_tensors_that_stand_for_sums_are_written_out():
    conv = Convolution(1)
    summed = GuardedSum(conv.output, (Term((), (), (conv.element("v", conv.output),)),))
    assert same_products(conv, summed, "y", FORWARD, {"v": conv.forward()})
    wrong = conv.forward().substitute({conv.p[0]: conv.p[0] + 1})
    assert not same_products(conv, summed, "y", FORWARD, {"v": wrong})


def test_a_wrong_role_is_refuted():
    conv = Convolution(1)
    assert not same_products(conv, conv.forward(), "y", {"x": "w", "w": "x"})
