"""``save``: every thing in every format it has, whole or not at all; what it cannot write is told in a sentence."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from convproof.errors import ArgumentTypeError, ArgumentValueError, MissingDependency
from convproof.evidence import Certificate, Report
from convproof.geometry import Conv
from convproof.report import document_pdf, save_json
from convproof.report.derivation_view import Booklet
from convproof.report.document_pdf import compiler
from convproof.report.save import formats, save
from convproof.symbolic.matrix import matrix
from convproof.symbolic.winograd import winograd
from tests.report import samples
from tests.report.derivation_samples import SMALL, derived, hostile
from tests.report.test_html import Reader

MATRIX = matrix(Conv.parse(SMALL))
ALL = (".tex", ".html", ".pdf", ".json")
NAMES = ["derivation", "derivations", "booklet", "matrix", "winograd", "nested", "certificate", "certificates"]


@pytest.fixture(scope="module")
def made():
    certificate = derived().certificates[0]
    return {
        "derivation": derived(geometry=SMALL),
        "derivations": [derived(), derived(simple=True)],
        "booklet": Booklet((derived(),), (Conv.parse(SMALL),)),
        "matrix": MATRIX,
        "winograd": winograd(2, 3),
        "nested": winograd(2, 3).nested(),
        "certificate": certificate,
        "certificates": [certificate, *hostile().certificates],
        "report": samples.refuted(),
        "reports": tuple(samples.own_kernels()),
    }


@pytest.mark.parametrize("name", [*NAMES, "report", "reports"])
def test_every_format_of_every_thing(made, name, tmp_path):
    for suffix in formats(made[name]):
        if suffix == ".pdf" and compiler() is None:
            continue
        path = save(made[name], tmp_path / f"thing{suffix}")
        content = path.read_bytes()
        assert content
        if suffix == ".html":
            assert not {"script", "link", "img"} & set(Reader(content.decode()).tags)
        elif suffix == ".tex":
            assert content.decode().rstrip().endswith(r"\end{document}")
        elif suffix == ".pdf":
            assert content.startswith(b"%PDF")
        else:
            json.loads(content)
    assert {path.name for path in tmp_path.iterdir()} <= {f"thing{suffix}" for suffix in ALL}


def test_what_is_saved_as_json_is_read_back(made, tmp_path):
    one = save(made["certificate"], tmp_path / "c.json").read_text()
    assert Certificate.from_json(one) == made["certificate"]
    assert Report.from_json(save(made["report"], tmp_path / "r.json").read_text()) == made["report"]
    many = json.loads(save(made["certificates"], tmp_path / "cs.json").read_text())
    assert [Certificate.from_json(json.dumps(each)) for each in many] == made["certificates"]


def test_a_derivation_as_json_has_its_steps_and_certificates(made, tmp_path):
    data = json.loads(save(made["derivation"], tmp_path / "d.json").read_text())
    steps = [step for part in data["parts"] for step in part["steps"]]
    assert [step["rule"] for step in steps] == [step.rule for step in made["derivation"].steps]
    assert [step["final"] for step in steps].count(True) == 1
    assert data["geometry"] == SMALL and data["parts"][0]["steps"][0]["evidence"] is None
    assert json.loads(save([made["derivation"]], tmp_path / "ds.json").read_text()) == [data]


def test_the_same_thing_gives_the_same_text(made, tmp_path):
    for suffix in (".tex", ".html", ".json"):
        first, second = (save(made["derivation"], tmp_path / f"{n}{suffix}").read_bytes() for n in "ab")
        assert first == second


def test_suffixes_in_capitals_and_paths_as_text(tmp_path):
    assert save(MATRIX, str(tmp_path / "m.TEX")).read_text().startswith("%")


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("name", ["m", "m.", "m.xml", "m.docx", ".tex", "m.tex.bak", ""])
def test_another_suffix_is_refused_and_the_known_ones_are_named(name, tmp_path):
    with pytest.raises(ArgumentValueError, match=r"\.tex, \.html, \.pdf, \.json"):
        save(MATRIX, tmp_path / name if name else "")
    assert list(tmp_path.iterdir()) == []


def test_a_report_has_no_latex(tmp_path):
    with pytest.raises(ArgumentValueError, match=r"a report: \.html, \.json"):
        save(samples.refuted(), tmp_path / "r.tex")


@pytest.mark.parametrize("thing", [None, 1, float("nan"), "text", [], (), {}, object(), [None], [MATRIX, MATRIX], Conv])
def test_other_things_are_refused(thing, tmp_path):
    with pytest.raises(ArgumentTypeError, match="thing="):
        save(thing, tmp_path / "t.html")
    with pytest.raises(ArgumentTypeError, match="thing="):
        formats(thing)


def test_a_list_of_several_kinds_is_refused(tmp_path):
    with pytest.raises(ArgumentTypeError, match="a list of one kind"):
        save([derived(), samples.refuted()], tmp_path / "t.html")


@pytest.mark.parametrize("path", [None, 3, b"m.tex", ["m.tex"]])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ArgumentTypeError, match="path="):
        save(MATRIX, path)


def test_null_characters_are_refused(tmp_path):
    with pytest.raises(ArgumentValueError, match="null"):
        save(MATRIX, f"{tmp_path}/a\0.tex")


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OSError, match="nowhere") as error:
        save(MATRIX, tmp_path / "nowhere" / "m.tex")
    assert error.value.errno == errno.ENOENT


def test_a_folder_in_the_place_of_the_file(tmp_path):
    (tmp_path / "m.tex").mkdir()
    with pytest.raises(OSError, match=r"m\.tex"):
        save(MATRIX, tmp_path / "m.tex")


# ---------------------------------------------------------------------- whole or not at all


def test_where_writing_fails_the_old_file_stays(tmp_path, monkeypatch):
    path = tmp_path / "m.tex"
    path.write_text("old")

    def full(self, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=r"m\.tex") as error:
        save(MATRIX, path)
    assert error.value.errno == errno.ENOSPC
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_where_making_fails_nothing_is_written(tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr(save_json, "derivation_data", broken)
    with pytest.raises(RuntimeError):
        save(derived(), tmp_path / "d.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="links and devices of POSIX")
def test_links_are_followed_and_devices_stay_devices(tmp_path):
    target, link = tmp_path / "real.tex", tmp_path / "link.tex"
    target.write_text("old")
    link.symlink_to(target)
    save(MATRIX, link)
    assert link.is_symlink() and target.read_text().startswith("%")
    pipe = tmp_path / "null.tex"
    pipe.symlink_to("/dev/null")
    save(MATRIX, pipe)
    assert pipe.is_symlink() and not Path("/dev/null").is_file()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_new_file_has_the_usual_permissions(tmp_path):
    ordinary = tmp_path / "ordinary"
    ordinary.write_text("")
    assert save(MATRIX, tmp_path / "m.tex").stat().st_mode == ordinary.stat().st_mode


def test_without_tex_the_document_stands_beside(tmp_path, monkeypatch):
    monkeypatch.setattr(document_pdf.shutil, "which", lambda name: None)
    with pytest.raises(MissingDependency, match="latexmk or tectonic") as error:
        save(derived(), tmp_path / "d.pdf")
    beside = tmp_path / "d.tex"
    assert str(beside) in str(error.value)
    assert beside.read_text().startswith("%") and list(tmp_path.iterdir()) == [beside]


def test_without_tex_the_paper_of_somebody_else_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(document_pdf.shutil, "which", lambda name: None)
    paper = tmp_path / "paper.tex"
    paper.write_text("my paper")
    beside = tmp_path / "paper.convproof.tex"
    for _ in range(2):  # our own file is replaced
        with pytest.raises(MissingDependency) as error:
            save(derived(), tmp_path / "paper.pdf")
        assert paper.read_text() == "my paper" and str(beside) in str(error.value)
        assert set(tmp_path.iterdir()) == {paper, beside}
    paper.write_text("% Written by convproof 0.0.1, an old one")
    with pytest.raises(MissingDependency):
        save(derived(), tmp_path / "paper.pdf")
    assert len(paper.read_text()) > 1000
