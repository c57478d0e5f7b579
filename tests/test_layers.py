"""The named networks against their published tables."""

from itertools import pairwise

import pytest

from convproof import layers
from convproof.errors import ArgumentTypeError, ArgumentValueError


def test_names_are_those_that_get_knows():
    assert set(layers.names()) >= {"mobilenet-v1", "resnet-50"}
    for name in layers.names():
        assert layers.get(name).name == name


def test_mobilenet_v1_totals():
    net = layers.get("mobilenet-v1")
    assert net.multiply_adds == 568_740_352  # printed as 569 million
    assert net.parameters == 4_209_088  # printed as 4.2 million
    assert len(net.layers) == 1 + 2 * 13 + 1


def test_mobilenet_v1_sizes_are_the_printed_ones():
    net = layers.get("mobilenet-v1")
    dense = [layer.geometry for layer in net.layers if "depthwise" not in layer.name]
    sizes = [(geo.out_channels, geo.o[0]) for geo in dense]
    printed = [(32, 112), (64, 112), (128, 56), (128, 56), (256, 28), (256, 28), (512, 14)]
    assert sizes == printed + [(512, 14)] * 5 + [(1024, 7)] * 2 + [(1000, 1)]
    depthwise = [layer.geometry for layer in net.layers if "depthwise" in layer.name]
    assert all(geo.groups == geo.in_channels == geo.out_channels for geo in depthwise)


def test_resnet_50_totals():
    net = layers.get("resnet-50")
    published, batch_normalisation, bias = 25_557_032, 53_120, 1000
    assert net.parameters == published - batch_normalisation - bias == 25_502_912
    assert net.multiply_adds == 4_089_184_256
    assert len(net.layers) == 1 + 3 * (3 + 4 + 6 + 3) + 4 + 1


@pytest.mark.parametrize(
    ("stage", "blocks", "size", "channels"), [(2, 3, 56, 256), (3, 4, 28, 512), (4, 6, 14, 1024), (5, 3, 7, 2048)]
)
def test_resnet_50_stages(stage, blocks, size, channels):
    geometries = {layer.name: layer.geometry for layer in layers.get("resnet-50").layers}
    ends = [geo.y for name, geo in geometries.items() if name.startswith(f"conv{stage}_") and name.endswith(".c")]
    assert ends == [(1, channels, size, size)] * blocks
    assert geometries[f"conv{stage}_1.shortcut"].y == (1, channels, size, size)


@pytest.mark.parametrize("name", layers.names())
def test_layers_follow_each_other(name):
    """What one layer gives the next takes, but for shortcuts and pooling."""
    net = layers.get(name, batch=3)
    assert all(layer.geometry.batch == 3 for layer in net.layers)
    trunk = [layer.geometry for layer in net.layers if not layer.name.endswith("shortcut")]
    for before, after in pairwise(trunk):
        assert before.out_channels == after.in_channels


def test_work_scales_with_the_batch_and_weights_do_not():
    one, five = layers.get("mobilenet-v1"), layers.get("mobilenet-v1", batch=5)
    assert five.multiply_adds == 5 * one.multiply_adds
    assert five.parameters == one.parameters
    assert layers.get("mobilenet-v1", batch=0).multiply_adds == 0


def test_distinct_layers_keep_the_first_of_each_geometry():
    net = layers.get("resnet-50")
    distinct = net.distinct
    assert len({layer.geometry for layer in net.layers}) == len(distinct)
    assert [layer.name for layer in distinct][:2] == ["conv1", "conv2_1.a"]
    assert "conv2_3.b" not in {layer.name for layer in distinct}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("alexnet-9",), ArgumentValueError, "name='alexnet-9': expected one of mobilenet-v1"),
        ((None,), ArgumentValueError, "name=None"),
        ((["resnet-50"],), ArgumentValueError, "name="),
        (("resnet-50", 1.0), ArgumentTypeError, "batch=1.0"),
        (("resnet-50", True), ArgumentTypeError, "batch=True"),
        (("resnet-50", -1), ArgumentValueError, "batch=-1"),
    ],
)
def test_refusals(arguments, error, message):
    with pytest.raises(error) as caught:
        layers.get(*arguments)
    assert message in str(caught.value)
