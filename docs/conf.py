"""Settings of the documentation."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
# Code on these pages runs in processes of its own: they find the sources too.
os.environ["PYTHONPATH"] = str(HERE.parent)
os.environ.setdefault("COLUMNS", "100")

from convproof import __version__  # noqa: E402

project = "convproof"
author = "convproof developers"
copyright = "2026, convproof developers"
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
]
intersphinx_mapping: dict = {}  # documentation builds without a network
exclude_patterns = ["_build", "jupyter_execute", "**/.ipynb_checkpoints"]

# Pages are executed: what they show is what the code does. One that fails, fails the build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 180
nb_merge_streams = True
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say more
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
default_role = "code"
# Docstrings write |y| for the number of elements of y; reStructuredText would take it for a substitution.
rst_epilog = "\n".join(rf".. |{name}| replace:: \|{name}\|" for name in "xwyg")

html_theme = "pydata_sphinx_theme"
html_title = "convproof"
html_static_path = ["_static"]
html_css_files = ["convproof.css"]
html_show_sourcelink = False
html_sidebars: dict = {"**": []}
html_theme_options = {
    "header_links_before_dropdown": 10,
    "navbar_persistent": [],
    "navbar_end": ["search-button", "theme-switcher"],
    "show_prev_next": False,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}

# The notebooks are read where they are, and shown here.
shutil.rmtree(HERE / "notebooks", ignore_errors=True)
shutil.copytree(HERE.parent / "notebooks", HERE / "notebooks", ignore=shutil.ignore_patterns(".*"))
