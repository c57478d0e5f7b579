"""Settings of all tests: how Hypothesis draws, and what a test of the command line sees of its surroundings."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Times vary on shared machines, so that a deadline would fail for no reason. Continuous integration draws the
# same examples every time; at a desk new ones are drawn, and kept when they fail.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("dev"), derandomize=True, print_blob=True, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))

# What a terminal says of itself must not change what the tests read.
for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "LINES"):
    os.environ.pop(name, None)
os.environ["TERM"] = "dumb"
