"""The array boundary: NumPy arrays, and whatever speaks DLPack on the CPU, come in; the same kind goes out.

Nothing here imports another array library: an array that is passed in has imported its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import numpy as np

from convproof.errors import ArgumentTypeError, ArgumentValueError, GeometryError, KernelError, bad, shown

__all__ = ["RESULT_DTYPES", "check_out", "describe", "flat", "library_of", "to_library", "view"]

#: The dtypes that are accepted, each with the dtype of the result.
RESULT_DTYPES: dict[np.dtype, np.dtype] = {
    np.dtype(given): np.dtype(result)
    for result, family in {
        "float32": ["float32"],
        "float64": ["float64"],
        "int32": ["int8", "uint8"],
        "int64": ["int16", "int32", "int64", "uint16", "uint32", "uint64"],
    }.items()
    for given in family
}

_EXPECTED = "an array of float32, float64 or integers"

# Device types of DLPack whose memory the CPU can read: the CPU, and memory pinned or shared for a GPU.
_READABLE_DEVICES = (1, 3, 11, 13)

# Candidate solutions that the exact test of overlap may look at before it gives up and assumes one.
_OVERLAP_WORK = 100_000


def view(name: str, value: Any) -> np.ndarray:
    """Return the array as NumPy's, without copying.

    Parameters
    ----------
    name : str
        The argument, for the error message.
    value : array
        A NumPy array, or one on the CPU that exports itself by DLPack, of a dtype in `RESULT_DTYPES`
        in either byte order.

    Raises
    ------
    ArgumentTypeError
        Not an array, masked, of another dtype, or a tensor that requires grad.
    KernelError
        An array in the memory of a GPU.
    """
    array = value if type(value) is np.ndarray else _exported(name, value)
    if array.dtype not in RESULT_DTYPES and array.dtype.newbyteorder("=") not in RESULT_DTYPES:
        raise ArgumentTypeError(bad(name, shown(describe(array)), _EXPECTED))
    return array


def library_of(value: Any) -> ModuleType:
    """Return the library that `value`, accepted by `view`, comes from: NumPy for what has none of its own."""
    if isinstance(value, np.ndarray):
        return np
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return torch
    namespace = getattr(value, "__array_namespace__", None)
    return namespace() if callable(namespace) else np


def to_library(result: np.ndarray, library: ModuleType) -> Any:
    """Return `result` as an array of the library, without copying."""
    return result if library is np else library.from_dlpack(result)


def flat(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return the elements in C order, aligned and in native bytes; a copy only where one is needed."""
    contiguous = np.ascontiguousarray(array, dtype)
    if not contiguous.flags.aligned:
        contiguous = contiguous.copy()
    return contiguous.reshape(-1)


def describe(value: Any) -> str:
    """Return a few words for a message: arrays by dtype and shape, never their elements."""
    try:
        if value is None or isinstance(value, (bool, int, float, complex, str, bytes, np.generic)):
            return repr(value)
        return f"{value.dtype} array of shape {tuple(value.shape)}"
    except Exception:  # anything at all may be passed, and a message about it must not fail
        return f"a {type(value).__name__}"


def check_out(
    out: Any, shape: tuple[int, ...], dtype: np.dtype, library: ModuleType, operands: Iterable[np.ndarray]
) -> np.ndarray:
    """Return a NumPy view of `out`, an array that results can be written to.

    Parameters
    ----------
    out : array
        What the caller passed.
    shape, dtype
        Those of the result, which `out` must have exactly.
    library : module
        That of the operands, which `out` must come from too.
    operands : iterable of ndarray
        Arrays that must not share memory with `out`.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError, GeometryError
        Wrong kind or dtype; read-only or overlapping memory; wrong shape.
    """
    what = shown(describe(out))
    if getattr(out, "is_neg", bool)():
        raise ArgumentValueError(bad("out", what, "memory that holds the numbers themselves, not their negatives"))
    target = out if type(out) is np.ndarray else _exported("out", out)
    if target.dtype != dtype:
        raise ArgumentTypeError(bad("out", what, f"dtype {dtype}"))
    if library_of(out) is not library:
        raise ArgumentTypeError(bad("out", what, f"an array of {library.__name__}, as the operands are"))
    if target.shape != shape:
        raise GeometryError(bad("out", what, f"shape {shape}"))
    if not target.flags.writeable and library.__name__ == "torch":
        target = out.numpy()  # NumPy 1 marks everything that DLPack brings as read-only
    if not target.flags.writeable:
        raise ArgumentValueError(bad("out", what, "a writeable array: this one is read-only"))
    if not (target.flags.c_contiguous or target.flags.f_contiguous) and _overlaps_itself(target):
        raise ArgumentValueError(bad("out", what, "memory of its own for each element: some of these share theirs"))
    if any(_overlap(target, operand) for operand in operands):
        raise ArgumentValueError(bad("out", what, "memory apart from the operands: it overlaps one of them"))
    return target


def _exported(name: str, value: Any) -> np.ndarray:
    """Return a NumPy view of an array that is not a plain ndarray."""
    if isinstance(value, np.ndarray):
        return _plain(name, value)
    device = _device(name, value)
    if device not in _READABLE_DEVICES:
        raise KernelError(bad(name, shown(describe(value)), "an array on the CPU: this version has no GPU kernels"))
    if getattr(value, "requires_grad", False):
        expected = "a tensor that does not require grad: pass tensor.detach(), gradients are not recorded"
        raise ArgumentTypeError(bad(name, shown(describe(value)), expected))
    if name != "out" and getattr(value, "is_neg", bool)():
        value = value.resolve_neg()  # DLPack does not tell that the memory holds the negatives
    try:
        return np.from_dlpack(value)
    except Exception as error:  # each library raises its own kinds
        expected = f"{_EXPECTED} that NumPy can import through DLPack ({error})"
        raise ArgumentTypeError(bad(name, shown(describe(value)), expected)) from error


def _plain(name: str, array: np.ndarray) -> np.ndarray:
    """Return the elements of a subclass of ndarray, such as a memory map; not those that hide a mask."""
    if isinstance(array, np.ma.MaskedArray):
        raise ArgumentTypeError(bad(name, shown(f"masked {describe(array)}"), f"{_EXPECTED} without a mask"))
    if isinstance(array, np.matrix):
        raise ArgumentTypeError(bad(name, shown("a matrix"), f"{_EXPECTED}: np.asarray(matrix) is one"))
    return array.view(np.ndarray)


def _device(name: str, value: Any) -> int:
    """Return the DLPack device type, refusing what does not speak DLPack."""
    if not hasattr(value, "__dlpack_device__"):
        if hasattr(value, "__cuda_array_interface__"):
            return 2
        raise ArgumentTypeError(bad(name, shown(describe(value)), _EXPECTED))
    try:
        return int(value.__dlpack_device__()[0])
    except Exception as error:
        raise ArgumentTypeError(bad(name, shown(describe(value)), f"{_EXPECTED} with memory ({error})")) from error


def _overlap(a: np.ndarray, b: np.ndarray) -> bool:
    """Tell whether two arrays share an element; where that is too hard to tell, say they do."""
    if not np.may_share_memory(a, b):
        return False
    try:
        return np.shares_memory(a, b, max_work=_OVERLAP_WORK)  # type: ignore[arg-type]  # any bound is taken
    except np.exceptions.TooHardError:
        return True


def _overlaps_itself(array: np.ndarray) -> bool:
    """Tell whether two elements of the array share memory."""
    reach = array.itemsize
    for stride, size in sorted((abs(stride), size) for stride, size in zip(array.strides, array.shape, strict=True)):
        if size > 1 and stride < reach:
            return stride == 0 or _has_near_elements(array)
        reach += stride * max(size - 1, 0)
    return False


def _has_near_elements(array: np.ndarray) -> bool:
    """Look at the address of every element, for layouts whose axes interleave."""
    addresses = np.zeros((), np.int64)
    for stride, size in zip(array.strides, array.shape, strict=True):
        addresses = np.add.outer(addresses, np.arange(size) * stride)
    gaps = np.diff(np.sort(addresses, axis=None))
    return bool((gaps < array.itemsize).any())
