"""Derivations of the forward side: every step proved for all sizes, and any step that is tampered with refuted."""

import pytest

from convproof.errors import Refuted
from convproof.symbolic import relations, smt
from convproof.symbolic.derive import derive
from convproof.symbolic.notation import Notation
from convproof.symbolic.step_checks import certify
from tests.symbolic.derivations.proofs import assert_proved
from tests.symbolic.derivations.steps import derived, doubled, off_by_one, recorded

TOPICS = (
    "conv1d",
    "conv2d",
    "conv3d",
    "convolution_algebra",
    "convolution_theorem",
    "pointwise",
    "fully_connected",
    "separable",
    "depthwise_separable",
    "composition",
    "equivariance",
    "bias",
)

#: Steps that have no index form, and what they rest on; None where nothing but a convention is stated.
STATED = {
    "sample": None,
    "multiply out": "exact",
    "counterexample": "exact",
    "roots of unity": "exact",
    "inverse": "exact",
    "closed form": "exact",
    "recursion": "universal",
    "count": "universal",
}

#: The remainder modulo a length in symbols is a product of symbols, which isl does not take.
MODULO = {"convolution_theorem": ("split",)}


@pytest.mark.parametrize("simple", [False, True])
@pytest.mark.parametrize("op", TOPICS)
def test_every_step_is_proved_for_all_sizes(op, simple):
    found = derived(op, simple=simple)
    assert_proved(found, besides=(*STATED, *MODULO.get(op, ())))
    for step in found.steps:
        if step.rule in STATED:
            assert step.evidence == STATED[step.rule], step
        elif step.rule == "definition":
            assert step.evidence is None
    assert found.symbols
    assert all(step.why.endswith((".", "$.")) for step in found.steps)


def test_the_remainder_is_proved_by_z3():
    (step,) = (s for s in derived("convolution_theorem", simple=False).steps if s.rule == "split")
    assert step.evidence == ("universal" if smt.available() else "exact")
    assert any("isl" in text for c in step.certificates for text in c.not_covered)


@pytest.mark.parametrize("mutated", [off_by_one, doubled])
@pytest.mark.parametrize("op", [op for op in TOPICS if op not in ("conv2d", "conv3d")])
def test_a_step_that_is_tampered_with_is_refuted(op, mutated):
    steps = recorded(op)
    assert steps
    for step in steps:
        with pytest.raises(Refuted, match="REFUTED"):
            certify(mutated(step), step.setting, "tampered with")


@pytest.mark.parametrize("op", [op for op in TOPICS if op != "conv3d"])
def test_braces_and_brackets_of_the_formulas_match(op):
    other = Notation(vectors=True, elements="subscript", gradients="fraction")
    for latex in (derived(op, simple=False).latex(), derive(op, notation=other).latex()):
        for left, right in ("{}", ("\\left", "\\right")):
            assert latex.count(left) - latex.count("\\leftarrow") == latex.count(right)
        assert "None" not in latex


@pytest.mark.skipif(not relations.available(), reason="islpy names the smallest product")
@pytest.mark.parametrize(
    ("op", "told"),
    [
        ("convolution_algebra", ["$t=1$, where $w(0)\\,x(1)$ is on the left only", "$v(1)\\,w(0)\\,x(1)$"]),
        ("equivariance", ["h=1, k=1, p=0, s=2"]),
    ],
)
def test_counterexamples_are_the_smallest(op, told):
    steps = [step for step in derived(op, simple=False).steps if step.rule == "counterexample"]
    assert len(steps) == len(told)
    for step, text in zip(steps, told, strict=True):
        assert text in step.why
        assert step.relation == r"\ne"
