"""Pages and API of awards that wait for their leads."""

import pytest

from compute_grants.models import Acceptance, DecisionLetter
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.factories.consortium import member


@pytest.fixture
def proposal(db):
    call = make.call_with(state="in_review")
    made = make.proposal_for(call, state="ranked")
    sets.published(make.panellist(call), make.panellist(call), sets.choice(made, hours=80))
    return made


def test_the_lead_accepts_on_the_page(proposal):
    lead = Person(proposal.lead)
    page = text(lead.get("acceptance", proposal.number))
    sha256 = DecisionLetter.objects.get().sha256
    assert sha256 in page and "80.0 card-hours" in page
    grant = proposal.allocations.get()
    assert "waits for its lead" in text(lead.get("allocation", grant.number))
    unread = lead.send("acceptance", proposal.number, act="accept", letter_sha256=sha256)
    assert unread.status_code == 422
    old = {"act": "accept", "letter_sha256": "0" * 64, "read": "on"}
    assert lead.send("acceptance", proposal.number, **old).status_code == 409
    lead.send("acceptance", proposal.number, **old | {"letter_sha256": sha256})
    assert Acceptance.objects.get().state == "accepted"
    assert "Accepted" in text(lead.get("acceptance", proposal.number))


def test_the_lead_declines_on_the_page(proposal):
    lead = Person(proposal.lead)
    silent = lead.send("acceptance", proposal.number, act="decline", reason="")
    assert silent.status_code == 422
    lead.send("acceptance", proposal.number, act="decline", reason="Funded elsewhere.")
    assert Acceptance.objects.get().state == "declined"
    assert "Funded elsewhere." in text(lead.get("acceptance", proposal.number))


def test_others_read_or_do_not_see(proposal):
    judge = Person(proposal.call.panel.first())
    assert "Only the lead" in text(judge.get("acceptance", proposal.number))
    refused = judge.send("acceptance", proposal.number, act="decline", reason="No.")
    assert refused.status_code == 403
    assert Person(member()).get("acceptance", proposal.number).status_code == 404


def test_over_the_api(proposal):
    lead = Api(proposal.lead)
    (row,) = lead.get("acceptances/")["results"]
    assert (row["proposal"], row["state"]) == (proposal.number, "offered")
    path = f"acceptances/{proposal.number}"
    Api(member()).get(f"{path}/", 404)
    lead.post(f"{path}/accept/", 409, letter_sha256="0" * 64)
    done = lead.post(f"{path}/accept/", letter_sha256=row["letter_sha256"])
    assert done["state"] == "accepted"
    lead.post(f"{path}/decline/", 409, reason="Changed my mind.")
