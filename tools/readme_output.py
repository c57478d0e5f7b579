"""Put into README.md what the commands shown there print now.

    python tools/readme_output.py matrix layers refuted verify

Each section stands between `<!-- name: begin -->` and `<!-- name: end -->`.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
COMMANDS = {
    "derive": "derive conv2d_input --simple",
    "matrix": "matrix x1x1x3x3-w1x1x2x2",
    "layers": "layers",
    "refuted": "verify docs/examples/careless.py:conv2d",
    "verify": "verify",
    "torch": "verify torch",
}


def output(name):
    """Return the command and what it prints, as a block of Markdown."""
    words = COMMANDS[name].split()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "TERM": "dumb"}
    command = [sys.executable, "-m", "convproof", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
    lines = [line.rstrip() for line in done.stdout.strip("\n").splitlines()]
    return "\n".join(["```console", f"$ convproof {' '.join(words)}", *lines, "```"])


def section(name, text):
    """Return the text of a section of the README, without its marks."""
    return re.search(rf"<!-- {name}: begin -->\n(.*?)\n?<!-- {name}: end -->", text, re.DOTALL)[1]


def main(names):
    """Rewrite the named sections."""
    text = README.read_text(encoding="utf-8")
    for name in names:
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{output(name)}\n{end}{rest.partition(end)[2]}"
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or COMMANDS)
