"""Interleaved timing: the candidates take turns, so that a slow moment of the machine hits all of them."""

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter, process_time


def interleaved(candidates: Mapping[str, Callable[[], object]], seconds: float, cpu_time: bool) -> dict[str, float]:
    """Median time of one call of each candidate, in seconds.

    Calls shorter than two milliseconds are timed in blocks. With `cpu_time` the clock is the CPU time of
    this process, which other jobs on the machine disturb less; it is only meaningful on one thread.
    """
    clock = process_time if cpu_time else perf_counter
    repeats = {}
    for name, call in candidates.items():
        call()
        start = perf_counter()
        call()
        repeats[name] = max(1, int(2e-3 / max(perf_counter() - start, 1e-7)))
    samples: dict[str, list[float]] = {name: [] for name in candidates}
    end = perf_counter() + seconds
    while len(samples[name]) < 5 or perf_counter() < end:
        for name, call in candidates.items():
            start = clock()
            for _ in range(repeats[name]):
                call()
            samples[name].append((clock() - start) / repeats[name])
    return {name: median(times) for name, times in samples.items()}
