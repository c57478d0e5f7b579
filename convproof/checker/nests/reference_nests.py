"""Nests of the reference kernel, read from its Python source."""

from __future__ import annotations

from typing import Any

from convproof.checker.nests.nest import TAPS, Nest, axis_relation
from convproof.symbolic.nests.claims import Trial
from convproof.symbolic.nests.memory import Record
from convproof.symbolic.nests.walk import Event

__all__ = ["NESTS"]

#: Where each padding mode finds what stands at position j outside the input, and how far it may reach.
_MODES = {
    "zeros": ("false", "1 = 1"),
    "reflect": ("(j < 0 and i = -j) or (j >= n and i = 2*n - 2 - j)", "p < n and hi < n"),
    "replicate": ("(j < 0 and i = 0) or (j >= n and i = n - 1)", "1 = 1"),
    "circular": ("(j < 0 and i = j + n) or (j >= n and i = j - n)", "p <= n and hi <= n"),
}


def _triples(mode: str) -> Any:
    """Return the check of the triples that the reference kernel sums over, along one axis."""

    def check(trial: Trial) -> None:
        walker = trial.walker()
        geo = Record(
            "Conv",
            {
                **dict.fromkeys(("batch", "groups", "in_channels", "out_channels"), 1),
                "n": [trial.size("n")], "kernel": [trial.size("k")], "o": [trial.size("o")],
                "padding": [[trial.size("p"), trial.size("hi")]],
                "stride": [trial.steps["s"]], "dilation": [trial.steps["d"]], "mode": mode,
            },
        )  # fmt: skip
        outside, reach = _MODES[mode]
        fits = "" if mode == "zeros" else f"{reach} and s*(o - 1) + d*(k - 1) - p < n + hi"
        if fits:
            walker.domain = walker.domain.intersect(trial.set(fits))
        walker.run(trial.function("triples"), [geo])
        terms = [_flat(event) for event in walker.events]
        place = f"exists j : j = s*r + d*a - p and ((0 <= j < n and i = j) or {outside})"
        held = f"0 <= r < o and 0 <= a < k and 0 <= i < n and ({place})"
        wanted = trial.set(f"{held} and {fits}" if fits else held, of="r,i,a")
        trial.same(terms, wanted if mode != "zeros" else axis_relation(trial, of="r,i,a"), "output, input, tap")

    return check


def _flat(event: Event) -> Event:
    """Return a triple of indices without those of image and channel."""
    output, source, tap = event.values[0]
    return Event(event.label, event.where, event.turns, (output[2], source[2], tap[2]))


NESTS = tuple(
    Nest(
        f"reference.{mode}",
        f"the triples of the reference kernel are those of the relation, each once, with padding mode {mode}",
        ("reference.py",),
        _triples(mode),
        sizes={**TAPS, "hi": None},
        not_covered=("channels, images and groups",),
    )
    for mode in _MODES
)
