"""`verify`, `check` and `certify`: plan the cases, ask them, shrink and explain what fails, and report."""

from __future__ import annotations

import platform
import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from convproof.checker.campaign import Result, run_tasks
from convproof.checker.cases import Case
from convproof.checker.declines import unexplained
from convproof.checker.diagnose import diagnose
from convproof.checker.domain import Domain
from convproof.checker.operations import OPS
from convproof.checker.plan import LAYERS, ONE, SWEEP, Settings, Task, plan
from convproof.checker.probes import NUMBERS
from convproof.checker.properties import PROPERTIES
from convproof.checker.properties.base import BILINEAR, BILINEAR_ROUNDED
from convproof.checker.properties.values import READ_OFF, VALUES
from convproof.checker.shrink import smallest
from convproof.checker.subject import Subject
from convproof.checker.tally import Failure, Tally
from convproof.checker.targets import Target, target_of
from convproof.errors import ArgumentTypeError, ArgumentValueError, Refuted, bad
from convproof.evidence import Certificate, Counterexample, Outcome, Report
from convproof.geometry import Conv

__all__ = ["certify", "check", "verify", "verify_all"]

_ROWS = (VALUES.name, SWEEP, LAYERS, *(p.name for p in PROPERTIES if p is not VALUES))


def verify(
    kernel: Callable | str,
    op: str | Callable = "conv2d",
    *,
    domain: Domain | None = None,
    dtypes: Sequence[str] | None = None,
    max_examples: int = 300,
    seed: int = 0,
    geometry: Conv | str | None = None,
    layers: bool = False,
    thorough: bool = False,
) -> Report:
    """Verify a kernel: hold it to the matrix of its geometry, derived by the symbolic line, and to the dualities.

    Parameters
    ----------
    kernel : callable or str
        With the signature of the operation in PyTorch (a parameter it does not take counts as unsupported), on
        NumPy arrays; or a word of the command line, such as ``"file.py:conv2d"``.
    op : str or callable
        The operation it claims to be: a name such as ``"conv2d_weight"``, or the function of that name.
    domain : Domain, optional
        What it claims to support. Without one, a case that it declines counts as unsupported; with one, as a
        failure.
    dtypes : sequence of str, optional
        Dtypes of the operands; by default what the domain says, else float32 and float64.
    max_examples : int
        Number of geometries to generate.
    seed : int
        Everything random follows from it.
    geometry : Conv or str, optional
        Ask this geometry alone.
    layers : bool
        Ask the layers of real networks too.
    thorough : bool
        Bring the probability of a miss below 2**-64 on large geometries too.

    Returns
    -------
    Report
        True only when the verdict is ``verified``; its ``str`` tells the story.

    Raises
    ------
    ArgumentValueError, ArgumentTypeError
        A wrong argument; the message names it. What the kernel raises is reported, never raised.

    Examples
    --------
    >>> from convproof.kernels import conv2d
    >>> report = verify(conv2d, max_examples=20)
    >>> report.verdict
    'verified'
    """
    target = target_of(kernel, op, domain)
    (report,) = verify_all(
        [target],
        seed=seed,
        max_examples=max_examples,
        dtypes=dtypes,
        geometry=geometry,
        layers=layers,
        thorough=thorough,
    )
    return report


def check(kernel: Callable | str, op: str | Callable = "conv2d", **options: Any) -> Report:
    """Verify a kernel, as `verify` does, and raise unless it is verified: for test suites.

    Raises
    ------
    Refuted
        The verdict is another than ``verified``; the message is the whole story, ``.report`` the report.
    """
    report = verify(kernel, op, **options)
    if not report:
        raise Refuted(report)
    return report


def verify_all(
    targets: Sequence[Target],
    *,
    seed: int = 0,
    max_examples: int | None = None,
    dtypes: Sequence[str] | None = None,
    thorough: bool = False,
    layers: bool = False,
    geometry: Conv | str | None = None,
    jobs: int = 1,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Report]:
    """Verify several kernels in one run.

    Parameters
    ----------
    targets : sequence of Target
        As `convproof.checker.targets.resolve` finds them.
    jobs : int
        Number of worker processes; 1 stays in this process, 0 takes all cores.
    progress : callable, optional
        Called as ``progress(done, total, label)``, counted in geometries.
    seed, max_examples, dtypes, thorough, layers, geometry
        As in `verify`.
    """
    settings = _settings(seed, max_examples, dtypes, thorough, layers, geometry)
    started = time.perf_counter()
    if settings.geometry is not None:
        for target in targets:
            _check_claimed(target, settings.geometry)
    tasks = plan(list(targets), settings)
    gathered = [_Gathered(target, settings) for target in targets]
    for task, result in run_tasks(_undecided(tasks, gathered, targets, progress), targets, settings, _jobs(jobs)):
        gathered[task.target].take(task, result)
    seconds = (time.perf_counter() - started) / max(len(targets), 1)
    return [each.report(seconds) for each in gathered]


def _undecided(
    tasks: Sequence[Task],
    gathered: Sequence[_Gathered],
    targets: Sequence[Target],
    progress: Callable[[int, int, str], None] | None,
) -> Iterator[Task]:
    """Yield the tasks of the kernels that have not failed yet: after a failure there is nothing left to verify."""
    total, done = sum(len(task.geometries) for task in tasks), 0
    for task in tasks:
        if progress is not None:
            progress(done, total, f"{targets[task.target].name}: {task.kind}")
        if gathered[task.target].failed:
            gathered[task.target].left_out += len(task.geometries)
        else:
            yield task
        done += len(task.geometries)
    if progress is not None:
        progress(total, total, "done")


def certify(
    kernel: Callable | str,
    geo: Conv | str,
    op: str | Callable = "conv2d",
    *,
    at_least: str = "exact",
    domain: Domain | None = None,
    dtypes: Sequence[str] | None = None,
    seed: int = 0,
) -> Certificate:
    """Certify a kernel at one geometry.

    Parameters
    ----------
    kernel, op, domain, dtypes, seed
        As in `verify`.
    geo : Conv or str
        The geometry, or its one-line form.
    at_least : {"exact", "read-off"}
        ``"exact"``: random integers, a probability of error of at most 2**-64 for each dtype. ``"read-off"``:
        every entry of the matrix, for small geometries.

    Returns
    -------
    Certificate
        True where the kernel is right; else with the counterexample.

    Raises
    ------
    ArgumentValueError
        Evidence that cannot be had: a geometry too large to be read off.
    """
    wanted = {"exact": VALUES, "read-off": READ_OFF}
    if at_least not in wanted:
        raise ArgumentValueError(bad("at_least", at_least, "one of " + ", ".join(wanted)))
    target, settings = target_of(kernel, op, domain), _settings(seed, None, dtypes, True, False, geo)
    assert settings.geometry is not None
    _check_claimed(target, settings.geometry)
    started = time.perf_counter()
    gathered = _Gathered(target, settings)
    task = Task(0, ONE, (settings.geometry,), 0)
    for each, result in run_tasks([task], [target], settings, 1):
        gathered.take(each, result)
    report = gathered.report(time.perf_counter() - started)
    tally = gathered.tallies[wanted[at_least].name]
    if report.counterexample is None and not tally.cases:
        why = next(iter(tally.skipped), None) or report.verdict
        raise ArgumentValueError(bad("at_least", at_least, f"evidence that can be had at {geo}: {why}"))
    return Certificate(
        claim=f"{target.name} computes {target.op} at {settings.geometry}",
        subject="binary",
        scope=f"{settings.geometry}, {', '.join(settings.dtypes or target.dtypes)}",
        evidence=None if report.counterexample else at_least,
        assumptions=(_assumption(target, tally.property.assumption),),
        not_covered=("other geometries and dtypes", "other versions of the kernel, other machines"),
        seconds=report.seconds,
        counterexample=report.counterexample,
        log2_error=tally.log2_error if report.counterexample is None else None,
    )


# ---------------------------------------------------------------------- arguments


def _settings(
    seed: Any, max_examples: Any, dtypes: Any, thorough: bool, layers: bool, geometry: Conv | str | None
) -> Settings:
    for name, value, least in (("seed", seed, 0), ("max_examples", max_examples, 1)):
        if value is None and name == "max_examples":
            continue
        if not isinstance(value, int) or isinstance(value, bool):
            raise ArgumentTypeError(bad(name, value, "an integer"))
        if value < least:
            raise ArgumentValueError(bad(name, value, f"at least {least}"))
    for name, value in (("thorough", thorough), ("layers", layers)):
        if not isinstance(value, bool):
            raise ArgumentTypeError(bad(name, value, "True or False"))
    if isinstance(geometry, str):
        geometry = Conv.parse(geometry)
    if geometry is not None and not isinstance(geometry, Conv):
        raise ArgumentTypeError(bad("geometry", geometry, "a convproof.Conv, or its one-line form"))
    return Settings(seed, max_examples or Settings.max_examples, _dtypes(dtypes), thorough, layers, geometry)


def _dtypes(dtypes: Any) -> tuple[str, ...] | None:
    if dtypes is None:
        return None
    if isinstance(dtypes, str):
        dtypes = (dtypes,)
    if not isinstance(dtypes, Iterable):
        raise ArgumentTypeError(bad("dtypes", dtypes, "a sequence of names of dtypes"))
    dtypes = tuple(dtypes)
    for dtype in dtypes:
        if not isinstance(dtype, str) or dtype not in NUMBERS:
            raise ArgumentValueError(bad("dtypes", dtype, "among " + ", ".join(NUMBERS)))
    if not dtypes:
        raise ArgumentValueError(bad("dtypes", dtypes, "at least one dtype"))
    return tuple(dict.fromkeys(dtypes))


def _jobs(jobs: Any) -> int:
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 0:
        raise ArgumentValueError(bad("jobs", jobs, "an integer of at least 0 (0: all cores)"))
    if jobs:
        return jobs
    import joblib

    return joblib.cpu_count()


def _check_claimed(target: Target, geo: Conv) -> None:
    if reason := target.domain.refuses(geo, target.op):
        raise ArgumentValueError(bad("geometry", str(geo), f"one that {target.op} and its domain have; {reason}"))


# ---------------------------------------------------------------------- one kernel's results


class _Gathered:
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
        rows = [row for row in _ROWS if row in self.tallies]
        failed = [self.tallies[row] for row in rows if self.tallies[row].failure is not None]
        # One counterexample is explained in full; the first failed row is the most telling one.
        story = self._counterexample(failed[0]) if failed else None
        outcomes = tuple(self._outcome(row, story if failed and self.tallies[row] is failed[0] else None) for row in rows)
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
            notes=(*doubts, *self._left_out()),
        )

    def _left_out(self) -> list[str]:
        return [f"stopped at the first failure: {self.left_out} geometries were not asked"] if self.left_out else []

    def _outcome(self, row: str, story: Counterexample | None) -> Outcome:
        tally = self.tallies[row]
        if tally.failure is not None and story is None:
            story = _told(tally.failure, tally, self.target, self.settings, None)
        outcome = tally.outcome(story)
        assumption = _assumption(self.target, outcome.assumption)
        return outcome if assumption == outcome.assumption else _with_assumption(outcome, assumption)

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


def _assumption(target: Target, text: str) -> str:
    return BILINEAR_ROUNDED if text == BILINEAR and target.domain.accuracy == "normwise" else text


def _with_assumption(outcome: Outcome, assumption: str) -> Outcome:
    from dataclasses import replace

    return replace(outcome, assumption=assumption)


def _told(
    failure: Failure, tally: Tally, target: Target, settings: Settings, cause: str | None
) -> Counterexample:
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


