"""Hypothesis strategies for small geometries: what the tests of geometry, reference and kernels draw."""

from __future__ import annotations

from hypothesis import strategies as st

from convproof.geometry import Conv


@st.composite
def convs(draw, modes=("zeros",), axes=(1, 2, 3), negative_padding=False, crops=False, empty=True):
    """Draw a `Conv` small enough for plain loops, with any stride, dilation, padding and groups."""
    rank = draw(st.sampled_from(axes))
    groups = draw(st.integers(1, 3))
    fewest = 0 if empty else 1
    channels, filters = (draw(st.integers(fewest, 2)) for _ in range(2))
    batch = draw(st.integers(fewest, 2))
    mode = draw(st.sampled_from(modes))
    most = {1: 12, 2: 7, 3: 4}[rank]
    n, k, s, d, p = zip(*(draw(_axes(most, mode, negative_padding)) for _ in range(rank)), strict=True)
    geo = Conv(
        x=(batch, channels * groups, *n),
        w=(filters * groups, channels, *k),
        stride=s,
        padding=p,
        dilation=d,
        groups=groups,
        mode=mode,
    )
    if crops and draw(st.booleans()):
        geo = geo.replace(outputs=tuple(draw(st.integers(1, o)) for o in geo.o))
    return geo


@st.composite
def _axes(draw, most, mode, negative_padding):
    """Draw size, taps, stride, dilation and padding of one axis whose kernel fits."""
    taps, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    reach = dilation * (taps - 1) + 1
    n = draw(st.integers(1, most))
    reachable = {"zeros": 4, "replicate": 4, "reflect": n - 1, "circular": n}[mode]
    least = -1 if negative_padding else 0
    low, high = (draw(st.integers(least, min(4, reachable))) for _ in range(2))
    n += max(0, reach - n - low - high)  # a kernel that did not fit gets a larger input
    return n, taps, draw(st.integers(1, 4)), dilation, (low, high)


@st.composite
def transposed_arguments(draw, axes=(1, 2, 3)):
    """Draw the arguments of `Conv.transposed`, output padding up to max(stride, dilation) - 1 included."""
    rank = draw(st.sampled_from(axes))
    groups = draw(st.integers(1, 3))
    sizes = st.integers(1, {1: 8, 2: 4, 3: 3}[rank])
    o, k, s, d = (tuple(draw(sizes if i == 0 else st.integers(1, 3)) for _ in range(rank)) for i in range(4))
    extra = tuple(draw(st.integers(0, max(s[a], d[a]) - 1)) for a in range(rank))
    whole = [(o[a] - 1) * s[a] + d[a] * (k[a] - 1) + 1 + extra[a] for a in range(rank)]
    p = tuple(draw(st.integers(0, min(3, (size - 1) // 2))) for size in whole)
    channels, filters = (draw(st.integers(1, 2)) * groups for _ in range(2))
    return {
        "y": (draw(st.integers(0, 2)), filters, *o),
        "w": (filters, channels // groups, *k),
        "stride": s,
        "padding": p,
        "output_padding": extra,
        "dilation": d,
        "groups": groups,
    }
