"""A list of reports as one self-contained page, and one report as a fragment for Jupyter.

Templates escape everything they are given: names of kernels and stories come from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convproof.evidence import Report
from convproof.report import summary

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["report_fragment", "report_page"]

_TEMPLATES = Path(__file__).with_name("templates")


def report_page(reports: Sequence[Report]) -> str:
    """Return a page about all reports, as HTML that needs no other file.

    Parameters
    ----------
    reports : sequence of Report
        One per kernel and operation; none gives a page that says so.
    """
    from convproof import __version__

    families = summary.families(reports)
    context = {
        "version": __version__,
        "reports": reports,
        "good": bool(reports) and all(reports),
        "headline": summary.headline(reports),
        "totals": summary.totals_line(reports),
        "settings": summary.settings_line(reports),
        "families": families,
        "rows": [_row(name, families, reports) for name in summary.rows(reports)],
        "words": summary.words(reports),
    }
    return _environment().get_template("page.html").render(context)


def report_fragment(report: Report) -> str:
    """Return one report as a fragment of HTML, styled by itself, for Jupyter."""
    return _environment().get_template("fragment.html").render(report=report)


def _row(name: str, families: Sequence[summary.Family], reports: Sequence[Report]) -> dict[str, Any]:
    outcomes = [o for report in reports for o in summary.outcomes(report, name)]
    return {
        "name": name,
        "cells": [family.cells(name) for family in families],
        "cases": sum(o.cases for o in outcomes),
        "error": summary.largest_error(outcomes),
    }


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        # Our own file: the one text that is not escaped.
        css=Markup((_TEMPLATES / "style.css").read_text(encoding="utf-8")),
        error_text=summary.error_text,
        failures=summary.FAILURES,
        lines_of=summary.lines,
        meaning=summary.MEANING,
        notes_of=summary.notes,
        skipped_of=summary.skipped,
        totals_of=lambda report: summary.totals_line([report]),
    )
    return environment
