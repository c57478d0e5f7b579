"""What several derivations write: names of tensors, sums over every integer, equations of sizes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from sympy import Expr, Symbol, simplify

from convproof.evidence import Certificate, Counterexample
from convproof.symbolic.derivations.convolution import index
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.notation import Notation
from convproof.symbolic.step_checks import Setting

__all__ = ["equation", "operation", "over_integers", "single", "tensor_over", "with_definition", "without"]


def over_integers(symbols: Iterable[Symbol]) -> tuple[Index, ...]:
    """Return indices that run over every integer."""
    return tuple(Index(symbol, None) for symbol in symbols)


def single(tensor: str, place: tuple[Expr, ...]) -> Term:
    """Return one element of a tensor as a term."""
    return Term((), (), (Factor(tensor, place),))


def tensor_over(notation: Notation, mark: str, tensor: str) -> str:
    """Return the name of a tensor made from another, written with a mark: tilde, hat, breve."""
    return rf"\{mark}{{{notation.tensor(tensor)}}}"


def operation(notation: Notation, left: str, sign: str, right: str) -> str:
    """Return the name of the result of an operation, such as ``(x * w)``."""
    return rf"\left({notation.tensor(left)} {sign} {notation.tensor(right)}\right)"


def with_definition(setting: Setting, tensor: str, sum_: GuardedSum) -> Setting:
    """Return a setting in which a tensor stands for a sum."""
    return replace(setting, definitions={**setting.definitions, tensor: sum_})


def equation(claim: str, left: Expr, right: Expr) -> Certificate:
    """Return the certificate of an equation between formulas of sizes; it has a counterexample where they differ."""
    start = time.perf_counter()
    rest = simplify(left - right)
    if rest != 0:
        story = f"the two sides differ by {rest}"
        example = Counterexample(op="derivation", geometry="", dtype="", property="equation", story=story)
        return Certificate(claim, "formula", "every size", None, counterexample=example)
    scope = "every size for which no denominator is zero: the difference, simplified, is 0, by SymPy"
    return Certificate(claim, "formula", scope, "universal", seconds=time.perf_counter() - start)


def without(sum_: GuardedSum, *letters: str) -> GuardedSum:
    """Leave out indices that a formula does not need, such as images and groups: each is taken to be the only one."""
    gone = {index(letter) for letter in letters}
    return GuardedSum(
        _kept(sum_.free, gone),
        tuple(
            Term(
                _kept(term.binders, gone),
                term.guards,
                tuple(Factor(f.tensor, tuple(e for e in f.indices if e not in gone)) for f in term.factors),
                term.coefficient,
            )
            for term in sum_.terms
        ),
    )


def _kept(indices: tuple[Index, ...], gone: set[Symbol]) -> tuple[Index, ...]:
    return tuple(i for i in indices if i.symbol not in gone)
