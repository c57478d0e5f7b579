"""Every right but unusual kernel: importing the files enters their kernels in the list."""

from tests.right import algorithms, callables, results, summation  # noqa: F401
from tests.right.registry import RIGHT, RightKernel

__all__ = ["RIGHT", "RightKernel"]
