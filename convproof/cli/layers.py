"""``convproof layers``: the convolution layers of named networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from convproof.cli.console import console

if TYPE_CHECKING:
    from rich.table import Table

    from convproof.layers import Network

__all__ = ["layers"]

_WIDTH = 140  # a geometry is one word, and nothing in a pipe should break it


def layers(
    name: Annotated[str | None, typer.Argument(help="A network; without one, their names.", metavar="NAME")] = None,
    batch: Annotated[int, typer.Option(help="Number of images.")] = 1,
) -> None:
    """List the layers of real networks."""
    from convproof.layers import get, names

    if name is None:
        table = _networks([get(each, batch) for each in names()])
    else:
        table = _layers(get(name, batch))
    console(_WIDTH).print(table)


def _table() -> Table:
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", show_footer=True)


def _networks(networks: list[Network]) -> Table:
    table = _table()
    table.add_column("network", no_wrap=True)
    for title in ("layers", "multiply-adds", "parameters"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("source", style="dim")
    for network in networks:
        counts = (len(network.layers), network.multiply_adds, network.parameters)
        table.add_row(network.name, *(f"{value:,}" for value in counts), network.source)
    table.show_footer = False
    return table


def _layers(network: Network) -> Table:
    table = _table()
    table.caption = network.source
    table.caption_justify = "left"
    table.add_column("layer", f"{len(network.layers)} layers", no_wrap=True)
    table.add_column("geometry", no_wrap=True)
    table.add_column("output", no_wrap=True)
    table.add_column("multiply-adds", f"{network.multiply_adds:,}", justify="right", no_wrap=True)
    table.add_column("parameters", f"{network.parameters:,}", justify="right", no_wrap=True)
    for layer in network.layers:
        geo = layer.geometry
        output = "x".join(map(str, geo.y))
        table.add_row(layer.name, str(geo), output, f"{geo.multiply_adds:,}", f"{geo.parameters:,}")
    return table
