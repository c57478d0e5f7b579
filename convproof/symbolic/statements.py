"""Statements about sizes and indices, for all sizes: two sets of integer points are equal under hypotheses.

Each is decided by isl, with numbers for strides and dilations, and by z3 (extra ``prove``) with these as symbols.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sympy import Symbol

from convproof.errors import ArgumentTypeError, ArgumentValueError, ConvproofError, MissingDependency, bad
from convproof.evidence import Certificate, Counterexample
from convproof.symbolic import relations, smt
from convproof.symbolic.guards import Guard, IntegerSet, Range
from convproof.symbolic.relations import Witness
from convproof.symbolic.smt import Undecided

__all__ = ["Equality", "Statement", "certificates"]


@dataclass(frozen=True)
class Equality:
    """That two sets over the same variables are equal.

    Attributes
    ----------
    name : str
        What is compared, such as ``"size"`` or ``"connectivity"``.
    left, right : IntegerSet
        Both sets.
    """

    name: str
    left: IntegerSet
    right: IntegerSet


@dataclass(frozen=True)
class Statement:
    """A relationship between the sizes, or the indices, of a convolution.

    Attributes
    ----------
    name : str
        A word for it, such as ``"half padding"``.
    text : str
        The statement in words.
    latex : str
        Its formula.
    equalities : tuple of Equality
        What it says of sets.
    hypotheses : mapping of str to Guard
        What it assumes, by names; each is needed.
    number : int or None
        Its number in the guide of Dumoulin and Visin.
    definitions : tuple of Guard
        What its symbols are: the size of the output, say.
    steps : mapping of Symbol to tuple of int
        Numbers for the symbols that isl cannot take as symbols; they go together, first with first.
    """

    name: str
    text: str
    latex: str
    equalities: tuple[Equality, ...]
    hypotheses: Mapping[str, Guard] = field(default_factory=dict)
    number: int | None = None
    definitions: tuple[Guard, ...] = ()
    steps: Mapping[Symbol, tuple[int, ...]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Number and name."""
        return self.name if self.number is None else f"{self.number} {self.name}"


def certificates(statement: Statement, drop: Collection[str] = ()) -> tuple[Certificate, ...]:
    """Decide a statement for all sizes.

    Parameters
    ----------
    statement : Statement
        What to decide.
    drop : collection of str
        Names of hypotheses to do without: a statement that needs them is then refuted.

    Returns
    -------
    tuple of Certificate
        One by isl and one by z3 where both know; evidence ``universal``, or the smallest counterexample.

    Raises
    ------
    ArgumentValueError
        `drop` has a name that is no hypothesis.
    MissingDependency
        Neither islpy nor z3-solver is installed.
    """
    kept = _kept(statement, drop)
    found, reasons = [], []
    for decide in (_by_isl, _by_z3):
        start = time.perf_counter()
        answer = decide(statement, (*statement.definitions, *kept.values()))
        if isinstance(answer, Undecided):
            reasons.append(answer.reason)
        else:
            seconds = time.perf_counter() - start
            found.append(replace(_certificate(statement, answer, tuple(kept.values())), seconds=seconds))
    if not found:
        error = ConvproofError if relations.available() or smt.available() else MissingDependency
        raise error(f"{statement.title}: not decided: {'; '.join(reasons)}")
    return tuple(replace(certificate, not_covered=tuple(reasons)) for certificate in found)


def _kept(statement: Statement, drop: Collection[str]) -> dict[str, Guard]:
    """Return the hypotheses that are not dropped."""
    if isinstance(drop, str) or not isinstance(drop, Collection):
        raise ArgumentTypeError(bad("drop", drop, "names of hypotheses, in a list"))
    names = ", ".join(map(repr, statement.hypotheses)) or "nothing: the statement has no hypotheses"
    for name in drop:
        if name not in statement.hypotheses:
            raise ArgumentValueError(bad("drop", name, names))
    return {name: guard for name, guard in statement.hypotheses.items() if name not in drop}


@dataclass(frozen=True)
class _Proved:
    """For which strides and dilations a statement holds."""

    scope: str


def _certificate(statement: Statement, answer: _Proved | Counterexample, kept: tuple[Guard, ...]) -> Certificate:
    claim = f"{statement.title}: {statement.text}"
    if isinstance(answer, Counterexample):
        return Certificate(claim, "formula", "the sizes below", None, counterexample=answer)
    return Certificate(claim, "formula", answer.scope, "universal", tuple(map(str, kept)))


def _refuted(statement: Statement, equality: Equality, witness: Witness) -> Counterexample:
    return Counterexample(op=statement.title, geometry="", dtype="", property=equality.name, story=str(witness))


# ---------------------------------------------------------------------- isl and z3


def _by_isl(statement: Statement, known: tuple[Guard, ...]) -> _Proved | Counterexample | Undecided:
    if not relations.available():
        return Undecided("isl was not asked (islpy is not installed)")
    asked = []
    try:
        for constants in _constants(statement):
            if not relations.difference([IntegerSet((), known)], [_NOTHING], known, **constants):
                continue  # no sizes meet the hypotheses at these strides
            asked.append(constants)
            for equality in statement.equalities:
                witness = relations.difference([equality.left], [equality.right], known, **constants)
                if witness is not None:
                    return _refuted(statement, equality, witness)
    except (relations.NotAffine, relations.TooHard) as error:
        return Undecided(f"isl gave no answer ({error})")
    if not asked:
        return Undecided("isl was not asked (nothing meets the hypotheses)")
    return _Proved(f"{_scope(asked)}, by isl")


def _by_z3(statement: Statement, known: tuple[Guard, ...]) -> _Proved | Counterexample | Undecided:
    if not smt.available():
        return Undecided("z3 was not asked (z3-solver is not installed)")
    if not isinstance(smt.difference(IntegerSet((), known), _NOTHING, ()), Witness):
        return Undecided("z3 was not asked (nothing meets the hypotheses)")
    for equality in statement.equalities:
        found = smt.difference(equality.left, equality.right, known)
        if isinstance(found, Undecided):
            return found
        if found is not None:
            return _refuted(statement, equality, found)
    return _Proved("all sizes, paddings, strides and dilations, by z3")


def _constants(statement: Statement) -> Iterator[dict[str, int]]:
    for values in zip(*statement.steps.values(), strict=True) if statement.steps else [()]:
        yield {str(symbol): value for symbol, value in zip(statement.steps, values, strict=True)}


def _scope(asked: list[dict[str, int]]) -> str:
    """Say at which numbers isl was asked, as ``(s, d) = (1, 1), (2, 1)``."""
    names = list(asked[0])
    if not names:
        return "all sizes and paddings"
    listed = dict.fromkeys(tuple(constants.values()) for constants in asked)
    if len(names) == 1:
        return f"all sizes and paddings, at {names[0]} = {', '.join(str(value) for (value,) in listed)}"
    return f"all sizes and paddings, at ({', '.join(names)}) = {', '.join(map(str, listed))}"


_NOTHING = IntegerSet((), (Range(-1),))
