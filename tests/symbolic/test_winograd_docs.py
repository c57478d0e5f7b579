"""The page on Winograd's algorithms shows what the code computes, and its LaTeX is LaTeX."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from convproof.symbolic.winograd import winograd
from convproof.symbolic.winograd.points import written

PAGE = Path(__file__).parents[2] / "docs" / "winograd.md"
ROW = re.compile(r"\| \$F\((\d+) \\times \1, (\d+) \\times \2\)\$ \| (.*) \|")


def test_table_is_what_the_code_computes():
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) >= 7
    for m, r, shown in rows:
        one = winograd(int(m), int(r))
        nested = one.nested()
        assert shown.split(" | ") == [
            written(one.points),
            f"{float(nested.saving):.2f}",
            f"{float(nested.amplification):.4g}",
            f"{nested.typical_amplification:.3g}",
            f"{nested.error_growth('float32', 64):.3g}",
        ]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs TeX (pdflatex)")
def test_latex_compiles(tmp_path):
    small, wide = winograd(4, 3), winograd(8, 5)
    shown = [small, wide, small.nested(), small.nested(winograd(2, 3)), small.nested(small, small)]
    body = "\n\n".join(rf"\[{algorithm.latex()}\]" for algorithm in shown)
    document = tmp_path / "winograd.tex"
    head = r"\documentclass{article}\usepackage{amsmath}\pagestyle{empty}\begin{document}"
    document.write_text(rf"{head}{body}\end{{document}}", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", document.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
