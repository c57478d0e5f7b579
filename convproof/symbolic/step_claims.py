"""What a step of a derivation claims, and in which setting; claims without a meaning are refused here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sympy import Symbol

from convproof.errors import ArgumentValueError, bad, shown
from convproof.symbolic.guarded_sum import GuardedSum, Index, inline
from convproof.symbolic.guards import Guard, as_quotient

__all__ = ["Claim", "Setting", "well_formed"]


@dataclass(frozen=True)
class Setting:
    """What the symbols of a derivation are.

    Attributes
    ----------
    strides, dilations : tuple of Symbol
        One per axis; isl is given numbers for them.
    hypotheses : tuple of Guard
        What is assumed of parameters, besides the signs that the symbols carry.
    definitions : mapping of str to GuardedSum
        Tensors that stand for sums; outside the ranges of its free indices such a tensor is zero.
    """

    strides: tuple[Symbol, ...] = ()
    dilations: tuple[Symbol, ...] = ()
    hypotheses: tuple[Guard, ...] = ()
    definitions: Mapping[str, GuardedSum] = field(default_factory=dict)

    @property
    def steps(self) -> frozenset[Symbol]:
        """Every stride and dilation."""
        return frozenset((*self.strides, *self.dilations))


@dataclass(frozen=True)
class Claim:
    """That `after` equals `before`, or its derivative by a tensor whose indices are the last free ones of `after`.

    Both are families of polynomials, one for each value of the free indices, and zero outside their ranges.
    """

    before: GuardedSum
    after: GuardedSum
    derivative: str | None = None

    @property
    def sides(self) -> tuple[GuardedSum, GuardedSum]:
        return self.before, self.after

    @property
    def differentiated_by(self) -> tuple[Index, ...]:
        """The free indices that `after` has and `before` has not."""
        return self.after.free[len(self.before.free) :]

    def inlined(self, definitions: Mapping[str, GuardedSum]) -> Claim:
        """Put definitions in place of the tensors that they define."""
        before, after = (inline(side, definitions) for side in self.sides)
        return Claim(before, after, self.derivative)


def well_formed(claim: Claim, setting: Setting) -> Setting:
    """Return the setting with the definitions that the claim leads to, after a look at whether it has a meaning.

    Raises
    ------
    ArgumentValueError
        The sides have different free indices; a symbol is an index here and a parameter there; two symbols have one
        name; an index has a sign, or a range that depends on another index or is a fraction; a parameter cannot be
        positive; a tensor occurs with different numbers of indices; a definition leads back to itself; the derivative
        is by a tensor that is defined; a divisor need not be positive.
    """
    reached: dict[str, GuardedSum] = {}
    for side in claim.sides:
        _reach(side, setting.definitions, reached, ())
    _check_free(claim)
    _check_symbols((*claim.sides, *reached.values()), setting)
    _check_tensors(claim, reached)
    _check_divisors((*claim.sides, *reached.values()), setting)
    if claim.derivative in setting.definitions:
        raise ArgumentValueError(bad("derivative", claim.derivative, "a tensor without a definition"))
    return replace(setting, definitions=reached)


def _reach(
    sum_: GuardedSum, definitions: Mapping[str, GuardedSum], reached: dict[str, GuardedSum], above: tuple[str, ...]
) -> None:
    for tensor in sum_.arities:
        if tensor in above:
            raise ArgumentValueError(bad("definitions", tensor, "a definition that does not lead back to itself"))
        if tensor in definitions:
            reached[tensor] = definitions[tensor]
            _reach(definitions[tensor], definitions, reached, (*above, tensor))


def _check_free(claim: Claim) -> None:
    before, after = (tuple(index.symbol for index in side.free) for side in claim.sides)
    if claim.derivative is None and before != after:
        raise ArgumentValueError(bad("after", shown(_listed(after)), f"the free indices of before, {_listed(before)}"))
    if before != after[: len(before)]:
        expected = f"the free indices of before, {_listed(before)}, and those of the derivative behind them"
        raise ArgumentValueError(bad("after", shown(_listed(after)), expected))


def _listed(symbols: Iterable[Symbol]) -> str:
    return f"({', '.join(map(str, symbols))})"


def _check_symbols(sums: Iterable[GuardedSum], setting: Setting) -> None:
    indices: set[Symbol] = set()
    parameters = {symbol for guard in setting.hypotheses for symbol in guard.symbols}
    for sum_ in sums:
        indices |= sum_.indices
        parameters |= {*sum_.parameters}
        for index in (*sum_.free, *(b for term in sum_.terms for b in term.binders)):
            if index.size is None:
                continue
            parameters |= index.size.free_symbols
            if as_quotient(index.size)[1] != 1:
                raise ArgumentValueError(bad("size", shown(str(index.size)), "an integer; write floor() or ceiling()"))
    if both := sorted(indices & parameters, key=str):
        raise ArgumentValueError(bad("index", both[0], "a symbol that is no parameter, nor the range of an index"))
    if signed := next((i for i in sorted(indices, key=str) if i.is_nonnegative or i.is_nonpositive), None):
        raise ArgumentValueError(bad("index", signed, "a symbol for any integer, without a sign"))
    if negative := next((p for p in sorted(parameters, key=str) if p.is_nonpositive), None):
        raise ArgumentValueError(bad("parameter", negative, "a symbol that is positive, nonnegative or has no sign"))
    names = [str(symbol) for symbol in indices | parameters]
    if twice := sorted(name for name in set(names) if names.count(name) > 1):
        raise ArgumentValueError(bad("symbol", shown(twice[0]), "one symbol of that name"))


def _check_divisors(sums: Iterable[GuardedSum], setting: Setting) -> None:
    terms = [term for sum_ in sums for term in sum_.terms]
    for guard in (*setting.hypotheses, *(guard for term in terms for guard in term.guards)):
        _ = guard.clauses  # refuses what need not be positive
    for e in (e for term in terms for factor in term.factors for e in factor.indices):
        as_quotient(e)


def _check_tensors(claim: Claim, definitions: Mapping[str, GuardedSum]) -> None:
    arities: dict[str, set[int]] = {name: {len(sum_.free)} for name, sum_ in definitions.items()}
    if claim.derivative is not None:
        arities[claim.derivative] = {len(claim.differentiated_by)}
    for sum_ in (*claim.sides, *definitions.values()):
        for tensor, found in sum_.arities.items():
            arities[tensor] = arities.get(tensor, set()) | found
    if wrong := next((tensor for tensor, found in arities.items() if len(found) > 1), None):
        raise ArgumentValueError(bad("tensor", wrong, f"always as many indices, not {sorted(arities[wrong])}"))
