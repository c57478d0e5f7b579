"""Compiled extensions, nothing else: metadata lives in pyproject.toml.

The CPU cores are built once per instruction set, each as its own extension module with its own flags
(see convproof/kernels/cpu/__init__.py); the right one is chosen at run time. There is no -march=native.
"""

import os
import platform
import subprocess
import sys
import tempfile
from glob import glob
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 (an old pip does not look at requires-python)
    sys.exit(f"convproof needs Python 3.11 or newer, and this is Python {platform.python_version()}.")

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.errors import CompileError, ExecError, LinkError, PlatformError

FOLDER = "convproof/kernels/cpu"
OPENMP_PROBE = "#include <omp.h>\nint main() { return omp_get_max_threads() < 1; }\n"
CXX17_PROBE = "#include <optional>\nint main() { if constexpr (true) return std::optional<int>(0).value(); }\n"

X86_FLAGS = {
    "baseline": [],
    "avx2": ["-mavx2", "-mfma"],
    "avx512": ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mavx2", "-mfma", "-mprefer-vector-width=512"],
}
# Signed integers wrap (-fwrapv), products join sums into FMAs; nothing else departs from the standard.
GCC_FLAGS = [
    "-std=c++17",
    "-O3",
    "-fwrapv",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fvisibility=hidden",
    "-Wno-psabi",
    "-g0",
]
MSVC_FLAGS = ["/std:c++17", "/O2"]


class BuildExtensions(build_ext):
    """Probes the compiler, then builds the modules side by side."""

    def initialize_options(self):
        super().initialize_options()
        self.parallel = min(3, os.cpu_count() or 1)

    def build_extensions(self):
        msvc = self.compiler.compiler_type == "msvc"
        common = MSVC_FLAGS if msvc else GCC_FLAGS
        if not self.compiles(CXX17_PROBE, common[:1]):
            sys.exit(
                "convproof needs a C++17 compiler, and none was found: "
                "install g++ 9, clang 10 or Visual Studio 2019 (or newer), or set CXX."
            )
        openmp = ["/openmp"] if msvc else ["-fopenmp"]
        if not self.compiles(OPENMP_PROBE, openmp):
            openmp = []
        for extension in self.extensions:
            extension.extra_compile_args = [*common, *extension.extra_compile_args, *openmp]
            extension.extra_link_args = [] if msvc else [*openmp, "-Wl,-s"] if sys.platform == "linux" else openmp
        super().build_extensions()

    def compiles(self, source, flags):
        """Whether a small program compiles and links."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "probe.cpp")
            path.write_text(source)
            try:
                objects = self.compiler.compile([str(path)], output_dir=folder, extra_postargs=flags)
                self.compiler.link_executable(
                    objects,
                    str(Path(folder, "probe")),
                    target_lang="c++",
                    extra_postargs=[] if self.compiler.compiler_type == "msvc" else flags,
                )
            except (CompileError, LinkError, ExecError, PlatformError, OSError, subprocess.SubprocessError):
                return False
        return True


class BuildPython(build_py):
    """Ships the sources of the cores too, beside the package data that pyproject.toml names."""

    def finalize_options(self):
        super().finalize_options()
        self.package_data.setdefault("convproof.kernels.cpu", []).extend(["*.pxi", "*.pyx", "src/*.hpp"])


def extensions():
    x86 = platform.machine().lower() in ("x86_64", "amd64") and os.name != "nt"
    flags = X86_FLAGS if x86 else {"baseline": []}
    depends = [f"{FOLDER}/_core.pxi", *sorted(glob(f"{FOLDER}/src/*.hpp"))]
    modules = [
        Extension(
            f"convproof.kernels.cpu._{isa}",
            [f"{FOLDER}/_{isa}.pyx"],
            language="c++",
            include_dirs=[FOLDER],
            depends=depends,
            extra_compile_args=isa_flags,
        )
        for isa, isa_flags in flags.items()
    ]
    directives = {
        "language_level": 3,
        "boundscheck": False,
        "wraparound": False,
        "initializedcheck": False,
        "freethreading_compatible": True,
        "embedsignature": True,
    }
    return cythonize(modules, compiler_directives=directives, quiet=True)


setup(
    ext_modules=extensions(),
    cmdclass={"build_ext": BuildExtensions, "build_py": BuildPython},
)
