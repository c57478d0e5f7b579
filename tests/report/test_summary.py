"""What is said of reports, in words and numbers."""

from __future__ import annotations

import json

import pytest

from convproof.evidence import EVIDENCE, STATUSES, Outcome, Report
from convproof.report import summary, to_json
from tests.report import samples


def test_every_word_that_can_be_shown_has_a_meaning():
    assert set(EVIDENCE) | set(STATUSES) == set(summary.MEANING)


def test_kernels_that_differ_only_in_their_axes_are_one_family():
    families = summary.families(samples.own_kernels())
    assert [family.name for family in families] == ["conv", "conv_transpose", "conv_input", "conv_weight"]
    assert {family.axes for family in families} == {"1d 2d 3d"}


def test_kernels_of_the_same_name_stay_apart():
    reports = [samples.verified(), samples.verified()]
    assert [len(family.members) for family in summary.families(reports)] == [1, 1]


def test_members_that_disagree_are_named():
    wrong = samples.refuted("conv3d", kernel="convproof.conv3d")
    (family,) = summary.families([samples.verified("conv1d"), samples.verified("conv2d"), wrong])
    assert [(label, cell.word) for label, cell in family.cells("values")] == [("1d 2d", "exact"), ("3d", "refuted")]
    assert [(label, cell.word) for label, cell in family.cells("linearity")] == [("", "exact")]
    assert family.verdicts == (("1d 2d", "verified"), ("3d", "refuted"))


def test_members_that_a_property_does_not_apply_to_are_left_out():
    def report(op, status):
        return Report(f"convproof.{op}", op, "verified", (Outcome("1x1", status, cases=4 * (status == "passed")),))

    (family,) = summary.families([report("conv1d", "skipped"), report("conv2d", "passed"), report("conv3d", "passed")])
    assert family.cells("1x1") == (("2d 3d", summary.Cell("passed", 8)),)
    (family,) = summary.families([report("conv1d", "skipped"), report("conv2d", "skipped")])
    assert family.cells("1x1") == (("", summary.Cell("skipped")),)


def test_evidence_is_said_only_of_what_passed():
    assert summary.word(Outcome("values", "passed", "exact")) == "exact"
    assert summary.word(Outcome("layouts", "passed")) == "passed"
    assert summary.word(Outcome("values", "mistrusted", "exact")) == "mistrusted"


def test_an_identity_of_several_roles_is_one_row_and_as_good_as_its_worst():
    def report(*statuses):
        outcomes = (Outcome(f"flip: {n}", status, cases=n) for n, status in enumerate(statuses, 1))
        return Report("k", "conv2d", "verified", tuple(outcomes))

    assert summary.rows([report("passed", "skipped")]) == ["flip"]
    assert summary.cell(report("passed", "skipped"), "flip") == summary.Cell("passed", 1)
    assert summary.cell(report("passed", "refuted"), "flip") == summary.Cell("refuted", 3)
    assert summary.cell(report("skipped", "skipped"), "flip").word == "skipped"
    assert summary.rows([report("skipped")]) == []


def test_what_is_said_twice_is_counted_once():
    twice = Outcome("flip", "passed", "exact", 4, claim="a claim", log2_error=-7.0, note="a note")
    other = Outcome("flip", "passed", "exact", 2, claim="another", log2_error=-6.0)
    (line,) = summary.lines(Report("k", "conv2d", "verified", (twice, twice, other)))
    assert (line.cases, line.log2_error, line.claims) == (6, -6.0, ("a claim", "another"))
    assert line.notes == ("a note",)


@pytest.mark.parametrize(
    ("log2", "text"), [(None, ""), (-64.0, "2^-64"), (-63.9, "2^-63"), (-0.5, "2^0"), (float("-inf"), "0")]
)
def test_a_probability_is_never_rounded_down(log2, text):
    assert summary.error_text(log2) == text


def test_the_largest_probability_counts():
    outcomes = [Outcome("a", "passed", "exact", log2_error=e) for e in (-64.0, -53.0)]
    assert summary.largest_error([*outcomes, Outcome("b", "refuted", log2_error=-1.0)]) == -53.0
    assert summary.largest_error([]) is None


@pytest.mark.parametrize(
    ("reports", "text"),
    [
        ([], "nothing checked"),
        ([samples.verified()], "1 kernel verified"),
        (samples.own_kernels(), "12 kernels verified"),
        ([samples.refuted()], "1 kernel refuted"),
        ([samples.verified(), samples.refuted()], "1 of 2 kernels refuted"),
        ([samples.verified(), Report("k", "conv2d", "mistrusted", ())], "1 of 2 kernels mistrusted"),
    ],
)
def test_the_headline_is_the_worst_verdict(reports, text):
    assert summary.headline(reports) == text


def test_settings_are_said_where_all_agree():
    assert summary.settings_line([samples.verified()]) == "seed 0 · dtypes float32, float64 · max examples 200"
    other = samples.verified(settings=samples.SETTINGS | {"seed": 1})
    narrow = samples.verified(settings=samples.SETTINGS | {"domain": "stride 1; no bias"})
    assert summary.settings_line([narrow]).endswith("max examples 200 · domain: stride 1; no bias")
    assert "domain" not in summary.settings_line([samples.verified(), narrow])
    assert "seed" not in summary.settings_line([samples.verified(), other])


def test_times_are_said_as_a_person_would():
    assert summary.duration(6.42) == "6.4 s"
    assert summary.duration(754.9) == "12 min 34 s"


def test_json_is_read_back_by_report():
    reports = [samples.verified(), samples.refuted()]
    assert [Report.from_json(json.dumps(data)) for data in json.loads(to_json(reports))] == reports
