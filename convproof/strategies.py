"""Hypothesis strategies for convolution geometries, for anybody's test suite."""

from convproof.checker.strategies import convs

__all__ = ["convs"]
