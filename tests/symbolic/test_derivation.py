"""The writer of derivations: every line is checked as it is written, and what is wrong is never written."""

from __future__ import annotations

import pytest

from convproof.errors import ArgumentValueError, Refuted
from convproof.evidence import Certificate, Counterexample
from convproof.symbolic.derivation import Writer
from convproof.symbolic.guarded_sum import Factor
from convproof.symbolic.notation import PAPER, Notation
from tests.symbolic.step_cases import FORWARD, GATHER, PLAIN, SCATTER, Y, a, dy, i, k, n, o, one, r, w, y

HELD = Certificate("a claim", "formula", "one size", "exact")
WRONG = Certificate(
    "a claim", "formula", "one size", None, counterexample=Counterexample("", "", "", "", "at n=1: it is not so")
)


@pytest.fixture
def writer():
    found = Writer("conv1d_input", "Input gradient", PLAIN, PAPER)
    found.part("First", "Lead-in.")
    return found


def test_steps_go_on_from_the_line_before(writer):
    writer.define(dy(i), SCATTER, "By definition.")
    assert writer.last == SCATTER
    assert writer.step("sift", GATHER, "One output is left.") == GATHER and writer.last == GATHER
    done = writer.finish()
    definition, sifted = done.steps
    assert definition.rule == "definition" and definition.evidence is None and definition.certificates == ()
    assert sifted.before == SCATTER and sifted.after == GATHER and sifted.left == "" and sifted.certificates
    assert (
        done.parts[0].title == "First" and done.parts[0].result is sifted and done.certificates == sifted.certificates
    )
    assert "step 2 (sift)" in sifted.certificates[0].claim


def test_a_wrong_step_is_not_written(writer):
    writer.define(dy(i), SCATTER, "By definition.")
    with pytest.raises(Refuted, match=r"conv1d_input, step 2 \(sift\)"):
        writer.step("sift", one({i: n}, {a: k}, [], dy(i), w(a)), "Wrong.")
    assert len(writer.finish().steps) == 1


def test_a_step_may_begin_a_chain(writer):
    writer.setting = type(PLAIN)(PLAIN.strides, PLAIN.dilations, (), Y)
    before = one({}, {r: o}, [], dy(r), y(r))
    after = one({r: o}, {}, [], y(r))
    writer.step("differentiate", after, "Each output once.", left=y(r), before=before, derivative="dy")
    with pytest.raises(Refuted, match="derivative by every element of dy"):
        writer.step("differentiate", one({r: o}, {}, [], dy(r)), "No.", left=y(r), before=before, derivative="dy")
    assert FORWARD.free == after.free


def test_what_has_no_index_form_needs_certificates_that_hold(writer):
    writer.state("size", "o", ["n"], "Because.", [HELD])
    with pytest.raises(Refuted, match="it is not so"):
        writer.state("size", "o", ["n + 1"], "Because not.", [HELD, WRONG])
    assert [step.evidence for step in writer.finish().steps] == ["exact"]


def test_a_formula_is_confirmed_only_by_what_holds(writer):
    writer.define(dy(i), SCATTER, "By definition.")
    with pytest.raises(Refuted):
        writer.confirm(WRONG)
    assert writer.finish().certificates == ()
    writer.confirm(HELD)
    assert writer.finish().certificates == (HELD,)


def test_evidence_is_the_strongest_word(writer):
    writer.state(
        "size", "o", ["n"], "Because.", [HELD, Certificate("a claim", "formula", "all sizes", "universal"), HELD]
    )
    assert writer.finish().steps[0].evidence == "universal"


def test_no_link_of_a_chain_is_left_out(writer):
    writer.define(dy(i), SCATTER, "By definition.")
    with pytest.raises(ArgumentValueError, match="line before"):
        writer.step("sift", GATHER, "From nowhere.", before=GATHER)
    writer.state("words", "", ["?"], "A line without an expression.")
    with pytest.raises(ArgumentValueError, match="no line before that has one"):
        writer.step("sift", GATHER, "Over the line that has none.")
    writer.state("words", "", ["?"], "The same, said in numbers.", after=SCATTER)
    assert writer.step("sift", GATHER, "One output is left.") == GATHER


@pytest.mark.parametrize(
    ("names", "both"),
    [({"a": "i"}, "a and i"), ({"a": "o"}, "a and o"), ({"w": "\\bar{w}"}, None), ({"a": "i", "i": "a"}, None)],
)
def test_names_that_make_two_things_look_alike_are_refused(names, both):
    """A sum over i of elements i of another tensor would be another formula than the one that was proved."""
    writer = Writer("conv1d_input", "Input gradient", PLAIN, Notation(names=names))
    writer.part("First")
    if both is None:
        writer.define(dy(i), GATHER, "By definition.")
        return
    with pytest.raises(ArgumentValueError, match=f"a name of its own for each thing: {both} are both written"):
        writer.define(dy(i), GATHER, "By definition.")


@pytest.mark.parametrize(
    ("notation", "told"),
    [
        (PAPER, {r"g": "gradient of the loss by $y$", r"\bar{x}": "gradient of the loss by $x$"}),
        (Notation(names={"x": "u"}), {"g": "gradient of the loss by $y$", r"\bar{u}": "gradient of the loss by $u$"}),
        (Notation(gradients="fraction"), {"L": "loss"}),
    ],
)
def test_gradients_stand_in_the_table_of_notation(notation, told):
    writer = Writer("conv1d_input", "Input gradient", PLAIN, notation)
    writer.part("First")
    writer.define(y(r), FORWARD, "By definition.")
    assert writer.symbols == {}
    writer.define(Factor("dx", (i,)), GATHER, "By definition.")
    assert writer.symbols == told


def test_chains_may_use_a_letter_for_different_things():
    """One axis is written with other symbols than several: the tap a of one is not the tap a_1 of the other."""
    writer = Writer("fold", "Fold", PLAIN, Notation(names={"a": "i"}))
    for index, size in ((i, n), (a, k)):
        writer.part("A chain")
        writer.define(w(index), one({index: size}, {}, [], w(index)), "By definition.")
    assert {step.left for step in writer.finish().steps} == {"w(i)"}


def test_tensors_have_names_of_their_own_but_may_share_them_with_indices():
    for names in ({"y": "w"}, {"w": "y"}):
        writer = Writer("conv1d", "Forward", PLAIN, Notation(names=names))
        writer.part("First")
        writer.define(y(r), one({r: o}, {}, [], y(r)), "By definition.")
        with pytest.raises(ArgumentValueError, match="are both written"):
            writer.define(w(a), one({a: k}, {}, [], w(a)), "By definition.")
    writer = Writer("conv1d", "Forward", PLAIN, Notation(names={"y": "r"}))
    writer.part("First")
    writer.define(y(r), one({r: o}, {}, [], y(r)), "By definition.")
