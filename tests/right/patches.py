"""What several kernels share: zero padding, windows, and windows as matrix columns."""

import math

import numpy as np


def pairs(value):
    """An int or two ints, as two ints."""
    return (value, value) if isinstance(value, int) else tuple(value)


def padded(x, padding):
    """Zeros on both ends of the last two axes."""
    low, high = pairs(padding)
    return np.pad(x, [(0, 0)] * (x.ndim - 2) + [(low, low), (high, high)])


def output_sizes(sizes, taps, stride=1, padding=0, dilation=1):
    """Numbers of outputs; refuses a kernel that does not fit."""
    settings = zip(sizes, taps, pairs(stride), pairs(padding), pairs(dilation), strict=True)
    outputs = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in settings]
    if min(outputs) < 1:
        raise ValueError(f"a kernel of {tuple(taps)} does not fit an input of {tuple(sizes)}")
    return outputs


def windows(x, kernel, stride=1, padding=0, dilation=1):
    """A view (N, C, *outputs, *taps) of the padded input."""
    (s, t), (d, e) = pairs(stride), pairs(dilation)
    reach = [step * (k - 1) + 1 for step, k in zip((d, e), kernel, strict=True)]
    view = np.lib.stride_tricks.sliding_window_view(padded(x, padding), reach, axis=(-2, -1))
    return view[..., ::s, ::t, ::d, ::e]


def columns(x, weight_shape, stride, padding, dilation, groups):
    """(N, groups, channels per group * taps, outputs), and the numbers of outputs."""
    view = np.moveaxis(windows(x, weight_shape[2:], stride, padding, dilation), (-2, -1), (2, 3))
    n, c, *taps_and_outputs = view.shape
    taps, outputs = taps_and_outputs[:2], taps_and_outputs[2:]
    return view.reshape(n, groups, c // groups * math.prod(taps), math.prod(outputs)), outputs


def rows(weight, groups):
    """(groups, output channels per group, terms)."""
    return weight.reshape(groups, len(weight) // groups, math.prod(weight.shape[1:]))


def with_bias(y, bias):
    """One number per channel of (N, channels, *spatial)."""
    return y if bias is None else y + bias.reshape(-1, *(1,) * (y.ndim - 2)).astype(y.dtype)
