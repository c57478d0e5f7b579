"""The transposed convolution as a guarded sum: each element of the input adds a scaled copy of the kernel."""

from __future__ import annotations

from convproof.symbolic.derivations.convolution import Convolution
from convproof.symbolic.guarded_sum import GuardedSum, Term
from convproof.symbolic.notation import Notation

__all__ = ["meanings", "scatter"]


def scatter(conv: Convolution, x: str = "x", filters: str = "m", outputs: str = "r", tap: str = "a") -> GuardedSum:
    """Return the transposed convolution as a sum over the elements of its input, indices under the names given."""
    image, filter_, channel = conv.channels("b", "gamma"), conv.channels(filters), conv.channels("c")
    r, a, i = conv.outputs(outputs), conv.taps(tap), conv.pixels()
    factors = conv.element(x, image, filter_, r), conv.element("w", image[1:], filter_, channel, a)
    return GuardedSum(image + channel + i, (Term(filter_ + r + a, conv.reads(outputs, tap), factors),))


def meanings(conv: Convolution, notation: Notation) -> dict[str, str]:
    """Return the table of notation; input and output have changed places."""
    changed = {
        "index of an output, per axis": "index of an input element of the transposed convolution, per axis",
        "index of an input element, per axis": "index of an output of the transposed convolution, per axis",
        "size of the input, per axis": "size of the output of the transposed convolution, per axis",
        "size of the output, per axis": "size of the input of the transposed convolution, per axis",
        "padding before the first element; negative padding crops": "padding of the convolution that is transposed",
        "filter of the group, input channel of the group": "input channel of the group, output channel of the group",
        "number of images, groups, filters per group, channels per group": (
            "number of images, groups, input channels per group, output channels per group"
        ),
    }
    return {symbol: changed.get(text, text) for symbol, text in conv.meanings(notation).items()}
