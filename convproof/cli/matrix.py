"""``convproof matrix``: the matrix of a geometry, in the form asked for."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from convproof.errors import ArgumentValueError, bad

if TYPE_CHECKING:
    from convproof.geometry import Conv
    from convproof.symbolic.conv_matrix import ConvMatrix

__all__ = ["matrix"]

_MOST_PRINTED = 10_000  # zeros included
_MOST_LISTED = 5_000_000


class Format(StrEnum):
    """How a matrix is printed."""

    text = "text"
    latex = "latex"
    json = "json"


class ActsOn(StrEnum):
    """What a matrix is multiplied by."""

    x = "x"
    w = "w"


def matrix(
    geometry: Annotated[str, typer.Argument(help="Such as x1x1x4-w1x1x3-p1.", metavar="GEOMETRY")],
    acts_on: Annotated[ActsOn, typer.Option(help="The input, or the weight (im2col).")] = ActsOn.x,
    transpose: Annotated[bool, typer.Option("--transpose", help="The matrix of the gradient.")] = False,
    form: Annotated[Format, typer.Option("--format", help="json has the entries that are not 0.")] = Format.text,
) -> None:
    """Print the matrix of a geometry."""
    from convproof.geometry import Conv

    geo = Conv.parse(geometry)
    _check_size(geo, acts_on, form)
    from convproof.symbolic.matrix import matrix as derive

    found = derive(geo, acts_on=acts_on.value)
    typer.echo(_written(found.T if transpose else found, form))


def _check_size(geo: Conv, acts_on: ActsOn, form: Format) -> None:
    """Refuse what nobody can read, before it is derived."""
    if form is Format.json:
        if geo.multiply_adds > _MOST_LISTED:
            expected = f"at most {_MOST_LISTED:,} products, not {geo.multiply_adds:,}"
            raise ArgumentValueError(bad("geometry", str(geo), expected))
        return
    rows, columns = math.prod(geo.y), math.prod(geo.x if acts_on is ActsOn.x else geo.w)
    if rows * columns > _MOST_PRINTED:
        size = f"{rows:,} x {columns:,}"
        expected = f"a matrix of at most {_MOST_PRINTED:,} entries to print, not {size} (--format json takes more)"
        raise ArgumentValueError(bad("geometry", str(geo), expected))


def _written(found: ConvMatrix, form: Format) -> str:
    from convproof.report.matrix import matrix_json, matrix_text

    if form is Format.json:
        return matrix_json(found)
    if form is Format.latex:
        return found.latex(max_size=max(3, *found.shape))
    what = repr(found).removeprefix("<ConvMatrix ").removesuffix(">")
    return f"{what}\n\n{matrix_text(found)}"
