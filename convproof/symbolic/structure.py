"""The structure tensor of a convolution: every product it sums, as sorted integer columns.

A convolution is the trilinear form ``sum of g[out] * x[x] * w[w]`` over the rows of this table. The forward
map, both gradients and the transposed convolution are contractions of it; transposing is swapping columns.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from convproof.errors import ArgumentValueError, RangeError, bad
from convproof.geometry import Conv
from convproof.symbolic.operands import integer_operand, magnitude
from convproof.symbolic.relation import axis_relations, joint_index

__all__ = ["LARGEST_TERMS", "StructureTensor", "structure"]

#: The most terms that are written out, 3.2 GB of them; larger geometries have the factored form.
LARGEST_TERMS = 100_000_000

Shape = tuple[int, ...]
Shapes = tuple[Shape, Shape, Shape]
Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class StructureTensor:
    """A trilinear form with integer coefficients, in canonical form.

    The rows are sorted by (out, x, w) and no two of them are equal, so that two forms are equal exactly when
    their columns are.

    Attributes
    ----------
    out, x, w : (T,) ndarray of int64
        Flat (C-order) indices of the element written, and of the elements of the two operands multiplied.
    coeff : (T,) ndarray of int64
        Coefficient of the product, never 0.
    shapes : tuple of three shapes
        Shapes of the three arrays that the columns index.
    """

    out: np.ndarray
    x: np.ndarray
    w: np.ndarray
    coeff: np.ndarray
    shapes: Shapes

    @classmethod
    def from_terms(
        cls, out: np.ndarray, x: np.ndarray, w: np.ndarray, coeff: np.ndarray, shapes: Shapes
    ) -> StructureTensor:
        """Bring terms in any order into canonical form: sorted, equal terms summed, zeros dropped."""
        return cls(*_merged(_sorted((out, x, w, coeff), shapes)), shapes)

    @property
    def shape(self) -> Shape:
        """Sizes of the three flat arrays: (|y|, |x|, |w|) for the forward map."""
        return tuple(math.prod(shape) for shape in self.shapes)

    def __len__(self) -> int:
        return len(self.out)

    def __repr__(self) -> str:
        return f"StructureTensor({len(self)} terms, shapes={self.shapes})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StructureTensor):
            return NotImplemented
        pairs = zip(self._columns, other._columns, strict=True)
        return self.shape == other.shape and all(np.array_equal(mine, theirs) for mine, theirs in pairs)

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    @property
    def _columns(self) -> Columns:
        return self.out, self.x, self.w, self.coeff

    # ------------------------------------------------------------------ the same form, seen from another side

    def transpose(self, order: tuple[int, int, int] = (1, 0, 2)) -> StructureTensor:
        """Return the form with its columns in another order; by default `out` and `x` change places.

        Examples
        --------
        >>> forward = structure(Conv(x=(1, 1, 4), w=(1, 1, 3)))
        >>> forward.transpose().transpose() == forward
        True
        """
        if not isinstance(order, tuple) or order not in itertools.permutations(range(3)):
            raise ArgumentValueError(bad("order", order, "a permutation of (0, 1, 2)"))
        out, x, w = order
        columns = (self._columns[out], self._columns[x], self._columns[w], self.coeff)
        shapes = (self.shapes[out], self.shapes[x], self.shapes[w])
        return StructureTensor(*_sorted(columns, shapes), shapes)

    def input_gradient(self) -> StructureTensor:
        """Return the form that maps (g, w) to the input gradient: `out` and `x` change places."""
        return self.transpose((1, 0, 2))

    def weight_gradient(self) -> StructureTensor:
        """Return the form that maps (g, x) to the weight gradient: columns (w, out, x)."""
        return self.transpose((2, 0, 1))

    # ------------------------------------------------------------------ contractions, exact

    def contract_forward(self, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Return y with ``y[out] = sum of coeff * x[x] * w[w]``, in the shape of the first column.

        Integer operands give an exact int64 result; object arrays (SymPy expressions, Python integers) an
        object array.

        Raises
        ------
        RangeError
            Integers so large that a sum could leave int64.

        Examples
        --------
        >>> structure(Conv(x=(1, 1, 4), w=(1, 1, 3))).contract_forward([[[1, 2, 3, 4]]], [[[1, 10, 100]]])
        array([[[321, 432]]])
        """
        return self._contract((0, 1, 2), x, w)

    def contract_input_gradient(self, g: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Return dx with ``dx[x] = sum of coeff * g[out] * w[w]``; see `contract_forward`."""
        return self._contract((1, 0, 2), g, w)

    def contract_weight_gradient(self, g: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return dw with ``dw[w] = sum of coeff * g[out] * x[x]``; see `contract_forward`."""
        return self._contract((2, 0, 1), g, x)

    def _contract(self, order: tuple[int, int, int], first: np.ndarray, second: np.ndarray) -> np.ndarray:
        names = ("y", "x", "w")
        to, one, two = order
        first = integer_operand("g" if one == 0 else names[one], first, self.shapes[one])
        second = integer_operand(names[two], second, self.shapes[two])
        target = self._columns[to]
        symbolic = object in (first.dtype, second.dtype)
        if not symbolic and len(self):
            most = int(np.bincount(target).max()) * magnitude(self.coeff) * magnitude(first) * magnitude(second)
            if most >= 2**63:
                raise RangeError(bad(names[two], second.shape, "integers whose sums of products stay below 2**63"))
        result = np.zeros(math.prod(self.shapes[to]), dtype=object if symbolic else np.int64)
        products = self.coeff * first.ravel()[self._columns[one]] * second.ravel()[self._columns[two]]
        np.add.at(result, target, products)
        return result.reshape(self.shapes[to])


def structure(geo: Conv) -> StructureTensor:
    """Write out the structure tensor of a geometry.

    Parameters
    ----------
    geo : Conv
        Any geometry of at most `LARGEST_TERMS` terms; the batch is part of it.

    Returns
    -------
    StructureTensor
        Columns index y of shape ``(N, M, *o)``, x of shape ``geo.x`` and w of shape ``geo.w``. Reads of
        padding zeros are no terms of it; reads of padding by reflection, replication or wrapping are.

    Raises
    ------
    ArgumentValueError
        More terms than fit: use :class:`convproof.symbolic.factored.FactoredStructure`.

    Examples
    --------
    >>> tensor = structure(Conv(x=(1, 1, 4), w=(1, 1, 3)))
    >>> tensor.out.tolist(), tensor.x.tolist(), tensor.w.tolist()
    ([0, 0, 0, 1, 1, 1], [0, 1, 2, 1, 2, 3], [0, 1, 2, 0, 1, 2])
    """
    relations = axis_relations(geo)
    counted = (geo.batch, geo.out_channels, *(relation.count for relation in relations))
    terms = geo.batch * geo.out_channels * geo.w[1] * math.prod(relation.terms for relation in relations)
    if terms > LARGEST_TERMS:
        expected = f"at most {LARGEST_TERMS} terms written out, not {terms}; FactoredStructure holds such a geometry"
        raise ArgumentValueError(bad("geo", str(geo), expected))
    block = _one_channel(geo, joint_index(relations))
    return _every_channel(geo, block, (counted, geo.x, geo.w))


def _one_channel(geo: Conv, index: np.ndarray) -> Columns:
    """Return the sorted terms of the first output channel of the first image; index is (R, A)."""
    outputs, taps = index.shape
    channels, size = geo.w[1], math.prod(geo.n)
    live = np.broadcast_to((index >= 0)[:, None, :], (outputs, channels, taps))
    r, c, a = np.nonzero(live)
    columns = (r, c * size + index[r, a], c * taps + a, np.ones(len(r), dtype=np.int64))
    return _merged(_sorted(columns, ((outputs,), (channels * size,), (channels * taps,))))


def _every_channel(geo: Conv, block: Columns, shapes: Shapes) -> StructureTensor:
    """Repeat the terms of one output channel for every channel and image, which keeps them sorted."""
    out, x, w, coeff = block  # each (T,)
    blocks = geo.batch * geo.out_channels
    image, channel = np.divmod(np.arange(blocks, dtype=np.int64)[:, None], max(geo.out_channels, 1))  # (N*M, 1)
    group = channel // max(geo.out_channels // geo.groups, 1)
    size = math.prod(geo.n)
    out = out + np.arange(blocks, dtype=np.int64)[:, None] * math.prod(shapes[0][2:])  # (N*M, T)
    x = x + (image * geo.in_channels + group * geo.w[1]) * size
    w = w + channel * math.prod(geo.w[1:])
    coeff = np.broadcast_to(coeff, out.shape)
    return StructureTensor(out.ravel(), x.ravel(), w.ravel(), coeff.ravel(), shapes)


def _sorted(columns: Columns, shapes: Shapes) -> Columns:
    """Sort the columns by (out, x, w), as one packed key where it fits in 64 bits."""
    out, x, w, coeff = columns
    sizes = [math.prod(shape) for shape in shapes]
    if math.prod(sizes) < 2**63:
        key = (out * sizes[1] + x) * sizes[2] + w
        if np.all(key[1:] > key[:-1]):
            return columns
        order = np.argsort(key, kind="stable")
    else:
        order = np.lexsort((w, x, out))
    return out[order], x[order], w[order], coeff[order]


def _merged(columns: Columns) -> Columns:
    """Sum the coefficients of equal neighbours and drop the zeros."""
    out, x, w, coeff = columns
    first = np.ones(len(out), dtype=bool)
    first[1:] = (out[1:] != out[:-1]) | (x[1:] != x[:-1]) | (w[1:] != w[:-1])
    if not first.all():
        coeff = np.add.reduceat(coeff, np.flatnonzero(first))
        out, x, w = out[first], x[first], w[first]
    live = coeff != 0
    return (out, x, w, coeff) if live.all() else (out[live], x[live], w[live], coeff[live])
