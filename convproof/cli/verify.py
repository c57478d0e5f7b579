"""``convproof verify``: hold kernels to their matrices, and show what came of it."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convproof.cli.console import console, progress
from convproof.errors import ArgumentValueError, bad

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convproof.evidence import Report

__all__ = ["verify"]


def verify(
    target: Annotated[
        str, typer.Argument(help="convproof, torch, module:callable or file.py:callable.", metavar="TARGET")
    ] = "convproof",
    op: Annotated[str | None, typer.Option(help="The operation, such as conv2d.")] = None,
    geometry: Annotated[str | None, typer.Option(help="One only, such as x1x3x8x8-w4x3x3x3-s2-p1.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed draws the same cases.")] = 0,
    max_examples: Annotated[int | None, typer.Option(min=1, help="Geometries to draw per kernel.")] = None,
    dtype: Annotated[list[str] | None, typer.Option(help="Such as float32; repeat for several.")] = None,
    thorough: Annotated[bool, typer.Option("--thorough", help="Look at more, and at larger sizes.")] = False,
    layers: Annotated[bool, typer.Option(help="Verify at the layers of real networks, too.")] = True,
    jobs: Annotated[int, typer.Option(min=0, help="Processes to run in; 0: one for each core.")] = 0,
    html: Annotated[Path | None, typer.Option(help="Write a page.", metavar="PATH")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the reports as JSON.", metavar="PATH")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the conclusion only.")] = False,
) -> None:
    """Verify kernels against their matrices."""
    _check_writable("html", html)
    _check_writable("json", json)
    from convproof.geometry import Conv

    at = Conv.parse(geometry) if geometry is not None else None
    from convproof.checker.operations import operation
    from convproof.checker.runner import verify_all
    from convproof.checker.targets import resolve

    # module:callable is looked for where the user is, as file.py:callable is; convproof and torch are not.
    if ":" in target:
        sys.path.insert(0, os.getcwd())
    # Hypothesis keeps a cache, by default in the folder that the user happens to be in.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / "convproof-hypothesis"))
    targets = resolve(target, op if op is None else operation(op).name)
    if at is not None and op is None and len(targets) > 1:
        targets = [each for each in targets if operation(each.op).axes == at.axes]
    with progress(quiet) as tell:
        reports = verify_all(
            targets,
            seed=seed,
            max_examples=max_examples,
            dtypes=tuple(dtype) if dtype else None,
            thorough=thorough,
            layers=layers,
            geometry=at,
            jobs=jobs,
            progress=tell,
        )
    _show(reports, quiet)
    _write(reports, html, json)
    raise typer.Exit(0 if reports and all(reports) else 1)


def _check_writable(name: str, path: Path | None) -> None:
    """Refuse a path that cannot be written, before anything is computed for it."""
    if path is None:
        return
    folder = path.parent
    if path.is_dir() or not folder.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise ArgumentValueError(bad(name, str(path), "a file that can be written, in a folder that exists"))


def _show(reports: Sequence[Report], quiet: bool) -> None:
    from convproof.report.console import conclusion, show

    if quiet:
        console().print(conclusion(reports))
    else:
        show(reports, console())


def _write(reports: Sequence[Report], html: Path | None, json: Path | None) -> None:
    from convproof.report import report_page, to_json

    if html is not None:
        _write_file("html", html, report_page(reports))
    if json is not None:
        _write_file("json", json, to_json(reports) + "\n")


def _write_file(name: str, path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ArgumentValueError(bad(name, str(path), f"a file that can be written ({error.strerror})")) from error
