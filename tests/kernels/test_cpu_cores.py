"""The compiled cores against a slow definition in NumPy, with zero tolerance.

Inputs are small integers, so that every sum is exact in float32 whatever the order of its terms.
Buffers lie inside moats of NaN (or of a large integer): a core that reads a moat spoils its result,
one that writes into it is seen.
"""

import ctypes
import mmap
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from convproof.geometry import Conv
from convproof.kernels.cpu import isa, shape_of
from tests.kernels.core_cases import (
    DTYPES,
    ISAS,
    Case,
    case2d,
    check,
    forward,
    input_gradient,
    moated,
    outcome,
    poison,
    run_forward,
    run_input_gradient,
    run_weight_gradient,
    small_integers,
    weight_gradient,
)

# ---- cases ----------------------------------------------------------------------------------------------------------


def random_case(rng, axes):
    def pick(*values):
        return int(rng.choice(values))

    def lead(values):
        return (1,) * (3 - axes) + tuple(values)

    k = [pick(1, 1, 2, 3, 3, 4, 5, 7) for _ in range(axes)]
    stride = [pick(1, 1, 2, 3, 4) for _ in range(axes)]
    dilation = [pick(1, 1, 2, 3) for _ in range(axes)]
    low = [int(rng.integers(-2, 5)) for _ in range(axes)]
    n = [int(rng.integers(1, {1: 120, 2: 24, 3: 9}[axes])) for _ in range(axes)]
    full = [
        max(0, (n[a] + low[a] + int(rng.integers(-2, 5)) - dilation[a] * (k[a] - 1) - 1) // stride[a] + 1)
        for a in range(axes)
    ]
    o = [max(0, f - int(rng.choice([0, 0, 0, 1, 2]))) for f in full]
    depthwise = rng.random() < 0.25
    inner = 1 if depthwise else int(rng.integers(1, 41))
    outer = pick(1, 1, 2, 3) if depthwise else int(rng.integers(1, 41))
    groups = int(rng.integers(1, 9)) if depthwise else pick(1, 1, 1, 2, 3)
    return Case(
        pick(1, 1, 2, 3),
        groups,
        inner,
        outer,
        lead(n),
        lead(k),
        lead(o),
        lead(stride),
        lead(dilation),
        (0,) * (3 - axes) + tuple(low),
    )


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_random_geometries(axes, seed):
    rng = np.random.default_rng((axes, seed))
    for _ in range(12):
        case = random_case(rng, axes)
        check(case, dtypes=("float32", DTYPES[int(rng.integers(1, 4))]), threads=int(rng.integers(1, 4)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "case",
    [
        case2d(3, 5, 7, pad=(1, 1)),
        case2d(17, 33, 9, stride=2, pad=(1, 0)),
        case2d(1, 2, 11, pad=(1, 1), groups=5),
        case2d(8, 4, 10, dilation=2, pad=(2, 2), groups=2, batch=2),
    ],
    ids=["dense", "strided", "depthwise", "grouped"],
)
def test_every_dtype(case, dtype):
    check(case, dtypes=(dtype,))


@pytest.mark.parametrize("columns", range(1, 46))
def test_pixel_tails(columns):
    """Every remainder of a row by the panels of pixels (14, 6) and by the vectors (16, 8, 4)."""
    check(Case(inner=20, outer=17, n=(1, 2, columns), k=(1, 1, 3), o=(1, 2, columns), pad=(0, 0, 1)))
    check(Case(inner=20, outer=2, n=(1, 2, columns), k=(1, 1, 3), o=(1, 2, columns), pad=(0, 0, 1)))
    for inner in (2, 17):
        strided = Case(inner=inner, outer=20, n=(1, 2, columns), k=(1, 1, 3), stride=(1, 1, 2), pad=(0, 0, 1))
        check(replace(strided, o=(1, 2, (columns + 1) // 2)), dtypes=("float32", "float64"))


@pytest.mark.parametrize("outer", [*range(1, 35), 40, 47, 48, 49, 63, 64, 65])
def test_output_channel_tails(outer):
    check(case2d(5, outer, 6, pad=(1, 1)))
    check(Case(inner=outer, outer=9, n=(1, 3, 5), o=(1, 3, 5)))


@pytest.mark.parametrize("inner", [*range(1, 41), 143, 144, 145, 300])
def test_input_channels_cross_the_chunk(inner):
    check(Case(inner=inner, outer=18, n=(1, 4, 5), k=(1, 3, 2), o=(1, 4, 4), pad=(0, 1, 0)))


@pytest.mark.parametrize(
    "case",
    [
        Case(inner=1, outer=9, n=(1, 1, 700), k=(1, 1, 400), o=(1, 1, 301)),
        Case(inner=2, outer=20, n=(1, 31, 31), k=(1, 21, 21), o=(1, 11, 11)),
        Case(inner=40, outer=33, n=(1, 1, 1300), o=(1, 1, 1300)),
        Case(inner=3, outer=8, n=(1, 2, 1100), k=(1, 1, 3), o=(1, 2, 1099), pad=(0, 0, 1)),
        Case(inner=2, outer=17, n=(1, 90, 40), k=(1, 3, 3), o=(1, 90, 40), pad=(0, 1, 1)),
        Case(inner=40, outer=20, n=(1, 30, 30), o=(1, 30, 30), batch=2),
        Case(inner=35, outer=20, n=(1, 15, 15), o=(1, 8, 8), stride=(1, 2, 2)),
        Case(inner=20, outer=20, n=(7, 6, 5), k=(3, 3, 3), o=(7, 6, 5), pad=(1, 1, 1)),
        Case(inner=20, outer=20, n=(9, 8, 7), k=(3, 2, 3), o=(4, 4, 3), stride=(2, 2, 2), pad=(1, 0, 0)),
    ],
    ids=[
        "long-taps",
        "wide-kernel",
        "pointwise",
        "long-rows",
        "many-rows",
        "pointwise-2d",
        "pointwise-strided",
        "3d",
        "3d-strided",
    ],
)
def test_tiles_and_chunks(case):
    check(case)
    check(replace(case, batch=2), threads=2)


@pytest.mark.parametrize(
    "case",
    [
        case2d(3, 20, 4, pad=(9, 9)),
        case2d(3, 2, 4, pad=(40, 3)),
        case2d(20, 20, 5, k=2, dilation=7, pad=(6, 6)),
        case2d(2, 18, 3, stride=4, pad=(11, 6)),
        case2d(3, 20, 12, pad=(-3, -2)),
        case2d(3, 2, 12, stride=2, pad=(-5, 0)),
        Case(inner=3, outer=20, n=(4, 5, 6), k=(3, 3, 3), o=(9, 2, 11), pad=(5, 0, 4)),
        Case(inner=1, outer=1, groups=4, n=(1, 6, 6), k=(1, 3, 3), o=(1, 20, 20), pad=(0, 8, 8)),
        Case(inner=2, outer=20, n=(1, 3, 3), k=(1, 3, 3), o=(1, 4, 4), pad=(0, 100, 0)),
    ],
    ids=str,
)
def test_padding_that_leaves_little_or_nothing(case):
    check(case, dtypes=("float32", "int64"))


@pytest.mark.parametrize(
    "change",
    [
        {"batch": 0},
        {"groups": 0},
        {"inner": 0},
        {"outer": 0},
        {"n": (1, 0, 5)},
        {"o": (1, 3, 0)},
        {"k": (1, 0, 3)},
    ],
)
def test_empty(change):
    check(replace(Case(2, 2, 18, 18, (1, 5, 5), (1, 3, 3), (1, 3, 3)), **change))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_depthwise(size, stride, multiplier):
    for n in (*range(1, 20), 33, 47, 64, 65):
        low, high = size // 2, size // 2 + n % 2
        extent = (n + low + high - size) // stride + 1
        check(
            Case(
                1,
                3,
                1,
                multiplier,
                (1, n + 3, n),
                (1, size, size),
                (1, extent + 1, max(extent, 0)),
                (1, stride, stride),
                (1, 1, 1),
                (0, low, low),
            )
        )


@pytest.mark.parametrize(
    "case",
    [
        Case(inner=70, outer=9, n=(1, 1, 1)),
        Case(inner=70, outer=9, n=(1, 2, 2), o=(1, 2, 2), batch=3),
        Case(inner=9, outer=21, n=(1, 4, 4), k=(1, 3, 3), o=(1, 2, 2), groups=2),
        Case(inner=200, outer=13, n=(1, 3, 3), k=(1, 3, 3), o=(1, 1, 1), batch=4),
        Case(inner=1, outer=30, n=(1, 4, 1), k=(1, 3, 1), o=(1, 4, 1), pad=(0, 1, 0)),
        Case(inner=1, outer=40, n=(2, 1, 2), k=(2, 1, 2), o=(1, 1, 1)),
        Case(inner=3000, outer=5, n=(1, 1, 1), groups=2, batch=2),
    ],
    ids=str,
)
def test_few_pixels(case):
    """Fully connected layers and what comes close to them."""
    check(case, dtypes=("float32", "int32"), threads=2)


# ---- memory ---------------------------------------------------------------------------------------------------------


def between_guards(values, dtype, at_end):
    """A flat copy of `values` that starts after, or ends before, a page that may not be touched."""
    values = np.asarray(values, dtype).reshape(-1)
    page = mmap.PAGESIZE
    pages = -(-values.nbytes // page)
    memory = mmap.mmap(-1, (pages + 2) * page)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    for guard in (address, address + (pages + 1) * page):
        assert protect(ctypes.c_void_p(guard), ctypes.c_size_t(page), 0) == 0
    offset = (pages + 1) * page - values.nbytes if at_end else page
    flat = np.frombuffer(memory, dtype, values.size, offset)
    flat[:] = values
    return flat


@pytest.mark.skipif(sys.platform != "linux", reason="needs mprotect")
@pytest.mark.parametrize("at_end", [False, True], ids=["start", "end"])
@pytest.mark.parametrize("name", ISAS)
@pytest.mark.parametrize(
    "case",
    [
        case2d(5, 19, 13, pad=(1, 1)),
        case2d(20, 35, 13, stride=2, pad=(1, 1)),
        case2d(5, 3, 13, pad=(1, 1)),
        case2d(33, 35, 7, k=1),
        case2d(33, 3, 7, k=1),
        case2d(1, 2, 19, pad=(1, 1), groups=3),
        case2d(1, 1, 19, stride=2, pad=(1, 1), groups=3),
        case2d(1, 1, 7, k=5, pad=(2, 2), groups=3),
        Case(inner=70, outer=9, n=(1, 1, 1)),
    ],
    ids=str,
)
def test_nothing_outside_the_arrays_is_touched(case, name, at_end):
    """A stray access ends the process."""
    core = isa.core(name)
    for dtype in ("float32", "float64"):
        x, w, y = (between_guards(np.ones(shape), dtype, at_end) for shape in (case.x, case.w, case.y))
        core.forward(x, w, None, y, case.shape, 1)
        core.input_gradient(y, w, None, x, case.shape, 1)
        core.weight_gradient(y, x, w, case.shape, 1)


# ---- properties -----------------------------------------------------------------------------------------------------


def big_cases():
    yield Case(inner=40, outer=70, n=(1, 30, 30), k=(1, 3, 3), o=(1, 30, 30), pad=(0, 1, 1))
    yield Case(inner=70, outer=70, batch=2, n=(1, 40, 40), o=(1, 20, 20), stride=(1, 2, 2))
    yield Case(
        inner=1, outer=1, groups=64, n=(1, 100, 100), k=(1, 3, 3), o=(1, 50, 50), stride=(1, 2, 2), pad=(0, 1, 1)
    )
    yield Case(inner=4, outer=4, groups=16, n=(1, 60, 60), k=(1, 3, 3), o=(1, 60, 60), pad=(0, 1, 1))


@pytest.mark.parametrize("name", ISAS)
@pytest.mark.parametrize("case", big_cases(), ids=["dense", "pointwise", "depthwise", "grouped"])
def test_results_do_not_depend_on_the_number_of_threads(name, case):
    core = isa.core(name)
    rng = np.random.default_rng(1)
    x, w, g = (rng.standard_normal(shape).astype("float32") for shape in (case.x, case.w, case.y))
    runs = [
        (
            run_forward(core, case, x, w, None, "float32", threads),
            run_input_gradient(core, case, g, w, None, "float32", threads),
            run_weight_gradient(core, case, g, x, "float32", threads),
        )
        for threads in (1, 2, 3)
    ]
    for run in runs[1:]:
        for first, other in zip(runs[0], run, strict=True):
            np.testing.assert_array_equal(first.view("uint32"), other.view("uint32"))


def test_calls_from_many_python_threads():
    core, cases = isa.core(), list(big_cases())
    rng = np.random.default_rng(6)
    data = [
        (case, rng.standard_normal(case.x).astype("float32"), rng.standard_normal(case.w).astype("float32"))
        for case in cases
    ]

    def run(i):
        case, x, w = data[i % len(data)]
        return run_forward(core, case, x, w, None, "float32", threads=1 + i % 2)

    expected = [run(i) for i in range(len(data))]
    with ThreadPoolExecutor(4) as pool:
        for i, result in enumerate(pool.map(run, range(40))):
            np.testing.assert_array_equal(result, expected[i % len(data)])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_of_a_process_that_used_threads_does_not_hang():
    case = next(big_cases())
    x, w = np.ones(case.x, "float32"), np.ones(case.w, "float32")
    expected = run_forward(isa.core(), case, x, w, None, "float32", threads=2)
    child = os.fork()
    if child == 0:
        result = run_forward(isa.core(), case, x, w, None, "float32", threads=2)
        os._exit(0 if (result == expected).all() else 1)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    pytest.fail("the child hangs")


@pytest.mark.parametrize("name", ISAS)
def test_rounding_errors_do_not_grow_with_the_sum(name):
    case = Case(inner=512, outer=40, n=(1, 7, 7), k=(1, 3, 3), o=(1, 7, 7), pad=(0, 1, 1))
    rng = np.random.default_rng(2)
    x, w = rng.standard_normal(case.x).astype("float32"), rng.standard_normal(case.w).astype("float32")
    truth = forward(case, x.astype("float64"), w.astype("float64"))
    error = np.abs(run_forward(isa.core(name), case, x, w, None, "float32") - truth).max() / np.abs(truth).max()
    assert error < 6e-7


@pytest.mark.parametrize("name", ISAS)
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize(
    "case",
    [
        case2d(5, 19, 9, pad=(1, 1)),
        case2d(5, 3, 9, pad=(1, 1)),
        case2d(6, 19, 9, k=1),
        case2d(1, 1, 19, pad=(1, 1), groups=3),
        case2d(1, 1, 19, stride=2, pad=(1, 1), groups=3),
        case2d(18, 37, 15, stride=2, pad=(1, 1)),
    ],
    ids=["rows", "offsets", "pointwise", "depthwise", "depthwise-strided", "strided"],
)
def test_non_finite_values_stay_where_they_belong(name, value, case):
    """One element of x (then of g) is not finite: exactly the outputs that read it are not."""
    core = isa.core(name)
    rng = np.random.default_rng(3)
    for trial in range(12):
        x, w, g = (rng.integers(1, 4, shape).astype("float64") for shape in (case.x, case.w, case.y))
        spot_x, spot_g = rng.integers(x.size), rng.integers(g.size)
        bad_x, bad_g = x.copy(), g.copy()
        bad_x.flat[spot_x], bad_g.flat[spot_g] = value, value
        one_x, one_g = np.zeros(case.x), np.zeros(case.y)
        one_x.flat[spot_x], one_g.flat[spot_g] = 1, 1

        reached = forward(case, one_x, w) != 0
        assert_spoiled(run_forward(core, case, bad_x, w, None, "float32"), reached, forward(case, x, w))
        reached = input_gradient(case, one_g, w) != 0
        assert_spoiled(run_input_gradient(core, case, bad_g, w, None, "float32"), reached, input_gradient(case, g, w))
        reached = weight_gradient(case, g, one_x) != 0
        assert_spoiled(run_weight_gradient(core, case, g, bad_x, "float32"), reached, weight_gradient(case, g, x))


def assert_spoiled(result, reached, clean):
    assert not np.isfinite(result[reached]).any()
    np.testing.assert_array_equal(result[~reached], clean[~reached])


@pytest.mark.parametrize("name", ISAS)
def test_integers_wrap(name):
    case = case2d(3, 20, 6, pad=(1, 1))
    rng = np.random.default_rng(4)
    for dtype in ("int32", "int64"):
        info = np.iinfo(dtype)
        x, w = (rng.integers(info.min, info.max, shape, dtype) for shape in (case.x, case.w))
        np.testing.assert_array_equal(run_forward(isa.core(name), case, x, w, None, dtype), forward(case, x, w))


# ---- index maps -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ISAS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_pad_gather_and_its_adjoint(name, dtype):
    core = isa.core(name)
    rng = np.random.default_rng(5)
    n, padded = (3, 4, 5), (5, 4, 9)
    maps = tuple(rng.integers(-1, n[a], padded[a]) for a in range(3))
    x, g = small_integers(rng, (6, *n)), small_integers(rng, (6, *padded))
    expected = np.zeros((6, *padded), np.int64)
    adjoint = np.zeros((6, *n), np.int64)
    for i in np.ndindex(*padded):
        source = tuple(int(maps[a][i[a]]) for a in range(3))
        if min(source) >= 0:
            expected[:, *i] = x[:, *source]
            adjoint[:, *source] += g[:, *i]
    out = moated(np.zeros(expected.shape, dtype), dtype)
    core.pad_gather(moated(x, dtype), out, 6, n, maps, 1)
    np.testing.assert_array_equal(outcome(out, expected.shape), expected)
    out = moated(np.full(adjoint.shape, poison(dtype), dtype), dtype)
    core.pad_scatter_add(moated(g, dtype), out, 6, n, maps, 2)
    np.testing.assert_array_equal(outcome(out, adjoint.shape), adjoint)


def test_maps_that_point_outside_are_refused():
    x, padded = np.zeros(5, "float32"), np.zeros(3, "float32")
    one = np.zeros(1, np.int64)
    for bad in (5, -2):
        with pytest.raises(ValueError, match="map"):
            isa.core().pad_gather(x, padded, 1, (1, 1, 5), (one, one, np.array([0, bad, 1])), 1)


# ---- the boundary ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ISAS)
def test_wrong_lengths_are_refused(name):
    core, case = isa.core(name), case2d(3, 4, 6)
    x, w, y = (np.zeros(int(np.prod(shape)), "float32") for shape in (case.x, case.w, case.y))
    bias = np.zeros(4, "float32")
    good = case.shape
    core.forward(x, w, bias, y, good, 1)
    for arguments in [(x[:-1], w, bias, y), (x, w[1:], bias, y), (x, w, bias[:2], y), (x, w, bias, y[:-3])]:
        with pytest.raises(ValueError, match="elements"):
            core.forward(*arguments, good, 1)
    with pytest.raises(ValueError, match="fields"):
        core.forward(x, w, None, y, good[:-1], 1)
    for place, value in [(0, -1), (4, -3), (13, 0), (16, 0), (19, 2**61), (13, 2**60), (6, 2**62)]:
        with pytest.raises(ValueError):
            core.forward(x, w, None, y, (*good[:place], value, *good[place + 1 :]), 1)
    with pytest.raises(OverflowError):
        core.forward(x, w, None, y, (2**70, *good[1:]), 1)


def test_shape_of_a_geometry():
    geometry = Conv(x=(2, 6, 11, 9), w=(8, 3, 3, 2), stride=(2, 1), padding=((1, 0), (2, 1)), groups=2)
    assert shape_of(geometry) == (2, 2, 3, 4, 1, 11, 9, 1, 3, 2, 1, *geometry.y[2:], 1, 2, 1, 1, 1, 1, 0, 1, 2)
    assert len(shape_of(Conv(x=(1, 1, 5), w=(1, 1, 3)))) == 22


def test_choice_of_the_instruction_set(monkeypatch):
    assert ISAS[0] == "baseline"
    for name in ISAS:
        monkeypatch.setenv("CONVPROOF_ISA", name)
        assert isa.name() == name
        assert isa.core().isa == name
        assert isinstance(isa.core().openmp, bool)
    monkeypatch.setenv("CONVPROOF_ISA", "sse9")
    with pytest.raises(ValueError, match="CONVPROOF_ISA"):
        isa.name()
