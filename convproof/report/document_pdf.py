"""A LaTeX document made into a PDF, by latexmk or tectonic."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from convproof.errors import ArgumentValueError, MissingDependency, bad, shown

__all__ = ["PROGRAMS", "compiler", "pdf"]

_TEX = "-interaction=nonstopmode -halt-on-error -no-shell-escape"
_NAME = "document"

#: What can make a PDF, with the options given to it, in the order they are looked for.
PROGRAMS = {
    "latexmk": ["-norc", "-pdf", "-silent", *_TEX.split()],
    "tectonic": ["--untrusted", "--chatter", "minimal"],
}

_SECONDS = 300.0


def compiler() -> str | None:
    """Return the path of the program that makes a PDF, or None."""
    return next((found for found in map(shutil.which, PROGRAMS) if found), None)


def pdf(tex: str, *, seconds: float = _SECONDS) -> bytes:
    """Return a LaTeX document as a PDF; the same document gives the same bytes.

    It is made in a folder of its own, without shell escape, as of the date SOURCE_DATE_EPOCH (by default 0).

    Parameters
    ----------
    tex : str
        A complete document.
    seconds : float
        After so many the program is ended.

    Raises
    ------
    MissingDependency
        Neither latexmk nor tectonic is installed.
    ArgumentValueError
        TeX stops at an error, or does not end.
    """
    program = compiler()
    if program is None:
        raise MissingDependency(
            "latexmk or tectonic is needed for a PDF, and neither is installed "
            "(Debian: latexmk texlive-latex-recommended texlive-fonts-recommended lmodern)"
        )
    with tempfile.TemporaryDirectory(prefix="convproof-") as folder:
        source = Path(folder, f"{_NAME}.tex")
        source.write_text(tex, encoding="utf-8")
        told = _run([program, *PROGRAMS[Path(program).stem], source.name], folder, seconds)
        made = source.with_suffix(".pdf")
        if not made.is_file():
            raise ArgumentValueError(bad("tex", shown(f"<{len(tex)} characters>"), f"LaTeX that TeX can set; {told}"))
        return made.read_bytes()


def _run(command: list[str], folder: str, seconds: float) -> str:
    """Run a program in a folder; return the first error in what it said."""
    environment = {"SOURCE_DATE_EPOCH": "0", **os.environ, "FORCE_SOURCE_DATE": "1", "max_print_line": "1000"}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"it did not end within {seconds:g} s"
    except BaseException:
        _end(process)
        raise
    log = Path(folder, f"{_NAME}.log")
    said = output + (log.read_bytes() if log.is_file() else b"")
    return "" if process.returncode == 0 else _first_error(said.decode("utf-8", "replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program with those it started: latexmk runs pdflatex."""
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate()


def _first_error(said: str) -> str:
    """Return the first error message of TeX, with the line it stands in."""
    lines = said.splitlines()
    for place, line in enumerate(lines):
        if line.startswith(("! ", "error:")):
            where = next((text for text in lines[place : place + 12] if text.startswith("l.")), "")
            return f"it stops at: {line.removeprefix('! ')} {where[:120]}".strip()
    return "it failed: " + (lines[-1][:200] if lines else "without a word")
