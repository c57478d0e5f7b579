"""The definition as loops over every product: slow, obvious, and sharing nothing with the vectorised kernels."""

from itertools import product

import numpy as np


def settings(value, rank):
    return [value] * rank if isinstance(value, int) else list(value)


def products(x_shape, w_shape, y_shape, stride, padding, dilation, groups):
    """(output, input, weight) indices of every product g[output] * x[input] * w[weight]."""
    n, m, *outputs = y_shape
    per_group, taps = w_shape[1], w_shape[2:]
    per_output_group = m // groups
    for item, out, j in product(range(n), range(m), range(per_group)):
        channel = out // per_output_group * per_group + j
        for r, a in product(product(*map(range, outputs)), product(*map(range, taps))):
            i = tuple(s * p + d * q - lo for s, p, d, q, lo in zip(stride, r, dilation, a, padding, strict=True))
            if all(0 <= at < size for at, size in zip(i, x_shape[2:], strict=True)):
                yield (item, out, *r), (item, channel, *i), (out, j, *a)


def by_definition(op, rank, stride, padding, dilation, groups, output_padding=0, bias=None, **arrays):
    """The result of `op`, in the dtype of its operands; gradients take `input_size` or `weight_size`."""
    s, p, d, extra = (settings(v, rank) for v in (stride, padding, dilation, output_padding))
    x, w, g = (arrays.get(name) for name in ("input", "weight", "grad_output"))
    if "transpose" in op:  # the input gradient, for the input of the transposed convolution as output gradient
        x, g = None, x
        sizes = [(o - 1) * t - 2 * q + e * (k - 1) + 1 + more
                 for o, k, t, q, e, more in zip(g.shape[2:], w.shape[2:], s, p, d, extra, strict=True)]
        arrays["input_size"] = (len(g), w.shape[1] * groups, *sizes)
    x_shape = arrays["input_size"] if x is None else x.shape
    w_shape = arrays["weight_size"] if w is None else w.shape
    if g is None:
        sizes = [(n + 2 * q - e * (k - 1) - 1) // t + 1
                 for n, k, t, q, e in zip(x_shape[2:], w_shape[2:], s, p, d, strict=True)]
        y_shape = (x_shape[0], w_shape[0], *sizes)
    else:
        y_shape = g.shape
    result = np.zeros(y_shape if g is None else x_shape if x is None else w_shape, (w if x is None else x).dtype)
    for out, inp, tap in products(x_shape, w_shape, y_shape, s, p, d, groups):
        if g is None:
            result[out] += x[inp] * w[tap]
        elif x is None:
            result[inp] += g[out] * w[tap]
        else:
            result[tap] += g[out] * x[inp]
    return result if bias is None else result + bias.reshape(-1, *[1] * rank)
