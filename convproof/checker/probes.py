"""What the checker feeds to kernels: exact-integer fills, mixed-radix packings, and the bounds they rest on.

Integers with ``K * m_a * m_b <= 2**p`` (K products per output, p the significand of the accumulator) make
every partial sum exact, whatever the order, tiling or fusing: a right kernel meets them with zero tolerance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from convproof.checker.operations import Operation
from convproof.geometry import Conv

__all__ = [
    "NUMBERS",
    "Numbers",
    "fill",
    "log2_miss",
    "magnitudes",
    "normwise_bound",
    "normwise_magnitude",
    "trials_for",
]


@dataclass(frozen=True)
class Numbers:
    """What a dtype can hold exactly.

    Attributes
    ----------
    bits : int
        Integers up to ``2**bits`` are exact in the accumulator (its significand, or its value bits).
    operand : int
        Largest magnitude that the checker gives to an operand of this dtype.
    signed : bool
        Whether negative operands exist.
    stored : int or None
        Value bits of an operand where these are not those of the accumulator.
    """

    bits: int
    operand: int
    signed: bool = True
    stored: int | None = None

    @property
    def held(self) -> int:
        """Bits of an operand: its significand, or its value bits, of which 62 leave room for a sign in 64."""
        return self.bits if self.stored is None else self.stored

    @property
    def unit(self) -> float:
        """Unit roundoff u = 2**-p of a floating type."""
        return 2.0**-self.bits


# 8-bit integers accumulate in int32, wider ones in int64; 2**20 keeps float64 operands short of their limit,
# so that the oracle can stay in fast exact arithmetic.
NUMBERS = {
    "float32": Numbers(24, 2**20),
    "float64": Numbers(53, 2**20),
    "int8": Numbers(30, 127, stored=7),
    "uint8": Numbers(30, 255, signed=False, stored=8),
    "int16": Numbers(62, 2**15 - 1, stored=15),
    "uint16": Numbers(62, 2**16 - 1, signed=False, stored=16),
    "int32": Numbers(62, 2**20, stored=31),
    "uint32": Numbers(62, 2**20, signed=False, stored=32),
    "int64": Numbers(62, 2**20),
    "uint64": Numbers(62, 2**20, signed=False),
}


def magnitudes(op: Operation, geo: Conv, dtype: str, growth: int = 1) -> int:
    """Largest m such that operands of magnitude m keep every partial sum exact; 0 where there is none.

    `growth` is the factor by which a property enlarges its operands before they meet the kernel.
    """
    numbers = NUMBERS[dtype]
    m = math.isqrt(2**numbers.bits // op.terms(geo)) // growth
    return min(m, numbers.operand // growth)


def fill(rng: np.random.Generator, shape: tuple[int, ...], m: int, dtype: str) -> np.ndarray:
    """Draw integers uniformly from ``-m..m`` (``0..m`` where unsigned), stored as `dtype`."""
    low = -m if NUMBERS[dtype].signed else 0
    return rng.integers(low, m + 1, shape, dtype=np.int64).astype(dtype)


def log2_miss(m: int, dtype: str) -> float:
    """Binary logarithm of the largest probability that one trial misses a wrong kernel.

    Two different polynomials, bilinear in independent operands drawn from a set of size S, agree with a
    probability of at most ``2/S - 1/S**2`` (Schwartz and Zippel, refined for degree one in each operand).
    """
    size = 2 * m + 1 if NUMBERS[dtype].signed else m + 1
    return math.log2(2 / size - 1 / size**2)


def trials_for(log2_target: float, m: int, dtype: str, at_most: int) -> int:
    """Number of independent trials that brings the probability of a miss to ``2**log2_target``."""
    miss = log2_miss(m, dtype)
    return at_most if miss >= 0 else min(at_most, math.ceil(log2_target / miss))


# An FFT or a Winograd transform errs by a small multiple of u * log2(size) times the norms of what it
# transforms; the multiple is generous, for it only has to keep integers apart.
_NORMWISE_CONSTANT = 16.0


def normwise_bound(op: Operation, geo: Conv, dtype: str, norm_first: float, norm_second: float) -> float:
    """Absolute error allowed to a norm-wise kernel, for operands of these 2-norms per contracted channel set.

    ``16 * u * log2(2 + |n|) * ||a|| * ||b||`` (Higham, *Accuracy and Stability of Numerical Algorithms*,
    2002, section 24.1, with the constant of the transform left generous).
    """
    size = math.prod(n + max(lo, 0) + max(hi, 0) for n, (lo, hi) in zip(geo.n, geo.padding, strict=True))
    return _NORMWISE_CONSTANT * NUMBERS[dtype].unit * math.log2(2 + size) * norm_first * norm_second


def normwise_magnitude(op: Operation, geo: Conv, dtype: str) -> int:
    """Largest m for which a norm-wise kernel still tells neighbouring integers apart; 0 where there is none."""
    norms = []
    for shape, name in zip(op.shapes(geo), op.operands, strict=True):
        # one image (or one filter) enters an output; the weight gradient sums over the batch as well
        whole = op.contraction == "weight_gradient" or name == "w"
        norms.append(math.sqrt(max(math.prod(shape if whole else shape[1:]), 1)))
    error_at_one = normwise_bound(op, geo, dtype, *norms)
    # Winograd's transformed weights grow by small constants: an eighth of a unit is kept in reserve.
    return min(math.isqrt(int(0.125 / error_at_one)), 64) if error_at_one < 0.125 else 0
