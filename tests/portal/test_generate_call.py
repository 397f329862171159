"""manage.py generate_call: a call of any size, the same from the same seed."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from compute_grants.models import Call, Proposal, ResourceRequest, ReviewAssignment
from consortium.models import AuditEvent, Institution
from portal.demo.volume import run
from tests.factories.consortium import PersonFactory

pytestmark = pytest.mark.django_db
SMALL = {"proposals": 6, "machines": 3, "reviewers": 8}


def generate(**options) -> str:
    out = StringIO()
    call_command("generate_call", stdout=out, **(SMALL | options))
    return out.getvalue()


def wishes() -> list[tuple]:
    """What was made up, without what the clock or the numbering made."""
    rows = ResourceRequest.objects.order_by("pk").select_related("proposal", "resource__machine")
    return [
        (
            row.proposal.title_en,
            row.proposal.lead.email,
            row.resource.machine.code,
            row.precision,
            row.seconds,
        )
        for row in rows
    ]


def test_a_whole_call_to_its_ranking():
    said = generate()
    call = Call.objects.get()
    assert call.state == Call.State.IN_REVIEW
    assert call.proposals.count() == 6
    assert "seconds" in said and "in bulk" in said and "through actions" in said
    states = set(call.proposals.values_list("state", flat=True))
    assert states <= {Proposal.State.RANKED, Proposal.State.REJECTED}
    ranked = call.proposals.filter(state=Proposal.State.RANKED)
    reviews = ReviewAssignment.objects.filter(proposal__in=ranked, state="submitted")
    assert reviews.count() == ranked.count() * run.REVIEWS_EACH
    assert AuditEvent.objects.filter(action="review.submitted").count() == reviews.count()
    for assignment in reviews.select_related("proposal"):
        assert assignment.reviewer_id != assignment.proposal.lead_id
    assert all(both.title_en and both.title_zh for both in call.proposals.all())


def test_stops_where_it_is_told():
    generate(until="submitted")
    assert set(Proposal.objects.values_list("state", flat=True)) == {"submitted"}
    assert Call.objects.get().state == Call.State.OPEN


def test_the_same_from_the_same_seed(django_db_blocker):
    size = run.Size(**SMALL, seed=5)
    found = []
    for _ in range(2):
        sid = connection.savepoint() if connection.in_atomic_block else None
        run.make(size, until="submitted", say=lambda _line: None)
        found.append(wishes())
        connection.savepoint_rollback(sid)
    assert found[0] == found[1]
    run.make(run.Size(**SMALL, seed=6), until="submitted", say=lambda _line: None)
    assert wishes() != found[0]


def test_a_seed_is_used_once():
    generate(until="submitted")
    with pytest.raises(CommandError, match="seed"):
        generate(until="submitted")


def test_refuses_where_people_use_the_site(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "NAME", "portal")
    PersonFactory.create()
    with pytest.raises(CommandError, match="People use this site"):
        generate(until="submitted")
    assert not Institution.objects.exists()
    generate(until="submitted", force=True)
    assert Call.objects.count() == 1


def test_a_made_up_call_may_stand_beside_another(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "NAME", "portal")
    generate(until="submitted")
    generate(until="submitted", seed=2)
    assert Call.objects.count() == 2


def test_too_small_is_refused():
    with pytest.raises(CommandError, match="three reviewers"):
        generate(reviewers=2)
