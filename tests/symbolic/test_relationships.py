"""Relationships: each proved by isl and by z3, each in need of its hypotheses, each true of counted windows."""

from __future__ import annotations

import doctest
import itertools
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sympy import Symbol

from convproof.errors import ArgumentTypeError, ArgumentValueError, ConvproofError, GeometryError, MissingDependency
from convproof.geometry import Conv
from convproof.symbolic import relations, smt
from convproof.symbolic.guards import Divides, Equal, IntegerSet, Range
from convproof.symbolic.polynomials import Arrays, holds
from convproof.symbolic.relationships import find, prove, relationships
from convproof.symbolic.statements import Equality, Statement, certificates

pytestmark = pytest.mark.skipif(not (relations.available() and smt.available()), reason="needs islpy and z3-solver")

STATEMENTS = relationships()
HYPOTHESES = [(statement, name) for statement in STATEMENTS for name in statement.hypotheses]
i, k, s, d, o = (Symbol(name, integer=True, positive=True) for name in "iksdo")
p = Symbol("p", integer=True, nonnegative=True)
r = Symbol("r", integer=True)


def title(value):
    return value.title.replace(" ", "-") if isinstance(value, Statement) else str(value)


@pytest.mark.parametrize("statement", STATEMENTS, ids=title)
def test_proved_by_both(statement):
    found = certificates(statement)
    assert len(found) == 2
    for certificate in found:
        assert certificate.evidence == "universal" and certificate.subject == "formula"
        assert certificate.claim == f"{statement.title}: {statement.text}"
        assert certificate.scope.startswith("all sizes") and not certificate.not_covered
        assert len(certificate.assumptions) == len(statement.hypotheses)
    assert "strides and dilations" in found[1].scope


@pytest.mark.parametrize(("statement", "name"), HYPOTHESES, ids=title)
def test_every_hypothesis_is_needed(statement, name):
    found = certificates(statement, [name])
    assert [certificate.evidence for certificate in found] == [None, None]
    assert all(certificate.counterexample.story.startswith("at ") for certificate in found)


@pytest.mark.parametrize(
    ("number", "name", "sizes"),
    [
        (1, "no padding", "i=1, k=1, p=1, s=1"),
        (3, "odd kernel", "i=1, k=2, p=1, s=1"),
        (12, "divisibility", "i=2, k=1, o=1, p=0, s=2"),
        (13, "divisibility", "i=2, k=1, o=1, p=0, s=2"),
    ],
)
def test_the_smallest_sizes_without_a_hypothesis(number, name, sizes):
    for certificate in prove([number], drop=[name]):
        assert certificate.counterexample.story.startswith(f"at {sizes}: ")


# ---------------------------------------------------------------------- wrong statements


def changed_sides(statement):
    """Every statement that differs in one guard of one right-hand side."""
    for number, equality in enumerate(statement.equalities):
        for place, guard in enumerate(equality.right.guards):
            for what, new in changes(guard):
                guards = (*equality.right.guards[:place], *new, *equality.right.guards[place + 1 :])
                wrong = replace(equality, right=replace(equality.right, guards=guards))
                equalities = (*statement.equalities[:number], wrong, *statement.equalities[number + 1 :])
                yield f"{what}: {guard}", replace(statement, equalities=equalities)


def changes(guard):
    if isinstance(guard, Range) and guard.high is not None:
        yield "one more", [Range(guard.e, guard.high + 1, guard.low)]
        yield "one less", [Range(guard.e, guard.high - 1, guard.low)]
    if isinstance(guard, Range) and guard.low is not None:
        yield "one before", [Range(guard.e, guard.high, guard.low - 1)]
    if isinstance(guard, Equal):
        yield "shifted", [Equal(guard.a, guard.b + 1)]
        yield "dropped", []
    if isinstance(guard, Divides):
        yield "dropped", []


# Without padding, what is connected lies inside the output; with full padding, every window reaches the input.
SAID_TWICE = {
    8: {"one more: 0 <= j < k + o - 1", "one before: 0 <= j < k + o - 1"},
    11: {"one more: 0 <= r < o", "one before: 0 <= r < o"},
    12: {"one more: 0 <= j < k + s*(o - 1)", "one before: 0 <= j < k + s*(o - 1)"},
}


@pytest.mark.parametrize("statement", STATEMENTS, ids=title)
def test_a_changed_statement_is_refuted(statement):
    held = {what for what, wrong in changed_sides(statement) if all(certificates(wrong))}
    assert held == SAID_TWICE.get(statement.number, set())


# ---------------------------------------------------------------------- true of what is counted


def sizes_of(statement):
    for values in itertools.product((1, 2, 4, 7), (1, 2, 3, 4), (1, 2, 3), (1, 2), (0, 1, 2, 3)):
        sizes = dict(zip((i, k, s, d, p), values, strict=True))
        if statement.number != 15 and sizes[d] != 1:
            continue
        if all(holds(guard, Arrays(sizes)) for guard in statement.hypotheses.values()):
            yield sizes


def counted(one, sizes):
    return sum(all(holds(guard, Arrays({**sizes, r: v})) for guard in one.guards) for v in range(-2, 60))


@pytest.mark.parametrize("number", range(1, 16))
def test_sizes_are_those_of_the_geometry(number):
    """The guide's formula, against the library's other line: `Conv`, which is held to PyTorch elsewhere."""
    statement = find(number)
    compared = 0
    for sizes in sizes_of(statement):
        try:
            geo = Conv(x=(1, 1, sizes[i]), w=(1, 1, sizes[k]), stride=sizes[s], padding=sizes[p], dilation=sizes[d])
        except GeometryError:
            continue  # no window fits
        formula = statement.equalities[0].right
        if 8 <= number <= 14:
            assert counted(formula, {**sizes, o: geo.o[0]}) == sizes[i]
            given = (geo.stride, geo.padding, geo.output_padding, geo.dilation)
            assert Conv.transposed(geo.y, geo.w, *given).n[0] == sizes[i]
        else:
            assert counted(formula, sizes) == geo.o[0]
        compared += 1
    assert compared > 3


def test_negative_padding_of_the_transposed_convolution_is_covered():
    """The guide has p' = k - p - 1 at least 0 in mind; nothing here asks for it."""
    for name in (9, 13, 14):
        statement = find(name)
        known = (*statement.definitions, *statement.hypotheses.values(), Range(p, None, k))
        assert relations.difference([IntegerSet((), known)], [IntegerSet((), (Range(-1),))], known, s=1) is not None
    law = find("zero insertion")
    p_, k_, d_ = (next(q for q in law.equalities[0].right.parameters if str(q) == name) for name in "pkd")
    assert not p_.is_nonnegative
    crops = (Range(p_, None, d_ * (k_ - 1) + 1),)
    assert smt.difference(replace(law.equalities[0].left, guards=(*law.equalities[0].left.guards, *crops)),
                          IntegerSet(law.equalities[0].left.variables, (Range(-1),))).kind == "missing"  # fmt: skip


# ---------------------------------------------------------------------- the page of the documentation

PAGE = Path(__file__).parents[2] / "docs" / "proofs.md"


def test_the_page_lists_every_statement_as_it_is():
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    numbered = [
        f"| {one.number} | {one.name} | ${one.latex}$ | {', '.join(one.hypotheses) or 'none'} |"
        for one in STATEMENTS
        if one.number
    ]
    laws = [f"| {one.name} | ${one.latex}$ | {one.text} |" for one in STATEMENTS if not one.number]
    assert [row for row in rows if not row.startswith(("| | name", "| ---", "| name"))] == numbered + laws


def test_the_page_shows_what_is_printed():
    failed, run = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert run and not failed
    assert "(1, 1), (2, 1), (1, 2), (2, 3), (3, 2) and (4, 6)" in PAGE.read_text(encoding="utf-8")
    assert relations.STEPS == ((1, 1), (2, 1), (1, 2), (2, 3), (3, 2), (4, 6))


# ---------------------------------------------------------------------- the functions


def test_numbers_are_those_of_the_guide():
    assert [statement.number for statement in STATEMENTS if statement.number] == list(range(1, 16))
    names = [statement.name for statement in STATEMENTS]
    assert len(set(names)) == len(names)
    assert find(3).name == "half (same) padding" and find("3") is find(3) and find("dilation").number == 15
    assert "o' = s (i' - 1) + a + k - 2p" in find(14).text


@pytest.mark.parametrize("name", [0, 16, "", "16", -1, "same"])
def test_unknown_statements(name):
    with pytest.raises(ArgumentValueError, match="name="):
        prove([name])


@pytest.mark.parametrize("names", ["13", 13, 1.5, [None], [True], [[1]]])
def test_wild_names(names):
    with pytest.raises(ArgumentTypeError, match=r"name"):
        prove(names)


@pytest.mark.parametrize("drop", ["divisibility", None, 3])
def test_wild_hypotheses(drop):
    with pytest.raises(ArgumentTypeError, match="drop="):
        prove([13], drop=drop)


def test_hypotheses_that_a_statement_does_not_have():
    with pytest.raises(ArgumentValueError, match="drop='unit stride': expected 'divisibility'"):
        prove([13], drop=["unit stride"])
    with pytest.raises(ArgumentValueError, match="no hypotheses"):
        prove([6], drop=["unit stride"])


@pytest.mark.parametrize(("missing", "other"), [("islpy", "z3"), ("z3", "isl")])
def test_what_is_not_installed_is_said(monkeypatch, missing, other):
    monkeypatch.setitem(sys.modules, missing, None)
    (only,) = prove([13])
    assert only.evidence == "universal"
    assert any(f"{missing.removesuffix('py')}" in text and "not installed" in text for text in only.not_covered)
    assert ("strides and dilations" in only.scope) == (other == "z3")


def test_nothing_is_proved_by_nothing(monkeypatch):
    for module in ("islpy", "z3"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependency, match=r"13 .*islpy.*z3-solver"):
        prove([13])


def test_a_statement_about_nothing_is_not_proved():
    empty = Equality("size", IntegerSet((r,), (Range(r, i),)), IntegerSet((r,), ()))
    vacuous = Statement("vacuous", "", "", (empty,), {"impossible": Range(i, 0, None)})
    with pytest.raises(ConvproofError, match="nothing meets the hypotheses"):
        certificates(vacuous)
