"""Commands of LaTeX that a matrix entry may hold, by what they mean for the reader of it."""

from __future__ import annotations

__all__ = ["ACCENTS", "FRACTIONS", "GREEK", "IGNORED_ARGUMENT", "IGNORED_FIRST", "STYLES", "TIMES", "WORDS"]


def _commands(names: str) -> tuple[str, ...]:
    return tuple("\\" + name for name in names.split())


#: Greek letters, in the order of the alphabet.
GREEK = _commands(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma "
    "tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell"
)
#: What changes how an entry looks, and nothing else.
STYLES = frozenset(
    (
        *_commands(
            "mathbf mathrm mathit mathsf mathtt mathcal mathbb mathfrak boldsymbol bm pmb underline bf rm it bfseries "
            "itshape emph textbf textit fbox boxed cancel bcancel xcancel ensuremath displaystyle textstyle "
            "scriptstyle left right big Big bigg Bigg tiny small large Large LARGE huge Huge centering hfill strut "
            "mathstrut quad qquad mathord limits nonumber , ; : ! >"
        ),
        "\\ ",
        "~",
    )
)
#: Commands whose argument is text.
WORDS = frozenset(_commands("text mbox hbox textrm texttt textsf textnormal operatorname"))
#: Commands that go together with their one argument.
IGNORED_ARGUMENT = frozenset(_commands("color cellcolor rowcolor phantom hphantom vphantom hspace vspace label"))
#: Commands whose first argument says how the second looks.
IGNORED_FIRST = frozenset(_commands("textcolor colorbox raisebox makebox"))
#: Marks that make another symbol of a letter.
ACCENTS = frozenset(_commands("bar hat tilde vec dot ddot check breve overline widetilde widehat"))
FRACTIONS = frozenset(_commands("frac tfrac dfrac nicefrac sfrac"))
TIMES = frozenset((*_commands("cdot times ast"), "*"))
