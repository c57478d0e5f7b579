"""The options that every kernel shares: which algorithm, and how many threads."""

from __future__ import annotations

import operator
import os
from functools import cache

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad

__all__ = ["ALGORITHMS", "check_algorithm", "thread_count"]

#: The algorithms there are; ``auto`` chooses among those that sum directly.
ALGORITHMS = ("auto", "direct")

_MOST_THREADS = 1024
_ALWAYS_GRANTED = 16
_EXPECTED_THREADS = f"a number of threads, from 1 to {_MOST_THREADS}"


def check_algorithm(algo: object) -> None:
    """Refuse an algorithm that is not in `ALGORITHMS`."""
    if not isinstance(algo, str):
        raise ArgumentTypeError(bad("algo", algo, "one of " + ", ".join(ALGORITHMS)))
    if algo not in ALGORITHMS:
        raise ArgumentValueError(bad("algo", algo, "one of " + ", ".join(ALGORITHMS)))


def thread_count(threads: object) -> int:
    """Return the number of threads to use; None means all there are.

    A few more than there are processors are granted, so that results can be compared over thread counts
    on any machine; hundreds would only meet the limits of the system.
    """
    if threads is None:
        return _default_threads()
    return min(_checked("threads", threads), max(_processors(), _ALWAYS_GRANTED))


@cache
def _default_threads() -> int:
    """Return what CONVPROOF_THREADS says, or the number of processors; read once."""
    setting = os.environ.get("CONVPROOF_THREADS", "").strip()
    if setting:
        if not setting.isdecimal() or len(setting) > 4:
            raise ArgumentValueError(bad("CONVPROOF_THREADS", setting, _EXPECTED_THREADS))
        return min(_checked("CONVPROOF_THREADS", int(setting)), max(_processors(), _ALWAYS_GRANTED))
    return _processors()


@cache
def _processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "process_cpu_count"):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _checked(name: str, value: object) -> int:
    if isinstance(value, bool):
        raise ArgumentTypeError(bad(name, value, _EXPECTED_THREADS))
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ArgumentTypeError(bad(name, value, _EXPECTED_THREADS)) from None
    if not 1 <= number <= _MOST_THREADS:
        raise ArgumentValueError(bad(name, value, _EXPECTED_THREADS))
    return number
