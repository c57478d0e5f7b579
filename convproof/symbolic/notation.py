"""How a derivation is written: names of indices, style of elements and gradients, brackets shown or hidden.

A formula is made as a list of pieces, between which a line may be broken: `latex_lines.broken` packs them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from sympy import Add, Expr, Mul, Symbol, ceiling, floor

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad
from convproof.symbolic.guarded_sum import Factor, GuardedSum, Index, Term
from convproof.symbolic.guards import Divides, Equal, Guard, Range, as_quotient

__all__ = ["PAPER", "SLIDE", "Notation", "slide"]

# Terms of a sum and letters of a product are written in the order a textbook has them: s r + d a - p.
_LETTERS = "i u z r t v a j b g c m n k o N M C s d p q"
_ORDER = {letter: place for place, letter in enumerate(_LETTERS.split())}
_STEPS = {"s": 0, "d": 1}

_CHOICES = {"elements": ("call", "subscript"), "gradients": ("fraction", "letter"), "sum_over": ("taps", "pixels")}

_TENSORS = ("x", "w", "y", "g")

# A letter that is neither part of a command or a word nor named by a font.
_LONE_LETTER = re.compile(r"(?<![A-Za-z\\])(?<!\\mathbf\{)(?<!\\mathsf\{)(?<!\\mathrm\{)[A-Za-z](?![A-Za-z])")

_AXIS = re.compile(r"_\d+(?='*$)")
_DERIVED = re.compile(r"d.")  # dy, dy/dx

_GREEK = {"beta": r"\beta", "tau": r"\tau", "gamma": r"\gamma", "rho": r"\rho", "omega": r"\omega"}


@dataclass(frozen=True)
class Notation:
    """How formulas are written.

    Parameters
    ----------
    elements : {"call", "subscript"}
        ``x(r, c)`` or ``x_{r, c}``.
    gradients : {"fraction", "letter"}
        ``\\partial L / \\partial y(r, c)``, or the letter g for the gradient of the output and bars for the others.
    brackets : bool
        Whether ranges are shown. Where they are not, elements outside a tensor are zero.
    names : mapping of str to str
        LaTeX for symbols and tensors, by their plain names: ``{"r_1": "r", "r_2": "c"}``. The name of a letter is
        also that of the letter with numbers: ``{"r": "u"}`` makes ``u_1`` of ``r_1``.
    sum_over : {"taps", "pixels"}
        What the input gradient is summed over.
    vectors : bool
        Bold letters for all axes at once, ``\\mathbf r`` for ``r_1, r_2``; a bracket then asks for every axis.
    width : int
        Letters of 5 points that fit on a line: 65 on that of LaTeX's article, 90 on a wider page.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        Something else than the choices above.

    Examples
    --------
    >>> from sympy import Symbol
    >>> Notation(names={"r_1": "u"}).symbol(Symbol("r_1'"))
    "u'"
    """

    elements: str = "call"
    gradients: str = "letter"
    brackets: bool = True
    names: Mapping[str, str] = field(default_factory=dict)
    sum_over: str = "taps"
    vectors: bool = False
    width: int = 65

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            if not isinstance(value, str) or value not in allowed:
                raise ArgumentValueError(bad(name, value, "one of " + ", ".join(allowed)))
        for name in ("brackets", "vectors"):
            if not isinstance(getattr(self, name), bool):
                raise ArgumentTypeError(bad(name, getattr(self, name), "True or False"))
        texts = (*self.names, *self.names.values()) if isinstance(self.names, Mapping) else (None,)
        if not all(isinstance(text, str) for text in texts):
            raise ArgumentTypeError(bad("names", self.names, "a mapping of names to LaTeX, both strings"))
        if not all(map(_is_formula, self.names.values())):
            raise ArgumentValueError(bad("names", self.names, "LaTeX of a formula, its braces in pairs"))
        if isinstance(self.width, bool) or not isinstance(self.width, int) or not 30 <= self.width <= 1000:
            raise ArgumentValueError(bad("width", self.width, "an integer from 30 to 1000"))

    # ------------------------------------------------------------------ symbols and expressions

    def symbol(self, symbol: Symbol) -> str:
        name = str(symbol)
        bare = name.rstrip("'")
        primes = name[len(bare) :]
        if name in self.names:
            return self.names[name]
        if bare in self.names:
            return _primed(self.names[bare], primes)
        letter, _, subscript = bare.partition("_")
        letter = self._letter(letter)
        if self.vectors and subscript.isdigit():
            bold = "boldsymbol" if letter.startswith("\\") else "mathbf"
            return rf"\{bold}{{{letter}}}{primes}"
        subscript = subscript if len(subscript) < 2 else f"{{{subscript}}}"
        return f"{letter}{primes}_{subscript}" if subscript else letter + primes

    def _letter(self, letter: str) -> str:
        """Return the LaTeX of what has no name of its own but perhaps one of its letter: u_1 where r is named u."""
        if letter in self.names:
            name = self.names[letter]
            return f"{{{name}}}" if "_" in name or "^" in name else name
        return _GREEK.get(letter, letter if len(letter) == 1 else rf"\mathrm{{{letter}}}")

    def expression(self, e: Expr) -> str:
        numerator, denominator = as_quotient(e)
        if denominator == 1:
            return self._sum(numerator)
        return rf"\frac{{{self._sum(numerator)}}}{{{self._sum(denominator)}}}"

    def _sum(self, e: Expr) -> str:
        text = ""
        for negative, term in _terms(e):
            body = self._product(term)
            sign = "-" if negative else "+"
            text += f" {sign} {body}" if text else ("-" if negative else "") + body
        return text

    def _product(self, term: Expr) -> str:
        coefficient, rest = term.as_coeff_Mul()
        factors = sorted(Mul.make_args(rest), key=_factor_order) if rest != 1 else []
        parts = [self._factor(factor, len(factors) > 1 or coefficient != 1) for factor in factors]
        if coefficient != 1 or not parts:
            whole = coefficient.is_Integer
            parts.insert(0, str(coefficient) if whole else rf"\tfrac{{{coefficient.p}}}{{{coefficient.q}}}")
        return " ".join(parts)

    def _factor(self, factor: Expr, in_product: bool) -> str:
        base, exponent = factor.as_base_exp()
        if isinstance(base, (floor, ceiling)):
            left, right = (r"\lfloor", r"\rfloor") if isinstance(base, floor) else (r"\lceil", r"\rceil")
            text = rf"\left{left} {self.expression(base.args[0])} \right{right}"
        elif base.is_Symbol:
            text = self.symbol(base)
        else:
            text = self.expression(base)
            if isinstance(base, Add) and (in_product or exponent != 1):
                text = rf"\left({text}\right)"
        return text if exponent == 1 else f"{text}^{{{self.expression(exponent)}}}"

    def sentence(self, text: str) -> str:
        """Return a sentence with the names of this notation in its formulas, which stand between dollar signs.

        Examples
        --------
        >>> Notation(names={"r": "u"}).sentence("Output $r < o$ reads no other.")
        'Output $u < o$ reads no other.'
        """
        parts = text.split("$")
        parts[1::2] = map(self.formula, parts[1::2])
        return "$".join(parts)

    def formula(self, latex: str) -> str:
        """Return a formula in plain names with the names of this notation.

        Examples
        --------
        >>> SLIDE.formula("(k_l - 1) + w(0)")
        '(K_l - 1) + k(0)'
        """
        return _LONE_LETTER.sub(self._renamed, latex)

    def _renamed(self, found: re.Match[str]) -> str:
        """Return the name of a letter; in braces where it is a script, for it may have a prime of its own.

        A letter before a bracket is a tensor's, any other one is an index's or a size's. What is a name already was
        written by this notation.
        """
        letter, text = found[0], found.string
        tensors: Mapping[str, str] = {name: self.names[name] for name in _TENSORS if name in self.names}
        if text[found.end() :].startswith("("):
            known = {} if letter in tensors.values() else tensors
        else:
            given = {
                latex for name, latex in self.names.items() if name not in tensors and latex != self.names.get(letter)
            }
            known = {} if letter in given else self.names
        name = known.get(letter, letter)
        return f"{{{name}}}" if len(name) > 1 and text[: found.start()].endswith(("^", "_")) else name

    # ------------------------------------------------------------------ guards and elements

    def guard(self, guard: Guard) -> str:
        match guard:
            case Range(e, high, low):
                below = "" if low is None else rf"{self.expression(low)} \le "
                above = "" if high is None else f" < {self.expression(high)}"
                return rf"\left[{below}{self.expression(e)}{above}\right]"
            case Divides(m, e):
                return rf"\left[{self.expression(m)} \mid {self.expression(e)}\right]"
            case Equal(a, b):
                return rf"\left[{self.expression(a)} = {self.expression(b)}\right]"

    def element(self, factor: Factor) -> str:
        """Write an element; ``dy`` is the gradient of y, ``dy/dx`` the Jacobian, whose indices are of both."""
        indices = self._told(self.expression(e) for e in factor.indices)
        name = factor.tensor
        if "/" in name:
            above, below = name[1:].split("/d")
            half = len(indices) // 2  # an output and an input, or an output and a weight, have as many indices
            top = self._plain(self.tensor(above), indices[:half])
            bottom = self._plain(self.tensor(below), indices[half:])
            return rf"\frac{{\partial {top}}}{{\partial {bottom}}}"
        if name.startswith("d") and len(name) > 1:
            if self.gradients == "fraction":
                return rf"\frac{{\partial L}}{{\partial {self._plain(self.tensor(name[1:]), indices)}}}"
            return self._plain(self._gradient(name), indices)
        return self._plain(self.tensor(name), indices)

    def _gradient(self, name: str) -> str:
        return self.tensor("g") if name == "dy" else rf"\bar{{{self.tensor(name[1:])}}}"

    def gradient(self, name: str) -> tuple[str, str] | None:
        """Return the letter of a gradient, and that of the tensor it belongs to; of fractions the letter of the loss.

        Examples
        --------
        >>> PAPER.gradient("dw"), SLIDE.gradient("dw"), PAPER.gradient("w")
        (('\\\\bar{w}', 'w'), ('L', ''), None)
        """
        if not _DERIVED.match(name) or "/" in name:
            return None
        return ("L", "") if self.gradients == "fraction" else (self._gradient(name), self.tensor(name[1:]))

    def tensor(self, name: str) -> str:
        if name in self.names:
            return self.names[name]
        return name if len(name) == 1 or name.startswith("\\") or "_" in name else rf"\mathrm{{{name}}}"

    def _plain(self, name: str, indices: list[str]) -> str:
        """Write a tensor, whose LaTeX is given, with its indices."""
        if not indices:
            return name
        if self.elements == "subscript":
            return f"{name}_{{{', '.join(indices)}}}"
        listed = ", ".join(indices)
        return rf"{name}\!\left({listed}\right)" if r"\frac" in listed else f"{name}({listed})"

    # ------------------------------------------------------------------ sums

    def named(self, sum_: GuardedSum) -> Iterator[tuple[str, str]]:
        """Yield the symbols of a formula and its tensors, ``x()``: the plain name, and the LaTeX.

        Where bold letters stand for all axes, so do the plain names.
        """
        for symbol in sorted((*sum_.indices, *sum_.parameters), key=str):
            yield (_AXIS.sub("", str(symbol)) if self.vectors else str(symbol)), self.symbol(symbol)
        for tensor in {t for term in sum_.terms for t in term.tensors if not _DERIVED.match(t)}:
            yield f"{tensor}()", f"{self.tensor(tensor)}()"

    def binder(self, index: Index) -> str:
        name = self.symbol(index.symbol)
        if index.size is None:
            return rf"\sum_{{{name} \in \mathbb{{Z}}}}"
        return rf"\sum_{{{name}=0}}^{{{self.expression(index.size - 1)}}}"

    def pieces(self, sum_: GuardedSum) -> list[str]:
        """Return the pieces of a formula, between which a line may end."""
        pieces: list[str] = []
        for number, term in enumerate(sum_.terms):
            sign = "-" if term.coefficient < 0 else "+" if number else ""
            size = abs(term.coefficient)
            body = self._term(term)
            body[0] = " ".join(part for part in (sign, "" if size == 1 else str(size), body[0]) if part)
            pieces += body
        return pieces or ["0"]

    def _told(self, parts: Iterable[str]) -> list[str]:
        """Say what the axes have in common once, where letters stand for all of them."""
        return list(dict.fromkeys(parts)) if self.vectors else list(parts)

    def _term(self, term: Term) -> list[str]:
        guards = [g for g in term.guards if self.brackets or not _says_that_an_element_exists(g, term)]
        sums = r"\,".join(self._told(self.binder(b) for b in term.binders))
        parts = self._told(self.guard(g) for g in guards) + [self.element(f) for f in term.factors]
        return [part for part in (sums, *(parts or ["1"])) if part]


def _is_formula(latex: str) -> bool:
    """Return whether a name can stand in a formula: not empty, braces in pairs, nothing that ends a formula."""
    bare = re.sub(r"\\[{}$&#%]", "", latex)
    depths = list(accumulate((letter == "{") - (letter == "}") for letter in bare))
    balanced = not depths or (min(depths) >= 0 and depths[-1] == 0)
    return balanced and bool(latex.strip()) and latex.isprintable() and not set(bare) & set("$&#%")


def _says_that_an_element_exists(guard: Guard, term: Term) -> bool:
    """Return whether a range is that of an index of a factor, up to a size of it: the factor is zero outside."""
    if not isinstance(guard, Range) or guard.low != 0 or not isinstance(guard.high, Symbol):
        return False
    return any(guard.e in factor.indices for factor in term.factors)


def _primed(name: str, primes: str) -> str:
    """Put primes on the letter of a name, before its subscript."""
    letter, mark, subscript = name.partition("_")
    return f"{letter}{primes}{mark}{subscript}"


def _letter(symbol: Expr) -> int:
    letters = [str(s).partition("_")[0].rstrip("'") for s in symbol.free_symbols]
    return min((_ORDER.get(letter, len(_ORDER)) for letter in letters), default=len(_ORDER) + 1)


def _terms(e: Expr) -> list[tuple[bool, Expr]]:
    """Return the terms of a sum in order, whether each is negative and its absolute value.

    Strides and dilations stand before what they multiply: ``s*o - s`` is written ``s*(o - 1)``. A number stands
    last where another term can stand first: ``n - k + 1``, but ``1 - k``.
    """
    terms = list(Add.make_args(e))
    grouped = []
    for bare in sorted(filter(_is_step, terms), key=str):
        step = -bare if _negative(bare) else bare
        others = [term for term in terms if _negative(term) != _negative(bare) and _divides(step, term)]
        if others:
            inner = Add(*(term / step for term in (*others, bare)))
            parts = (*Mul.make_args(step), -inner if _negative(others[0]) else inner)
            grouped.append((_negative(others[0]), Mul(*parts, evaluate=False)))
            terms = [term for term in terms if term not in (*others, bare)]
    signs = [(term.could_extract_minus_sign(), term) for term in terms]
    ordered = sorted(
        [*grouped, *((negative, -term if negative else term) for negative, term in signs)], key=_term_order
    )
    if ordered[0][1].free_symbols:
        ordered.sort(key=lambda signed: not signed[1].free_symbols)
    return ordered


def _negative(term: Expr) -> bool:
    return term.could_extract_minus_sign()


def _is_step(term: Expr) -> bool:
    """Return whether a term is a stride, a dilation or a product of them, with either sign."""
    letters = {str(symbol).partition("_")[0].rstrip("'") for symbol in term.free_symbols}
    return bool(letters) and letters <= set(_STEPS) and abs(term.as_coeff_Mul()[0]) == 1


def _divides(step: Expr, term: Expr) -> bool:
    return (term / step).as_numer_denom()[1] == 1


def _term_order(signed: tuple[bool, Expr]) -> tuple[bool, int, str]:
    negative, term = signed
    return negative, _letter(term), str(term)


def _factor_order(factor: Expr) -> tuple[int, str]:
    """Strides, then dilations, before the index they multiply."""
    letter = str(factor).partition("_")[0].rstrip("'")
    return _STEPS.get(letter, len(_STEPS)), str(factor)


#: Formulas for every size, as in a paper.
PAPER = Notation()

_KERNEL = {"w": "k", "k": "K", "k_1": "K_1", "k_2": "K_2", "k_3": "K_3"}

#: The names of a lecture slide in two axes: pixels (r, c), taps (a, b), the kernel k, images H x W.
SLIDE = Notation(
    gradients="fraction",
    names={
        **_KERNEL, "n_1": "H", "n_2": "W",
        "r_1": "r", "r_2": "c", "i_1": "r'", "i_2": "c'", "a_1": "a", "a_2": "b",
        "r_1'": r"\hat{r}", "r_2'": r"\hat{c}", "b": r"\beta", "c": r"\kappa",
    },
)  # fmt: skip


def slide(axes: int) -> Notation:
    """Return the notation of a slide: in three axes, where letters run out, indices are numbered.

    Examples
    --------
    >>> slide(2) == SLIDE, slide(3).symbol(Symbol("r_2"))
    (True, 'r_2')
    """
    return SLIDE if axes < 3 else Notation(gradients="fraction", names=_KERNEL)
