"""The same products in another order, or in a better accumulator."""

import numpy as np

from tests.right.patches import columns, rows, with_bias
from tests.right.registry import right

SMALL = {"max_size": 2048}  # all products are held at once


def forward(input, weight, bias, stride, padding, dilation, groups, total):
    """A convolution whose products (terms, N, groups, M/groups, outputs) are summed by `total`."""
    x, outputs = columns(input, weight.shape, stride, padding, dilation, groups)
    products = np.einsum("ngko,gmk->kngmo", x, rows(weight, groups))  # no sum: one product each
    return with_bias(total(products).reshape(len(input), len(weight), *outputs).astype(input.dtype), bias)


def last_to_first(terms):
    """Sum over the first axis, backwards: the copy keeps NumPy from turning the axis round again."""
    return np.ascontiguousarray(terms[::-1]).sum(axis=0)


@right("conv2d", why="summed from the last term to the first", **SMALL)
def reversed_order(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return forward(input, weight, bias, stride, padding, dilation, groups, last_to_first)


@right("conv2d", why="pairwise summation", **SMALL)
def pairwise(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    def total(terms):
        while len(terms) > 1:
            half = len(terms) // 2
            terms = np.concatenate([terms[:half] + terms[half:2 * half], terms[2 * half:]])
        return terms.sum(axis=0)

    return forward(input, weight, bias, stride, padding, dilation, groups, total)


@right("conv2d", why="Kahan's compensated summation", finite_only=True, **SMALL)
def kahan(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    def total(terms):
        result, lost = np.zeros(terms.shape[1:], terms.dtype), 0
        for term in terms:
            term = term - lost
            moved = result + term
            result, lost = moved, (moved - result) - term
        return result

    return forward(input, weight, bias, stride, padding, dilation, groups, total)


@right("conv2d", why="float64 sums for float32 operands")
def wide_accumulator(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    x, outputs = columns(input.astype(np.float64), weight.shape, stride, padding, dilation, groups)
    y = rows(weight.astype(np.float64), groups) @ x
    return with_bias(y.reshape(len(input), len(weight), *outputs), bias).astype(input.dtype)


@right("conv2d", why="split-K: two partial sums, added at the end")
def split_k(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    x, outputs = columns(input, weight.shape, stride, padding, dilation, groups)
    w, half = rows(weight, groups), x.shape[2] // 2
    y = w[..., :half] @ x[:, :, :half] + w[..., half:] @ x[:, :, half:]
    return with_bias(y.reshape(len(input), len(weight), *outputs), bias)


@right("conv2d", why="the bias comes first, and the products are added to it", **SMALL)
def bias_first(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    start = np.zeros(len(weight), input.dtype) if bias is None else bias

    def total(terms):
        begin = np.broadcast_to(start.reshape(1, groups, -1, 1), terms.shape[1:])
        return np.concatenate([begin[None], terms]).sum(axis=0)

    return forward(input, weight, None, stride, padding, dilation, groups, total)
