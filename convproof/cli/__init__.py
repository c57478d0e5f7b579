"""The command line: parses, calls, prints. What takes long to import is imported by the command that needs it.

Exit status: 0 verified (or done), 1 refuted, mistrusted, unsupported, crashed or nothing checked, 2 usage.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated, NoReturn

import typer

from convproof.cli.audit import audit
from convproof.cli.derive import derive
from convproof.cli.doctor import doctor
from convproof.cli.layers import layers
from convproof.cli.matrix import matrix
from convproof.cli.prove import prove
from convproof.cli.verify import verify
from convproof.errors import ConvproofError

__all__ = ["app", "main"]

app = typer.Typer(
    name="convproof",
    help="Whether a convolution kernel is right, with evidence you could sign.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(verify)
app.command()(derive)
app.command()(matrix)
app.command()(audit)
app.command()(prove)
app.command()(layers)
app.command()(doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        from convproof import __version__

        typer.echo(f"convproof {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Whether a convolution kernel is right, with evidence you could sign."""


def main() -> None:
    """Run the command line; what the user got wrong is one line on standard error, and exit status 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # into a pipe Windows writes cp1252, which lacks ≤
    try:
        app(prog_name="convproof")
    except ConvproofError as error:
        _fail(str(error))
    except OSError as error:  # a full disk, most likely
        _fail(str(error))
    except MemoryError as error:
        _fail(f"out of memory: {error}" if str(error) else "out of memory")


def _fail(message: str) -> NoReturn:
    print(f"convproof: error: {message}", file=sys.stderr)  # noqa: T201  (this is the command line)
    sys.exit(2)
