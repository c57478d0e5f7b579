"""What importing a part of the package brings with it, each in a fresh interpreter."""

import inspect
import json
import pickle
import subprocess
import sys

import pytest

from convproof import kernels

HEAVY = {"sympy", "scipy", "hypothesis", "torch", "islpy", "z3", "joblib", "typer", "rich", "jinja2", "matplotlib"}
OTHER_LAYERS = ("convproof.symbolic", "convproof.checker", "convproof.report", "convproof.cli")


def modules_after(code):
    """Return the modules that are loaded once the code has run."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import convproof",
        "from convproof.kernels import conv2d",
        "import convproof.layers; convproof.layers.get('resnet-50')",
        "import convproof; convproof.Conv; convproof.kernels",
        "import numpy as np; from convproof.kernels import conv1d; x = np.ones((1, 1, 3)); conv1d(x, x)",
    ],
)
def test_light_parts_stay_light(code):
    loaded = modules_after(code)
    assert not loaded & HEAVY
    assert not {name for name in loaded if name.startswith(OTHER_LAYERS)}


@pytest.mark.parametrize("code", ["import convproof", "from convproof import Conv", "import convproof.layers"])
def test_geometry_needs_no_numpy(code):
    assert "numpy" not in modules_after(code)


def test_the_cores_are_loaded_when_first_called():
    cores = {"convproof.kernels.cpu._baseline", "convproof.kernels.cpu._avx2", "convproof.kernels.cpu._avx512"}
    assert not modules_after("import convproof.kernels") & cores
    called = modules_after("import numpy as np, convproof.kernels as k; x = np.ones((1, 1, 3)); k.conv1d(x, x)")
    assert called & cores


def test_threads_come_from_the_environment(monkeypatch):
    call = "import numpy as np, convproof.kernels as k; x = np.ones((1, 1, 3)); k.conv1d(x, x)"
    monkeypatch.setenv("CONVPROOF_THREADS", "1")
    modules_after(call)
    for wrong in ("0", "two", "-1", "9" * 5000, "1.5"):
        monkeypatch.setenv("CONVPROOF_THREADS", wrong)
        done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True)
        assert done.returncode == 1
        assert "ArgumentValueError: CONVPROOF_THREADS=" in done.stderr
        assert "expected a number of threads, from 1 to 1024" in done.stderr


def test_the_functions_are_what_they_are_called():
    assert kernels.__all__ == sorted(kernels.__all__)
    assert len(kernels.__all__) == 12
    for name in kernels.__all__:
        function = getattr(kernels, name)
        assert function.__name__ == function.__qualname__ == name
        assert pickle.loads(pickle.dumps(function)) is function
        assert {"Parameters", "Returns", "Raises", "Notes", "Examples"} <= {*function.__doc__.split()}
        assert "{" not in function.__doc__.replace('{"', "")
        parameters = inspect.signature(function).parameters.values()
        keyword_only = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
        assert keyword_only[-3:] == ["out", "algo", "threads"]
