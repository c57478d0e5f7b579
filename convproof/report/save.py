"""``save``: write a derivation, a matrix, a report, a certificate or an algorithm in the format of a path's suffix."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from convproof.errors import ArgumentTypeError, ArgumentValueError, MissingDependency, bad
from convproof.evidence import Certificate, Report
from convproof.report.derivation_view import Booklet

__all__ = ["formats", "save"]

_SIGNATURE = b"% Written by convproof"  # the first line of each template of LaTeX

Block = tuple[str, str]
Write = Callable[[Sequence[Any]], str]
Blocks = Callable[[Any], list[Block]]


@dataclass(frozen=True)
class _Kind:
    """What can be saved: its type, a writer for each suffix of text, and the plain data of one for JSON.

    A PDF is made of what `.tex` writes.
    """

    what: str
    type: type
    data: Callable[[Any], Any]
    writers: Mapping[str, Write]
    several: bool = True

    @property
    def suffixes(self) -> tuple[str, ...]:
        return (*self.writers, *((".pdf",) if ".tex" in self.writers else ()), ".json")


def save(thing: Any, path: str | os.PathLike[str]) -> Path:
    """Write a thing to a file, in the format of its suffix.

    ====================================  ================================
    thing                                 suffix
    ====================================  ================================
    Derivation, or several; a Booklet     .tex .pdf .html .json
    ConvMatrix                            .tex .pdf .html .json
    algorithm of ``winograd``             .tex .pdf .html .json
    Certificate, or several               .tex .pdf .html .json
    Report, or several                    .html .json
    ====================================  ================================

    The file appears whole or not at all. A PDF is made by latexmk or tectonic (Debian: latexmk,
    texlive-latex-recommended, texlive-fonts-recommended, lmodern); the same thing gives the same bytes.

    Parameters
    ----------
    thing : Derivation, ConvMatrix, Report, Certificate or algorithm, or a list of the first, third or fourth
        What to write.
    path : str or path
        Where; an existing file is replaced.

    Returns
    -------
    Path
        The path.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        Something else; a suffix that it has no format for; LaTeX that TeX cannot set.
    MissingDependency
        A PDF where neither latexmk nor tectonic is installed; the LaTeX document is then written beside it.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from convproof.geometry import Conv
    >>> from convproof.symbolic.matrix import matrix
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save(matrix(Conv(x=(1, 1, 4), w=(1, 1, 3))), Path(folder) / "matrix.tex")
    ...     r"w_{0} & w_{1} & w_{2} & 0" in path.read_text()
    True
    """
    where = _path(path)
    kind = _kind(thing)
    suffix = where.suffix.lower()
    if suffix not in kind.suffixes:
        known = ", ".join(kind.suffixes)
        raise ArgumentValueError(bad("path", str(where), f"the suffix of a format of {kind.what}: {known}"))
    things = _listed(thing)
    if suffix == ".json":
        data = [kind.data(one) for one in things]
        text = json.dumps(data if isinstance(thing, (list, tuple)) else data[0], indent=2, default=str) + "\n"
    else:
        text = kind.writers[".tex" if suffix == ".pdf" else suffix](things)
    if suffix == ".pdf":
        _write(where, _pdf(text, where))
    else:
        _write(where, text.encode("utf-8", "backslashreplace"))
    return where


def formats(thing: Any) -> tuple[str, ...]:
    """Return the suffixes that a thing can be saved with.

    Examples
    --------
    >>> from convproof.geometry import Conv
    >>> from convproof.symbolic.matrix import matrix
    >>> formats(matrix(Conv(x=(1, 1, 4), w=(1, 1, 3))))
    ('.tex', '.html', '.pdf', '.json')
    """
    return _kind(thing).suffixes


def _path(path: Any) -> Path:
    if not isinstance(path, (str, os.PathLike)):
        raise ArgumentTypeError(bad("path", path, "a path"))
    where = Path(path)
    if "\0" in str(where):
        raise ArgumentValueError(bad("path", str(where), "a path without null characters"))
    return where


def _listed(thing: Any) -> list[Any]:
    return list(thing) if isinstance(thing, (list, tuple)) else [thing]


def _kind(thing: Any) -> _Kind:
    """Return what a thing is, or what all things of a list are."""
    things = _listed(thing)
    for kind in _kinds():
        if things and all(isinstance(one, kind.type) for one in things) and (kind.several or len(things) == 1):
            return kind
    expected = "a Derivation, a ConvMatrix, a Report, a Certificate or an algorithm of winograd, or a list of one kind"
    raise ArgumentTypeError(bad("thing", thing, expected))


def _kinds() -> tuple[_Kind, ...]:
    from convproof.report.derivation import derivation_page
    from convproof.report.document import derivation_document
    from convproof.report.html import report_page
    from convproof.report.matrix import matrix_json
    from convproof.report.save_json import algorithm_data, derivation_data
    from convproof.symbolic.conv_matrix import ConvMatrix
    from convproof.symbolic.derivation import Derivation
    from convproof.symbolic.winograd.algorithm import Algorithm

    written: dict[str, Write] = {
        ".tex": lambda things: derivation_document(_booklet(things)),
        ".html": lambda things: derivation_page(_booklet(things)),
    }
    return (
        _Kind("a derivation", Derivation, derivation_data, written),
        _Kind("a booklet", Booklet, lambda one: [derivation_data(each) for each in one.derivations], written, False),
        _Kind("a matrix", ConvMatrix, lambda one: json.loads(matrix_json(one)), _writers("Matrix", _of_matrix), False),
        _Kind("an algorithm", Algorithm, algorithm_data, _writers("Winograd algorithm", _of_algorithm), False),
        _Kind("a certificate", Certificate, asdict, _writers("Certificate", _of_certificate)),
        _Kind("a report", Report, asdict, {".html": report_page}),
    )


# ---------------------------------------------------------------------- what stands in a document


def _booklet(things: Sequence[Any]) -> Booklet:
    return things[0] if isinstance(things[0], Booklet) else Booklet(tuple(things))


def _writers(title: str, describe: Blocks) -> dict[str, Write]:
    """Return writers of captioned formulas under a title, as LaTeX and as HTML."""
    from convproof.report.derivation import formulas_page
    from convproof.report.document import formulas_document

    def blocks(things: Sequence[Any]) -> list[Block]:
        return [block for one in things for block in describe(one)]

    return {
        ".tex": lambda things: formulas_document(title, blocks(things)),
        ".html": lambda things: formulas_page(title, blocks(things)),
    }


def _of_matrix(matrix: Any) -> list[Block]:
    return [(repr(matrix).strip("<>"), matrix.latex())]


def _of_algorithm(algorithm: Any) -> list[Block]:
    from convproof.symbolic.winograd.latex import matrix_latex

    blocks = [(algorithm.name, algorithm.latex("formula"))]
    for axis, triple in enumerate(dict.fromkeys(algorithm.triples)):
        named = (("A", r"^{\mathsf{T}}", triple.AT), ("G", "", triple.G), ("B", r"^{\mathsf{T}}", triple.BT))
        blocks += [("", rf"{letter}{axis * chr(39)}{mark} = {matrix_latex(part)}") for letter, mark, part in named]
    return [*blocks, ("Multiplications", algorithm.latex("count")), *_of_certificate(algorithm.certificate)]


def _of_certificate(certificate: Certificate) -> list[Block]:
    return [(line.strip(), "") for line in str(certificate).splitlines()]


# ---------------------------------------------------------------------- files


def _pdf(tex: str, where: Path) -> bytes:
    """Return the PDF; where nothing can make one, write the LaTeX beside it and say so."""
    from convproof.report.document_pdf import pdf

    try:
        return pdf(tex)
    except MissingDependency as error:
        beside = where.with_suffix(".tex")
        if not _may_replace(beside):
            beside = where.with_suffix(".convproof.tex")
        _write(beside, tex.encode())
        raise MissingDependency(f"{error}; the LaTeX document is in {beside}") from None


def _may_replace(path: Path) -> bool:
    """Return whether there is no such file, or one that we wrote: what nobody named may be somebody's paper."""
    try:
        with path.open("rb") as file:
            return file.readline().startswith(_SIGNATURE)
    except OSError:
        return not path.exists()


def _write(where: Path, content: bytes) -> None:
    """Write a file whole or not at all. What is no plain file (a device, a pipe) is written to as it is."""
    if where.exists() and not where.is_file():
        where.write_bytes(content)
        return
    target = where.resolve()  # through a link, to the file it names
    passing = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}")
    try:
        passing.write_bytes(content)
        os.replace(passing, target)
    except OSError as error:
        passing.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror or "it cannot be written", str(where)) from None
