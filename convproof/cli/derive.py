"""``convproof derive``: derivations on the terminal, as LaTeX, as a page, as a document."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convproof.errors import ArgumentValueError, Refuted, bad

if TYPE_CHECKING:
    from convproof.geometry import Conv
    from convproof.symbolic.derivation import Derivation
    from convproof.symbolic.notation import Notation

__all__ = ["derive"]

_ALL = "all"
_WIDEST = 120
_PIPE_WIDTH = 100


class Style(StrEnum):
    """How formulas are written."""

    paper = "paper"
    slide = "slide"


class SumOver(StrEnum):
    """What an input gradient is summed over."""

    taps = "taps"
    pixels = "pixels"


def derive(
    topic: Annotated[list[str] | None, typer.Argument(help="Such as conv2d_input; or all.", metavar="TOPIC")] = None,
    simple: Annotated[bool, typer.Option("--simple", help="One channel, stride 1, sizes that match.")] = False,
    style: Annotated[Style | None, typer.Option(help="Of the formulas; slide where simple, else paper.")] = None,
    sum_over: Annotated[SumOver, typer.Option(help="What an input gradient is summed over.")] = SumOver.taps,
    hide_brackets: Annotated[bool, typer.Option("--hide-brackets", help="Leave ranges out of the formulas.")] = False,
    vectors: Annotated[
        bool | None, typer.Option(help="Bold letters for all axes at once; by default in 3-D among several topics.")
    ] = None,
    index_names: Annotated[str, typer.Option(help="LaTeX of symbols.", metavar="r=u,w=k")] = "",
    geometry: Annotated[
        list[str] | None, typer.Option(help="Such as x1x1x4x4-w1x1x3x3-p1: numbers and matrices; repeat for several.")
    ] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write a PDF (latexmk or tectonic).", metavar="PATH")] = None,
    tex: Annotated[Path | None, typer.Option(help="Write a LaTeX document.", metavar="PATH")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page.", metavar="PATH")] = None,
    latex: Annotated[bool, typer.Option("--latex", help="Print LaTeX to be pasted into a paper.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List what can be derived.")] = False,
) -> None:
    """Derive formulas, each step checked."""
    if list_:
        typer.echo(_list())
        return
    files = {".tex": tex, ".html": html, ".pdf": pdf}  # the PDF last: where it fails, the others are there
    _check_files(files)
    topics = _topics(topic or [])
    geometries = _geometries(geometry or [], topics)
    derivations = []
    for number, name in enumerate(topics):
        if len(topics) > 1:
            _tell(f"{number + 1} of {len(topics)}: {name}")
        bold = vectors if vectors is not None else len(topics) > 1 and "3d" in name
        derivations.append(
            _derive(name, simple, _notation(name, simple, style, sum_over, hide_brackets, bold, index_names))
        )
    _check_names(dict(_pairs(index_names)), derivations)
    _write(derivations, geometries, files)
    if latex or not any(files.values()):
        _print(derivations, geometries, latex)


def _derive(name: str, simple: bool, notation: Notation) -> Derivation:
    from convproof.symbolic.derive import derive as derive_one

    try:
        return derive_one(name, simple=simple, notation=notation)
    except Refuted as error:
        typer.echo(str(error))
        raise typer.Exit(1) from None


def _tell(text: str) -> None:
    print(f"convproof: {text}", file=sys.stderr, flush=True)  # noqa: T201


# ---------------------------------------------------------------------- what was asked for


def _list() -> str:
    from convproof.symbolic.derive import chapters, summary

    listed = [(title, [(topic, summary(topic)) for topic in topics]) for title, topics in chapters()]
    wide = max(len(topic) for _, rows in listed for topic, _ in rows)
    blocks = [[title, *(f"  {topic:<{wide}}  {text}" for topic, text in rows)] for title, rows in listed]
    return "\n\n".join("\n".join(block) for block in blocks)


def _topics(named: Sequence[str]) -> list[str]:
    """Return the topics asked for, each once; an unknown one is refused before anything is derived."""
    from convproof.symbolic.derive import summary, topics

    if not named:
        raise ArgumentValueError(bad("topic", "", f"a topic or {_ALL}; --list shows them"))
    found = [each for name in named for each in (topics() if name == _ALL else (name,))]
    for name in found:
        summary(name)
    return list(dict.fromkeys(found))


def _geometries(named: Iterable[str], topics: Sequence[str]) -> tuple[Conv, ...]:
    """Return the geometries asked for; refuse one that has nothing to do with what is derived."""
    from convproof.geometry import Conv
    from convproof.symbolic.derive import axes_of, check_geometry

    found = tuple(map(Conv.parse, named))
    derived = {axes for topic in topics if (axes := axes_of(topic)) is not None}
    for geo in found:
        if derived and geo.axes not in derived:
            expected = f"as many axes as what is derived, {' or '.join(map(str, sorted(derived)))}"
            raise ArgumentValueError(bad("geometry", str(geo), expected))
        check_geometry(geo)
    return found


def _notation(
    name: str, simple: bool, style: Style | None, sum_over: SumOver, hide_brackets: bool, vectors: bool, names: str
) -> Notation:
    from convproof.symbolic.derive import axes_of
    from convproof.symbolic.notation import PAPER, slide

    base = slide(axes_of(name) or 2) if style is Style.slide or (style is None and simple) else PAPER
    return replace(
        base,
        sum_over=sum_over.value,
        brackets=not hide_brackets,
        vectors=vectors,
        names={**base.names, **dict(_pairs(names))},
    )


def _check_names(names: dict[str, str], derivations: Sequence[Derivation]) -> None:
    """Refuse to rename what occurs nowhere: most likely it was misspelt."""
    sums = [(d.notation, s.after) for d in derivations for s in d.steps if s.after is not None]
    found = {name.removesuffix("()") for notation, sum_ in sums for name, _ in notation.named(sum_)}
    letters = {name.partition("_")[0].rstrip("'") for name in found}
    if unknown := sorted(names.keys() - found - letters):
        expected = "names that occur: " + ", ".join(sorted(letter for letter in letters if letter.isalpha()))
        raise ArgumentValueError(bad("index_names", unknown[0], expected))


def _pairs(names: str) -> Iterator[tuple[str, str]]:
    """Read ``r=u,w=k``."""
    for pair in filter(None, names.split(",")):
        name, sign, latex = (part.strip() for part in pair.partition("="))
        if not (name and sign and latex):
            raise ArgumentValueError(bad("index_names", names, "names and LaTeX, such as r=u,w=k"))
        yield name, latex


def _check_files(files: dict[str, Path | None]) -> None:
    """Refuse a path that cannot be written, before anything is derived for it."""
    for suffix, path in files.items():
        if path is None:
            continue
        if path.suffix.lower() != suffix:
            raise ArgumentValueError(bad(suffix[1:], str(path), f"a path that ends in {suffix}"))
        if path.is_dir() or not path.parent.is_dir():
            raise ArgumentValueError(bad(suffix[1:], str(path), "a file that can be written, in a folder that exists"))


# ---------------------------------------------------------------------- what comes of it


def _write(derivations: Sequence[Derivation], geometries: tuple[Conv, ...], files: dict[str, Path | None]) -> None:
    from convproof.report.derivation_view import Booklet
    from convproof.report.save import save

    for path in filter(None, files.values()):
        save(Booklet(tuple(derivations), geometries), path)
        _tell(f"wrote {path}")


def _print(derivations: Sequence[Derivation], geometries: tuple[Conv, ...], latex: bool) -> None:
    from convproof.report.derivation import derivation_text

    width = min(shutil.get_terminal_size().columns, _WIDEST) if sys.stdout.isatty() else _PIPE_WIDTH
    texts = (d.latex() if latex else derivation_text(d, geometries, width=width) for d in derivations)
    typer.echo("\n\n\n".join(texts))
