"""The checker refutes every mutant; where only a contract is broken, it need not.

One mutant of each class in the ordinary run, all of them with CONVPROOF_THOROUGH=1.
"""

import os

import pytest

import convproof
from tests.mutants.catalogue import MUTANTS

VERDICTS = {"verified", "refuted", "mistrusted", "unsupported", "crashed"}

# Most fall to the first geometries; a refutation counts however few were asked. The last is the default.
BUDGETS = (20, 300)

if os.environ.get("CONVPROOF_THOROUGH") == "1":
    CHOSEN = MUTANTS
else:
    CHOSEN = list({mutant.cls: mutant for mutant in reversed(MUTANTS)}.values())


@pytest.mark.parametrize("mutant", CHOSEN, ids=lambda mutant: mutant.name)
def test_refuted(mutant):
    options = {} if mutant.dtypes is None else {"dtypes": mutant.dtypes}
    allowed = VERDICTS if mutant.expect is None else {mutant.expect}
    for max_examples in BUDGETS:
        report = convproof.verify(mutant.kernel, op=mutant.op, seed=0, max_examples=max_examples, **options)
        if report.verdict in allowed:
            return
    pytest.fail(f"{mutant.wrong} (after {mutant.report}): {report!r}")
