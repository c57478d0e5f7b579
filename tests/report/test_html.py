"""The page: well formed, complete, on its own, and safe whatever it is told."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser

import pytest

from convproof.report import report_fragment, report_page
from convproof.report.summary import row_of
from tests.report import samples

HOSTILE = "<script>alert('1')</script>&\"<b>"
VOID = {"meta", "br", "link", "img", "hr", "input"}


class Reader(HTMLParser):
    """Collects text and tags, and refuses tags that do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def hostile():
    found = dataclasses.replace(samples.WRONG_TAP, story=HOSTILE, diagnosis=HOSTILE, replay=HOSTILE, got=HOSTILE)
    report = samples.refuted(kernel=HOSTILE)
    outcomes = tuple(dataclasses.replace(o, property=HOSTILE, note=HOSTILE, claim=HOSTILE) for o in report.outcomes)
    return dataclasses.replace(
        report,
        outcomes=outcomes,
        counterexample=found,
        notes=(HOSTILE,),
        settings={HOSTILE: HOSTILE},
        environment={HOSTILE: [HOSTILE]},
    )


@pytest.mark.parametrize(
    "reports", [[], [samples.verified()], [samples.refuted()], samples.own_kernels(), [samples.verified(), hostile()]]
)
def test_the_page_is_well_formed_and_needs_nothing_else(reports):
    page = report_page(reports)
    reader = Reader(page)
    assert page.startswith("<!DOCTYPE html>")
    assert reader.links == []
    assert "http" not in page and "@import" not in page and "url(" not in page
    assert not {"script", "link", "img", "iframe"} & set(reader.tags)


def test_the_page_says_what_was_found_for_every_kernel():
    words = Reader(report_page(samples.own_kernels())).words
    assert "12 kernels verified" in words
    for op in samples.OPERATIONS:
        assert f"convproof.{op}" in words
    for name, *_ in samples.PROPERTIES:
        assert row_of(name) in words
    for word in ("read-off", "exact", "bounded", "passed", "does not apply"):
        assert word in words


def test_the_page_tells_the_story_of_a_refuted_kernel():
    words = Reader(report_page([samples.verified(), samples.refuted()])).words
    found = samples.WRONG_TAP
    for text in (found.story, found.diagnosis, found.geometry, found.replay, "1 of 2 kernels refuted", "mistrusted"):
        assert text in words


def test_nothing_from_outside_becomes_markup():
    for html in (report_page([samples.verified(), hostile()]), report_fragment(hostile())):
        reader = Reader(html)
        assert HOSTILE in reader.words
        assert "<script" not in html
        assert "b" not in reader.tags


def test_jupyter_shows_the_fragment():
    report = samples.refuted()
    reader = Reader(report._repr_html_())
    assert "kernels.py:conv2d" in reader.words and samples.WRONG_TAP.diagnosis in reader.words
    assert "html" not in reader.tags and "h1" not in reader.tags


def test_the_page_of_all_own_kernels_is_small():
    assert len(report_page(samples.own_kernels()).encode()) < 150_000
