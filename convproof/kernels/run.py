"""Runs the cores on flat buffers: empty operands, padding modes and bias included.

Every function takes operands that are C-contiguous, one-dimensional and of the dtype of the result,
and overwrites the buffer given for it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from convproof.errors import KernelError
from convproof.kernels.problem import Problem

__all__ = ["forward", "input_gradient", "weight_gradient"]


def forward(
    problem: Problem, x: np.ndarray, w: np.ndarray, bias: np.ndarray | None, y: np.ndarray, threads: int
) -> None:
    """Write ``y[output] = bias + sum of x[input] * w[tap]``."""
    if x.size == 0 or w.size == 0 or y.size == 0:
        return _fill_with_bias(y, problem.geo.y, bias)
    core = _core()
    x = _with_padding(core, problem, x, threads)
    core.forward(x, w, bias, y, problem.shape, threads)
    return None


def input_gradient(
    problem: Problem, g: np.ndarray, w: np.ndarray, bias: np.ndarray | None, dx: np.ndarray, threads: int
) -> None:
    """Write ``dx[input] = bias + sum of g[output] * w[tap]``; the bias belongs to the transposed convolution."""
    if g.size == 0 or w.size == 0 or dx.size == 0:
        return _fill_with_bias(dx, problem.geo.x, bias)
    core, padded = _core(), problem.padded
    if padded is None:
        core.input_gradient(g, w, bias, dx, problem.shape, threads)
        return None
    inner = _like_padded(problem, dx)
    core.input_gradient(g, w, bias, inner, problem.shape, threads)
    core.pad_scatter_add(inner, dx, _planes(problem), padded.n, padded.maps(), threads)
    return None


def weight_gradient(problem: Problem, g: np.ndarray, x: np.ndarray, dw: np.ndarray, threads: int) -> None:
    """Write ``dw[tap] = sum of g[output] * x[input]``."""
    if g.size == 0 or x.size == 0 or dw.size == 0:
        dw.fill(0)
        return
    core = _core()
    core.weight_gradient(g, _with_padding(core, problem, x, threads), dw, problem.shape, threads)


def _with_padding(core: Any, problem: Problem, x: np.ndarray, threads: int) -> np.ndarray:
    """Return x, or a copy of it that holds what its padding mode puts outside."""
    padded = problem.padded
    if padded is None:
        return x
    inner = _like_padded(problem, x)
    core.pad_gather(x, inner, _planes(problem), padded.n, padded.maps(), threads)
    return inner


def _like_padded(problem: Problem, x: np.ndarray) -> np.ndarray:
    assert problem.padded is not None
    return np.empty((_planes(problem), *problem.padded.extents), x.dtype).reshape(-1)


def _planes(problem: Problem) -> int:
    return problem.geo.batch * problem.geo.in_channels


def _fill_with_bias(out: np.ndarray, shape: tuple[int, ...], bias: np.ndarray | None) -> None:
    """Write what is left of a convolution when there is nothing to sum."""
    out.fill(0)
    if bias is not None and out.size:
        out.reshape(shape[0], shape[1], -1)[:] = bias[:, None]


@cache
def _core() -> Any:
    """Load the compiled cores when first needed."""
    try:
        from convproof.kernels.cpu import isa

        return isa.core()
    except ImportError as error:
        message = f"the compiled kernels are missing ({error}): build them with `make build`"
        raise KernelError(message) from error
    except ValueError as error:
        raise KernelError(str(error)) from error
