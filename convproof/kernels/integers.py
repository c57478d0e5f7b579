"""Integer convolutions either fit their result type or are refused: nothing wraps around."""

from __future__ import annotations

import numpy as np

from convproof.errors import RangeError, bad, shown

__all__ = ["check_range"]


def check_range(name: str, a: np.ndarray, b: np.ndarray, terms: int, bias: np.ndarray | None, dtype: np.dtype) -> None:
    """Raise where a sum of `terms` products of the operands, plus bias, could leave the result dtype.

    Parameters
    ----------
    name : str
        The argument that the message is about, which is `a`.
    a, b : ndarray of integers
        The operands; their largest magnitudes are looked up only where their dtype leaves a doubt.
    terms : int
        At most so many products are summed into one element, so ``terms * max|a| * max|b| + max|bias|``
        bounds every partial sum, in any order.
    bias : ndarray or None
        Added to each sum.
    dtype : dtype
        That of the result.

    Raises
    ------
    RangeError
        Which is an OverflowError.
    """
    limit = int(np.iinfo(dtype).max)
    if bias is None and terms * _most(a.dtype) * _most(b.dtype) <= limit:
        return
    of_a, of_b, of_bias = _largest(a), _largest(b), 0 if bias is None else _largest(bias)
    bound = terms * of_a * of_b + of_bias
    # An unsigned operand has to fit by itself too, even where it meets only zeros.
    if max(bound, of_a, of_b) > limit:
        added = f" + {of_bias}" if of_bias else ""
        what = f"{a.dtype} values up to {of_a}"
        raise RangeError(bad(name, shown(what), f"sums that fit {dtype}: {terms} * {of_a} * {of_b}{added} may not"))


def _most(dtype: np.dtype) -> int:
    limits = np.iinfo(dtype)
    return max(int(limits.max), -int(limits.min))


def _largest(array: np.ndarray) -> int:
    return max(int(array.max()), -int(array.min())) if array.size else 0
