"""The transposed convolution and its gradients: every form proved, every mutated form refuted."""

import numpy as np
import pytest
from sympy import expand

from convproof.errors import Refuted
from convproof.symbolic import polynomials, rules
from convproof.symbolic.derivations.convolution import Convolution
from convproof.symbolic.derivations.oracle import same_products
from convproof.symbolic.derivations.scattering import scatter
from convproof.symbolic.derive import derive
from convproof.symbolic.guarded_sum import GuardedSum
from convproof.symbolic.guards import Divides, Range
from convproof.symbolic.notation import Notation
from convproof.symbolic.step_checks import Claim, Setting, certify
from tests.symbolic.derivations.proofs import assert_proved

TOPICS = ("conv_transpose{}d", "conv_transpose{}d_input", "conv_transpose{}d_weight")


@pytest.mark.parametrize("simple", [False, True])
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("topic", TOPICS)
def test_every_step_is_proved(topic, axes, simple):
    found = derive(topic.format(axes), simple=simple)
    assert_proved(found)
    assert any("structure tensor" in c.claim for c in found.certificates)


@pytest.mark.parametrize("topic", TOPICS)
def test_one_bold_letter_stands_for_all_axes(topic):
    text = derive(topic.format(2), notation=Notation(vectors=True)).latex()
    assert r"\mathbf{r}" in text
    assert "r_1" not in text


# ---------------------------------------------------------------------- what must be refuted


def part(found, title):
    return next(p for p in found.parts if p.title.startswith(title))


@pytest.fixture(scope="module")
def derived():
    return derive("conv_transpose1d")


CONV = Convolution(1)
(s,), (d,), (p,), (k,), (o,) = CONV.s, CONV.d, CONV.p, CONV.k, CONV.o


def refuted(before, after, definitions=None):
    setting = Setting(CONV.s, CONV.d, definitions=definitions or {})
    certify(Claim(before, before), setting, "")  # the setting itself is sound
    with pytest.raises(Refuted):
        certify(Claim(before, after), setting, "")


def dropped(sum_, kind):
    term = sum_.terms[0]
    guard = next(g for g in term.guards if isinstance(g, kind))
    return rules.each(rules.drop, sum_, guard)


GATHER_MUTANTS = {
    "range dropped": lambda form: dropped(form, Range),
    "sign of padding": lambda form: form.map(lambda e: e.subs(p, -p)),
    "stride and dilation swapped": lambda form: form.map(lambda e: e.subs({s: d, d: s}, simultaneous=True)),
    "one element fewer": lambda form: form.map(lambda e: e.subs(o, o - 1)),
    "tap counted from 1": lambda form: form.map(lambda e: expand(e.subs(p, p - d)) if e.has(d) else e),
}


@pytest.mark.parametrize("mutate", GATHER_MUTANTS.values(), ids=GATHER_MUTANTS)
def test_a_wrong_gather_form_is_refuted(derived, mutate):
    step = part(derived, "Gather").result
    refuted(step.before, mutate(step.after))


def test_divisibility_is_needed(derived):
    # without it an element between two others is read: an index that is a fraction
    step = part(derived, "Gather").result
    refuted(step.before, dropped(step.after, Divides))
    wrong = dropped(step.after, Divides)
    with pytest.raises(polynomials.NotAnInteger):
        same_products(CONV, wrong, "x", {"y": "x", "w": "w"})


ZEROS_MUTANTS = {
    "kernel not flipped": lambda form: _weight(form, lambda e: k - 1 - e),
    "dilation left out of the padding": lambda form: form.map(lambda e: e.subs(d * k, k + d - 1) if e.has(p) else e),
    "padding kept": lambda form: form.map(lambda e: expand(e - 2 * p + d * k - d) if e.has(p) else e),
}


def _weight(form, change):
    terms = []
    for term in form.terms:
        factors = tuple(
            type(f)(f.tensor, (*f.indices[:-1], expand(change(f.indices[-1])))) if f.tensor == "w" else f
            for f in term.factors
        )
        terms.append(type(term)(term.binders, term.guards, factors, term.coefficient))
    return GuardedSum(form.free, tuple(terms))


@pytest.mark.parametrize("mutate", ZEROS_MUTANTS.values(), ids=ZEROS_MUTANTS)
def test_a_wrong_convolution_of_the_spaced_input_is_refuted(derived, mutate):
    chain = part(derived, "Zeros")
    step = chain.result
    assert mutate(step.after) != step.after
    refuted(step.before, mutate(step.after), {"z": chain.steps[0].after})


@pytest.mark.parametrize("spacing", [s + 1, d, 1])
def test_another_number_of_zeros_is_refuted(derived, spacing):
    chain = part(derived, "Zeros")
    wrong = chain.steps[0].after.map(lambda e: e.subs(s, spacing) if e.has(s) else e)
    with pytest.raises(Refuted):
        certify(Claim(scatter(CONV), chain.result.after), Setting(CONV.s, CONV.d, definitions={"z": wrong}), "")


def test_the_other_way_of_cropping_is_refuted(derived):
    chain = part(derived, "Padding crops")
    refuted(scatter(CONV), chain.result.after.map(lambda e: e.subs(p, -p)), {"f": chain.steps[0].after})


@pytest.mark.parametrize("mutate", [lambda f: dropped(f, Range), lambda f: f.map(lambda e: e.subs(p, -p))])
@pytest.mark.parametrize("topic", ["conv_transpose1d_input", "conv_transpose1d_weight"])
def test_a_wrong_gradient_is_refuted(topic, mutate):
    step = derive(topic).steps[-1]
    refuted(step.before, mutate(step.after))


def test_the_weight_gradient_has_its_roles_swapped():
    formula = derive("conv_transpose1d_weight").steps[-1].after
    assert same_products(CONV, formula, "w", {"x": "dy", "y": "x"})
    swapped = GuardedSum(formula.free, tuple(_swap(term) for term in formula.terms))
    assert not same_products(CONV, swapped, "w", {"x": "dy", "y": "x"})


def _swap(term):
    names = {"dy": "x", "x": "dy"}
    factors = tuple(type(f)(names[f.tensor], f.indices) for f in term.factors)
    return type(term)(term.binders, term.guards, factors, term.coefficient)


# ---------------------------------------------------------------------- what is right, and known from elsewhere


def test_zeros_may_be_read_where_nothing_is(derived):
    # z is zero outside, so that the range may be left out: unusual, and right
    chain = part(derived, "Zeros")
    without = dropped(chain.result.after, Range)
    certify(Claim(scatter(CONV), without), Setting(CONV.s, CONV.d, definitions={"z": chain.steps[0].after}), "")


def test_at_stride_one_it_is_the_full_convolution_of_numpy(derived):
    x, w = np.array([3, -1, 4, 1, -5]), np.array([2, 7, 1])
    form = part(derived, "At stride 1").result.after
    sizes = dict.fromkeys(form.parameters, 1) | {o: 5, k: 3, p: 0}
    sizes |= {v: 7 for v in form.parameters if str(v) == "n"}
    names = {"x": 0, "w": 1}
    table = polynomials.table(form, sizes, names)
    y = np.zeros(7, int)
    for row, coefficient in zip(table.rows.tolist(), table.coefficients.tolist(), strict=True):
        found = polynomials.elements(np.array(row[4:]), names, {"x": 4, "w": 4})
        values = {f.tensor: f.indices[-1] for f in found}
        y[row[3]] += coefficient * x[values["x"]] * w[values["w"]]
    assert y.tolist() == np.convolve(x, w).tolist()


def test_output_padding_is_told_with_the_sizes(derived):
    text = part(derived, "Sizes").result.pieces
    assert any(r"\sum_{e=0}^{s - 1}" in piece for piece in text)
    assert "e" in derived.symbols


def test_the_table_of_symbols_says_that_input_and_output_have_changed_places(derived):
    forward = CONV.meanings(Notation())
    changed = {symbol for symbol, text in forward.items() if derived.symbols[symbol] != text}
    assert len(changed) == 7
    assert derived.symbols["n"] == "size of the output of the transposed convolution, per axis"
