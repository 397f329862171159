"""Pages and API of the waitlist."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from compute_grants.actions import panel
from compute_grants.models import WaitlistPlace
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.factories import compute_grants as make
from tests.factories.consortium import member, research_officer


@pytest.fixture
def call(db):
    return make.call_with(state="in_review", hours=50)


def waiting(call, judge, **fields):
    proposal = make.proposal_for(call, state="ranked", **fields)
    panel.waitlist(proposal, reason="Later.", by=judge)
    return proposal


def test_the_panel_reads_who_waits_for_what(call, judge):
    proposal = waiting(call, judge)
    own = waiting(call, make.panellist(call), lead=judge, title_en="My own one")
    page = text(Person(judge).get("waitlist", call.code))
    assert proposal.title_en in page and "50.0 card-hours more on" in page
    assert own.number in page and "My own one" not in page
    assert Person(research_officer()).get("waitlist", call.code).status_code == 200
    assert Person(proposal.lead).get("waitlist", call.code).status_code == 403


def test_the_lead_says_the_least(call, judge):
    proposal = waiting(call, judge)
    lead = Person(proposal.lead)
    assert "of 1" in text(lead.get("waitlist_place", proposal.number))
    assert lead.send("waitlist_place", proposal.number, percent=0).status_code == 422
    lead.send("waitlist_place", proposal.number, percent=60)
    assert WaitlistPlace.objects.get().least_percent == 60
    assert "10.0 card-hours more on" in text(Person(judge).get("waitlist", call.code))
    assert Person(member()).get("waitlist_place", proposal.number).status_code == 404
    assert "waitlist" in text(lead.get("decision_receipt", proposal.number))


def test_over_the_api(call, judge):
    first, second = waiting(call, judge), waiting(call, judge)
    (row,) = Api(second.lead).get("waitlist/")["results"]
    assert (row["proposal"], row["position"]) == (second.number, 2)
    Api(second.lead).get(f"waitlist/{first.number}/", 404)
    assert len(Api(judge).get("waitlist/")["results"]) == 2
    changed = Api(second.lead).post(f"waitlist/{second.number}/set-least/", percent=70)
    assert changed["least_percent"] == 70


def test_it_costs_the_same_however_long(call, judge):
    person, counts = Person(judge), []
    for _ in range(3):
        waiting(call, judge)
        with CaptureQueriesContext(connection) as queries:
            assert person.get("waitlist", call.code).status_code == 200
        counts.append(len(queries))
    assert counts[1] == counts[2] <= 16, counts
