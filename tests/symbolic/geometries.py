"""Small random geometries, valid by construction, and the definition of a convolution as plain loops."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import strategies as st

from convproof.geometry import MODES, Conv


@st.composite
def convs(draw, max_axes=3, modes=MODES, cropped=True, empty=True):
    """Draw a geometry of at most a few thousand terms."""
    axes = draw(st.integers(1, max_axes))
    mode = draw(st.sampled_from(modes))
    groups, c, m, batch = (
        draw(st.integers(1, 3)),
        draw(st.integers(1, 2)),
        draw(st.integers(1, 2)),
        draw(st.integers(1, 2)),
    )
    if empty and draw(st.integers(0, 9)) == 9:  # one geometry in ten has an empty size
        c, m, batch = draw(st.sampled_from([(0, m, batch), (c, 0, batch), (c, m, 0)]))
    sizes = [draw(axis_sizes(mode, most=(9, 6, 4)[axes - 1])) for _ in range(axes)]
    n, k, s, d, padding = zip(*sizes, strict=True)
    x, w = (batch, c * groups, *n), (m * groups, c, *k)
    geo = Conv(x, w, stride=s, dilation=d, padding=padding, groups=groups, mode=mode)
    if cropped and draw(st.booleans()):
        geo = geo.replace(outputs=tuple(draw(st.integers(1, o)) for o in geo.o))
    return geo


@st.composite
def axis_sizes(draw, mode, most):
    """Draw (n, k, s, d, (lo, hi)) whose first window fits."""
    k, s, d = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    reach = d * (k - 1) + 1
    n = draw(st.integers(1, most))
    limit = {"zeros": 3, "replicate": 3, "reflect": min(n - 1, 3), "circular": min(n, 3)}[mode]
    lo = draw(st.integers(-min(n - 1, 2), limit))
    hi = draw(st.integers(-min(n - 1, 2), limit))
    if (short := reach - (n + lo + hi)) > 0:
        n += short
    return n, k, s, d, (lo, hi)


def integers(shape, seed, most=9):
    """Return random integers of magnitude at most `most`."""
    return np.random.default_rng(seed).integers(-most, most + 1, shape)


def padded(x, geo):
    """Pad x with numpy.pad, then crop: what the windows slide over."""
    names = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    grow = [(max(lo, 0), max(hi, 0)) for lo, hi in geo.padding]
    crop = [(max(-lo, 0), max(-hi, 0)) for lo, hi in geo.padding]
    wide = np.pad(x, [(0, 0), (0, 0), *grow], mode=names[geo.mode])
    keep = [slice(lo, size - hi) for (lo, hi), size in zip(crop, wide.shape[2:], strict=True)]
    return wide[(slice(None), slice(None), *keep)]


def definition(x, w, geo):
    """The convolution as loops over a padded copy: every window that fits, in order."""
    wide = padded(x, geo)
    counts = []
    for size, k, s, d in zip(wide.shape[2:], geo.kernel, geo.stride, geo.dilation, strict=True):
        counts.append(sum(1 for start in range(0, size, s) if start + d * (k - 1) < size))
    if geo.outputs is not None:
        counts = list(geo.outputs)
    y = np.zeros((geo.batch, geo.out_channels, *counts), dtype=np.int64)
    per_group, filters = geo.w[1], geo.out_channels // geo.groups
    for out in np.ndindex(*y.shape):
        image, m, *r = out
        for c, *a in itertools.product(range(per_group), *map(range, geo.kernel)):
            at = [s * ri + d * ai for s, ri, d, ai in zip(geo.stride, r, geo.dilation, a, strict=True)]
            y[out] += wide[(image, m // filters * per_group + c, *at)] * w[(m, c, *a)]
    return y
