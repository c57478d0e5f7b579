"""Every check refutes every wrong step on its own, and none refutes a right one."""

from __future__ import annotations

import pytest

from convproof.errors import Refuted
from convproof.symbolic.relations import Witness
from convproof.symbolic.smt import Undecided
from convproof.symbolic.step_checks import certify, refute_at_sizes, refute_by_isl, refute_by_z3
from tests.symbolic.step_cases import ALL, RIGHT, WRONG

CHECKS = {"isl": refute_by_isl, "z3": refute_by_z3, "sizes": refute_at_sizes}


@pytest.fixture(params=ALL)
def check(request):
    """The name of a check, where what it needs is installed."""
    if request.param == "isl":
        pytest.importorskip("islpy")
    if request.param == "z3":
        pytest.importorskip("z3")
    return request.param


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_each_check_refutes_a_wrong_step(case, check):
    found = CHECKS[check](case.claim, case.setting)
    if check not in case.by:
        assert isinstance(found, Undecided)
    elif check == "sizes":
        assert isinstance(found, str) and found.startswith("at ")
    else:
        assert isinstance(found, Witness)


@pytest.mark.parametrize("case", RIGHT, ids=str)
def test_no_check_refutes_a_right_step(case, check):
    found = CHECKS[check](case.claim, case.setting)
    if check in case.by:
        assert found is None
    else:
        assert isinstance(found, Undecided)


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_a_wrong_step_is_refuted_with_its_smallest_counterexample(case):
    with pytest.raises(Refuted) as found:
        certify(case.claim, case.setting, "the step")
    certificate = found.value.report
    assert not certificate and certificate.counterexample.story.startswith("at ")
    assert certificate.counterexample.story in str(found.value)


@pytest.mark.parametrize("case", RIGHT, ids=str)
def test_a_right_step_is_certified(case):
    pytest.importorskip("islpy")
    pytest.importorskip("z3")
    certificates = certify(case.claim, case.setting, "the step")
    assert [c.evidence for c in certificates] == [
        {"isl": "universal", "z3": "universal", "sizes": "exact"}[name] for name in ALL if name in case.by
    ]
    assert all(bool(c.not_covered) == (case.by != ALL) for c in certificates)
    assert all(c.claim == "the step" and c.subject == "formula" and c.seconds > 0 for c in certificates)
