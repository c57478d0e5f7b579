"""The symbols of two convolutions in a row, and the sums they are."""

from __future__ import annotations

from sympy import Expr, Integer, Symbol, expand

from convproof.symbolic.derivations.convolution import index, size
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.guards import Equal, Guard, Range
from convproof.symbolic.notation import Notation
from convproof.symbolic.step_checks import Setting

__all__ = ["Two"]


class Two:
    """The symbols of two layers in a row, those of the second with a prime; and their sums.

    Parameters
    ----------
    simple : bool
        Stride 1, no dilation, no padding.
    """

    def __init__(self, simple: bool = False) -> None:
        one, zero = Integer(1), Integer(0)
        self.n, self.o, self.k = size("n"), size("o"), size("k")
        self.o2, self.k2 = size("o'"), size("k'")
        self.s, self.d, self.p = (one, one, zero) if simple else (size("s"), size("d"), index("p"))
        self.s2, self.d2, self.p2 = (one, one, zero) if simple else (size("s'"), size("d'"), index("p'"))
        self.r, self.t, self.a, self.h, self.j = (index(letter) for letter in "rtahj")
        self.simple = simple
        self.setting = Setting() if simple else Setting((self.s, self.s2), (self.d, self.d2))

    @property
    def outputs(self) -> tuple[Index, ...]:
        """The index of an output of the second layer."""
        return (Index(self.t, self.o2),)

    @property
    def taps(self) -> tuple[Index, ...]:
        """The taps of both layers, the second's first."""
        return Index(self.h, self.k2), Index(self.a, self.k)

    @property
    def middle(self) -> Expr:
        """The output of the first layer that output t of the second reads through tap h."""
        return self.s2 * self.t + self.d2 * self.h - self.p2

    @property
    def place(self) -> Expr:
        """The element of the input that is read through taps a and h."""
        return expand(self.s * self.middle + self.d * self.a - self.p)

    @property
    def stride(self) -> Expr:
        return self.s * self.s2

    @property
    def padding(self) -> Expr:
        return self.p + self.s * self.p2

    @property
    def kernel(self) -> Expr:
        """Elements that the composed kernel reaches over."""
        return expand(self.d * (self.k - 1) + self.s * self.d2 * (self.k2 - 1) + 1)

    def first(self) -> GuardedSum:
        read = self.s * self.r + self.d * self.a - self.p
        factors = (Factor("x", (read,)), Factor("w", (self.a,)))
        return GuardedSum((Index(self.r, self.o),), (Term(self.taps[1:], (Range(read, self.n),), factors),))

    def second(self) -> GuardedSum:
        factors = (Factor("y", (self.middle,)), Factor("v", (self.h,)))
        return GuardedSum(self.outputs, (Term(self.taps[:1], (Range(self.middle, self.o),), factors),))

    def composed_kernel(self) -> GuardedSum:
        meets = (Equal(self.j, self.d * self.a + self.s * self.d2 * self.h),)
        factors = (Factor("v", (self.h,)), Factor("w", (self.a,)))
        return GuardedSum((Index(self.j, self.kernel),), (Term(self.taps, meets, factors),))

    def composed(self) -> GuardedSum:
        """The convolution with the composed kernel."""
        read = expand(self.stride * self.t + self.j - self.padding)
        factors = (Factor("x", (read,)), Factor("u", (self.j,)))
        inside = (Range(read, self.n),)
        return GuardedSum(self.outputs, (Term((Index(self.j, self.kernel),), inside, factors),))

    def products(self, *guards: Guard) -> Term:
        """The products of both layers, under some more conditions."""
        factors = (Factor("x", (self.place,)), Factor("v", (self.h,)), Factor("w", (self.a,)))
        return Term(self.taps, (*guards, Range(self.place, self.n)), factors)

    def meanings(self, notation: Notation) -> dict[str, str]:
        told = {
            (self.r, self.t): "index of an output of the first layer, and of the second",
            (self.a, self.h): "tap of the first layer, and of the second",
            (self.n, self.o, self.o2): "size of the input, and of both outputs",
            (self.k, self.k2): "sizes of the kernels",
            (self.s, self.s2): "strides",
            (self.d, self.d2): "dilations",
            (self.p, self.p2): "padding before the first element of each layer's input",
        }
        return {
            ", ".join(notation.expression(e) for e in symbols): meaning
            for symbols, meaning in told.items()
            if all(isinstance(e, Symbol) for e in symbols)
        }
