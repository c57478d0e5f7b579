"""What the forward pass is held against. Every candidate is a call without arguments that fills its output."""

import numpy as np


def ours(geometry, x, w, threads):
    """The compiled core, without the checks of the public function."""
    from convproof.kernels.cpu import isa, shape_of

    core, shape = isa.core(), shape_of(geometry)
    y = np.empty(geometry.y, x.dtype)
    arguments = x.reshape(-1), w.reshape(-1), None, y.reshape(-1), shape, threads
    return (lambda: core.forward(*arguments)), y


def im2col(geometry, x, w, threads):
    """im2col and NumPy's matrix product; a 1x1 layer of stride one is the bare product, without copies."""
    (batch, channels, height, width), (filters, inner, rows, columns) = geometry.x, geometry.w
    groups, (_, _, out_rows, out_columns) = geometry.groups, geometry.y
    y = np.empty(geometry.y, x.dtype)
    products = y.reshape(batch, groups, filters // groups, out_rows * out_columns)
    matrix = w.reshape(groups, filters // groups, inner * rows * columns)
    pointwise = rows == columns == 1 and geometry.stride == (1, 1) and not any(map(any, geometry.padding))
    if pointwise:
        pixels = x.reshape(batch, groups, inner, height * width)
        return (lambda: np.matmul(matrix, pixels, out=products)), y

    (top, bottom), (left, right) = geometry.padding
    padded = np.zeros((batch, channels, height + top + bottom, width + left + right), x.dtype)
    windows = np.lib.stride_tricks.sliding_window_view(
        padded, [(k - 1) * d + 1 for k, d in zip((rows, columns), geometry.dilation, strict=True)], (2, 3)
    )
    windows = windows[
        :, :, :: geometry.stride[0], :: geometry.stride[1], :: geometry.dilation[0], :: geometry.dilation[1]
    ]
    windows = windows[:, :, :out_rows, :out_columns].transpose(0, 1, 4, 5, 2, 3)
    pixels = np.empty((batch, channels, rows, columns, out_rows, out_columns), x.dtype)
    flat = pixels.reshape(batch, groups, inner * rows * columns, out_rows * out_columns)

    def call():
        padded[:, :, top : top + height, left : left + width] = x
        pixels[...] = windows
        np.matmul(matrix, flat, out=products)

    return call, y


def torch(geometry, x, w, threads):
    """torch.nn.functional.conv2d, or None where torch is missing or the padding is not symmetric."""
    try:
        import torch
    except ImportError:
        return None
    if any(low != high for low, high in geometry.padding):
        return None
    torch.set_num_threads(threads)
    tx, tw = torch.from_numpy(x), torch.from_numpy(w)
    padding = [low for low, _ in geometry.padding]

    def convolve():
        with torch.inference_mode():
            return torch.nn.functional.conv2d(
                tx, tw, None, geometry.stride, padding, geometry.dilation, geometry.groups
            )

    return convolve, convolve().numpy()


PEERS = {"im2col": im2col, "torch": torch}
