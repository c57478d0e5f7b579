"""A formula in LaTeX taken apart: enough of the language for its width, and for its text on a terminal.

The formulas of a derivation need letters, sub- and superscripts, fractions, fonts and delimiters. What else a user's
names may hold is kept as it is: a command without arguments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

__all__ = ["Atom", "parse"]

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)

_TWO = frozenset({r"\frac", r"\tfrac", r"\dfrac", r"\binom"})
_FONTS = {"mathbf", "mathrm", "mathbb", "mathsf", "mathcal", "mathit", "boldsymbol", "operatorname", "text", "mbox"}
_MARKS = {
    "bar",
    "breve",
    "check",
    "hat",
    "tilde",
    "vec",
    "dot",
    "overline",
    "underline",
    "widehat",
    "widetilde",
    "sqrt",
}
_ONE = frozenset("\\" + name for name in _FONTS | _MARKS)
_TEXT = frozenset({r"\text", r"\mbox"})
_DEEPEST = 50


@dataclass(frozen=True)
class Atom:
    """A letter or a command, with its arguments and what is set below and above it.

    Attributes
    ----------
    text : str
        A character, a command with its backslash, or ``"{}"`` for a group.
    arguments : tuple of tuple of Atom
        The two parts of a fraction, the letters of a font, the contents of a group.
    below, above : tuple of Atom
        Subscript and superscript; a prime is an atom above.
    """

    text: str
    arguments: tuple[tuple[Atom, ...], ...] = ()
    below: tuple[Atom, ...] = ()
    above: tuple[Atom, ...] = ()


def parse(latex: str) -> tuple[Atom, ...]:
    r"""Take a formula apart.

    Braces that do not match end where the text ends.

    Examples
    --------
    >>> [(atom.text, len(atom.arguments)) for atom in parse(r"x_{1} = \frac{a}{b}")]
    [('x', 0), ('=', 0), ('\\frac', 2)]
    """
    return tuple(_Parser(_TOKEN.findall(latex)).row())


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0
        self.depth = 0

    def next(self) -> str:
        """Return the next token, the empty string at the end."""
        token = self.tokens[self.place] if self.place < len(self.tokens) else ""
        self.place += 1
        return token

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def skip_space(self) -> None:
        while self.peek().isspace():
            self.place += 1

    def row(self) -> list[Atom]:
        """Return the atoms up to a closing brace or the end."""
        atoms: list[Atom] = []
        while (token := self.peek()) and token != "}":
            self.place += 1
            if token.isspace():
                continue
            if token in ("_", "^", "'"):
                last = atoms.pop() if atoms else Atom("")
                atoms.append(self.script(last, token))
            elif token in (r"\left", r"\right"):
                self.skip_space()
                atoms.append(Atom(token, ((Atom(self.next()),),)))
            else:
                atoms.append(self.atom(token))
        return atoms

    def script(self, atom: Atom, mark: str) -> Atom:
        if mark == "'":
            return replace(atom, above=(*atom.above, Atom("'")))
        side = self.argument()
        return replace(atom, below=atom.below + side) if mark == "_" else replace(atom, above=atom.above + side)

    def atom(self, token: str) -> Atom:
        if token == "{":
            return Atom("{}", (self.group(),))
        if token in _TEXT:
            return Atom(token, (self.words(),))
        count = 2 if token in _TWO else 1 if token in _ONE else 0
        return Atom(token, tuple(self.argument() for _ in range(count)))

    def argument(self) -> tuple[Atom, ...]:
        self.skip_space()
        token = self.next()
        if token == "{":
            return self.group()
        return (self.atom(token),) if token else ()

    def group(self) -> tuple[Atom, ...]:
        """Return what stands up to the closing brace; what is nested too deep to be a formula counts as nothing."""
        self.depth += 1
        if self.depth > _DEEPEST:
            self.place = len(self.tokens)
        atoms = tuple(self.row())
        self.depth -= 1
        self.place += 1
        return atoms

    def words(self) -> tuple[Atom, ...]:
        """Return the letters of a text, its spaces among them."""
        self.skip_space()
        if self.peek() != "{":
            return self.argument()
        self.place += 1
        letters: list[Atom] = []
        while (token := self.next()) and token != "}":
            letters.append(Atom(" " if token.isspace() else token))
        return tuple(letters)
