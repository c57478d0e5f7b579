"""What can be derived, and what ``derive`` refuses before it derives anything."""

from __future__ import annotations

import numpy as np
import pytest

from convproof.errors import ArgumentTypeError, ArgumentValueError
from convproof.geometry import Conv
from convproof.symbolic.derive import axes_of, chapters, derive, summary, topics
from convproof.symbolic.notation import Notation


def test_every_topic_stands_in_one_chapter_and_has_a_sentence():
    listed = [topic for _, members in chapters() for topic in members]
    assert sorted(listed) == sorted(topics()) and len(set(listed)) == len(listed)
    for topic in topics():
        assert summary(topic).startswith("Derive ") and summary(topic).endswith(".")


def test_chapters_have_titles_of_their_own():
    titles = [title for title, _ in chapters()]
    assert len(set(titles)) == len(titles) and not any("_" in title for title in titles)


@pytest.mark.parametrize(
    "op", ["", "conv4d", "conv2d_inptu", "CONV2D", "a" * 10_000, "conv2d\0", "__class__", "conv#d"]
)
def test_unknown_topics_are_refused(op):
    with pytest.raises(ArgumentValueError, match="op=") as error:
        derive(op)
    assert len(str(error.value)) < 2000


def test_a_misspelt_topic_is_told_its_neighbours():
    with pytest.raises(ArgumentValueError, match="did you mean conv2d_input"):
        derive("conv2d_inptu")


@pytest.mark.parametrize("op", [None, 3, float("nan"), b"conv2d_input", ["conv2d_input"], derive, np.str_])
def test_what_is_no_name_is_refused(op):
    with pytest.raises(ArgumentTypeError, match="op="):
        derive(op)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"simple": 1}, ArgumentTypeError),
        ({"simple": "yes"}, ArgumentTypeError),
        ({"notation": "slide"}, ArgumentTypeError),
        ({"notation": Notation}, ArgumentTypeError),
        ({"geometry": 3}, ArgumentTypeError),
        ({"geometry": "nonsense"}, ArgumentValueError),
        ({"geometry": "x1x1x4x4-w1x1x3x3"}, ArgumentValueError),
        ({"geometry": "x1x1x4-w1x1x3-p1-mode=circular"}, ArgumentValueError),
        ({"geometry": "x0x1x4-w1x1x3"}, ArgumentValueError),
        ({"geometry": "x1x1x9000000-w1x1x3"}, ArgumentValueError),
    ],
)
def test_other_arguments_are_refused(options, error):
    with pytest.raises(error, match=f"{next(iter(options))}="):
        derive("conv1d_input", **options)


def test_a_geometry_is_kept_with_the_derivation():
    geo = Conv(x=(1, 1, 4), w=(1, 1, 3), padding=1)
    for given in (geo, str(geo)):
        assert derive("conv1d_weight", simple=True, geometry=given).geometry == geo
    found = derive("conv1d_weight", simple=True)
    assert found.geometry is None and found.simple


def test_axes_are_those_of_the_name():
    assert [axes_of(op) for op in ("conv1d", "conv2d_weight", "conv_transpose3d_input", "output_size", "")] == [
        1, 2, 3, None, None,
    ]  # fmt: skip
