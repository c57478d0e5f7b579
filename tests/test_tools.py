"""What the Makefile asks before it installs anything."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools import preflight, requirements


def test_this_machine_can_build():
    assert preflight.missing() is None


def test_an_old_python_is_named(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    sentence = preflight.missing()
    assert "Python 3.11 or newer" in sentence and "3.9" in sentence and "\n" not in sentence


def test_a_missing_compiler_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert "no-such-compiler was not found" in preflight.missing()


def test_missing_headers_are_named(monkeypatch):
    monkeypatch.setattr("sysconfig.get_path", lambda name: "/nowhere")
    assert "C headers" in preflight.missing()


def test_an_old_python_can_read_the_question():
    # Python 2 stops at the first f-string or annotation, before it could tell what is wrong.
    source = Path(preflight.__file__).read_text(encoding="ascii")
    assert 'f"' not in source and "->" not in source


@pytest.mark.parametrize("name", ["build", "core", "test", "docs", "lint", "peers"])
def test_requirements_are_read_from_the_metadata(name):
    assert requirements.requirements([name])


def test_pytorch_is_pinned():
    assert [line for line in requirements.requirements(["peers"]) if line.startswith("torch")] == ["torch==2.13.0"]
