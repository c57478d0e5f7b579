"""The relation of one axis, against enumeration and numpy.pad."""

import numpy as np
import pytest
from hypothesis import given, settings

from convproof.errors import ArgumentTypeError, ArgumentValueError
from convproof.geometry import Conv
from convproof.symbolic.relation import AxisRelation, axis_relations, joint_index

from .geometries import convs, padded


def windows_enumerated(n, k, s, d, lo, hi):
    """Count the windows by trying every start."""
    inside = range(-lo, n + hi)
    return sum(all(start + d * a in inside for a in range(k)) for start in range(-lo, n + hi, s))


def test_count_is_the_number_of_windows_inside_the_padded_input():
    for n in range(6):
        for k in (1, 2, 3):
            for s in (1, 2, 3):
                for d in (1, 2):
                    for lo, hi in ((0, 0), (1, 0), (0, 2), (3, 3), (-1, 1), (-1, -1)):
                        axis = AxisRelation(n, k, s, d, lo, hi)
                        assert axis.count == windows_enumerated(n, k, s, d, lo, hi), axis


@settings(max_examples=200, deadline=None)
@given(convs())
def test_counted_size_is_the_formula(geo):
    assert tuple(axis.count for axis in axis_relations(geo)) == geo.o


@settings(max_examples=100, deadline=None)
@given(convs(empty=False))
def test_reads_what_numpy_pad_puts_there(geo):
    names = np.arange(1, np.prod(geo.n) + 1).reshape(1, 1, *geo.n)
    wide = padded(names, geo)[0, 0]
    index = joint_index(axis_relations(geo)).reshape(*geo.o, *geo.kernel)
    for r in np.ndindex(*geo.o):
        for a in np.ndindex(*geo.kernel):
            at = tuple(s * ri + d * ai for s, ri, d, ai in zip(geo.stride, r, geo.dilation, a, strict=True))
            assert wide[at] == index[(*r, *a)] + 1  # a zero of the padding has index -1


def test_box_is_a_part_of_the_whole():
    axes = axis_relations(Conv(x=(1, 1, 6, 7), w=(1, 1, 3, 2), stride=(1, 2), padding=1))
    counts = tuple(axis.count for axis in axes)
    whole = joint_index(axes).reshape(*counts, -1)
    part = joint_index(axes, (range(1, 4), range(2, 3)))
    np.testing.assert_array_equal(part, whole[1:4, 2:3].reshape(part.shape))


def test_huge_axes_are_counted_and_not_written_out():
    axis = AxisRelation(n=2**62, k=3, s=2, lo=1, hi=1)
    assert axis.count == 2**61
    with pytest.raises(ArgumentValueError, match="outputs=2305843009213693952: expected at most"):
        _ = axis.index


@pytest.mark.parametrize(
    ("axis", "terms", "readers", "windows_per_tap"),
    [
        (AxisRelation(5, 3), 9, 3, 3),
        (AxisRelation(5, 3, lo=1, hi=1), 13, 3, 5),
        (AxisRelation(7, 3, s=2), 9, 2, 3),
        (AxisRelation(3, 3, lo=2, hi=2, mode="replicate"), 15, 6, 5),
        (AxisRelation(0, 3, lo=2, hi=2), 0, 0, 0),
    ],
)
def test_sizes_of_the_sums(axis, terms, readers, windows_per_tap):
    assert (axis.terms, axis.readers, axis.windows_per_tap) == (terms, readers, windows_per_tap)


@pytest.mark.parametrize(
    "wrong", [{"n": 2.0}, {"k": 0}, {"s": 0}, {"d": None}, {"lo": "1"}, {"mode": []}, {"outputs": "2"}]
)
def test_what_is_no_relation_is_refused(wrong):
    (name,) = wrong
    with pytest.raises((ArgumentTypeError, ArgumentValueError), match=f"{name}="):
        AxisRelation(**{"n": 5, "k": 3, **wrong})
