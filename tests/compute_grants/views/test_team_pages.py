"""The team's page, and the page where each person answers."""

import pytest

from compute_grants.models import TeamMember
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.factories import compute_grants as make
from tests.factories.consortium import PersonFactory, member, principal
from tests.factories.proposals import TeamMemberFactory


@pytest.fixture
def draft(db):
    return make.proposal_for(make.call_with())


def test_asked_answered_and_read(draft):
    lead, ada = Person(draft.lead), member(draft.institution)
    sent = lead.send("proposal_team", draft.number, person=ada.pk, role="member")
    assert sent.status_code == 302
    made = draft.team.get()
    assert ada.name in text(lead.get("proposal_team", draft.number))
    assert "has not answered" in text(lead.get("proposal_check", draft.number))
    assert "has not answered" in text(lead.send("proposal_check", draft.number, version=2))
    guest = Person(ada)
    assert guest.get("proposal", draft.number).status_code == 404
    page = text(guest.get("team_invitation", made.pk))
    assert draft.number in page and "Confirm" in page
    assert guest.send("team_invitation", made.pk, act="confirm").status_code == 302
    assert "Leave the team" in text(guest.get("team_invitation", made.pk))
    assert draft.summary in text(guest.get("proposal", draft.number))
    assert guest.get("proposal_sections", draft.number).status_code == 403


def test_a_co_investigator_works_in_the_editor(draft):
    ada = member(draft.institution)
    TeamMemberFactory.create(proposal=draft, user=ada, confirmed=True, role="co_investigator")
    guest = Person(ada)
    sent = guest.send("proposal_edit", draft.number, "data", version=1, data_ethics="Mine.")
    assert sent.status_code == 302
    page = text(guest.get("proposal_team", draft.number))
    assert "Only the lead applicant invites" in page
    assert "Only the lead applicant can submit" in text(guest.get("proposal_check", draft.number))


def test_by_address_with_a_link_to_pass_on(draft):
    lead = Person(draft.lead)
    lead.send("proposal_team", draft.number, email="grace@example.org", role="member")
    made = draft.team.get()
    assert made.get_absolute_url() in text(lead.get("proposal_team", draft.number))
    grace = Person(PersonFactory.create(email="grace@example.org"))
    sent = grace.send("team_invitation", made.pk, act="decline", note="Too busy.")
    assert sent.status_code == 302
    assert "Too busy." in text(lead.get("proposal_team", draft.number))
    assert lead.send("proposal_team_remove", draft.number, made.pk).status_code == 302
    assert not TeamMember.objects.exists()


def test_a_form_without_anybody(draft):
    sent = Person(draft.lead).send("proposal_team", draft.number, role="member")
    assert sent.status_code == 422 and "Choose a colleague" in text(sent)


def test_others_invitations_do_not_exist(draft):
    made = TeamMemberFactory.create(proposal=draft)
    assert Person(principal()).get("team_invitation", made.pk).status_code == 404


def test_over_the_api(draft):
    ada = member(draft.institution)
    lead, guest, path = Api(draft.lead), Api(ada), f"proposals/{draft.number}"
    lead.post(f"{path}/invite/", status=404, person=principal().pk)
    made = lead.post(f"{path}/invite/", status=201, person=ada.pk, role="co_investigator")
    lead.post(f"{path}/submit/", status=422)
    assert [row["proposal"] for row in guest.get("team-invitations/")["results"]] == [draft.number]
    guest.get(f"{path}/", status=404)
    assert guest.post(f"team-invitations/{made['id']}/confirm/")["state"] == "confirmed"
    assert guest.get(f"{path}/team/")[0]["name"] == ada.name
    guest.post(f"{path}/invite/", status=403, email="x@example.org")
    guest.post(f"team-invitations/{made['id']}/decline/", note="Moved.")
    assert lead.post(f"{path}/uninvite/", member=made["id"]) == []
