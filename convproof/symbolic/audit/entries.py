"""From the source of a cell to what it says: nothing, dots, a zero, a polynomial in named symbols, or words.

Styles, colours and HTML are stripped; scripts stay part of a name.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

from convproof.symbolic.audit.cells import NoEntry, read
from convproof.symbolic.audit.values import Entry

__all__ = ["entry"]

_LONGEST = 300
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_SCRIPT = re.compile(r"<(/?)su([bp])>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_EMPHASIS = re.compile(r"\*\*|__|`|~~|\$|\\[()]")
_DOTS = re.compile(
    r"\\(?:[cvdlhui]|ad|xd)?dots(?:[bcimo])?(?![A-Za-z])|\\hdotsfor|\.\.+|[…⋮⋯⋱⋰︙]|^\s*[•÷⁝]|\.\s*\n\s*\.",
    re.MULTILINE,
)
_PLAIN_WORD = re.compile(r"[A-Za-z]{4,}")


@lru_cache(maxsize=4096)
def entry(source: str) -> Entry:
    r"""Read one cell.

    Examples
    --------
    >>> entry(r"\mathbf{w}_{0,1}").symbol
    Symbol(base='w', sub='0,1', sup='')
    >>> entry("a y + b z").token, entry("<b>a</b>").token, entry("$0$").token
    ('a y + b z', 'a', '0')
    >>> entry(r"\vdots").kind, entry("  ").kind, entry("Filter").kind
    ('dots', 'blank', 'text')
    """
    if len(source) > _LONGEST:
        return Entry("text")
    source = _plain(source)
    if _DOTS.search(source):
        return Entry("dots")
    if source.strip() in (".", r"\cdot", r"\bullet", "∙", "⋅"):
        return Entry("mark")
    if _PLAIN_WORD.search(re.sub(r"\\[A-Za-z]+", " ", source)):
        return _style_only(source)
    try:
        return read(source)
    except NoEntry:
        return Entry("text")


def _plain(source: str) -> str:
    """Strip HTML and Markdown, and bring letters and signs to one form."""
    source = unicodedata.normalize("NFKC", html.unescape(source)).replace("−", "-").replace("·", r"\cdot ")
    source = _SCRIPT.sub(lambda tag: "}" if tag[1] else ("_{" if tag[2] in "bB" else "^{"), _BREAK.sub("\n", source))
    return _EMPHASIS.sub("", _TAG.sub("", source))


def _style_only(source: str) -> Entry:
    """Read a cell with a long word in it: the name of a colour is none."""
    try:
        found = read(source)
    except NoEntry:
        return Entry("text")
    letters = [symbol for _, factors in found.terms for symbol in factors]
    return Entry("text") if len(letters) > 3 else found
