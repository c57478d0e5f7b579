"""One call of a public kernel: its arguments checked, its result handed back in the caller's kind of array."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from convproof.arrays import RESULT_DTYPES, check_out, describe, flat, library_of, to_library, view
from convproof.errors import ArgumentTypeError, ArgumentValueError, GeometryError, bad, shown
from convproof.kernels.integers import check_range
from convproof.kernels.options import check_algorithm, thread_count
from convproof.kernels.problem import Problem
from convproof.kernels.signatures import AXIS_LETTERS

__all__ = ["Call"]

# How the messages of `Conv` name its arrays: "x=(1, 3, 8, 8)".
_ROLE = re.compile(r"\b([xwy])=(\(\d[^)]*\))")


class Call:
    """The arguments of one call, checked in the order the methods are called.

    Parameters
    ----------
    axes : int
        Spatial axes of the function called.
    algo, threads
        As the caller gave them.
    """

    __slots__ = ("added", "arrays", "axes", "batch", "dtype", "library", "result_dtype", "sizes", "threads")

    arrays: dict[str, np.ndarray]
    library: ModuleType
    dtype: np.dtype
    result_dtype: np.dtype

    def __init__(self, axes: int, algo: object, threads: object) -> None:
        check_algorithm(algo)
        self.axes = axes
        self.threads = thread_count(threads)
        self.sizes: dict[str, tuple[int, ...]] = {}
        self.batch: bool | None = None
        self.added: np.ndarray | None = None

    def operands(self, first: tuple[str, Any], second: tuple[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """Return the two operands as NumPy views; they share dtype and library."""
        a, b = view(*first), view(*second)
        self.arrays = {first[0]: a, second[0]: b}
        self.library = library_of(first[1])
        if a.dtype != b.dtype and a.dtype.newbyteorder("=") != b.dtype.newbyteorder("="):
            raise ArgumentTypeError(bad(second[0], shown(describe(b)), f"dtype {a.dtype}, as {first[0]} has"))
        self._check_library(*second)
        self.dtype = a.dtype if a.dtype in RESULT_DTYPES else a.dtype.newbyteorder("=")
        self.result_dtype = RESULT_DTYPES[self.dtype]
        return a, b

    def batched(self, name: str) -> tuple[int, ...]:
        """Return the shape of an operand, led by a batch of one where it has none."""
        shape = self.arrays[name].shape
        self._check_rank(name, shape, (self.axes + 1, self.axes + 2))
        return self._with_batch(name, shape)

    def weight(self, name: str = "weight") -> tuple[int, ...]:
        """Return the shape of the weight."""
        shape = self.arrays[name].shape
        self._check_rank(name, shape, (self.axes + 2,))
        return shape

    def size(self, name: str, value: Any) -> tuple[int, ...]:
        """Return the shape that the caller wrote for an input, led by a batch of one where it has none."""
        return self._with_batch(name, self._written(name, value, (self.axes + 1, self.axes + 2)))

    def weight_size(self, name: str, value: Any) -> tuple[int, ...]:
        """Return the shape that the caller wrote for a weight."""
        return self._written(name, value, (self.axes + 2,))

    def problem(self, build: Callable[..., Problem], arguments: tuple, roles: dict[str, str]) -> Problem:
        """Return the problem of these arguments; its errors speak of the caller's arguments.

        `roles` says which arguments `Conv` knows as x, w and y.
        """
        try:
            return build(*arguments)
        except (ArgumentValueError, ArgumentTypeError) as error:
            raise type(error)(self._in_callers_words(str(error), roles)) from None

    def bias(self, value: Any, channels: int) -> np.ndarray | None:
        """Return the bias as a NumPy view."""
        if value is None:
            return None
        bias = view("bias", value)
        if bias.dtype.newbyteorder("=") not in (self.dtype, self.result_dtype):
            choice = self.dtype if self.dtype == self.result_dtype else f"{self.result_dtype} or {self.dtype}"
            raise ArgumentTypeError(bad("bias", shown(describe(value)), f"dtype {choice}"))
        self._check_library("bias", value)
        if bias.shape != (channels,):
            raise GeometryError(bad("bias", shown(describe(value)), f"shape ({channels},), one for each channel"))
        self.added = bias
        return bias

    def check_grad_output(self, shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
        """Refuse a gradient of another shape than the output's."""
        if shape != expected:
            what = shown(describe(self.arrays["grad_output"]))
            raise GeometryError(bad("grad_output", what, f"shape {self.unbatched(expected)}, that of the output"))

    def unbatched(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape as the caller sees it: without the batch where none was passed."""
        return shape if self.batch else shape[1:]

    def result(
        self,
        kernel: Callable[..., None],
        problem: Problem,
        terms: int,
        operands: tuple[np.ndarray | None, ...],
        shape: tuple[int, ...],
        out: Any,
    ) -> Any:
        """Run a kernel of :mod:`convproof.kernels.run` and return its result, in `out` where given.

        At most so many `terms` are summed into one element. `out` is written only once nothing can fail.
        """
        dtype = self.result_dtype
        target = None
        if out is not None:
            present = [operand for operand in operands if operand is not None]
            target = check_out(out, shape, dtype, self.library, present)
        if dtype.kind == "i":
            (name, a), (_, b) = self.arrays.items()
            check_range(name, a, b, terms, self.added, dtype)
        buffers = [operand if operand is None else flat(operand, dtype) for operand in operands]
        if target is not None and target.flags.carray:
            kernel(problem, *buffers, target.reshape(-1), self.threads)
            return out
        result = np.empty(shape, dtype)
        kernel(problem, *buffers, result.reshape(-1), self.threads)
        if target is None:
            return to_library(result, self.library)
        target[...] = result
        return out

    # ------------------------------------------------------------------ parts of the above

    def _check_library(self, name: str, value: Any) -> None:
        library = library_of(value)
        if library is not self.library:
            first = next(iter(self.arrays))
            expected = f"an array of {self.library.__name__}, as {first} is, and not of {library.__name__}"
            raise ArgumentTypeError(bad(name, shown(describe(value)), expected))

    def _check_rank(self, name: str, shape: tuple[int, ...], ranks: tuple[int, ...]) -> None:
        if len(shape) not in ranks:
            spatial = ", ".join(AXIS_LETTERS[self.axes])
            forms = {
                self.axes + 1: f"(C, {spatial}) without a batch",
                self.axes + 2: f"(N, C, {spatial})" if len(ranks) > 1 else f"(M, C/groups, {spatial})",
            }
            expected = f"{' or '.join(str(rank) for rank in ranks)} axes: "
            expected += " or ".join(forms[rank] for rank in reversed(ranks))
            raise GeometryError(bad(name, self._shown(name, shape), expected))

    def _with_batch(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        batch = len(shape) == self.axes + 2
        if self.batch is None:
            self.batch = batch
        elif self.batch is not batch:
            expected = f"{'a' if self.batch else 'no'} batch axis, as the other operand has"
            raise GeometryError(bad(name, self._shown(name, shape), expected))
        return shape if batch else (1, *shape)

    def _shown(self, name: str, shape: tuple[int, ...]) -> str:
        return shown(describe(self.arrays[name]) if name in self.arrays else str(shape))

    def _written(self, name: str, value: Any, ranks: tuple[int, ...]) -> tuple[int, ...]:
        if not isinstance(value, (tuple, list)):
            raise ArgumentTypeError(bad(name, shown(describe(value)), "a shape, as a tuple or list of integers"))
        try:
            sizes = tuple(operator.index(size) for size in value if not isinstance(size, bool))
        except TypeError:
            sizes = ()
        if len(sizes) != len(value):
            raise ArgumentTypeError(bad(name, value, "a shape of integers"))
        if not all(0 <= size < 2**63 for size in sizes):
            raise GeometryError(bad(name, value, "sizes of at least 0 and below 2**63"))
        self._check_rank(name, sizes, ranks)
        self.sizes[name] = sizes
        return sizes

    def _in_callers_words(self, message: str, roles: dict[str, str]) -> str:
        """Translate a message of `Conv`, which speaks of x, w, y and mode."""

        def named(match: re.Match[str]) -> str:
            role = roles[match[1]]
            if role in self.arrays:
                return f"{role}={describe(self.arrays[role])}"
            return f"{role}={self.sizes.get(role, match[2])}"

        return re.sub(r"\bmode=", "padding_mode=", _ROLE.sub(named, message))
