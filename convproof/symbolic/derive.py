"""``derive``: the derivation of an operation, step by step, each step checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from importlib import import_module

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad
from convproof.geometry import Conv
from convproof.symbolic.derivation import Derivation
from convproof.symbolic.notation import PAPER, Notation, slide

__all__ = ["axes_of", "chapters", "check_geometry", "derive", "summary", "topics"]

# Topic: module and function in convproof.symbolic.derivations. A # stands for the number of axes.
_TOPICS = {
    "conv#d": "definition.forward",
    "convolution_algebra": "algebra.algebra",
    "convolution_theorem": "fourier.convolution_theorem",
    "pointwise": "linear.pointwise",
    "fully_connected": "linear.fully_connected",
    "separable": "separable.separable",
    "depthwise_separable": "separable.depthwise_separable",
    "composition": "composition.composition",
    "equivariance": "equivariance.equivariance",
    "conv#d_input": "gradients.input_gradient",
    "conv#d_weight": "gradients.weight_gradient",
    "bias": "bias.bias_gradient",
    "output_size": "output_sizes.output_size",
    "conv_transpose#d": "transposed.conv_transpose",
    "conv_transpose#d_input": "transposed_gradients.input_gradient",
    "conv_transpose#d_weight": "transposed_gradients.weight_gradient",
    "inverse": "inverse.inverse",
    "unfold": "unfolding.unfold",
    "fold": "unfolding.fold",
    "im2col": "im2col.im2col",
}


# Titles of the chapters of the booklet, by module.
_CHAPTERS = {
    "definition": "Convolution",
    "algebra": "Convolution",
    "fourier": "Convolution",
    "linear": "Special kernels",
    "separable": "Special kernels",
    "composition": "Layers in a row, and shifts",
    "equivariance": "Layers in a row, and shifts",
    "gradients": "Gradients",
    "bias": "Gradients",
    "output_sizes": "Output sizes",
    "transposed": "Transposed convolution",
    "transposed_gradients": "Transposed convolution",
    "inverse": "Transposed convolution",
    "unfolding": "Convolution as a matrix product",
    "im2col": "Convolution as a matrix product",
}


_AXES = re.compile(r"(?<=[a-z])([123])d")
_MOST_PRODUCTS = 5_000_000  # of a geometry whose matrices are shown


def topics() -> tuple[str, ...]:
    """Return everything that can be derived, in the order of the booklet."""
    return tuple(topic for pattern in _TOPICS for topic in _spelled(pattern))


def chapters() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the chapters of the booklet: title and topics."""
    found: dict[str, list[str]] = {}
    for pattern, place in _TOPICS.items():
        module = place.partition(".")[0]
        title = _CHAPTERS.get(module, module.replace("_", " ").capitalize())
        found.setdefault(title, []).extend(_spelled(pattern))
    return tuple((title, tuple(listed)) for title, listed in found.items())


def summary(op: str) -> str:
    """Return what is derived under a name, in one sentence, without deriving it."""
    make, _ = _topic(_known(op))
    sentence = (make.__doc__ or "").strip().partition("\n")[0].partition(". ")[0].rstrip(".")
    return f"{sentence}."


def _spelled(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.replace("#", axes) for axes in "123") if "#" in pattern else (pattern,)


def derive(
    op: str, *, simple: bool = False, geometry: Conv | str | None = None, notation: Notation | None = None
) -> Derivation:
    """Derive the formula of an operation, each step checked.

    Parameters
    ----------
    op : str
        One of `topics`, such as ``"conv2d_input"``.
    simple : bool
        The simplifications of a lecture slide: one channel, stride 1, padding so that sizes match.
    geometry : Conv or str, optional
        A geometry whose matrices, and whose numbers in the formula, are to stand in the document.
    notation : Notation, optional
        How it is written; by default `PAPER`, and that of a `slide` where simple.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        An unknown topic; a geometry with another number of axes, or one that `check_geometry` refuses.
    Refuted
        A step is wrong.

    Examples
    --------
    >>> found = derive("conv1d_input", simple=True)
    >>> [step.rule for step in found.steps]
    ['definition', 'chain rule', 'differentiate', 'absorb', 'insert', 'sift']
    >>> found.steps[-1].evidence
    'universal'
    """
    make, axes = _topic(_known(op))
    if not isinstance(simple, bool):
        raise ArgumentTypeError(bad("simple", simple, "True or False"))
    if notation is not None and not isinstance(notation, Notation):
        raise ArgumentTypeError(bad("notation", notation, "a Notation"))
    geo = None if geometry is None else _geometry(geometry, axes_of(op))
    found = make(axes, simple, notation or (slide(axes) if simple else PAPER))
    return replace(found, geometry=geo, simple=simple)


def _known(op: str) -> str:
    """Return a topic; refuse what is none, and name those whose spelling is near."""
    if not isinstance(op, str):
        raise ArgumentTypeError(bad("op", op, "the name of an operation, such as 'conv2d_input'"))
    known = topics()
    if op not in known:
        near = get_close_matches(op[:100], known, n=3)
        advice = f"; did you mean {' or '.join(near)}?" if near else f", one of {', '.join(known)}"
        raise ArgumentValueError(bad("op", op, f"something that can be derived{advice}"))
    return op


def axes_of(op: str) -> int | None:
    """Return the number of axes that a topic's name says, None where it says none.

    Examples
    --------
    >>> axes_of("conv3d_input"), axes_of("im2col")
    (3, None)
    """
    found = _AXES.search(op)
    return int(found[1]) if found else None


def check_geometry(geo: Conv) -> None:
    """Refuse a geometry that has no place in a document: padded otherwise than with zeros, empty, or too large to read.

    Raises
    ------
    ArgumentValueError
        The message says which.
    """
    if geo.mode != "zeros":
        raise ArgumentValueError(bad("geometry", str(geo), "mode zeros: the derivations pad with zeros"))
    if 0 in (*geo.x, *geo.w, *geo.y):
        raise ArgumentValueError(bad("geometry", str(geo), "sizes of at least 1"))
    if geo.multiply_adds > _MOST_PRODUCTS:
        expected = f"at most {_MOST_PRODUCTS:,} products to show its matrices, not {geo.multiply_adds:,}"
        raise ArgumentValueError(bad("geometry", str(geo), expected))


def _geometry(geometry: Conv | str, axes: int | None) -> Conv:
    geo = Conv.parse(geometry) if isinstance(geometry, str) else geometry
    if not isinstance(geo, Conv):
        raise ArgumentTypeError(bad("geometry", geometry, "a Conv, or its one-line form"))
    if axes is not None and geo.axes != axes:
        raise ArgumentValueError(bad("geometry", str(geo), f"{axes} spatial axes, as many as what is derived"))
    check_geometry(geo)
    return geo


def _topic(op: str) -> tuple[Callable[..., Derivation], int]:
    """Return what derives a topic, and for how many axes: two where the name does not say."""
    place = _TOPICS[_AXES.sub("#d", op, count=1)]
    module, function = place.split(".")
    make = getattr(import_module(f"convproof.symbolic.derivations.{module}"), function)
    return make, axes_of(op) or 2
