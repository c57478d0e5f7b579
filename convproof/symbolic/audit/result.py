"""What an audit found, and what it looked at: plain data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, overload

from convproof.evidence import Certificate, Counterexample

__all__ = ["Audit", "Finding", "PrintedFormula", "PrintedMatrix"]

_ASSUMES = "the text is what was published: it may have been extracted from it with errors"


@dataclass(frozen=True)
class Finding:
    """One thing that is printed otherwise than it is derived.

    Attributes
    ----------
    line : int
        Line, from 1, in which the matrix or formula begins.
    row, column : int or None
        The entry, from 0; None where the finding is about a whole row, matrix or formula.
    printed, derived : str
        What the text says, and what follows from the geometry.
    geometry : str
        The geometry it was held to, as ``audit`` takes it; empty for formulas.
    kind : str
        ``"entry"``, ``"ragged row"``, ``"one-sided padding"``, ``"geometry"``, ``"product"``, ``"size formula"``
        or ``"loop bound"``.
    at : int
        Line, from 1, of the entry itself.
    remark : str
        What else a reader should know.
    """

    line: int
    row: int | None
    column: int | None
    printed: str
    derived: str
    geometry: str
    kind: str
    at: int
    remark: str = ""

    @property
    def place(self) -> str:
        """Where in the matrix: ``entry (3, 0)``, ``row 6``."""
        if self.row is None:
            return ""
        return f"row {self.row}" if self.column is None else f"entry ({self.row}, {self.column})"

    def __str__(self) -> str:
        what = f"{self.kind}, {self.place}" if self.place and self.kind not in self.place else self.place or self.kind
        what = {"ragged row": self.place, "entry": self.place}.get(self.kind, what)
        held = f" for {self.geometry}" if self.geometry else ""
        begins = f" (matrix at line {self.line})" if self.at != self.line else ""
        remark = f"; {self.remark}" if self.remark else ""
        return f"line {self.at}: {what}: printed here {self.printed}, derived {self.derived}{held}{remark}{begins}"


@dataclass(frozen=True)
class PrintedMatrix:
    """A matrix or table that was looked at.

    Attributes
    ----------
    line : int
        Where it begins, from 1.
    shape : (int, int)
        Rows and columns; the most usual number of them where rows differ.
    geometry : str
        What it was recognised as; empty where as nothing.
    verdict : str
        ``"as derived"``, ``"2 entries differ"``, ``"ragged row"``, ``"one-sided padding"`` (these may be joined),
        ``"frame"``, ``"generic Toeplitz"``, ``"not a convolution"``, ``"another shape"``, or ``"skipped: ..."``.
    """

    line: int
    shape: tuple[int, int]
    geometry: str
    verdict: str

    @property
    def checked(self) -> bool:
        """Whether its entries were compared with derived ones."""
        return bool(self.geometry)

    def __str__(self) -> str:
        rows, columns = self.shape
        held = f" ({self.geometry})" if self.geometry else ""
        return f"line {self.line}: {rows}x{columns} matrix: {self.verdict}{held}"


@dataclass(frozen=True)
class PrintedFormula:
    """A size formula, a loop bound or a matrix product that was looked at.

    Attributes
    ----------
    line : int
        Where it begins, from 1.
    text : str
        As it was read.
    kind : str
        ``"output size"``, ``"transposed size"``, ``"last index"``, ``"loop bound"`` or ``"product"``.
    verdict : str
        ``"as derived"``, or what differs.
    scope : str
        Which sizes were compared.
    """

    line: int
    text: str
    kind: str
    verdict: str
    scope: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.kind} {self.text}: {self.verdict} ({self.scope})"


class Audit(Sequence[Finding]):
    """The findings of an audit; empty, and so false, where nothing differs.

    Attributes
    ----------
    matrices : tuple of PrintedMatrix
        Every matrix and table of the text, recognised or not.
    formulas : tuple of PrintedFormula
        Size formulas, loop bounds and products of matrices.
    source : str
        The file, or ``"text"``.
    notes : tuple of str
        What was not looked at, and why.
    """

    def __init__(
        self,
        findings: Sequence[Finding],
        matrices: Sequence[PrintedMatrix],
        formulas: Sequence[PrintedFormula],
        source: str,
        notes: Sequence[str] = (),
    ) -> None:
        self._findings = tuple(sorted(findings, key=lambda each: each.line))
        self.matrices = tuple(matrices)
        self.formulas = tuple(formulas)
        self.source = source
        self.notes = tuple(notes)

    @property
    def checked(self) -> int:
        """Number of matrices and formulas that were compared with derived ones."""
        return sum(each.checked for each in self.matrices) + len(self.formulas)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        return self._findings[index]

    def __len__(self) -> int:
        return len(self._findings)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Audit) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # a sequence, compared by what it holds

    def __str__(self) -> str:
        """Return the summary, the findings, and what was looked at."""
        looked = [f"  {each}" for each in (*self.matrices, *self.formulas)]
        heading = ["looked at:"] if looked else []
        notes = [f"note: {note}" for note in self.notes]
        return "\n".join([self.summary, *(f"  {each}" for each in self), *heading, *looked, *notes])

    __repr__ = __str__

    @property
    def summary(self) -> str:
        """The conclusion in one line."""
        if not self.checked:
            return f"{self.source}: nothing to audit: no matrix, formula or product of a convolution was recognised"
        checked = sum(each.checked for each in self.matrices)
        found = _counted(len(self), "finding") if self else "no findings"
        matrices, formulas = _counted(checked, "matrix", "matrices"), _counted(len(self.formulas), "formula")
        return f"{self.source}: {found} in {matrices} and {formulas}"

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """One certificate for each matrix and formula that was compared, in the words of `convproof.evidence`."""
        matrices = tuple(self._certificate(each) for each in self.matrices if each.checked)
        return matrices + tuple(self._certificate(each) for each in self.formulas)

    def _certificate(self, looked_at: PrintedMatrix | PrintedFormula) -> Certificate:
        if isinstance(looked_at, PrintedMatrix):
            rows, columns = looked_at.shape
            claim = f"the {rows}x{columns} matrix at line {looked_at.line} is that of {looked_at.geometry}"
            scope = looked_at.geometry
        else:
            claim = f"the {looked_at.kind} at line {looked_at.line}, {looked_at.text}, is as derived"
            scope = looked_at.scope
        about = [each for each in self if _is_about(each, looked_at)]
        counterexample = None
        if about:
            first = about[0]
            entry = None if first.row is None or first.column is None else (first.row, first.column)
            counterexample = Counterexample(
                "audit", first.geometry, "", first.kind, str(first), entry, first.printed, first.derived
            )
        return Certificate(
            claim, "formula", scope, None if about else "exact", (_ASSUMES,), counterexample=counterexample
        )

    def to_json(self) -> str:
        """Return findings, matrices and formulas as a JSON text."""
        return json.dumps(self.to_dict(), indent=2)

    def to_dict(self) -> dict[str, Any]:
        """Return findings, matrices and formulas as dictionaries and lists."""
        return {
            "source": self.source,
            "checked": self.checked,
            "findings": [{**asdict(each), "message": str(each)} for each in self],
            "matrices": [asdict(each) for each in self.matrices],
            "formulas": [asdict(each) for each in self.formulas],
            "notes": list(self.notes),
        }


def _is_about(finding: Finding, looked_at: PrintedMatrix | PrintedFormula) -> bool:
    kinds = ("product", "size formula", "loop bound")
    if isinstance(looked_at, PrintedMatrix):
        return finding.line == looked_at.line and finding.geometry == looked_at.geometry and finding.kind not in kinds
    same = finding.printed.endswith(looked_at.text) or looked_at.kind == "product" == finding.kind
    return finding.line == looked_at.line and finding.kind in kinds and same


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
