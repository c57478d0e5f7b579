"""What an audit returns: findings in order, what was looked at, certificates, JSON; and known geometries."""

from __future__ import annotations

import json

import pytest

from convproof.evidence import Certificate
from convproof.symbolic.audit import Audit, Finding, audit

WRONG = r"\begin{bmatrix} a & b & c & 0 & 0 \\ 0 & a & b & c & 0 \\ 0 & 0 & a & b & b \end{bmatrix}"
RIGHT = WRONG.replace("b & b", "b & c")
LOOP = r"For $i = 0, \dots, \lfloor (n-k)/s \rfloor + 1$"
TEXT = f"{RIGHT}\n\n{WRONG}\n\n{LOOP}\n\n$n - k + 1$\n\n" + r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}"


def test_an_audit_is_a_sequence_of_findings():
    found = audit(TEXT)
    assert len(found) == 2
    assert [type(each) for each in found] == [Finding, Finding]
    assert found[0].kind == "entry"
    assert found[-1].kind == "loop bound"
    assert list(found[:1]) == [found[0]]
    assert bool(found)
    assert not audit(RIGHT)
    assert found == audit(TEXT) != audit(RIGHT)
    assert found[0] in found


def test_what_was_looked_at():
    found = audit(TEXT)
    assert [each.verdict for each in found.matrices] == ["as derived", "1 entry differs", "not a convolution"]
    assert [each.checked for each in found.matrices] == [True, True, False]
    assert [(each.line, each.kind, each.verdict) for each in found.formulas] == [
        (5, "loop bound", "differs"),
        (7, "output size", "as derived"),
    ]
    assert found.checked == 4
    assert found.summary == "text: 2 findings in 2 matrices and 2 formulas"


def test_it_shows_itself():
    lines = str(audit(TEXT)).splitlines()
    assert lines[:2] == [
        "text: 2 findings in 2 matrices and 2 formulas",
        "  line 3: entry (2, 4): printed here b, derived c for x1x1x5-w1x1x3",
    ]
    assert "  line 9: 2x2 matrix: not a convolution" in lines
    assert repr(audit(TEXT)) == str(audit(TEXT))


def test_certificates():
    certificates = audit(TEXT).certificates
    assert [type(each) for each in certificates] == [Certificate] * 4
    assert [bool(each) for each in certificates] == [True, False, False, True]
    assert {each.subject for each in certificates} == {"formula"}
    assert [each.evidence for each in certificates] == ["exact", None, None, "exact"]
    wrong = certificates[1].counterexample
    assert (wrong.property, wrong.entry, wrong.got, wrong.expected) == ("entry", (2, 4), "b", "c")
    assert wrong.geometry == "x1x1x5-w1x1x3"
    assert "extracted" in certificates[0].assumptions[0]
    assert Certificate.from_json(certificates[1].to_json()).claim == certificates[1].claim


def test_certificates_of_two_formulas_on_one_line():
    certificates = audit(r"either $\lceil (n-k)/s \rceil + 1$ or $n - k + 1$").certificates
    assert [bool(each) for each in certificates] == [False, True]


def test_json():
    data = json.loads(audit(TEXT).to_json())
    assert set(data) == {"source", "checked", "findings", "matrices", "formulas", "notes"}
    assert data["findings"][0]["message"] == str(audit(TEXT)[0])
    assert (data["findings"][0]["row"], data["findings"][0]["column"]) == (2, 4)
    assert data["matrices"][1]["shape"] == [3, 5]


# ---------------------------------------------------------------------- known geometries


def test_a_known_geometry_says_more_than_the_search():
    shifted = r"\begin{bmatrix} b & c & 0 & 0 \\ a & b & c & 0 \\ 0 & a & b & c \\ 0 & 0 & a & b \end{bmatrix}"
    assert not audit(shifted)
    assert not audit(shifted, "x1x1x4-w1x1x3-p1 forward")
    (finding,) = audit(shifted, "x1x1x4-w1x1x3-p1 transposed")
    assert (finding.kind, finding.derived) == ("geometry", "another one")
    assert not audit(shifted, "x1x1x4-w1x1x3-p1 transposed flipped")
    assert not audit(shifted, "x1x1x4-w1x1x3-p1")


@pytest.mark.parametrize("geometry", ["x1x1x5-w1x1x3", "x1x1x5-w1x1x3 forward", " x1x1x5-w1x1x3  forward "])
def test_a_misprint_at_a_known_geometry(geometry):
    (finding,) = audit(WRONG, geometry)
    assert (finding.row, finding.column, finding.printed, finding.derived) == (2, 4, "b", "c")


def test_a_matrix_of_another_shape():
    found = audit(WRONG, "x1x1x9-w1x1x3")
    assert not found
    assert not found.checked
    assert [each.verdict for each in found.matrices] == ["another shape"]


def test_a_matrix_of_another_geometry_is_one_finding():
    (finding,) = audit(RIGHT, "x1x1x5-w1x1x1-s2")
    assert finding.kind == "geometry"
    assert finding.remark == "8 of its 15 entries differ"


def test_a_frame_at_a_known_geometry():
    first = r"\begin{bmatrix} a & b & c & 0 & 0 \\ 0 & a & b & b & 0 \end{bmatrix}"
    (finding,) = audit(first, "x1x1x5-w1x1x3")
    assert (finding.row, finding.column, finding.derived) == (1, 3, "c")
    assert [each.verdict for each in audit(first.replace("b & b", "b & c"), "x1x1x5-w1x1x3").matrices] == ["frame"]


def test_one_sided_padding_that_is_known():
    text = r"\begin{bmatrix} a & b & c & 0 \\ 0 & a & b & c \\ 0 & 0 & a & b \end{bmatrix}"
    assert [each.kind for each in audit(text)] == ["one-sided padding"]
    assert not audit(text, "x1x1x4-w1x1x3-p0_1")


def test_a_finding_names_a_geometry_that_audit_takes():
    for finding in audit(TEXT):
        if finding.geometry:
            assert isinstance(audit(TEXT, finding.geometry), Audit)
            assert finding in audit(TEXT, finding.geometry)
