"""``convproof derive``: what it prints and writes, how it ends, and what it refuses before deriving anything."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from convproof.cli.derive import derive
from convproof.errors import ConvproofError, Refuted
from convproof.report import document_pdf
from convproof.report.document_pdf import compiler
from convproof.symbolic.derive import derive as derive_one
from convproof.symbolic.derive import topics
from tests.report.test_html import Reader

SMALL = "x1x1x4-w1x1x3-p1"


@pytest.fixture(scope="module")
def run():
    app = typer.Typer()
    app.command()(derive)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def refused(result):
    """The sentence that the command line prints; exit status 2 comes of any ConvproofError."""
    assert isinstance(result.exception, ConvproofError), result.output
    return str(result.exception)


def test_a_topic_is_printed_with_reasons_and_evidence(run):
    done = run("conv1d_input", "--geometry", SMALL)
    assert done.exit_code == 0
    assert "Σ_{a=0}^{k−1}" in done.stdout and "sift:" in done.stdout and "universal [a" in done.stdout
    assert f"At {SMALL}" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_list_names_every_topic_with_a_sentence(run):
    lines = run("--list").stdout.splitlines()
    for topic in topics():
        (line,) = (line for line in lines if line.split()[:1] == [topic])
        assert len(line.split()) > 3


def test_latex_is_that_of_the_derivation(run):
    assert run("conv1d_input", "--latex").stdout.strip() == derive_one("conv1d_input").latex()


def test_several_topics_tell_progress_and_are_printed_once(run):
    done = run("conv1d_input", "conv1d_weight", "conv1d_input", "--simple")
    assert "1 of 2: conv1d_input" in done.stderr and "2 of 2: conv1d_weight" in done.stderr
    assert done.stdout.count("(conv1d_input)") == 1


@pytest.mark.parametrize(
    ("words", "shown", "hidden"),
    [
        (["--simple"], "∂L/∂x(i)", "x̄"),
        (["--simple", "--style", "paper"], "x̄(i)", "∂L"),
        (["--style", "slide"], "∂L/∂x", "x̄"),
        (["--hide-brackets"], "[s | i", "[0 ≤ (i"),
        (["--sum-over", "pixels"], "[d | i", "[s | i"),
        (["--index-names", "r=u, a=t"], "s u + d t − p", "s r + d a"),
        (["--index-names", "w=\\omega"], "ω(γ", "w(γ"),
    ],
)
def test_notation_is_chosen(run, words, shown, hidden):
    text = run("conv1d_input", *words).stdout
    assert shown in text and hidden not in text


def test_vectors_are_bold_letters(run):
    assert r"\mathbf{r}" in run("conv2d_weight", "--vectors", "--latex").stdout
    assert r"\mathbf" not in run("conv2d_weight", "--latex").stdout


def test_files_are_written_and_nothing_else_is_printed(run, tmp_path):
    page, document = tmp_path / "d.html", tmp_path / "d.tex"
    done = run("conv1d_input", "--html", page, "--tex", document, "--geometry", SMALL, "--geometry", "x1x1x5-w1x1x2")
    assert done.exit_code == 0 and done.stdout == ""
    assert Reader(page.read_text()).words.count("Matrices at") == 2
    assert document.read_text().count(r"\section*{Matrices at") == 2


def test_without_tex_the_other_files_are_written(run, tmp_path, monkeypatch):
    monkeypatch.setattr(document_pdf.shutil, "which", lambda name: None)
    found = run("conv1d_input", "--simple", "--pdf", tmp_path / "d.pdf", "--html", tmp_path / "d.html")
    assert found.exit_code != 0 and (tmp_path / "d.html").is_file() and (tmp_path / "d.tex").is_file()


@pytest.mark.skipif(compiler() is None, reason="neither latexmk nor tectonic is installed")
def test_a_booklet_is_a_pdf(run, tmp_path):
    path = tmp_path / "booklet.pdf"
    assert run("conv1d_input", "conv1d_weight", "--pdf", path, "--geometry", SMALL).exit_code == 0
    assert path.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([], "topic="),
        (["conv1d_inptu"], "did you mean conv1d_input"),
        (["conv1d_input", "nothing like it"], "op='nothing like it'"),
        (["conv1d_input", "--geometry", "nonsense"], "geometry='nonsense'"),
        (["conv1d_input", "--geometry", "x1x1x4x4-w1x1x3x3"], "as many axes"),
        (["conv1d_input", "--geometry", "x0x1x4-w1x1x3"], "at least 1"),
        (["conv1d_input", "--index-names", "r"], "index_names='r'"),
        (["conv1d_input", "--index-names", "=u"], "index_names="),
        (["conv1d_input", "--html", "/no/such/folder/d.html"], "html="),
        (["conv1d_input", "--html", "d.pdf"], "ends in .html"),
        (["conv1d_input", "--pdf", "."], "pdf="),
    ],
)
def test_bad_input_is_refused_before_anything_is_derived(run, words, part, monkeypatch):
    monkeypatch.setattr("convproof.symbolic.derive.derive", lambda *_, **__: pytest.fail("derived"))
    assert part in refused(run(*words))


def test_a_name_that_occurs_nowhere_is_refused(run, tmp_path):
    page = tmp_path / "page.html"
    words = ("conv1d_input", "--simple", "--index-names", "r=u,zz=v", "--html", page)
    assert "index_names='zz': expected names that occur: a, i, k, n, r, w, x" in refused(run(*words))
    assert not page.exists()


@pytest.mark.parametrize("words", [["conv1d_input", "--style", "poster"], ["conv1d_input", "--sum-over", "rows"]])
def test_unknown_choices_end_with_status_2(run, words):
    assert run(*words).exit_code == 2


def test_a_refuted_derivation_ends_with_status_1_and_the_story(run, monkeypatch):
    def wrong(*_, **__):
        raise Refuted("step 3 is wrong at n=1, k=1")

    monkeypatch.setattr("convproof.symbolic.derive.derive", wrong)
    done = run("conv1d_input")
    assert done.exit_code == 1 and "step 3 is wrong at n=1, k=1" in done.stdout
