"""The duality identities of convolution, as data: what must hold of any kernel, without an oracle.

Each identity relates runs of a kernel to one another (or to a plain matrix product); both sides are exact
integers and must be equal. All of them are consequences of the one relation ``i = s*r + d*a - p``.

References
----------
V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, 2016.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from convproof.geometry import Conv
from convproof.symbolic import identity_sides as sides
from convproof.symbolic.factored import ROLES, FactoredStructure
from convproof.symbolic.identity_sides import Run, Sides
from convproof.symbolic.relation import counted
from convproof.symbolic.transposition import transposed_input

__all__ = ["IDENTITIES", "Identity", "Run"]

_LARGEST_UNFOLD = 2**22  # elements of an unfolded input, 32 MiB
_LARGEST_COMPOSITION = 2**20  # weights of a composed kernel


@dataclass(frozen=True)
class Identity:
    """One identity, and how to test a kernel against it.

    Attributes
    ----------
    name : str
        For example ``"adjoint"``.
    statement, latex : str
        The identity in words and symbols, and as a formula.
    roles : tuple of str
        Which contractions it runs: ``"forward"``, ``"input_gradient"``, ``"weight_gradient"``.
    applies : callable
        ``applies(geo)``: whether it holds for, and says something of, this geometry.
    sides : callable
        ``sides(run, geo, rng, m)`` draws integers of magnitude at most m and returns both sides, int64 arrays
        that must be equal. ``run(role, geo, first, second)`` runs the kernel: ``("forward", geo, x, w)``,
        ``("input_gradient", geo, g, w)`` or ``("weight_gradient", geo, g, x)``, exact int64 in and out, at this
        geometry or one derived from it. Inner products are taken modulo 2**64.
    growth : int
        Partial sums inside the kernel stay below growth * K * m**2 in magnitude; see `largest_sum`.

    Examples
    --------
    >>> import numpy as np
    >>> oracle = lambda role, geo, first, second: getattr(FactoredStructure(geo), role)(first, second)
    >>> geo = Conv(x=(1, 2, 6, 6), w=(4, 2, 3, 3), stride=2, padding=1)
    >>> rng = np.random.default_rng(0)
    >>> all(np.array_equal(*i.sides(oracle, geo, rng, 3)) for i in IDENTITIES if i.applies(geo))
    True
    """

    name: str
    statement: str
    latex: str
    roles: tuple[str, ...]
    applies: Callable[[Conv], bool]
    sides: Sides
    growth: int = 1

    def largest_sum(self, geo: Conv, m: int) -> int:
        """Return a bound on the partial sums that the kernel forms, growth * K * m**2.

        K is the largest number of nonzero products in one element of any result. Where the bound is at most
        2**24, float32 is exact, whatever the order of summation.
        """
        oracle = FactoredStructure(geo)
        return self.growth * max(oracle.terms(role) for role in self.roles) * m * m


# ---------------------------------------------------------------------- side conditions


def _always(geo: Conv) -> bool:
    return True


def _fits_exactly(geo: Conv) -> bool:
    """Every window but none of the padded input is left over: the last window ends where the input does."""
    return geo.outputs is None and not any(sides.remainders(geo))


def _zeros(geo: Conv) -> bool:
    return geo.mode == "zeros" and geo.out_channels > 0 and min(transposed_input(geo)) >= 1


def _unfoldable(geo: Conv) -> bool:
    size = geo.batch * geo.groups * math.prod(geo.w[1:]) * math.prod(counted(geo))
    return size <= _LARGEST_UNFOLD


def _unpadded(geo: Conv) -> bool:
    return not any(lo or hi for lo, hi in geo.padding)


def _pointwise(geo: Conv) -> bool:
    return set(geo.kernel) == {1} and _unpadded(geo)


def _full_kernel(geo: Conv) -> bool:
    return geo.kernel == geo.n and set(geo.dilation) == {1} and _unpadded(geo)


def _padded(geo: Conv) -> bool:
    return not _unpadded(geo)


def _strided(geo: Conv) -> bool:
    return set(geo.stride) != {1}


def _dilated(geo: Conv) -> bool:
    return any(d > 1 and k > 1 for d, k in zip(geo.dilation, geo.kernel, strict=True))


def _has_interior(geo: Conv) -> bool:
    return all(sides.interior(geo))


def _grouped(geo: Conv) -> bool:
    return geo.groups > 1


def _depthwise(geo: Conv) -> bool:
    return geo.w[1] == 1 and geo.groups > 1


def _batched(geo: Conv) -> bool:
    return geo.batch > 1


def _composable(geo: Conv) -> bool:
    reach = (s + d * (k - 1) + 1 for k, s, d in zip(geo.kernel, geo.stride, geo.dilation, strict=True))
    weights = geo.groups * geo.w[1] * math.prod(reach)
    return geo.outputs is None and geo.out_channels > 0 and weights <= _LARGEST_COMPOSITION


# ---------------------------------------------------------------------- the identities

_MAPS = {
    "forward": ("y", "x", "w"),
    "input_gradient": (r"\mathrm{d}x", "g", "w"),
    "weight_gradient": (r"\mathrm{d}w", "g", "x"),
}


def _linear(role: str, operand: int) -> Identity:
    result, *operands = _MAPS[role]
    u = operands[operand]
    before, after = ("", ", " + operands[1]) if operand == 0 else (operands[0] + ", ", "")
    sums = [f"{result}({before}{u}{which}{after})" for which in (" + " + u + "'", "", "'")]
    statement = f"{role.replace('_', ' ')} is additive in {u}"
    latex = f"{sums[0]} = {sums[1]} + {sums[2]}"
    return Identity(f"linear in {u}: {role}", statement, latex, (role,), _always, sides.linear(role, operand), growth=2)


def _flip(role: str) -> Identity:
    result, one, two = _MAPS[role]
    return Identity(
        f"flip: {role}",
        f"reversing {one} and {two} on every axis, and swapping low and high padding, "
        f"reverses the {role.replace('_', ' ')}; s | n + p_lo + p_hi - d(k-1) - 1 on every axis",
        rf"{result}_{{p_{{hi}},p_{{lo}}}}(J {one}, J {two}) = J\,{result}_{{p_{{lo}},p_{{hi}}}}({one}, {two})",
        (role,),
        _fits_exactly,
        sides.flip(role),
    )


def _grouped_identity(role: str) -> Identity:
    result, one, two = _MAPS[role]
    return Identity(
        f"groups: {role}",
        "a grouped convolution is block diagonal: each group can be run alone",
        rf"{result}({one}, {two}) = \bigoplus_{{\gamma}} {result}({one}_\gamma, {two}_\gamma)",
        (role,),
        _grouped,
        sides.grouped(role),
    )


def _batch(role: str) -> Identity:
    result, one, two = _MAPS[role]
    return Identity(
        f"batch: {role}",
        "each image of a batch can be run alone",
        rf"{result}({one}, {two})_\nu = {result}({one}_\nu, {two})",
        (role,),
        _batched,
        sides.batch(role),
    )


#: Every identity; which apply to a geometry, each says itself.
IDENTITIES: tuple[Identity, ...] = (
    *(_linear(role, operand) for role in ROLES for operand in (0, 1)),
    Identity(
        "adjoint",
        "⟨C x, g⟩ = ⟨x, Cᵀ g⟩",
        r"\langle C x, g\rangle = \langle x, C^{\mathsf T} g\rangle",
        ("forward", "input_gradient"),
        _always,
        sides.adjoint,
    ),
    Identity(
        "adjoint in w",
        "⟨X w, g⟩ = ⟨w, Xᵀ g⟩",
        r"\langle X w, g\rangle = \langle w, X^{\mathsf T} g\rangle",
        ("forward", "weight_gradient"),
        _always,
        sides.weight_adjoint,
    ),
    Identity(
        "trilinear",
        "⟨g, y(x, w)⟩ = ⟨dx(g, w), x⟩ = ⟨dw(g, x), w⟩",
        r"\langle g, y(x,w)\rangle = \langle \mathrm{d}x(g,w), x\rangle = \langle \mathrm{d}w(g,x), w\rangle",
        ROLES,
        _always,
        sides.trilinear,
    ),
    *(_flip(role) for role in ROLES),
    Identity(
        "transposed",
        "the input gradient inserts s - 1 zeros into g, pads by d(k-1) - p (crops where that is negative) and "
        "correlates with the flipped kernel, channels swapped; mode zeros",
        r"C^{\mathsf T} g = (J w) \star \operatorname{pad}_{d(k-1)-p}({\uparrow_s}\, g)",
        ("input_gradient", "forward"),
        _zeros,
        sides.transposed,
    ),
    Identity(
        "unfold",
        "y = W unfold(x)",
        r"y = W \operatorname{unfold}(x)",
        ("forward",),
        _unfoldable,
        sides.unfold,
    ),
    Identity(
        "padding",
        "padding is the same as convolving a padded copy",
        r"y_{p}(x, w) = y_{0}(\operatorname{pad}_p x, w)",
        ("forward",),
        _padded,
        sides.padded_beforehand,
    ),
    Identity(
        "stride",
        "a strided convolution keeps every s-th output of the one with stride 1",
        r"y_{s}(x, w)(r) = y_{1}(x, w)(s r)",
        ("forward",),
        _strided,
        sides.every_output,
    ),
    Identity(
        "dilation",
        "a dilated kernel is the kernel with d - 1 zeros between neighbouring taps",
        r"y_{d}(x, w) = y_{1}(x, {\uparrow_d}\, w)",
        ("forward",),
        _dilated,
        sides.dilated,
    ),
    Identity(
        "translation",
        "moving x by the stride moves y by one, where no window reads padding",
        r"y(T^{s} x, w)(r) = y(x, w)(r - 1) \quad\text{in the interior}",
        ("forward",),
        _has_interior,
        sides.translated,
    ),
    *(_grouped_identity(role) for role in ROLES),
    Identity(
        "depthwise",
        "with the same filters for every channel, each channel is an image of its own; C/G = 1",
        r"y(x, w)_{\nu,c} = y(x_{\nu,c}, w_0)",
        ("forward",),
        _depthwise,
        sides.depthwise,
    ),
    Identity(
        "1x1",
        "a 1x1 kernel without padding is a matrix product over channels",
        r"y_{\nu}(r) = W x_{\nu}(s r)",
        ("forward",),
        _pointwise,
        sides.pointwise,
    ),
    Identity(
        "fully connected",
        "a kernel as large as the unpadded input is a fully connected layer",
        r"y_{\nu} = W \operatorname{vec}(x_{\nu})",
        ("forward",),
        _full_kernel,
        sides.fully_connected,
    ),
    _batch("forward"),
    _batch("input_gradient"),
    Identity(
        "batch: weight_gradient",
        "the weight gradient of a batch is the sum over its parts",
        r"\mathrm{d}w(g, x) = \mathrm{d}w(g', x') + \mathrm{d}w(g'', x'')",
        ("weight_gradient",),
        _batched,
        sides.split_batch,
    ),
    Identity(
        "composition",
        "two convolutions in a row are one, whose taps are the convolution of both kernels",
        r"w_2 \star (w_1 \star x) = (w_2 * w_1) \star x",
        ("forward",),
        _composable,
        sides.composed,
        growth=sides.SPARSE,
    ),
)
