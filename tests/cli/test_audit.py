"""``convproof audit``: what it prints, and how it ends."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from convproof.cli.audit import audit
from convproof.errors import ArgumentValueError

RIGHT = r"\begin{bmatrix} a & b & c & 0 \\ 0 & a & b & c \end{bmatrix}"
WRONG = "\n" + r"\begin{bmatrix} a & b & c & 0 & 0 \\ 0 & a & b & c & 0 \\ 0 & 0 & a & b & b \end{bmatrix}"


@pytest.fixture
def run(tmp_path):
    """Run the command on texts that are written to files; return exit status and standard output."""
    app = typer.Typer()
    app.command()(audit)

    def run(texts, *options, stdin=None):
        paths = []
        for number, text in enumerate(texts):
            path = tmp_path / f"{number}.tex"
            path.write_text(text, encoding="utf-8")
            paths.append(str(path))
        done = CliRunner().invoke(app, [*paths, *options], input=stdin)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    return run


def test_findings_end_with_1(run, tmp_path):
    status, output = run([WRONG])
    assert status == 1
    assert output.splitlines()[:2] == [
        f"{tmp_path / '0.tex'}: 1 finding in 1 matrix and 0 formulas",
        "  line 2: entry (2, 4): printed here b, derived c for x1x1x5-w1x1x3",
    ]
    assert "  line 2: 3x5 matrix: 1 entry differs (x1x1x5-w1x1x3)" in output


def test_no_findings_end_with_0(run):
    status, output = run([RIGHT])
    assert status == 0
    assert "no findings in 1 matrix and 0 formulas" in output


def test_nothing_to_audit_ends_with_1(run):
    status, output = run(["No matrix at all."])
    assert status == 1
    assert "nothing to audit" in output


def test_several_files(run):
    assert run([RIGHT, "No matrix."])[0] == 0
    status, output = run([RIGHT, WRONG])
    assert status == 1
    assert output.count("looked at:") == 2


def test_quiet(run):
    status, output = run([WRONG], "--quiet")
    assert status == 1
    assert len(output.splitlines()) == 2


def test_json(run):
    status, output = run([RIGHT, WRONG], "--json")
    assert status == 1
    right, wrong = json.loads(output)
    assert right["findings"] == []
    assert wrong["findings"][0]["derived"] == "c"


def test_a_known_geometry(run):
    assert run([RIGHT], "--geometry", "x1x1x4-w1x1x3 forward")[0] == 0
    assert run([RIGHT], "--geometry", "x1x1x9-w1x1x3")[0] == 1


def test_what_makes_no_sense(run, tmp_path):
    with pytest.raises(ArgumentValueError, match="geometry="):
        run([RIGHT], "--geometry", "3x3")
    with pytest.raises(ArgumentValueError, match="a file that exists"):
        run([], str(tmp_path / "missing.tex"))
    assert run([])[0] == 2


def test_standard_input(run):
    status, output = run([], "-", stdin=WRONG)
    assert status == 1
    assert output.startswith("text: 1 finding in 1 matrix")
    assert "nothing to audit" in run([], "-", stdin="missing.tex")[1]  # a text, not the name of a file


def test_encodings_of_windows(run, tmp_path):
    for number, encoding in enumerate(("utf-16", "utf-8-sig")):
        path = tmp_path / f"{number}.md"
        path.write_bytes(WRONG.replace("\n", "\r\n").encode(encoding))
        status, output = run([], str(path))
        assert status == 1
        assert "line 2: entry (2, 4)" in output


def test_what_is_no_text(run, tmp_path):
    path = tmp_path / "noise.tex"
    path.write_bytes(bytes(range(256)) * 100)
    assert run([], str(path))[0] == 1
    path.write_bytes(b"")
    assert json.loads(run([], str(path), "--json")[1])[0]["checked"] == 0
    with pytest.raises(ArgumentValueError, match="a file"):
        run([], str(tmp_path))
