"""The checker flags none of the right kernels, whatever the seed."""

import os

import pytest

import convproof
from tests.right.catalogue import RIGHT

SEEDS = range(20 if os.environ.get("CONVPROOF_THOROUGH") == "1" else 2)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "right",
    [pytest.param(right, id=right.name, marks=[pytest.mark.peers] if right.needs else []) for right in RIGHT],
)
def test_not_flagged(right, seed):
    if right.needs:
        pytest.importorskip(right.needs)
    report = convproof.verify(right.kernel, op=right.op, domain=convproof.Domain(**right.domain), seed=seed)
    assert report, f"{right.name} ({right.why}) was flagged: {report!r}"
