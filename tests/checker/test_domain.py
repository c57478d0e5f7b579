"""Domain: what is refused and why, what is validated, and the round trip through settings."""

from __future__ import annotations

import json

import numpy as np
import pytest

from convproof.checker.domain import Domain
from convproof.errors import ArgumentTypeError, ArgumentValueError
from convproof.geometry import Conv

PLANE = Conv(x=(2, 4, 9, 8), w=(6, 2, 3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2)
TRANSPOSED = Conv.transposed(y=(1, 4, 5, 5), w=(4, 2, 3, 3), stride=2, padding=1, output_padding=1)


@pytest.mark.parametrize(
    ("domain", "reason"),
    [
        (Domain(), None),
        (Domain(batch=2, in_channels=4, out_channels=6, kernel=(2, 3), stride=range(1, 3), dilation=(1, 2)), None),
        (Domain(groups=2, padding=(0, 1), output_padding=(0, 1), max_size=2 * 4 * 9 * 8), None),
        (Domain(axes=(1, 3)), "axes=2: the domain has 1 or 3"),
        (Domain(batch=1), "batch=2: the domain has 1"),
        (Domain(in_channels=range(8, 65, 8)), "in_channels=4: the domain has 8 to 64 in steps of 8"),
        (Domain(out_channels=4), "out_channels=6: the domain has 4"),
        (Domain(kernel=3), "kernel=(3, 2): the domain has 3"),
        (Domain(stride=1), "stride=(2, 1): the domain has 1"),
        (Domain(dilation=1), "dilation=(1, 2): the domain has 1"),
        (Domain(groups=1), "groups=2: the domain has 1"),
        (Domain(groups="depthwise"), "depthwise, one group per each of 4 channels"),
        (Domain(padding="valid"), "padding=(1, 1, 0, 0): the domain has 0"),
        (Domain(output_padding=1), "output_padding=0: the domain has 1"),
        (Domain(max_size=500), "an array of 576 elements: the domain has at most 500"),
        (Domain(padding_mode="circular"), "mode='zeros': the domain has circular"),
    ],
)
def test_a_plane_convolution_is_refused_for_a_reason(domain, reason):
    refusal = domain.refuses(PLANE, "conv2d")
    assert refusal is None if reason is None else reason in refusal


def test_what_is_claimed_only_by_name():
    cropping = Conv(x=(1, 1, 8), w=(1, 1, 3), padding=-1)
    assert "no negative ones" in Domain().refuses(cropping, "conv1d")
    assert Domain(padding=range(-2, 3)).refuses(cropping, "conv1d") is None
    uneven = Conv(x=(1, 1, 8), w=(1, 1, 3), padding=[(1, 0)])
    assert "same at both ends" in Domain().refuses(uneven, "conv1d")
    assert Domain(per_side_padding=True).refuses(uneven, "conv1d") is None
    circular = Conv(x=(1, 1, 8), w=(1, 1, 3), padding=1, mode="circular")
    assert Domain(padding_mode=("zeros", "circular")).refuses(circular, "conv1d_input") is None


def test_the_operation_gives_the_words_their_meaning():
    assert TRANSPOSED.out_channels == 4 and TRANSPOSED.in_channels == 2
    assert Domain(in_channels=4, out_channels=2).refuses(TRANSPOSED, "conv_transpose2d") is None
    assert Domain(in_channels=2, out_channels=4).refuses(TRANSPOSED, "conv2d") is None
    depthwise = Conv(x=(1, 6, 4), w=(3, 2, 1), groups=3)
    assert Domain(groups="depthwise").refuses(depthwise, "conv_transpose1d") is None
    assert Domain(groups="depthwise").refuses(depthwise, "conv1d") is not None


def test_what_torch_cannot_ask_for_is_refused():
    assert "conv3d has 3 spatial axes" in Domain().refuses(PLANE, "conv3d")
    cropped = Conv.transposed(y=(1, 1, 3), w=(1, 1, 3), stride=2, dilation=3, output_padding=2)
    assert cropped.outputs == (3,)
    assert Domain().refuses(cropped, "conv_transpose1d") is None
    assert "only a transposed convolution" in Domain().refuses(cropped, "conv1d")
    assert "less than max(stride, dilation) = 1" in Domain().refuses(
        Conv(x=(1, 1, 9), w=(1, 1, 1), outputs=3), "conv_transpose1d"
    )
    circular = Conv(x=(1, 1, 8), w=(1, 1, 3), padding=1, mode="circular")
    assert "zeros alone" in Domain(padding_mode="circular").refuses(circular, "conv_transpose1d")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"stride": 0}, ArgumentValueError, "stride=0: expected at least 1"),
        ({"stride": ()}, ArgumentValueError, "stride=(): expected at least one value"),
        ({"kernel": range(0)}, ArgumentValueError, "kernel=range(0, 0): expected at least one value"),
        ({"kernel": range(3)}, ArgumentValueError, "kernel=0: expected at least 1"),
        ({"groups": "dense"}, ArgumentValueError, "groups='dense': expected integers, or 'depthwise'"),
        ({"padding": "same"}, ArgumentValueError, "padding='same': expected integers, or 'valid'"),
        ({"dilation": "1"}, ArgumentValueError, "dilation='1': expected integers"),
        ({"stride": 1.5}, ArgumentTypeError, "stride=1.5: expected an integer"),
        ({"stride": (1, None)}, ArgumentTypeError, "stride=None: expected an integer"),
        ({"batch": True}, ArgumentTypeError, "batch=True: expected integers"),
        ({"axes": 4}, ArgumentValueError, "axes=(4,): expected 1, 2 or 3"),
        ({"bias": 1}, ArgumentTypeError, "bias=1: expected True or False"),
        ({"padding_mode": "mirror"}, ArgumentValueError, "padding_mode='mirror': expected one or more of zeros"),
        ({"padding_mode": None}, ArgumentValueError, "padding_mode=None"),
        ({"max_size": 0}, ArgumentValueError, "max_size=0: expected at least 1"),
        ({"dtypes": ("float32", "complex64")}, ArgumentValueError, "dtypes='complex64': expected among float16"),
        ({"dtypes": ()}, ArgumentValueError, "at least one dtype"),
        ({"accuracy": "loose"}, ArgumentValueError, "accuracy='loose': expected one of exact"),
    ],
)
def test_validation_names_argument_value_and_expectation(arguments, error, message):
    with pytest.raises(error) as caught:
        Domain(**arguments)
    assert message in str(caught.value)


def test_arguments_are_keyword_only_and_unknown_operations_named():
    with pytest.raises(TypeError):
        Domain(2)
    with pytest.raises(ArgumentValueError, match="op='conv4d'"):
        Domain().refuses(PLANE, "conv4d")


def test_restrictions_are_normalised():
    domain = Domain(stride={2, 1, 2}, kernel=range(5, 0, -2), dtypes=[np.float32, "bfloat16", float], padding="valid")
    assert domain.stride == (1, 2)
    assert list(domain.kernel) == [1, 3, 5]
    assert domain.dtypes == ("float32", "bfloat16", "float64")
    assert domain.padding == (0,)
    assert hash(domain) == hash(Domain.from_dict(domain.to_dict()))


@pytest.mark.parametrize(
    "domain",
    [
        Domain(),
        Domain(kernel=3, stride=(1, 2), groups="depthwise", padding="valid", dtypes="float32"),
        Domain(batch=range(1, 10, 3), per_side_padding=True, padding_mode=("reflect", "zeros"), bias=False),
        Domain(max_size=1000, accuracy="normwise", finite_only=True, padding=range(-1, 2)),
    ],
)
def test_the_settings_are_plain_and_read_back(domain):
    assert Domain.from_dict(json.loads(json.dumps(domain.to_dict()))) == domain


def test_unknown_settings_are_refused():
    with pytest.raises(ArgumentValueError, match="only the fields of Domain"):
        Domain.from_dict({"strides": [1]})


def test_the_description_is_one_line():
    assert Domain().describe() == "all that PyTorch accepts"
    domain = Domain(stride=range(1, 5), groups="depthwise", bias=False, dtypes=("float32", "float64"), max_size=10)
    expected = "stride 1 to 4; depthwise; no bias; arrays of at most 10 elements; float32 or float64"
    assert domain.describe() == expected


def test_choices_keep_what_is_listed_and_narrow_what_is_not():
    assert Domain().choices("stride", (1, 2, 3)) == (1, 2, 3)
    assert Domain(stride=(2, 50)).choices("stride", (1, 2, 3)) == (2, 50)
    assert Domain(stride=range(2, 50)).choices("stride", (1, 2, 3)) == [2, 3]
    assert list(Domain(stride=range(20, 10**9)).choices("stride", (1, 2, 3))) == list(range(20, 28))


def test_arrays_stand_for_what_they_list():
    assert Domain(stride=np.array([2, 1]), axes=np.array(2)) == Domain(stride=(1, 2), axes=2)
    for arguments in ({"padding_mode": np.array(3)}, {"accuracy": np.array([1, 2])}, {"dtypes": np.array(3)}):
        with pytest.raises(ArgumentValueError):
            Domain(**arguments)
