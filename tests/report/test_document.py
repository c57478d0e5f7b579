"""Derivations as LaTeX documents: complete, within the page, the same bytes twice; and what is said where TeX stops."""

from __future__ import annotations

import re
import shutil
import subprocess
import time

import pytest

from convproof.errors import ArgumentValueError, MissingDependency
from convproof.geometry import Conv
from convproof.report import document_pdf
from convproof.report.derivation_view import Booklet
from convproof.report.document import derivation_document, formulas_document
from convproof.report.document_pdf import compiler, pdf
from convproof.report.latex import tex
from convproof.symbolic.latex_width import points
from convproof.symbolic.matrix import matrix
from tests.report.derivation_samples import SMALL, derived, hostile, with_piece

needs_tex = pytest.mark.skipif(compiler() is None, reason="neither latexmk nor tectonic is installed")
needs_pdflatex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


def document(*derivations, geometries=()):
    return derivation_document(Booklet(derivations, geometries))


def typeset(text, folder):
    """Run pdflatex twice (tables settle their widths); return its last log."""
    (folder / "t.tex").write_text(text, encoding="utf-8")
    for _ in range(2):
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"]
        done = subprocess.run(command, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout.decode("utf-8", "replace")[-1500:]
    return (folder / "t.log").read_text(encoding="utf-8", errors="replace")


def overfull(log):
    return re.findall(r"^Overfull .*", log, re.MULTILINE)


def article(body):
    head = r"\documentclass{article}\usepackage{amsmath,amssymb,lmodern}\allowdisplaybreaks\begin{document}"
    return f"{head}\n{body}\n\\end{{document}}\n"


# ---------------------------------------------------------------------- within the page


@needs_pdflatex
@pytest.mark.parametrize(
    ("op", "options"),
    [
        ("conv3d_input", {}),
        ("conv2d_input", {"vectors": True}),
        ("conv2d_input", {"elements": "subscript", "gradients": "fraction", "sum_over": "pixels"}),
        ("conv1d_input", {"simple": True}),
    ],
)
def test_nothing_runs_off_the_page(op, options, tmp_path):
    found = derived(op, **options)
    assert overfull(typeset(document(found), tmp_path)) == []
    assert overfull(typeset(article(found.latex()), tmp_path)) == [], "what is pasted into an article"


@needs_pdflatex
def test_what_a_notebook_shows_as_latex_is_latex(tmp_path):
    for found in (derived(), derived(simple=True)):
        shown = found._repr_latex_()
        assert shown.count("{") == shown.count("}") and shown.startswith("$$") and shown.endswith("$$")
        typeset(article(shown), tmp_path)


@needs_pdflatex
def test_a_line_that_runs_off_the_page_would_be_seen(tmp_path):
    wide = r"\left[" + " + ".join("abcdefgh" * 9) + r"\right]"
    assert overfull(typeset(document(with_piece(wide)), tmp_path))
    assert overfull(typeset(article(with_piece(wide).latex()), tmp_path))


@needs_pdflatex
def test_a_booklet_fits_with_its_matrices(tmp_path):
    geometries = tuple(map(Conv.parse, ("x1x1x5x5-w1x1x3x3-p1", "x1x2x4x4-w4x2x3x3-s2-p1", SMALL)))
    booklet = (derived(), derived(simple=True), derived("conv2d_weight"))
    assert overfull(typeset(document(*booklet, geometries=geometries), tmp_path)) == []


@needs_pdflatex
def test_widths_are_those_of_tex(tmp_path):
    """Lines end by an estimate: it is held against what TeX measures."""
    pieces = {piece for op in ("conv2d_input", "conv1d_input") for step in derived(op).steps for piece in step.pieces}
    pieces |= {step.left for step in derived("conv2d_input").steps if step.left}
    pieces |= {piece for step in derived("conv2d_input", vectors=True).steps for piece in step.pieces}
    listed = sorted(pieces)
    measured = "\n".join(rf"\setbox0\hbox{{$\displaystyle {p}$}}\typeout{{WIDTH=\the\wd0}}" for p in listed)
    log = typeset(article(measured + "x"), tmp_path)
    widths = [float(width) for width in re.findall(r"WIDTH=([\d.]+)pt", log)]
    assert len(widths) == len(listed) > 20
    for piece, width in zip(listed, widths, strict=True):
        assert points(piece) == pytest.approx(width, rel=0.12, abs=6), piece


def test_each_step_stands_in_the_document_with_its_marks():
    found = derived()
    text = document(found)
    for step in found.steps:
        *first, last = step.pieces
        assert all(rf"\piece{{{piece}}}" in text for piece in first)
        assert rf"\{'lastpiece' if first else 'piece'}{{{last}}}" in text
    assert text.count(r"\why{") == len(found.steps)
    assert text.count(r"\evidence{universal}") == len(found.steps) - 1
    assert r"\tableofcontents" not in text and r"\tableofcontents" in document(found, derived(simple=True))


def test_certificates_have_a_column_for_limits_where_there_are_any():
    found = derived()
    assert r"\begin{certificates}" in document(found) and "does not cover" not in document(found)
    limited = document(hostile())
    assert r"\begin{limitedcertificates}" in limited and "does not cover" in limited


# ---------------------------------------------------------------------- PDF


@needs_tex
def test_the_same_document_gives_the_same_bytes():
    text = document(derived())
    first = pdf(text)
    time.sleep(1.1)  # a date in it would have a second more
    assert first == pdf(text)
    assert first.startswith(b"%PDF") and len(first) > 10_000


@needs_tex
def test_texts_of_strangers_are_set_as_they_are():
    assert pdf(document(hostile(), hostile())).startswith(b"%PDF")
    assert pdf(formulas_document(tex("<&%$#_{}~^\\>"), [("\\input{/etc/passwd} 中", "")])).startswith(b"%PDF")


@needs_tex
@pytest.mark.parametrize("latex", [r"\nosuchcommand", "}", r"\left[", "x_{", "a & b", "中"])
def test_where_tex_stops_the_first_error_is_told(latex):
    with pytest.raises(ArgumentValueError, match=r"it stops at|it failed") as error:
        pdf(document(with_piece(latex)))
    assert len(str(error.value)) < 500 and "\n" not in str(error.value)


@needs_tex
def test_what_does_not_end_is_ended():
    endless = article(r"\def\a{\a}\a")
    with pytest.raises(ArgumentValueError, match="did not end"):
        pdf(endless, seconds=3)


@needs_tex
def test_documents_run_no_programs(tmp_path):
    target = tmp_path / "made"
    pdf(article(rf"x\immediate\write18{{touch {target}}}"))
    assert not target.exists()


def test_without_a_program_both_are_named(monkeypatch):
    monkeypatch.setattr(document_pdf.shutil, "which", lambda name: None)
    with pytest.raises(MissingDependency, match=r"latexmk or tectonic"):
        pdf(document(derived()))


@needs_tex
def test_matrices_wider_than_the_page_are_made_smaller(tmp_path):
    wide = matrix(Conv.parse("x1x2x6x6-w2x2x3x3-p1")).latex()
    assert pdf(formulas_document("Wide", [("", wide)])).startswith(b"%PDF")
    if shutil.which("pdflatex"):
        assert overfull(typeset(formulas_document("Wide", [("", wide)]), tmp_path)) == []
