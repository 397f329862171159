"""For every test of compute grants: a trial cluster of one's own, and a call before its panel."""

import pytest

from tests.factories import compute_grants as make


@pytest.fixture(autouse=True)
def memory_cluster(settings, tmp_path):
    """The memory backend keeps its file under STATE_DIR, which is this test's own."""
    settings.STATE_DIR = tmp_path
    return tmp_path / "memory-cluster"


@pytest.fixture
def call(db):
    """A call in review, with a thousand hours to give."""
    return make.call_with(hours=1_000, state="in_review")


@pytest.fixture
def judge(call):
    """One of its panel."""
    return make.panellist(call)


@pytest.fixture
def proposal(call):
    """A proposal that its panel decides on."""
    return make.proposal_for(call, state="ranked")
