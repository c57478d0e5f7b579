"""What an entry of a matrix can be: nothing, dots, words, or a polynomial in named symbols."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

__all__ = ["Entry", "Polynomial", "Symbol", "Term", "shown"]


class Symbol(NamedTuple):
    """A name with its scripts as they were printed: ``w``, ``0,1`` and ``l`` of ``w_{0,1}^l``."""

    base: str
    sub: str = ""
    sup: str = ""

    def __str__(self) -> str:
        sub = f"_{{{self.sub}}}" if self.sub else ""
        return self.base + sub + (f"^{{{self.sup}}}" if self.sup else "")


Term = tuple[Fraction, tuple[Symbol, ...]]  # factors in the order in which they were printed
Polynomial = dict[tuple[Symbol, ...], Fraction]  # by sorted factors, no zeros


@dataclass(frozen=True)
class Entry:
    """What one cell says.

    Attributes
    ----------
    kind : {"blank", "dots", "mark", "value", "text"}
        ``mark`` is a lone centred dot, which may stand for zero.
    terms : tuple of terms
        Of a value.
    """

    kind: str
    terms: tuple[Term, ...] = ()

    @cached_property
    def polynomial(self) -> Polynomial:
        """The value in normal form: two entries are equal exactly when these are."""
        collected: Polynomial = {}
        for coefficient, factors in self.terms:
            key = tuple(sorted(factors))
            collected[key] = collected.get(key, Fraction(0)) + coefficient
        return {key: value for key, value in collected.items() if value}

    @cached_property
    def token(self) -> str:
        """The value as a word that tells entries of one matrix apart; ``ab`` and ``ba`` are two words."""
        if len(self.terms) == 1 and len(self.terms[0][1]) > 1:
            return shown({self.terms[0][1]: self.terms[0][0]})
        return shown(self.polynomial)

    @property
    def symbol(self) -> Symbol | None:
        """The symbol where the value is nothing else."""
        if len(self.terms) == 1 and self.terms[0][0] == 1 and len(self.terms[0][1]) == 1:
            return self.terms[0][1][0]
        return None


def shown(polynomial: Polynomial) -> str:
    """Write a polynomial.

    >>> shown({(Symbol("a"), Symbol("x", "0")): Fraction(1), (): Fraction(-2)})
    '-2 + a x_{0}'
    """
    words = []
    for factors, coefficient in sorted(polynomial.items()):
        size = "" if factors and abs(coefficient) == 1 else str(abs(coefficient))
        words.append(("-" if coefficient < 0 else "") + " ".join([*([size] if size else []), *map(str, factors)]))
    return " + ".join(words).replace("+ -", "- ") or "0"
