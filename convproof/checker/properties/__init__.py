"""What a right kernel does: one function per property, in files by subject."""

from __future__ import annotations

from convproof.checker.properties.arguments import ARGUMENTS
from convproof.checker.properties.base import Property
from convproof.checker.properties.data import KINDS, SCALE
from convproof.checker.properties.duality import DUALITIES
from convproof.checker.properties.edges import EMPTY, NON_FINITE
from convproof.checker.properties.memory import LAYOUTS, MOAT, REPEATABLE, STATELESS, UNTOUCHED
from convproof.checker.properties.precision import ACCUMULATOR, ERROR_BOUND, OPERANDS
from convproof.checker.properties.values import BIAS, READ_OFF, RESULT, VALUES

__all__ = ["ON_LARGE", "PROPERTIES", "Property"]

#: Asked of the generated geometries.
PROPERTIES: tuple[Property, ...] = (
    VALUES,
    RESULT,
    READ_OFF,
    *DUALITIES,
    BIAS,
    KINDS,
    SCALE,
    ARGUMENTS,
    OPERANDS,
    ACCUMULATOR,
    ERROR_BOUND,
    LAYOUTS,
    MOAT,
    UNTOUCHED,
    STATELESS,
    REPEATABLE,
    EMPTY,
    NON_FINITE,
)

#: Asked of size sweeps and of the layers of real networks.
ON_LARGE: tuple[Property, ...] = (VALUES, BIAS, OPERANDS, ACCUMULATOR)
