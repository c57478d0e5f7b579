"""Say in one sentence what this machine lacks to build convproof, before pip is started.

Runs on any Python, old ones too: it is what tells them that they are too old.
"""

import os
import sys

OLDEST = (3, 11)


def missing():
    """Return what is missing, as a sentence; or None."""
    version = "%d.%d" % sys.version_info[:2]
    if sys.version_info < OLDEST:
        return "Python 3.11 or newer is needed, and %s is %s; name another with: make PYTHON=/path/to/python3.11" % (
            sys.executable,
            version,
        )
    import shutil
    import sysconfig

    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "Python %s cannot make virtual environments; on Debian or Ubuntu: apt-get install python3-venv" % version
    if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
        return "the C headers of Python %s are missing; on Debian or Ubuntu: apt-get install python3-dev" % version
    compiler = (os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "c++").split()[0]
    if not any(shutil.which(name) for name in (compiler, "c++", "g++", "clang++")):
        return "a C++17 compiler is needed, and %s was not found; on Debian or Ubuntu: apt-get install g++" % compiler
    return None


def main():
    """Print the sentence, if there is one, and return the exit status."""
    sentence = missing()
    if sentence is None:
        return 0
    sys.stderr.write("convproof: error: %s\n" % sentence)
    return 1


if __name__ == "__main__":
    sys.exit(main())
