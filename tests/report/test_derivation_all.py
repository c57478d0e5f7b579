"""Everything that can be derived, shown in every form: nothing runs off the page, nothing is left unread."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from convproof.report.derivation import derivation_page, derivation_text
from convproof.report.derivation_view import Booklet
from convproof.report.document import derivation_document
from convproof.report.latex import plain, plain_prose
from convproof.report.mathml import mathml
from convproof.symbolic.derive import derive, topics
from convproof.symbolic.notation import Notation
from tests.report.test_document import article, needs_pdflatex, overfull, typeset
from tests.report.test_html import Reader

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def everything():
    """Every topic in full, bold in three dimensions as in the booklet, and those of two axes as on a slide."""
    full = [derive(topic, notation=Notation(vectors="3d" in topic)) for topic in topics()]
    slides = [derive(topic, simple=True) for topic in topics() if "1d" not in topic and "3d" not in topic]
    return full, slides


def formulas(derivation):
    for step in derivation.steps:
        yield from filter(None, (step.left, step.relation, *step.pieces))
    yield from derivation.symbols


def sentences(derivation):
    yield derivation.title
    for part in derivation.parts:
        yield from (part.title, part.text, *(step.why for step in part.steps))


def test_every_formula_is_read_by_browsers_and_terminals(everything):
    for derivation in (*everything[0], *everything[1]):
        for latex in formulas(derivation):
            shown = str(mathml(latex))
            assert shown.startswith("<math"), latex
            assert "\\" not in shown, latex
            assert "\\" not in plain(latex), latex
        for text in sentences(derivation):
            assert text.count("$") % 2 == 0, text
            assert "\\" not in plain_prose(text), text
        Reader(derivation_page(Booklet((derivation,))))
        assert max(map(len, derivation_text(derivation, width=100).splitlines())) <= 110


@needs_pdflatex
def test_nothing_runs_off_the_pages_of_the_booklet(everything, tmp_path):
    assert overfull(typeset(derivation_document(Booklet((*everything[0], *everything[1]))), tmp_path)) == []


@needs_pdflatex
def test_nothing_that_is_pasted_runs_off_an_article(everything, tmp_path):
    for derivation in (*everything[0], *everything[1]):
        found = overfull(typeset(article(derivation.latex()), tmp_path))
        assert [line for line in found if "in paragraph" not in line] == [], derivation.op  # sentences are the author's


def test_a_slide_names_no_two_things_alike(everything):
    for derivation in everything[1]:
        meant = defaultdict(set)
        for part in derivation.parts:
            for step in part.steps:
                for sum_ in filter(None, (step.before, step.after)):
                    for symbol in (*sum_.indices, *sum_.parameters):
                        meant[derivation.notation.symbol(symbol)].add(str(symbol))
        assert {latex: names for latex, names in meant.items() if len(names) > 1} == {}, derivation.op


def test_the_text_of_mathml_is_the_letters_of_the_formula(everything):
    """The letters and digits that a browser shows are those of the LaTeX, in number."""
    for latex in formulas(everything[0][0]):
        letters = re.sub(r"\\[A-Za-z]+", "", latex)
        shown = "".join(Reader(str(mathml(latex))).text)
        assert sum(map(str.isdigit, letters)) == sum(map(str.isdigit, shown)), latex
