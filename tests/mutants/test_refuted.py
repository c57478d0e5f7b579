"""The checker refutes every mutant; where only a contract is broken, it need not."""

import pytest

import convproof
from tests.mutants.catalogue import MUTANTS

VERDICTS = {"verified", "refuted", "mistrusted", "unsupported", "crashed"}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_refuted(mutant):
    options = {} if mutant.dtypes is None else {"dtypes": mutant.dtypes}
    report = convproof.verify(mutant.kernel, op=mutant.op, seed=0, **options)
    allowed = VERDICTS if mutant.expect is None else {mutant.expect}
    assert report.verdict in allowed, f"{mutant.wrong} (after {mutant.report}): {report!r}"
