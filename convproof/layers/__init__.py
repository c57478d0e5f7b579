"""The convolution layers of named real networks, as geometries.

>>> net = get("mobilenet-v1")
>>> net.multiply_adds, net.parameters
(568740352, 4209088)
"""

from __future__ import annotations

import operator

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad
from convproof.layers.mobilenet import mobilenet_v1
from convproof.layers.network import Layer, Network
from convproof.layers.resnet import resnet50

__all__ = ["Layer", "Network", "get", "names"]

_NETWORKS = {"mobilenet-v1": mobilenet_v1, "resnet-50": resnet50}


def names() -> tuple[str, ...]:
    """Return the names that `get` knows."""
    return tuple(_NETWORKS)


def get(name: str, batch: int = 1) -> Network:
    """Return a network by its name.

    Parameters
    ----------
    name : str
        One of `names()`.
    batch : int
        Number of images.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        A name that is not known, or a batch that is not an integer of at least 0.
    """
    if not isinstance(name, str) or name not in _NETWORKS:
        raise ArgumentValueError(bad("name", name, "one of " + ", ".join(_NETWORKS)))
    try:
        images = operator.index(batch)
    except TypeError:
        raise ArgumentTypeError(bad("batch", batch, "an integer")) from None
    if isinstance(batch, bool):
        raise ArgumentTypeError(bad("batch", batch, "an integer"))
    if images < 0:
        raise ArgumentValueError(bad("batch", batch, "at least 0"))
    return _NETWORKS[name](images)
