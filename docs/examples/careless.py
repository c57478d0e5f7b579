"""A convolution in NumPy that passes the usual tests, and is wrong: `convproof verify careless.py:conv2d`."""

import numpy as np


def pair(value):
    """Two numbers, one for each axis."""
    return (value, value) if isinstance(value, int) else value


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1):
    """Sum over the taps, each a strided slice of the padded input."""
    (sh, sw), (ph, pw), (dh, dw) = pair(stride), pair(padding), pair(dilation)
    x = np.pad(input, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    kh, kw = weight.shape[2:]
    oh = (x.shape[2] - dh * (kh - 1) - 1) // sh + 1
    ow = (x.shape[3] - dw * (kw - 1) - 1) // sw + 1
    y = np.zeros((x.shape[0], weight.shape[0], oh, ow), input.dtype)
    for a in range(kh):
        for b in range(kw):
            rows = slice(a * dh, a * dh + sh * (oh - 1) + 1, sh)
            columns = slice(b * dh, b * dh + sw * (ow - 1) + 1, sw)
            y += np.einsum("nchw,mc->nmhw", x[:, :, rows, columns], weight[:, :, a, b])
    return y if bias is None else y + bias[:, None, None]
