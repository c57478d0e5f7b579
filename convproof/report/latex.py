"""Prose for TeX, and formulas as lines of Unicode for a terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import zip_longest

from convproof.symbolic.latex_tree import Atom, parse

__all__ = ["plain", "plain_prose", "tex", "tex_prose"]

# ---------------------------------------------------------------------- prose for TeX

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "–": "--", "—": "---", "’": "'", "≤": r"$\le$", "≥": r"$\ge$",
    "·": r"$\cdot$", "×": r"$\times$", "−": r"$-$", "∂": r"$\partial$", "Σ": r"$\Sigma$", "⟨": r"$\langle$",
    "⟩": r"$\rangle$", "ᵀ": r"$^{\mathsf T}$",
}  # fmt: skip


def tex(text: str) -> str:
    r"""Return plain text as TeX: every character prints as itself, or as its number where the fonts lack it.

    Examples
    --------
    >>> print(tex("50% of conv2d_input ≤ 1"))
    50\% of conv2d\_input $\le$ 1
    """
    return "".join(map(_tex_letter, text))


def _tex_letter(letter: str) -> str:
    if letter in _SPECIAL:
        return _SPECIAL[letter]
    if letter.isspace():
        return " "
    if letter.isascii():
        return letter if letter.isprintable() else f"[{ord(letter):02X}]"
    known = unicodedata.name(letter, "").startswith("LATIN ") and ord(letter) < 0x180
    return letter if known else f"[U+{ord(letter):04X}]"


def tex_prose(text: str) -> str:
    r"""Return a sentence with LaTeX between dollar signs as TeX.

    Examples
    --------
    >>> print(tex_prose("100% of $x_1$"))
    100\% of $x_1$
    """
    return "".join(f"${part}$" if formula else tex(part) for formula, part in _split(text))


def _split(text: str) -> Iterable[tuple[bool, str]]:
    """Yield the parts of a sentence, and which of them are formulas; a dollar sign alone is a dollar sign."""
    parts = text.split("$")
    if len(parts) % 2 == 0:
        parts[-2:] = ["$".join(parts[-2:])]
    return ((place % 2 == 1, part) for place, part in enumerate(parts))


# ---------------------------------------------------------------------- formulas for a terminal

_SIGNS = {
    r"\le": "≤", r"\leq": "≤", r"\ge": "≥", r"\geq": "≥", r"\ne": "≠", r"\mid": "|", r"\in": "∈", r"\partial": "∂",
    r"\cdot": "·", r"\times": "×", r"\otimes": "⊗", r"\odot": "⊙", r"\star": "⋆", r"\circ": "∘", r"\sum": "Σ",
    r"\prod": "Π", r"\max": "max", r"\min": "min", r"\lfloor": "⌊", r"\rfloor": "⌋", r"\lceil": "⌈", r"\rceil": "⌉",
    r"\{": "{", r"\}": "}", r"\top": "⊤", r"\ldots": "…", r"\dots": "…", r"\cdots": "⋯", r"\infty": "∞", r"\to": "→",
    r"\mapsto": "↦", r"\langle": "⟨", r"\rangle": "⟩", r"\equiv": "≡", r"\Rightarrow": "⇒", r"\iff": "⇔",
    r"\Leftrightarrow": "⇔", r"\forall": "∀", r"\exists": "∃", r"\subset": "⊂", r"\subseteq": "⊆", r"\cup": "∪",
    r"\cap": "∩", r"\int": "∫", r"\iint": "∬", r"\iiint": "∭", r"\approx": "≈", r"\circledast": "⊛", r"\det": "det ",
    r"\bmod": " mod ", r"\bigl": "", r"\bigr": "", r"\Bigl": "", r"\Bigr": "", r"\biggl": "", r"\biggr": "",
    r"\setminus": "∖", r"\emptyset": "∅", r"\mathbb": "", "-": "−", "'": "′", "*": "∗",
    r"\,": " ", r"\;": " ", r"\:": " ", r"\!": "", r"\quad": "  ", r"\qquad": "   ", r"\ ": " ",
    r"\left": "", r"\right": "", r"\displaystyle": "", r"\lambda": "λ", r"\Lambda": "Λ",
}  # fmt: skip
_SPACED = frozenset("=<>≈⊛≤≥≠∈|+−∗×⊗⊙⋆∘→↦≡⇒⇔⊂⊆∪∩∖")
_BARS = {
    r"\bar": "\u0304",
    r"\hat": "\u0302",
    r"\tilde": "\u0303",
    r"\breve": "\u0306",
    r"\check": "\u030c",
    r"\vec": "\u20d7",
    r"\dot": "\u0307",
}
_BELOW = dict(zip("0123456789", "₀₁₂₃₄₅₆₇₈₉", strict=True))
_FRACTIONS = frozenset((r"\frac", r"\tfrac", r"\dfrac"))
_WORDS = frozenset((r"\mathrm", r"\operatorname", r"\text", r"\mbox", r"\mathsf"))
_LARGE = frozenset((r"\sum", r"\prod", r"\int", r"\iint", r"\iiint"))
_BOARD = {"Z": "ℤ", "N": "ℕ", "R": "ℝ", "C": "ℂ", "Q": "ℚ"}
_SIMPLE = re.compile(r"[\w′]+|⌊.*⌋|⌈.*⌉|∂\w+(\([^()]*\)|_\{[^{}]*\})?")  # needs no brackets in a fraction
_TIGHT = re.compile(r" ([=<≤∈+−]) ")
_MATRIX = re.compile(r"\\begin\{([bpv]?)matrix\}(.*?)\\end\{\1matrix\}", re.DOTALL)
_LETTER_LAST = re.compile(r"[\w′]$")
_LETTER_FIRST = re.compile(r"[^\W\d_]|⌊|⌈")


def plain(latex: str) -> str:
    r"""Return a formula as one line of Unicode.

    Examples
    --------
    >>> print(plain(r"\sum_{a_1=0}^{k_1 - 1} \left[0 \le \frac{i - d a_1}{s} < o\right] \, \bar{x}'(r', a_1)"))
    Σ_{a₁=0}^{k₁−1} [0 ≤ (i − d a₁)/s < o] x̄′(r′, a₁)
    """
    return re.sub(r" {2,}", " ", _row(parse(_MATRIX.sub(_in_a_row, latex)))).strip()


def _in_a_row(matrix: re.Match[str]) -> str:
    """Write a matrix on one line, its rows behind semicolons: (1 2; 3 4)."""
    left, right = {"b": ("[", "]"), "v": ("|", "|")}.get(matrix[1], ("(", ")"))
    rows = (r"\ ".join(row.split("&")) for row in matrix[2].split(r"\\"))
    return rf"{{{left}}}" + r";\ ".join(rows) + rf"{{{right}}}"


def plain_prose(text: str) -> str:
    """Return a sentence with LaTeX between dollar signs as Unicode."""
    return "".join(plain(part) if formula else part for formula, part in _split(text))


def _row(atoms: Iterable[Atom]) -> str:
    atoms = tuple(atom for atom in atoms if atom.arguments or _SIGNS.get(atom.text) != "")
    text, after_sign, after_d = "", True, False
    for atom, following in zip_longest(atoms, atoms[1:]):
        one = _one(atom)
        sign = one in _SPACED and not (one == "−" and after_sign)
        if atom.text in _FRACTIONS and not one.startswith("∂") and _multiplied(text, following):
            one = f" ({one}) " if atom.text != r"\tfrac" else one
        if sign:
            text = f"{text.rstrip()} {one} "
        elif _LETTER_LAST.search(text) and _LETTER_FIRST.match(one) and not after_d:  # a product of letters
            text += f" {one}"
        else:
            text += ", " if one == "," else one
        after_sign = sign or one in ("(", "[", ",", "{", "")
        after_d = atom.text == r"\mathrm" and one == "d"  # of an integral
    return text


def _multiplied(before: str, following: Atom | None) -> bool:
    """Return whether a fraction stands in a product, so that it needs brackets on one line."""
    behind = following is not None and (following.text in _FRACTIONS or following.text.isalnum())
    return behind or bool(re.search(r"[\w′)]$", before.rstrip()))


def _one(atom: Atom) -> str:
    body = _body(atom)
    below, above = (_TIGHT.sub(r"\1", _row(side).strip()) for side in (atom.below, atom.above))
    if below:
        body += (
            "".join(_BELOW[digit] for digit in below) if below.isdigit() and below.isascii() else f"_{_grouped(below)}"
        )
    if above and not above.strip("′"):
        body += above
    elif above:
        body += f"^{_grouped(above)}"
    return f"{body} " if atom.text in _LARGE else body


def _grouped(text: str) -> str:
    return text if len(text) == 1 else f"{{{text}}}"


def _body(atom: Atom) -> str:
    if atom.text in _WORDS and all(not (letter.below or letter.above) for part in atom.arguments for letter in part):
        return "".join(_one(letter) for part in atom.arguments for letter in part)
    parts = [_row(part).strip() for part in atom.arguments]
    if atom.text in _FRACTIONS:
        return "/".join(part if _SIMPLE.fullmatch(part) else f"({part})" for part in (*parts, "", "")[:2])
    if atom.text in _BARS:
        return "".join(letter + _BARS[atom.text] for part in parts for letter in part)
    if atom.text == r"\mathbb":
        return "".join(_BOARD.get(part, part) for part in parts)
    if atom.text in (r"\left", r"\right"):
        return "" if parts == ["."] else "".join(parts)
    if atom.arguments:
        return "".join(parts)
    if atom.text in _SIGNS:
        return _SIGNS[atom.text]
    return _greek(atom.text)


def _greek(text: str) -> str:
    """Return the letter that a command names; other commands by their name."""
    if len(text) < 2 or not text.startswith("\\"):
        return text
    case = "SMALL" if text[1].islower() else "CAPITAL"
    try:
        return unicodedata.lookup(f"GREEK {case} LETTER {text[1:].upper()}")
    except KeyError:
        return text
