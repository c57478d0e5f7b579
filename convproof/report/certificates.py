"""A list of certificates on a terminal: a row for each statement, the story of each refutation, a conclusion."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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

    marks = _marks(certificates)
    if certificates:
        console.print(_table(certificates, marks))
    for certificate in certificates:
        if certificate.counterexample is not None:
            found = certificate.counterexample
            console.print(Text.assemble((f"{_name(certificate)}, {found.property}: ", "bold red"), found.story))
    for text, mark in marks.items():
        console.print(_note(mark, text))
    console.print(Text())
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


def _marks(certificates: Sequence[Certificate]) -> dict[str, str]:
    """Give a letter to each scope and to each thing left out, for the notes below the table."""
    texts = [certificate.scope for certificate in certificates]
    texts += [f"not covered: {reason}" for certificate in certificates for reason in certificate.not_covered]
    return {text: _letter(number) for number, text in enumerate(dict.fromkeys(texts))}


def _letter(number: int) -> str:
    """Return a, b, ..., z, aa, ab, ..."""
    more, last = divmod(number, 26)
    return (_letter(more - 1) if more else "") + chr(ord("a") + last)


def _note(mark: str, text: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    note = Table.grid(padding=(0, 1, 0, 0))
    note.add_row(Text(f"[{mark}]", "dim"), Text(text, "yellow" if text.startswith("not covered") else "dim"))
    return note


def _table(certificates: Sequence[Certificate], marks: Mapping[str, str]) -> Table:
    """Make a table with a row for each statement: its name, its words, the marks of the notes, the time."""
    from rich import box
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from convproof.report.console import STYLES

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("statement", overflow="fold", ratio=1)
    table.add_column("verdict", no_wrap=True)
    table.add_column("notes", style="dim", no_wrap=True)
    table.add_column("ms", style="dim", justify="right", no_wrap=True)
    for group in _statements(certificates):
        name, _, claim = group[0].claim.partition(": ")
        words = dict.fromkeys(certificate.evidence or "refuted" for certificate in group)
        verdict = Text("\n").join(Text(word, STYLES[word]) for word in words)
        told = [marks[text] for certificate in group for text in _told(certificate)]
        milliseconds = f"{1000 * sum(certificate.seconds for certificate in group):.0f}"
        claimed = Padding(Text(claim[:1].upper() + claim[1:]), (0, 0, 0, 2))
        statement = Group(Text(name, "bold"), *([claimed] if claim else []))
        table.add_row(statement, verdict, " ".join(dict.fromkeys(told)), milliseconds)
    return table


def _told(certificate: Certificate) -> list[str]:
    return [certificate.scope, *(f"not covered: {reason}" for reason in certificate.not_covered)]


def _statements(certificates: Sequence[Certificate]) -> list[list[Certificate]]:
    """Return the certificates of each claim, which stand beside one another."""
    return [list(group) for _, group in groupby(certificates, key=lambda certificate: certificate.claim)]


def _name(certificate: Certificate) -> str:
    """Return what stands before the colon of a claim."""
    return certificate.claim.partition(":")[0]
