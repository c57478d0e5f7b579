"""Reports and certificates read back from JSON: what is not one of them is refused in a sentence."""

import json

import pytest

from convproof.errors import ArgumentValueError
from convproof.evidence import Certificate, Outcome, Report

REPORT = Report("mine.py:conv2d", "conv2d", "verified", (Outcome("values", "passed", "exact", 3, log2_error=-64.0),))
CERTIFICATE = Certificate("conv2d is right", "binary", "x1x1x4x4-w1x1x3x3", "exact")


@pytest.mark.parametrize("kept", [REPORT, CERTIFICATE])
def test_what_was_written_is_read_back(kept):
    assert type(kept).from_json(kept.to_json()) == kept


@pytest.mark.parametrize("kept", [REPORT, CERTIFICATE])
@pytest.mark.parametrize("text", ["", "nonsense", "null", "[]", "3", '{"kernel": 1}', "{}", None, "[" * 100_000])
def test_what_is_neither_is_refused(kept, text):
    with pytest.raises(ArgumentValueError, match=r"(text|json)="):
        type(kept).from_json(text)


def test_a_field_too_many_and_a_word_that_is_none_are_refused():
    data = json.loads(REPORT.to_json())
    for wrong in ({"proved": True}, {"verdict": "proved"}, {"outcomes": [{"property": "values"}]}, {"outcomes": [3]}):
        with pytest.raises(ArgumentValueError, match=r"(json|verdict)="):
            Report.from_json(json.dumps({**data, **wrong}))
