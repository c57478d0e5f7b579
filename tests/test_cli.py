"""The command line: what it prints, how it ends, and that nothing a user types shows a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from convproof import __version__
from convproof.cli import main
from convproof.evidence import Report

ROOT = Path(__file__).parents[1]
SMALL = "x1x1x4x4-w1x1x3x3-p1"
QUICK = ["--max-examples", "5", "--no-layers"]

RIGHT = """
from convproof.kernels import conv2d
"""
WRONG = """
from convproof import kernels

def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    y = kernels.conv2d(input, weight, bias, stride, padding, dilation, groups)
    y[..., -1] = 0
    return y
"""


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command line in this process; return exit status, standard output and standard error."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["convproof", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        code = end.value.code
        return (0 if code is None else code), out, err

    return run


@pytest.fixture
def kernels(tmp_path):
    """Write a file of kernels and return what names its conv2d on the command line."""

    def write(text):
        path = tmp_path / "kernels.py"
        path.write_text(text)
        return f"{path}:conv2d"

    return write


# ---------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["verify", "--geometry", "nonsense"], "geometry='nonsense'"),
        (["verify", "--geometry", "x1x1x4x4-w1x1x3x3-s0", "--op", "conv2d"], "stride=0"),
        (["verify", "--geometry", "x1x1x2x2-w1x1x3x3", "--op", "conv2d"], "w=(1, 1, 3, 3)"),
        (["verify", "nowhere"], "target='nowhere'"),
        (["verify", "no_such_module:conv2d"], "no_such_module"),
        (["verify", "no_such_file.py:conv2d"], "no_such_file.py"),
        (["verify", "math:sqrt"], "op"),
        (["verify", "--op", "conv7d"], "op='conv7d'"),
        (["verify", "--op", ""], "op=''"),
        (["verify", "--dtype", "float13"], "float13"),
        (["verify", "--seed", "-1"], "seed=-1"),
        (["verify", "--html", "/no/such/folder/report.html"], "html="),
        (["verify", "--json", "."], "json="),
        (["matrix", "x1"], "geometry='x1'"),
        (["matrix", "x\uff11x1x4-w1x1x3"], "cannot read"),
        (["matrix", "x1x64x56x56-w64x64x3x3-p1"], "at most 10,000 entries"),
        (["matrix", "x1x64x56x56-w64x64x3x3-p1", "--format", "json"], "at most 5,000,000 products"),
        (["layers", "alexnet-9"], "name='alexnet-9'"),
        (["layers", "resnet-50", "--batch", "-1"], "batch=-1"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(run, words, part):
    code, out, err = run(*words)
    assert code == 2
    assert out == ""
    assert err.startswith("convproof: error: ")
    assert part in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [["nothing"], ["matrix"], ["verify", "--what"], ["verify", "--max-examples", "0"], ["verify", "--seed", "x"]],
)
def test_wrong_usage_is_exit_status_2(run, words):
    code, _, err = run(*words)
    assert code == 2
    assert "Traceback" not in err
    assert err


# ---------------------------------------------------------------------- verify


def test_a_right_kernel_is_exit_status_0(run, kernels):
    code, out, _ = run("verify", kernels(RIGHT), *QUICK)
    assert code == 0
    assert "verified" in out and "exact" in out and "refuted" not in out


def test_a_wrong_kernel_is_exit_status_1_with_its_story(run, kernels):
    target = kernels(WRONG)
    code, out, err = run("verify", target, *QUICK)
    assert code == 1
    assert "refuted" in out and "Traceback" not in err
    replay = next(line for line in out.splitlines() if line.startswith("convproof verify "))
    assert target in replay
    code, out, _ = run(*replay.split()[1:])
    assert code == 1
    assert "refuted" in out


def test_a_kernel_that_declines_everything_is_exit_status_1(run, kernels):
    text = "def conv2d(input, weight, stride=1):\n    raise NotImplementedError('not today')\n"
    code, out, _ = run("verify", kernels(text), *QUICK)
    assert code == 1
    assert "unsupported" in out


def test_a_file_that_cannot_run_is_one_line(run, kernels):
    code, _, err = run("verify", kernels("1 / 0\n"))
    assert code == 2
    assert "ZeroDivisionError" in err and err.count("\n") == 1


def test_reports_are_written(run, kernels, tmp_path):
    page, data = tmp_path / "report.html", tmp_path / "report.json"
    code, out, _ = run("verify", kernels(WRONG), *QUICK, "--html", page, "--json", data, "--quiet")
    assert code == 1
    assert out.startswith("1 kernel refuted")
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    (report,) = (Report.from_json(json.dumps(each)) for each in json.loads(data.read_text(encoding="utf-8")))
    assert report.verdict == "refuted" and report.counterexample is not None


def test_one_geometry_and_one_dtype(run, tmp_path):
    data = tmp_path / "report.json"
    code, _, _ = run("verify", "--op", "conv2d", "--geometry", SMALL, "--dtype", "float64", "--json", data)
    (report,) = json.loads(data.read_text(encoding="utf-8"))
    assert code == 0
    assert report["geometries"] == 1 and report["settings"]["dtypes"] == ["float64"]


def test_files_beside_the_user_do_not_stand_in_for_libraries(run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    run("verify", "--op", "conv2d", "--geometry", "x1x1x4x4-w1x1x3x3", "--dtype", "float32", "--quiet")
    assert str(tmp_path) not in sys.path


def test_a_geometry_is_asked_of_the_kernels_of_its_axes(run):
    code, out, _ = run("verify", "--geometry", "x1x1x4x4-w1x1x3x3", "--dtype", "float32", "--quiet")
    assert code == 0
    assert "4 kernels verified" in out


def test_a_report_that_cannot_be_written_is_one_line(run, monkeypatch, tmp_path):
    def full(self, *_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "write_text", full)
    words = ("--geometry", "x1x1x4x4-w1x1x3x3", "--dtype", "float32", "--html", tmp_path / "report.html", "--quiet")
    code, _, err = run("verify", "--op", "conv2d", *words)
    assert code == 2
    assert err.startswith("convproof: error: html=")
    assert "No space left on device" in err


def test_a_geometry_beyond_memory_is_one_line(run):
    code, _, err = run("verify", "--op", "conv2d", "--geometry", "x1x1x9000000x9000000-w1x1x3x3", "--quiet")
    assert code == 2
    assert err.startswith("convproof: error: ")
    assert err.count("\n") == 1


def test_modules_are_looked_for_where_the_user_is(kernels, tmp_path):
    kernels(RIGHT)
    command = [sys.executable, "-c", "from convproof.cli import main; main()", "verify", "kernels:conv2d", *QUICK]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=_environment())
    assert done.returncode == 0, done.stderr


def _environment():
    import os

    return os.environ | {"PYTHONPATH": str(ROOT)}


# ---------------------------------------------------------------------- matrix


def test_the_matrix_as_text(run):
    code, out, _ = run("matrix", "x1x1x3x3-w1x1x2x2")
    assert code == 0
    assert out.splitlines() == [
        "4x9 in w, 16 entries, doubly block Toeplitz",
        "",
        "w00 w01 ·   w10 w11 ·   ·   ·   ·",
        "·   w00 w01 ·   w10 w11 ·   ·   ·",
        "·   ·   ·   w00 w01 ·   w10 w11 ·",
        "·   ·   ·   ·   w00 w01 ·   w10 w11",
    ]


def test_the_transposed_data_matrix(run):
    _, out, _ = run("matrix", "x1x1x4-w1x1x3-p1", "--acts-on", "w", "--transpose")
    assert out.splitlines()[2:] == ["·  x0 x1 x2", "x0 x1 x2 x3", "x1 x2 x3 ·"]


def test_padding_that_folds_adds_up(run):
    _, out, _ = run("matrix", "x1x1x4-w1x1x3-p1-mode=reflect")
    assert out.splitlines()[2].split() == ["w1", "w0+w2", "·", "·"]


def test_indices_of_two_digits_are_kept_apart(run):
    _, out, _ = run("matrix", "x1x1x1x11-w1x1x1x11")
    assert "w0,10" in out


def test_an_empty_matrix(run):
    code, out, _ = run("matrix", "x0x1x4-w1x1x3")
    assert code == 0 and out.startswith("0x0")


def test_the_matrix_as_latex(run):
    _, out, _ = run("matrix", "x1x1x30-w1x1x3", "--format", "latex")
    assert "dots" not in out and out.count("w_{0}") == 28


def test_the_matrix_as_json(run):
    _, out, _ = run("matrix", "x1x1x3-w1x1x2", "--format", "json")
    data = json.loads(out)
    assert data["shape"] == [2, 3]
    entries = zip(*(data[name] for name in ("row", "col", "operand", "coeff")), strict=True)
    assert list(entries) == [(0, 0, 0, 1), (0, 1, 1, 1), (1, 1, 0, 1), (1, 2, 1, 1)]


# ---------------------------------------------------------------------- the others


def test_layers_are_listed_with_their_totals(run):
    code, out, _ = run("layers", "mobilenet-v1")
    assert code == 0
    assert "568,740,352" in out and "4,209,088" in out and "x1x3x224x224-w32x3x3x3-s2-p1" in out


def test_networks_are_listed(run):
    code, out, _ = run("layers")
    assert code == 0
    assert "mobilenet-v1" in out and "resnet-50" in out


def test_doctor_tells_what_runs_here(run):
    code, out, _ = run("doctor")
    assert code == 0
    assert __version__ in out and "instruction set" in out and "GPU" in out


def test_version(run):
    assert run("--version") == (0, f"convproof {__version__}\n", "")


@pytest.mark.parametrize("command", [[], ["verify"], ["matrix"], ["layers"], ["doctor"]])
def test_help(run, command):
    code, out, _ = run(*command, "--help")
    assert code == 0
    assert "Usage" in out


def test_a_terminal_without_the_letters_gets_others():
    words = ["verify", "--op", "conv2d", "--geometry", "x1x1x4x4-w1x1x3x3", "--dtype", "float32"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "convproof", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "error ?" in done.stdout


def test_importing_the_command_line_imports_nothing_heavy():
    heavy = "numpy", "scipy", "sympy", "hypothesis", "jinja2", "joblib"
    program = f"import sys, convproof.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
