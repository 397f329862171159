"""The run-through of a made-up call, in small: from submission to published decisions."""

import pytest

from bench.full_call import QUICK, Walk
from compute_grants.models import Allocation, Proposal

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.mark.timeout(300)
def test_from_submission_to_published_decisions(capsys):
    walk = Walk(QUICK)
    for name, seconds in walk.go():
        with capsys.disabled():
            print(f"{name}: {seconds:.1f} s")  # noqa: T201  the figure to show
    states = set(walk.call.proposals.values_list("state", flat=True))
    assert states <= {Proposal.State.AWARDED, Proposal.State.WAITLISTED}
    awarded = Allocation.objects.filter(proposal__call=walk.call)
    assert awarded.count() >= walk.counts["awarded"] > 0
    assert walk.counts["reviews"] == walk.counts["invitations"] == 3 * QUICK.proposals
