"""Derivations as HTML: a page that needs nothing else, a fragment for Jupyter; and as text for a terminal.

Formulas are MathML; each is set in pieces between which the browser ends a line where the window does. Templates
escape everything they are given.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convproof.report.derivation_numbers import in_numbers, matrices
from convproof.report.derivation_view import (
    Booklet,
    Line,
    Scope,
    Sheet,
    common_symbols,
    legend,
    own_symbols,
    sheet,
    symbols,
)
from convproof.report.latex import plain, plain_prose
from convproof.report.mathml import mathml, prose

if TYPE_CHECKING:
    from jinja2 import Environment

    from convproof.geometry import Conv
    from convproof.symbolic.derivation import Derivation

__all__ = ["by_chapter", "derivation_fragment", "derivation_page", "derivation_text", "formulas_page", "page_context"]

_TEMPLATES = Path(__file__).with_name("templates")
_TEXT_WIDTH = 100
_INDENT = " " * 9  # of a formula's further lines
_LEAST_WIDTH = 40


def derivation_page(booklet: Booklet) -> str:
    """Return derivations as a page of HTML that needs no other file, no script and no network."""
    return _environment().get_template("derivation_page.html").render(page_context(booklet))


def page_context(booklet: Booklet) -> dict[str, Any]:
    """Return what a page or a document shows of a booklet; a booklet of one derivation has its title."""
    from convproof import __version__

    given = legend(booklet.derivations)
    sheets = [sheet(derivation, given) for derivation in booklet.derivations]
    chapters = by_chapter(sheets)
    common = common_symbols([members for _, members in chapters])
    return {
        "version": __version__,
        "title": sheets[0].title if len(sheets) == 1 else "Convolutions, derived",
        "booklet": len(sheets) > 1,
        "sheets": sheets,
        "chapters": chapters,
        "anchor": lambda one: f"d{sheets.index(one) + 1}",
        "count": sum(len(one.lines) for one in sheets),
        "seconds": sum(derivation.seconds for derivation in booklet.derivations),
        "legend": given,
        "symbols": common,
        "own_symbols": partial(own_symbols, common=common),
        "geometries": booklet.all_geometries,
    }


def derivation_fragment(derivation: Derivation) -> str:
    """Return a derivation as a fragment of HTML, styled by itself, for Jupyter."""
    given = legend([derivation])
    context = {
        "sheet": sheet(derivation, given),
        "legend": given,
        "symbols": symbols([derivation]),
        "geometries": Booklet((derivation,)).all_geometries,
    }
    return _environment().get_template("derivation_fragment.html").render(context)


def formulas_page(title: str, blocks: Sequence[tuple[str, str]]) -> str:
    """Return captions, each with a formula, as a page of HTML that needs no other file.

    Parameters
    ----------
    title : str
        Plain text.
    blocks : sequence of (str, str)
        Caption (plain text) and LaTeX.
    """
    from convproof import __version__

    return _environment().get_template("formulas.html").render(version=__version__, title=title, blocks=blocks)


def by_chapter(sheets: Sequence[Sheet]) -> list[tuple[str, list[Sheet]]]:
    """Sort sheets into the chapters of the booklet; what belongs to none comes last."""
    from convproof.symbolic.derive import chapters

    titles = {topic: title for title, topics in chapters() for topic in topics}
    order = {title: [one for one in sheets if titles.get(one.op) == title] for title in dict.fromkeys(titles.values())}
    order["Further derivations"] = [one for one in sheets if one.op not in titles]
    return [(title, members) for title, members in order.items() if members]


def derivation_text(derivation: Derivation, geometries: Iterable[Conv] = (), *, width: int = _TEXT_WIDTH) -> str:
    """Return a derivation as lines of text, formulas in Unicode.

    Parameters
    ----------
    derivation : Derivation
        What to show.
    geometries : iterable of Conv
        Besides its own: the formulas asked for are shown with their numbers, too.
    width : int
        Columns of the terminal; at least 40 are taken.
    """
    width = max(width, _LEAST_WIDTH)
    given = legend([derivation])
    shown = sheet(derivation, given)
    head = f"{plain_prose(shown.title)} ({shown.op}): {len(shown.lines)} steps"
    lines = textwrap.wrap(head, width)
    for chain in shown.chains:
        lines += ["", *textwrap.wrap(plain_prose(chain.title), width)]
        lines += textwrap.wrap(plain_prose(chain.text), width) if chain.text else []
        for line in chain.lines:
            lines += ["", *_step_lines(line, width)]
    for geo in Booklet((derivation,), tuple(geometries)).all_geometries:
        for formula in in_numbers(derivation, geo):
            lines += ["", f"At {geo}", "", *_formula_lines("", formula.left, formula.relation, formula.pieces, width)]
    lines += ["", *_legend_lines(given.scopes, width)]
    return "\n".join(line.rstrip() for line in lines)


def _step_lines(line: Line, width: int) -> list[str]:
    """Write a step: number and formula, the rule and the reason, the marks."""
    step = line.step
    why = textwrap.wrap(f"{step.rule}: {plain_prose(step.why)}", width - 5)
    marks = [", ".join(f"{word} [{letters}]" for word, letters in line.marks)] if line.marks else []
    formula = _formula_lines(f"{line.number}.", step.left, step.relation, step.pieces, width)
    return [*formula, *(f"     {text}" for text in [*why, *marks])]


def _formula_lines(number: str, left: str, relation: str, pieces: Iterable[str], width: int) -> list[str]:
    """Write a formula, its lines ending between pieces where they can."""
    head = f"{number:>3}  {plain(left)} {plain(relation)}" if left else f"{number:>3}    {plain(relation)}"
    lines = [[head]]
    for piece in map(plain, pieces):
        if len(" ".join([*lines[-1], piece])) <= width:
            lines[-1].append(piece)
        else:
            lines += [[part] for part in textwrap.wrap(piece, width, initial_indent=_INDENT, subsequent_indent=_INDENT)]
    if len(lines) > 1 and len(lines[-1]) == 1 and len(lines[-2]) > 2:  # a piece that stands alone
        joined = f"{_INDENT}{lines[-2][-1]} {lines[-1][0].strip()}"
        if len(joined) <= width:
            lines[-2:] = [lines[-2][:-1], [joined]]
    return [" ".join(line) for line in lines]


def _legend_lines(scopes: Iterable[Scope], width: int) -> list[str]:
    lines: list[str] = []
    for entry in scopes:
        text = f"[{entry.letter}] {entry.evidence}: {entry.scope}"
        lines += textwrap.wrap(text, width, subsequent_indent="    ", break_on_hyphens=False)
    return lines


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
    styles = (_TEMPLATES / name for name in ("style.css", "derivation.css"))
    environment.globals.update(
        # Our own files: the only texts that are not escaped.
        css=Markup("\n".join(style.read_text(encoding="utf-8") for style in styles)),
        in_numbers=in_numbers,
        math=mathml,
        matrices=matrices,
        prose=prose,
    )
    return environment
