"""Roots of unity computed with exactly: integer polynomials in z, modulo the cyclotomic polynomial."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from sympy import Symbol, cyclotomic_poly

__all__ = ["RootOfUnity"]


class RootOfUnity:
    """A primitive n-th root of unity.

    Its powers are the residues of z**e modulo the cyclotomic polynomial, whose roots are exactly the primitive
    n-th roots of unity: two integer combinations of powers are equal as complex numbers where their residues are.

    References
    ----------
    S. Lang, *Algebra*, Springer, third edition 2002, chapter VI, section 3.

    Examples
    --------
    >>> root = RootOfUnity(4)
    >>> root.power(2).tolist(), root.power(4).tolist()
    ([-1, 0], [1, 0])
    """

    def __init__(self, n: int) -> None:
        self.n = n

    @cached_property
    def _last(self) -> np.ndarray:
        """The residue of z**degree: the monic polynomial without its leading term, negated."""
        coefficients = cyclotomic_poly(self.n, Symbol("z"), polys=True).all_coeffs()
        return -np.array([int(c) for c in reversed(coefficients[1:])], np.int64)

    @cached_property
    def _table(self) -> np.ndarray:
        rows = [np.eye(1, len(self._last), dtype=np.int64)[0]]
        for _ in range(2 * self.n * self.n):
            shifted = np.roll(rows[-1], 1)
            carried, shifted[0] = int(shifted[0]), 0
            rows.append(shifted + carried * self._last)
        return np.array(rows)

    def power(self, e: int | np.ndarray) -> np.ndarray:
        """Return the residue of z**e, for 0 <= e <= 2 n**2, an axis of coefficients behind those of e."""
        return self._table[e]

    def product(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Multiply two residues."""
        raw = np.convolve(one, other)
        return raw @ self._table[: len(raw)]
