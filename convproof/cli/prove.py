"""``convproof prove``: statements proved for all sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from convproof.cli.console import console

if TYPE_CHECKING:
    from convproof.evidence import Certificate

__all__ = ["prove"]

_WHAT = """\
convproof can prove, for all sizes:
  --relationships   the fifteen relationships of the convolution arithmetic guide, and laws of indices
  --loops           the loops of the kernels, as modelled: what they read and write, each product once"""


def prove(
    relationships: Annotated[
        bool, typer.Option("--relationships", help="Sizes and indices: the guide's relationships.")
    ] = False,
    loops: Annotated[bool, typer.Option("--loops", help="The loops of the kernels, as modelled.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the certificates as JSON.")] = False,
) -> None:
    """Prove statements for all sizes."""
    if not relationships and not loops:
        typer.echo(_WHAT, err=True)
        raise typer.Exit(2)
    found: list[Certificate] = []
    if relationships:
        from convproof.symbolic.relationships import prove as prove_relationships

        found += prove_relationships()
    if loops:
        from convproof.checker.nests import prove_nests

        found += prove_nests()
    _show(found, json)
    raise typer.Exit(0 if found and all(found) else 1)


def _show(found: list[Certificate], json: bool) -> None:
    from convproof.report.certificates import certificates_json, show_certificates

    if json:
        typer.echo(certificates_json(found))
    else:
        show_certificates(found, console())
