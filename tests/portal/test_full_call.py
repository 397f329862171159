"""The run-through of a made-up call, in small: from submission to open grants."""

import pytest

from bench import full_call_check
from bench.full_call import QUICK, Walk
from bench.result import Failed
from compute_grants.models import (
    Acceptance,
    Allocation,
    AwardLine,
    CallBudget,
    DecisionLetter,
    PanelDecision,
    Proposal,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def walk(capsys) -> Walk:
    walk = Walk(QUICK)
    for name, seconds in walk.go():
        with capsys.disabled():
            print(f"{name}: {seconds:.1f} s")  # noqa: T201  the figure to show
    return walk


@pytest.mark.timeout(300)
def test_from_submission_to_open_grants(walk):
    counts = walk.counts
    states = set(walk.call.proposals.values_list("state", flat=True))
    assert states <= {Proposal.State.AWARDED, Proposal.State.WAITLISTED, Proposal.State.REJECTED}
    assert counts["reviews"] == counts["invitations"] == counts["pairs planned"] > 0
    assert counts["given back"] == 1
    grants = Allocation.objects.filter(proposal__call=walk.call)
    assert grants.filter(state="active").count() >= counts["accepted"] > 0
    assert counts["letters as PDF"] > 0
    assert counts["waiting"] > 0 and counts["offered from the waitlist"] > 0, counts


@pytest.mark.timeout(300)
def test_the_check_names_what_is_wrong(walk):
    """Each of these rows, changed behind the actions' backs, is found."""
    call = walk.call
    full_call_check.check(call)
    line = AwardLine.objects.filter(decision__acceptance__state="accepted").first()
    grant = Allocation.objects.filter(proposal__call=call, state="active").first()
    declined = PanelDecision.objects.exclude(outcome="awarded").first()
    wrong = [
        (line, {"seconds": 10**15}, "cap"),
        (line, {"seconds": 10**15}, "ledger not so"),
        (line, {"seconds": 10**15}, "certified"),
        (CallBudget.objects.filter(call=call).first(), {"seconds": 1}, "awarded"),
        (grant, {"state": "suspended"}, str(grant)),
        (declined, {"reason": " "}, "without a reason"),
        (Acceptance.objects.filter(state="accepted").first(), {"letter_sha256": "0"}, "another"),
        (DecisionLetter.objects.first(), {"content": {"lines": []}}, "no letter"),
        (DecisionLetter.objects.last(), {"sha256": "0" * 64}, "no letter"),
    ]
    for row, change, said in wrong:
        kept = {name: getattr(row, name) for name in change}
        type(row).objects.filter(pk=row.pk).update(**change)
        with pytest.raises(Failed, match=said):
            full_call_check.check(call)
        type(row).objects.filter(pk=row.pk).update(**kept)
    full_call_check.check(call)
