"""Everything that a run found out about one kernel, put together: outcomes, verdict, counterexample."""

from __future__ import annotations

import dataclasses
import platform
import shlex
from collections import Counter
from importlib.metadata import PackageNotFoundError, version

from convproof.checker.campaign import Result
from convproof.checker.cases import Case
from convproof.checker.declines import unexplained
from convproof.checker.diagnose import diagnose
from convproof.checker.operations import OPS
from convproof.checker.plan import LAYERS, SWEEP, Settings, Task
from convproof.checker.properties import PROPERTIES
from convproof.checker.properties.base import BILINEAR, BILINEAR_ROUNDED
from convproof.checker.properties.values import VALUES
from convproof.checker.shrink import smallest
from convproof.checker.signature import accepted
from convproof.checker.subject import Subject
from convproof.checker.tally import Failure, Tally
from convproof.checker.targets import Target
from convproof.evidence import Counterexample, Outcome, Report
from convproof.geometry import Conv

__all__ = ["Gathered", "assumption"]

_ROWS = (VALUES.name, SWEEP, LAYERS, *(p.name for p in PROPERTIES if p is not VALUES))


class Gathered:
    """What the tasks of one target found out so far."""

    def __init__(self, target: Target, settings: Settings) -> None:
        self.target, self.settings = target, settings
        self.tallies: dict[str, Tally] = {}
        self.geometries: set[Conv] = set()
        self.kinds: Counter[str] = Counter()
        self.calls = 0
        self.left_out = 0

    @property
    def failed(self) -> bool:
        """Whether any property has been refuted."""
        return any(tally.failure is not None for tally in self.tallies.values())

    def take(self, task: Task, result: Result) -> None:
        """Put in what one task found."""
        tallies, calls = result
        self.calls += calls
        self.kinds[task.kind] += len(task.geometries)
        self.geometries.update(task.geometries)
        for row, tally in tallies.items():
            if row in self.tallies:
                self.tallies[row].merge(tally)
            else:
                self.tallies[row] = tally

    def report(self, seconds: float) -> Report:
        """Shrink and explain what failed, and sum up."""
        rows = [row for row in dict.fromkeys(_ROWS) if row in self.tallies]
        failed = [self.tallies[row] for row in rows if self.tallies[row].failure is not None]
        # One counterexample is explained in full; the first failed row is the most telling one.
        first = failed[0] if failed else None
        story = self._counterexample(first) if first else None
        outcomes = tuple(self._outcome(row, story if self.tallies[row] is first else None) for row in rows)
        doubts = unexplained(self.tallies.get(VALUES.name))
        declined = {geo for tally in self.tallies.values() for geo, _, _ in tally.declined}
        return Report(
            kernel=self.target.name,
            op=self.target.op,
            verdict=_verdict(outcomes, doubts),
            outcomes=outcomes,
            counterexample=story,
            geometries=len(self.geometries),
            calls=self.calls,
            unsupported=len(declined),
            seconds=seconds,
            settings={
                "seed": self.settings.seed,
                "max_examples": self.settings.max_examples,
                "dtypes": list(self.settings.dtypes or self.target.dtypes),
                "thorough": self.settings.thorough,
                "domain": self.target.domain.describe(),
                "cases": dict(self.kinds),
            },
            environment=_environment(),
            notes=(*doubts, *self._taken_for(), *self._left_out()),
        )

    def _taken_for(self) -> list[str]:
        aliases = accepted(self.target.kernel, OPS[self.target.op].order).aliases
        taken = ", ".join(f"{own!r} for {name}" for name, own in aliases.items())
        return [f"by their places and defaults, its arguments were taken: {taken}"] if taken else []

    def _left_out(self) -> list[str]:
        return [f"stopped at the first failure: {self.left_out} geometries were not asked"] if self.left_out else []

    def _outcome(self, row: str, story: Counterexample | None) -> Outcome:
        tally = self.tallies[row]
        if tally.failure is not None and story is None:
            story = _told(tally.failure, tally, self.target, self.settings, None)
        outcome = tally.outcome(story)
        return dataclasses.replace(outcome, assumption=assumption(self.target, outcome.assumption))

    def _counterexample(self, tally: Tally) -> Counterexample:
        assert tally.failure is not None
        failure, found = tally.failure, tally.failure.geometry
        if self.settings.geometry is None:
            failure = smallest(failure, tally.property, self.target, self.settings)
        subject = Subject(self.target.kernel, OPS[self.target.op], self.target.domain)
        cases = [Case(geo, failure.dtype, self.settings.seed) for geo in dict.fromkeys((failure.geometry, found))]
        cause = diagnose(subject, cases, failure.entry) if failure.status == "refuted" else None
        return _told(failure, tally, self.target, self.settings, cause)


def _verdict(outcomes: tuple[Outcome, ...], doubts: list[str]) -> str:
    found = {outcome.status for outcome in outcomes}
    values = [outcome for outcome in outcomes if outcome.property == VALUES.name]
    if "refuted" in found:
        return "refuted"
    if "crashed" in found:
        return "crashed"
    if any(outcome.status == "unsupported" for outcome in values):
        return "unsupported"
    if "mistrusted" in found or doubts or not any(outcome.status == "passed" for outcome in values):
        return "mistrusted"
    return "verified"


def assumption(target: Target, text: str) -> str:
    """Return what evidence rests on, for a kernel of this accuracy class."""
    return BILINEAR_ROUNDED if text == BILINEAR and target.domain.accuracy == "normwise" else text


def _told(failure: Failure, tally: Tally, target: Target, settings: Settings, cause: str | None) -> Counterexample:
    words = ["convproof", "verify", target.spec, "--op", target.op, "--geometry", str(failure.geometry)]
    words += ["--dtype", failure.dtype, "--seed", str(settings.seed)]
    return Counterexample(
        op=target.op,
        geometry=str(failure.geometry),
        dtype=failure.dtype,
        property=tally.name,
        story=failure.story,
        entry=failure.entry,
        got=failure.got,
        expected=failure.expected,
        diagnosis=cause,
        replay=shlex.join(words),
    )


def _environment() -> dict[str, str]:
    found = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    for package in ("convproof", "numpy", "scipy", "sympy", "hypothesis", "torch"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
