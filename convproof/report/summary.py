"""What the terminal and the page both say of a list of reports: cells, columns, totals, the meaning of words."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from convproof.evidence import Outcome, Report

__all__ = [
    "FAILURES",
    "MEANING",
    "Cell",
    "Family",
    "Line",
    "cell",
    "count",
    "duration",
    "error_text",
    "families",
    "headline",
    "largest_error",
    "lines",
    "notes",
    "outcomes",
    "row_of",
    "rows",
    "settings_line",
    "skipped",
    "to_json",
    "totals_line",
    "word",
    "words",
]

#: What each word claims, in the order of strength; the words of evidence are those of the ladder.
MEANING = {
    "universal": "right for all sizes; a formula or a model",
    "traced": "computes exactly the structure tensor at each geometry, for all real inputs; a source",
    "read-off": "the whole matrix, entry by entry, at each geometry; rests on the kernel being bilinear",
    "exact": "random integers, compared to the last bit; error: chance of a wrong kernel to pass a case",
    "bounded": "sampled floats within the rigorous error bound",
    "passed": "observed in every case tried, without a claim beyond them",
    "refuted": "a counterexample was found",
    "mistrusted": "too little was looked at to believe it; counts as a failure",
    "unsupported": "the kernel declined every case",
    "crashed": "the kernel failed in a way that is no refusal",
    "skipped": "does not apply to this kernel",
}

#: Statuses and verdicts that fail.
FAILURES = ("refuted", "mistrusted", "unsupported", "crashed")

_PASSED = ("skipped", "universal", "traced", "read-off", "exact", "bounded", "passed")
_WORST_LAST = (*_PASSED, "unsupported", "mistrusted", "crashed", "refuted")

_AXES = re.compile(r"(?P<axes>[123])d(?![0-9a-z])")


@dataclass(frozen=True)
class Cell:
    """What one property of one kernel came to, in one word.

    Attributes
    ----------
    word : str
        A key of `MEANING`; empty where the property was not asked.
    cases : int
        Number of cases examined.
    """

    word: str
    cases: int = 0


@dataclass(frozen=True)
class Line:
    """What a row of one kernel came to, in full.

    Attributes
    ----------
    name : str
        The row.
    word : str
        A key of `MEANING`.
    cases : int
        Number of cases examined.
    log2_error : float or None
        Logarithm of the largest probability of error that was stated.
    claims, assumptions, notes : tuple of str
        What the outcomes of the row say, each once.
    """

    name: str
    word: str
    cases: int
    log2_error: float | None
    claims: tuple[str, ...]
    assumptions: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Family:
    """Reports that differ only in the number of axes: conv1d, conv2d and conv3d, say.

    Attributes
    ----------
    name : str
        What they have in common, such as ``conv`` or ``conv_input``.
    members : tuple of (str, Report)
        Each with what sets it apart, such as ``"2d"``; empty for a family of one.
    """

    name: str
    members: tuple[tuple[str, Report], ...]

    @property
    def axes(self) -> str:
        """What the members have apart, such as ``1d 2d 3d``."""
        return " ".join(label for label, _ in self.members if label)

    @property
    def verdicts(self) -> tuple[tuple[str, str], ...]:
        """The verdicts, each with the members it holds for; one without label where all agree."""
        merged: dict[str, list[str]] = {}
        for label, report in self.members:
            merged.setdefault(report.verdict, []).append(label)
        several = len(merged) > 1
        return tuple((" ".join(labels) if several else "", verdict) for verdict, labels in merged.items())

    def cells(self, name: str) -> tuple[tuple[str, Cell], ...]:
        """Return the cells of one row, members of the same word together; those it does not apply to are left out."""
        merged: dict[str, list[str]] = {}
        cases: dict[str, int] = {}
        for label, report in self.members:
            one = cell(report, name)
            merged.setdefault(one.word, []).append(label)
            cases[one.word] = cases.get(one.word, 0) + one.cases
        asked = [w for w in merged if w not in ("", "skipped")] or list(merged)[:1]
        named = len(merged) > 1
        return tuple((" ".join(merged[w]) if named else "", Cell(w, cases[w])) for w in asked)


def row_of(name: str) -> str:
    """Return the row that a property stands in: the same identity of each role, ``flip: forward``, in one."""
    kind = name.partition(":")[0]
    return "linearity" if kind.startswith("linear in ") else kind


def rows(reports: Sequence[Report]) -> list[str]:
    """Return the rows of all reports in the order in which they were asked; without those that apply to none."""
    # the kernel that was asked most says where the others' rows belong
    fullest_first = sorted(reports, key=lambda report: -len(report.outcomes))
    asked = (o for report in fullest_first for o in report.outcomes)
    present = dict.fromkeys(row_of(o.property) for o in asked)
    return [row for row in present if any(o.status != "skipped" for r in reports for o in outcomes(r, row))]


def outcomes(report: Report, row: str) -> list[Outcome]:
    """Return the outcomes of a report that stand in a row, each once."""
    return list(dict.fromkeys(o for o in report.outcomes if row_of(o.property) == row))


def cell(report: Report, row: str) -> Cell:
    """Return what a row of a kernel came to: the worst of its outcomes, for the weakest link holds the chain."""
    found = outcomes(report, row)
    if not found:
        return Cell("")
    asked = [o for o in found if o.status != "skipped"] or found
    return Cell(max(map(word, asked), key=_WORST_LAST.index), sum(o.cases for o in asked))


def lines(report: Report) -> list[Line]:
    """Return the rows of one report, without those that do not apply."""
    result = []
    for row in rows([report]):
        shown, found = cell(report, row), [o for o in outcomes(report, row) if o.status != "skipped"]
        texts = ([o.claim for o in found], [o.assumption for o in found], [o.note for o in found])
        claims, assumptions, notes = (tuple(dict.fromkeys(filter(None, each))) for each in texts)
        result.append(Line(row, shown.word, shown.cases, largest_error(found), claims, assumptions, notes))
    return result


def word(result: Outcome) -> str:
    """Return the one word for an outcome: its evidence where it passed with some, else its status."""
    return result.evidence or "passed" if result.status == "passed" else result.status


def skipped(report: Report) -> list[str]:
    """Return the rows that do not apply to a kernel."""
    present = dict.fromkeys(row_of(o.property) for o in report.outcomes)
    return [row for row in present if row not in rows([report])]


def families(reports: Sequence[Report]) -> list[Family]:
    """Put together the reports that differ only in the number of axes."""
    home = _home(reports)
    groups: dict[tuple[str, str], list[tuple[str, Report]]] = {}
    for report in reports:
        label = _AXES.search(report.op)
        axes = label["axes"] + "d" if label else ""
        key = (_without_axes(report.kernel), _without_axes(report.op))
        groups.setdefault(key, []).append((axes, report))
    result = []
    for (kernel, _), members in groups.items():
        distinct = len({label for label, _ in members}) == len(members)
        if len(members) > 1 and distinct:
            result.append(Family(kernel.removeprefix(home), tuple(members)))
        else:
            result += [Family(report.kernel.removeprefix(home), (("", report),)) for _, report in members]
    return result


def words(reports: Sequence[Report]) -> list[str]:
    """Return the words that the reports use, strongest first."""
    used = {cell(report, row).word for report in reports for row in rows(reports)}
    return [w for w in MEANING if w in used]


def headline(reports: Sequence[Report]) -> str:
    """Return the conclusion over all reports: the worst verdict, with how many have it."""
    if not reports:
        return "nothing checked"
    for verdict in ("refuted", "crashed", "mistrusted", "unsupported"):
        if bad := [r for r in reports if r.verdict == verdict]:
            some = f"{len(bad)} of " if len(bad) < len(reports) else ""
            return f"{some}{count(len(reports), 'kernel')} {verdict}"
    return f"{count(len(reports), 'kernel')} verified"


def largest_error(outcomes: Sequence[Outcome]) -> float | None:
    """Return log2 of the largest probability of error among the outcomes that state one."""
    stated = [o.log2_error for o in outcomes if o.status == "passed" and o.log2_error is not None]
    return max(stated, default=None)


def error_text(log2_error: float | None) -> str:
    """Return a probability as a power of two, such as ``2^-64``; rounded up, never down."""
    if log2_error is None:
        return ""
    if log2_error == float("-inf"):
        return "0"
    return f"2^{-int(-log2_error // 1)}"


def settings_line(reports: Sequence[Report]) -> str:
    """Return what it takes to run the same cases again, where all reports agree on it."""
    shared = []
    for name in ("seed", "dtypes", "max_examples"):
        values = {json.dumps(report.settings.get(name), default=str) for report in reports}
        if len(values) == 1 and (value := json.loads(values.pop())) is not None:
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            shared.append(f"{name.replace('_', ' ')} {text}")
    # What a kernel's signature lacks it was not asked for: a verdict says of what.
    domains = {str(report.settings.get("domain", "")) for report in reports}
    if len(domains) == 1 and (domain := domains.pop()):
        shared.append(f"domain: {domain}")
    return " · ".join(shared)


def totals_line(reports: Sequence[Report]) -> str:
    """Return how much was looked at, and how long it took."""
    geometries, calls = sum(r.geometries for r in reports), sum(r.calls for r in reports)
    seconds = sum(r.seconds for r in reports)
    looked = f"{count(geometries, 'geometry', 'geometries')} · {count(calls, 'call')}"
    return f"{looked} · {duration(seconds)}"


def notes(report: Report) -> list[str]:
    """Return what a reader should know besides: what was declined, then the notes of the report."""
    declined = [f"declined {report.unsupported:,} of the geometries offered"] if report.unsupported else []
    return [*declined, *report.notes]


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: ``1 kernel``, ``12 kernels``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Return a time as a person says it."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"


def to_json(reports: Sequence[Report]) -> str:
    """Return reports as a JSON array; each element is what ``Report.from_json`` reads."""
    return json.dumps([json.loads(report.to_json()) for report in reports], indent=2)


def _without_axes(name: str) -> str:
    return _AXES.sub("", name)


def _home(reports: Sequence[Report]) -> str:
    """Return what all names begin with, as in ``torch.conv1d`` and ``torch.conv2d``: no column need say it."""
    homes = {report.kernel.removesuffix(report.op) for report in reports}
    home = homes.pop() if len(homes) == 1 else ""
    return home if home.endswith(".") else ""
