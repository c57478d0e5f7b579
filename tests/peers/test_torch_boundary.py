"""Tensors whose memory is not what they say."""

import pytest

from convproof.errors import ArgumentValueError
from convproof.kernels import conv2d

pytestmark = pytest.mark.peers
torch = pytest.importorskip("torch")


def negated(shape):
    """Return a tensor of -2 whose memory holds 2: the imaginary part of a conjugate."""
    return torch.conj(torch.full(shape, 1 + 2j, dtype=torch.complex64)).imag


def test_negative_bit():
    x, w = negated((1, 2, 6, 6)), torch.ones(4, 2, 3, 3)
    assert x.is_neg()
    assert torch.equal(conv2d(x, w), torch.nn.functional.conv2d(x, w))
    assert torch.equal(conv2d(torch.ones(1, 2, 6, 6), negated((4, 2, 3, 3))), torch.full((1, 4, 4, 4), -36.0))


def test_negative_bit_of_out():
    with pytest.raises(ArgumentValueError, match="negatives"):
        conv2d(torch.ones(1, 2, 6, 6), torch.ones(4, 2, 3, 3), out=negated((1, 4, 4, 4)))
