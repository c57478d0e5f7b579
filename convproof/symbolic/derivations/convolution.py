"""The symbols of a convolution in one to three axes, and its definition as a guarded sum.

::

    y(b, g, m, r) = sum_{c, a} [0 <= s r + d a - p < n]  x(b, g, c, s r + d a - p)  w(g, m, c, a)

Channels are counted within their group: channel number ``g*C + c`` of x, filter number ``g*M + m`` of y, a
numbering that is one to one. In the simple form (one channel, stride 1, no dilation, as many outputs as inputs)
only r and a are left.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sympy import Expr, Integer, Symbol

from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.guards import Equal, Range
from convproof.symbolic.notation import Notation
from convproof.symbolic.step_checks import Setting

__all__ = ["Convolution", "index", "inner", "size"]


def index(name: str) -> Symbol:
    """Return an index, or a padding: any integer."""
    return Symbol(name, integer=True)


def size(name: str) -> Symbol:
    """Return a size, stride or dilation: an integer of at least 1."""
    return Symbol(name, integer=True, positive=True)


def inner(one: str, other: str, indices: tuple[Index, ...]) -> GuardedSum:
    """Return the inner product of two tensors of the same shape."""
    place = tuple(i.symbol for i in indices)
    return GuardedSum((), (Term(indices, (), (Factor(one, place), Factor(other, place))),))


@dataclass(frozen=True)
class Convolution:
    """A convolution in symbols.

    Parameters
    ----------
    axes : {1, 2, 3}
        Number of spatial axes.
    simple : bool
        The simplifications of a lecture slide.
    """

    axes: int
    simple: bool = False

    def named(self, letter: str, make=index) -> tuple[Symbol, ...]:
        """Return one symbol per axis: r alone, or r_1, r_2, r_3. Primes stay behind the number."""
        bare = letter.rstrip("'")
        primes = letter[len(bare) :]
        if self.axes == 1:
            return (make(letter),)
        return tuple(make(f"{bare}_{axis + 1}{primes}") for axis in range(self.axes))

    @cached_property
    def n(self) -> tuple[Expr, ...]:
        return self.named("n", size)

    @cached_property
    def k(self) -> tuple[Expr, ...]:
        return self.named("k", size)

    @cached_property
    def o(self) -> tuple[Expr, ...]:
        return self.n if self.simple else self.named("o", size)

    @cached_property
    def s(self) -> tuple[Expr, ...]:
        return (Integer(1),) * self.axes if self.simple else self.named("s", size)

    @cached_property
    def d(self) -> tuple[Expr, ...]:
        return (Integer(1),) * self.axes if self.simple else self.named("d", size)

    @cached_property
    def p(self) -> tuple[Expr, ...]:
        return (Integer(0),) * self.axes if self.simple else self.named("p")

    @cached_property
    def setting(self) -> Setting:
        """Strides and dilations, for the proofs."""
        return Setting() if self.simple else Setting(self.s, self.d)

    # ------------------------------------------------------------------ indices with their ranges

    def pixels(self, letter: str = "i") -> tuple[Index, ...]:
        """Indices of the input."""
        return tuple(map(Index, self.named(letter), self.n))

    def outputs(self, letter: str = "r") -> tuple[Index, ...]:
        """Indices of the output."""
        return tuple(map(Index, self.named(letter), self.o))

    def taps(self, letter: str = "a") -> tuple[Index, ...]:
        """Indices of the weight."""
        return tuple(map(Index, self.named(letter), self.k))

    def channels(self, *letters: str) -> tuple[Index, ...]:
        """Indices besides the axes: b image, g group, m filter of a group, c channel of a group, primed or not."""
        sizes = {"b": "N", "gamma": "G", "m": "M", "c": "C"}
        return () if self.simple else tuple(Index(index(x), size(sizes[x.rstrip("'")])) for x in letters)

    def position(self, r: tuple[Expr, ...], a: tuple[Expr, ...]) -> tuple[Expr, ...]:
        """Return which element of the input output r reads through tap a, ``s r + d a - p``, per axis."""
        return tuple(s * ri + d * ai - p for s, d, p, ri, ai in zip(self.s, self.d, self.p, r, a, strict=True))

    def reads(self, output: str = "r", tap: str = "a") -> tuple[Equal, ...]:
        """Return ``[s r + d a - p = i]``, per axis: the output reads element i through the tap."""
        read = self.position(self.named(output), self.named(tap))
        return tuple(Equal(e, i.symbol) for e, i in zip(read, self.pixels(), strict=True))

    # ------------------------------------------------------------------ the definition

    @staticmethod
    def element(tensor: str, *indices: tuple[Index, ...]) -> Factor:
        """Return an element of a tensor at the given indices."""
        return Factor(tensor, tuple(i.symbol for group in indices for i in group))

    @property
    def output(self) -> tuple[Index, ...]:
        """The indices of y: image, group, filter, pixels."""
        return self.channels("b", "gamma", "m") + self.outputs()

    def forward(self, tap: str = "a", channel: str = "c", x: str = "x", w: str = "w") -> GuardedSum:
        """Return the definition of y, its taps and channels under the names given."""
        taps, channels = self.taps(tap), self.channels(channel)
        read = self.position(tuple(i.symbol for i in self.outputs()), tuple(i.symbol for i in taps))
        image, group, filter_ = (i.symbol for i in self.channels("b", "gamma", "m")) if not self.simple else (None,) * 3
        c = tuple(i.symbol for i in channels)
        taken = tuple(i.symbol for i in taps)
        factors = (
            Factor(x, read if self.simple else (image, group, *c, *read)),
            Factor(w, taken if self.simple else (group, filter_, *c, *taken)),
        )
        inside = tuple(Range(e, n) for e, n in zip(read, self.n, strict=True))
        return GuardedSum(self.output, (Term(channels + taps, inside, factors),))

    # ------------------------------------------------------------------ what the symbols mean

    def meanings(self, notation: Notation) -> dict[str, str]:
        """Return the table of notation: LaTeX of a symbol, and what it means."""

        def listed(symbols) -> str:
            return ", ".join(notation.expression(s) for s in symbols)

        told = {
            ", ".join(map(notation.tensor, "xwy")): "input, weight and output",
            listed(self.named("r")): "index of an output, per axis",
            listed(self.named("i")): "index of an input element, per axis",
            listed(self.named("a")): "tap: index of a weight, per axis",
            listed(self.n): "size of the input, per axis",
            listed(self.k): "size of the kernel, per axis",
        }
        if not self.simple:
            told |= {
                listed(self.o): "size of the output, per axis",
                listed(self.s): "stride",
                listed(self.d): "dilation",
                listed(self.p): "padding before the first element; negative padding crops",
                listed(i.symbol for i in self.channels("b", "gamma")): "image of the batch, group of channels",
                listed(i.symbol for i in self.channels("m", "c")): "filter of the group, input channel of the group",
                listed(map(size, "NGMC")): "number of images, groups, filters per group, channels per group",
            }
        told[r"\left[\,\cdot\,\right]"] = "Iverson bracket: 1 where the condition holds, else 0"
        return told
