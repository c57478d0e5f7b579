"""Text that is broken, huge, binary or made to take long: an answer comes, or one clean error."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convproof import Conv
from convproof.errors import ArgumentTypeError, ArgumentValueError, ConvproofError
from convproof.symbolic.audit import Audit, audit

MANY = 100_000
HOSTILE = {
    "braces": "{" * MANY,
    "begins": r"\begin{bmatrix}" * 10_000,
    "ends": r"\end{bmatrix}" * 10_000,
    "nested": r"\begin{bmatrix}" * 5000 + "a & b" + r"\end{bmatrix}" * 5000,
    "unbalanced": r"\begin{bmatrix} {{{{ a & b \\" * 2000 + r"\end{bmatrix}",
    "columns": r"\begin{bmatrix}" + "&" * MANY + r"\end{bmatrix}",
    "rows": r"\begin{bmatrix}" + r"\\" * MANY + r"\end{bmatrix}",
    "backslashes": "\\" * MANY,
    "pipes": "|" * MANY,
    "pipe rows": "| a | b |\n" * 10_000,
    "tabulators": "\t" * MANY,
    "long cell": r"\begin{bmatrix} a & " + "x" * MANY + r" \\ b & c \end{bmatrix}",
    "deep cell": r"\begin{bmatrix} " + "(" * 250 + r" & " + r"\frac{" * 40 + r"\\ b & c \end{bmatrix}",
    "tags": "| <b " * 20_000,
    "fractions": r"$\frac{" * 20_000,
    "brackets": "$" + "(n-k+1" * 10_000,
    "floors": r"$\lfloor (n-k+" * 10_000,
    "sums": "$n+k-1" + "+n" * 10_000,
    "scripts": "$n" + "_{" * 10_000,
    "huge indices": r"\begin{bmatrix} w_{99999999999} & w_{9999} \\ w_{9999} & w_{-9999,9999} \end{bmatrix}",
    "far indices": r"\begin{bmatrix} w_{0,0} & w_{9999,9999} \\ w_{0,0} & w_{9999,9999} \end{bmatrix}",
    "huge numbers": r"\begin{bmatrix} " + "9" * 299 + r" & 1 \\ 1 & " + "9" * 299 + r" \end{bmatrix}",
    "powers": r"\begin{bmatrix} x^{99999999999} \end{bmatrix} \begin{bmatrix} x^{9} \end{bmatrix} ="
    r" \begin{bmatrix} x \end{bmatrix}",
    "wide spans": r"\begin{array}{c}" + r"\multicolumn{999}{c}{0} \hdotsfor{999} & " * 1000 + r"\end{array}",
    "products": r"\begin{bmatrix} a + b & c \\ d & e \end{bmatrix}" * 500
    + r"= \begin{bmatrix} a & b \\ c & d \end{bmatrix}",
    "nothing": "",
    "NUL": "\0" * MANY,
    "half a character": "\ud800 \\begin{bmatrix} \ud800 & a \\\\ a & \ud800 \\end{bmatrix}",
    "carriage returns": "\r" * MANY,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text(name):
    found = audit(HOSTILE[name])
    assert isinstance(found, Audit)
    assert not found.checked or name in ("products", "powers")
    assert str(found)
    assert found.to_json()


def test_random_bytes(tmp_path):
    for seed in range(5):
        path = tmp_path / f"{seed}.bin"
        path.write_bytes(random.Random(seed).randbytes(20_000))
        assert not audit(path)


COMMANDS = (
    r"\begin{bmatrix} \end{bmatrix} \begin{array}{cc} \end{array} & \\ \hline \frac{ \lfloor \rfloor \lceil \left"
)
LETTERS = "{ } $ | \t \n % w_{0,1} w_1 a b 0 - + = ( ) / ^ _ n k s p 1 2 . \\ ... • <b> </b> : for , ->"
PIECES = [*COMMANDS.split(" "), *LETTERS.split(" ")]


@given(st.lists(st.sampled_from(PIECES), max_size=120))
def test_any_order_of_pieces(pieces):
    assert isinstance(audit("\n" + " ".join(pieces)), Audit)


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "0", "w_{0,0}", "w_{0,1}", "w_1", "1", "-1", "", r"\cdot", "x y"])))
)
def test_any_matrix_of_entries(rows):
    text = r"\begin{bmatrix}" + r"\\".join(" & ".join(row) for row in rows) + r"\end{bmatrix}"
    assert isinstance(audit(text), Audit)
    assert isinstance(audit(text, "x1x1x4-w1x1x2-p1"), Audit)


def test_many_matrices_are_not_all_searched():
    text = "".join(rf"\begin{{bmatrix}} w_{{{i}}} & b \\ 0 & w_{{{i}}} \end{{bmatrix}} " for i in range(1200))
    found = audit(text)
    assert len(found.matrices) == 1200
    assert found.matrices[-1].verdict == "skipped: the text has more matrices than are looked into"


def test_a_matrix_too_large_is_skipped():
    text = r"\begin{bmatrix}" + r"\\".join(" & ".join("a" * 70) for _ in range(70)) + r"\end{bmatrix}"
    assert [each.verdict for each in audit(text).matrices] == ["skipped: more than 4096 entries"]


@pytest.mark.parametrize("wrong", [None, 1, 1.5, b"a & b", [], ["x"], {}, object(), float("nan"), audit])
def test_what_is_no_text(wrong):
    with pytest.raises(ArgumentTypeError, match="path_or_text"):
        audit(wrong)


def test_files(tmp_path):
    path = tmp_path / "slides.tex"
    path.write_text(r"\begin{bmatrix} a & b & 0 \\ 0 & a & b \end{bmatrix}", encoding="utf-8")
    for given_path in (path, str(path)):
        assert audit(given_path).source == str(path)
        assert audit(given_path).checked == 1


@pytest.mark.parametrize("name", ["missing.tex", "missing.md", "no/such/folder/slides.txt"])
def test_files_that_are_missing(name, tmp_path):
    for wrong in (tmp_path / name, str(tmp_path / name)):
        with pytest.raises(ArgumentValueError, match="a file that exists"):
            audit(wrong)


def test_what_is_no_file(tmp_path):
    class Bytes:
        def __fspath__(self):
            return b"slides.tex"

    for wrong in (tmp_path, str(tmp_path), Path(os.devnull), Path("\0"), Path("x" * 5000), Bytes()):
        with pytest.raises(ConvproofError, match="path_or_text"):
            audit(wrong)


def test_a_file_too_large(tmp_path):
    path = tmp_path / "large.tex"
    with path.open("wb") as file:
        file.truncate(16 * 2**20 + 1)
    with pytest.raises(ArgumentValueError, match="a file of at most"):
        audit(path)
    with pytest.raises(ArgumentValueError, match="at most"):
        audit(" " * (16 * 2**20 + 1))


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        " ",
        "x",
        "4x4",
        "x1x1x4-w1x1x3 backwards",
        "x1x1x4-w1x1x3 forward transposed",
        "x1x1x4-w1x1x3 data flipped",
        "x1x1x2-w1x1x3",
        "x1x1x99999999-w1x1x3",
        "x1x1x4-w1x1x3 " + "x" * 10_000,
        1,
        [],
        float("nan"),
        object(),
    ],
)
def test_what_is_no_geometry(wrong):
    with pytest.raises(ConvproofError):
        audit("text", wrong)


def test_a_geometry_as_an_object():
    text = r"\begin{bmatrix} a & b & 0 \\ 0 & a & a \end{bmatrix}"
    (finding,) = audit(text, Conv(x=(1, 1, 3), w=(1, 1, 2)))
    assert (finding.row, finding.column, finding.derived) == (1, 2, "b")
