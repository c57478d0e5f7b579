"""The matrix of a convolution: ``y = C(w) x``, and the data matrix ``y = X(x) w``.

Both are read off the structure tensor: rows are elements of y, columns those of what the matrix acts on, and an
entry is a sum of elements of the other operand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad
from convproof.geometry import Conv
from convproof.symbolic.conv_matrix import ConvMatrix
from convproof.symbolic.structure import structure

__all__ = ["ConvMatrix", "full_convolution", "matrix"]


def matrix(geo: Conv, acts_on: str = "x") -> ConvMatrix:
    """Return the matrix of a convolution.

    Parameters
    ----------
    geo : Conv
        The geometry; the batch is part of it.
    acts_on : {"x", "w"}
        ``"x"``: C(w) with ``vec(y) = C(w) vec(x)``, of shape (|y|, |x|), entries from w.
        ``"w"``: the data matrix X(x) (im2col) with ``vec(y) = X(x) vec(w)``, of shape (|y|, |w|), entries from x.

    Returns
    -------
    ConvMatrix
        Its ``T`` is the transposed convolution (of C) and the weight gradient (of X).

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        Something else than a Conv; another `acts_on`; more entries than fit in memory.

    Examples
    --------
    >>> matrix(Conv(x=(1, 1, 4, 4), w=(1, 1, 3, 3)))
    <ConvMatrix 4x16 in w, 36 entries, doubly block Toeplitz>
    >>> print(matrix(Conv(x=(1, 1, 4), w=(1, 1, 3)), acts_on="w").latex())
    \\begin{bmatrix}
    x_{0} & x_{1} & x_{2} \\\\
    x_{1} & x_{2} & x_{3}
    \\end{bmatrix}
    """
    if not isinstance(geo, Conv):
        raise ArgumentTypeError(bad("geo", geo, "a Conv"))
    if not isinstance(acts_on, str) or acts_on not in ("x", "w"):
        raise ArgumentValueError(
            bad("acts_on", acts_on, "'x' (entries from w) or 'w' (the data matrix, entries from x)")
        )
    tensor = structure(geo)
    return ConvMatrix(tensor, "w") if acts_on == "x" else ConvMatrix(tensor.transpose((0, 2, 1)), "x")


def full_convolution(n: int | Sequence[int], k: int | Sequence[int]) -> ConvMatrix:
    """Return the matrix of the full (true) convolution: ``y(i) = sum of w(i - j) x(j)``, (n + k - 1) x n.

    It is the transpose of the correlation that maps n + k - 1 elements to n, and also the correlation padded by
    k - 1 on both sides with its kernel flipped.

    Parameters
    ----------
    n, k : int or sequence of int
        Size of the input and of the kernel, one per axis.

    Examples
    --------
    >>> print(full_convolution(3, 2).latex())
    \\begin{bmatrix}
    w_{0} & 0 & 0 \\\\
    w_{1} & w_{0} & 0 \\\\
    0 & w_{1} & w_{0} \\\\
    0 & 0 & w_{1}
    \\end{bmatrix}
    >>> padded = matrix(Conv(x=(1, 1, 3), w=(1, 1, 2), padding=1))
    >>> full_convolution(3, 2) == padded.flipped()
    True
    """
    sizes, taps = _sizes("n", n), _sizes("k", k)
    if len(sizes) != len(taps):
        raise ArgumentValueError(bad("k", k, f"one size for each of the {len(sizes)} axes of n={n}"))
    whole = (size + tap - 1 for size, tap in zip(sizes, taps, strict=True))
    return matrix(Conv(x=(1, 1, *whole), w=(1, 1, *taps))).T


def _sizes(argument: str, value: int | Sequence[int]) -> tuple[int, ...]:
    sizes = np.atleast_1d(np.asarray(value))
    if sizes.dtype.kind not in "iu" or sizes.ndim != 1:
        raise ArgumentTypeError(bad(argument, value, "an integer, or one per axis"))
    return tuple(sizes.tolist())
