"""Comparisons with other libraries: `pytest -m peers`."""


def pytest_ignore_collect(collection_path, config):
    """Leave these files unread where all their tests would be deselected: what they import takes seconds."""
    return True if config.getoption("markexpr") == "not peers" else None
