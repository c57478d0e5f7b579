"""ResNet-50: He et al., *Deep Residual Learning for Image Recognition*, 2016, table 1."""

from __future__ import annotations

from convproof.layers.network import Layer, Network, convolution, fully_connected

# Each stage: number of bottleneck blocks, channels inside a block, stride of its first block.
_STAGES = ((3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2))
_EXPANSION = 4


def resnet50(batch: int) -> Network:
    """Return the table of ResNet-50 for images of 224 x 224.

    The stride of a stage stands in the 3x3 layer of its first block, as in torchvision and most later work
    ("v1.5"); the paper had it in the 1x1 layer before.
    """
    layers = [Layer("conv1", convolution(batch, 3, 224, 64, 7, stride=2))]
    channels, size = 64, 56  # after max pooling by 2
    for stage, (blocks, width, first_stride) in enumerate(_STAGES, 2):
        for block in range(1, blocks + 1):
            stride = first_stride if block == 1 else 1
            name, expanded = f"conv{stage}_{block}", width * _EXPANSION
            reduce = convolution(batch, channels, size, width, 1)
            spatial = convolution(batch, width, size, width, 3, stride=stride)
            expand = convolution(batch, width, spatial.o[0], expanded, 1)
            layers += [Layer(f"{name}.a", reduce), Layer(f"{name}.b", spatial), Layer(f"{name}.c", expand)]
            if block == 1:
                shortcut = convolution(batch, channels, size, expanded, 1, stride=stride)
                layers.append(Layer(f"{name}.shortcut", shortcut))
            channels, size = expanded, spatial.o[0]
    layers.append(Layer("fc", fully_connected(batch, channels, 1000)))
    return Network("resnet-50", "He et al. 2016, arXiv:1512.03385, table 1; stride in the 3x3 layer", tuple(layers))
