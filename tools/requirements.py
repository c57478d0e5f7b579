"""Print the requirements of convproof from pyproject.toml: of the build, of the package, or of its extras.

    python tools/requirements.py core test docs

The Makefile installs them apart from the package, so that a further extra does not compile the extensions anew.
"""

import sys
import tomllib
from pathlib import Path


def requirements(names):
    """Return the requirements of the named groups, in order."""
    table = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    groups = {
        "build": table["build-system"]["requires"],
        "core": table["project"]["dependencies"],
        **table["project"]["optional-dependencies"],
    }
    return [requirement for name in names for requirement in groups[name]]


if __name__ == "__main__":
    print("\n".join(requirements(sys.argv[1:])))
