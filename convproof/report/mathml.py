"""LaTeX formulas as MathML Core, which browsers show without a script, a font or a network.

latex2mathml reads the LaTeX. What it writes is cleaned here: only elements and attributes of MathML Core are kept, and
whatever a formula holds (names may be anybody's) is escaped.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, tostring

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["mathml", "prose"]

_ELEMENTS = frozenset({
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "mpadded", "mphantom",
    "msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd",
})  # fmt: skip
_ATTRIBUTES = {
    "mo": {"stretchy", "fence", "form", "accent"},
    "mfrac": {"linethickness"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mspace": {"width"},
    "mi": {"mathvariant"},
}
_LENGTH = re.compile(r"\d*\.?\d+em|0")
_FENCES = frozenset("⌈⌉⌊⌋′")

# First capital, small and Greek letter of an alphabet of Unicode; MathML Core has no other way to name one.
_ALPHABETS = {
    "sans-serif": (0x1D5A0, 0x1D5BA, None),
    "bold-italic": (0x1D468, 0x1D482, 0x1D736),
    "bold": (0x1D400, 0x1D41A, 0x1D6C2),
}


@lru_cache(maxsize=4096)
def mathml(latex: str, *, block: bool = False) -> Markup:
    """Return a formula as a MathML element, set as in a display.

    Parameters
    ----------
    latex : str
        The formula, without dollar signs.
    block : bool
        On a line of its own.

    Returns
    -------
    Markup
        What cannot be read as LaTeX is shown as it stands.

    Examples
    --------
    >>> print(mathml("n"))
    <math displaystyle="true"><mrow><mi>n</mi></mrow></math>
    """
    from latex2mathml.converter import convert_to_element
    from markupsafe import Markup

    try:
        root = convert_to_element(latex, display="block")
    except Exception:  # whatever a name of a user's may hold: it is shown as it was typed
        return Markup("<code>{}</code>").format(latex)
    _clean(root)
    root.attrib = {"display": "block"} if block else {"displaystyle": "true"}
    return Markup(tostring(root, encoding="unicode"))  # ElementTree escapes every text


def prose(text: str) -> Markup:
    """Return a sentence with LaTeX between dollar signs as HTML.

    Examples
    --------
    >>> print(prose("1 < 2 and $n$"))
    1 &lt; 2 and <math><mrow><mi>n</mi></mrow></math>
    """
    from markupsafe import Markup, escape

    parts = text.split("$")
    if len(parts) % 2 == 0:  # a dollar sign without its partner is a dollar sign
        parts[-2:] = ["$".join(parts[-2:])]
    done = (_inline(part) if place % 2 else escape(part) for place, part in enumerate(parts))
    return Markup().join(done)


def _inline(latex: str) -> Markup:
    from markupsafe import Markup

    return Markup(mathml(latex).replace(' displaystyle="true"', "", 1))


def _clean(element: Element) -> None:
    """Keep what MathML Core has; letters in place of their entities."""
    if element.tag not in _ELEMENTS:
        element.tag = "mrow"
    allowed = _ATTRIBUTES.get(element.tag, set())
    variant = element.get("mathvariant")
    element.attrib = {name: value for name, value in element.attrib.items() if name in allowed and value.isascii()}
    if element.text:
        element.text = _letters(html.unescape(element.text), variant)
    if element.tag == "mi" and element.get("mathvariant") != "normal":
        element.attrib.pop("mathvariant", None)
    _as_operator(element)
    for child in [c for c in element if c.tag == "mspace" and not _LENGTH.fullmatch(c.get("width", ""))]:
        element.remove(child)  # a negative space, which MathML Core does not have
    for child in element:
        _clean(child)


def _as_operator(element: Element) -> None:
    """Names of functions are identifiers, brackets and primes are operators, a bar is an accent."""
    text = element.text or ""
    if element.tag == "mo" and len(text) > 1 and text.isalpha() and text != "mod":
        element.tag, element.attrib = "mi", {}
    elif element.tag == "mi" and text in _FENCES:
        element.tag, element.attrib = "mo", {"stretchy": "false"}
    elif element.tag == "mover" and len(element) == 2 and (element[1].text or "") in ("&#x000AF;", "¯"):
        element[1].set("accent", "true")


def _letters(text: str, variant: str | None) -> str:
    capital, small, greek = _ALPHABETS.get(variant or "", (None, None, None))
    if capital is None or small is None or len(text) != 1:
        return text
    code = ord(text)
    if "A" <= text <= "Z":
        return chr(capital + code - ord("A"))
    if "a" <= text <= "z":
        return chr(small + code - ord("a"))
    return chr(greek + code - ord("α")) if greek is not None and "α" <= text <= "ω" else text
