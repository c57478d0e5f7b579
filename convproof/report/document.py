"""Derivations as a LaTeX document: one, or a booklet with title page, contents and chapters.

The document needs amsmath, amssymb, array, booktabs, geometry, graphicx, hyperref, inputenc, lmodern, longtable,
textcomp and xcolor; Debian has them in texlive-latex-recommended, texlive-fonts-recommended and lmodern.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from convproof.report.derivation import page_context
from convproof.report.derivation_numbers import in_numbers, matrices
from convproof.report.derivation_view import Booklet
from convproof.report.latex import plain_prose, tex, tex_prose

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["derivation_document", "formulas_document"]

_TEMPLATES = Path(__file__).with_name("templates")


def derivation_document(booklet: Booklet) -> str:
    """Return derivations as a complete LaTeX document; several have a title page, contents and chapters."""
    return _environment().get_template("document.tex").render(page_context(booklet))


def formulas_document(title: str, blocks: Sequence[tuple[str, str]]) -> str:
    """Return captions, each with a formula that is made smaller where it is wider than the page, as a document.

    Parameters
    ----------
    title : str
        Plain text.
    blocks : sequence of (str, str)
        Caption (plain text) and LaTeX.
    """
    from convproof import __version__

    return _environment().get_template("formulas.tex").render(version=__version__, title=title, blocks=blocks)


def _words(text: object) -> str:
    """Return plain text whose lines may end behind commas, hyphens and underscores, too."""
    escaped = tex(str(text))
    for mark in ("-", ",", r"\_"):
        escaped = escaped.replace(mark, mark + r"\allowbreak{}")
    return escaped


def _tex_plain(text: object) -> str:
    """Return a title for the bookmarks of a PDF, which have no formulas."""
    return tex(plain_prose(str(text)))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    environment.filters.update(tex=tex, prose=tex_prose, words=_words, tex_plain=_tex_plain)
    environment.globals.update(in_numbers=in_numbers, matrices=matrices)
    return environment
