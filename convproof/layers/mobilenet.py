"""MobileNet-v1: Howard et al., *MobileNets: Efficient Convolutional Neural Networks*, 2017, table 1."""

from __future__ import annotations

from convproof.layers.network import Layer, Network, convolution, fully_connected

# Each separable block: stride of its depthwise layer, output channels of its pointwise layer.
_BLOCKS = (
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (2, 1024),
    (1, 1024),  # the paper prints stride 2 here, with sizes that need stride 1
)


def mobilenet_v1(batch: int) -> Network:
    """Return the table of MobileNet-v1 at width 1 for images of 224 x 224."""
    layers = [Layer("conv", convolution(batch, 3, 224, 32, 3, stride=2))]
    channels, size = 32, 112
    for number, (stride, filters) in enumerate(_BLOCKS, 1):
        depthwise = convolution(batch, channels, size, channels, 3, stride=stride, groups=channels)
        size = depthwise.o[0]
        layers.append(Layer(f"block{number}.depthwise", depthwise))
        layers.append(Layer(f"block{number}.pointwise", convolution(batch, channels, size, filters, 1)))
        channels = filters
    layers.append(Layer("fc", fully_connected(batch, channels, 1000)))
    return Network("mobilenet-v1", "Howard et al. 2017, arXiv:1704.04861, table 1", tuple(layers))
