"""``convproof audit``: hold the matrices and formulas of published texts against the derived ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from convproof.symbolic.audit import Audit

__all__ = ["audit"]


def audit(
    files: Annotated[list[Path], typer.Argument(help="LaTeX or Markdown; - is standard input.", metavar="FILE...")],
    geometry: Annotated[
        str | None, typer.Option(help="What the matrices are, such as 'x1x1x4x4-w1x1x3x3 transposed'.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print findings, matrices and formulas as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print findings and conclusions only.")] = False,
) -> None:
    """Hold published matrices and size formulas against the derived ones."""
    audits = [_audited(path, geometry) for path in files]
    if as_json:
        _print_json(audits)
    else:
        for each in audits:
            typer.echo("\n".join([each.summary, *(f"  {finding}" for finding in each)]) if quiet else str(each))
    raise typer.Exit(1 if any(audits) or not any(each.checked for each in audits) else 0)


def _audited(path: Path, geometry: str | None) -> Audit:
    import sys

    from convproof.symbolic.audit import audit as read
    from convproof.symbolic.audit import decoded

    given = path if str(path) != "-" else decoded(sys.stdin.buffer.read()) + "\n"  # a line is no name of a file
    return read(given, geometry)


def _print_json(audits: list[Audit]) -> None:
    import json

    typer.echo(json.dumps([each.to_dict() for each in audits], indent=2))
