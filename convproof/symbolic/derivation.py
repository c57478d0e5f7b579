"""A derivation: a list of steps, each with its reason and its certificates; and the builder that checks them.

A step is made only by a `Writer`, which checks it as it is written down; one that a check refutes raises.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from convproof.errors import ArgumentValueError, Refuted, bad
from convproof.evidence import EVIDENCE, Certificate
from convproof.geometry import Conv
from convproof.symbolic.guarded_sum import Factor, GuardedSum
from convproof.symbolic.latex_lines import broken
from convproof.symbolic.latex_lines import width as letters
from convproof.symbolic.notation import Notation
from convproof.symbolic.step_checks import Claim, Setting, certify

__all__ = ["Derivation", "Part", "Step", "Writer"]


@dataclass(frozen=True)
class Step:
    """One line of a derivation.

    Attributes
    ----------
    rule : str
        Name of the rule, such as ``"sift"``; ``"definition"`` where the line defines its left-hand side.
    left : str
        LaTeX of the left-hand side; empty where the line goes on from the one before.
    pieces : tuple of str
        LaTeX of the right-hand side, in pieces between which a line may end.
    why : str
        The reason, a sentence with LaTeX between dollar signs.
    before, after : GuardedSum or None
        Both sides as expressions; None where the claim has no index form.
    certificates : tuple of Certificate
        What the step rests on; empty for a definition, and for what is only stated.
    relation : str
        LaTeX of the sign between both sides.
    final : bool
        Whether it is the formula that was asked for, held against the structure tensor.
    element : Factor or None
        The left-hand side, where it is an element of a tensor.
    """

    rule: str
    left: str
    pieces: tuple[str, ...]
    why: str
    before: GuardedSum | None = None
    after: GuardedSum | None = None
    certificates: tuple[Certificate, ...] = ()
    relation: str = "="
    final: bool = False
    element: Factor | None = None

    @property
    def evidence(self) -> str | None:
        """The strongest word of evidence among the certificates; None where there are none."""
        words = [c.evidence for c in self.certificates if c.evidence]
        return min(words, key=EVIDENCE.index) if words else None


@dataclass(frozen=True)
class Part:
    """A chain of steps under one heading.

    Attributes
    ----------
    title, text : str
        Heading, and a paragraph that leads in; LaTeX between dollar signs.
    steps : tuple of Step
        In order.
    """

    title: str
    text: str
    steps: tuple[Step, ...]

    @property
    def result(self) -> Step:
        """The last step."""
        return self.steps[-1]


@dataclass(frozen=True)
class Derivation:
    """What `derive` returns: every step, why it holds, and the evidence.

    Attributes
    ----------
    op : str
        What was derived, such as ``"conv2d_input"``.
    title : str
        Its name in words.
    parts : tuple of Part
        The chains, in order of reading.
    symbols : mapping of str to str
        What each symbol means, by its LaTeX.
    notation : Notation
        How it is written.
    geometry : Conv or None
        The geometry asked for, if any; its matrices, and the formula with its numbers, belong to the document.
    seconds : float
        Time it took, proofs included.
    simple : bool
        Whether it is made with the simplifications of a lecture slide.
    """

    op: str
    title: str
    parts: tuple[Part, ...]
    symbols: Mapping[str, str]
    notation: Notation
    geometry: Conv | None = None
    seconds: float = 0.0
    simple: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all parts."""
        return tuple(step for part in self.parts for step in part.steps)

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates of all steps."""
        return tuple(c for step in self.steps for c in step.certificates)

    def latex(self) -> str:
        """Return the derivation as LaTeX to be pasted into a document that loads amsmath and amssymb.

        Lines end so that they fit `Notation.width`; each step is tagged with its rule.
        """
        return "\n\n".join(self._part(part) for part in self.parts)

    def _part(self, part: Part) -> str:
        head = [rf"\paragraph{{{part.title}.}}", *([part.text] if part.text else [])]
        rows = _rows(part.steps, self.notation.width, r" \tag*{{{}}}")
        return "\n".join([*head, r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}"])

    def _repr_latex_(self) -> str:
        rows = [row for part in self.parts for row in _rows(part.steps, self.notation.width, r" && \text{{{}}}")]
        return "$$\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}$$"

    def _repr_html_(self) -> str:
        from convproof.report.derivation import derivation_fragment  # the display hook, shown only by Jupyter

        return derivation_fragment(self)

    def __str__(self) -> str:
        words = [step.evidence or ("definition" if step.rule == "definition" else "stated") for step in self.steps]
        head = f"{self.title} ({self.op}): {len(self.steps)} steps in {self.seconds:.1f} s"
        rows = [f"  {step.rule:<14} {word:<10} {step.why}" for step, word in zip(self.steps, words, strict=True)]
        return "\n".join([head, *rows])

    __repr__ = __str__


_LONG_LEFT = 0.3  # of the line: a longer left-hand side stands above its formula
_INDENT = 4  # letters that \qquad takes
_TAG = 3  # letters between a formula and its tag


def _rows(steps: Iterable[Step], width: int, tag: str) -> list[str]:
    """Write a chain as rows of an align environment, the rule of a step at the end of its last row."""
    steps = tuple(steps)
    left = max((letters(step.left) for step in steps), default=0)
    above = left > _LONG_LEFT * width
    free = width - _INDENT - (0 if above else left)
    return [row for step in steps for row in _step_rows(step, above, free, tag)]


def _step_rows(step: Step, above: bool, free: int, tag: str) -> list[str]:
    lines = broken(step.pieces, free - _INDENT, free)
    indent = r"\quad " if above else ""
    first = f"&{indent}{step.relation} {lines[0]}"
    rows = [first if above or not step.left else f"{step.left} {first}"]
    rows += [rf"&{indent}\qquad {line}" for line in lines[1:]]
    room = free - letters(lines[-1]) - _INDENT * (len(lines) > 1)
    rows = [rf"&{step.left}", *rows] if above and step.left else rows
    if room < len(step.rule) + _TAG:
        return [*rows, "&" + tag.format(step.rule)]
    return [*rows[:-1], rows[-1] + tag.format(step.rule)]


@dataclass
class Writer:
    """Writes a derivation down, checking each step.

    Attributes
    ----------
    op, title : str
        As of `Derivation`.
    setting : Setting
        What the symbols are.
    notation : Notation
        How it is written.
    symbols : dict
        What each symbol means; filled as the derivation goes.
    written : dict
        Which symbol stands behind each LaTeX, in the chain that is being written.
    """

    op: str
    title: str
    setting: Setting
    notation: Notation
    symbols: dict[str, str] = field(default_factory=dict)
    parts: list[tuple[str, str, list[Step]]] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    def part(self, title: str, text: str = "") -> None:
        """Begin a new chain under a heading."""
        self.parts.append((title, self.notation.sentence(text), []))
        self.written = {}

    @property
    def last(self) -> GuardedSum:
        """The expression of the last line, which a line without a left-hand side goes on from."""
        steps = self.parts[-1][2]
        if not steps or steps[-1].after is None:
            raise ArgumentValueError(bad("before", None, "an expression: there is no line before that has one"))
        return steps[-1].after

    def define(self, left: Factor, sum_: GuardedSum, why: str) -> GuardedSum:
        """Write a line that defines its left-hand side."""
        shown = self.notation.element(left)
        self._add(Step("definition", shown, tuple(self.notation.pieces(sum_)), why, None, sum_, element=left))
        return sum_

    def step(
        self,
        rule: str,
        after: GuardedSum,
        why: str,
        *,
        left: Factor | None = None,
        before: GuardedSum | None = None,
        derivative: str | None = None,
    ) -> GuardedSum:
        """Write a line that equals the one before, or is its derivative by a tensor; check it.

        A line with a left-hand side of its own may start from another expression, `before`, which says what the
        left-hand side is.

        Raises
        ------
        Refuted
            The two differ.
        ArgumentValueError
            A line without a left-hand side that goes on from anything but the line before.
        """
        if left is None and before is not None and before != self.last:
            raise ArgumentValueError(bad("before", before, "the line before, or a left-hand side, too"))
        before = self.last if before is None else before
        sentence = f"{self.op}, step {self._count + 1} ({rule}): both sides are the same polynomial in every element"
        if derivative is not None:
            sentence = f"{self.op}, step {self._count + 1} ({rule}): the derivative by every element of {derivative}"
        certificates = certify(Claim(before, after, derivative), self.setting, sentence)
        shown = self.notation.element(left) if left is not None else ""
        pieces = tuple(self.notation.pieces(after))
        self._add(Step(rule, shown, pieces, why, before, after, certificates, element=left))
        return after

    def state(
        self,
        rule: str,
        left: str,
        pieces: Iterable[str],
        why: str,
        certificates: Iterable[Certificate] = (),
        relation: str = "=",
        after: GuardedSum | None = None,
    ) -> None:
        """Write a line that has no index form, with the evidence there is for it; `after` where it has one.

        Raises
        ------
        Refuted
            A certificate has a counterexample.
        """
        certificates = tuple(certificates)
        for certificate in certificates:
            if not certificate:
                raise Refuted(certificate)
        self._add(Step(rule, left, tuple(pieces), why, None, after, certificates, relation))

    def confirm(self, certificate: Certificate) -> None:
        """Add a certificate to the last line, which is the formula that was asked for.

        Raises
        ------
        Refuted
            It has a counterexample.
        """
        if not certificate:
            raise Refuted(certificate)
        steps = self.parts[-1][2]
        steps[-1] = replace(steps[-1], certificates=(*steps[-1].certificates, certificate), final=True)

    def finish(self, geometry: Conv | None = None) -> Derivation:
        """Return what was written."""
        parts = tuple(Part(title, text, tuple(steps)) for title, text, steps in self.parts)
        seconds = time.perf_counter() - self.started
        return Derivation(self.op, self.title, parts, self.symbols, self.notation, geometry, seconds)

    @property
    def _count(self) -> int:
        return sum(len(steps) for *_, steps in self.parts)

    def _add(self, step: Step) -> None:
        if step.after is not None:
            self._tell_apart(step.after)
            self._explain_gradients(step)
        self.parts[-1][2].append(replace(step, why=self.notation.sentence(step.why)))

    def _tell_apart(self, sum_: GuardedSum) -> None:
        """Refuse names that make two things look alike: the formula would say something else."""
        for plain, latex in self.notation.named(sum_):
            other = self.written.setdefault(latex, plain)
            if other != plain:
                both = f"{other} and {plain} are both written {latex}"
                raise ArgumentValueError(bad("names", self.notation.names, f"a name of its own for each thing: {both}"))

    def _explain_gradients(self, step: Step) -> None:
        """Put the gradients of a line into the table of notation."""
        on_the_right = {tensor for term in step.after.terms for tensor in term.tensors} if step.after else set()
        on_the_left = {step.element.tensor} if step.element else set()
        for tensor in sorted(on_the_left | on_the_right):
            if (told := self.notation.gradient(tensor)) is not None:
                latex, of = told
                self.symbols.setdefault(latex, f"gradient of the loss by ${of}$" if of else "loss")
