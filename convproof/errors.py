"""The errors convproof raises, and the one form of their messages.

Every message names the argument, shows its value and says what was expected::

    >>> bad("stride", 0, "a positive integer, or one per axis")
    'stride=0: expected a positive integer, or one per axis'
"""

from __future__ import annotations

__all__ = [
    "ArgumentTypeError",
    "ArgumentValueError",
    "ConvproofError",
    "GeometryError",
    "KernelError",
    "MissingDependency",
    "RangeError",
    "Refuted",
]

_LONGEST_VALUE = 120


class ConvproofError(Exception):
    """Root of every error that convproof raises on purpose."""


class ArgumentValueError(ConvproofError, ValueError):
    """An argument has the right type and a value that is not allowed."""


class ArgumentTypeError(ConvproofError, TypeError):
    """An argument has the wrong type (or an array the wrong dtype)."""


class GeometryError(ArgumentValueError):
    """Sizes that no convolution has, such as a kernel larger than the padded input."""


class RangeError(ConvproofError, OverflowError):
    """Integer operands so large that their convolution could wrap around."""


class KernelError(ConvproofError, RuntimeError):
    """A kernel could not be found, loaded or called."""


class MissingDependency(ConvproofError, ImportError):
    """An optional library is needed for this and is not installed."""


class Refuted(ConvproofError, AssertionError):
    """A kernel was shown to be wrong; the message tells the whole story.

    Attributes
    ----------
    report : convproof.evidence.Report
        What was run, and the counterexample found.
    """

    def __init__(self, report: object) -> None:
        super().__init__(str(report))
        self.report = report


def bad(argument: str, value: object, expected: str) -> str:
    """Return the message of an error: argument, value, expectation."""
    shown = value if isinstance(value, _Shown) else _safe_repr(value)
    if "\n" in shown:  # arrays write several lines; a message is one sentence
        shown = " ".join(shown.split())
    if len(shown) > _LONGEST_VALUE:
        shown = shown[: _LONGEST_VALUE - 3] + "..."
    return f"{argument}={shown}: expected {expected}"


def _safe_repr(value: object) -> str:
    """Return the repr of anything a caller may pass; Python refuses to write an integer of thousands of digits."""
    try:
        return repr(value)
    except Exception:  # whatever a stranger's __repr__ raises must not hide the error being reported
        return f"<{type(value).__name__} that cannot be shown>"


class _Shown(str):
    """A value that is already written the way it should be shown."""


def shown(text: str) -> str:
    """Mark `text` as already written out, so that `bad` does not quote it."""
    return _Shown(text)
