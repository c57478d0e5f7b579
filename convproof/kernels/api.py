"""The public kernels: validate once, run, and hand back an array of the caller's kind.

Each family of 1-D, 2-D and 3-D functions is one factory. Names, argument order and defaults are those
of ``torch.nn.functional`` and ``torch.nn.grad``.
"""

from __future__ import annotations

from typing import Any

from convproof.kernels import run
from convproof.kernels.call import Call
from convproof.kernels.problem import forward_problem, transposed_problem
from convproof.kernels.signatures import (
    Array,
    Forward,
    InputGradient,
    Padding,
    Steps,
    Transposed,
    WeightGradient,
    document,
)

__all__ = [
    "conv1d",
    "conv1d_input",
    "conv1d_weight",
    "conv2d",
    "conv2d_input",
    "conv2d_weight",
    "conv3d",
    "conv3d_input",
    "conv3d_weight",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
]


def _forward(axes: int) -> Forward:
    def conv(
        input: Array,
        weight: Array,
        bias: Array | None = None,
        stride: Steps = 1,
        padding: Padding = 0,
        dilation: Steps = 1,
        groups: int = 1,
        *,
        padding_mode: str = "zeros",
        out: Array | None = None,
        algo: str = "auto",
        threads: int | None = None,
    ) -> Array:
        """Return the {d}-D convolution, as ``torch.nn.functional.conv{d}d``: the kernel is not flipped.

        Parameters
        ----------
        input : array, shape (N, C, {n}) or (C, {n})
        weight : array, shape (M, C / groups, {k})
            {operands}
        bias : array, shape (M,), optional
            {bias}
        {parameters}
        {padding_mode}
        {options}

        Returns
        -------
        array, shape (N, M, {o}) or (M, {o})
            {result_dtype}

        Raises
        ------
        {raises}

        Notes
        -----
        Per axis, with input ``n``, kernel ``k``, stride ``s``, dilation ``d`` and padding ``lo``, ``hi``::

            y[r] = bias + sum over channels c and taps a of  x[c][s*r + d*a - lo] * w[c][a]
            o = (n + lo + hi - d*(k - 1) - 1) // s + 1

        Source: {source}, relationship 15.

        Examples
        --------
        >>> import numpy as np
        >>> x = np.array([1., 2., 3., 4.]).reshape({ones}4)
        >>> w = np.array([1., 10.]).reshape({ones}2)
        >>> conv{d}d(x, w)
        array({open}21., 32., 43.{close})
        """
        call = Call(axes, algo, threads)
        x, w = call.operands(("input", input), ("weight", weight))
        shapes = call.batched("input"), call.weight()
        parameters = (stride, padding, dilation, groups, padding_mode)
        problem = call.problem(forward_problem, (*shapes, *parameters), {"x": "input", "w": "weight", "y": "output"})
        b = call.bias(bias, problem.geo.out_channels)
        return call.result(run.forward, problem, problem.terms[0], (x, w, b), call.unbatched(problem.geo.y), out)

    document(conv, f"conv{axes}d", axes)
    return conv


def _transposed(axes: int) -> Transposed:
    def conv_transpose(
        input: Array,
        weight: Array,
        bias: Array | None = None,
        stride: Steps = 1,
        padding: Padding = 0,
        output_padding: Steps = 0,
        groups: int = 1,
        dilation: Steps = 1,
        *,
        out: Array | None = None,
        algo: str = "auto",
        threads: int | None = None,
    ) -> Array:
        """Return the transposed {d}-D convolution, as ``torch.nn.functional.conv_transpose{d}d``.

        Parameters
        ----------
        input : array, shape (N, M, {o}) or (M, {o})
        weight : array, shape (M, C / groups, {k})
            {operands}
        bias : array, shape (C,), optional
            {bias}
        {parameters}
        output_padding : int or sequence of int
            Added to the size on the high side, to tell apart the inputs that a strided convolution maps
            to one size; below ``max(stride, dilation)``. At or above the stride the result is the
            transpose of a convolution of which only so many outputs are kept.
        {options}

        Returns
        -------
        array, shape (N, C, {n}) or (C, {n})
            {result_dtype}

        Raises
        ------
        {raises}

        Notes
        -----
        Per axis, with ``i`` an index of the result and ``r`` one of the input::

            x[i] = bias + sum over channels m, r and taps a with s*r + d*a - lo = i of  y[m][r] * w[m][a]
            n = (o - 1)*s - lo - hi + d*(k - 1) + 1 + output_padding

        Source: {source}, relationship 14; dilation as in PyTorch.

        Examples
        --------
        >>> import numpy as np
        >>> y = np.array([1., 2.]).reshape({ones}2)
        >>> w = np.array([1., 10.]).reshape({ones}2)
        >>> conv_transpose{d}d(y, w)
        array({open} 1., 12., 20.{close})
        """
        call = Call(axes, algo, threads)
        y, w = call.operands(("input", input), ("weight", weight))
        shapes = call.batched("input"), call.weight()
        parameters = (stride, padding, output_padding, dilation, groups)
        problem = call.problem(transposed_problem, (*shapes, *parameters), {"x": "output", "w": "weight", "y": "input"})
        b = call.bias(bias, problem.geo.in_channels)
        shape = call.unbatched(problem.geo.x)
        return call.result(run.input_gradient, problem, problem.terms[1], (y, w, b), shape, out)

    document(conv_transpose, f"conv_transpose{axes}d", axes)
    return conv_transpose


def _input_gradient(axes: int) -> InputGradient:
    def conv_input(
        input_size: Any,
        weight: Array,
        grad_output: Array,
        stride: Steps = 1,
        padding: Padding = 0,
        dilation: Steps = 1,
        groups: int = 1,
        *,
        padding_mode: str = "zeros",
        out: Array | None = None,
        algo: str = "auto",
        threads: int | None = None,
    ) -> Array:
        """Return the gradient of `conv{d}d` with respect to its input, as ``torch.nn.grad.conv{d}d_input``.

        Parameters
        ----------
        input_size : sequence of int
            Shape of the input, (N, C, {n}) or (C, {n}).
        weight : array, shape (M, C / groups, {k})
        grad_output : array, shape (N, M, {o}) or (M, {o})
            {operands}
        {parameters}
        {padding_mode}
        {options}

        Returns
        -------
        array, shape `input_size`
            {result_dtype}

        Raises
        ------
        {raises}

        Notes
        -----
        The transpose of the convolution, applied to ``g``, the gradient of the output. Per axis::

            dx[i] = sum over channels m, outputs r and taps a with s*r + d*a - lo = i of  g[m][r] * w[m][a]

        With other padding modes than zeros, what reaches the padding is added to the element it copies.
        Source: {source}, section 4.

        Examples
        --------
        >>> import numpy as np
        >>> g = np.array([1., 2.]).reshape({ones}2)
        >>> w = np.array([1., 10.]).reshape({ones}2)
        >>> conv{d}d_input(({ones}3), w, g)
        array({open} 1., 12., 20.{close})
        """
        call = Call(axes, algo, threads)
        w, g = call.operands(("weight", weight), ("grad_output", grad_output))
        shapes = call.size("input_size", input_size), call.weight()
        g_shape = call.batched("grad_output")
        parameters = (stride, padding, dilation, groups, padding_mode)
        roles = {"x": "input_size", "w": "weight", "y": "output"}
        problem = call.problem(forward_problem, (*shapes, *parameters), roles)
        call.check_grad_output(g_shape, problem.geo.y)
        shape = call.unbatched(problem.geo.x)
        return call.result(run.input_gradient, problem, problem.terms[1], (g, w, None), shape, out)

    document(conv_input, f"conv{axes}d_input", axes)
    return conv_input


def _weight_gradient(axes: int) -> WeightGradient:
    def conv_weight(
        input: Array,
        weight_size: Any,
        grad_output: Array,
        stride: Steps = 1,
        padding: Padding = 0,
        dilation: Steps = 1,
        groups: int = 1,
        *,
        padding_mode: str = "zeros",
        out: Array | None = None,
        algo: str = "auto",
        threads: int | None = None,
    ) -> Array:
        """Return the gradient of `conv{d}d` with respect to its weight, as ``torch.nn.grad.conv{d}d_weight``.

        Parameters
        ----------
        input : array, shape (N, C, {n}) or (C, {n})
        weight_size : sequence of int
            Shape of the weight, (M, C / groups, {k}).
        grad_output : array, shape (N, M, {o}) or (M, {o})
            {operands}
        {parameters}
        {padding_mode}
        {options}

        Returns
        -------
        array, shape `weight_size`
            {result_dtype}

        Raises
        ------
        {raises}

        Notes
        -----
        Per axis, with ``g`` the gradient of the output::

            dw[m][c][a] = sum over images and outputs r of  g[m][r] * x[c][s*r + d*a - lo]

        Source: {source}, section 4.

        Examples
        --------
        >>> import numpy as np
        >>> x = np.array([1., 2., 3.]).reshape({ones}3)
        >>> g = np.array([1., 10.]).reshape({ones}2)
        >>> conv{d}d_weight(x, ({ones}2), g)
        array({open}21., 32.{close})
        """
        call = Call(axes, algo, threads)
        x, g = call.operands(("input", input), ("grad_output", grad_output))
        shapes = call.batched("input"), call.weight_size("weight_size", weight_size)
        g_shape = call.batched("grad_output")
        parameters = (stride, padding, dilation, groups, padding_mode)
        roles = {"x": "input", "w": "weight_size", "y": "output"}
        problem = call.problem(forward_problem, (*shapes, *parameters), roles)
        call.check_grad_output(g_shape, problem.geo.y)
        return call.result(run.weight_gradient, problem, problem.terms[2], (g, x), problem.geo.w, out)

    document(conv_weight, f"conv{axes}d_weight", axes)
    return conv_weight


conv1d, conv2d, conv3d = map(_forward, (1, 2, 3))
conv_transpose1d, conv_transpose2d, conv_transpose3d = map(_transposed, (1, 2, 3))
conv1d_input, conv2d_input, conv3d_input = map(_input_gradient, (1, 2, 3))
conv1d_weight, conv2d_weight, conv3d_weight = map(_weight_gradient, (1, 2, 3))
