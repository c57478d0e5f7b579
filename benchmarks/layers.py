"""The layers that are timed: every distinct convolution of the named networks."""

import fnmatch

from convproof import layers


def named_layers(networks, pattern="*"):
    """Pairs (network:layer, geometry), each geometry once, of the layers whose name fits `pattern`."""
    seen = set()
    for network in networks:
        for layer in layers.get(network).layers:
            name = f"{network}:{layer.name}"
            if layer.geometry in seen or not fnmatch.fnmatch(name, pattern):
                continue
            seen.add(layer.geometry)
            yield name, layer.geometry


def operations(geometry):
    """Floating-point operations of the definition, padding counted."""
    outputs, taps = 1, 1
    for extent in geometry.y:
        outputs *= extent
    for extent in geometry.w[1:]:
        taps *= extent
    return 2 * outputs * taps
