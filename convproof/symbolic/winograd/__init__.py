"""Winograd's minimal filtering algorithms, by Toom and Cook: derived, proved, and bounded in floating point.

A correlation with r taps, m outputs at a time, costs m r multiplications; F(m, r) needs m + r - 1.

References
----------
A. L. Toom, *The complexity of a scheme of functional elements realizing the multiplication of integers*, 1963.
S. A. Cook, *On the minimum computation time of functions*, thesis, Harvard, 1966.
S. Winograd, *Arithmetic complexity of computations*, SIAM, 1980.
A. Lavin and S. Gray, *Fast algorithms for convolutional neural networks*, CVPR 2016.
B. Barabasz, A. Anderson, K. M. Soodhalter, D. Gregg, *Error analysis and improving the accuracy of Winograd
convolution for deep neural networks*, ACM Transactions on Mathematical Software, 2020.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from convproof.symbolic.winograd.bound import ErrorBound
from convproof.symbolic.winograd.cost import Cost
from convproof.symbolic.winograd.exact import sizes
from convproof.symbolic.winograd.points import PointSet, PointsReason, chosen_points
from convproof.symbolic.winograd.toom_cook import checked_points, direct, toom_cook
from convproof.symbolic.winograd.transforms import NestedWinograd, Winograd, prove_transforms

__all__ = [
    "Cost",
    "ErrorBound",
    "NestedWinograd",
    "PointSet",
    "PointsReason",
    "Winograd",
    "prove_transforms",
    "winograd",
]


def winograd(m: int, r: int, points: Iterable[Any] | None = None) -> Winograd:
    """Return the transforms of F(m, r): m outputs of a correlation with r taps from m + r - 1 multiplications.

    ``y = AT [(G w) * (BT x)]``, over the rationals, by Toom (1963) and Cook (1966), transposed as in Winograd
    (1980), with the point at infinity (the modified algorithm of Barabasz et al. 2020).

    Parameters
    ----------
    m, r : int
        Outputs and taps, with m + r - 1 at most 32.
    points : sequence, optional
        m + r - 2 distinct finite rationals: integers, Fractions, SymPy Rationals, strings such as "3/4", or
        floats that are fractions over at most 2**16, such as 0.75. The point at infinity is added. By default
        the points of small error growth that `points_reason` explains; where m or r is 1, direct summation.

    Returns
    -------
    Winograd
        With ``AT`` (m, n), ``G`` (n, r), ``BT`` (n, n), n = m + r - 1, the proof in ``certificate``, and error
        bounds. Entries of AT and BT have denominators 2**k.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        Sizes that are no positive integers or too large; points of another number, that are no rationals, or
        that coincide.

    Examples
    --------
    >>> f = winograd(2, 3)
    >>> f
    <Winograd F(2, 3): 4 multiplications instead of 6, points 0, ±1, inf>
    >>> f.certificate.evidence
    'exact'
    >>> f.apply([1, 2, 3, 4], [1, 10, 100])
    array([321, 432], dtype=object)
    >>> f.nested().saving
    Fraction(9, 4)
    """
    outputs, taps = sizes(m, r)
    if points is not None:
        finite = checked_points(points, outputs, taps)
    elif 1 in (outputs, taps):
        return Winograd(*direct(outputs, taps))
    else:
        finite = chosen_points(outputs, taps)[0]
    return Winograd(*toom_cook(outputs, taps, finite), finite)
