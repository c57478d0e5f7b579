"""Matrices as people print them: many geometries, names and notations, from the definition as loops.

Nothing here uses convproof.symbolic: the matrices are written out by the definition of the convolution.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, replace
from functools import cache

ENVIRONMENTS = ("matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "smallmatrix", "array", "pipes", "tabs")
STYLES = (
    "{}",
    r"\mathbf{{{}}}",
    r"\underline{{{}}}",
    r"{{\color{{red}} {}}}",
    r"\textcolor{{blue}}{{{}}}",
    r"\boldsymbol{{{}}}",
)


@dataclass(frozen=True)
class Axis:
    """Size, taps, stride, dilation and padding (on both sides) of one axis."""

    n: int
    k: int
    s: int = 1
    d: int = 1
    p: int = 0

    @property
    def o(self):
        return (self.n + 2 * self.p - self.d * (self.k - 1) - 1) // self.s + 1


@dataclass(frozen=True)
class Printed:
    """A matrix with taps (tuples) and zeros (None) as entries, and how it is printed."""

    axes: tuple[Axis, ...]
    transposed: bool
    flipped: bool
    rows: tuple[tuple[tuple[int, ...] | None, ...], ...]
    naming: str
    environment: str
    style: str
    zero: str

    @property
    def descriptor(self):
        x, w = ("x".join(str(size) for size in sizes) for sizes in zip(*((a.n, a.k) for a in self.axes)))
        parts = [f"x1x1x{x}-w1x1x{w}"]
        parts.append("s" + "x".join(str(a.s) for a in self.axes))
        parts.append("p" + "x".join(str(a.p) for a in self.axes))
        parts.append("d" + "x".join(str(a.d) for a in self.axes))
        words = [word for word in ("transposed", "flipped") if getattr(self, word)]
        return " ".join(["-".join(parts), "forward" if not self.transposed else "", *words])

    @property
    def taps(self):
        return list(itertools.product(*(range(a.k) for a in self.axes)))

    @property
    def support(self):
        return sum(entry is not None for row in self.rows for entry in row)

    def name(self, tap):
        """Write a tap in the naming of the matrix."""
        if self.naming in ("abc", "xyz", "greek"):
            place = self.taps.index(tap)
            return (
                {"abc": "abcdefghijkl", "xyz": "uvwxyz"}[self.naming][place]
                if self.naming != "greek"
                else ((r"\alpha", r"\beta", r"\gamma", r"\delta")[place])
            )
        base, first, join, after = {
            "comma": ("w", 0, ",", ""),
            "from one": ("w", 1, ",", ""),
            "digits": ("w", 0, "", ""),
            "digits from one": ("k", 1, "", ""),
            "theta": (r"\theta", 1, "", ""),
            "layer": ("w", 0, ",", "^{l}"),
            "centred": ("h", -1, ",", ""),
            "called": ("f", 0, ",", ""),
        }[self.naming]
        index = join.join(str(i + first) for i in tap)
        return f"{base}({index})" if self.naming == "called" else f"{base}_{{{index}}}{after}"

    def text(self):
        cells = [[self._cell(entry) for entry in row] for row in self.rows]
        if self.environment == "pipes":
            header = "| " + " | ".join(" " for _ in cells[0]) + " |\n|" + "---|" * len(cells[0])
            return header + "\n" + "\n".join("| " + " | ".join(row) + " |" for row in cells)
        if self.environment == "tabs":
            return "\n".join("\t".join(row) for row in cells)
        body = " \\\\[2pt]\n".join(" & ".join(row) for row in cells)
        if self.environment == "array":
            spec = "|".join("c" * len(cells[0]))
            return "\\left[\\begin{array}{" + spec + "}\n\\hline\n" + body + " \\\\ \\hline\n\\end{array}\\right]"
        return f"$$\\begin{{{self.environment}}}\n{body} % the end\n\\end{{{self.environment}}}$$"

    def _cell(self, entry):
        text = self.zero if entry is None else self.style.format(self.name(entry))
        if self.environment in ("pipes", "tabs"):
            return f"<b>{text}</b>" if self.style == STYLES[1] else f"${text}$" if text else " "
        return text

    def changed(self, changes):
        """Return the matrix with entries {(row, column): tap or None} replaced."""
        rows = [list(row) for row in self.rows]
        for (r, c), entry in changes.items():
            rows[r][c] = entry
        return replace(self, rows=tuple(map(tuple, rows)))


def entries(axes, transposed, flipped):
    """Write out the matrix: which tap of the kernel output r reads input i through."""
    outputs = list(itertools.product(*(range(a.o) for a in axes)))
    inputs = list(itertools.product(*(range(a.n) for a in axes)))
    rows = [[None] * len(inputs) for _ in outputs]
    for row, r in enumerate(outputs):
        for tap in itertools.product(*(range(a.k) for a in axes)):
            i = tuple(a.s * r_ + a.d * t - a.p for a, r_, t in zip(axes, r, tap))
            if i in inputs:
                shown = tuple(a.k - 1 - t for a, t in zip(axes, tap)) if flipped else tap
                rows[row][inputs.index(i)] = shown
    return tuple(zip(*rows)) if transposed else tuple(map(tuple, rows))


@cache
def draw(number):
    """Draw the matrix of a number; each tap is printed at least twice, in a matrix of at least 12 taps."""
    rng = random.Random(number)
    while True:
        axes = tuple(_axis(rng, two) for two in [rng.random() < 0.5] for _ in range(1 + two))
        transposed, flipped = rng.random() < 0.5, rng.random() < 0.25
        naming = rng.choice(_namings(axes))
        style = "{}" if naming == "called" else rng.choice(STYLES)
        environment = rng.choice(ENVIRONMENTS)
        zero = rng.choice(["0", "0", "0", r"\mathbf{0}", r"\cdot", "" if environment != "tabs" else "0"])
        rows = entries(axes, transposed, flipped)
        printed = Printed(axes, transposed, flipped, rows, naming, environment, style, zero)
        if _unambiguous(printed):
            return printed


def _axis(rng, two):
    k = rng.choice((2, 3) if two else (2, 3, 3, 4))
    s, d = rng.choice((1, 1, 1, 2)), rng.choice((1, 1, 1, 2))
    reach = d * (k - 1) + 1
    p = rng.choice((0, 0, 1, reach - 1))
    return Axis(rng.randint(reach + 1, reach + (2 if two else 5)), k, s, d, min(p, reach - 1))


def _namings(axes):
    taps = [a.k for a in axes]
    indexed = ["comma", "from one", "layer", "called"]
    if len(axes) == 2:
        return [*indexed, "digits", "digits from one", "theta", "abc"]
    return [*indexed, "centred", "abc", "xyz", "greek"] if taps[0] < 5 else indexed


def _unambiguous(printed):
    """Whether the claim can be told from the matrix alone, and from it with an error."""
    counts = [sum(entry == tap for row in printed.rows for entry in row) for tap in printed.taps]
    small = min(len(printed.rows), len(printed.rows[0])) < 3 or any(a.o < 2 for a in printed.axes)
    last = sum(entry is not None for entry in printed.rows[-1])
    if not printed.zero and last < 3:
        return False  # a last row that is left blank would be one that is not printed yet
    return not small and min(counts) >= 2 and printed.support >= 12 and len(printed.rows) * len(printed.rows[0]) <= 700


def corrupt(printed, number, errors=1):
    """Draw misprints: taps left out, taken for others, or printed where a zero is."""
    rng = random.Random(-number - 1)
    places = [(r, c) for r, row in enumerate(printed.rows) for c in range(len(row))]
    changes = {}
    while len(changes) < errors:
        r, c = rng.choice(places)
        entry = printed.rows[r][c]
        others = [tap for tap in printed.taps if tap != entry]
        wanted = rng.choice(("nothing", "another", "a tap"))
        if (wanted == "a tap") == (entry is None):
            changes[r, c] = None if wanted == "nothing" else rng.choice(others)
    return changes
