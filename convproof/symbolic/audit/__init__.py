"""Published matrices and formulas, held against the derived ones.

:func:`audit` reads LaTeX or Markdown, finds the matrices, size formulas, loop bounds and matrix products in it,
decides which geometry each matrix claims, and tells where something else is printed than is derived.
"""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad
from convproof.geometry import Conv
from convproof.symbolic.audit.claims import pinned
from convproof.symbolic.audit.grids import Lines, latex_grids
from convproof.symbolic.audit.matrices import audit_matrices
from convproof.symbolic.audit.products import audit_products
from convproof.symbolic.audit.result import Audit, Finding, PrintedFormula, PrintedMatrix
from convproof.symbolic.audit.sizes import audit_sizes
from convproof.symbolic.audit.tables import tables

__all__ = ["Audit", "Finding", "PrintedFormula", "PrintedMatrix", "audit", "decoded"]

_LARGEST = 16 * 2**20  # bytes of a text
_LONGEST_PATH = 4096
_SUFFIXES = (".tex", ".ltx", ".md", ".markdown", ".txt", ".rst", ".html", ".ipynb")


def audit(path_or_text: str | os.PathLike[str], geometry: str | Conv | None = None) -> Audit:
    r"""Hold the matrices and size formulas of a text against the derived ones.

    A matrix is compared with ``C[r, i] = w[a]`` where ``i = s*r + d*a - p``, with its transpose, with that of the
    flipped kernel, and with the data matrix; the geometry with fewest differences is taken to be the one that is
    meant (Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*, 2016, section 4.1, has the
    matrix). Size formulas are compared with the number of windows that fit, at all small sizes.

    What differs may have been extracted wrongly from what was published: a finding says "printed here", no more.

    Parameters
    ----------
    path_or_text : str or path
        A file, or the text itself: a path object, the name of an existing file, or anything else as text.
    geometry : str or Conv, optional
        What the matrices are known to be, instead of a search; the descriptor may be followed by ``forward``,
        ``transposed``, ``flipped`` or ``data``, as in ``"x1x1x4x4-w1x1x3x3 transposed"``; without, it may be any.

    Returns
    -------
    Audit
        A sequence of `Finding`, with `matrices` and `formulas` that were looked at.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        No text; a file that does not exist, is no file or is larger than 16 MiB; a geometry that is none.

    Examples
    --------
    >>> audit(r"\begin{bmatrix} a & b & 0 & 0 \\ 0 & a & b & 0 \\ 0 & a & a & b \end{bmatrix}")
    text: 1 finding in 1 matrix and 0 formulas
      line 1: entry (2, 1): printed here a, derived 0 for x1x1x4-w1x1x2
    looked at:
      line 1: 3x4 matrix: 1 entry differs (x1x1x4-w1x1x2)
    >>> audit(r"output size $\lceil (n - k)/s + 1 \rceil$")[0].remark
    'at n=2, k=1, s=2 it gives 2, and 1 window fits'
    """
    text, source = _text(path_or_text)
    pins = None if geometry is None else pinned(geometry)
    lines = Lines(text)
    printed = latex_grids(text, lines)
    spans = [(grid.start, grid.end) for grid in printed if grid.home is None]
    grids = sorted([*printed, *tables(text, spans)], key=lambda grid: grid.start)
    matrices, findings = audit_matrices(text, grids, pins)
    products, wrong_products = audit_products(text, grids)
    formulas, wrong_formulas, notes = audit_sizes(text, lines)
    found = sorted([*products, *formulas], key=lambda each: each.line)
    return Audit([*findings, *wrong_products, *wrong_formulas], matrices, found, source, notes)


def decoded(content: bytes) -> str:
    """Return a file's content as text: UTF-8, or what the mark at its beginning says, as editors on Windows write it.

    >>> decoded("\u230an\u230b".encode("utf-16"))
    '\u230an\u230b'
    """
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if marked else "utf-8-sig", errors="replace")


def _text(given: object) -> tuple[str, str]:
    """Return the text, with newlines only, and where it is from."""
    if isinstance(given, str):
        path = _named_file(given)
        text, source = (given, "text") if path is None else (_read(path), given)
    elif isinstance(given, os.PathLike):
        name = os.fspath(given)
        if not isinstance(name, str):
            raise ArgumentTypeError(bad("path_or_text", given, "a path of text, not of bytes"))
        text, source = _read(Path(name)), name
    else:
        raise ArgumentTypeError(bad("path_or_text", given, "a path, or text"))
    if len(text) > _LARGEST:
        raise ArgumentValueError(bad("path_or_text", text[:40], f"at most {_LARGEST} characters, not {len(text)}"))
    return text.replace("\r\n", "\n").replace("\r", "\n"), source


def _named_file(given: str) -> Path | None:
    """Return the file that a string names; None where it is text."""
    if not given or len(given) > _LONGEST_PATH or "\n" in given or "\0" in given:
        return None
    try:
        exists = Path(given).exists()
    except (OSError, ValueError):
        exists = False
    if not exists and given.lower().endswith(_SUFFIXES) and not set(given) & set("{}$|&"):
        raise ArgumentValueError(bad("path_or_text", given, "a file that exists, or text"))
    return Path(given) if exists else None


def _read(path: Path) -> str:
    try:
        if not path.is_file():
            raise ArgumentValueError(bad("path_or_text", str(path), "a file that exists"))
        if path.stat().st_size > _LARGEST:
            raise ArgumentValueError(bad("path_or_text", str(path), f"a file of at most {_LARGEST} bytes"))
        return decoded(path.read_bytes())
    except (OSError, ValueError) as error:
        if isinstance(error, ArgumentValueError):
            raise
        raise ArgumentValueError(bad("path_or_text", str(path), f"a file that can be read ({error})")) from error
