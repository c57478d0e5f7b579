"""How wide TeX sets a formula: the sum of its letters' widths, in Computer Modern at 10 pt, displayed.

The widths of letters are those of the fonts cmmi10 and cmr10 (Knuth, *Computer Modern Typefaces*, 1986); spaces
follow the table of *The TeXbook*, chapter 18. An estimate: kerns are left out, and what is rare counts as a letter M.
"""

from __future__ import annotations

from collections.abc import Iterable

from convproof.symbolic.latex_tree import Atom, parse

__all__ = ["POINTS_PER_LETTER", "points"]

#: A letter, as a unit of the width of lines.
POINTS_PER_LETTER = 5.0

_SMALL = (
    "a5.3 b4.3 c4.4 d5.3 e4.7 f6.0 g5.2 h5.8 i3.5 j4.7 k5.6 l3.2 m8.8 n6.1 o4.9 p5.1 q4.9 r4.8 s4.7 t3.7 u5.8 v5.3 "
    "w7.5 x5.8 y5.3 z5.1 A7.5 B8.1 C7.9 D8.6 E8.0 F7.9 G7.9 H9.2 I5.2 J6.5 K9.3 L6.9 M10.8 N9.2 O8.0 P7.9 Q8.0 R7.7 "
    "S6.8 T7.3 U8.0 V8.1 W10.9 X9.1 Y8.1 Z7.6 (3.9 )3.9 [2.8 ]2.8 |2.8 .2.8 !2.8 '4.0 ,4.5 ;4.5 :7.8 /5.0"
)
_LETTERS = {word[0]: float(word[1:]) for word in _SMALL.split()}
_COMMANDS = {
    r"\gamma": 5.8, r"\beta": 6.2, r"\rho": 5.2, r"\omega": 6.6, r"\partial": 5.9, r"\cdot": 7.3, r"\cdots": 13.4,
    r"\ldots": 13.4, r"\dots": 13.4, r"\,": 1.7, r"\:": 2.2, r"\;": 2.8, r"\!": -1.7, r"\quad": 10.0, r"\qquad": 20.0,
    r"\lfloor": 4.5, r"\rfloor": 4.5, r"\lceil": 4.5, r"\rceil": 4.5, r"\{": 5.0, r"\}": 5.0, r"\mid": 8.4,
    r"\prime": 2.8, r"\displaystyle": 0.0, r"\top": 7.8,
}  # fmt: skip
_RELATIONS = frozenset(("=", "<", ">", r"\le", r"\ge", r"\leq", r"\geq", r"\ne", r"\in", r"\equiv", r"\to", r"\mapsto"))
_OPERATORS = frozenset(("+", "-", "*", r"\times", r"\otimes", r"\odot", r"\oplus", r"\star", r"\ast", r"\circ"))
_SUMS = frozenset((r"\sum", r"\prod", r"\bigcup", r"\max", r"\min"))
_FRACTIONS = frozenset((r"\frac", r"\dfrac", r"\tfrac", r"\binom"))
_DELIMITERS = frozenset((r"\left", r"\right"))
_SHORT, _TALL = 2.8, 5.8  # a bracket around letters, and around a displayed fraction
_DEFAULT = 8.8

# A formula is displayed, set as in text, as a script, or as a script of a script: the scale of each of these levels.
_SCALE = (1.0, 1.0, 0.8, 0.72)
_SMALLEST = 3


def points(latex: str) -> float:
    """Return the width of a formula in points, displayed at 10 pt.

    Examples
    --------
    >>> round(points("a + b")), round(points(r"\\frac{a + b}{s}"))
    (22, 24)
    """
    return _row(parse(latex), 0)


def _row(atoms: Iterable[Atom], level: int) -> float:
    atoms = tuple(atoms)
    bracket = _TALL if any(atom.text in _FRACTIONS for atom in atoms) else _SHORT
    delimiters = sum(atom.text in _DELIMITERS for atom in atoms)
    rest = (atom for atom in atoms if atom.text not in _DELIMITERS)
    return delimiters * bracket * _SCALE[level] + sum(_one(atom, level) for atom in rest)


def _one(atom: Atom, level: int) -> float:
    body = _body(atom, level)
    scripts = [_row(side, min(max(level, 1) + 1, _SMALLEST)) for side in (atom.below, atom.above)]
    if atom.text in _SUMS and level == 0:
        return max(body, *scripts) + 1.7
    return body + max(scripts)


def _body(atom: Atom, level: int) -> float:
    if atom.text in _FRACTIONS:
        smaller = 2 if atom.text == r"\tfrac" else min(level + 1, _SMALLEST)
        return 2.4 + max((_row(part, smaller) for part in atom.arguments), default=0.0)
    if atom.text in (r"\text", r"\mbox", r"\operatorname"):
        return 5.0 * _SCALE[level] * sum(len(part) for part in atom.arguments)
    if atom.text in (r"\mathbf", r"\boldsymbol"):
        return sum(1.12 * _row(part, level) for part in atom.arguments)
    if atom.arguments:
        return sum(_row(part, level) for part in atom.arguments)
    return _sign(atom.text, level) * _SCALE[level]


def _sign(text: str, level: int) -> float:
    """Return the width of a letter, a digit or a sign at full size; in scripts there is no space around signs."""
    if text in _RELATIONS:
        return 13.4 if level < 2 else 7.8
    if text in _OPERATORS:
        return 12.3 if level < 2 else 7.8
    if text in _SUMS:
        return 14.5
    if text in _COMMANDS:
        return _COMMANDS[text]
    return 5.0 if text.isdigit() else _LETTERS.get(text, _DEFAULT)
