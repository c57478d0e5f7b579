"""The convolution as a product of two matrices, kernels times columns, and its gradients in that form.

References
----------
K. Chellapilla, S. Puri, P. Simard, *High performance convolutional neural networks for document processing*,
IWFHR 2006; S. Chetlur et al., *cuDNN: efficient primitives for deep learning*, arXiv:1410.0759, 2014.
"""

from __future__ import annotations

from dataclasses import replace

from convproof.symbolic import rules
from convproof.symbolic.derivation import Derivation, Writer
from convproof.symbolic.derivations.convolution import Convolution, inner
from convproof.symbolic.derivations.oracle import same_products
from convproof.symbolic.derivations.unfolding import columns, folded
from convproof.symbolic.guarded_sum import GuardedSum, Index, Term, inline
from convproof.symbolic.notation import Notation
from convproof.symbolic.step_checks import Claim, certify

__all__ = ["im2col"]

_CHANNELS = ("b", "gamma", "c")


def im2col(axes: int, simple: bool, notation: Notation) -> Derivation:
    """Derive convolution and both gradients as matrix products, and that they are the direct ones.

    With the columns X (taps times windows) of `unfold` and the kernels K (filters times taps): Y = K X,
    X.grad = K^T Y.grad, K.grad = Y.grad X^T, and fold of X.grad is the gradient of the input.
    References as of this module.

    Examples
    --------
    >>> from convproof.symbolic.derive import derive
    >>> products = [step for step in derive("im2col", simple=True).steps if step.rule == "matrices"]
    >>> [step.evidence for step in products]
    ['universal', 'universal', 'universal']
    """
    conv = Convolution(axes, simple)
    writer = Writer("im2col", "Convolution as a matrix product", conv.setting, notation, conv.meanings(notation))
    writer.part("Columns", _COLUMNS)
    unfolded = columns(conv, _CHANNELS)
    writer.define(conv.element("X", unfolded.free), unfolded, "Unfold: window $r$ as a column of zeros and elements.")
    _forward(writer, conv)
    _columns_gradient(writer, conv)
    _input_gradient(writer, conv)
    _weight_gradient(writer, conv)
    _rows(writer, conv)
    return writer.finish()


def _forward(writer: Writer, conv: Convolution) -> None:
    writer.part("Forward")
    writer.define(conv.element("y", conv.output), conv.forward(), "Cross-correlation.")
    writer.setting = replace(writer.setting, definitions={"X": columns(conv, _CHANNELS)})
    writer.step("insert", _product(conv, "c", "a"), "What a tap reads stands in the column of the window.")
    writer.confirm(same_products(conv, writer.last, "y", {"x": "x", "w": "w"}, writer.setting.definitions))
    _matrices(writer, "Y", "K\\,X", _FORWARD)


def _columns_gradient(writer: Writer, conv: Convolution) -> None:
    """Write the gradient of the columns, as if they were given."""
    writer.part("Gradient of the columns", "Chain rule, with the columns as the variable.")
    place = columns(conv, _CHANNELS).free
    output = conv.channels("b'", "gamma'", "m") + conv.outputs(_other(conv))
    given = {"y": _product(conv, "c'", "a'")}
    writer.setting = replace(writer.setting, definitions=given)
    why = "Every filter passes its gradient on to the columns, times its weight there."
    left = conv.element("dX", place)
    writer.step("chain rule", _columns_grad(conv), why, left=left, before=inner("dy", "y", output), derivative="X")
    _matrices(writer, _grad("X"), f"K^{{\\top}}\\,{_grad('Y')}", "The sum runs over the rows of $K$: transposed.")


def _input_gradient(writer: Writer, conv: Convolution) -> None:
    writer.part("Gradient of the input", "The columns are made of the input by unfold.")
    unfolded = columns(conv, _CHANNELS)
    writer.setting = replace(writer.setting, definitions={"X": unfolded})
    place = conv.channels("b'", "gamma'", "c'") + conv.taps() + conv.outputs()
    by = conv.channels(*_CHANNELS) + conv.pixels()
    left = conv.element("dx", by)
    why = "The adjoint of unfold is fold: each column's gradient is added to the elements it was read from."
    spread = folded(conv, "dX", _CHANNELS)
    writer.step("chain rule", spread, why, left=left, before=inner("dX", "X", place), derivative="x")
    writer.setting = replace(writer.setting, definitions={"dX": _columns_grad(conv)})
    writer.step("insert", inline(spread, writer.setting.definitions), "The gradient of the columns, from above.")
    order = tuple(i.symbol for i in (*conv.channels("m"), *conv.outputs(), *conv.taps()))
    why = "The sums are finite. This is the gradient that the definition gives without columns."
    writer.step("exchange", rules.each(rules.exchange, rules.each(rules.absorb, writer.last), order), why)
    _direct(writer, conv, "x", conv.channels("b'", "gamma'", "m") + conv.outputs())
    writer.confirm(same_products(conv, writer.last, "x", {"y": "dy", "w": "w"}))


def _weight_gradient(writer: Writer, conv: Convolution) -> None:
    writer.part("Gradient of the weight", "Chain rule, with the kernels as the variable.")
    by = conv.channels("gamma", "m", "c") + conv.taps()
    summed = conv.channels("b") + conv.outputs()
    left = conv.element("dw", by)
    elements = (
        conv.element("dy", conv.output),
        conv.element("X", conv.channels(*_CHANNELS), conv.taps(), conv.outputs()),
    )
    output = conv.channels("b", "gamma'", "m'") + conv.outputs()
    writer.setting = replace(writer.setting, definitions={"y": _product(conv, "c'", "a'")})
    why = "Every window of every image adds its gradient, times what the tap read."
    after = GuardedSum(by, (Term(summed, (), elements),))
    writer.step("chain rule", after, why, left=left, before=inner("dy", "y", output), derivative="w")
    _matrices(writer, _grad("K"), f"{_grad('Y')}\\,X^{{\\top}}", "The sum runs over the columns of both, and images.")
    writer.setting = replace(writer.setting, definitions={"X": columns(conv, _CHANNELS)})
    written = rules.each(rules.absorb, inline(after, writer.setting.definitions))
    why = "What stands in the columns. This is the gradient that the definition gives without columns."
    writer.step("insert", written, why, left=left, before=after)
    _direct(writer, conv, "w", output)
    writer.confirm(same_products(conv, writer.last, "w", {"y": "dy", "x": "x"}))


def _direct(writer: Writer, conv: Convolution, tensor: str, output: tuple[Index, ...]) -> None:
    """Add that the last line is the derivative of the loss by the definition itself, without columns."""
    setting = replace(writer.setting, definitions={"y": conv.forward(tap="a'", channel="c'")})
    sentence = f"{writer.op}: the derivative of the loss, from the definition, by every element of {tensor}"
    for certificate in certify(Claim(inner("dy", "y", output), writer.last, tensor), setting, sentence):
        writer.confirm(certificate)


def _rows(writer: Writer, conv: Convolution) -> None:
    """Write the same with windows as rows: every matrix transposed."""
    writer.part("Windows as rows", _ROWS)
    product = _transposed_product(conv)
    setting = replace(writer.setting, definitions={"y": product})
    output = conv.channels("b'", "gamma'") + conv.outputs(_other(conv)) + conv.channels("m")
    lead, window, filter_ = conv.channels("b", "gamma"), conv.outputs(), conv.channels("m")
    taps = conv.channels("c") + conv.taps()
    kernel, gradient = conv.element("w", lead[1:], taps, filter_), conv.element("dy", lead, window, filter_)
    by_columns = GuardedSum(lead + window + taps, (Term(filter_, (), (gradient, kernel)),))
    claim = Claim(inner("dy", "y", output), by_columns, "X")
    sentence = f"{writer.op}, rows: the derivative by every element of "
    why = "From $Y = X K$: the sum runs over the filters."
    given = certify(claim, setting, sentence + "X")
    writer.state("chain rule", _grad("X"), [f"{_grad('Y')}\\,K^{{\\top}}"], why, given)

    output = conv.channels("b", "gamma'") + conv.outputs() + conv.channels("m'")
    columns_ = conv.element("X", lead, window, taps)
    by_kernels = GuardedSum(lead[1:] + taps + filter_, (Term(lead[:1] + window, (), (columns_, gradient)),))
    claim = Claim(inner("dy", "y", output), by_kernels, "w")
    given = certify(claim, setting, sentence + "K")
    writer.state(
        "chain rule", _grad("K"), [f"X^{{\\top}}\\,{_grad('Y')}"], "The sum runs over windows and images.", given
    )


def _product(conv: Convolution, channel: str, tap: str) -> GuardedSum:
    """Return Y = K X."""
    channels, taps = conv.channels(channel), conv.taps(tap)
    image, filter_ = conv.channels("b", "gamma"), conv.channels("m")
    factors = (
        conv.element("w", image[1:], filter_, channels, taps),
        conv.element("X", image, channels, taps, conv.outputs()),
    )
    return GuardedSum(conv.output, (Term(channels + taps, (), factors),))


def _transposed_product(conv: Convolution) -> GuardedSum:
    """Return Y = X K, with X(b, g, r, c, a) and K(g, c, a, m)."""
    lead, window, filter_ = conv.channels("b", "gamma"), conv.outputs(), conv.channels("m")
    taps = conv.channels("c'") + conv.taps("a'")
    factors = conv.element("X", lead, window, taps), conv.element("w", lead[1:], taps, filter_)
    return GuardedSum(lead + window + filter_, (Term(taps, (), factors),))


def _columns_grad(conv: Convolution) -> GuardedSum:
    """Return X.grad = K^T Y.grad."""
    lead, filter_, window = conv.channels("b", "gamma"), conv.channels("m"), conv.outputs()
    weight = conv.element("w", lead[1:], filter_, conv.channels("c"), conv.taps())
    gradient = conv.element("dy", lead, filter_, window)
    return GuardedSum(columns(conv, _CHANNELS).free, (Term(filter_, (), (weight, gradient)),))


def _matrices(writer: Writer, left: str, right: str, why: str) -> None:
    """Write the last line once more, in matrices; what it rests on is the same."""
    certificates = writer.parts[-1][2][-1].certificates
    writer.state("matrices", left, [right], why, certificates)


def _grad(matrix: str) -> str:
    return rf"\frac{{\partial L}}{{\partial {matrix}}}"


def _other(conv: Convolution) -> str:
    """Return a letter for the windows summed over; r' is what a slide calls the pixel."""
    return "t" if conv.simple else "r'"


_COLUMNS = (
    "A matrix $X$ with one column for each window and one row for each channel and tap, "
    "numbered row by row; one such matrix for each image, and for each group where there are several."
)
_FORWARD = (
    "Row $m$ of $K$ is a filter, written in one line, channels and taps in the order of the rows of $X$. "
    "Row $m$ of $Y$, cut into lines of an image, is output channel $m$."
)
_ROWS = (
    "Other texts write windows as rows of $X$ and filters as columns of $K$, so that $Y = X K$. "
    "Every matrix is then transposed, and the factors change places."
)
