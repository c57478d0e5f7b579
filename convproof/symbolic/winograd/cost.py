"""Operations of the transforms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from convproof.symbolic.winograd.exact import Matrix, power_of_two

__all__ = ["Cost", "nested_cost", "transform_cost", "transposed_cost"]


@dataclass(frozen=True)
class Cost:
    """Operations of one transform.

    Attributes
    ----------
    additions : int
        Additions and subtractions.
    scalings : int
        Multiplications by powers of two other than one: exact in floating point, shifts in integers.
    multiplications : int
        Multiplications by other constants.
    """

    additions: int = 0
    scalings: int = 0
    multiplications: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.additions + other.additions,
            self.scalings + other.scalings,
            self.multiplications + other.multiplications,
        )

    def __mul__(self, times: int) -> Cost:
        return Cost(self.additions * times, self.scalings * times, self.multiplications * times)


def transform_cost(matrix: Matrix) -> Cost:
    """Count the operations of a product with a vector, constants applied entry by entry.

    Two rows that differ in signs only, those of points p and -p, share the sums of what they have in common:
    u + v and u - v.

    Examples
    --------
    >>> from fractions import Fraction
    >>> transform_cost(((Fraction(1), Fraction(1, 2), Fraction(3)), (Fraction(1), Fraction(-1, 2), Fraction(3))))
    Cost(additions=3, scalings=1, multiplications=1)
    """
    total, seen = Cost(), dict[tuple, tuple]()
    for row in matrix:
        live = [entry for entry in row if entry]
        shape = tuple(abs(entry) for entry in row)
        first = seen.pop(shape, None)
        if first is None:
            seen[shape] = row
            dyadic = sum(power_of_two(entry) and abs(entry) != 1 for entry in live)
            total += Cost(max(len(live) - 1, 0), dyadic, sum(not power_of_two(entry) for entry in live))
        elif row != first and row != tuple(-entry for entry in first):
            total += Cost(additions=1)  # the second of u + v and u - v
    return total


def transposed_cost(matrix: Matrix) -> Cost:
    """Count the operations as `transform_cost` of the transpose, run backwards: pairs of columns share sums.

    Transposing an algorithm keeps its multiplications, and changes its additions by columns minus rows
    (Bordewijk 1956; Fiduccia 1973).
    """
    cost = transform_cost(tuple(zip(*matrix, strict=True)))
    return cost + Cost(additions=len(matrix[0]) - len(matrix))


def nested_cost(costs: Sequence[Cost], shapes: Sequence[tuple[int, int]]) -> Cost:
    """Count the operations of transforms applied axis by axis to an array, first axis first.

    Parameters
    ----------
    costs : sequence of Cost
        Of the transform of each axis.
    shapes : sequence of (int, int)
        Rows and columns of each.
    """
    total = Cost()
    for axis, cost in enumerate(costs):
        done = math.prod(rows for rows, _ in shapes[:axis])
        ahead = math.prod(columns for _, columns in shapes[axis + 1 :])
        total += cost * (done * ahead)
    return total
