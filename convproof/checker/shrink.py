"""From a failing case to the smallest: Hypothesis shrinks the geometry."""

from __future__ import annotations

import contextlib
import time

from hypothesis import Phase

from convproof.checker.campaign import ask
from convproof.checker.cases import Case
from convproof.checker.operations import OPS
from convproof.checker.plan import Settings, run_hypothesis
from convproof.checker.properties import Property
from convproof.checker.subject import Subject
from convproof.checker.tally import Failure, Tally, size_of
from convproof.checker.targets import Target
from convproof.geometry import Conv

__all__ = ["smallest"]

_PATIENCE = 8.0  # seconds of shrinking; a counterexample that is not the very smallest is still one


class _Found(Exception):
    """Tells Hypothesis that a geometry fails."""


def smallest(failure: Failure, prop: Property, target: Target, settings: Settings) -> Failure:
    """Return the smallest failure of the same property that shrinking finds, or the one given.

    The same seed draws the same geometries, so that Hypothesis meets a generated failure again; one that only a
    sweep or a layer shows may stay as it is: sweeps are small in all but one size.
    """
    subject = Subject(target.kernel, OPS[target.op], target.domain)
    best, started = failure, time.monotonic()

    def body(geo: Conv) -> None:
        nonlocal best
        if time.monotonic() - started > _PATIENCE:
            return
        tally = Tally(prop.name, prop)
        ask(prop, subject, Case(geo, failure.dtype, settings.seed), tally, target.strict)
        if tally.failure is not None and tally.failure.status == failure.status:
            if size_of(geo) < size_of(best.geometry):
                best = tally.failure
            raise _Found

    phases = (Phase.generate, Phase.shrink)
    # _Found, or Hypothesis' own complaint that an unsteady kernel does not fail twice: `best` is what counts
    with contextlib.suppress(Exception):
        run_hypothesis(body, target.op, target.domain, settings, phases)
    return best
