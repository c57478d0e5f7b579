"""A convolution as SymPy expressions, written from its definition; its gradients, by differentiation.

This is a root of its own: nothing is taken from the structure tensor, which is held against it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sympy import Dummy, Expr, ImmutableSparseMatrix, Integer, Symbol, SympifyError, diff, sympify

from convproof.errors import ArgumentTypeError, ArgumentValueError, GeometryError, bad, shown
from convproof.geometry import Conv
from convproof.symbolic.names import element_names
from convproof.symbolic.relation import counted

__all__ = [
    "forward_expression",
    "input_gradient_expression",
    "jacobian",
    "symbol_array",
    "transposed_expression",
    "weight_gradient_expression",
]

_LARGEST = 100_000  # products written out

# Where a position outside 0 <= i < n is read, one function per mode; None is a zero.
_OUTSIDE: dict[str, Callable[[int, int], int | None]] = {
    "zeros": lambda i, n: None,
    "replicate": lambda i, n: 0 if i < 0 else n - 1,
    "circular": lambda i, n: i + n if i < 0 else i - n,
    "reflect": lambda i, n: -i if i < 0 else 2 * (n - 1) - i,
}


def symbol_array(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return an object array of symbols named by their indices.

    Examples
    --------
    >>> symbol_array("w", (1, 1, 3))
    array([[[w_{0}, w_{1}, w_{2}]]], dtype=object)
    """
    elements = np.empty(math.prod(shape), dtype=object)
    elements[:] = [Symbol(element) for element in element_names(name, shape)]
    return elements.reshape(shape)


def forward_expression(geo: Conv, x: Any = None, w: Any = None) -> np.ndarray:
    """Return the expression of every output, ``y[n, m, r] = sum over c, a of x[n, c, s*r + d*a - p] * w[m, c, a]``.

    Parameters
    ----------
    geo : Conv
        A small geometry.
    x, w : array_like of expressions, optional
        Of shapes ``geo.x`` and ``geo.w``; by default symbols (see `symbol_array`).

    Returns
    -------
    (N, M, *o) ndarray of Expr
        The number of outputs is counted from the relation.

    Raises
    ------
    ArgumentValueError
        More than 100 000 products.

    Examples
    --------
    >>> forward_expression(Conv(x=(1, 1, 4), w=(1, 1, 3), stride=2, padding=1)).ravel().tolist()
    [w_{1}*x_{0} + w_{2}*x_{1}, w_{0}*x_{1} + w_{1}*x_{2} + w_{2}*x_{3}]
    """
    _check(geo)
    x, w = _expressions("x", x, geo.x), _expressions("w", w, geo.w)
    y = np.empty((geo.batch, geo.out_channels, *counted(geo)), dtype=object)
    if y.size * math.prod(geo.w[1:]) > _LARGEST:
        raise ArgumentValueError(bad("geo", str(geo), f"at most {_LARGEST} products written out as expressions"))
    filters = geo.out_channels // max(geo.groups, 1)
    for out in np.ndindex(*y.shape):
        image, m, *r = out
        first = m // filters * geo.w[1]  # first channel of the group
        y[out] = sum(
            (x[(image, first + c, *i)] * w[(m, c, *a)] for c, a, i in _products(geo, tuple(r))), start=Integer(0)
        )
    return y


def _products(geo: Conv, r: tuple[int, ...]) -> Iterator[tuple[int, tuple[int, ...], tuple[int, ...]]]:
    """Yield (channel in the group, tap, input position) of each product in the output at r."""
    for c, *a in itertools.product(range(geo.w[1]), *map(range, geo.kernel)):
        position = [
            _element(s * ri + d * ai - lo, n, geo.mode)
            for n, s, d, (lo, _), ri, ai in zip(geo.n, geo.stride, geo.dilation, geo.padding, r, a, strict=True)
        ]
        inside = tuple(i for i in position if i is not None)
        if len(inside) == geo.axes:
            yield c, tuple(a), inside


def _element(i: int, n: int, mode: str) -> int | None:
    return i if 0 <= i < n else _OUTSIDE[mode](i, n)


def input_gradient_expression(geo: Conv, g: Any = None, w: Any = None) -> np.ndarray:
    """Return the derivative of ``L = <g, y(x, w)>`` with respect to x, of shape ``geo.x``, by differentiation.

    Examples
    --------
    >>> input_gradient_expression(Conv(x=(1, 1, 4), w=(1, 1, 3))).ravel().tolist()
    [g_{0}*w_{0}, g_{0}*w_{1} + g_{1}*w_{0}, g_{0}*w_{2} + g_{1}*w_{1}, g_{1}*w_{2}]
    """
    _check(geo)
    x = _fresh(geo.x)
    y = forward_expression(geo, x, w)
    return _gradient(_expressions("g", g, y.shape), y, x)


def weight_gradient_expression(geo: Conv, g: Any = None, x: Any = None) -> np.ndarray:
    """Return the derivative of ``L = <g, y(x, w)>`` with respect to w, of shape ``geo.w``, by differentiation.

    Examples
    --------
    >>> weight_gradient_expression(Conv(x=(1, 1, 4), w=(1, 1, 3))).ravel().tolist()
    [g_{0}*x_{0} + g_{1}*x_{1}, g_{0}*x_{1} + g_{1}*x_{2}, g_{0}*x_{2} + g_{1}*x_{3}]
    """
    _check(geo)
    w = _fresh(geo.w)
    y = forward_expression(geo, x, w)
    return _gradient(_expressions("g", g, y.shape), y, w)


def transposed_expression(geo: Conv, x: Any = None, w: Any = None) -> np.ndarray:
    """Return the transposed convolution of x, an array of the shape of the forward's output.

    It is the input gradient of the forward geometry `geo` (see `Conv.transposed`), with x in the place of g.

    Examples
    --------
    >>> transposed_expression(Conv.transposed(y=(1, 1, 2), w=(1, 1, 3), stride=2)).ravel().tolist()
    [w_{0}*x_{0}, w_{1}*x_{0}, w_{0}*x_{1} + w_{2}*x_{0}, w_{1}*x_{1}, w_{2}*x_{1}]
    """
    _check(geo)
    shape = (geo.batch, geo.out_channels, *counted(geo))
    return input_gradient_expression(geo, _expressions("x", x, shape), w)


def jacobian(geo: Conv, acts_on: str = "x") -> ImmutableSparseMatrix:
    """Return the Jacobian of vec(y) with respect to vec(x) or vec(w), by differentiation.

    Parameters
    ----------
    geo : Conv
        A small geometry.
    acts_on : {"x", "w"}
        What to differentiate by; the derivative does not depend on it.

    Examples
    --------
    >>> jacobian(Conv(x=(1, 1, 4), w=(1, 1, 3)))
    Matrix([
    [w_{0}, w_{1}, w_{2},     0],
    [    0, w_{0}, w_{1}, w_{2}]])
    """
    _check(geo)
    if not isinstance(acts_on, str) or acts_on not in ("x", "w"):
        raise ArgumentValueError(bad("acts_on", acts_on, "'x' or 'w'"))
    x, w = symbol_array("x", geo.x), symbol_array("w", geo.w)
    variables = (x if acts_on == "x" else w).ravel()
    column = {variable: j for j, variable in enumerate(variables)}
    y = forward_expression(geo, x, w).ravel()
    entries = {
        (i, column[variable]): diff(expression, variable)
        for i, expression in enumerate(y)
        for variable in expression.free_symbols & column.keys()
    }
    return ImmutableSparseMatrix(len(y), len(variables), entries)


def _check(geo: object) -> None:
    if not isinstance(geo, Conv):
        raise ArgumentTypeError(bad("geo", geo, "a Conv"))


def _gradient(g: np.ndarray, y: np.ndarray, variables: np.ndarray) -> np.ndarray:
    """Differentiate ``L = sum of g * y`` by each variable, term by term; terms without the variable give 0."""
    place = {variable: index for index, variable in enumerate(variables.ravel())}
    sums = np.full(variables.size, Integer(0), dtype=object)
    for weight, expression in zip(g.ravel(), y.ravel(), strict=True):
        for variable in expression.free_symbols & place.keys():
            sums[place[variable]] += weight * diff(expression, variable)
    return sums.reshape(variables.shape)


def _fresh(shape: tuple[int, ...]) -> np.ndarray:
    """Return symbols that occur nowhere else: a derivative by a symbol that the other operand holds would be wrong."""
    elements = np.empty(math.prod(shape), dtype=object)
    elements[:] = [Dummy() for _ in range(elements.size)]
    return elements.reshape(shape)


def _expressions(name: str, values: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return an object array of expressions of the given shape."""
    if values is None:
        return symbol_array(name, shape)
    try:
        array = np.array(values, dtype=object)
    except ValueError:
        raise ArgumentTypeError(bad(name, values, f"an array of shape {shape}")) from None
    if array.shape != shape:
        raise GeometryError(bad(name, shown(f"<array of shape {array.shape}>"), f"shape {shape}"))
    elements = np.empty(array.size, dtype=object)
    try:
        elements[:] = [sympify(value, strict=True) for value in array.ravel()]
    except SympifyError:  # strict: no text, for SymPy would run it as Python
        elements[:] = None
    if not all(isinstance(element, Expr) for element in elements):
        raise ArgumentTypeError(bad(name, shown("<array>"), "numbers or SymPy expressions"))
    return elements.reshape(shape)
