"""Every wrong kernel: importing the files enters their kernels in the list."""

from tests.mutants import geometry, gradients, memory, precision, sizes, state, transposed, values  # noqa: F401
from tests.mutants.registry import MUTANTS, Mutant

__all__ = ["MUTANTS", "Mutant"]
