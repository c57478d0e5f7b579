"""One case: a geometry, a dtype, and the data that follow from the seed; and what a property says of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from convproof.checker.operations import Operation
from convproof.checker.probes import fill, magnitudes, normwise_magnitude
from convproof.checker.subject import Subject, Wrong
from convproof.geometry import Conv
from convproof.symbolic.factored import FactoredStructure

__all__ = [
    "Case",
    "Passed",
    "Skipped",
    "contract",
    "draw",
    "draw_bias",
    "hold_equal",
    "integer_magnitude",
    "oracle",
    "per_channel",
    "telling",
]


@dataclass(frozen=True)
class Case:
    """What a property is asked about.

    Attributes
    ----------
    geometry : Conv
        The forward geometry.
    dtype : str
        Dtype of the operands.
    seed : int
        Seed of the run; the data of a case depend on it, the geometry, the dtype and the property alone.
    log2_target : float
        Probability of a miss to aim at.
    max_trials : int
        Trials to spend at most.
    """

    geometry: Conv
    dtype: str
    seed: int = 0
    log2_target: float = -64.0
    max_trials: int = 80

    def rng(self, purpose: str) -> np.random.Generator:
        """Return a generator of its own for each purpose, so that a case replays alone."""
        key = f"{self.seed}|{self.geometry}|{self.dtype}|{purpose}".encode()
        return np.random.default_rng(int.from_bytes(hashlib.sha256(key).digest()[:16], "little"))


@dataclass(frozen=True)
class Passed:
    """A property held.

    Attributes
    ----------
    log2_error : float or None
        Probability that it held by chance, as a binary logarithm.
    informative : bool
        False where there was nothing to see, such as outputs that are zero whatever the kernel reads.
    note : str
        Anything to tell.
    share : float or None
        Part of an error bound that was used.
    """

    log2_error: float | None = None
    informative: bool = True
    note: str = ""
    share: float | None = None


@dataclass(frozen=True)
class Skipped:
    """A property does not apply to the case, or the kernel's contract leaves it out."""

    why: str


@lru_cache(maxsize=16)
def oracle(geo: Conv) -> FactoredStructure:
    """Return the symbolic line's factored structure of a geometry."""
    return FactoredStructure(geo)


def contract(op: Operation, geo: Conv, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return what the operation must give, exactly, for operands that hold integers."""
    a, b = _integers(first), _integers(second)
    return getattr(oracle(geo), op.contraction)(a, b)


def _integers(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array).astype(np.int64)


def integer_magnitude(subject: Subject, case: Case, growth: int = 1) -> int:
    """Magnitude of the integers that the kernel must meet exactly, by its accuracy class."""
    if subject.domain.accuracy == "normwise" and case.dtype.startswith("float"):
        return normwise_magnitude(subject.op, case.geometry, case.dtype) // growth
    return magnitudes(subject.op, case.geometry, case.dtype, growth)


def draw(subject: Subject, case: Case, rng: np.random.Generator, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw both operands as integers of magnitude m."""
    first, second = subject.op.shapes(case.geometry)
    return fill(rng, first, m, case.dtype), fill(rng, second, m, case.dtype)


def draw_bias(subject: Subject, case: Case, rng: np.random.Generator) -> np.ndarray:
    """Draw small integers, one for each channel of the result."""
    return fill(rng, (subject.op.bias_size(case.geometry),), 3, case.dtype)


def per_channel(offset: np.ndarray, geo: Conv) -> np.ndarray:
    """Return a bias as it meets the result: ``(channels, 1, ..., 1)``, in exact integers."""
    return offset.astype(np.int64).reshape(-1, *[1] * geo.axes)


def telling(expected: np.ndarray, *operands: np.ndarray) -> bool:
    """Whether a comparison had anything to see: numbers other than zero, or operands that are empty by design."""
    return bool(expected.any()) or any(operand.size == 0 for operand in operands)


def hold_equal(subject: Subject, got: np.ndarray, expected: np.ndarray, what: str = "") -> None:
    """Refute unless a result holds exactly the expected integers.

    A kernel of the norm-wise class may err by less than one half, and its result is rounded first.
    """
    where = f"{what}: " if what else ""
    if got.shape != expected.shape:
        story = f"{where}the result has shape {got.shape}, expected {expected.shape}"
        raise Wrong(story, (), got.shape, expected.shape)
    rounded = got
    if subject.domain.accuracy == "normwise" and got.dtype.kind == "f":
        rounded = np.rint(got)
    different = rounded != expected
    if not different.any():
        return
    entry = tuple(int(i) for i in np.argwhere(different)[0])
    count = f"{int(different.sum())} of {expected.size} entries differ"
    story = f"{where}{count}; entry {list(entry)} is {got[entry]}, expected {expected[entry]}"
    raise Wrong(story, entry, got[entry], expected[entry])
