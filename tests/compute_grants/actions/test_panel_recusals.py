"""A member of the panel declares a conflict: action, page and API."""

import pytest
from django.core.exceptions import PermissionDenied

from compute_grants.actions import panel_recusals as actions
from compute_grants.models import PanelRecusal, Proposal
from compute_grants.policies.reviews import can_decide
from consortium.errors import Invalid
from consortium.models import AuditEvent
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.factories.consortium import research_officer

REASON = "We own a company together."


def test_what_is_declared_is_kept_and_closes_the_proposal(judge, proposal):
    assert can_decide(judge, proposal)
    recusal = actions.declare(proposal, reason=f" {REASON} ", by=judge)
    assert recusal.reason == REASON
    event = AuditEvent.objects.get(action="panel.conflict_declared")
    assert (event.actor_id, event.detail) == (judge.pk, {"proposal": proposal.number})
    assert not can_decide(judge, proposal)
    assert not Proposal.objects.visible_to(judge).exists()
    with pytest.raises(actions.AlreadyDeclared):
        actions.declare(proposal, reason=REASON, by=judge)


def test_only_the_panel_of_the_call_declares_and_says_why(judge, proposal):
    with pytest.raises(PermissionDenied):
        actions.declare(proposal, reason=REASON, by=make.panellist())
    with pytest.raises(Invalid):
        actions.declare(proposal, reason=" ", by=judge)
    assert not PanelRecusal.objects.exists()


def test_a_signature_given_before_counts_no_more(call, judge, proposal):
    other = make.proposal_for(call, state="ranked")
    second, third = make.panellist(call), make.panellist(call)
    found = sets.proposed(second, sets.choice(proposal))
    untouched = sets.proposed(second, sets.choice(other))
    sets.sign(found, judge)
    sets.sign(untouched, judge)
    sets_signed = found.signatures, untouched.signatures
    actions.declare(proposal, reason=REASON, by=judge)
    assert [rows.count() for rows in sets_signed] == [0, 1]
    sets.sign(found, second)
    assert Proposal.objects.get(pk=proposal.pk).state == "ranked"
    sets.sign(found, third)
    assert Proposal.objects.get(pk=proposal.pk).state == "awarded"


def test_on_the_page(call, judge, proposal):
    person = Person(judge)
    assert "Declare a conflict" in text(person.get("board", call.code))
    assert person.send("panel_conflict", proposal.number, reason="").status_code == 422
    person.send("panel_conflict", proposal.number, reason=REASON)
    assert proposal.title not in text(person.get("board", call.code))
    assert person.get("panel_conflict", proposal.number).status_code == 404
    office = Person(research_officer())
    assert REASON in text(office.get("assignment_list", proposal.number))
    assert office.get("panel_conflict", proposal.number).status_code == 403


def test_over_the_api(call, judge, proposal):
    api = Api(judge)
    path = f"/api/v1/proposals/{proposal.number}/declare-conflict/"
    sent = api.client.post(path, {"reason": REASON}, content_type="application/json")
    assert sent.status_code == 204, sent.content
    assert [row["masked"] for row in api.get(f"calls/{call.code}/board/")] == [True]
