"""A network as the list of its convolution layers."""

from __future__ import annotations

from dataclasses import dataclass

from convproof.geometry import Conv

__all__ = ["Layer", "Network", "convolution", "fully_connected"]


@dataclass(frozen=True)
class Layer:
    """One convolution layer.

    Attributes
    ----------
    name : str
        Its place in the network, such as ``"conv2_1.b"``.
    geometry : Conv
        Its shapes and parameters, without bias.
    """

    name: str
    geometry: Conv


@dataclass(frozen=True)
class Network:
    """The convolution layers of a network, in order; a fully connected layer stands as a 1x1 convolution.

    Attributes
    ----------
    name : str
        The name that `convproof.layers.get` knows.
    source : str
        The publication the table was taken from.
    layers : tuple of Layer
        In the order of the forward pass.
    """

    name: str
    source: str
    layers: tuple[Layer, ...]

    @property
    def parameters(self) -> int:
        """Number of weights of all layers, without biases and batch normalisation."""
        return sum(layer.geometry.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of all layers by the direct algorithm, padding included."""
        return sum(layer.geometry.multiply_adds for layer in self.layers)

    @property
    def distinct(self) -> tuple[Layer, ...]:
        """The first layer of each distinct geometry."""
        first = {layer.geometry: layer for layer in reversed(self.layers)}
        return tuple(layer for layer in self.layers if first[layer.geometry] is layer)


def convolution(
    batch: int, channels: int, size: int, filters: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> Conv:
    """Return a square convolution padded so that stride 1 keeps the size (an odd kernel)."""
    return Conv(
        x=(batch, channels, size, size),
        w=(filters, channels // groups, kernel, kernel),
        stride=stride,
        padding=kernel // 2,
        groups=groups,
    )


def fully_connected(batch: int, inputs: int, outputs: int) -> Conv:
    """Return a fully connected layer, as the 1x1 convolution of a 1x1 image that it is."""
    return Conv(x=(batch, inputs, 1, 1), w=(outputs, inputs, 1, 1))
