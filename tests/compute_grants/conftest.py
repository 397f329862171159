"""A trial cluster of one's own for every test of compute grants."""

import pytest


@pytest.fixture(autouse=True)
def memory_cluster(settings, tmp_path):
    """The memory backend keeps its file under STATE_DIR, which is this test's own."""
    settings.STATE_DIR = tmp_path
    return tmp_path / "memory-cluster"
