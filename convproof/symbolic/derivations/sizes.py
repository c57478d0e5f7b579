"""The sizes of one axis in symbols, and counts as sums.

A count is a sum of an arbitrary function u over what is counted: two index ranges are the same where the sums are
equal for every u, and u = 1 counts.
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Integer, Symbol, expand, floor, sympify

from convproof.symbolic.derivation import Writer
from convproof.symbolic.derivations.convolution import Convolution, index
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.guards import Guard, Range
from convproof.symbolic.notation import Notation
from convproof.symbolic.step_checks import Claim, certify

__all__ = ["Sizes", "counted", "over"]


class Sizes:
    """The symbols of one axis, and the sums that count on it.

    Attributes
    ----------
    n, k, o, s, d, p, q
        Input, kernel, output, stride, dilation, padding below and above; numbers in the simple form.
    """

    def __init__(self, simple: bool = False) -> None:
        self.conv = Convolution(1, simple)
        self.simple = simple
        (self.n,), (self.k,), (self.s,), (self.d,), (self.p,) = (
            getattr(self.conv, name) for name in ("n", "k", "s", "d", "p")
        )
        self.o = Convolution(1).o[0]
        self.q: Expr = Integer(0) if simple else index("q")

    @property
    def slack(self) -> Expr:
        """How far the first window can move: padded input less the reach of the kernel."""
        return expand(self.n + self.p + self.q - self.d * (self.k - 1) - 1)

    @property
    def count(self) -> Expr:
        """Number of windows that fit."""
        return floor(self.slack / self.s) + 1

    @property
    def transposed(self) -> Expr:
        """The smallest input that has o windows."""
        return expand(self.s * (self.o - 1) - self.p - self.q + self.d * (self.k - 1) + 1)

    def fitting(self, n: Expr | None = None) -> GuardedSum:
        """Sum over the windows whose first and last tap lie in the padded input (of size n)."""
        r = index("r")
        last = expand(self.s * r + self.d * (self.k - 1) - self.p)
        return over(Index(r), Range(r), Range(last, expand((self.n if n is None else n) + self.q), None))

    def meanings(self, notation: Notation) -> dict[str, str]:
        """Return the table of notation."""
        told = {
            (self.n,): "size of the input",
            (self.k,): "size of the kernel",
            (self.o,): "number of outputs",
            (self.s,): "stride",
            (self.d,): "dilation",
            (self.p, self.q): "padding below and above; negative padding crops",
            (index("r"),): "index of an output: number of a window",
            (index("u"),): "any function of what is counted; 1 for the count itself",
        }
        return {
            ", ".join(notation.expression(s) for s in symbols): meaning
            for symbols, meaning in told.items()
            if all(isinstance(s, Symbol) for s in symbols)
        }


def over(counted: Index, *guards: Guard, value: Expr | None = None) -> GuardedSum:
    """Return the sum of u(value) over one index."""
    at = counted.symbol if value is None else value
    return GuardedSum((), (Term((counted,), guards, (Factor("u", (at,)),)),))


def counted(
    writer: Writer,
    sizes: Sizes,
    rule: str,
    values: dict,
    count: Expr,
    why: str,
    *given: Guard,
    left: str = "o",
    told: str | None = None,
) -> None:
    """Write the number of outputs where some parameters have values; that as many windows fit is checked.

    Parameters
    ----------
    values : dict
        Expressions in the place of symbols of `sizes`.
    given : Guard
        Hypotheses.
    left, told : str
        LaTeX of what the number is, and of the values; by default all of them.
    """
    fitting = sizes.fitting().map(lambda e: expand(e.subs(values, simultaneous=True)))
    setting = replace(writer.setting, hypotheses=given)
    claim = Claim(fitting, over(Index(index("r"), count)))
    certificates = certify(claim, setting, f"{writer.op}, {rule}: so many windows fit")
    tell = writer.notation.expression
    if told is None and values:
        told = (
            r"\quad (" + r",\ ".join(f"{tell(name)} = {tell(sympify(value))}" for name, value in values.items()) + ")"
        )
    writer.state(rule, left, [tell(count), told] if told else [tell(count)], why, certificates)
