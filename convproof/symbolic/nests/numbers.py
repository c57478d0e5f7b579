"""Integers and conditions as functions of symbols: what the variables of a loop nest hold.

A number is a Python integer or a piecewise affine function of symbols (`isl.PwAff`), a condition a Python
boolean or a set of symbols (`isl.Set`). Sizes, loop counters and indices are all symbols. Where two symbols are
multiplied, the product is a symbol of its own, and where a number is divided by a symbol, the quotient is
one that is known by its defining inequalities only: what is proved of them holds for all values that they
can have. What cannot be proved that way is decided with numbers for the sizes, where nothing is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

from convproof.errors import MissingDependency
from convproof.symbolic.nests.syntax import NotModelled

if TYPE_CHECKING:
    import islpy as isl

    Number: TypeAlias = int | isl.PwAff
    Condition: TypeAlias = bool | isl.Set

__all__ = ["Numbers", "load_isl"]

_PRODUCT = "__"  # between the factors in the name of a product


def load_isl() -> Any:
    """Import islpy, or say what is missing."""
    try:
        import islpy
    except ImportError:
        message = "proofs for all sizes need islpy, which is not installed (it has no wheel for Windows)"
        raise MissingDependency(message) from None
    return islpy


class Numbers:
    """Arithmetic of symbolic integers.

    Parameters
    ----------
    fixed : mapping of str to int, optional
        Symbols that have a value: products with them are no symbols of their own.

    Attributes
    ----------
    facts : list of (symbols, what it is about, isl.Set)
        What is known of the symbols made for products and quotients.
    domain : isl.Set
        What holds where the program is.
    hazards : list of (str, isl.Set)
        Where a division has a divisor below 1.
    """

    def __init__(self, fixed: Mapping[str, int] | None = None) -> None:
        self.fixed = dict(fixed or {})
        self.isl = load_isl()
        self.everything = self.isl.Set("{ : }")
        self.nothing = self.isl.Set("{ : 1 = 0 }")
        self.facts: list[tuple[frozenset[str], frozenset[str], Any]] = []
        self._products: set[str] = set()
        self._made_of: dict[str, set[str]] = {}
        self._definitions: dict[str, Any] = {}
        self._names: dict[str, str] = {}
        self.domain = self.everything
        self.hazards: list[tuple[str, Any]] = []
        self.margins: tuple[int, ...] = (0,)  # see `_order`
        self._fresh = 0
        self._quotients: dict[tuple[str, str], tuple[Any, Any, Any]] = {}

    # ------------------------------------------------------------------ symbols

    def symbol(self, name: str) -> isl.PwAff:
        """Return the symbol of this name."""
        return self.isl.PwAff(f"[{name}] -> {{ [({name})] }}")

    def fresh(self, stem: str) -> str:
        """Return a name that no symbol has yet."""
        self._fresh += 1
        return f"{stem}_{self._fresh}"

    def lift(self, value: Number) -> isl.PwAff:
        """Return a number as a function of symbols."""
        return self.isl.PwAff(f"{{ [({value})] }}") if isinstance(value, int) else value

    def condition(self, value: Condition) -> isl.Set:
        """Return a condition as a set."""
        if isinstance(value, bool):
            return self.everything if value else self.nothing
        return value

    def known(self, where: isl.Set) -> isl.Set:
        """Return the part of a set that agrees with the facts about its symbols."""
        cases = []
        for fact in self._facts_about(where):
            fact = fact.gist(where)
            if fact.n_basic_set() <= 1:
                where = where.intersect(fact)
            else:
                cases.append(fact)
        for fact in cases:  # by now they often have one case left
            if where.is_empty():
                break
            where = where.intersect(fact.gist(where))
        return where

    def _facts_about(self, where: isl.Set) -> list[isl.Set]:
        """Return the facts about the symbols of a set, and about those that these are defined by."""
        symbols = self._names_in(where)
        found: list[Any] = []
        left = list(self.facts)
        while left:
            fitting = [item for item in left if item[1] <= symbols]
            if not fitting:
                return found
            left = [item for item in left if not item[1] <= symbols]
            found += [fact for _, _, fact in fitting]
            symbols = symbols.union(*(item[0] for item in fitting))
        return found

    def _note(self, fact: isl.Set, about: Iterable[str]) -> None:
        """Keep a fact, to be used wherever all of the symbols that it is about are."""
        self.facts.append((self._names_in(fact), frozenset(about), fact))

    def _names_in(self, where: isl.Set) -> frozenset[str]:
        param = self.isl.dim_type.param
        return frozenset(
            where.get_dim_name(param, at) for at in range(where.dim(param)) if where.involves_dims(param, at, 1)
        )

    # ------------------------------------------------------------------ arithmetic

    def add(self, a: Number, b: Number) -> Number:
        """a + b"""
        return a + b if isinstance(a, int) and isinstance(b, int) else self._plain(self.lift(a).add(self.lift(b)))

    def subtract(self, a: Number, b: Number) -> Number:
        """a - b"""
        return a - b if isinstance(a, int) and isinstance(b, int) else self._plain(self.lift(a).sub(self.lift(b)))

    def multiply(self, a: Number, b: Number) -> Number:
        """a * b; a symbol stands for every product of symbols."""
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if isinstance(a, int) or isinstance(b, int):
            return self._plain(self.lift(a).mul(self.lift(b)))
        total: dict[str, int] = {}
        for (left, p), (right, q) in product(self.linear(a).items(), self.linear(b).items()):
            name = _PRODUCT.join(sorted([*_factors(left), *_factors(right)]))
            total[name] = total.get(name, 0) + p * q
            if left and right:
                self._note_product(name, self.symbol(left), self.symbol(right))
        return self.combined(total)

    def digit(self, a: Number, radix: str) -> tuple[Number, Number]:
        """Split a number into a multiple of a symbol and the rest."""
        multiple: Number = 0
        if isinstance(a, int):
            return 0, a
        rest: Number = a
        for name, value in a.get_pieces()[0][1].get_coefficients_by_name(self.isl.dim_type.param).items():
            parts = _factors(name) if isinstance(name, str) else []
            if radix in parts:
                rest = self.subtract(rest, self.multiply(value.to_python(), self.symbol(name)))
                parts.remove(radix)
                multiple = self.add(multiple, self.multiply(value.to_python(), self._defined(parts)))
        if self.depends(rest, radix):
            raise NotModelled(f"an offset that is no multiple of {radix} and a rest")
        return multiple, rest

    def _defined(self, parts: list[str]) -> Number:
        total: Number = 1
        for part in parts:
            total = self.multiply(total, self._definitions.get(part, self.symbol(part)))
        return total

    def _note_product(self, name: str, a: isl.PwAff, b: isl.PwAff) -> None:
        """Note that a product of factors from 0 on is no less than 0, and no less than b where a is 1 or more."""
        if name in self._products:
            return
        self._products.add(name)
        zero, one, whole = self.lift(0), self.lift(1), self.symbol(name)
        self._note(whole.ge_set(zero).union(a.lt_set(zero)).union(b.lt_set(zero)), [name])
        for factor, other in ((a, b), (b, a)):
            self._note(whole.eq_set(zero).union(factor.ne_set(zero)), [name])
            self._note(whole.ge_set(other).union(factor.lt_set(one)).union(other.lt_set(zero)), [name])

    def linear(self, a: Number) -> dict[str, int]:
        """Return the coefficients of a number by symbol, that of the constant under ''."""
        if isinstance(a, int):
            return {"": a} if a else {}
        form = self.form(a.gist(self.domain))
        return self._with_fixed(self.form(self._named(a)) if form is None else form)  # type: ignore[arg-type]

    def _with_fixed(self, form: Mapping[str, int]) -> dict[str, int]:
        """Put numbers for the symbols that have one."""
        found: dict[str, int] = {}
        for name, factor in form.items():
            left = [part for part in _factors(name) if part not in self.fixed]
            for part in _factors(name):
                factor *= self.fixed.get(part, 1)
            key = _PRODUCT.join(left)
            found[key] = found.get(key, 0) + factor
        return {name: factor for name, factor in found.items() if factor}

    def combined(self, form: Mapping[str, int]) -> Number:
        """Return the number with these coefficients."""
        total: Any = 0
        for name, factor in form.items():
            total = self.add(total, factor if not name else self._plain(self.symbol(name).mul(self.lift(factor))))
        return total

    def form(self, a: isl.PwAff) -> dict[str, int] | None:
        """Read the coefficients of a number that is one affine function without divisions."""
        pieces = a.get_pieces()
        if len(pieces) != 1 or pieces[0][1].dim(self.isl.dim_type.div):
            return None
        affine = pieces[0][1]
        named = affine.get_coefficients_by_name(self.isl.dim_type.param)
        form = {name: value.to_python() for name, value in named.items() if isinstance(name, str)}
        constant = affine.get_constant_val().to_python()
        return {**form, "": constant} if constant else form

    def simplest(self, a: Number, where: isl.Set) -> Number:
        """Return a number that is the same where a condition holds, in fewer cases."""
        return a if isinstance(a, int) else self._plain(a.gist(where).coalesce())

    def odd(self, a: Number, one: Number) -> Number:
        """a | 1, the next odd number"""
        if one != 1:
            raise NotModelled("| of anything but 1")
        return self.add(self.multiply(2, self.quotient(a, 2, down=True)), 1)

    def _named(self, a: isl.PwAff) -> isl.PwAff:
        """Give a number that has several cases a symbol of its own."""
        name = self._names.setdefault(str(a), "")
        if name:
            return self.symbol(name)
        name = self._names[str(a)] = self.fresh("v")
        symbol = self.symbol(name)
        self._made_of[name] = self.symbols(a)
        self._definitions[name] = a
        self._note(symbol.eq_set(a).union(a.domain().complement()), [name])
        return symbol

    def _plain(self, a: isl.PwAff) -> Number:
        """Return a constant as a Python integer."""
        if a.is_cst() and a.n_piece() == 1:
            value = a.get_pieces()[0][1].get_constant_val()
            return int(value.to_python())
        return a

    # ------------------------------------------------------------------ what depends on what

    def symbols(self, a: Any) -> set[str]:
        """Return the symbols of a number or condition, those that its products and quotients are made of included."""
        param = self.isl.dim_type.param
        used = [a.get_dim_name(param, at) for at in range(a.dim(param)) if a.involves_dims(param, at, 1)]
        found: set[str] = set()
        while used:
            name = used.pop()
            if name not in found:
                found.add(name)
                used += [part for part in _factors(name) if part != name] + list(self._made_of.get(name, ()))
        return found

    def hides(self, names: Iterable[str]) -> bool:
        """Tell whether one of the symbols is a product or quotient of others."""
        return any(name in self._made_of or name in self._products for name in names)

    def depends(self, a: Number, name: str) -> bool:
        """Tell whether a number depends on a symbol."""
        return not isinstance(a, int) and name in self.symbols(a)

    def refuse_hidden(self, a: Any, name: str) -> None:
        """Refuse what depends on a symbol through a product or quotient, where it cannot be replaced."""
        for other in self.symbols(a) - {name}:
            if name in _factors(other) or name in self._made_of.get(other, ()):
                raise NotModelled(f"{other}, which depends on {name}, in a list")

    def product_with(self, symbol: str, name: str, value: Number) -> Number:
        """Return a product of symbols with a value put for one of them."""
        total: Number = 1
        for factor in _factors(symbol):
            total = self.multiply(total, value if factor == name else self.symbol(factor))
        return total

    # ------------------------------------------------------------------ division

    def quotient(self, a: Number, b: Number, *, down: bool) -> Number:
        """a / b, rounded down or towards zero."""
        if isinstance(b, int):
            if b == 0:
                raise NotModelled("division by zero")
            if isinstance(a, int):
                return a // b if down or a % b == 0 or (a < 0) == (b < 0) else -(abs(a) // abs(b))
            return self._plain(self._rounded(a, b, down=down))
        if not set(self.linear(b)) - {""}:
            return self.quotient(a, self.linear(b).get("", 0), down=down)
        self.hazards.append(("a divisor below 1", self.domain.intersect(b.le_set(self.lift(0)))))
        whole, rest = self._multiples(self.linear(a), self.linear(b))
        for fewer in (0, 1):  # (b*n - 1)/b = n - 1
            if self._within(self.add(self.combined(rest), self.multiply(fewer, b)), b):
                return self.subtract(self.combined(whole), fewer)
        if not rest or down or (self._holds("ge", a, 0) and self._holds("ge", self.combined(rest), 0)):
            return self.add(self.combined(whole), self._unknown_quotient(self.combined(rest), b, down=down))
        return self._unknown_quotient(a, b, down=down)

    def remainder(self, a: Number, b: Number, *, down: bool) -> Number:
        """What the division leaves, so that a = b * quotient + remainder."""
        if down and not isinstance(b, int) and self._near(a, b):
            folded = self.choose(self.compare("ge", a, b), self.subtract(a, b), a)
            return self.choose(self.compare("lt", a, 0), self.add(a, b), folded)
        return self.subtract(a, self.multiply(b, self.quotient(a, b, down=down)))

    def _rounded(self, a: isl.PwAff, b: int, *, down: bool) -> isl.PwAff:
        ratio = a.div(self.lift(b))
        negative = a.lt_set(self.lift(0)) if b > 0 else a.gt_set(self.lift(0))
        if down or self.known(self.domain.intersect(negative)).is_empty():
            return ratio.floor()
        return ratio.ceil().intersect_domain(negative).union_add(ratio.floor().intersect_domain(negative.complement()))

    @staticmethod
    def _multiples(a: Mapping[str, int], b: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
        """Split a number into a quotient by a symbol and what is no multiple of it."""
        whole: dict[str, int] = {}
        rest = dict(a)
        if len(b) == 1:
            ((divisor, factor),) = b.items()
            for name, coefficient in a.items():
                left = _factors(name)
                if divisor in left and coefficient % factor == 0:
                    left.remove(divisor)
                    whole[_PRODUCT.join(left)] = coefficient // factor
                    del rest[name]
        return whole, rest

    def _near(self, a: Number, b: isl.PwAff) -> bool:
        """Tell whether a number is known to lie between -b and 2*b."""
        return self._holds("ge", a, self.multiply(-1, b)) and self._holds("lt", a, self.multiply(2, b))

    def _within(self, a: Number, b: isl.PwAff) -> bool:
        """Tell whether a number is known to be at least 0 and less than b."""
        return self._holds("ge", a, 0) and self._holds("lt", a, b)

    def _holds(self, sign: str, a: Number, b: Number) -> bool:
        """Tell whether a comparison holds wherever the program is."""
        fails = self.condition(self.negate(self.compare(sign, a, b)))
        return self.known(self.domain.intersect(fails)).is_empty()

    def _unknown_quotient(self, a: Number, b: isl.PwAff, *, down: bool) -> Number:
        """Return the symbol of a quotient by symbols, and note the inequalities that define it."""
        key = (str(sorted(self.linear(a).items())), str(sorted(self.linear(b).items())))
        if key not in self._quotients:
            name = self.fresh("q")
            q = self.symbol(name)
            self._made_of[name] = self.symbols(self.lift(a)) | self.symbols(b)
            a, left = self.lift(a), self.lift(self.subtract(a, self.multiply(b, q)))
            zero, positive = self.lift(0), b.gt_set(self.lift(0))
            upward = left.ge_set(zero).intersect(left.lt_set(b))
            towards_zero = left.le_set(zero).intersect(left.gt_set(b.neg()))
            sign = a.ge_set(zero)
            small = a.ge_set(zero).intersect(a.lt_set(b)).complement().union(q.eq_set(zero))
            self._note(small.union(positive.complement()), [name])
            self._note(a.lt_set(zero).union(q.ge_set(zero)).union(positive.complement()), [name])
            self._note(a.lt_set(b).union(q.gt_set(zero)).union(positive.complement()), [name])
            known = upward if down else sign.intersect(upward).union(sign.complement().intersect(towards_zero))
            self._note(known.union(positive.complement()), [name])
            for other, dividend, divisor in self._quotients.values():
                if divisor.plain_is_equal(b):
                    self._order(q, a, other, dividend, b)
            self._quotients[key] = (q, a, b)
        return self._quotients[key][0]

    def _order(self, q: isl.PwAff, a: isl.PwAff, r: isl.PwAff, c: isl.PwAff, b: isl.PwAff) -> None:
        """Note that q = a/b and r = c/b are ordered as a and c are: a <= c + m*b gives q <= r + m."""
        positive = b.gt_set(self.lift(0)).intersect(a.ge_set(self.lift(0))).intersect(c.ge_set(self.lift(0)))
        for margin in self.margins:
            apart = b.mul(self.lift(margin)) if margin else self.lift(0)
            for low, less, high, more in ((q, a, r, c), (r, c, q, a)):
                ordered = low.le_set(high.add(self.lift(margin))).union(less.gt_set(more.add(apart)))
                self._note(ordered.union(positive.complement()), self._names_in(low.eq_set(high)))

    # ------------------------------------------------------------------ choices

    def largest(self, values: Iterable[Number]) -> Number:
        """The maximum."""
        first, *rest = values
        for value in rest:
            both = isinstance(first, int) and isinstance(value, int)
            first = max(first, value) if both else self._plain(self.lift(first).max(self.lift(value)))  # type: ignore[type-var]
        return first

    def smallest(self, values: Iterable[Number]) -> Number:
        """The minimum."""
        return self.subtract(0, self.largest([self.subtract(0, value) for value in values]))

    def compare(self, sign: str, a: Number, b: Number) -> Condition:
        """Compare two numbers; `sign` is lt, le, gt, ge, eq or ne."""
        if isinstance(a, int) and isinstance(b, int):
            return {"lt": a < b, "le": a <= b, "gt": a > b, "ge": a >= b, "eq": a == b, "ne": a != b}[sign]
        return getattr(self.lift(a), f"{sign}_set")(self.lift(b))

    def choose(self, condition: Condition, a: Number, b: Number) -> Number:
        """a where the condition holds, else b."""
        if isinstance(condition, bool):
            return a if condition else b
        return self._plain(
            self.lift(a).intersect_domain(condition).union_add(self.lift(b).intersect_domain(condition.complement()))
        )

    def negate(self, a: Condition) -> Condition:
        """The opposite of a condition."""
        return not a if isinstance(a, bool) else a.complement()

    def both(self, a: Condition, b: Condition) -> Condition:
        """a and b"""
        if isinstance(a, bool):
            return b if a else False
        return self.both(b, a) if isinstance(b, bool) else a.intersect(b)

    def either(self, a: Condition, b: Condition) -> Condition:
        """a or b"""
        return self.negate(self.both(self.negate(a), self.negate(b)))


def _factors(name: str) -> list[str]:
    return name.split(_PRODUCT) if name else []
