"""The operands of an exact contraction: integers, checked once at the boundary."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convproof.errors import ArgumentTypeError, GeometryError, RangeError, bad, shown

__all__ = ["float_operand", "integer_operand", "magnitude"]


def integer_operand(name: str, values: npt.ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    """Return `values` as int64 of the given shape; floats must hold integers, object arrays stay as they are.

    Raises
    ------
    GeometryError
        Another shape.
    ArgumentTypeError
        Values that are not integers.
    RangeError
        Integers beyond int64, or floats beyond 2**53, where not every integer is a float.
    """
    array = _shaped(name, values, shape)
    if array.dtype.kind in "biO":
        return array.astype(np.int64) if array.dtype.kind != "O" else array
    if array.dtype.kind == "u":
        if array.size and int(array.max()) >= 2**63:
            raise RangeError(bad(name, shown(f"<up to {int(array.max())}>"), "integers below 2**63"))
        return array.astype(np.int64)
    if array.dtype.kind != "f" or not np.all(np.rint(array) == array):
        raise ArgumentTypeError(bad(name, shown(f"<{array.dtype} array>"), "integers (exact=False takes any floats)"))
    if array.size and np.abs(array).max() > 2.0**53:
        raise RangeError(
            bad(name, shown(f"<up to {np.abs(array).max()}>"), "at most 2**53 where a float holds integers")
        )
    return array.astype(np.int64)


def float_operand(name: str, values: npt.ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    """Return `values` as float64 (longdouble stays) of the given shape."""
    array = _shaped(name, values, shape)
    if array.dtype.kind not in "biuf":
        raise ArgumentTypeError(bad(name, shown(f"<{array.dtype} array>"), "real numbers"))
    return array.astype(np.result_type(array.dtype, np.float64), copy=False)


def magnitude(array: np.ndarray) -> int:
    """Return the largest absolute value in an integer array, 0 if it is empty.

    Examples
    --------
    >>> magnitude(np.array([3, -(2**63)]))
    9223372036854775808
    """
    return max(int(array.max()), -int(array.min())) if array.size else 0


def _shaped(name: str, values: npt.ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(values)
    if array.shape != shape:
        raise GeometryError(bad(name, shown(f"<array of shape {array.shape}>"), f"shape {shape}"))
    return array
