"""The gradients of a convolution: proved, held against the structure tensor, and refuted where mutated."""

from dataclasses import replace

import pytest
from sympy import expand

from convproof.errors import ConvproofError, Refuted
from convproof.symbolic import rules
from convproof.symbolic.derivation import Writer
from convproof.symbolic.derivations.convolution import Convolution
from convproof.symbolic.derivations.gradients import input_rule
from convproof.symbolic.derive import derive
from convproof.symbolic.guards import Divides, Range
from convproof.symbolic.notation import PAPER, Notation
from convproof.symbolic.step_checks import Claim, Setting, certify
from tests.symbolic.derivations.proofs import assert_proved

CONV = Convolution(1)
(s,), (d,), (p,), (k,), (n,), (o,) = CONV.s, CONV.d, CONV.p, CONV.k, CONV.n, CONV.o


@pytest.mark.parametrize("simple", [False, True])
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("topic", ["conv{}d_input", "conv{}d_weight"])
def test_every_step_is_proved_and_the_last_is_held_against_the_oracle(topic, axes, simple):
    found = derive(topic.format(axes), simple=simple)
    assert_proved(found)
    assert "structure tensor" in found.steps[-1].certificates[-1].claim


@pytest.mark.parametrize("sum_over", ["taps", "pixels"])
@pytest.mark.parametrize("axes", [1, 2])
def test_the_input_gradient_is_summed_over_taps_or_over_pixels(axes, sum_over):
    found = derive(f"conv{axes}d_input", notation=Notation(sum_over=sum_over))
    assert_proved(found)
    letters = {str(b.symbol)[0] for b in found.steps[-1].after.terms[0].binders}
    assert letters == {"m", {"taps": "a", "pixels": "r"}[sum_over]}


def dropped(form, kind):
    guard = next(g for g in form.terms[0].guards if isinstance(g, kind))
    return rules.each(rules.drop, form, guard)


MUTANTS = {
    "range dropped": lambda form: dropped(form, Range),
    "sign of padding": lambda form: form.map(lambda e: e.subs(p, -p)),
    "stride and dilation swapped": lambda form: form.map(lambda e: e.subs({s: d, d: s}, simultaneous=True)),
    "one output fewer": lambda form: form.map(lambda e: e.subs({o: o - 1, n: n - 1})),
    "kernel flipped": lambda form: form.map(lambda e: expand(e.subs({d: -d, p: p - d * (k - 1)})) if e.has(d) else e),
}


@pytest.mark.parametrize("mutate", MUTANTS.values(), ids=MUTANTS)
@pytest.mark.parametrize("topic", ["conv1d_input", "conv1d_weight"])
def test_a_wrong_gradient_is_refuted(topic, mutate):
    step = next(step for step in reversed(derive(topic).steps) if step.rule == "sift")
    setting = Setting(CONV.s, CONV.d)
    assert certify(Claim(step.before, step.after), setting, "")
    wrong = mutate(step.after)
    assert wrong != step.after
    with pytest.raises(Refuted):
        certify(Claim(step.before, wrong), setting, "")


def test_divisibility_is_needed():
    # SymPy's own summation of a delta leaves it out, and reads g(1/2) at stride 2
    step = derive("conv1d_input").steps[-1]
    with pytest.raises(Refuted):
        certify(Claim(step.before, dropped(step.after, Divides)), Setting(CONV.s, CONV.d), "")


def test_another_padding_is_another_gradient():
    rule = input_rule(CONV)
    shifted = replace(rule, forward=rule.forward.map(lambda e: e.subs(p, p + 1)))
    writer = Writer("conv1d_input", "", CONV.setting, PAPER)
    shifted.write(writer)  # its own gradient is right
    with pytest.raises(Refuted):
        certify(Claim(writer.last, derive("conv1d_input").steps[-1].after), CONV.setting, "")


def test_an_index_in_use_is_not_captured():
    rule = input_rule(CONV)
    captured = replace(rule, by=CONV.channels("b", "gamma", "c") + CONV.pixels())
    with pytest.raises(ConvproofError, match="in use"):
        captured.write(Writer("conv1d_input", "", CONV.setting, PAPER))
