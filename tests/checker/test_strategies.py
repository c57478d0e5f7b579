"""The geometries drawn: valid by construction, within budget and domain, varied, and shrinking to the simplest."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from convproof.checker.domain import Domain
from convproof.checker.operations import OPS
from convproof.checker.strategies import convs
from convproof.errors import ArgumentTypeError, ArgumentValueError
from convproof.geometry import Conv

FIXED = {"deadline": None, "database": None, "derandomize": True}


def draws(count: int, **arguments) -> list[Conv]:
    """Return `count` draws of the strategy, the same on every run."""
    seen: list[Conv] = []

    @settings(max_examples=count, suppress_health_check=[HealthCheck.too_slow], **FIXED)
    @given(geo=convs(**arguments))
    def collect(geo):
        seen.append(geo)

    collect()
    return seen


def windows_inside(n: int, k: int, s: int, d: int, lo: int, hi: int) -> int:
    """Count the outputs of an axis by sliding the kernel over it."""
    count = 0
    while count * s + d * (k - 1) - lo < n + hi:
        count += 1
    return count


def smallest(condition, **arguments) -> str:
    """Return the geometry that a failure of `condition` shrinks to."""
    given_settings = settings(max_examples=3000, database=None, deadline=None, phases=(Phase.generate, Phase.shrink))
    return str(find(convs(**arguments), condition, settings=given_settings, random=Random(0)))


# ---------------------------------------------------------------------- validity and budget


@pytest.mark.parametrize("op", OPS)
def test_every_draw_is_a_convolution_that_torch_can_ask_for(op):
    drawn = draws(250, op=op)
    assert len(drawn) == 250
    for geo in drawn:
        assert Domain().refuses(geo, op) is None
        assert geo.multiply_adds <= 200_000
        assert max(math.prod(shape) for shape in (geo.x, geo.w, geo.y)) <= 65_536
        assert min(*geo.x, *geo.w, *geo.y) >= 1
        for axis, (lo, hi) in enumerate(geo.padding):
            counted = windows_inside(geo.n[axis], geo.kernel[axis], geo.stride[axis], geo.dilation[axis], lo, hi)
            assert counted == geo.o[axis] if geo.outputs is None else counted >= geo.o[axis]


@pytest.mark.parametrize("budget", [1, 2, 7, 100, 10_000, 10**18])
def test_no_draw_exceeds_the_budget(budget):
    for geo in draws(60, max_terms=budget, max_elements=budget):
        assert geo.multiply_adds <= budget
        assert max(math.prod(shape) for shape in (geo.x, geo.w, geo.y)) <= budget


def test_most_draws_differ():
    assert len(set(draws(400, op="conv2d"))) > 250


# ---------------------------------------------------------------------- the domain

DOMAINS = [
    Domain(kernel=3, padding=1, groups=1),
    Domain(padding=2),
    Domain(kernel=31, dilation=8),
    Domain(stride=(2, 3), output_padding=1),
    Domain(groups="depthwise", out_channels=range(8, 100, 8)),
    Domain(groups=64, in_channels=range(1, 1000)),
    Domain(groups=(2, 6), batch=(0, 7)),
    Domain(in_channels=512, out_channels=(64, 512), kernel=(1, 3)),
    Domain(stride=range(100, 10**9), dilation=range(50, 10**9)),
    Domain(padding=range(-3, 4), per_side_padding=True, padding_mode=("zeros", "reflect", "replicate", "circular")),
    Domain(padding_mode=("zeros", "reflect"), padding=(3, 5)),
    Domain(max_size=40),
    Domain(padding=7, kernel=2, max_size=200),
]


@pytest.mark.parametrize("domain", DOMAINS, ids=Domain.describe)
@pytest.mark.parametrize("op", ["conv2d", "conv_transpose2d"])
def test_the_domain_is_honoured(domain, op):
    drawn = draws(60, op=op, domain=domain, max_terms=10**7, max_elements=10**6)
    assert [domain.refuses(geo, op) for geo in drawn] == [None] * len(drawn)
    assert len(set(drawn)) > 15


def test_only_the_domain_opens_what_torch_has_not():
    assert all(geo.mode == "zeros" and all(lo == hi >= 0 for lo, hi in geo.padding) for geo in draws(200))
    drawn = draws(500, op="conv2d", domain=DOMAINS[9])
    assert {geo.mode for geo in drawn} == {"zeros", "reflect", "replicate", "circular"}
    assert any(lo != hi for geo in drawn for lo, hi in geo.padding)
    assert any(lo < 0 for geo in drawn for lo, _ in geo.padding)


# ---------------------------------------------------------------------- what is reached


def beyond(left, right) -> bool:
    return any(a > b for a, b in zip(left, right, strict=True))


def lows(geo: Conv) -> list[int]:
    return [lo for lo, _ in geo.padding]


FEATURES = {
    "unequal sizes": lambda g: len(set(g.n)) > 1,
    "unequal kernels": lambda g: len(set(g.kernel)) > 1,
    "unequal strides": lambda g: len(set(g.stride)) > 1,
    "unequal dilations": lambda g: len(set(g.dilation)) > 1,
    "unequal paddings": lambda g: len(set(g.padding)) > 1,
    "padding beyond the kernel": lambda g: beyond(lows(g), g.kernel),
    "outputs that see no input": lambda g: beyond(lows(g), [d * k for d, k in zip(g.dilation, g.kernel, strict=True)]),
    "no padding, with a remainder": lambda g: not any(lows(g)) and any(g.output_padding),
    "stride beyond the kernel": lambda g: beyond(g.stride, g.kernel),
    "stride beyond the input": lambda g: beyond(g.stride, g.n),
    "dilation beyond the input": lambda g: min(g.kernel) > 1 and beyond(g.dilation, g.n),
    "groups": lambda g: 1 < g.groups < g.in_channels,
    "depthwise": lambda g: 1 < g.groups == g.in_channels == g.out_channels,
    "depthwise with a multiplier": lambda g: 1 < g.groups == g.in_channels < g.out_channels,
    "six input channels": lambda g: g.in_channels == 6,
    "one input channel": lambda g: g.in_channels == 1 and g.out_channels > 1,
    "17 output channels": lambda g: g.out_channels == 17,
    "blocks of 16 channels": lambda g: g.in_channels % 16 == 0 and g.out_channels % 16 == 0,
    "batch 5": lambda g: g.batch == 5,
    "batch 33": lambda g: g.batch == 33,
    "one tap on one axis": lambda g: min(g.kernel) == 1 < max(g.kernel),
    "one tap": lambda g: max(g.kernel) == 1 and g.in_channels > 1,
    "3 x 3 at stride 1": lambda g: set(g.kernel) == {3} and set(g.stride) == {1} == set(g.dilation),
    "strided and dilated": lambda g: beyond(g.stride, (1, 1)) and min(g.dilation) > 1 and min(g.kernel) > 1,
    "wider than a vector": lambda g: g.o[-1] > 16 and g.in_channels > 1,
    "one output": lambda g: set(g.o) == {1} and min(g.kernel) > 1,
}


@pytest.fixture(scope="module")
def plane_draws() -> list[Conv]:
    return draws(900, op="conv2d")


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_is_drawn(plane_draws, feature):
    assert sum(map(FEATURES[feature], plane_draws)) >= 3


def test_every_tail_of_channels_is_drawn(plane_draws):
    tails = {3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33}
    assert tails <= {geo.in_channels for geo in plane_draws}
    assert tails <= {geo.out_channels for geo in plane_draws}


def test_output_padding_reaches_the_stride_and_beyond():
    drawn = draws(500, op="conv_transpose1d")
    extra = [(*geo.output_padding, *geo.stride, *geo.dilation) for geo in drawn]
    assert any(e == max(s, d) - 1 > 0 for e, s, d in extra)
    assert any(0 < e < s for e, s, _ in extra)
    assert any(e >= s for e, s, _ in extra)
    assert any(geo.outputs for geo in drawn)


def test_axes_are_those_of_operation_argument_and_domain():
    assert {geo.axes for geo in draws(100)} == {1, 2, 3}
    assert {geo.axes for geo in draws(50, axes=3)} == {3}
    assert {geo.axes for geo in draws(50, axes=(1, 2), domain=Domain(axes=(2, 3)))} == {2}
    assert {geo.axes for geo in draws(20, op="conv3d_weight")} == {3}


def test_nothing_is_empty_unless_asked_for():
    assert all(min(geo.x + geo.w) > 0 for geo in draws(200))
    drawn = draws(300, op="conv2d", allow_empty=True)
    assert all(any(size(geo) == 0 for geo in drawn) for size in SIZES.values())
    assert all(min(geo.n + geo.kernel) > 0 for geo in drawn)
    drawn = draws(300, op="conv_transpose2d", allow_empty=True, domain=Domain(in_channels=(0, 4), batch=2))
    assert {geo.out_channels for geo in drawn} == {0, 4}
    assert {geo.batch for geo in drawn} == {2}


SIZES = {
    "batch": lambda geo: geo.batch,
    "in_channels": lambda geo: geo.in_channels,
    "out_channels": lambda geo: geo.out_channels,
}

# ---------------------------------------------------------------------- shrinking


def test_the_simplest_geometry_is_one_tap_on_one_element():
    assert smallest(lambda g: True) == "x1x1x1-w1x1x1"
    assert smallest(lambda g: True, op="conv3d") == "x1x1x1x1x1-w1x1x1x1x1"
    assert smallest(lambda g: True, op="conv2d", domain=Domain(kernel=3, padding=1)) == "x1x1x1x1-w1x1x3x3-p1"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (lambda g: g.stride[0] == 2, "x1x1x1x1-w1x1x1x1-s2x1"),
        (lambda g: g.stride[1] == 2, "x1x1x1x1-w1x1x1x1-s1x2"),
        (lambda g: g.dilation[1] > 2, "x1x1x1x1-w1x1x1x1-d1x3"),
        (lambda g: g.padding[1][0] > 1, "x1x1x1x1-w1x1x1x1-p0x2"),
        (lambda g: g.kernel[0] > 1 and g.kernel[1] > 1, "x1x1x2x2-w1x1x2x2"),
        (lambda g: g.output_padding[0] > 0, "x1x1x2x1-w1x1x1x1-s2x1"),
        (lambda g: g.in_channels == 6, "x1x6x1x1-w1x6x1x1"),
        (lambda g: g.groups == 2 and g.out_channels > 2, "x1x2x1x1-w4x1x1x1-g2"),
        (lambda g: g.batch > 2, "x3x1x1x1-w1x1x1x1"),
        (lambda g: g.o[1] > 16, "x1x1x1x17-w1x1x1x1"),
    ],
)
def test_a_fault_of_one_parameter_shrinks_to_that_parameter(condition, expected):
    assert smallest(condition, op="conv2d") == expected


# ---------------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"axes": 4}, ArgumentValueError, "axes=(4,): expected 1, 2 or 3"),
        ({"axes": 1, "op": "conv2d"}, ArgumentValueError, "axes=1: expected a number of axes that op='conv2d'"),
        ({"op": "conv4d"}, ArgumentValueError, "op='conv4d': expected one of conv1d"),
        ({"op": 3}, ArgumentTypeError, "op=3"),
        ({"domain": "all"}, ArgumentTypeError, "domain='all': expected a convproof.Domain"),
        ({"max_terms": 0}, ArgumentValueError, "max_terms=0: expected a positive integer"),
        ({"max_terms": 1e5}, ArgumentTypeError, "max_terms=100000.0: expected a positive integer"),
        ({"max_elements": True}, ArgumentTypeError, "max_elements=True"),
        ({"allow_empty": 1}, ArgumentTypeError, "allow_empty=1: expected True or False"),
        ({"max_terms": 8, "domain": Domain(kernel=3, axes=2)}, ArgumentValueError, "max_terms=8: expected at least 9"),
        ({"domain": Domain(in_channels=7, groups=2)}, ArgumentValueError, "expected channels that its groups divide"),
        ({"domain": Domain(stride=1, output_padding=1), "op": "conv1d"}, ArgumentValueError, "that a convolution can"),
        ({"domain": Domain(batch=0)}, ArgumentValueError, "batch=(0,): expected a batch that is not empty"),
        (
            {"domain": Domain(padding_mode="circular"), "op": "conv_transpose1d"},
            ArgumentValueError,
            "expected zeros among them",
        ),
    ],
)
def test_arguments_are_checked_when_the_strategy_is_made(arguments, error, message):
    with pytest.raises(error) as caught:
        convs(**arguments)
    assert message in str(caught.value)


def test_arguments_are_keyword_only():
    with pytest.raises(TypeError):
        convs(2)
