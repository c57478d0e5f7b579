"""Layers in a row: against the layers themselves, enumeration, and published tables."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings

from convproof import layers
from convproof.errors import ArgumentTypeError, ArgumentValueError, ConvproofError, GeometryError
from convproof.geometry import Conv
from convproof.symbolic.receptive import ReceptiveField, compose, overlap_counts, receptive_field
from convproof.symbolic.structure import structure
from tests.symbolic.geometries import convs, definition, integers

LAYERS = convs(max_axes=1, modes=("zeros",), empty=False)

# ---------------------------------------------------------------------- two layers as one


def composed_weight(first, second, w, v):
    """The composed kernel by feeding impulses through the definition: out, in, reach per axis."""
    whole = compose(first, second, interior=True)
    c = np.zeros(whole.w, dtype=np.int64)
    filters = second.out_channels // whole.groups
    for m, mid, a, b in itertools.product(
        range(second.out_channels),
        range(second.w[1]),
        itertools.product(*map(range, first.kernel)),
        itertools.product(*map(range, second.kernel)),
    ):
        between = m // (second.out_channels // second.groups) * second.w[1] + mid
        start = between // (first.out_channels // first.groups) * first.w[1]
        steps = zip(first.dilation, first.stride, second.dilation, whole.dilation, strict=True)
        place = [(d1 * ai + s1 * d2 * bi) // d for (d1, s1, d2, d), ai, bi in zip(steps, a, b, strict=True)]
        offset = start - m // filters * whole.w[1]
        for channel in range(first.w[1]):
            c[(m, offset + channel, *place)] += w[(between, channel, *a)] * v[(m, mid, *b)]
    return c


PAIRS = {
    "plain": (Conv((1, 1, 9), (1, 1, 3)), (1, 1, 3), {}),
    "strides": (Conv((1, 2, 13), (3, 2, 3), stride=2), (2, 3, 3), {"stride": 2}),
    "dilated": (Conv((2, 1, 15), (2, 1, 3), dilation=2), (1, 2, 2), {"dilation": 3}),
    "dilated, then pointwise": (Conv((1, 1, 9), (2, 1, 3), dilation=2), (1, 2, 1), {}),
    "padded first": (Conv((1, 1, 7), (1, 1, 3), padding=(1,)), (1, 1, 2), {}),
    "padded fully": (Conv((1, 1, 5), (1, 1, 3), padding=[(2, 2)]), (1, 1, 3), {"padding": [(2, 1)]}),
    "cropped between": (Conv((1, 1, 9), (1, 1, 3)), (1, 1, 2), {"padding": [(-1, -2)]}),
    "two axes": (Conv((1, 2, 8, 7), (2, 2, 3, 2), stride=(2, 1)), (1, 2, 2, 3), {"stride": (1, 2)}),
    "groups": (Conv((1, 4, 7), (4, 2, 2), groups=2), (4, 1, 2), {"groups": 4}),
    "depthwise, then pointwise": (Conv((1, 3, 6, 6), (3, 1, 3, 3), groups=3), (4, 3, 1, 1), {}),
    "three axes": (Conv((1, 1, 4, 5, 4), (1, 1, 2, 2, 1)), (1, 1, 2, 1, 3), {}),
}


@pytest.mark.parametrize("name", PAIRS)
def test_one_layer_is_both(name):
    first, w_shape, options = PAIRS[name]
    second = Conv(first.y, w_shape, **options)
    whole = compose(first, second)
    assert whole.y == second.y
    x, w, v = integers(first.x, 0), integers(first.w, 1), integers(second.w, 2)
    both = definition(definition(x, w, first), v, second)
    np.testing.assert_array_equal(definition(x, composed_weight(first, second, w, v), whole), both)


def test_dilation_is_kept_where_taps_stay_apart():
    first, w_shape, _ = PAIRS["dilated, then pointwise"]
    assert compose(first, Conv(first.y, w_shape)).dilation == (2,)
    one = Conv((1, 1, 9), (1, 1, 1))
    assert compose(one, Conv(one.y, (1, 1, 1))).dilation == (1,)
    stride = Conv((1, 1, 11), (1, 1, 1), stride=2)
    assert str(compose(stride, Conv(stride.y, (1, 1, 3)))) == "x1x1x11-w1x1x3-s2-d2"


def test_padding_between_layers_is_refused_where_it_hides_outputs():
    first = Conv((1, 1, 9), (1, 1, 3), padding=1)
    second = Conv(first.y, (1, 1, 3), padding=1)
    with pytest.raises(GeometryError, match=r"expected .* output 0 reads a zero at place -1"):
        compose(first, second)
    whole = compose(first, second, interior=True)
    assert (whole.kernel, whole.padding, whole.y) == ((5,), ((2, 2),), second.y)
    x, w, v = integers(first.x, 3), integers(first.w, 4), integers(second.w, 5)
    both = definition(definition(x, w, first), v, second)
    one = definition(x, composed_weight(first, second, w, v), whole)
    assert (one[..., 1:-1] == both[..., 1:-1]).all()
    assert (one != both).any()


@settings(max_examples=60, deadline=None)
@given(LAYERS, LAYERS)
def test_what_is_called_exact_is_exact_and_what_is_refused_differs(first, shape):
    try:
        second = Conv(
            first.y,
            (2, first.out_channels, *shape.kernel),
            stride=shape.stride,
            dilation=shape.dilation,
            padding=shape.padding,
        )
    except GeometryError:
        assume(False)
    # every tap 1: then nothing that lies in between cancels
    x, w, v = np.ones(first.x, np.int64), np.ones(first.w, np.int64), np.ones(second.w, np.int64)
    both = definition(definition(x, w, first), v, second)
    whole = compose(first, second, interior=True)
    one = definition(x, composed_weight(first, second, w, v), whole)
    try:
        exact = compose(first, second)
    except GeometryError:
        assert (one != both).any()
    else:
        assert exact == whole
        np.testing.assert_array_equal(one, both)


@pytest.mark.parametrize("wild", [None, 3, "x1x1x4-w1x1x2", float("nan"), [], object()])
def test_what_is_no_layer_is_refused(wild):
    layer = Conv((1, 1, 4), (1, 1, 2))
    for arguments in ((wild, layer), (layer, wild)):
        with pytest.raises(ArgumentTypeError, match="expected a Conv"):
            compose(*arguments)
    with pytest.raises(ConvproofError):
        receptive_field(wild)
    with pytest.raises(ConvproofError):
        receptive_field([layer, wild])
    with pytest.raises(ConvproofError):
        overlap_counts(wild)
    with pytest.raises(ArgumentTypeError):
        compose(layer, Conv(layer.y, (1, 1, 2)), interior=wild)


def test_layers_that_do_not_follow_one_another_are_refused():
    layer = Conv((1, 1, 4), (1, 1, 2))
    with pytest.raises(GeometryError, match="a layer that reads"):
        compose(layer, layer)
    with pytest.raises(GeometryError, match=r"layers\[1\]=.*size \(3,\)"):
        receptive_field([layer, layer])
    with pytest.raises(ArgumentValueError, match="padding with zeros"):
        compose(Conv((1, 1, 4), (1, 1, 2), padding=1, mode="circular"), layer)


def test_huge_layers_end_in_a_clean_error_or_an_answer():
    wide = Conv((1, 1, 2**40), (1, 1, 3))
    assert compose(wide, Conv(wide.y, (1, 1, 3))).n == (2**40,)
    with pytest.raises(ArgumentValueError, match="pairs at the rim"):
        compose(wide, Conv(wide.y, (1, 1, 3), padding=2**30))
    with pytest.raises(ArgumentValueError):
        overlap_counts(wide)
    with pytest.raises(ArgumentValueError, match="elements in all axes"):
        overlap_counts(Conv((1, 1, 2**14, 2**14), (1, 1, 1, 1)))
    with pytest.raises(ArgumentValueError, match="at most 100000 layers"):
        receptive_field(itertools.repeat(Conv((1, 1, 3), (1, 1, 1))))


# ---------------------------------------------------------------------- receptive fields


def chain(size, *layers, channels=1):
    """Make layers (k, s, p) for an image of this size."""
    stack = []
    for k, s, *p in layers:
        p = p[0] if p else 0
        stack.append(Conv((1, channels, size, size), (channels, channels, k, k), stride=s, padding=p))
        size = stack[-1].o[0]
    return stack


CONV = (3, 1, 1)
POOL = (2, 2)
# Araujo, Norris, Sim, Distill 2019, and the table of their library (end-points of TF-Slim's alexnet_v2, vgg_16,
# resnet_v1_50): receptive field, effective stride, effective padding.
ALEXNET = [(11, 4), (3, 2), (5, 1, 2), (3, 2), CONV, CONV, CONV, (3, 2)]
ALEXNET_TABLE = [
    (11, 4, 0),
    (19, 8, 0),
    (51, 8, 16),
    (67, 16, 16),
    (99, 16, 32),
    (131, 16, 48),
    (163, 16, 64),
    (195, 32, 64),
]
VGG = [CONV, CONV, POOL, CONV, CONV, POOL, *(CONV, CONV, CONV, POOL) * 3]
# TF-Slim: "same" padding with the even sizes of a 224 image pads nothing before the pooling windows; the stride is
# that of a block's last unit, whose convolution pads by one.
RESNET = [(7, 2, 3), (3, 2, 0)]
for units, stride in ((3, 2), (4, 2), (6, 2), (3, 1)):
    RESNET += [(1, 1), CONV, (1, 1)] * (units - 1) + [(1, 1), (3, stride, 1), (1, 1)]


@pytest.mark.parametrize("depth", range(1, 9))
def test_alexnet_at_every_layer(depth):
    found = receptive_field(chain(224, *ALEXNET[:depth]))
    size, stride, padding = ALEXNET_TABLE[depth - 1]
    assert found == ReceptiveField((size, size), (stride, stride), (-padding, -padding))


@pytest.mark.parametrize(("network", "published"), [(VGG, (212, 32, 90)), (RESNET, (483, 32, 239))])
def test_published_receptive_fields(network, published):
    size, stride, padding = published
    found = receptive_field(chain(320, *network))
    assert (found.size[0], found.stride[0], found.start[0]) == (size, stride, -padding)


def test_mobilenet_of_the_zoo():
    net = layers.get("mobilenet-v1")
    spatial = [layer for layer in net.layers if layer.geometry.axes == 2 and layer.geometry.o != (1, 1)]
    found = receptive_field(spatial)
    assert (found.size, found.stride) == ((315, 315), (32, 32))


@settings(max_examples=40, deadline=None)
@given(LAYERS, LAYERS)
def test_the_field_holds_exactly_what_a_change_can_reach(first, shape):
    """Feed intervals of ones: the first and the last place of the field change the output, none beyond does."""
    first = first.replace(x=(1, first.groups, *first.n), w=(first.groups, 1, *first.kernel))
    try:
        second = Conv(first.y, (1, first.groups, *shape.kernel), stride=shape.stride, padding=shape.padding)
    except GeometryError:
        assume(False)
    found = receptive_field([first, second])
    reached = {}
    for i in range(first.n[0]):
        x = np.zeros(first.x, np.int64)
        x[..., i] = 1
        y = definition(definition(x, np.ones(first.w, np.int64), first), np.ones(second.w, np.int64), second)
        for r in np.flatnonzero(y.sum(axis=(0, 1))):
            reached.setdefault(int(r), []).append(i)
    for r, places in reached.items():
        assert set(places) <= set(found.of(r)[0])
    inside = [r for r in range(second.o[0]) if _inside(found.of(r)[0], first, second, r)]
    for r in inside:
        assert (reached[r][0], reached[r][-1]) == (found.of(r)[0][0], found.of(r)[0][-1])


def _inside(field, first, second, r):
    """Whether a field lies in the input and its window between the layers lies in the output of the first."""
    start = second.stride[0] * r - second.padding[0][0]
    between = start >= 0 and start + second.dilation[0] * (second.kernel[0] - 1) < first.o[0]
    return between and field[0] >= 0 and field[-1] < first.n[0]


def test_one_layer_and_of_wild_outputs():
    found = receptive_field(iter([Conv((1, 1, 9, 9), (1, 1, 3, 2), stride=(2, 1), padding=(1, 0))]))
    assert found == ReceptiveField((3, 2), (2, 1), (-1, 0))
    assert found.of(1, 3) == (range(1, 4), range(3, 5))
    for wild in ((), (1,), (1, None), (1, float("nan"))):
        with pytest.raises(ArgumentValueError):
            found.of(*wild)
    with pytest.raises(ArgumentValueError, match="at least one layer"):
        receptive_field([])


# ---------------------------------------------------------------------- overlaps


@settings(max_examples=100, deadline=None)
@given(convs())
def test_overlaps_are_those_of_the_structure_tensor(geo):
    one = geo.replace(x=(1, 1, *geo.n), w=(1, 1, *geo.kernel), groups=1)
    form, found = structure(one), overlap_counts(geo)
    for column, counts in ((form.x, found.inputs), (form.out, found.outputs)):
        times = np.bincount(column, weights=form.coeff, minlength=counts.size).astype(np.int64)
        np.testing.assert_array_equal(counts.ravel(), times)
    assert (found.inputs.shape, found.outputs.shape) == (geo.n, geo.o)
    assert found.inputs.dtype == found.outputs.dtype == np.int64


def test_a_kernel_that_the_stride_does_not_divide_makes_a_checkerboard():
    """Odena, Dumoulin, Olah, Distill 2016: kernel 3, stride 2 alternates; kernel 4, stride 2 does not, inside."""
    uneven = overlap_counts(Conv.transposed(y=(1, 1, 6), w=(1, 1, 3), stride=2)).inputs
    even = overlap_counts(Conv.transposed(y=(1, 1, 6), w=(1, 1, 4), stride=2)).inputs
    assert uneven.tolist() == [1, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 1]
    assert set(even[2:-2].tolist()) == {2}


def test_the_divisor_of_an_average_is_that_of_ones():
    geo = Conv((1, 1, 5, 4), (1, 1, 3, 3), stride=(2, 1), padding=1)
    ones = definition(np.ones(geo.x, np.int64), np.ones(geo.w, np.int64), geo)
    np.testing.assert_array_equal(overlap_counts(geo).outputs, ones[0, 0])
    assert overlap_counts(geo).inputs.sum() == overlap_counts(geo).outputs.sum() == len(structure(geo))
    assert math.prod(geo.o) * 9 >= len(structure(geo))
