"""The fixed lists: cheap, without repetition, within the domain, and with what they promise."""

from __future__ import annotations

import itertools

import pytest

from convproof.checker.domain import Domain
from convproof.checker.operations import OPS
from convproof.checker.sweeps import covering, sweep
from convproof.geometry import Conv

SIZES = [power + beside for power in (8, 16, 32, 64, 128, 256) for beside in (-1, 0, 1)] + [65537]


def geometries(op: str, domain: Domain | None = None) -> list[Conv]:
    return [case.geometry for case in sweep(op, domain)]


@pytest.mark.parametrize("op", OPS)
def test_a_sweep_is_cheap_and_says_why(op):
    cases = sweep(op)
    assert cases == sweep(op)
    assert len({case.geometry for case in cases}) == len(cases) >= 150
    assert all(case.why for case in cases)
    assert max(case.geometry.multiply_adds for case in cases) <= 3_000_000
    assert sum(case.geometry.multiply_adds for case in cases) <= 80_000_000
    assert all(Domain().refuses(case.geometry, op) is None for case in cases)


@pytest.mark.parametrize("op", OPS)
def test_every_size_is_swept_in_every_dimension(op):
    drawn = geometries(op)
    for size in SIZES:
        assert any(geo.batch == size for geo in drawn)
        assert any(geo.in_channels == size and geo.groups == 1 for geo in drawn)
        assert any(geo.out_channels == size and geo.groups == 1 for geo in drawn)
        assert any(geo.in_channels == geo.groups == size for geo in drawn)
        for axis in range(OPS[op].axes):
            assert any(geo.n[axis] == size and sorted(geo.n)[:-1] < [size] for geo in drawn)
    for taps, axis in itertools.product(range(1, 17), range(OPS[op].axes)):
        assert any(geo.kernel[axis] == taps for geo in drawn)


REPORTS = {
    "pytorch#21597": ("conv2d", "x1x6x5x5-w4x6x3x3"),
    "pytorch#19912": ("conv2d", "x1x4x5x5-w16x2x1x1-g2"),
    "pytorch#63314": ("conv_transpose2d", "x1x3x6x6-w4x3x1x1-s2"),
    "oneDNN#4124": ("conv2d_weight", "x1x24x6x6-w24x1x3x3-s2-p1-g24"),
    "oneDNN#6035": ("conv2d_weight", "x32x4x32x32-w8x4x1x1-s2"),
    "fujitsu/oneDNN#43": ("conv1d_input", "x1x64x8-w17x64x3-s2-p1"),
    "tensorflow#57128": ("conv2d", "x1x4x16x16-w4x1x3x3-s2-p3-d3-g4"),
    "onnxruntime#2518": ("conv_transpose1d", "x1x1x97-w1x1x3-s2-p4-d3"),
    "torch-xpu-ops#4906": ("conv1d_weight", "x2x4x1-w4x1x1-s3-g4"),
}


@pytest.mark.parametrize("report", REPORTS)
def test_reported_triggers_are_there(report):
    op, text = REPORTS[report]
    why = {str(case.geometry): case.why for case in sweep(op)}
    assert report in why[text]


def test_output_padding_beyond_the_stride_is_for_transposed_convolutions_alone():
    assert any(geo.outputs for geo in geometries("conv_transpose3d"))
    assert not any(geo.outputs for geo in geometries("conv3d"))


def test_a_third_axis_is_no_copy_of_a_plane_where_that_is_dear():
    drawn = [str(case.geometry) for case in sweep("conv3d")]
    assert "x1x6x5x5x5-w4x6x3x3x3" in drawn
    assert "x32x4x3x32x32-w8x4x2x1x1-s1x2x2" in drawn


# ---------------------------------------------------------------------- pairs


@pytest.mark.parametrize("sizes", [(2, 2), (1, 3), (4, 3, 3, 4, 2), (3,) * 13, (5, 1, 2, 7, 2, 2)])
def test_covering_rows_meet_every_pair(sizes):
    rows = covering(sizes)
    for (one, m), (other, n) in itertools.combinations(enumerate(sizes), 2):
        assert {(row[one], row[other]) for row in rows} == set(itertools.product(range(m), range(n)))
    assert len(rows) <= 3 * max(sizes) ** 2


def test_every_pair_of_parameters_meets():
    pairs = [case.geometry for case in sweep("conv2d") if case.why.startswith("pairs")]
    values = {
        **{f"kernel {axis}": [geo.kernel[axis] for geo in pairs] for axis in (0, 1)},
        **{f"stride {axis}": [geo.stride[axis] for geo in pairs] for axis in (0, 1)},
        **{f"dilation {axis}": [geo.dilation[axis] for geo in pairs] for axis in (0, 1)},
        **{f"padding {axis}": [geo.padding[axis] for geo in pairs] for axis in (0, 1)},
        "channels": [(geo.in_channels, geo.groups, geo.out_channels) for geo in pairs],
    }
    assert min(len(set(column)) for column in values.values()) >= 3
    for one, other in itertools.combinations(values.values(), 2):
        assert set(zip(one, other, strict=True)) == set(itertools.product(one, other))
    assert len(pairs) < 60


# ---------------------------------------------------------------------- the domain


@pytest.mark.parametrize(
    ("domain", "least"),
    [
        (Domain(groups="depthwise"), 140),
        (Domain(kernel=3, padding=1, groups=1), 120),
        (Domain(in_channels=512, out_channels=512), 90),
        (Domain(in_channels=512, out_channels=512, groups=1), 20),
        (Domain(groups=4), 100),
        (Domain(batch=1, dilation=1), 100),
        (Domain(stride=2, output_padding=1), 100),
        (Domain(max_size=1000), 150),
        (Domain(kernel=31, dilation=8), 30),
        (Domain(padding=range(-2, 4), per_side_padding=True, padding_mode=("zeros", "reflect", "circular")), 200),
        (Domain(padding=(3, 5), padding_mode=("zeros", "replicate")), 50),
    ],
    ids=lambda value: value.describe() if isinstance(value, Domain) else "",
)
@pytest.mark.parametrize("op", ["conv2d", "conv_transpose2d", "conv1d_input", "conv3d_weight"])
def test_a_sweep_honours_the_domain(domain, least, op):
    cases = sweep(op, domain)
    assert [domain.refuses(case.geometry, op) for case in cases] == [None] * len(cases)
    assert len(cases) >= least
    assert sum(case.geometry.multiply_adds for case in cases) <= 80_000_000


def test_many_channels_are_swept_dense_too():
    drawn = geometries("conv2d", Domain(in_channels=512, out_channels=512))
    assert {1, 512} <= {geo.groups for geo in drawn}
    assert any(geo.groups == 1 and min(geo.kernel) > 1 for geo in drawn)


def test_what_the_domain_opens_is_swept():
    domain = Domain(
        padding=range(-2, 8), per_side_padding=True, padding_mode=("zeros", "reflect", "replicate", "circular")
    )
    drawn = geometries("conv2d", domain)
    assert {geo.mode for geo in drawn} == {"zeros", "reflect", "replicate", "circular"}
    assert any(lo < 0 for geo in drawn for lo, _ in geo.padding)
    assert any(lo < hi for geo in drawn for lo, hi in geo.padding)
    assert any(lo > hi for geo in drawn for lo, hi in geo.padding)


def test_a_domain_without_such_axes_has_no_cases():
    assert sweep("conv2d", Domain(axes=3)) == []
