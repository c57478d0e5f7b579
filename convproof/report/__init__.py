"""What a reader sees of a report: on a terminal, on a page, as data.

Reports are plain data (:mod:`convproof.evidence`); this package only shows them. Rich and Jinja2 are
imported when something is shown.
"""

from __future__ import annotations

from convproof.report.html import report_fragment, report_page
from convproof.report.summary import to_json

__all__ = ["report_fragment", "report_page", "to_json"]
