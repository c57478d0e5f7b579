"""PyTorch agrees with the oracle, on integers, in all three contractions and all modes."""

import numpy as np
import pytest
from hypothesis import given, settings

from convproof.geometry import Conv
from convproof.symbolic.factored import FactoredStructure

from .geometries import convs, integers

pytestmark = pytest.mark.peers


def torch_results(geo, x, w, g):
    """Return forward, input gradient and weight gradient by autograd, in double precision."""
    torch = pytest.importorskip("torch")
    tx, tw = (torch.from_numpy(a).double().requires_grad_() for a in (x, w))
    names = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
    pads = [size for pair in reversed(geo.padding) for size in pair]  # torch pads the last axis first
    grown = torch.nn.functional.pad(tx, [max(size, 0) for size in pads], mode=names[geo.mode]) if max(pads) > 0 else tx
    cropped = torch.nn.functional.pad(grown, [min(size, 0) for size in pads])
    conv = getattr(torch.nn.functional, f"conv{geo.axes}d")
    y = conv(cropped, tw, stride=geo.stride, dilation=geo.dilation, groups=geo.groups)
    y.backward(torch.from_numpy(g).double())
    return [result.detach().numpy() for result in (y, tx.grad, tw.grad)]


@settings(max_examples=50, deadline=None)
@given(convs(cropped=False, empty=False))
def test_torch_agrees(geo):
    x, w, g = integers(geo.x, 1), integers(geo.w, 2), integers(geo.y, 3)
    oracle = FactoredStructure(geo)
    expected = (oracle.forward(x, w), oracle.input_gradient(g, w), oracle.weight_gradient(g, x))
    for result, exact in zip(torch_results(geo, x, w, g), expected, strict=True):
        np.testing.assert_array_equal(result, exact)


@pytest.mark.parametrize("output_padding", [0, 1])
def test_torch_transposes_alike(output_padding):
    torch = pytest.importorskip("torch")
    geo = Conv.transposed(
        y=(2, 4, 3, 4), w=(4, 3, 3, 2), stride=2, padding=1, output_padding=output_padding, groups=2, dilation=(1, 2)
    )
    g, w = integers(geo.y, 1), integers(geo.w, 2)
    result = torch.nn.functional.conv_transpose2d(
        torch.from_numpy(g).double(),
        torch.from_numpy(w).double(),
        stride=2,
        padding=1,
        output_padding=output_padding,
        groups=2,
        dilation=(1, 2),
    )
    np.testing.assert_array_equal(result.numpy(), FactoredStructure(geo).input_gradient(g, w))
