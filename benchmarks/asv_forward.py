"""History of the forward pass over commits: `cd benchmarks && asv run` (airspeed velocity)."""

from benchmarks.environment import pin_threads

pin_threads(1)

import numpy as np  # noqa: E402

from benchmarks.layers import named_layers  # noqa: E402
from benchmarks.peers import ours  # noqa: E402

LAYERS = dict(named_layers(["resnet-50", "mobilenet-v1"]))


class Forward:
    """Time of every distinct layer on one thread, weights packed in each call."""

    params = (list(LAYERS), ["float32", "float64"])
    param_names = ("layer", "dtype")

    def setup(self, layer, dtype):
        geometry = LAYERS[layer]
        rng = np.random.default_rng(0)
        x, w = rng.standard_normal(geometry.x).astype(dtype), rng.standard_normal(geometry.w).astype(dtype)
        self.call, _ = ours(geometry, x, w, threads=1)

    def time_forward(self, layer, dtype):
        self.call()
