"""A list of reports on a terminal of 100 columns: one table for many kernels, the full story of each failure."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from convproof.evidence import Counterexample, Report
from convproof.report import summary
from convproof.report.summary import MEANING, Family

__all__ = ["STYLES", "conclusion", "show", "story"]

#: How each word looks. Words say everything; colour only helps to find them.
STYLES = {
    "universal": "bold green",
    "traced": "bold green",
    "read-off": "green",
    "exact": "green",
    "bounded": "cyan",
    "passed": "blue",
    "refuted": "bold red",
    "mistrusted": "bold yellow",
    "unsupported": "yellow",
    "crashed": "bold red",
    "skipped": "dim",
    "verified": "bold green",
}

_NARROWEST_COLUMN = 8
_LONGEST_NAME = 16


def show(reports: Sequence[Report], console: Console) -> None:
    """Print reports: their table, the story of each failure, the legend, the conclusion."""
    if len(reports) == 1:
        console.print(_detail(reports[0]))
    elif reports:
        for block in _blocks(reports, console.width):
            console.print(block)
    for report in reports:
        if not report:
            if len(reports) > 1 or report.counterexample is not None or summary.notes(report):
                console.print(story(report, outcomes=len(reports) > 1))
            _print_replay(report, console)
        elif report.notes or report.unsupported:
            console.print(_notes(report))
    if any(reports):
        console.print(_legend(reports))
    elif reports:
        console.print()
    console.print(conclusion(reports))


def story(report: Report, outcomes: bool = True) -> RenderableType:
    """Return the whole story of a report that is not verified; `outcomes` lists what else failed."""
    lines: list[RenderableType] = []
    if report.counterexample is not None:
        lines.append(_counterexample(report.counterexample))
    for result in report.outcomes if outcomes else ():
        if result.status in summary.FAILURES:
            text = result.note or (result.counterexample.story if result.counterexample else "") or result.claim
            lines.append(Text.assemble((f"{result.property}: {result.status}", STYLES[result.status]), "  ", text))
    lines += [Text(note) for note in summary.notes(report)]
    title = Text(f"{report.kernel} as {report.op}: {report.verdict}", STYLES[report.verdict])
    return Panel(Group(*lines), title=title, title_align="left", border_style=STYLES[report.verdict], padding=(1, 2))


# ---------------------------------------------------------------------- tables


def _blocks(reports: Sequence[Report], width: int) -> list[RenderableType]:
    """Return the table of properties by kernels, cut into as many tables as the width needs."""
    names, columns = summary.rows(reports), summary.families(reports)
    first = max(map(len, [*names, "property"]), default=8)
    room = width - first - 2 - 2 * 10  # the columns of cases and of error
    blocks: list[list[Family]] = [[]]
    used = 0
    for family in columns:
        need = _column_width(family, names) + 2
        if blocks[-1] and used + need > room:
            blocks.append([])
            used = 0
        blocks[-1].append(family)
        used += need
    return [_table(block, names) for block in blocks]


def _column_width(family: Family, names: Sequence[str]) -> int:
    cells = [f"{label} {shown.word}".strip() for name in names for label, shown in family.cells(name)]
    return max(_NARROWEST_COLUMN, *map(len, [*_name_lines(family), family.axes, *cells]))


def _name_lines(family: Family) -> list[str]:
    """Break a long name behind its module."""
    cut = max(family.name.rfind("."), family.name.rfind(":")) + 1
    if len(family.name) <= _LONGEST_NAME or not cut:
        return [family.name]
    return [family.name[:cut], family.name[cut:]]


def _table(columns: Sequence[Family], names: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("property", no_wrap=True, vertical="bottom")
    for family in columns:
        head = Text("\n").join([Text(line) for line in _name_lines(family)] + [Text(family.axes, "not bold dim")])
        table.add_column(head, vertical="bottom")
    table.add_column("cases", justify="right", style="dim")
    table.add_column("error ≤", justify="right", style="dim")
    for name in names:
        members = [report for family in columns for _, report in family.members]
        results = [o for report in members for o in summary.outcomes(report, name)]
        cells = [_cell(family, name) for family in columns]
        error = summary.error_text(summary.largest_error(results))
        table.add_row(name, *cells, f"{sum(o.cases for o in results):,}", error)
    table.add_section()
    table.add_row("verdict", *map(_verdict, columns), "", "", style="bold")
    return table


def _cell(family: Family, name: str) -> Text:
    lines = []
    for label, shown in family.cells(name):
        text = _word(shown.word)
        lines.append(Text.assemble((label + " ", "dim"), text) if label else text)
    return Text("\n").join(lines)


def _verdict(family: Family) -> Text:
    lines = [
        Text.assemble((label + " " if label else "", "dim"), (verdict, STYLES[verdict]))
        for label, verdict in family.verdicts
    ]
    return Text("\n").join(lines)


def _word(word: str) -> Text:
    if word in ("", "skipped"):
        return Text("–" if word else "", "dim")
    return Text(word, STYLES[word])


def _detail(report: Report) -> RenderableType:
    """Return the table of one kernel: a line per row, or where it failed the rows that did."""
    title = Text(f"{report.kernel} as {report.op}", "bold")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title=title, title_justify="left")
    table.add_column("property", no_wrap=True)
    table.add_column("evidence", no_wrap=True)
    table.add_column("cases", justify="right", style="dim")
    table.add_column("error ≤", justify="right", style="dim")
    table.add_column("note", style="dim", overflow="fold")
    lines = summary.lines(report)
    failed = [line for line in lines if line.word in summary.FAILURES]
    for line in lines if report else failed:
        cases, error = f"{line.cases:,}" if line.cases else "", summary.error_text(line.log2_error)
        table.add_row(line.name, _word(line.word), cases, error, Text("; ".join(line.notes)))
    held = [] if report else [line.name for line in lines if line not in failed]
    others = (("held in all cases asked", held), ("does not apply", summary.skipped(report)))
    return Group(table, *(Text(f"{what}: {', '.join(names)}\n", "dim") for what, names in others if names))


# ---------------------------------------------------------------------- text


def _counterexample(found: Counterexample) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    rows = [
        ("wrong", found.story),
        ("call", f"{found.op} {found.dtype} at {found.geometry}"),
        ("property", found.property),
        ("entry", "" if found.entry is None else "[" + ", ".join(map(str, found.entry)) + "]"),
        ("got", found.got or ""),
        ("expected", found.expected or ""),
        ("because", found.diagnosis or ""),
    ]
    for name, text in rows:
        if text:
            grid.add_row(name, Text(text, "bold" if name in ("wrong", "because") else ""))
    return Group(grid, "")


def _print_replay(report: Report, console: Console) -> None:
    """Print the line to copy, on its own: nothing wraps it, no border gets between."""
    if report.counterexample is not None and report.counterexample.replay:
        console.print(Text("see it again with", "dim"))
        console.print(Text(report.counterexample.replay, "bold"), soft_wrap=True)


def _notes(report: Report) -> RenderableType:
    return Group(*(Text.assemble((f"{report.kernel}: ", "bold"), text) for text in summary.notes(report)))


def _legend(reports: Sequence[Report]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(style="dim")
    for word in summary.words(reports):
        grid.add_row(_word(word), MEANING[word])
    return Padding(grid, (1, 0, 1, 0))


def conclusion(reports: Sequence[Report]) -> Text:
    """Return the last line: the verdict, how much was looked at, how to run it again."""
    if not reports:
        return Text(summary.headline(reports), "bold red")
    head = Text(summary.headline(reports), "bold green" if all(reports) else "bold red")
    settings = summary.settings_line(reports)
    return Text.assemble(head, " · ", summary.totals_line(reports), ("\n" + settings if settings else "", "dim"))
