"""What kind of matrix a convolution has, found out from its entries: Toeplitz, circulant, block diagonal...

Rows and columns are taken apart into image, channel and spatial axes. Along an axis a matrix is Toeplitz when
moving one step down and one to the right changes no entry, strided when the steps differ, Hankel when one of them
goes backwards, circulant when they wrap around.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from convproof.symbolic.structure import StructureTensor

__all__ = ["describe"]

_LARGEST_STRIDE = 8  # strides that are looked for
_IDENTITY = "multiple of the identity"
_BLOCKS = {2: "doubly block ", 3: "triply block "}


@dataclass(frozen=True)
class _Kind:
    """How a matrix repeats itself along one axis; a band has zeros beyond some diagonal."""

    name: str
    stride: int = 1
    band: bool = False


def describe(tensor: StructureTensor) -> str:
    """Name the structure of the matrix with rows `out` and columns `x`.

    Strides up to 8 are recognised; what repeats in no way is called unstructured.

    Examples
    --------
    >>> from convproof.geometry import Conv
    >>> from convproof.symbolic.structure import structure
    >>> describe(structure(Conv(x=(1, 1, 7), w=(1, 1, 3), stride=2)))
    'strided band (stride 2)'
    >>> describe(structure(Conv(x=(1, 2, 5, 5), w=(2, 1, 3, 3), groups=2)))
    'block diagonal (2 blocks): doubly block Toeplitz'
    """
    if not len(tensor):
        return "zero"
    diagonal = _diagonal_blocks(tensor)
    down, across = (math.prod(shape[:2]) // diagonal for shape in tensor.shapes[:2])
    inner = _spatial(tensor)
    if (down, across) != (1, 1):
        inner = f"{down}x{across} blocks, each {inner}"
    return f"block diagonal ({diagonal} blocks): {inner}" if diagonal > 1 else inner


def _diagonal_blocks(tensor: StructureTensor) -> int:
    """Return the largest number of equal diagonal blocks of whole channels, outside of which all is zero."""
    rows, columns, _ = tensor.shape
    most = math.gcd(math.prod(tensor.shapes[0][:2]), math.prod(tensor.shapes[1][:2]))
    counts = (count for count in range(most, 0, -1) if most % count == 0)
    return next(c for c in counts if np.array_equal(tensor.out // (rows // c), tensor.x // (columns // c)))


def _spatial(tensor: StructureTensor) -> str:
    """Name what the spatial axes have in common."""
    axes = len(tensor.shapes[0]) - 2
    sizes = [(tensor.shapes[0][2 + axis], tensor.shapes[1][2 + axis]) for axis in range(axes)]
    kinds = [_along(tensor, axis) for axis, size in enumerate(sizes) if size != (1, 1)]
    if not kinds:
        return "dense"
    if any(kind is None for kind in kinds):
        return "unstructured"
    found = [kind for kind in kinds if kind is not None]
    names = {kind.name for kind in found}
    if names == {_IDENTITY}:
        return _IDENTITY
    if len(names) > 1:
        return "block " + ", its blocks ".join(_titled([kind]) for kind in found)
    if len(found) == 1 and found[0].band and found[0].stride == 1:
        return f"{found[0].name} (band)"
    return _BLOCKS.get(len(found), "") + _titled(found)


def _titled(kinds: list[_Kind]) -> str:
    name = kinds[0].name
    if all(kind.stride == 1 for kind in kinds):
        return name
    if all(kind.band for kind in kinds):
        name = name.replace("Toeplitz", "band")
    return f"{name} (stride {'x'.join(str(kind.stride) for kind in kinds)})"


# ---------------------------------------------------------------------- one axis


def _along(tensor: StructureTensor, axis: int) -> _Kind | None:
    """Return how the matrix repeats along a spatial axis, None where it does not."""
    y_size, x_size = tensor.shapes[0][2 + axis], tensor.shapes[1][2 + axis]
    if y_size == x_size and _invariant(tensor, axis, 1, 1, wrap=True):
        diagonal = np.array_equal(_position(tensor, 0, axis), _position(tensor, 1, axis))
        return _Kind(_IDENTITY if diagonal else "circulant")
    for stride in range(1, _LARGEST_STRIDE + 1):
        strided = "" if stride == 1 else "strided "
        for name, down, right in (
            (f"{strided}Toeplitz", 1, stride),
            (f"transposed {strided}Toeplitz", stride, 1),
            (f"{strided}Hankel", 1, -stride),
            (f"transposed {strided}Hankel", -stride, 1),
        ):
            if _invariant(tensor, axis, down, right):
                return _Kind(name, stride, right > 0 and down > 0 and _is_band(tensor, axis, down, right))
    return None


def _is_band(tensor: StructureTensor, axis: int, down: int, right: int) -> bool:
    """Whether the matrix is zero beyond some diagonal; diagonals go `down` and `right`."""
    y_size, x_size = tensor.shapes[0][2 + axis], tensor.shapes[1][2 + axis]
    diagonal = down * _position(tensor, 1, axis) - right * _position(tensor, 0, axis)
    return int(diagonal.max() - diagonal.min()) < down * (x_size - 1) + right * (y_size - 1)


def _position(tensor: StructureTensor, column: int, axis: int) -> np.ndarray:
    """Return the position of every row (column 0) or column (column 1) along a spatial axis."""
    shape = tensor.shapes[column]
    inner = math.prod(shape[3 + axis :])
    index = tensor.out if column == 0 else tensor.x
    return index // inner % shape[2 + axis]


def _invariant(tensor: StructureTensor, axis: int, down: int, right: int, wrap: bool = False) -> bool:
    """Whether moving `down` rows and `right` columns along an axis changes no entry.

    Without wrapping, entries that leave the matrix are left out of account, and so are those that come from
    outside; unless both steps are 1, a fifth of the entries has to stay, so that small matrices are not overread.
    """
    (y_size, y_step), (x_size, x_step) = (
        (shape[2 + axis], math.prod(shape[3 + axis :])) for shape in tensor.shapes[:2]
    )
    y, x = _position(tensor, 0, axis), _position(tensor, 1, axis)
    if wrap:
        out = tensor.out + ((y + down) % y_size - y) * y_step
        to = tensor.x + ((x + right) % x_size - x) * x_step
        return StructureTensor.from_terms(out, to, tensor.w, tensor.coeff, tensor.shapes) == tensor
    remains = _inside(y + down, y_size) & _inside(x + right, x_size)
    arrived = _inside(y - down, y_size) & _inside(x - right, x_size)
    moved = (
        tensor.out[remains] + down * y_step,
        tensor.x[remains] + right * x_step,
        tensor.w[remains],
        tensor.coeff[remains],
    )
    stay = (tensor.out[arrived], tensor.x[arrived], tensor.w[arrived], tensor.coeff[arrived])
    if (down, right) != (1, 1) and 5 * len(moved[0]) < len(tensor):
        return False
    return all(np.array_equal(mine, theirs) for mine, theirs in zip(moved, stay, strict=True))


def _inside(position: np.ndarray, size: int) -> np.ndarray:
    return (position >= 0) & (position < size)
