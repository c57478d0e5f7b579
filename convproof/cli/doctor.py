"""``convproof doctor``: what is installed, which kernels run here, and what is missing and how to get it."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from convproof.cli.console import console

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["doctor"]

#: What each extra is for; one that is not named here is for developers.
_PURPOSE = {
    "peers": "the kernels of PyTorch and ONNX Runtime, to be verified and compared with",
    "prove": "z3: proofs for any stride and dilation",
    "draw": "figures; nothing uses it yet",
    "gpu12": "CUDA 12; nothing uses it yet",
    "gpu13": "CUDA 13; nothing uses it yet",
}
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra\s*==\s*['\"](?P<extra>[^'\"]+)['\"]")


def doctor() -> None:
    """Tell what is installed and what is missing."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    _system(table)
    healthy = _libraries(table)
    healthy = _kernels(table) and healthy
    table.add_row("GPU", _gpu())
    _extras(table)
    console().print(table)
    raise typer.Exit(0 if healthy else 1)


def _system(table: Table) -> None:
    from rich.markup import escape

    from convproof import __version__

    table.add_row("convproof", escape(f"{__version__} in {Path(__file__).parents[1]}"))
    table.add_row("Python", escape(f"{platform.python_version()} ({sys.executable})"))
    table.add_row("system", escape(f"{platform.system()} {platform.machine()}, {_processor()}"))


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "processor unknown"


# ---------------------------------------------------------------------- libraries


def _libraries(table: Table) -> bool:
    """Add the required libraries; return whether all are there."""
    healthy = True
    required = _requirements("")
    if not required:
        table.add_row("libraries", "unknown: convproof is not installed, it runs from its sources (make build)")
    for requirement in required:
        version = _version(requirement)
        # islpy has no wheel for Windows: what needs it says so.
        optional = _name(requirement) == "islpy" and os.name == "nt"
        healthy = healthy and (version is not None or optional)
        table.add_row(_name(requirement), version or f"[red]missing[/]: pip install '{requirement}'")
    return healthy


def _extras(table: Table) -> None:
    for extra, purpose in _PURPOSE.items():
        required = _requirements(extra)
        present = [f"{_name(each)} {_version(each)}" for each in required if _version(each) is not None]
        missing = [f"'{each}'" for each in required if _version(each) is None]
        parts = [", ".join(present)] if present else []
        if missing:
            parts.append("missing, to get it: pip install " + " ".join(missing))
        if parts:
            table.add_row(f"extra {extra}", f"[dim]{purpose}[/]\n" + "\n".join(parts))


def _requirements(extra: str) -> list[str]:
    """Return what convproof requires for an extra (none: in any case), such as ``numpy>=1.26``."""
    try:
        lines = metadata.requires("convproof") or []
    except metadata.PackageNotFoundError:
        return []
    split = [line.partition(";") for line in lines]
    marked = [(requirement.strip(), _EXTRA.search(marker)) for requirement, _, marker in split]
    return [requirement for requirement, found in marked if (found["extra"] if found else "") == extra]


def _name(requirement: str) -> str:
    found = _NAME.match(requirement)
    return found[0] if found else requirement


def _version(requirement: str) -> str | None:
    try:
        return metadata.version(_name(requirement))
    except metadata.PackageNotFoundError:
        return None


# ---------------------------------------------------------------------- kernels and devices


def _kernels(table: Table) -> bool:
    """Add what the compiled kernels are; return whether they can be loaded."""
    from rich.markup import escape

    try:
        from convproof.kernels.cpu import isa

        core = isa.core()
    except ImportError as error:
        table.add_row("kernels", f"[red]cannot be loaded[/]: {escape(str(error))}; build them with: make build")
        return False
    except ValueError as error:  # what CONVPROOF_ISA says
        table.add_row("kernels", f"[red]cannot be chosen[/]: {escape(str(error))}")
        return False
    others = ", ".join(isa.available())
    table.add_row("kernels", f"instruction set {isa.name()} (of {others}; CONVPROOF_ISA chooses another)")
    built = "yes" if core.openmp else "no: built serial, for the compiler has none"
    table.add_row("OpenMP", f"{built}; {_processors()} processors for this process")
    return True


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _gpu() -> str:
    """Ask the CUDA driver for its devices, without any library in between."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except OSError:
        return "none: no CUDA driver on this machine"
    count = ctypes.c_int()
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0 or count.value == 0:
        return "none: the CUDA driver is there, and finds no device"
    names = []
    for number in range(count.value):
        name = ctypes.create_string_buffer(128)
        driver.cuDeviceGetName(name, len(name), number)
        names.append(name.value.decode(errors="replace"))
    return ", ".join(names)
