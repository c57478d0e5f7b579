"""The documentation builds without a warning, executed as it is; the README shows what commands print."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import readme_output

ROOT = Path(__file__).parents[1]


def test_documentation_builds(tmp_path):
    for name in ("sphinx", "myst_nb", "pydata_sphinx_theme"):
        pytest.importorskip(name)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    places = ["-d", str(tmp_path / "doctrees"), str(ROOT / "docs"), str(tmp_path / "html")]
    done = subprocess.run([*command, *places], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "html" / "index.html").is_file()


@pytest.mark.parametrize("name", ["derive", "matrix", "layers"])
def test_readme_shows_what_commands_print(name):
    assert readme_output.section(name, readme_output.README.read_text(encoding="utf-8")) == readme_output.output(name)


def test_readme_mentions_only_targets_that_the_makefile_has():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8"))) <= targets
