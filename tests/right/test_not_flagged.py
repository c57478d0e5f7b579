"""The checker flags none of the right kernels, whatever the seed.

One seed and fewer geometries in the ordinary run; 20 seeds at the default settings with CONVPROOF_THOROUGH=1.
"""

import os

import pytest

import convproof
from tests.right.catalogue import RIGHT

THOROUGH = os.environ.get("CONVPROOF_THOROUGH") == "1"
SEEDS = range(20 if THOROUGH else 1)
OPTIONS = {} if THOROUGH else {"max_examples": 60}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "right",
    [pytest.param(right, id=right.name, marks=[pytest.mark.peers] if right.needs else []) for right in RIGHT],
)
def test_not_flagged(right, seed):
    if right.needs:
        pytest.importorskip(right.needs)
    report = convproof.verify(right.kernel, op=right.op, domain=convproof.Domain(**right.domain), seed=seed, **OPTIONS)
    assert report, f"{right.name} ({right.why}) was flagged: {report!r}"
