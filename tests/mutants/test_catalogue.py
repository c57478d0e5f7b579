"""Each mutant goes wrong on its witness and right on its benign call; the right kernels never go wrong."""

import pytest

from tests.mutants._numpy_kernels import OPS, kernel
from tests.mutants.calls import faults
from tests.mutants.catalogue import MUTANTS


def by_name(mutants):
    return pytest.mark.parametrize("mutant", mutants, ids=lambda mutant: mutant.name)


def test_the_catalogue_covers_every_operation():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert len({mutant.cls for mutant in MUTANTS}) >= 45
    assert {mutant.op for mutant in MUTANTS} == set(OPS)


@by_name(MUTANTS)
def test_wrong_on_its_witness(mutant):
    assert faults(mutant.kernel, mutant.op, mutant.witness)


@by_name([mutant for mutant in MUTANTS if mutant.benign])
def test_right_on_its_benign_call(mutant):
    assert not faults(mutant.kernel, mutant.op, mutant.benign)


@by_name(MUTANTS)
def test_the_right_kernel_is_right_there(mutant):
    assert not faults(kernel(mutant.op), mutant.op, mutant.witness + (mutant.benign or ()))
