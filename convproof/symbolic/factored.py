"""The structure tensor in factored form: one relation per axis, and channels that are dense.

It contracts geometries of 10**8 terms and more exactly, without writing the terms out: each block of outputs
becomes one matrix product over the inputs that the relation says it reads.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt

from convproof.errors import ArgumentValueError, RangeError, bad, shown
from convproof.geometry import Conv
from convproof.symbolic.blocks import Box, blocks
from convproof.symbolic.operands import float_operand, integer_operand, magnitude
from convproof.symbolic.relation import AxisRelation, axis_relations

__all__ = ["ROLES", "FactoredStructure"]

#: The three contractions of the trilinear form, by the name of what they yield.
ROLES = ("forward", "input_gradient", "weight_gradient")

_EXACT_FLOAT = 2**53
_EXACT_INTEGER = 2**63


class FactoredStructure:
    """The structure tensor of a geometry, as factors; contracts it exactly.

    Parameters
    ----------
    geo : Conv
        Any geometry.

    Attributes
    ----------
    geo : Conv
        The geometry.
    relations : tuple of AxisRelation
        One per spatial axis.

    Notes
    -----
    Operands are integer arrays (or floats that hold integers) and results are exact int64. Sums run in float64
    where a bound on the largest partial sum, K * max|first| * max|second| with K from `terms`, lies below
    2**53, in int64 where it lies below 2**63, and are refused with RangeError beyond. With ``exact=False``
    operands are any real numbers and results are plain floating point (float64, or longdouble if given).

    Examples
    --------
    >>> oracle = FactoredStructure(Conv(x=(1, 1, 4), w=(1, 1, 3)))
    >>> oracle.forward(np.array([[[1, 2, 3, 4]]]), np.array([[[1, 10, 100]]]))
    array([[[321, 432]]])
    >>> oracle.input_gradient(np.array([[[1, 2]]]), np.array([[[1, 10, 100]]]))
    array([[[  1,  12, 120, 200]]])
    >>> oracle.weight_gradient(np.array([[[1, 2]]]), np.array([[[1, 2, 3, 4]]]))
    array([[[ 5,  8, 11]]])
    """

    def __init__(self, geo: Conv) -> None:
        self.geo = geo
        self.relations: tuple[AxisRelation, ...] = axis_relations(geo)

    def __repr__(self) -> str:
        return f"FactoredStructure({str(self.geo)!r})"

    @cached_property
    def y(self) -> tuple[int, ...]:
        """Shape of the output, ``(N, M, *o)``, counted from the relation."""
        return (self.geo.batch, self.geo.out_channels, *(relation.count for relation in self.relations))

    def terms(self, role: str) -> int:
        """Return K, the largest number of products summed into one element of the result.

        Parameters
        ----------
        role : {"forward", "input_gradient", "weight_gradient"}
            Which contraction.

        Examples
        --------
        >>> oracle = FactoredStructure(Conv(x=(2, 3, 8, 8), w=(4, 3, 3, 3), stride=2, padding=1))
        >>> [oracle.terms(role) for role in ROLES]
        [27, 16, 32]
        """
        if not isinstance(role, str) or role not in ROLES:
            raise ArgumentValueError(bad("role", role, "one of " + ", ".join(ROLES)))
        if role == "forward":
            return math.prod(self.geo.w[1:])
        if role == "input_gradient":
            return self._filters * math.prod(relation.readers for relation in self.relations)
        return self.geo.batch * math.prod(relation.windows_per_tap for relation in self.relations)

    # ------------------------------------------------------------------ the three contractions

    def forward(self, x: npt.ArrayLike, w: npt.ArrayLike, *, exact: bool = True) -> np.ndarray:
        """Return ``y[n, m, r] = sum over c, a of x[n, c, s*r + d*a - p] * w[m, c, a]``, of shape `y`.

        Parameters
        ----------
        x : array_like of shape ``geo.x``
        w : array_like of shape ``geo.w``
        exact : bool
            Integers in and out; otherwise floating point.

        Raises
        ------
        GeometryError, ArgumentTypeError, RangeError
            Operands of another shape, of no integers, or so large that sums could leave int64.
        """
        x, w = self._operands("forward", ("x", x, self.geo.x), ("w", w, self.geo.w), exact)
        source, kernel = self._with_zero(x), self._kernel(w)
        y = np.zeros(self._grouped_y, dtype=w.dtype)
        for box, images, groups in self._blocks():
            sums = kernel[groups] @ self._read(source[images, groups], box)  # (n, g, M/G, R)
            y[(images, groups, slice(None), *box.outputs)] = sums.reshape(*sums.shape[:3], *box.shape)
        return _result(y.reshape(self.y), exact)

    def input_gradient(self, g: npt.ArrayLike, w: npt.ArrayLike, *, exact: bool = True) -> np.ndarray:
        """Return the transpose of `forward` applied to g, of shape ``geo.x``: products go back where x was read.

        Parameters
        ----------
        g : array_like of shape `y`
        w : array_like of shape ``geo.w``
        exact : bool
            As in `forward`, and so are the errors raised.
        """
        g, w = self._operands("input_gradient", ("g", g, self.y), ("w", w, self.geo.w), exact)
        g, kernel = g.reshape(self._grouped_y), self._kernel(w).swapaxes(1, 2)  # (G, K, M/G)
        dx = np.zeros(self._grouped_x, dtype=w.dtype)
        for box, images, groups in self._blocks():
            products = kernel[groups] @ self._written(g, box, images, groups)  # (n, g, K, R)
            self._add_back(products, box, dx[images, groups])
        return _result(dx.reshape(self.geo.x), exact)

    def weight_gradient(self, g: npt.ArrayLike, x: npt.ArrayLike, *, exact: bool = True) -> np.ndarray:
        """Return ``dw[m, c, a] = sum over n, r of g[n, m, r] * x[n, c, s*r + d*a - p]``, of shape ``geo.w``.

        Parameters
        ----------
        g : array_like of shape `y`
        x : array_like of shape ``geo.x``
        exact : bool
            As in `forward`, and so are the errors raised.
        """
        g, x = self._operands("weight_gradient", ("g", g, self.y), ("x", x, self.geo.x), exact)
        g, source = g.reshape(self._grouped_y), self._with_zero(x)
        dw = np.zeros((self.geo.groups, self._filters, self._depth), dtype=x.dtype)
        for box, images, groups in self._blocks():
            columns = self._read(source[images, groups], box)  # (n, g, K, R)
            sums = self._written(g, box, images, groups) @ columns.swapaxes(2, 3)  # (n, g, M/G, K)
            dw[groups] += sums.sum(axis=0)
        return _result(dw.reshape(self.geo.w), exact)

    # ------------------------------------------------------------------ shapes, with the groups apart

    @property
    def _filters(self) -> int:
        """Output channels of one group, M/G."""
        return self.geo.out_channels // self.geo.groups

    @property
    def _depth(self) -> int:
        """Products in one output, K: channels of one group times taps."""
        return math.prod(self.geo.w[1:])

    @property
    def _grouped_x(self) -> tuple[int, ...]:
        return (self.geo.batch, self.geo.groups, self.geo.w[1], math.prod(self.geo.n))

    @property
    def _grouped_y(self) -> tuple[int, ...]:
        return (self.geo.batch, self.geo.groups, self._filters, *self.y[2:])

    def _kernel(self, w: np.ndarray) -> np.ndarray:
        return w.reshape(self.geo.groups, self._filters, self._depth)

    # ------------------------------------------------------------------ one block of bounded memory

    def _blocks(self) -> Iterator[tuple[Box, slice, slice]]:
        batch, groups, filters = self._grouped_y[:3]
        return blocks(self.relations, batch, groups, self._depth + filters, self._depth * filters)

    def _with_zero(self, x: np.ndarray) -> np.ndarray:
        """Flatten the spatial axes of x and append a zero, which index -1 then reads; (N, G, C/G, size + 1)."""
        flat = x.reshape(self._grouped_x)
        return np.concatenate([flat, np.zeros((*flat.shape[:3], 1), dtype=x.dtype)], axis=3)

    def _read(self, source: np.ndarray, box: Box) -> np.ndarray:
        """Return what each window of the box reads, shape (n, g, K, R); source is (n, g, C/G, size + 1)."""
        read = source.take(box.index, axis=3)  # (n, g, C/G, A*R)
        return read.reshape(*read.shape[:2], self._depth, math.prod(box.shape))

    def _written(self, g: np.ndarray, box: Box, images: slice, groups: slice) -> np.ndarray:
        """Return g at the outputs of the box, shape (n, g, M/G, R)."""
        part = g[(images, groups, slice(None), *box.outputs)]
        return part.reshape(*part.shape[:3], math.prod(box.shape))

    def _add_back(self, products: np.ndarray, box: Box, dx: np.ndarray) -> None:
        """Add (n, g, K, R) products to the (n, g, C/G, size) view dx, each where its window reads.

        One position may be read by many (tap, output) pairs: they are sorted by position and summed run by run.
        """
        order, starts, positions = box.readers
        if order.size and dx.size:
            flat = products.reshape(*dx.shape[:3], box.index.size)  # (n, g, C/G, A*R)
            dx[..., positions] += np.add.reduceat(flat.take(order, axis=3), starts, axis=3)

    # ------------------------------------------------------------------ the boundary

    def _operands(self, role: str, first: tuple, second: tuple, exact: bool) -> tuple[np.ndarray, np.ndarray]:
        """Check both operands, given as (name, values, shape), and choose the arithmetic."""
        if not exact:
            one, two = float_operand(*first), float_operand(*second)
            dtype = np.result_type(one, two)
            return one.astype(dtype, copy=False), two.astype(dtype, copy=False)
        one, two = integer_operand(*first), integer_operand(*second)
        most = self.terms(role) * magnitude(one) * magnitude(two)
        if most >= _EXACT_INTEGER:
            raise RangeError(bad(first[0], shown(f"<up to {magnitude(one)}>"), f"sums below 2**63, not up to {most}"))
        dtype = np.dtype(np.float64 if most < _EXACT_FLOAT else np.int64)
        return one.astype(dtype, copy=False), two.astype(dtype, copy=False)


def _result(sums: np.ndarray, exact: bool) -> np.ndarray:
    return sums.astype(np.int64, copy=False) if exact else sums
