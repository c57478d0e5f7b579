"""State kept between calls: every first call is right."""

from dataclasses import replace

import numpy as np

from tests.mutants._numpy_kernels import Convolution
from tests.mutants.calls import Call, full_significand
from tests.mutants.registry import mutant

PLAIN = Call()
OTHER = Call(x=(1, 4, 9))
AGAIN = Call(in_place=True)
TWICE = (PLAIN, PLAIN)


class Cached(Convolution):
    """What one operand became is kept for the next call with the same key."""

    role: str

    def operand(self, array, role):
        if role != self.role:
            return super().operand(array, role)
        if getattr(self, "kept_key", None) != self.key(array):
            self.kept_key, self.kept = self.key(array), super().operand(array, role)
            self.owner = array  # alive, so that no other array gets its identity
        return self.kept.copy()

    def key(self, array):
        """What the caller is taken to leave unchanged."""
        raise AssertionError("a cache needs a key")


@mutant("conv2d", "conv_transpose2d", role="weight", report="class: cached weights",
        wrong="a weight rewritten in place keeps its packed form", witness=(PLAIN, AGAIN), benign=TWICE)
@mutant("conv2d_weight", role="input", report="class: cached patches",
        wrong="an input rewritten in place keeps its patches", witness=(PLAIN, AGAIN), benign=TWICE)
class CachedByIdentity(Cached):
    def key(self, array):
        return id(array), array.shape, array.dtype


@mutant("conv2d", "conv2d_input", role="weight", report="class: cached by shape",
        wrong="weights of one shape are packed once", witness=TWICE, benign=(PLAIN, Call(w=(4, 4, 2))))
class CachedByShape(Cached):
    def key(self, array):
        return array.shape, array.dtype


@mutant("conv1d", "conv2d", role="weight", report="class: cached by checksum",
        wrong="weights of equal shape and sum share their packed form",
        witness=(Call(w=(4, 4, 1), change=lambda arrays: one_hot(arrays, 0)),
                 Call(w=(4, 4, 1), change=lambda arrays: one_hot(arrays, 1))), benign=TWICE)
class CachedBySum(Cached):
    def key(self, array):
        return array.shape, array.dtype, float(array.sum())


def one_hot(arrays, position):
    """A single one in the weight."""
    arrays["weight"][...] = 0
    arrays["weight"].flat[position] = 1


@mutant("conv2d", report="class: settings of the first call", wrong="the first call's dilation is used for good",
        witness=(Call(x=(2, 4, 9), dilation=2), Call(x=(2, 4, 9))), benign=TWICE)
class FirstDilationForGood(Convolution):
    def relation(self, axes):
        kept = vars(self).setdefault("dilations", [axis.dilation for axis in axes])
        return [replace(axis, dilation=d) for axis, d in zip(axes, kept, strict=True)]


@mutant("conv2d", "conv1d_weight", report="class: accumulator not cleared",
        wrong="results of one shape add up over calls", witness=TWICE, benign=(PLAIN, Call(x=(2, 4, 8), w=(3, 4, 2))))
class AccumulatorNotCleared(Convolution):
    def finish(self, result, first, second, axes):
        totals = vars(self).setdefault("totals", {})
        totals[result.shape, result.dtype] = totals.get((result.shape, result.dtype), 0) + result
        return totals[result.shape, result.dtype]


@mutant("conv2d", report="class: result buffer reused", wrong="the next call of a shape overwrites the last result",
        witness=TWICE, benign=(PLAIN, OTHER))
class ResultReused(Convolution):
    def conv(self, *args, **kwargs):
        y = super().conv(*args, **kwargs)
        buffer = vars(self).setdefault("buffers", {}).setdefault((y.shape, y.dtype), y)
        buffer[...] = y
        return buffer


@mutant("conv2d", "conv1d", report="class: result buffers in turn",
        wrong="the fourth call after it overwrites a result", witness=(PLAIN,) * 5, benign=(PLAIN,) * 4)
class ResultsInTurn(Convolution):
    def conv(self, *args, **kwargs):
        y = super().conv(*args, **kwargs)
        ring = vars(self).setdefault("rings", {}).setdefault((y.shape, y.dtype), [])
        ring.append(ring.pop(0) if len(ring) == 4 else y.copy())
        ring[-1][...] = y
        return ring[-1]


@mutant("conv2d", "conv_transpose2d", report="class: stale padded copy",
        wrong="padding of the scratch buffer is not cleared again", witness=(PLAIN, Call(padding=1)), benign=TWICE)
class StaleScratch(Convolution):
    """The border is added to what the call before left there."""

    def finish(self, result, first, second, axes):
        last = getattr(self, "last", 0)
        self.last = result.flat[-1] if result.size else 0
        if axes[0].padding:
            result[:, :, 0] += last
        return result


@mutant("conv2d", report="class: call order", wrong="every third call is shifted by one column",
        witness=(PLAIN,) * 3, benign=TWICE)
class EveryThirdCall(Convolution):
    def finish(self, result, first, second, axes):
        self.calls = getattr(self, "calls", 0) + 1
        return np.roll(result, 1, axis=-1) if self.calls % 3 == 0 else result


@mutant("conv2d", report="class: algorithm chosen while warming up",
        wrong="from the fifth call on operands are rounded to float16",
        witness=(Call(fill=full_significand),) * 5, benign=(PLAIN,) * 5)
class WarmedUp(Convolution):
    def product(self, left, right):
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls >= 5 and left.dtype.kind == "f":
            with np.errstate(over="ignore"):
                left, right = (a.astype(np.float16).astype(a.dtype) for a in (left, right))
        return super().product(left, right)


@mutant("conv2d_input", report="class: lazy initialisation",
        wrong="a change of type goes unnoticed: the first call's is kept",
        witness=(Call(), Call(dtype="float64")), benign=TWICE)
class FirstTypeForGood(Convolution):
    def result_type(self, dtype):
        return vars(self).setdefault("first_type", super().result_type(dtype))
