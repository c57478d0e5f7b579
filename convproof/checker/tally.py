"""From single findings to the outcome of a property: counts that merge, whatever the order they come in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from convproof.checker.cases import Passed, Skipped
from convproof.checker.properties import Property
from convproof.evidence import Counterexample, Outcome
from convproof.geometry import Conv

__all__ = ["Failure", "Tally", "size_of"]

_FEWEST_INFORMATIVE = 0.5  # of the cases: with fewer, mostly zeros were compared with zeros


def size_of(geo: Conv) -> tuple[int, int, str]:
    """Order geometries from small to large."""
    return geo.multiply_adds, sum(geo.x) + sum(geo.w) + sum(map(sum, geo.padding)), str(geo)


def _larger(one: float | None, two: float | None) -> float | None:
    return max((value for value in (one, two) if value is not None), default=None)


@dataclass(frozen=True)
class Failure:
    """A case that a kernel failed: refuted, crashed, or declined where it had promised not to."""

    status: str
    geometry: Conv
    dtype: str
    story: str
    entry: tuple[int, ...] | None = None
    got: str | None = None
    expected: str | None = None


@dataclass
class Tally:
    """What is known of one property so far.

    Attributes
    ----------
    name : str
        Row of the report.
    property : Property
        What was asked.
    """

    name: str
    property: Property
    cases: int = 0
    informative: int = 0
    log2_error: float | None = None
    share: float | None = None
    seconds: float = 0.0
    notes: Counter = field(default_factory=Counter)
    skipped: Counter = field(default_factory=Counter)
    declined: list[tuple[Conv, str, str]] = field(default_factory=list)
    accepted: list[tuple[Conv, str]] = field(default_factory=list)
    failure: Failure | None = None

    def add(self, geo: Conv, dtype: str, result: Passed | Skipped) -> None:
        """Count a case that held or did not apply."""
        if isinstance(result, Skipped):
            self.skipped[result.why] += 1
            return
        self.cases += 1
        self.informative += result.informative
        self.accepted.append((geo, dtype))
        self.log2_error = _larger(self.log2_error, result.log2_error)
        self.share = _larger(self.share, result.share)
        if result.note:
            self.notes[result.note] += 1

    def fail(self, failure: Failure) -> None:
        """Keep the smallest failure."""
        if self.failure is None or size_of(failure.geometry) < size_of(self.failure.geometry):
            self.failure = failure

    def merge(self, other: Tally) -> None:
        """Take in what another worker found out about the same property."""
        self.cases += other.cases
        self.informative += other.informative
        self.seconds += other.seconds
        self.notes += other.notes
        self.skipped += other.skipped
        self.declined += other.declined
        self.accepted += other.accepted
        self.log2_error = _larger(self.log2_error, other.log2_error)
        self.share = _larger(self.share, other.share)
        if other.failure is not None:
            self.fail(other.failure)

    def outcome(self, counterexample: Counterexample | None) -> Outcome:
        """Sum up."""
        status, note = self._status()
        return Outcome(
            property=self.name,
            status=status,
            evidence=self.property.evidence if status == "passed" else None,
            cases=self.cases,
            claim=self.property.claim,
            assumption=self.property.assumption,
            log2_error=self.log2_error if status == "passed" else None,
            note=note,
            counterexample=counterexample,
            seconds=self.seconds,
        )

    def _status(self) -> tuple[str, str]:
        if self.failure is not None:
            return self.failure.status, self.failure.story
        if not self.cases:
            if self.declined:
                return "unsupported", f"declined: {self.declined[0][2]}"
            return "skipped", next(iter(self.skipped), "no case")
        if self.informative < _FEWEST_INFORMATIVE * self.cases:
            return "mistrusted", f"only {self.informative} of {self.cases} cases had anything to see"
        return "passed", self._note()

    def _note(self) -> str:
        notes = sorted(self.notes)
        parts = notes[:2] + ([f"and {len(notes) - 2} more"] if len(notes) > 2 else [])
        if self.share is not None:
            parts.append(f"at most {100 * self.share:.0f} % of the bound")
        if self.declined:
            parts.append(f"declined {len(self.declined)} of {len(self.declined) + self.cases} cases")
        return "; ".join(parts)
