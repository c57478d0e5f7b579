"""``derive``: the derivation of an operation, step by step, each step checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad
from convproof.geometry import Conv
from convproof.symbolic.derivation import Derivation
from convproof.symbolic.notation import PAPER, SLIDE, Notation

__all__ = ["derive", "topics"]

# Topic: module and function in convproof.symbolic.derivations. A # stands for the number of axes.
_TOPICS = {
    "conv#d_input": "gradients.input_gradient",
    "conv#d_weight": "gradients.weight_gradient",
}


def topics() -> tuple[str, ...]:
    """Return everything that can be derived, in the order of the booklet."""
    return tuple(name.replace("#", axes) for name in _TOPICS for axes in ("123" if "#" in name else "1"))


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
        A geometry whose matrix is to stand in the document.
    notation : Notation, optional
        How it is written; by default `PAPER`, and `SLIDE` where simple.

    Raises
    ------
    ArgumentValueError
        An unknown topic.
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
    if not isinstance(op, str):
        raise ArgumentTypeError(bad("op", op, "the name of an operation, such as 'conv2d_input'"))
    if op not in topics():
        raise ArgumentValueError(bad("op", op, "one of " + ", ".join(topics())))
    make, axes = _topic(op)
    return make(axes, simple, notation or (SLIDE if simple else PAPER))


def _topic(op: str) -> tuple[Callable[..., Derivation], int]:
    found = re.search(r"(?<=[a-z])([123])d", op)
    place = _TOPICS[op if found is None else op.replace(found[0], "#d", 1)]
    module, function = place.split(".")
    return getattr(import_module(f"convproof.symbolic.derivations.{module}"), function), int(found[1]) if found else 2
