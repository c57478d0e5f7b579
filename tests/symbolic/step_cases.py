"""Steps of derivations: wrong ones, each modelled on a slip, and right ones that look unusual."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, S, Symbol, ceiling, floor

from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.guards import Divides, Equal, Guard, Range
from convproof.symbolic.step_claims import Claim, Setting

ALL = ("isl", "z3", "sizes")


def index(name: str) -> Symbol:
    return Symbol(name, integer=True)


def size(name: str) -> Symbol:
    return Symbol(name, integer=True, positive=True)


n, k, o, s, d, c = map(size, "nkosdc")
n1, n2, k1, k2, o1, o2, s1, s2, d1, d2 = map(size, ["n1", "n2", "k1", "k2", "o1", "o2", "s1", "s2", "d1", "d2"])
p, q, p1, p2 = map(index, ["p", "q", "p1", "p2"])
i, j, r, a, b, t, u, v, g, h, l = map(index, ["i", "j", "r", "a", "b", "t", "u", "v", "g", "h", "l"])
i1, i2, r1, r2, a1, a2 = map(index, ["i1", "i2", "r1", "r2", "a1", "a2"])
a_, r_, g_ = map(index, ("a'", "r'", "g'"))

PLAIN = Setting((s,), (d,))
PLANE = Setting((s1, s2), (d1, d2))


def term(binders: dict[Symbol, Expr | None], guards: list[Guard], *factors: Factor, coefficient: int = 1) -> Term:
    return Term(tuple(Index(v, e) for v, e in binders.items()), tuple(guards), factors, coefficient)


def total(free: dict[Symbol, Expr | None], *terms: Term) -> GuardedSum:
    return GuardedSum(tuple(Index(v, e) for v, e in free.items()), terms)


def one(free: dict, binders: dict, guards: list[Guard], *factors: Factor, coefficient: int = 1) -> GuardedSum:
    return total(free, term(binders, guards, *factors, coefficient=coefficient))


def x(*e: Expr) -> Factor:
    return Factor("x", e)


def w(*e: Expr) -> Factor:
    return Factor("w", e)


def y(*e: Expr) -> Factor:
    return Factor("y", e)


def dy(*e: Expr) -> Factor:
    return Factor("dy", e)


@dataclass(frozen=True)
class Case:
    """A step; `by` names the checks that know (others have to say that they do not)."""

    name: str
    before: GuardedSum
    after: GuardedSum
    setting: Setting = PLAIN
    derivative: str | None = None
    by: tuple[str, ...] = ALL

    @property
    def claim(self) -> Claim:
        return Claim(self.before, self.after, self.derivative)

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


# ---------------------------------------------------------------------- the convolution that most cases are about

READ = s * r + d * a - p
SOURCE = (i + p - d * a) / s
SCATTER = one({i: n}, {r: o, a: k}, [Equal(READ, i)], dy(r), w(a))
GATHER = one({i: n}, {a: k}, [Divides(s, i + p - d * a), Range(SOURCE, o)], dy(SOURCE), w(a))
FORWARD = one({r: o}, {a: k}, [Range(READ, n)], x(READ), w(a))
PLANE_SCATTER = one(
    {i1: n1, i2: n2},
    {r1: o1, r2: o2, a1: k1, a2: k2},
    [Equal(s1 * r1 + d1 * a1 - p1, i1), Equal(s2 * r2 + d2 * a2 - p2, i2)],
    dy(r1, r2),
    w(a1, a2),
)


def gather(numerator: Expr = i + p - d * a, step: Expr = s, outputs: Expr = o, taps: Expr = k) -> GuardedSum:
    guards = [Divides(step, numerator), Range(numerator / step, outputs)]
    return one({i: n}, {a: taps}, guards, dy(numerator / step), w(a))


def plane_gather(steps=((s1, d1), (s2, d2)), second: bool = True) -> GuardedSum:
    sources = [(i + p - d * a, s) for (s, d), i, p, a in zip(steps, (i1, i2), (p1, p2), (a1, a2), strict=True)]
    guards = [g for e, s in sources for g in (Divides(s, e), Range(e / s, o1 if s is sources[0][1] else o2))]
    guards = guards if second else guards[:3]
    return one({i1: n1, i2: n2}, {a1: k1, a2: k2}, guards, dy(*(e / s for e, s in sources)), w(a1, a2))


def inserted(tap: Expr = k - 1 - b, padding: Expr = d * (k - 1) - p) -> GuardedSum:
    return one({i: n}, {r: o, b: k}, [Equal(s * r, i + d * b - padding)], dy(r), w(tap))


def split(*parts: tuple[Expr, Expr]) -> GuardedSum:
    """The sum of x(r), in parts from a first to before a last r, where the first c elements may be fewer than o."""
    return total({}, *(term({r: o}, [Range(r, high, low)], x(r)) for low, high in parts))


SQUARES = one({}, {r: o}, [], x(r), x(r))
DOT = one({}, {a: k}, [], x(a), w(a))
SUM = one({}, {r: o}, [], x(r))
OUTPUTS = Equal(o, floor((n + p + q - d * (k - 1) - 1) / s) + 1)
READ_AT = Factor("u", (r,))
WINDOWS = one({}, {r: None}, [Range(r), Range(s * r + d * (k - 1), n + p + q, None)], READ_AT)
Y = {"y": FORWARD}

# ---------------------------------------------------------------------- wrong

WRONG = (
    Case("divisibility dropped", SCATTER, one({i: n}, {a: k}, [Range(SOURCE, o)], dy(SOURCE), w(a))),
    Case(
        "divisibility dropped, quotient rounded down",
        SCATTER,
        one({i: n}, {a: k}, [Range(floor(SOURCE), o)], dy(floor(SOURCE)), w(a)),
    ),
    Case("range of the output dropped", SCATTER, one({i: n}, {a: k}, [Divides(s, i + p - d * a)], dy(SOURCE), w(a))),
    Case("sign of the padding", SCATTER, gather(i - p - d * a)),
    Case("padding twice", SCATTER, gather(i + 2 * p - d * a)),
    Case("stride and dilation swapped", SCATTER, gather(i + p - s * a, d)),
    Case("stride lost, right where it is 1", SCATTER, gather(step=S.One)),
    Case("dilation lost, right where it is 1", SCATTER, gather(i + p - a)),
    Case("delta solved with the wrong sign", SCATTER, gather(d * a - i - p)),
    Case("one output too many", SCATTER, gather(outputs=o + 1)),
    Case("one tap too few", SCATTER, gather(taps=k - 1)),
    Case("taps counted by the input size", SCATTER, gather(taps=n)),
    Case("kernel not flipped", SCATTER, inserted(tap=b)),
    Case("padding k-1-p, right without dilation", SCATTER, inserted(padding=k - 1 - p)),
    Case("wrong tensor", SCATTER, one({i: n}, {r: o, a: k}, [Equal(READ, i)], y(r), w(a))),
    Case("elements of the tensors swapped", SCATTER, one({i: n}, {r: o, a: k}, [Equal(READ, i)], dy(a), w(r))),
    Case("a factor of 2", SCATTER, one({i: n}, {r: o, a: k}, [Equal(READ, i)], dy(r), w(a), coefficient=2)),
    Case("a sign", SCATTER, one({i: n}, {r: o, a: k}, [Equal(READ, i)], dy(r), w(a), coefficient=-1)),
    Case("nothing left", SCATTER, total({i: n})),
    Case("something out of nothing", total({i: n}), SCATTER),
    Case("coefficient lost", one({}, {r: o}, [], x(r), coefficient=2), SUM),
    Case("range of the input dropped", FORWARD, one({r: o}, {a: k}, [], x(READ), w(a))),
    Case("term written twice", SUM, total({}, *SUM.terms, *SUM.terms)),
    Case("parts that overlap", split((0, o)), split((0, c + 1), (c, o))),
    Case("tail dropped", SUM, one({}, {t: floor(o / 4), l: 4}, [], x(4 * t + l)), by=("isl", "sizes")),
    Case("gap between the parts", split((0, o)), split((0, c), (c + 1, o))),
    Case("product of sums taken for a sum of products", one({}, {a: k, b: k}, [], x(a), w(b)), DOT),
    Case("index captured by the sum", DOT, one({a: k}, {a_: k}, [], x(a_)), derivative="w"),
    Case("derivative by another element", DOT, one({b: k}, {}, [], x(k - 1 - b)), derivative="w"),
    Case("square differentiated as a product of two", SQUARES, one({i: o}, {}, [], x(i)), derivative="x"),
    Case("derivative beside the chain", FORWARD, one({r: o, i: n}, {a: k}, [], w(a)), derivative="x"),
    Case(
        "delta of the group dropped",
        one({g: c}, {h: c, a: k}, [Equal(g, h)], x(h, a), w(g, a)),
        one({g: c}, {h: c, a: k}, [], x(h, a), w(g, a)),
    ),
    Case("free range too small", one({i: n}, {}, [], x(i)), one({i: n - 1}, {}, [], x(i))),
    Case("free range too large", one({i: n}, {}, [], x(i)), one({i: n + 1}, {}, [], x(i))),
    Case(
        "range of a definition ignored",
        one({}, {r: o + 1}, [], dy(r), y(r)),
        one({}, {r: o + 1, a: k}, [Range(READ, n)], dy(r), x(READ), w(a)),
        Setting((s,), (d,), (), Y),
    ),
    Case(
        "end of a loop rounded down",
        one({a: k}, {r: o}, [Range(READ, n)], dy(r), x(READ)),
        one({a: k}, {r: o}, [Range(r, floor((n + p - d * a) / s), ceiling((p - d * a) / s))], dy(r), x(READ)),
    ),
    Case(
        "quotient rounded down where it was exact",
        one({r: o}, {}, [Equal(r, c / s)], x(r)),
        one({r: o}, {}, [Equal(r, floor(c / s))], x(r)),
    ),
    Case("windows rounded up", WINDOWS, one({}, {r: ceiling((n + p + q - d * (k - 1) - 1) / s) + 1}, [], READ_AT)),
    Case("windows of o outputs, whatever o is", WINDOWS, one({}, {r: o}, [], READ_AT)),
    Case(
        "windows without the dilation",
        WINDOWS,
        one({}, {r: o}, [], READ_AT),
        Setting((s,), (d,), (Equal(o, floor((n + p + q - (k - 1) - 1) / s) + 1),)),
    ),
    Case("index shifted without its range", SUM, one({}, {u: o}, [], x(u + 1))),
    Case("strides of the axes swapped", PLANE_SCATTER, plane_gather(((s2, d1), (s1, d2))), PLANE),
    Case("a range of the second axis dropped", PLANE_SCATTER, plane_gather(second=False), PLANE),
    Case(
        "products that occur often, of another element",
        one({i: n}, {r: o, a: k}, [Equal(READ, i)], x(i)),
        one({i: n}, {r: o, a: k}, [Equal(READ, i)], x(i + 1)),
        by=("isl", "sizes"),
    ),
    Case("how often dropped", one({}, {r: o, a: k}, [], x(r)), SUM, by=("sizes",)),
    Case(
        "half of the pairs dropped",
        one({}, {i: n, j: n}, [], x(i), x(j)),
        one({}, {i: n, j: n}, [Range(j - i, None, 1)], x(i), x(j)),
    ),
    Case("derivative by fewer elements than there are", DOT, one({b: k - 1}, {}, [], x(b)), derivative="w"),
    Case("derivative by no element", DOT, one({b: 0}, {}, [], x(b)), derivative="w"),
    Case(
        "two elements of one tensor, once each",
        one({}, {i: n, j: n}, [], x(i), x(j)),
        total({}, term({i: n}, [], x(i), x(i)), term({i: n, j: n}, [Range(j, None, i + 1)], x(i), x(j))),
    ),
    Case(
        "a definition at a fraction",
        one({i: n}, {}, [], Factor("v", (i / 2,))),
        one({i: n}, {}, [], Factor("c", ())),
        Setting(definitions={"v": one({t: n}, {}, [], Factor("c", ()))}),
    ),
    Case(
        "twice where both strides are the same",
        one({r1: o1, r2: o2}, {}, [], x(s1 * r1, s2 * r2)),
        total(
            {r1: o1, r2: o2},
            term({}, [], x(s1 * r1, s2 * r2)),
            term({}, [Equal(s1, s2)], x(s1 * r1, s2 * r2)),
        ),
        PLANE,
    ),
    Case(
        "a hypothesis that no stride of isl meets",
        one({i: n}, {}, [Divides(s, i)], x(i)),
        one({i: n}, {}, [Divides(2, i)], x(i)),
        Setting((s,), (d,), (Equal(s, 5),)),
        by=("z3", "sizes"),
    ),
    Case("a guard on parameters dropped", one({}, {r: o}, [Range(p)], x(r)), SUM),
)

# ---------------------------------------------------------------------- right, and unusual

RIGHT = (
    Case("gathered", SCATTER, GATHER),
    Case("gathered in two axes", PLANE_SCATTER, plane_gather(), PLANE),
    Case("zeros inserted", SCATTER, inserted()),
    Case("indices renamed", SCATTER, one({i: n}, {u: o, v: k}, [Equal(s * u + d * v - p, i)], dy(u), w(v))),
    Case("names of indices exchanged", SCATTER, one({i: n}, {a: o, r: k}, [Equal(s * a + d * r - p, i)], dy(a), w(r))),
    Case("factors and sums exchanged", SCATTER, one({i: n}, {a: k, r: o}, [Equal(i, READ)], w(a), dy(r))),
    Case(
        "guard written otherwise",
        FORWARD,
        one({r: o}, {a: k}, [Range(2 * READ, None, -1), Range(n - READ, None, 1)], x(READ), w(a)),
    ),
    Case(
        "guards that others imply",
        GATHER,
        total(
            {i: n},
            term(
                {a: k},
                [*GATHER.terms[0].guards, Range(i, n), Range(k, None, 1), Divides(1, i), Range(-a, 1, None)],
                dy(SOURCE),
                w(a),
            ),
        ),
    ),
    Case("sum over nothing", one({i: n}, {r: o}, [Range(r, 0, None)], x(r)), total({i: n})),
    Case(
        "both sums over nothing in one axis",
        one({}, {i: n, j: n}, [Range(j, 0, None)], x(i), w(j)),
        one({}, {i: k, j: n}, [Range(j, 0, None)], x(i), w(j)),
    ),
    Case(
        "elements of one tensor exchanged",
        one({}, {i: n, j: n}, [Range(j - i, None, 1)], x(i), x(j)),
        one({}, {i: n, j: n}, [Range(j - i, None, 1)], x(j), x(i)),
    ),
    Case(
        "products that occur often",
        one({i: n}, {r: o, a: k}, [Equal(READ, i)], x(i)),
        one({i: n}, {a: k, r: o}, [Equal(READ, i)], x(READ)),
    ),
    Case(
        "products that occur often, renamed",
        one({i: n}, {r: o, a: k}, [Equal(READ, i)], x(i)),
        one({i: n}, {r_: o, a_: k}, [Equal(s * r_ + d * a_ - p, i)], x(i)),
    ),
    Case("every integer, with a range", SUM, one({}, {r: None}, [Range(r, o)], x(r))),
    Case("index shifted over every integer", SUM, one({}, {u: None}, [Range(u + 3, o)], x(u + 3))),
    Case("endless sum", one({r: None}, {u: None}, [], x(u), w(r - u)), one({r: None}, {v: None}, [], x(r - v), w(v))),
    Case("parts that meet", split((0, o)), split((0, c), (c, o))),
    Case(
        "tiles and a tail",
        SUM,
        total(
            {}, term({t: floor(o / 4), l: 4}, [], x(4 * t + l)), term({r: o}, [Range(r, None, 4 * floor(o / 4))], x(r))
        ),
        by=("isl", "sizes"),
    ),
    Case("twice is once and once", one({}, {r: o}, [], x(r), coefficient=2), total({}, *SUM.terms, *SUM.terms)),
    Case(
        "what is added and taken away",
        total({}, *SUM.terms, *one({}, {r: o}, [], x(r), coefficient=-1).terms),
        total({}),
    ),
    Case(
        "thrice less once is twice",
        total({}, *one({}, {r: o}, [], x(r), coefficient=3).terms, *one({}, {u: o}, [], x(u), coefficient=-1).terms),
        one({}, {r: o}, [], x(r), coefficient=2),
    ),
    Case("term with the coefficient 0", one({}, {r: o}, [], x(r), coefficient=0), total({})),
    Case("derivative by an index that the sum uses", DOT, one({a: k}, {}, [], x(a)), derivative="w"),
    Case("derivative of a square", SQUARES, one({i: o}, {}, [], x(i), coefficient=2), derivative="x"),
    Case("derivative of a tensor that is not there", DOT, total({b: k}), derivative="v"),
    Case("derivative by more elements", DOT, one({b: c + k}, {}, [Range(b, k)], x(b)), derivative="w"),
    Case(
        "elements of one tensor in another order, among several terms",
        total({i: n}, term({}, [], x(i), x(i + 1)), term({}, [], x(i + 2), x(i))),
        total({i: n}, term({}, [], x(i + 1), x(i)), term({}, [], x(i + 2), x(i))),
    ),
    Case(
        "a square multiplied out",
        one({}, {i: n, j: n}, [], x(i), x(j)),
        total({}, term({i: n}, [], x(i), x(i)), term({i: n, j: n}, [Range(j, None, i + 1)], x(i), x(j), coefficient=2)),
    ),
    Case(
        "a coefficient of many digits",
        one({i: n}, {}, [], x(i), coefficient=2**70),
        total({i: n}, *(term({}, [], x(i), coefficient=2**69) for _ in range(2))),
        by=("isl", "z3"),
    ),
    Case(
        "a stride that isl is not asked about",
        one({i: n}, {}, [Divides(s, i)], x(i)),
        one({i: n}, {}, [Divides(5, i)], x(i)),
        Setting((s,), (d,), (Equal(s, 5),)),
        by=("z3", "sizes"),
    ),
    Case(
        "a hypothesis that only large strides meet",
        one({i: n}, {}, [Divides(s, i), Range(i, 7)], x(i)),
        one({i: n}, {}, [Equal(i, 0)], x(i)),
        Setting((s,), (d,), (Range(s, None, 8),)),
        by=("z3",),
    ),
    Case(
        "range of a definition written",
        one({}, {r: o + 1}, [], dy(r), y(r)),
        one({}, {r: o + 1, a: k}, [Range(READ, n), Range(r, o)], dy(r), x(READ), w(a)),
        Setting((s,), (d,), (), Y),
    ),
    Case(
        "definition in a definition",
        one({r: o}, {}, [], Factor("z", (r,))),
        one({r: o}, {a: k}, [Range(READ, n)], x(READ), w(a), coefficient=6),
        Setting(
            (s,),
            (d,),
            (),
            {
                **Y,
                "z": one({i: o}, {}, [], Factor("v", (i,)), coefficient=2),
                "v": one({j: o}, {}, [], y(j), coefficient=3),
            },
        ),
    ),
    Case(
        "definition whose indices are those in use",
        one({r: o}, {a: k}, [], dy(a), y(r)),
        one({r: o}, {b: k, a: k}, [Range(READ, n)], dy(b), x(READ), w(a)),
        Setting((s,), (d,), (), Y),
    ),
    Case("windows of o outputs", WINDOWS, one({}, {r: o}, [], READ_AT), Setting((s,), (d,), (OUTPUTS,))),
    Case(
        "hypotheses tie what is asked to what is not",
        one({}, {r: o}, [], x(r)),
        one({}, {r: c}, [], x(r)),
        Setting((s,), (d,), (Equal(o, n + 2 * k), Equal(c, n + 2 * k))),
    ),
    Case(
        "odd kernel in the middle",
        one({}, {a: k}, [], x(a - (k - 1) / 2)),
        one({}, {u: None}, [Range(2 * u, k, -k)], x(u)),
        Setting((s,), (d,), (Divides(2, k - 1),)),
    ),
    Case("free range with zeros", one({i: n + 2}, {}, [Range(i, n)], x(i)), one({i: n}, {}, [], x(i))),
    Case(
        "a range between fractions", one({r: o}, {}, [Range(r, c / s)], x(r)), one({r: o}, {}, [Range(s * r, c)], x(r))
    ),
    Case(
        "equal fractions",
        one({r: o}, {i: n}, [Equal(r / s, i / d)], x(r), w(i)),
        one({r: o}, {i: n}, [Equal(d * r, s * i)], x(r), w(i)),
    ),
    Case(
        "a quotient that is exact", one({r: o}, {}, [Equal(r, c / s)], x(r)), one({r: o}, {}, [Equal(s * r, c)], x(r))
    ),
    Case(
        "no index at all",
        one({}, {}, [Range(p)], Factor("x", ())),
        one({}, {}, [Range(p + 1, None, 1)], Factor("x", ())),
    ),
    Case(
        "loop without a test",
        one({a: k}, {r: o}, [Range(READ, n)], dy(r), x(READ)),
        one({a: k}, {r: o}, [Range(r, ceiling((n + p - d * a) / s), ceiling((p - d * a) / s))], dy(r), x(READ)),
    ),
)
