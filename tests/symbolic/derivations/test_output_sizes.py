"""Output sizes: every count proved, and equal to what the relation and PyTorch's documentation give."""

import itertools

import pytest
from sympy import Integer, ceiling, floor

from convproof.errors import Refuted
from convproof.symbolic.derivation import Writer
from convproof.symbolic.derivations.convolution import index
from convproof.symbolic.derivations.counterexamples import differs
from convproof.symbolic.derivations.sizes import Sizes, over
from convproof.symbolic.derivations.transposed_sizes import transposed_size
from convproof.symbolic.derive import derive
from convproof.symbolic.guarded_sum import Index
from convproof.symbolic.guards import Range
from convproof.symbolic.notation import PAPER, Notation
from convproof.symbolic.relation import AxisRelation
from convproof.symbolic.step_checks import Claim, certify
from tests.symbolic.derivations.proofs import assert_proved

SMALL = [
    dict(n=n, k=k, s=s, d=d, p=p, q=q)
    for n, k, s, d, p, q in itertools.product(range(1, 6), range(1, 4), (1, 2, 3), (1, 2), (-1, 0, 2), (0, 1))
]


@pytest.mark.parametrize("simple", [False, True])
def test_every_line_is_proved(simple):
    found = derive("output_size", simple=simple)
    assert_proved(found, besides=("counterexample",))
    assert all(step.certificates for step in found.steps if step.rule != "definition")


def evaluated(e, values):
    named = {"n": "n", "k": "k", "s": "s", "d": "d", "p": "p", "q": "q", "o": "o"}
    return int(e.subs({v: values[named[str(v)]] for v in e.free_symbols}))


def test_the_count_is_that_of_the_relation():
    sizes = Sizes()
    for at in SMALL:
        counted = AxisRelation(at["n"], at["k"], at["s"], at["d"], at["p"], at["q"]).count
        assert max(0, evaluated(sizes.count, at)) == counted, at


def test_the_transposed_size_is_the_documented_one():
    # torch.nn.ConvTranspose1d: (L_in - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1
    sizes = Sizes()
    at = dict(o=5, s=3, p=2, q=2, d=2, k=4)
    assert evaluated(sizes.transposed, at) == (5 - 1) * 3 - 2 * 2 + 2 * (4 - 1) + 1


def test_the_sizes_of_a_count_are_those_with_output_padding_below_the_stride():
    sizes = Sizes()
    for at in SMALL:
        count = evaluated(sizes.count, at)
        rest = at["n"] - evaluated(sizes.transposed, at | {"o": count})
        assert 0 <= rest < at["s"], at


WRONG = {
    "rounded up": lambda z: ceiling(z.slack / z.s) + 1,
    "upper end included": lambda z: z.count + 1,
    "dilation forgotten": lambda z: floor((z.n + z.p + z.q - z.k) / z.s) + 1,
    "one too few": lambda z: z.count - 1,
    "padding on one side": lambda z: floor((z.slack - z.q) / z.s) + 1,
    "stride and dilation swapped": lambda z: z.count.subs({z.s: z.d, z.d: z.s}, simultaneous=True),
}


@pytest.mark.parametrize("count", WRONG.values(), ids=WRONG)
def test_a_wrong_count_is_refuted(count):
    sizes = Sizes()
    with pytest.raises(Refuted):
        certify(Claim(sizes.fitting(), over(Index(index("r"), count(sizes)))), sizes.conv.setting, "")


@pytest.mark.parametrize(
    "wrong", [lambda z, e: Range(e, z.s + 1), lambda z, e: Range(e, z.s, Integer(1)), lambda z, e: Range(e, z.d)]
)
def test_output_padding_in_another_range_is_refuted(wrong):
    sizes = Sizes()
    writer = Writer("output_size", "", sizes.conv.setting, PAPER)
    transposed_size(writer, sizes)
    right = writer.last
    e = index("e")
    mutated = over(Index(e), wrong(sizes, e), value=sizes.transposed + e)
    with pytest.raises(Refuted, match=r"spurious|missing|differ"):
        certify(Claim(right, mutated), sizes.conv.setting, "")


def test_the_counterexamples_are_the_smallest():
    lines = [step for step in derive("output_size").steps if step.rule == "counterexample"]
    assert [step.relation for step in lines] == [r"\ne"] * 3
    inclusive, rounded, truncated = (step.certificates[0] for step in lines)
    assert "n=1" in inclusive.scope and "k=1" in inclusive.scope
    assert "s=2" in rounded.scope
    # a kernel of two taps on one element: -1 / 2 is 0 in C, which makes one output of none
    assert "k=2" in truncated.scope and "n=1" in truncated.scope and "s=2" in truncated.scope
    assert {c.evidence for c in (inclusive, rounded, truncated)} == {"exact"}


def test_what_is_right_is_no_counterexample():
    sizes = Sizes()
    writer = Writer("output_size", "", sizes.conv.setting, PAPER)
    writer.part("")
    again = over(Index(index("r"), ceiling((sizes.slack + 1) / sizes.s)))  # another way to write the same number
    with pytest.raises(Refuted, match="agree"):
        differs(writer, "o", "o", "", before=sizes.fitting(), wrong=again)


def test_formulas_are_written_as_in_a_book():
    text = derive("output_size").latex()
    assert r"\left\lfloor \frac{n + p + q - d \left(k - 1\right) - 1}{s} \right\rfloor + 1" in text
    assert "n - k + 1" in text
    assert derive("output_size", notation=Notation(names={"n": "H"})).latex().count("H") > 3
