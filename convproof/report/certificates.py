"""A list of certificates on a terminal: a row for each statement, the story of each refutation, a conclusion."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

from convproof.evidence import Certificate
from convproof.report.summary import count

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

__all__ = ["certificates_json", "conclusion", "show_certificates"]


def show_certificates(certificates: Sequence[Certificate], console: Console) -> None:
    """Print certificates: their table, what refutes those that do not hold, what was not covered, the conclusion."""
    from rich.text import Text

    if certificates:
        console.print(_table(certificates))
    for certificate in certificates:
        if certificate.counterexample is not None:
            found = certificate.counterexample
            console.print(Text.assemble((f"{_name(certificate)}, {found.property}: ", "bold red"), found.story))
    for reason in dict.fromkeys(reason for certificate in certificates for reason in certificate.not_covered):
        console.print(Text(f"not covered: {reason}", "yellow"))
    console.print(conclusion(certificates))


def conclusion(certificates: Sequence[Certificate]) -> Text:
    """Return the last line: how many statements hold, for all sizes or not, and how long it took."""
    from rich.text import Text

    if not certificates:
        return Text("nothing was checked", "bold red")
    statements = _statements(certificates)
    refuted = sum(not all(group) for group in statements)
    seconds = sum(certificate.seconds for certificate in certificates)
    words = " and ".join(dict.fromkeys(str(certificate.evidence) for certificate in certificates if certificate))
    if refuted:
        return Text(f"{refuted} of {count(len(statements), 'statement')} refuted, in {seconds:.1f} s", "bold red")
    total = f"{count(len(statements), 'statement')}, {count(len(certificates), 'proof')}"
    return Text.assemble((f"all hold: {total}", "bold green"), f" · {words} · {seconds:.1f} s")


def certificates_json(certificates: Sequence[Certificate]) -> str:
    """Return certificates as a JSON list; `Certificate.from_json` reads each item back."""
    return json.dumps([asdict(certificate) for certificate in certificates], indent=2)


def _table(certificates: Sequence[Certificate]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from convproof.report.console import STYLES

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("statement", overflow="fold", ratio=3)
    table.add_column("verdict", no_wrap=True)
    table.add_column("scope", style="dim", overflow="fold", ratio=2)
    table.add_column("ms", style="dim", justify="right", no_wrap=True)
    for group in _statements(certificates):
        words = dict.fromkeys(certificate.evidence or "refuted" for certificate in group)
        scopes = "\n".join(dict.fromkeys(certificate.scope for certificate in group))
        milliseconds = f"{1000 * sum(certificate.seconds for certificate in group):.0f}"
        verdict = Text("\n").join(Text(word, STYLES[word]) for word in words)
        table.add_row(Text(group[0].claim), verdict, Text(scopes), milliseconds)
    return table


def _statements(certificates: Sequence[Certificate]) -> list[list[Certificate]]:
    """Return the certificates of each claim, which stand beside one another."""
    return [list(group) for _, group in groupby(certificates, key=lambda certificate: certificate.claim)]


def _name(certificate: Certificate) -> str:
    """Return what stands before the colon of a claim."""
    return certificate.claim.partition(":")[0]
