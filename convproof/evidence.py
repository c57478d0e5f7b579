"""What a check leaves behind: outcomes, certificates, reports. Plain data, and the fixed words of evidence.

The ladder of evidence, strongest first:

==============  ====================================================================================
``universal``   a formula or model is right for all sizes
``traced``      a source computes exactly the structure tensor at this geometry, for all real inputs
``read-off``    a binary's whole matrix at this geometry, entry by entry
``exact``       a binary is right at this geometry, with a printed probability of error
``bounded``     sampled floats are within the rigorous error bound
==============  ====================================================================================

"Proved" is said of the first two only, of formulas, models and sources; never of a binary.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any

from convproof.errors import ArgumentValueError, bad

__all__ = ["EVIDENCE", "STATUSES", "SUBJECTS", "VERDICTS", "Certificate", "Counterexample", "Outcome", "Report"]

#: The words of evidence, strongest first.
EVIDENCE = ("universal", "traced", "read-off", "exact", "bounded")

#: What evidence can be about.
SUBJECTS = ("formula", "model", "source", "binary")

#: What a report concludes; only the first is a success.
VERDICTS = ("verified", "refuted", "mistrusted", "unsupported", "crashed")

#: What one property came to. ``mistrusted``: it looked at too little; ``skipped``: it does not apply.
STATUSES = ("passed", "refuted", "mistrusted", "unsupported", "crashed", "skipped")


def _one_of(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ArgumentValueError(bad(name, value, "one of " + ", ".join(allowed)))


@dataclass(frozen=True)
class Counterexample:
    """One call on which a kernel is wrong.

    Attributes
    ----------
    op, geometry, dtype, property : str
        The operation, the one-line geometry, the dtype and the property that failed.
    story : str
        What was seen and what was expected, in one sentence.
    entry : tuple of int or None
        Index of the wrong element of the result, where one can be named.
    got, expected : str or None
        That element as the kernel gave it, and as it should be.
    diagnosis : str or None
        The tap read and the tap expected, or another cause, where it can be told.
    replay : str
        One shell line that shows the failure again.
    """

    op: str
    geometry: str
    dtype: str
    property: str
    story: str
    entry: tuple[int, ...] | None = None
    got: str | None = None
    expected: str | None = None
    diagnosis: str | None = None
    replay: str = ""

    def __str__(self) -> str:
        what = " ".join(filter(None, (self.op, self.dtype, self.geometry and f"at {self.geometry}")))
        lines = [f"{self.property}: {what}", f"  {self.story}"]
        if self.diagnosis:
            lines.append(f"  {self.diagnosis}")
        if self.replay:
            lines.append(f"  replay: {self.replay}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Outcome:
    """What one property of a kernel came to, over every case it was asked of.

    Attributes
    ----------
    property : str
        Name of the property, such as ``"values"``.
    status : str
        One of `STATUSES`.
    evidence : str or None
        One of `EVIDENCE` where the property passed with a claim of that strength.
    cases : int
        Number of (geometry, dtype) cases examined.
    claim : str
        The property as a sentence.
    assumption : str
        What the evidence rests on.
    log2_error : float or None
        For ``exact``: binary logarithm of the largest probability, over the cases, that a wrong kernel
        passed; -64 means at most 2**-64 per case.
    note : str
        What a reader should know besides: what was left out, or how tight a bound was met.
    counterexample : Counterexample or None
        Where refuted.
    seconds : float
        Time spent on it.
    """

    property: str
    status: str
    evidence: str | None = None
    cases: int = 0
    claim: str = ""
    assumption: str = ""
    log2_error: float | None = None
    note: str = ""
    counterexample: Counterexample | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        _one_of("status", self.status, STATUSES)
        if self.evidence is not None:
            _one_of("evidence", self.evidence, EVIDENCE)

    def __bool__(self) -> bool:
        return self.status == "passed"


@dataclass(frozen=True)
class Certificate:
    """A claim with the evidence for it, what it assumes, and what it does not cover.

    Attributes
    ----------
    claim : str
        One sentence.
    subject : str
        What the evidence is about, one of `SUBJECTS`.
    scope : str
        For which geometries and types.
    evidence : str or None
        One of `EVIDENCE`; None where the claim was refuted.
    assumptions, not_covered : tuple of str
        What has to hold for the claim to follow, and what nobody looked at.
    seconds : float
        Time it took.
    counterexample : Counterexample or None
        Where refuted.
    log2_error : float or None
        As in `Outcome`.
    """

    claim: str
    subject: str
    scope: str
    evidence: str | None
    assumptions: tuple[str, ...] = ()
    not_covered: tuple[str, ...] = ()
    seconds: float = 0.0
    counterexample: Counterexample | None = None
    log2_error: float | None = None

    def __post_init__(self) -> None:
        _one_of("subject", self.subject, SUBJECTS)
        if self.evidence is not None:
            _one_of("evidence", self.evidence, EVIDENCE)
        if (self.evidence is None) == (self.counterexample is None):
            raise ArgumentValueError(bad("evidence", self.evidence, "evidence or a counterexample, and not both"))

    def __bool__(self) -> bool:
        return self.evidence is not None

    def __str__(self) -> str:
        lines = [self.claim, f"  scope: {self.scope}"]
        if self.counterexample is not None:
            lines.append("  REFUTED " + str(self.counterexample).replace("\n", "\n  "))
        else:
            error = "" if self.log2_error is None else f", probability of error at most 2^{math.ceil(self.log2_error)}"
            lines.append(f"  evidence: {self.evidence}, of a {self.subject}{error}")
        lines += [f"  assumes: {text}" for text in self.assumptions]
        lines += [f"  not covered: {text}" for text in self.not_covered]
        return "\n".join(lines)

    def to_json(self) -> str:
        """Return the certificate as a JSON text; `from_json` reads it back."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Certificate:
        """Read what `to_json` wrote; ArgumentValueError where it is something else."""
        return _read(cls, text)


@dataclass(frozen=True)
class Report:
    """Everything one run of the checker found out about one kernel.

    A report is true only when its verdict is ``verified``.

    Attributes
    ----------
    kernel : str
        Name of the kernel, as it was given.
    op : str
        The operation it was held to.
    verdict : str
        One of `VERDICTS`.
    outcomes : tuple of Outcome
        One per property.
    counterexample : Counterexample or None
        The smallest one found.
    geometries : int
        Number of distinct geometries examined.
    calls : int
        Number of times the kernel was called.
    unsupported : int
        Number of geometries that the kernel declined.
    seconds : float
        Time it took.
    settings : mapping
        Seed, dtypes, number of examples, domain: what it takes to run it again.
    environment : mapping
        Versions and machine.
    notes : tuple of str
        Anything else that a reader should know.
    """

    kernel: str
    op: str
    verdict: str
    outcomes: tuple[Outcome, ...]
    counterexample: Counterexample | None = None
    geometries: int = 0
    calls: int = 0
    unsupported: int = 0
    seconds: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _one_of("verdict", self.verdict, VERDICTS)

    def __bool__(self) -> bool:
        return self.verdict == "verified"

    def __str__(self) -> str:
        head = f"{self.kernel} as {self.op}: {self.verdict} on {self.geometries} geometries in {self.seconds:.1f} s"
        rows = [_row(outcome) for outcome in self.outcomes if outcome.status != "skipped"]
        tail = [f"  note: {note}" for note in self.notes]
        if self.counterexample is not None:
            tail += ["", str(self.counterexample)]
        return "\n".join([head, *rows, *tail])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from convproof.report.html import report_fragment  # the display hook, shown only by Jupyter

        return report_fragment(self)

    def to_json(self) -> str:
        """Return the report as a JSON text; `from_json` reads it back."""
        return json.dumps(asdict(self), indent=2, default=str)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read what `to_json` wrote; ArgumentValueError where it is something else."""
        return _read(cls, text)


def _row(outcome: Outcome) -> str:
    error = "" if outcome.log2_error is None else f"error <= 2^{math.ceil(outcome.log2_error)}"
    columns = f"{outcome.property:<24} {outcome.status:<11} {outcome.evidence or '':<9} {outcome.cases:>5} cases"
    return f"  {columns}  {error:<16} {outcome.note}".rstrip()


def _read(cls: type, text: str) -> Any:
    try:
        data = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        raise ArgumentValueError(bad("text", text, f"the JSON of a {cls.__name__}")) from None
    return _rebuild(cls, data)


def _rebuild(cls: type, data: Any) -> Any:
    """Turn what JSON kept (lists, nested objects) back into the dataclass it came from."""
    if not isinstance(data, dict):
        raise ArgumentValueError(bad("json", data, f"an object with the fields of {cls.__name__}"))
    if unknown := sorted(set(data) - {f.name for f in fields(cls)}):
        raise ArgumentValueError(bad("json", unknown, "only the fields of " + cls.__name__))
    required = {f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING}
    if missing := sorted(required - set(data)):
        raise ArgumentValueError(bad("json", sorted(data), f"the fields {', '.join(missing)} of {cls.__name__}, too"))
    values = dict(data)
    if values.get("counterexample"):
        values["counterexample"] = _rebuild(Counterexample, values["counterexample"])
    if isinstance(values.get("outcomes"), list):
        values["outcomes"] = tuple(_rebuild(Outcome, outcome) for outcome in values["outcomes"])
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(value)
    return cls(**values)
