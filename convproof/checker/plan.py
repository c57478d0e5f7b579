"""Which cases a run asks: generated geometries, size sweeps, the layers of real networks; cut into tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import hypothesis
import joblib
from hypothesis import HealthCheck, Phase

from convproof import layers
from convproof.checker.domain import Domain
from convproof.checker.operations import OPS
from convproof.checker.strategies import convs
from convproof.checker.sweeps import sweep
from convproof.checker.targets import Target
from convproof.geometry import Conv

__all__ = ["GENERATED", "LAYERS", "ONE", "SWEEP", "Settings", "Task", "draw_geometries", "plan"]

# The kinds of task, and with them the row of the report that its values stand in.
GENERATED, SWEEP, LAYERS, ONE = "values", "size sweep", "real layers", "one geometry"

_PER_TASK = {GENERATED: 25, SWEEP: 20, LAYERS: 4, ONE: 1}


@dataclass(frozen=True)
class Settings:
    """What a run was asked for: enough to run it again.

    Attributes
    ----------
    seed : int
        Everything random follows from it.
    max_examples : int
        Number of geometries to generate.
    dtypes : tuple of str or None
        Operand dtypes; None leaves the choice to the target.
    thorough : bool
        Bring the probability of a miss below 2**-64 on large layers too.
    layers : bool
        Ask the layers of real networks.
    geometry : Conv or None
        Ask this geometry alone.
    """

    seed: int = 0
    max_examples: int = 300
    dtypes: tuple[str, ...] | None = None
    thorough: bool = False
    layers: bool = False
    geometry: Conv | None = None


@dataclass(frozen=True)
class Task:
    """A run of cases that one worker does.

    Attributes
    ----------
    target : int
        Which of the targets.
    kind : str
        ``GENERATED``, ``SWEEP``, ``LAYERS`` or ``ONE``.
    geometries : tuple of Conv
        The geometries.
    first : int
        Number of the first of them, within its kind.
    """

    target: int
    kind: str
    geometries: tuple[Conv, ...]
    first: int


# Hypothesis draws some geometries twice; so many draws leave as many different ones as were asked for.
_DRAWS_PER_GEOMETRY = 2


def run_hypothesis(
    body: Callable[[Conv], None], op: str, domain: Domain, settings: Settings, phases: tuple[Phase, ...]
) -> None:
    """Give `body` the geometries that follow from the seed."""
    strategy = convs(op=_drawn_as(op), domain=domain)
    run = hypothesis.given(strategy)(body)
    run = hypothesis.seed(settings.seed)(run)
    hypothesis.settings(
        max_examples=_DRAWS_PER_GEOMETRY * settings.max_examples,
        phases=phases,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=hypothesis.Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )(run)()


def _drawn_as(op: str) -> str:
    """Return the operation whose geometries this one shares: a gradient has those of the convolution."""
    return op if OPS[op].role == "transposed" else f"conv{OPS[op].axes}d"


def draw_geometries(op: str, domain: Domain, settings: Settings) -> tuple[Conv, ...]:
    """Return the generated geometries of a run, each once."""
    drawn: dict[Conv, None] = {}

    def collect(geo: Conv) -> None:
        drawn.setdefault(geo)

    run_hypothesis(collect, op, domain, settings, (Phase.generate,))
    return tuple(drawn)[: settings.max_examples]


def plan(targets: Sequence[Target], settings: Settings, jobs: int) -> list[Task]:
    """Return the tasks of a run: the cheap and telling kinds first, the kernels in turn."""
    tasks: list[Task] = []
    for number, found in enumerate(_geometries_of(targets, settings, jobs)):
        for kind, geometries in found.items():
            size = _PER_TASK[kind]
            tasks += [
                Task(number, kind, tuple(geometries[start : start + size]), start)
                for start in range(0, len(geometries), size)
            ]
    order = (ONE, GENERATED, SWEEP, LAYERS)
    return sorted(tasks, key=lambda task: (order.index(task.kind), task.first))


def _geometries_of(targets: Sequence[Target], settings: Settings, jobs: int) -> list[dict[str, Sequence[Conv]]]:
    """Return what to ask of each target, by kind."""
    if settings.geometry is not None:
        return [{ONE: [settings.geometry]} for _ in targets]
    # Hypothesis takes milliseconds for each geometry: what several kernels share is drawn once, by all workers.
    kinds = [(_drawn_as(target.op), target.domain) for target in targets]
    distinct = list(dict.fromkeys(kinds))
    drawn = joblib.Parallel(n_jobs=min(jobs, len(distinct)))(
        joblib.delayed(_draw)(op, domain, settings) for op, domain in distinct
    )
    of_kind = dict(zip(distinct, drawn, strict=True))
    return [of_kind[kind] | _layers(target, settings) for kind, target in zip(kinds, targets, strict=True)]


def _draw(op: str, domain: Domain, settings: Settings) -> dict[str, Sequence[Conv]]:
    return {
        GENERATED: draw_geometries(op, domain, settings),
        SWEEP: [case.geometry for case in sweep(op, domain)],
    }


def _layers(target: Target, settings: Settings) -> dict[str, Sequence[Conv]]:
    if not settings.layers or OPS[target.op].axes != 2:
        return {}
    return {LAYERS: [geo for geo in _layer_geometries() if target.domain.refuses(geo, target.op) is None]}


def _layer_geometries() -> list[Conv]:
    """Return every distinct geometry of the named networks."""
    return list(dict.fromkeys(layer.geometry for name in layers.names() for layer in layers.get(name).layers))
