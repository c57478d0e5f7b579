"""The terminal: everything fits into 100 columns, and failures come with their whole story."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from convproof.report import summary
from convproof.report.console import STYLES, show
from convproof.report.summary import MEANING
from tests.report import samples


def text_of(reports, width=100):
    out = io.StringIO()
    show(reports, Console(file=out, width=width))
    return out.getvalue()


def test_every_word_has_a_style():
    assert set(MEANING) <= set(STYLES)


def test_all_own_kernels_fit_one_table_of_100_columns():
    text = text_of(samples.own_kernels())
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert text.count("verdict") == 1
    values = next(line for line in lines if line.strip().startswith("values"))
    assert values.split() == ["values", "exact", "exact", "exact", "exact", "4,944", "2^-64"]
    assert "12 kernels verified · 4,944 geometries · 109,440 calls" in text
    assert "seed 0" in text


def test_more_kernels_than_fit_go_into_further_tables():
    text = text_of([samples.verified(kernel=f"library.module{i}.kernel{i}") for i in range(9)])
    assert max(map(len, text.splitlines())) <= 100
    assert text.count("verdict") > 1
    assert all(f"kernel{i}" in text for i in range(9))


def test_the_legend_explains_the_words_used_and_no_others():
    text = text_of(samples.own_kernels())
    assert MEANING["bounded"] in text
    assert MEANING["refuted"] not in text


def test_one_kernel_has_a_line_for_each_property():
    text = text_of([samples.verified()])
    rows = {line.split()[0] for line in text.splitlines() if line.strip()}
    assert {summary.row_of(name).split()[0] for name, *_ in samples.PROPERTIES} <= rows


@pytest.mark.parametrize("others", [[], [samples.verified()]])
def test_a_refuted_kernel_tells_its_story(others):
    text = text_of([*others, samples.refuted()])
    for part in ("dilation is", "x1x1x3x3-w1x1x2x2-d2", "got", "expected", "declined 2", "mistrusted", "a note"):
        assert part in text


def test_the_line_to_replay_is_left_whole():
    assert samples.WRONG_TAP.replay in text_of([samples.refuted()], width=60).splitlines()


def test_brackets_in_names_are_no_markup():
    assert "[red]kernel" in text_of([samples.verified(kernel="[red]kernel")])


def test_nothing_checked_is_said():
    assert text_of([]).strip() == "nothing checked"
