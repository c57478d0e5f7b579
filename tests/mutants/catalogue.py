"""Every wrong kernel: importing the files enters their kernels in the list."""

from . import geometry  # noqa: F401
from .registry import MUTANTS, Mutant

__all__ = ["MUTANTS", "Mutant"]
