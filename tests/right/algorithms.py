"""Other algorithms for the same sums: transforms, matrix products, shifts, dualities."""

import math

import numpy as np
import scipy.fft
import scipy.signal
import scipy.sparse

from tests.right.patches import columns, output_sizes, padded, pairs, rows, windows, with_bias
from tests.right.registry import right

FLOATS = ("float32", "float64")


@right("conv2d", why="products of Fourier transforms", accuracy="normwise", finite_only=True, groups=1, dilation=1,
       dtypes=FLOATS)
def fft(input, weight, bias=None, stride=1, padding=0):
    x, (s, t) = padded(input, padding), pairs(stride)
    size, valid = x.shape[2:], output_sizes(x.shape[2:], weight.shape[2:])
    spectrum = scipy.fft.rfft2(weight[..., ::-1, ::-1], size)
    y = scipy.fft.irfft2(np.einsum("nchw,mchw->nmhw", scipy.fft.rfft2(x), spectrum), size)
    y = y[..., size[0] - valid[0]:, size[1] - valid[1]:][..., ::s, ::t]  # circular wrap ends before kernel - 1
    return with_bias(y.astype(input.dtype), bias)


@right("conv2d", why="Winograd F(2x2, 3x3); exact on integers, for its weights have halves and quarters only",
       accuracy="normwise", finite_only=True, kernel=3, stride=1, dilation=1, groups=1, dtypes=FLOATS)
def winograd(input, weight, bias=None, padding=0):
    to_input = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], input.dtype)
    to_weight = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], input.dtype)
    to_output = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], input.dtype)
    x = padded(input, padding)
    h, w = output_sizes(x.shape[2:], weight.shape[2:])
    x = np.pad(x, [(0, 0), (0, 0), (0, h % 2), (0, w % 2)])
    tiles = np.lib.stride_tricks.sliding_window_view(x, (4, 4), axis=(2, 3))[:, :, ::2, ::2]  # (N, C, i, j, 4, 4)
    data = to_input @ tiles @ to_input.T
    filters = to_weight @ weight @ to_weight.T
    y = to_output @ np.einsum("ncijab,mcab->nmijab", data, filters, optimize=True) @ to_output.T
    n, m, i, j, *_ = y.shape
    y = y.swapaxes(3, 4).reshape(n, m, 2 * i, 2 * j)[..., :h, :w]
    return with_bias(y, bias)


@right("conv2d", why="Winograd F(4x4, 3x3), whose weights have thirds: integers come out rounded",
       accuracy="normwise", finite_only=True, kernel=3, stride=1, dilation=1, groups=1, dtypes=FLOATS)
def winograd_four(input, weight, bias=None, padding=0):
    to_input = np.array([[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
                         [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]], input.dtype)
    to_weight = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]], input.dtype) / 24
    to_output = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
                         input.dtype)
    x = padded(input, padding)
    h, w = output_sizes(x.shape[2:], weight.shape[2:])
    x = np.pad(x, [(0, 0), (0, 0), (0, -h % 4), (0, -w % 4)])
    tiles = np.lib.stride_tricks.sliding_window_view(x, (6, 6), axis=(2, 3))[:, :, ::4, ::4]
    data, filters = to_input @ tiles @ to_input.T, to_weight @ weight @ to_weight.T
    y = to_output @ np.einsum("ncijab,mcab->nmijab", data, filters, optimize=True) @ to_output.T
    n, m, i, j, *_ = y.shape
    return with_bias(y.swapaxes(3, 4).reshape(n, m, 4 * i, 4 * j)[..., :h, :w], bias)


@right("conv1d", why="blocks of 16 by Fourier transforms, overlapped and added", accuracy="normwise",
       finite_only=True, groups=1, stride=1, dilation=1, dtypes=FLOATS)
def overlap_add(input, weight, bias=None, padding=0):
    x, taps = np.pad(input, [(0, 0), (0, 0), (padding, padding)]), weight.shape[2]
    outputs, _ = output_sizes([x.shape[2], 1], [taps, 1])
    block, length = 16, 16 + taps - 1
    full = np.zeros((len(x), len(weight), x.shape[2] + length), input.dtype)
    spectrum = scipy.fft.rfft(weight[..., ::-1], length)
    for start in range(0, x.shape[2], block):
        part = scipy.fft.rfft(x[..., start:start + block], length)
        full[..., start:start + length] += scipy.fft.irfft(np.einsum("nct,mct->nmt", part, spectrum), length)
    return with_bias(full[..., taps - 1:taps - 1 + outputs], bias)


@right("conv1d", why="polynomials as Python integers, one product for all outputs (Kronecker)", accuracy="exact",
       groups=1, stride=1, dilation=1, max_size=1024, dtypes=("int32", "int64"))
def kronecker(input, weight, bias=None, padding=0):
    x, taps = np.pad(input, [(0, 0), (0, 0), (padding, padding)]), weight.shape[2]
    outputs, _ = output_sizes([x.shape[2], 1], [taps, 1])
    digit = 1 << 160
    y = np.zeros((len(x), len(weight), outputs), np.int64)

    def packed(values):
        return sum(int(value) * digit**place for place, value in enumerate(values))

    for n, m in np.ndindex(y.shape[:2]):
        left = sum(packed(a) * packed(b) for a, b in zip(x[n], weight[m, :, ::-1], strict=True))
        for place in range(taps - 1 + outputs):
            value = (left + digit // 2) % digit - digit // 2  # the digit of least magnitude
            left = (left - value) // digit
            y[n, m, max(place - taps + 1, 0)] = value
    return with_bias(y, bias)


@right("conv2d", why="im2col and a matrix product")
def im2col(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    x, outputs = columns(input, weight.shape, stride, padding, dilation, groups)
    return with_bias((rows(weight, groups) @ x).reshape(len(input), len(weight), *outputs), bias)


@right("conv2d", why="integers: 8 bits into 32, wider ones into 64",
       accuracy="exact", dtypes=("int8", "int32", "int64"))
def integer_im2col(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    wide = np.int32 if input.dtype.itemsize == 1 else np.int64
    return im2col(input.astype(wide), weight.astype(wide), bias, stride, padding, dilation, groups)


@right("conv2d", why="one shifted copy of the input for each tap; padding is skipped, not multiplied by zero")
def shifted_taps(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (n, _, *sizes), (m, per_group, *taps) = input.shape, weight.shape
    s, p, d = pairs(stride), pairs(padding), pairs(dilation)
    outputs = output_sizes(sizes, taps, s, p, d)
    y = np.zeros((n, groups, m // groups, *outputs), input.dtype)
    x = input.reshape(n, groups, per_group, *sizes)
    for tap in np.ndindex(*taps):
        into, out_of = [], []
        for a, size, o, t, q, e in zip(tap, sizes, outputs, s, p, d, strict=True):
            first = max(0, -((e * a - q) // t))  # the first output whose input is not padding
            last = min(o, (size - 1 - e * a + q) // t + 1)
            into.append(slice(first, max(first, last)))
            start = t * first + e * a - q
            out_of.append(slice(start, start + t * max(last - first, 0), t))
        w = rows(weight[(slice(None), slice(None), *tap)], groups)
        y[(..., *into)] += np.einsum("ngchw,gmc->ngmhw", x[(..., *out_of)], w)
    return with_bias(y.reshape(n, m, *outputs), bias)


@right("conv2d", why="one dot product for each output pixel", max_size=4096, groups=1)
def output_stationary(input, weight, bias=None, stride=1, padding=0, dilation=1):
    view = windows(input, weight.shape[2:], stride, padding, dilation)
    y = np.empty((len(input), len(weight), *view.shape[2:4]), input.dtype)
    for r, q in np.ndindex(*view.shape[2:4]):
        y[:, :, r, q] = np.einsum("ncab,mcab->nm", view[:, :, r, q], weight)
    return with_bias(y, bias)


@right("conv2d", why="computed in (N, H, W, C), channels innermost", groups=1)
def channels_last_inside(input, weight, bias=None, stride=1, padding=0, dilation=1):
    view = windows(input, weight.shape[2:], stride, padding, dilation)
    y = np.tensordot(view, weight, axes=([1, 4, 5], [1, 2, 3]))  # (N, H, W, M)
    return with_bias(np.ascontiguousarray(np.moveaxis(y, -1, 1)), bias)


@right("conv2d", why="SciPy's correlate: one channel", in_channels=1, out_channels=1, groups=1, stride=1, dilation=1)
def scipy_correlate(input, weight, bias=None, padding=0):
    x = padded(input, padding)
    outputs = output_sizes(x.shape[2:], weight.shape[2:])  # correlate would swap a larger kernel with its input
    y = [scipy.signal.correlate(item, weight[0], mode="valid", method="direct") for item in x]
    return with_bias(np.array(y, input.dtype).reshape(len(x), 1, *outputs), bias)


@right("conv1d", why="a sparse Toeplitz matrix", groups=1, max_size=4096)
def toeplitz(input, weight, bias=None, stride=1, padding=0, dilation=1):
    (n, c, size), (m, _, taps) = input.shape, weight.shape
    s, p, d = (int(np.ravel(v)[0]) for v in (stride, padding, dilation))
    outputs = output_sizes([size, 1], [taps, 1], (s, 1), (p, 0), (d, 1))[0]
    o, r, j, a = (axis.ravel() for axis in np.indices((m, outputs, c, taps)))
    i = s * r + d * a - p
    inside = (i >= 0) & (i < size)
    entries = weight[o, j, a][inside], ((o * outputs + r)[inside], (j * size + i)[inside])
    matrix = scipy.sparse.csr_array(entries, shape=(m * outputs, c * size))
    y = (matrix @ input.reshape(n, c * size).T).T
    return with_bias(y.reshape(n, m, outputs).astype(input.dtype), bias)


@right("conv3d", why="a sum of 2-D convolutions over the depth taps", groups=1, max_size=16384)
def depth_slices(input, weight, bias=None, stride=1, padding=0, dilation=1):
    s, p, d = (v if isinstance(v, tuple) else (v,) * 3 for v in (stride, padding, dilation))
    x = np.pad(input, [(0, 0), (0, 0), (p[0], p[0]), (0, 0), (0, 0)])
    outputs = output_sizes([x.shape[2], 1], [weight.shape[2], 1], (s[0], 1), 0, (d[0], 1))[0]
    slices = [
        sum(im2col(x[:, :, s[0] * r + d[0] * a], weight[:, :, a], None, s[1:], p[1:], d[1:])
            for a in range(weight.shape[2]))
        for r in range(outputs)
    ]
    return with_bias(np.stack(slices, axis=2), bias)


@right("conv2d_input", why="zeros between the gradients and a full correlation with the flipped kernel",
       groups=1)
def zero_insertion(input_size, weight, grad_output, stride=1, padding=0, dilation=1):
    taps = weight.shape[2:]
    s, p, d = pairs(stride), pairs(padding), pairs(dilation)
    spread = [t * (o - 1) + 1 for t, o in zip(s, grad_output.shape[2:], strict=True)]
    # every input reads dilation*(taps - 1) values before and after it; padding is cropped off again
    reach = [e * (k - 1) for e, k in zip(d, taps, strict=True)]
    size = [max(n + 2 * q, length) for n, q, length in zip(input_size[2:], p, spread, strict=True)]
    g = np.zeros((*grad_output.shape[:2], *(n + 2 * e for n, e in zip(size, reach, strict=True))), grad_output.dtype)
    g[(..., *(slice(e, e + length, t) for e, length, t in zip(reach, spread, s, strict=True)))] = grad_output
    full = im2col(g, weight[..., ::-1, ::-1].swapaxes(0, 1), None, 1, 0, dilation)
    return full[(..., *(slice(q, q + n) for q, n in zip(p, input_size[2:], strict=True)))]


@right("conv2d_weight", why="the correlation of input and gradient, stride and dilation exchanged", groups=1)
def weight_as_correlation(input, weight_size, grad_output, stride=1, padding=0, dilation=1):
    full = im2col(input.swapaxes(0, 1), grad_output.swapaxes(0, 1), None, dilation, padding, stride)
    return full[..., :weight_size[2], :weight_size[3]].swapaxes(0, 1)


@right("conv_transpose2d", why="one stride-1 convolution for each phase of the output", groups=1, dilation=1,
       max_size=16384)
def phases(input, weight, bias=None, stride=1, padding=0, output_padding=0):
    s, p, extra = pairs(stride), pairs(padding), pairs(output_padding)
    taps = weight.shape[2:]
    size = [(o - 1) * t - 2 * q + k + e
            for o, t, q, k, e in zip(input.shape[2:], s, p, taps, extra, strict=True)]
    if min(size) < 1:
        raise ValueError("the padding leaves nothing of the output")
    whole = np.zeros((len(input), weight.shape[1], *(t * -(-(n + 2 * q) // t) for n, t, q in zip(
        size, s, p, strict=True))), input.dtype)
    for phase in np.ndindex(*s):
        w = weight[(..., *(slice(f, None, t) for f, t in zip(phase, s, strict=True)))]
        part = whole[(..., *(slice(f, None, t) for f, t in zip(phase, s, strict=True)))]
        if math.prod(w.shape[2:]):
            k = w.shape[2:]
            y = im2col(input, w[..., ::-1, ::-1].swapaxes(0, 1), None, 1, [j - 1 for j in k])
            cut = [min(a, b) for a, b in zip(y.shape[2:], part.shape[2:], strict=True)]
            part[(..., *map(slice, cut))] = y[(..., *map(slice, cut))]
    return with_bias(whole[(..., *(slice(q, q + n) for q, n in zip(p, size, strict=True)))], bias)
