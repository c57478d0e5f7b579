"""Cases for the compiled cores: the definition they are held to, buffers in moats, and one call of each core."""

from dataclasses import dataclass

import numpy as np

from convproof.kernels.cpu import isa

ISAS = isa.available()
DTYPES = ("float32", "float64", "int32", "int64")


@dataclass(frozen=True)
class Case:
    """A geometry with three axes, as the cores take it."""

    batch: int = 1
    groups: int = 1
    inner: int = 1  # input channels of a group
    outer: int = 1  # output channels of a group
    n: tuple = (1, 1, 1)
    k: tuple = (1, 1, 1)
    o: tuple = (1, 1, 1)
    stride: tuple = (1, 1, 1)
    dilation: tuple = (1, 1, 1)
    pad: tuple = (0, 0, 0)

    @property
    def shape(self):
        return (
            self.batch,
            self.groups,
            self.inner,
            self.outer,
            *self.n,
            *self.k,
            *self.o,
            *self.stride,
            *self.dilation,
            *self.pad,
        )

    @property
    def x(self):
        return self.batch, self.groups, self.inner, *self.n

    @property
    def w(self):
        return self.groups, self.outer, self.inner, *self.k

    @property
    def y(self):
        return self.batch, self.groups, self.outer, *self.o


def case2d(inner, outer, n, k=3, stride=1, dilation=1, pad=(0, 0), o=None, groups=1, batch=1):
    """A square 2-D case; `pad` is (low, high) and gives the output extent unless `o` is given."""
    extent = (n + sum(pad) - dilation * (k - 1) - 1) // stride + 1 if o is None else o
    return Case(
        batch,
        groups,
        inner,
        outer,
        (1, n, n),
        (1, k, k),
        (1, extent, extent),
        (1, stride, stride),
        (1, dilation, dilation),
        (0, pad[0], pad[0]),
    )


# ---- the definition -------------------------------------------------------------------------------------------------


def windows(case):
    """Per tap: its index, and per axis the input index read by every output with a mask of those inside."""
    for tap in np.ndindex(*case.k):
        index = [np.arange(case.o[a]) * case.stride[a] + case.dilation[a] * tap[a] - case.pad[a] for a in range(3)]
        inside = [np.flatnonzero((i >= 0) & (i < case.n[a])) for a, i in enumerate(index)]
        yield tap, [i[m] for i, m in zip(index, inside, strict=True)], inside


def block(index):
    return (slice(None), slice(None), slice(None), *np.ix_(*index))


def forward(case, x, w):
    y = np.zeros(case.y, x.dtype)
    for tap, source, target in windows(case):
        y[block(target)] += np.einsum("bgcdhv,gmc->bgmdhv", x[block(source)], w[:, :, :, *tap])
    return y


def input_gradient(case, g, w):
    dx = np.zeros(case.x, g.dtype)
    for tap, source, target in windows(case):
        dx[block(source)] += np.einsum("bgmdhv,gmc->bgcdhv", g[block(target)], w[:, :, :, *tap])
    return dx


def weight_gradient(case, g, x):
    dw = np.zeros(case.w, g.dtype)
    for tap, source, target in windows(case):
        dw[:, :, :, *tap] = np.einsum("bgmdhv,bgcdhv->gmc", g[block(target)], x[block(source)])
    return dw


# ---- buffers --------------------------------------------------------------------------------------------------------

MOAT = 97


def poison(dtype):
    return np.nan if np.dtype(dtype).kind == "f" else 10**9 + 7


def moated(values, dtype):
    """A flat copy of `values` in the middle of a larger buffer of poison."""
    values = np.asarray(values)
    buffer = np.full(values.size + 2 * MOAT, poison(dtype), dtype)
    inner = buffer[MOAT : MOAT + values.size]
    inner[:] = values.reshape(-1)
    return inner


def outcome(flat, shape):
    """The values of a moated buffer, after a look at its moat."""
    buffer = flat.base
    expected = np.full(MOAT, poison(buffer.dtype), buffer.dtype)
    np.testing.assert_array_equal(buffer[:MOAT], expected, "written before the output")
    np.testing.assert_array_equal(buffer[MOAT + flat.size :], expected, "written after the output")
    return flat.reshape(shape)


def small_integers(rng, shape):
    return rng.integers(-3, 4, shape).astype(np.int64)


def run_forward(core, case, x, w, bias, dtype, threads=1):
    y = moated(np.full(case.y, poison(dtype), dtype), dtype)
    b = None if bias is None else moated(bias, dtype)
    core.forward(moated(x, dtype), moated(w, dtype), b, y, case.shape, threads)
    return outcome(y, case.y)


def run_input_gradient(core, case, g, w, bias, dtype, threads=1):
    dx = moated(np.full(case.x, poison(dtype), dtype), dtype)
    b = None if bias is None else moated(bias, dtype)
    core.input_gradient(moated(g, dtype), moated(w, dtype), b, dx, case.shape, threads)
    return outcome(dx, case.x)


def run_weight_gradient(core, case, g, x, dtype, threads=1):
    dw = moated(np.full(case.w, poison(dtype), dtype), dtype)
    core.weight_gradient(moated(g, dtype), moated(x, dtype), dw, case.shape, threads)
    return outcome(dw, case.w)


def check(case, isas=ISAS, dtypes=("float32",), threads=1, seed=0):
    """All three operations of a case, with and without bias, on every module and dtype asked for."""
    rng = np.random.default_rng(seed)
    x, w, g = (small_integers(rng, shape) for shape in (case.x, case.w, case.y))
    out_bias = small_integers(rng, (case.groups, case.outer))
    in_bias = small_integers(rng, (case.groups, case.inner))
    y, dx, dw = forward(case, x, w), input_gradient(case, g, w), weight_gradient(case, g, x)
    spread = (slice(None), slice(None), None, None, None)
    for name in isas:
        core = isa.core(name)
        for dtype in dtypes:
            where = f"{name} {dtype} {case}"
            same = np.testing.assert_array_equal
            same(run_forward(core, case, x, w, None, dtype, threads), y, f"forward {where}")
            same(run_forward(core, case, x, w, out_bias, dtype, threads), y + out_bias[spread], where)
            same(run_input_gradient(core, case, g, w, None, dtype, threads), dx, f"input gradient {where}")
            same(run_input_gradient(core, case, g, w, in_bias, dtype, threads), dx + in_bias[spread], where)
            same(run_weight_gradient(core, case, g, x, dtype, threads), dw, f"weight gradient {where}")
