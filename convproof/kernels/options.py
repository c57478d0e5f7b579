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
_EXPECTED_THREADS = f"a number of threads, from 1 to {_MOST_THREADS}"


def check_algorithm(algo: object) -> None:
    """Refuse an algorithm that is not in `ALGORITHMS`."""
    if not isinstance(algo, str):
        raise ArgumentTypeError(bad("algo", algo, "one of " + ", ".join(ALGORITHMS)))
    if algo not in ALGORITHMS:
        raise ArgumentValueError(bad("algo", algo, "one of " + ", ".join(ALGORITHMS)))


def thread_count(threads: object) -> int:
    """Return the number of threads to use; None means all there are."""
    return _default_threads() if threads is None else _checked("threads", threads)


@cache
def _default_threads() -> int:
    """Return CONVPROOF_THREADS, or the number of processors this process may use; read once."""
    setting = os.environ.get("CONVPROOF_THREADS", "").strip()
    if setting:
        if not setting.isdecimal() or len(setting) > 4:
            raise ArgumentValueError(bad("CONVPROOF_THREADS", setting, _EXPECTED_THREADS))
        return _checked("CONVPROOF_THREADS", int(setting))
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
