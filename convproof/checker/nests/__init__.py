"""All-sizes proofs of the loop nests of our own kernels, read from their sources.

The loops of the C++ headers and of the reference kernel are parsed as they stand, walked through with symbols for
all sizes, and held against the relation ``i = s*r + d*a - p``: what they visit lies inside the arrays, nothing is
left out, nothing is visited twice. A change of a source that breaks a bound is refuted with the smallest
sizes at which it does.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from convproof.checker.nests import (
    axis_nests,
    block_nests,
    depthwise_nests,
    index_nests,
    reference_nests,
    share_nests,
    task_nests,
    tile_nests,
)
from convproof.checker.nests.nest import Nest
from convproof.checker.nests.sources import read_program
from convproof.errors import ArgumentTypeError, ArgumentValueError, bad
from convproof.evidence import Certificate, Counterexample
from convproof.symbolic.nests.claims import first_flaw
from convproof.symbolic.nests.syntax import NotModelled, Program

__all__ = ["STRIDES", "names", "prove_nests"]

#: The pairs of stride and dilation for which proofs are made.
STRIDES = ((1, 1), (2, 1), (1, 2), (2, 3), (3, 2), (4, 3))

_GROUPS = (reference_nests, axis_nests, tile_nests, depthwise_nests, index_nests, share_nests, task_nests, block_nests)
_NESTS = {nest.name: nest for group in _GROUPS for nest in group.NESTS}
_LARGEST_STEP = 16
_OVERFLOW = "no index leaves 64 bits, as `is_sound` of the geometry makes sure"


def names() -> tuple[str, ...]:
    """Return the names of the nests that are proved.

    Examples
    --------
    >>> "cpu.forward.taps" in names()
    True
    """
    return tuple(_NESTS)


def prove_nests(
    names: Iterable[str] | None = None,
    *,
    strides: Sequence[tuple[int, int]] = STRIDES,
    sources: Mapping[str, str] | None = None,
) -> list[Certificate]:
    """Prove loop nests of our kernels for all sizes.

    Parameters
    ----------
    names : iterable of str, optional
        Which of `names`; all of them by default.
    strides : sequence of (int, int)
        Pairs of stride and dilation; everything else stays symbolic.
    sources : mapping of str to str, optional
        Texts to be read instead of the installed sources, by file name.

    Returns
    -------
    certificates : list of Certificate
        One per nest: evidence ``universal`` of a model, or the smallest counterexample.

    Raises
    ------
    ArgumentValueError
        A name that is not known, or a source that cannot be modelled.
    MissingDependency
        Without islpy.
    Undecided
        A claim that was neither proved nor refuted.

    Notes
    -----
    Index sets are decided exactly, by integer linear programming over unions of polyhedra [1]_. Products and
    quotients of sizes are symbols of their own, with their signs and order; what follows from these holds.

    References
    ----------
    .. [1] S. Verdoolaege, "isl: An Integer Set Library for the Polyhedral Model", ICMS 2010.

    Examples
    --------
    >>> [certificate] = prove_nests(["cpu.terms.pieces"])
    >>> certificate.evidence, certificate.subject
    ('universal', 'model')
    """
    pairs = _pairs(strides)
    texts = _texts(sources)
    return [_certificate(nest, pairs, texts) for nest in _chosen(names)]


def _certificate(nest: Nest, strides: Sequence[tuple[int, int]], texts: Mapping[str, str]) -> Certificate:
    start = time.perf_counter()
    found = _first(nest, strides, texts)
    steps = f"stride and dilation in {', '.join(map(str, strides))}" if nest.steps else "no strides involved"
    parsed = f"the loops of the code are the modelled ones, as parsed from {', '.join(nest.sources)}"
    compiled = "; ".join(", ".join(f"{k} = {v}" for k, v in variant.items()) for variant in nest.variants if variant)
    return Certificate(
        claim=f"{nest.name}: {nest.claim}",
        subject="model",
        scope=f"all {', '.join(nest.sizes)}; {steps}" + (f"; {compiled}" if compiled else ""),
        evidence=None if found else "universal",
        assumptions=(parsed, _OVERFLOW, *nest.assumptions),
        not_covered=nest.not_covered,
        seconds=time.perf_counter() - start,
        counterexample=found,
    )


def _first(nest: Nest, strides: Sequence[tuple[int, int]], texts: Mapping[str, str]) -> Counterexample | None:
    """Return the smallest counterexample at the first steps and variant of a nest at which there is one."""
    try:
        program = read_program(nest.sources, texts)
        return _flaw(nest, program, strides)
    except RecursionError:
        raise NotModelled(f"{', '.join(nest.sources)}: nested too deeply") from None
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError) as error:
        # A changed source may use values in ways that no line here was written for.
        raise NotModelled(f"{', '.join(nest.sources)}: not what {nest.name} models ({error!r})") from error


def _flaw(nest: Nest, program: Program, strides: Sequence[tuple[int, int]]) -> Counterexample | None:
    for variant in nest.variants:
        for s, d in strides if nest.steps else ((0, 0),):
            steps = {**variant, "s": s, "d": d} if nest.steps else dict(variant)
            flaw = first_flaw(nest.check, program, nest.sizes, steps, nest.relation)
            if flaw is not None:
                story = f"{flaw}{_with(steps)}"
                return Counterexample(op=nest.name, geometry="", dtype="", property="loops", story=story)
    return None


def _with(steps: Mapping[str, int]) -> str:
    return ", with " + ", ".join(f"{name} = {value}" for name, value in steps.items()) if steps else ""


# ---------------------------------------------------------------------- validation


def _chosen(chosen: Iterable[str] | None) -> list[Nest]:
    if chosen is None:
        return list(_NESTS.values())
    if isinstance(chosen, str):
        chosen = [chosen]
    if not isinstance(chosen, Iterable):
        raise ArgumentTypeError(bad("names", chosen, "names of loop nests, as names() returns them"))
    found = []
    for name in chosen:
        if not isinstance(name, str) or name not in _NESTS:
            raise ArgumentValueError(bad("names", name, "one of " + ", ".join(_NESTS)))
        found.append(_NESTS[name])
    return found


def _pairs(strides: object) -> tuple[tuple[int, int], ...]:
    expected = f"pairs of stride and dilation from 1 to {_LARGEST_STEP}"
    if isinstance(strides, str) or not isinstance(strides, Sequence) or not strides:
        raise ArgumentTypeError(bad("strides", strides, expected))
    for pair in strides:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ArgumentValueError(bad("strides", pair, expected))
        for step in pair:
            if not isinstance(step, int) or isinstance(step, bool) or not 1 <= step <= _LARGEST_STEP:
                raise ArgumentValueError(bad("strides", pair, expected))
    return tuple((int(s), int(d)) for s, d in strides)


def _texts(sources: object) -> dict[str, str]:
    if sources is None:
        return {}
    known = {file for nest in _NESTS.values() for file in nest.sources}
    if not isinstance(sources, Mapping) or not all(isinstance(text, str) for text in sources.values()):
        raise ArgumentTypeError(bad("sources", sources, "the text of sources by their file name"))
    for file in sources:
        if file not in known:
            raise ArgumentValueError(bad("sources", file, "one of " + ", ".join(sorted(known))))
    return dict(sources)
