"""The steps of a derivation as claims, wrong variants of them, and formulas evaluated with numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from unittest.mock import patch

import numpy as np
import pytest

from convproof.errors import Refuted
from convproof.symbolic import polynomials, relations, smt
from convproof.symbolic.derivation import Writer
from convproof.symbolic.derive import derive
from convproof.symbolic.relations import Witness
from convproof.symbolic.step_checks import Claim, Setting, certify, refute_at_sizes, refute_by_isl, refute_by_z3


@dataclass(frozen=True)
class Recorded:
    """One step, with the setting it was checked in."""

    rule: str
    claim: Claim
    setting: Setting

    def with_after(self, after):
        return replace(self.claim, after=after)

    def changed(self, change):
        """The claim, with every term of the right side changed."""
        after = self.claim.after
        return self.with_after(replace(after, terms=tuple(map(change, after.terms))))

    def assert_refuted(self, claim, checks=("isl", "z3", "sizes")):
        """Each of the checks refutes the claim on its own, and together they raise."""
        tools = {"isl": (refute_by_isl, relations.available()), "z3": (refute_by_z3, smt.available())}
        for name in checks:
            if name == "sizes":
                assert isinstance(refute_at_sizes(claim, self.setting), str)
            elif tools[name][1]:
                assert isinstance(found := tools[name][0](claim, self.setting), Witness), (name, found)
        if not any(tools[name][1] for name in checks if name in tools) and "sizes" not in checks:
            pytest.skip("a few random sizes do not show it: islpy or z3 is needed")
        with pytest.raises(Refuted) as refuted:
            certify(claim, self.setting, "a wrong step")
        example = refuted.value.report.counterexample
        assert example.story and example.property


def assert_accepted(claim, setting):
    """Every tool that is installed proves the claim, and it is exact at sizes."""
    words = sorted(c.evidence for c in certify(claim, setting, "a right step"))
    assert words == ["exact", *["universal"] * (relations.available() + smt.available())]


@cache
def derived(op, **options):
    """Derive once for all tests."""
    return derive(op, **options)


@cache
def recorded(op, **options):
    """Derive, and return every checked step."""
    found = []
    step = Writer.step

    def record(self, rule, after, why, *, left=None, before=None, derivative=None):
        start = self.last if before is None else before
        found.append(Recorded(rule, Claim(start, after, derivative), self.setting))
        return step(self, rule, after, why, left=left, before=before, derivative=derivative)

    with patch.object(Writer, "step", record):
        derive(op, **options)
    return found


def off_by_one(step):
    """The right side, with one index of one factor moved by one place."""
    (first, *rest) = step.claim.after.terms
    place = next(q for q, f in enumerate(first.factors) if f.indices)
    factor = first.factors[place]
    moved = replace(factor, indices=(*factor.indices[:-1], factor.indices[-1] + 1))
    factors = (*first.factors[:place], moved, *first.factors[place + 1 :])
    return step.with_after(replace(step.claim.after, terms=(replace(first, factors=factors), *rest)))


def doubled(step):
    """The right side, with one term counted twice."""
    (first, *rest) = step.claim.after.terms
    return step.with_after(replace(step.claim.after, terms=(replace(first, coefficient=2), *rest)))


def evaluated(sum_, sizes, arrays):
    """Evaluate a guarded sum with numbers: an array over its free indices."""
    names = {tensor: number for number, tensor in enumerate(sorted(arrays))}
    arities = {tensor: array.ndim for tensor, array in arrays.items()}
    table = polynomials.table(sum_, sizes, names)
    shape = [int(i.size.subs(sizes)) for i in sum_.free]
    out = np.zeros(shape, dtype=np.int64)
    for row, coefficient in zip(table.rows, table.coefficients, strict=True):
        product = int(coefficient)
        for factor in polynomials.elements(row[table.free :], names, arities):
            product *= int(arrays[factor.tensor][factor.indices])
        out[tuple(row[: table.free])] += product
    return out
