"""The list of wrong kernels, and the decorator that enters one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.mutants import _numpy_kernels as numpy_kernels
from tests.mutants.calls import Call


@dataclass(frozen=True)
class Mutant:
    """A wrong kernel: what is wrong, whose report it is modelled on, and calls that show it."""

    name: str
    op: str
    report: str  # a public bug number, or "class: ..." where the class has none
    wrong: str
    witness: tuple[Call, ...]  # valid calls, made in this order, one of which goes wrong
    benign: tuple[Call, ...] | None  # valid calls that all go right; None: wrong on every call
    cls: type = field(repr=False)
    settings: dict = field(default_factory=dict)
    note: str = ""
    dtypes: tuple[str, ...] | None = None  # where it shows only in types that are not checked by default
    contract: bool = False  # a matter of contract (result type, empty sizes, NaN) rather than of value
    expect: str | None = "refuted"  # verdict of the checker; None: nothing is demanded

    @property
    def kernel(self):
        """The callable, with torch's signature. Each access makes a new one: some keep state between calls."""
        return numpy_kernels.kernel(self.op, self.cls, **self.settings)


MUTANTS: list[Mutant] = []


def mutant(*ops, report, wrong, witness, benign, note="", dtypes=None, contract=False, expect="refuted", **settings):
    """Enter the decorated class, once for each op; `settings` become attributes of the instance."""

    def enter(cls):
        words = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        for key, value in settings.items():
            words += f"-{key}_{getattr(value, '__name__', value)}"
        for op in ops:
            MUTANTS.append(
                Mutant(
                    name=f"{op}-{words}", op=op, report=report, wrong=wrong, witness=_sequence(witness),
                    benign=None if benign is None else _sequence(benign), cls=cls, settings=settings, note=note,
                    dtypes=dtypes, contract=contract, expect=expect,
                )
            )
        return cls

    return enter


def _sequence(calls):
    return (calls,) if isinstance(calls, Call) else tuple(calls)
