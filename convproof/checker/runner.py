"""`verify`, `check` and `certify`: plan the cases, ask them, shrink and explain what fails, and report."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import joblib

from convproof.checker.campaign import run_tasks
from convproof.checker.domain import Domain
from convproof.checker.gathered import Gathered, assumption
from convproof.checker.plan import ONE, Settings, Task, plan
from convproof.checker.probes import NUMBERS
from convproof.checker.properties.values import READ_OFF, VALUES
from convproof.checker.targets import Target, target_of
from convproof.errors import ArgumentTypeError, ArgumentValueError, Refuted, bad
from convproof.evidence import Certificate, Report
from convproof.geometry import Conv

__all__ = ["certify", "check", "verify", "verify_all"]


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
    workers = _jobs(jobs)
    tasks = plan(targets, settings, workers)
    workers = min(workers, max(len(tasks), 1))
    gathered = [Gathered(target, settings) for target in targets]
    for task, result in run_tasks(_undecided(tasks, gathered, targets, progress), targets, settings, workers):
        gathered[task.target].take(task, result)
    seconds = (time.perf_counter() - started) / max(len(targets), 1)
    return [each.report(seconds) for each in gathered]


def _undecided(
    tasks: Sequence[Task],
    gathered: Sequence[Gathered],
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
    if not isinstance(at_least, str) or at_least not in wanted:
        raise ArgumentValueError(bad("at_least", at_least, "one of " + ", ".join(wanted)))
    target, settings = target_of(kernel, op, domain), _settings(seed, None, dtypes, True, False, geo)
    if settings.geometry is None:
        raise ArgumentTypeError(bad("geo", geo, "a convproof.Conv, or its one-line form"))
    _check_claimed(target, settings.geometry)
    started = time.perf_counter()
    gathered = Gathered(target, settings)
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
        assumptions=(assumption(target, tally.property.assumption),),
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
    if not isinstance(dtypes, Sequence):
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
    return jobs or joblib.cpu_count()


_MOST_ELEMENTS = 2**29  # 4 GiB of float64, of which several are held at once


def _check_claimed(target: Target, geo: Conv) -> None:
    if reason := target.domain.refuses(geo, target.op):
        raise ArgumentValueError(bad("geometry", str(geo), f"one that {target.op} and its domain have; {reason}"))
    if max(math.prod(shape) for shape in (geo.x, geo.w, geo.y)) > _MOST_ELEMENTS:
        raise ArgumentValueError(bad("geometry", str(geo), f"arrays of at most {_MOST_ELEMENTS} elements each"))
