"""Derivations as a page, a fragment and text: complete, well formed, on their own, safe whatever they are told."""

from __future__ import annotations

import dataclasses
import re

import pytest

from convproof.evidence import Certificate
from convproof.report.derivation import derivation_fragment, derivation_page, derivation_text
from convproof.report.derivation_view import Booklet, common_symbols, legend, own_symbols, sheet, symbols
from convproof.symbolic.derivation import Part, Step
from tests.report.derivation_samples import HOSTILE, SMALL, derived, hostile, with_piece
from tests.report.test_html import Reader

CORE = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "mpadded", "mphantom",
    "msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd",
}  # fmt: skip


def page(*derivations, geometries=()):
    return derivation_page(Booklet(derivations, geometries))


@pytest.fixture(scope="module")
def several():
    return derived(geometry=SMALL), derived(simple=True), derived("conv2d_weight", vectors=True), hostile()


def test_a_page_is_well_formed_and_needs_nothing_else(several):
    for text in (page(several[0]), page(*several)):
        reader = Reader(text)
        assert text.startswith("<!DOCTYPE html>")
        assert "http" not in text.replace("http-equiv", "") and "@import" not in text and "url(" not in text
        assert not {"script", "link", "img", "iframe", "b"} & set(reader.tags)
        anchors = [link.removeprefix("#") for link in reader.links]
        assert all(f'id="{anchor}"' in text for anchor in anchors)
        assert len(set(anchors)) == len(anchors)


def test_formulas_are_elements_of_mathml_core(several):
    text = page(*several)
    html = {"html", "head", "meta", "title", "style", "body", "main", "header", "nav", "section", "h1", "h2", "h3", "p"}
    html |= {"span", "sup", "code", "pre", "div", "dl", "dt", "dd", "br", "ul", "li", "a", "table", "tbody", "tr", "td"}
    html |= {"details", "summary", "strong"}
    assert set(Reader(text).tags) <= html | CORE
    assert "mathvariant" not in re.sub('mathvariant="normal"', "", text)


def test_every_step_has_its_reason_and_its_certificates(several):
    words = Reader(page(several[0])).words
    for step in several[0].steps:
        assert step.why.split("$")[0].strip() in words
        for certificate in step.certificates:
            assert certificate.scope in words
    assert words.count("universal") > len(several[0].steps)
    assert "In numbers" in words and "im2col" in words


def test_the_matrices_are_those_of_the_geometries_asked_for(several):
    assert "Matrices at" not in Reader(page(several[1])).words
    words = Reader(page(several[1], geometries=(several[0].geometry,))).words
    assert f"Matrices at {SMALL}" in words
    assert "In numbers" not in words, "a slide's formula is of another geometry"


def test_texts_of_strangers_are_escaped(several):
    for text in (page(hostile()), derivation_fragment(hostile())):
        assert "<script" not in text and "<b>" not in text
        assert "&lt;script&gt;" in text
        Reader(text)


def test_names_of_strangers_are_escaped_in_formulas():
    attack = r"\text{<script>alert(1)</script>} \href{javascript:alert(1)}{x} \class{y}{z} \color{red\" onload=\"x}{y}"
    text = page(with_piece(attack))
    reader = Reader(text)
    assert "script" not in reader.tags and "javascript" not in " ".join(re.findall("<[^>]*>", text))
    assert "onload" not in " ".join(re.findall("<[^>]*>", text))


@pytest.mark.parametrize("latex", ["}{", r"\left[", r"\frac{a", r"\begin{bmatrix} a", "", "\x00\x1b", "a" * 5000])
def test_what_is_no_latex_is_shown_and_never_crashes(latex):
    Reader(page(with_piece(latex)))
    derivation_text(with_piece(latex))
    with_piece(latex).latex()


def test_a_fragment_is_what_a_notebook_shows(several):
    fragment = several[0]._repr_html_()
    assert fragment == derivation_fragment(several[0])
    assert Reader(fragment).tags[0] == "div"
    assert "im2col" in fragment and "im2col" not in derivation_fragment(several[1])


# ---------------------------------------------------------------------- marks


def test_the_legend_names_each_scope_once_and_marks_point_into_it(several):
    given = legend(several)
    letters = [entry.letter for entry in given.scopes]
    assert len(set(letters)) == len(letters) and letters[0] == "a"
    assert len({(entry.evidence, entry.scope) for entry in given.scopes}) == len(letters)
    for derivation in several:
        for line in sheet(derivation, given).lines:
            said = {(c.evidence, c.scope) for c in line.step.certificates}
            marked = {letter for _, listed in line.marks for letter in listed.split(", ")}
            assert {(e.evidence, e.scope) for e in given.scopes if e.letter in marked} == said


def test_letters_go_on_after_z():
    many = tuple(Certificate("claim", "formula", f"scope {number}", "exact") for number in range(60))
    derivation = with_piece("x")
    part = Part("Many", "", (Step("rule", "y", ("x",), "Why.", certificates=many),))
    letters = [entry.letter for entry in legend([dataclasses.replace(derivation, parts=(part,))]).scopes]
    assert letters[25:29] == ["z", "aa", "ab", "ac"] and len(set(letters)) == 60


def test_a_definition_has_no_mark_and_numbers_count_every_step(several):
    shown = sheet(several[0], legend(several))
    assert [line.number for line in shown.lines] == list(range(1, len(several[0].steps) + 1))
    assert shown.lines[0].marks == () and shown.lines[1].marks


def test_bold_symbols_stand_once_in_the_table_of_notation(several):
    assert (r"\mathbf{r}",) in symbols([several[2]]).values()


def told(meanings, op="conv1d"):
    return sheet(dataclasses.replace(with_piece("x"), op=op, symbols=meanings), legend([]))


def test_symbols_of_several_chapters_are_told_once_and_others_where_they_are_used():
    first = told({"n": "size", "k": "kernel", "t": "place"})
    second = told({"n": "size", "k": "taps", "h": "shift"})
    third = told({"k": "taps", "n": "size"})
    common = common_symbols([[first], [second, third]])
    assert common == {"size": ("n",)}, "what one chapter uses is told there, in each of its derivations"
    assert own_symbols(first, common) == {"kernel": ("k",), "place": ("t",)}
    assert own_symbols(second, common) == {"taps": ("k",), "shift": ("h",)}
    assert common_symbols([[first]]) == symbols([first.derivation]), "of one derivation all of them"


def test_a_symbol_of_two_meanings_has_one_in_the_common_table():
    other = {"n": "length", "k, d": "kernel and dilation"}
    chapters = [[told({"n": "size", "d": "dilation"})], [told({"n": "size", "d": "dilation"})], [told(other)]]
    common = common_symbols([*chapters, [told(other)]])
    assert common == {"size": ("n",), "dilation": ("d",)}
    assert own_symbols(chapters[2][0], common) == {"length": ("n",), "kernel and dilation": ("k, d",)}


def test_a_booklet_tells_every_symbol_where_it_means_what_it_says():
    found = derived("conv1d_input"), derived("conv_transpose1d")
    words = Reader(page(*found)).words
    assert words.count("size of the input, per axis") == 1
    assert words.count("Here") == 2 and "Here" not in Reader(page(found[0])).words


def test_titles_say_the_number_of_axes_and_whether_it_is_a_slide(several):
    given = legend(several)
    assert sheet(several[0], given).title.endswith("in one dimension")
    assert sheet(several[1], given).title.endswith("as on a slide")


# ---------------------------------------------------------------------- text


def test_text_has_formulas_reasons_and_evidence(several):
    text = derivation_text(several[0])
    assert "Σ_{a=0}^{k−1}" in text and "[0 ≤ (i + p − d a)/s < o]" in text
    assert "universal [" in text and f"At {SMALL}" in text
    assert "\\" not in text and "$" not in text


def test_no_factor_stands_alone_on_its_line():
    pieces = ("x(r + 1111111111)", "y(r + 222)", "z(r)")
    step = Step("definition", "y", pieces, "Why.")
    text = derivation_text(dataclasses.replace(with_piece("x"), parts=(Part("", "", (step,)),)), width=40)
    assert " 1.  y = x(r + 1111111111)\n         y(r + 222) z(r)\n" in text


@pytest.mark.parametrize("width", [10, 40, 80, 100])
def test_text_keeps_to_the_width(several, width):
    lines = derivation_text(several[1], width=width).splitlines()
    longest = max(len(word) for line in lines for word in line.split(" "))
    assert max(map(len, lines)) <= max(width, 40, longest + 10)


def test_text_of_strangers_is_shown_as_it_is():
    assert HOSTILE.split("$")[0] in derivation_text(hostile(), width=400)
