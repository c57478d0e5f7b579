"""Asking a kernel: one worker's tasks, and everybody's results put together."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import joblib
import numpy as np

from convproof.checker.cases import Case
from convproof.checker.operations import OPS
from convproof.checker.plan import GENERATED, LAYERS, ONE, SWEEP, Settings, Task
from convproof.checker.properties import ON_LARGE, PROPERTIES, Property
from convproof.checker.properties.precision import ACCUMULATOR, OPERANDS
from convproof.checker.properties.values import VALUES
from convproof.checker.subject import Crashed, Declined, Subject, Wrong
from convproof.checker.tally import Failure, Tally
from convproof.checker.targets import Target, resolve

__all__ = ["Result", "ask", "run_task", "run_tasks"]

#: The tallies of a task, by row, and the number of calls it made.
Result = tuple[dict[str, Tally], int]

# Trials on layers and sweeps, where one trial is dear; `--thorough` takes as many as 2**-64 needs.
_FEW_TRIALS = 2


def run_task(task: Task, target: Target, settings: Settings) -> Result:
    """Ask every case of a task, and count."""
    subject = Subject(target.kernel, OPS[target.op], target.domain)
    tallies: dict[str, Tally] = {}
    for number, geo in enumerate(task.geometries, task.first):
        for dtype in _dtypes(task, target, settings):
            case = Case(geo, dtype, settings.seed, max_trials=_trials(task, settings))
            for prop in _asked(task, number, dtype, settings):
                if subject.op.contraction not in prop.contractions:
                    continue
                row = task.kind if prop is VALUES and task.kind != ONE else prop.name
                tally = tallies.setdefault(row, Tally(row, prop))
                if tally.failure is None:
                    ask(prop, subject, case, tally, target.strict)
    return tallies, subject.calls


def _dtypes(task: Task, target: Target, settings: Settings) -> tuple[str, ...]:
    dtypes = settings.dtypes or target.dtypes
    if task.kind == LAYERS and settings.dtypes is None:
        return tuple(dtype for dtype in dtypes if dtype.startswith("float"))
    return dtypes


def _trials(task: Task, settings: Settings) -> int:
    return 80 if settings.thorough or task.kind in (GENERATED, ONE) else _FEW_TRIALS


def _asked(task: Task, number: int, dtype: str, settings: Settings) -> tuple[Property, ...]:
    """Return the properties asked of the geometry of this number: costly ones of every few only."""
    if task.kind == ONE:
        return PROPERTIES
    if task.kind != GENERATED:
        # Precision is lost where floats are narrowed to be fast: on large sizes the other dtypes are asked for
        # their values, and float64 in sweeps for one of two precisions in turn. A sweep has 8 to 10 kinds of each
        # size: 7 shares no factor with them, so that each kind is asked for both.
        if dtype == "float32" or settings.thorough:
            return ON_LARGE
        if dtype == "float64" and task.kind == SWEEP:
            return VALUES, (OPERANDS, ACCUMULATOR)[number % 7 % 2]
        return (VALUES,)
    # staggered, so that no geometry is asked everything
    return tuple(p for place, p in enumerate(PROPERTIES) if (number + place) % p.every == 0)


def ask(prop: Property, subject: Subject, case: Case, tally: Tally, strict: bool) -> None:
    """Ask one property of one case, and enter what comes of it in the tally."""
    started = time.perf_counter()
    try:
        with np.errstate(all="ignore"):  # a wrong kernel's numbers overflow where a right one's do not
            tally.add(case.geometry, case.dtype, prop.check(subject, case))
    except Wrong as wrong:
        tally.fail(Failure("refuted", case.geometry, case.dtype, wrong.story, wrong.entry, wrong.got, wrong.expected))
    except Crashed as crash:
        tally.fail(Failure("crashed", case.geometry, case.dtype, f"the kernel crashed: {crash}"))
    except Declined as refusal:
        if strict:
            story = f"the kernel declines a case of its domain: {refusal}"
            tally.fail(Failure("crashed", case.geometry, case.dtype, story))
        else:
            tally.declined.append((case.geometry, case.dtype, str(refusal)))
    finally:
        tally.seconds += time.perf_counter() - started


def run_tasks(
    tasks: Iterable[Task], targets: Sequence[Target], settings: Settings, jobs: int
) -> Iterator[tuple[Task, Result]]:
    """Run the tasks, in this process or in workers, and yield each result as it comes.

    Tasks are taken from the iterable as workers become free, so that it may leave some out on what came before.
    """
    if jobs == 1:
        for task in tasks:
            yield task, run_task(task, targets[task.target], settings)
        return
    found_again = [(target.spec, target.op, target.domain, target.strict, target.dtypes) for target in targets]
    with warnings.catch_warnings(), joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        # loky replaces a worker whose memory has grown, and says so; nothing is lost by it
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
        parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs")
        yield from parallel(joblib.delayed(_in_worker)(task, found_again[task.target], settings) for task in tasks)


def _in_worker(task: Task, found_again: tuple, settings: Settings) -> tuple[Task, Result]:
    return task, run_task(task, _find_again(found_again), settings)


@lru_cache(maxsize=64)
def _find_again(found_again: tuple) -> Target:
    spec, op, domain, strict, dtypes = found_again
    (target,) = resolve(spec, op)
    return Target(spec, op, target.kernel, domain, strict, dtypes)
