"""A right kernel in plain NumPy, for the tests of the checker to break."""

import pytest

from convproof.checker.cases import Case
from convproof.checker.domain import Domain
from convproof.checker.operations import OPS
from convproof.checker.subject import Subject
from convproof.geometry import Conv
from tests.mutants._numpy_kernels import kernel


@pytest.fixture(scope="session")
def right():
    """Return the right NumPy kernel of an operation."""
    return kernel


@pytest.fixture
def ask(right):
    """Ask one property of a kernel (by default the right one) at one geometry."""

    def run(prop, geometry, candidate=None, op="conv2d", dtype="float32", **domain):
        subject = Subject(candidate or right(op), OPS[op], Domain(**domain))
        return prop.check(subject, Case(Conv.parse(geometry), dtype))

    return run
