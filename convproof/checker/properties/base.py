"""What a property is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from convproof.checker.cases import Case, Passed, Skipped
from convproof.checker.subject import Subject

__all__ = ["BILINEAR", "BILINEAR_ROUNDED", "Property"]

BILINEAR = "every output is a polynomial of degree at most 2 in the inputs, the same at every call"
BILINEAR_ROUNDED = "up to an error below 1/2 every output is an integer polynomial of degree at most 2 in the inputs"


@dataclass(frozen=True)
class Property:
    """One thing that a right kernel does.

    Attributes
    ----------
    name : str
        As it stands in reports.
    claim : str
        The property as a sentence.
    check : callable
        ``check(subject, case) -> Passed | Skipped``; raises `Wrong` where the kernel does not.
    evidence : str or None
        The word of evidence that a pass earns.
    assumption : str
        What that evidence rests on.
    every : int
        Asked of every so many generated geometries: the costly ones of fewer.
    contractions : tuple of str
        Asked of the kernels of these contractions.
    """

    name: str
    claim: str
    check: Callable[[Subject, Case], Passed | Skipped]
    evidence: str | None = "exact"
    assumption: str = ""
    every: int = 1
    contractions: tuple[str, ...] = ("forward", "input_gradient", "weight_gradient")
