"""unfold, fold and the matrix product: proved, held against NumPy, and refuted where mutated."""

import numpy as np
import pytest
from sympy import Symbol

from convproof.errors import Refuted
from convproof.symbolic import polynomials, relations, rules
from convproof.symbolic.derivations import im2col
from convproof.symbolic.derivations.convolution import Convolution, inner
from convproof.symbolic.derivations.unfolding import columns, fold, folded, unfold
from convproof.symbolic.derive import derive
from convproof.symbolic.guarded_sum import GuardedSum, Index, Term
from convproof.symbolic.guards import Divides, Range
from convproof.symbolic.notation import PAPER, SLIDE
from convproof.symbolic.step_checks import Claim, Setting, certify
from tests.symbolic.derivations.proofs import PROVERS, assert_proved

CONV = Convolution(1)
(s,), (d,), (p,), (k,), (n,), (o,) = CONV.s, CONV.d, CONV.p, CONV.k, CONV.n, CONV.o
N, C = (Symbol(v, integer=True, positive=True) for v in "NC")


@pytest.mark.parametrize("simple", [False, True])
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("make", [unfold, fold, im2col.im2col])
def test_every_step_is_proved(make, axes, simple):
    found = make(axes, simple, SLIDE if simple else PAPER)
    assert_proved(found, besides=("count",))


def test_fold_on_a_slide_with_every_size_names_the_taps_of_both_parts():
    found = fold(2, False, SLIDE)
    sums = [" ".join(step.pieces) for step in found.steps]
    assert any(r"\sum_{a=0}^{K_1 - 1}" in text for text in sums) and any(r"\sum_{a=0}^{K - 1}" in text for text in sums)


def test_the_product_is_held_against_the_structure_tensor_three_times():
    oracle = [c for c in derive("im2col").certificates if "structure tensor" in c.claim]
    assert len(oracle) >= 3
    assert {c.evidence for c in oracle} == {"exact"}


def test_the_gradients_of_the_product_are_the_direct_ones():
    direct = [c for c in derive("im2col").certificates if "from the definition" in c.claim]
    assert {c.claim[-1] for c in direct} == {"x", "w"}
    assert [c.evidence for c in direct].count("universal") == 2 * PROVERS


# ---------------------------------------------------------------------- against NumPy


def written(form, sizes, names):
    """The rows of a table: free indices, the element's place, its coefficient."""
    table = polynomials.table(form, sizes, names)
    for row, coefficient in zip(table.rows.tolist(), table.coefficients.tolist(), strict=True):
        element = polynomials.elements(np.array(row[table.free :]), names, {"x": 3, "V": 4})
        yield tuple(row[: table.free]), [f.indices for f in element], coefficient


@pytest.mark.parametrize(("stride", "dilation", "padding"), [(1, 1, 0), (2, 1, 1), (1, 2, 2), (3, 2, 1)])
def test_the_columns_are_the_windows_of_numpy(stride, dilation, padding):
    x = np.arange(1, 8)
    reach = dilation * 2 + 1
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, padding), reach)[::stride, ::dilation]
    sizes = {n: 7, k: 3, o: len(windows), s: stride, d: dilation, p: padding, N: 1, C: 1}
    unfolded = np.zeros_like(windows.T)
    for (_, _, a, r), [(_, _, i)], _ in written(columns(CONV), sizes, {"x": 0}):
        unfolded[a, r] = x[i]
    assert unfolded.tolist() == windows.T.tolist()


def test_fold_after_unfold_counts_the_windows():
    windows = np.lib.stride_tricks.sliding_window_view(np.arange(-1, 7), 3)[::2]
    expected = [int((windows == i).sum()) for i in range(6)]
    step = next(step for step in derive("fold").steps if step.rule == "count")
    assert step.pieces == (f"({', '.join(map(str, expected))})",)
    assert step.evidence == "exact"


# ---------------------------------------------------------------------- what must be refuted


def dropped(form, kind):
    guard = next(g for g in form.terms[0].guards if isinstance(g, kind))
    return rules.each(rules.drop, form, guard)


def refuted(before, after, definitions, derivative=None):
    with pytest.raises(Refuted):
        certify(Claim(before, after, derivative), Setting(CONV.s, CONV.d, definitions=definitions), "")


ADJOINT_MUTANTS = {
    "sign of padding": lambda form: form.map(lambda e: e.subs(p, -p)),
    "stride and dilation swapped": lambda form: form.map(lambda e: e.subs({s: d, d: s}, simultaneous=True)),
    "one window fewer": lambda form: form.map(lambda e: e.subs(o, o - 1)),
    "kernel flipped": lambda form: form.map(lambda e: e.subs(d, -d).subs(p, p - d * (k - 1)) if e.has(d) else e),
}


@pytest.mark.parametrize("mutate", ADJOINT_MUTANTS.values(), ids=ADJOINT_MUTANTS)
def test_a_wrong_fold_is_not_the_adjoint(mutate):
    place = columns(CONV).free
    lead = CONV.channels("b", "c")
    product = inner("x", "F", lead + CONV.pixels())
    right = {"X": columns(CONV), "F": folded(CONV, "V")}
    certify(Claim(inner("X", "V", place), product), Setting(CONV.s, CONV.d, definitions=right), "")
    refuted(inner("X", "V", place), product, right | {"F": mutate(folded(CONV, "V"))})


@pytest.mark.parametrize("kind", [Range, Divides])
def test_the_gather_form_of_fold_needs_its_brackets(kind):
    form = rules.each(rules.sift_all, folded(CONV, "V"), tuple(i.symbol for i in CONV.outputs()))
    certify(Claim(folded(CONV, "V"), form), Setting(CONV.s, CONV.d), "")
    refuted(folded(CONV, "V"), dropped(form, kind), {})


def test_fold_is_not_the_inverse_of_unfold():
    lead = CONV.channels("b", "c") + CONV.pixels()
    itself = GuardedSum(lead, (Term((), (), (CONV.element("x", lead),)),))
    refuted(folded(CONV, "X"), itself, {"X": columns(CONV)})


def test_where_windows_tile_the_input_fold_is_the_inverse():
    # unusual and right: kernel and stride equal, no padding, every element in one window
    tiles = {k: s, d: 1, p: 0, n: s * o}
    lead = CONV.channels("b", "c") + tuple(Index(i.symbol, s * o) for i in CONV.pixels())
    itself = GuardedSum(lead, (Term((), (), (CONV.element("x", lead),)),))
    change = lambda form: form.map(lambda e: e.subs(tiles, simultaneous=True))  # noqa: E731
    setting = Setting(CONV.s, CONV.d, definitions={"X": change(columns(CONV))})
    found = certify(Claim(change(folded(CONV, "X")), itself), setting, "")
    assert "exact" in [c.evidence for c in found]
    assert not relations.available() or found[0].evidence == "universal"


@pytest.mark.parametrize("wrong", ["filters", "images"])
def test_a_wrong_matrix_gradient_is_refuted(wrong):
    found = derive("im2col")
    title = {"filters": "Gradient of the columns", "images": "Gradient of the weight"}[wrong]
    step = next(part for part in found.parts if part.title == title).steps[0]
    gone = {"filters": "m", "images": "b"}[wrong]
    (term,) = step.after.terms
    shorter = tuple(Index(b.symbol, b.size - 1) if str(b.symbol) == gone else b for b in term.binders)
    mutated = GuardedSum(step.after.free, (Term(shorter, term.guards, term.factors),))
    conv = Convolution(2)
    definitions = {"y": im2col._product(conv, "c'", "a'")}
    tensor = {"filters": "X", "images": "w"}[wrong]
    setting = Setting(conv.s, conv.d, definitions=definitions)
    certify(Claim(step.before, step.after, tensor), setting, "")
    with pytest.raises(Refuted):
        certify(Claim(step.before, mutated, tensor), setting, "")
