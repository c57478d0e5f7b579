"""``convproof prove``: what it prints, and how it ends."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from convproof.cli.prove import prove
from convproof.evidence import Certificate, Counterexample
from convproof.report.certificates import certificates_json, conclusion
from convproof.symbolic import relations, relationships, smt

needs_provers = pytest.mark.skipif(not (relations.available() and smt.available()), reason="needs islpy and z3-solver")

HELD = Certificate("loop nest: reads each tap once", "model", "all sizes", "universal", seconds=0.25)
STORY = "at n=1: i=0 is missing"
WRONG = Certificate(
    "tail: covers every row",
    "model",
    "the sizes below",
    None,
    not_covered=("z3 was not asked",),
    counterexample=Counterexample("tail", "", "", "coverage", STORY),
)


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(prove)
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.fixture
def nests(monkeypatch):
    """Let --loops find these certificates."""

    def found(*certificates):
        monkeypatch.setattr("convproof.checker.nests.prove_nests", lambda: list(certificates))

    return found


@needs_provers
def test_relationships_are_listed(run):
    done = run("--relationships")
    assert done.exit_code == 0
    said = " ".join(done.stdout.split())
    for statement in relationships.relationships():
        assert statement.title.split(",")[0] in said
    assert "at s = 1, 2, 3, 4, by isl" in said and "strides and dilations, by z3" in said and "refuted" not in said
    assert f"all hold: {len(relationships.relationships())} statements" in said
    assert max(map(len, done.stdout.splitlines())) <= 100


@needs_provers
def test_relationships_as_json(run):
    done = run("--relationships", "--json")
    assert done.exit_code == 0
    found = [Certificate.from_json(json.dumps(item)) for item in json.loads(done.stdout)]
    assert len(found) == 2 * len(relationships.relationships())
    assert all(certificate.evidence == "universal" for certificate in found)


def test_a_refutation_is_told_and_fails(run, nests):
    nests(HELD, WRONG)
    done = run("--loops")
    assert done.exit_code == 1
    assert f"tail, coverage: {STORY}" in done.stdout
    assert "1 of 2 statements refuted" in done.stdout and "not covered: z3 was not asked" in done.stdout


def test_loops_that_hold(run, nests):
    nests(HELD)
    done = run("--loops")
    assert done.exit_code == 0 and "all hold: 1 statement, 1 proof" in done.stdout and "universal" in done.stdout


def test_nothing_checked_fails(run, nests):
    nests()
    assert run("--loops").exit_code == 1
    assert run("--loops", "--json").exit_code == 1


@needs_provers
def test_both_together(run, nests):
    nests(HELD)
    done = run("--loops", "--relationships", "--json")
    assert json.loads(done.stdout)[-1]["claim"] == HELD.claim


def test_without_options_it_says_what_it_can_prove(run):
    done = run()
    assert done.exit_code == 2
    assert "--relationships" in done.output and "--loops" in done.output


def test_json_alone_is_usage(run):
    assert run("--json").exit_code == 2


def test_conclusions():
    assert str(conclusion([])) == "nothing was checked"
    assert str(conclusion([HELD])) == "all hold: 1 statement, 1 proof · universal · 0.2 s"
    assert str(conclusion([HELD, HELD, WRONG])).startswith("1 of 2 statements refuted")
    assert json.loads(certificates_json([])) == []
