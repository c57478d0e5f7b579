"""What holds of the sizes and indices of every convolution: the guide's relationships, and laws of indices."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache

from convproof.errors import ArgumentTypeError, ArgumentValueError, bad
from convproof.evidence import Certificate
from convproof.symbolic.statements import Statement, certificates

__all__ = ["find", "prove", "relationships"]


@cache
def relationships() -> tuple[Statement, ...]:
    """Return every statement: the fifteen of the guide in order, then the laws of indices.

    References
    ----------
    V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, 2016, arXiv:1603.07285.

    Examples
    --------
    >>> for statement in relationships()[5:7]:
    ...     print(statement.title, "|", statement.latex)
    6 zero padding, non-unit strides | o = \\left\\lfloor \\frac{i + 2p - k}{s} \\right\\rfloor + 1
    7 pooling | o = \\left\\lfloor \\frac{i - k}{s} \\right\\rfloor + 1
    """
    from convproof.symbolic.guide import GUIDE
    from convproof.symbolic.index_laws import LAWS

    return GUIDE + LAWS


def find(name: str | int) -> Statement:
    """Return a statement by its number in the guide, or by its name.

    Raises
    ------
    ArgumentValueError
        There is none.
    """
    if isinstance(name, bool) or not isinstance(name, (str, int)):
        raise ArgumentTypeError(bad("name", name, "a number or a name"))
    for statement in relationships():
        if name == statement.name or (statement.number is not None and str(name) == str(statement.number)):
            return statement
    names = ", ".join(repr(statement.name) for statement in relationships())
    raise ArgumentValueError(bad("name", name, f"a number from 1 to 15, or one of {names}"))


def prove(names: Iterable[str | int] | None = None, *, drop: Collection[str] = ()) -> list[Certificate]:
    """Prove statements for all sizes, by isl and by z3.

    Parameters
    ----------
    names : iterable of str or int, optional
        Numbers or names; by default all.
    drop : collection of str
        Hypotheses to do without, which refutes what needs them.

    Returns
    -------
    list of Certificate
        Evidence ``universal``, or the smallest counterexample; of each statement one by isl and one by z3, as far as
        they are installed.

    Raises
    ------
    ArgumentValueError
        A name that is none, or a hypothesis that a statement does not have.
    MissingDependency
        Neither islpy nor z3-solver is installed.

    Examples
    --------
    >>> found = prove([13], drop=["divisibility"])[0]
    >>> print(found.counterexample.story)
    at i=2, k=1, o=1, p=0, s=2: r=1 is spurious
    """
    if names is not None and (isinstance(names, str) or not isinstance(names, Iterable)):
        raise ArgumentTypeError(bad("names", names, "a list of numbers or names"))
    chosen = relationships() if names is None else [find(name) for name in names]
    return [certificate for statement in chosen for certificate in certificates(statement, drop)]
