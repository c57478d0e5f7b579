"""Names of the elements of an array, as formulas write them."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["element_names"]


def element_names(name: str, shape: tuple[int, ...]) -> list[str]:
    """Name every element of an array of shape (N or M, C, *spatial), in C order.

    The first two indices are left out where their size is one, so that a single-channel filter has the names
    that textbooks give it.

    Examples
    --------
    >>> element_names("w", (1, 1, 2, 2))
    ['w_{0,0}', 'w_{0,1}', 'w_{1,0}', 'w_{1,1}']
    >>> element_names("x", (1, 2, 2))
    ['x_{0,0}', 'x_{0,1}', 'x_{1,0}', 'x_{1,1}']
    """
    shown = [axis for axis, size in enumerate(shape) if axis >= 2 or size != 1]
    indices = np.indices(shape)[shown].reshape(len(shown), math.prod(shape)).T  # (elements, indices shown)
    return [f"{name}_{{{','.join(map(str, index))}}}" for index in indices.tolist()]
