"""The oracle is light: what the checker needs of it does not load SymPy, and nothing loads a kernel."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["structure", "factored", "identities", "matrix"])
def test_sympy_is_loaded_only_where_needed(module):
    heavy = "{'sympy', 'scipy', 'convproof.kernels'} & sys.modules.keys()"
    code = f"import sys, convproof.symbolic.{module}; sys.exit(bool({heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_face_is_complete():
    import convproof.symbolic as symbolic

    for name in symbolic.__all__:
        assert getattr(symbolic, name).__doc__
        assert name in dir(symbolic)
    with pytest.raises(AttributeError, match="no attribute 'convolve'"):
        _ = symbolic.convolve
