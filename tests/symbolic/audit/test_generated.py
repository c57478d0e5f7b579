"""A thousand matrices in many notations: every misprint is found where it is, and nothing else is."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy.linalg import convolution_matrix

from convproof.symbolic.audit import audit
from tests.symbolic.audit.printed import corrupt, draw

CHUNK = 50
CHUNKS = range(20)


def audited(printed, geometry=None):
    return audit("Before it.\n\n" + printed.text() + "\n\nAfter it.", geometry)


def assert_found(printed, changes, geometry=None):
    """The findings are the changed entries, with what is printed and what was there before."""
    found = audited(printed.changed(changes), geometry)
    assert {(each.row, each.column) for each in found} == set(changes), (printed.descriptor, found)
    assert len(found) == len(changes)
    assert {each.kind for each in found} <= {"entry"}
    for each in found:
        before, after = printed.rows[each.row][each.column], changes[each.row, each.column]
        assert bare(each.derived) == bare("0" if before is None else printed.name(before))
        assert bare(each.printed) == bare("0" if after is None else printed.name(after))


def bare(name):
    return "".join(letter for letter in name if letter not in "_{}() ")


@pytest.mark.parametrize("chunk", CHUNKS)
def test_right_matrices_are_as_derived(chunk):
    for number in range(CHUNK * chunk, CHUNK * (chunk + 1)):
        printed = draw(number)
        found = audited(printed)
        assert not found, (printed.descriptor, found)
        assert [each.verdict for each in found.matrices] == ["as derived"]
        assert found.matrices[0].shape == (len(printed.rows), len(printed.rows[0]))


@pytest.mark.parametrize("chunk", CHUNKS)
def test_one_misprint_is_found_where_it_is(chunk):
    for number in range(CHUNK * chunk, CHUNK * (chunk + 1)):
        printed = draw(number)
        assert_found(printed, corrupt(printed, number))


@pytest.mark.parametrize("chunk", CHUNKS)
def test_two_misprints_are_found_where_they_are(chunk):
    for number in range(CHUNK * chunk, CHUNK * (chunk + 1), 2):
        printed = draw(number)
        assert_found(printed, corrupt(printed, number, errors=2))


@pytest.mark.parametrize("chunk", CHUNKS)
def test_misprints_are_found_at_a_known_geometry(chunk):
    for number in range(CHUNK * chunk, CHUNK * (chunk + 1)):
        printed = draw(number)
        assert_found(printed, corrupt(printed, number, errors=2), printed.descriptor)


def test_the_drawn_matrices_are_of_every_kind():
    drawn = [draw(number) for number in range(CHUNK * len(CHUNKS))]
    for part in ("transposed", "flipped", "naming", "environment", "style", "zero"):
        kinds = {getattr(each, part) for each in drawn}
        assert (
            len(kinds) == {"transposed": 2, "flipped": 2, "naming": 11, "environment": 9, "style": 6, "zero": 4}[part]
        )
    for size in ("s", "d", "p"):
        assert len({getattr(axis, size) for each in drawn for axis in each.axes}) > 1
    assert {len(each.axes) for each in drawn} == {1, 2}


# ---------------------------------------------------------------------- numbers, by SciPy


def numbers(number):
    """Draw a matrix of SciPy's: a kernel of different digits, in one of its three modes."""
    rng = random.Random(number)
    kernel = rng.sample(range(1, 10), rng.choice((3, 4)))
    return convolution_matrix(kernel, rng.randint(6, 9), rng.choice(("full", "same", "valid")))


def latex(matrix):
    return "\\begin{pmatrix}" + r"\\".join(" & ".join(map(str, row)) for row in matrix.tolist()) + "\\end{pmatrix}"


@pytest.mark.parametrize("number", range(60))
def test_numbers_by_scipy(number):
    matrix = numbers(number)
    right = audit(latex(matrix))
    assert not right
    assert [each.verdict for each in right.matrices] == ["as derived"]
    rng = random.Random(-number - 1)
    rows, columns = matrix.shape
    row, column = rng.randrange(1, rows - 1), rng.randrange(1, columns - 1)  # schemes have corners of their own
    wrong = matrix.copy()
    wrong[row, column] = 0 if matrix[row, column] else matrix.max()
    (finding,) = audit(latex(wrong))
    assert (finding.row, finding.column) == (row, column)
    assert (finding.printed, finding.derived) == (str(wrong[row, column]), str(matrix[row, column]))
    assert np.count_nonzero(wrong != matrix) == 1
