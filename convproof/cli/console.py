"""The terminal, and what is different where there is none."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console", "progress"]

Progress = Callable[[int, int, str], None]

_PIPE_WIDTH = 100
_PLAIN_LINES = 10


def console(width: int = _PIPE_WIDTH) -> Console:
    """Return a console on standard output; into a pipe or a file it is `width` columns wide."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else width)


@contextmanager
def progress(quiet: bool) -> Iterator[Progress | None]:
    """Yield what is to be told of progress: a bar on a terminal, else some lines on standard error."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar() as tell:
            yield tell
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    label = TextColumn("{task.fields[label]}", markup=False)
    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), label)
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("verifying", total=None, label="")
        yield lambda done, total, label: bar.update(task, completed=done, total=total, label=label)


def _lines() -> Progress:
    """Return a progress that prints a line for each tenth that is done."""
    printed = -1

    def tell(done: int, total: int, label: str) -> None:
        nonlocal printed
        tenth = _PLAIN_LINES * done // max(total, 1)
        if tenth > printed:
            printed = tenth
            print(f"convproof: {done} of {total}: {label}", file=sys.stderr, flush=True)  # noqa: T201

    return tell
