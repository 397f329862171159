"""The team of a proposal: asked, confirmed, declined, removed, and what each may do."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from compute_grants.actions import proposals, reviews, team
from compute_grants.models import Proposal, Review, TeamMember
from compute_grants.policies.conflicts import Code, conflicts_between
from compute_grants.queries.panel import board
from compute_grants.queries.proposal_content import content
from compute_grants.queries.sections import sections
from compute_grants.queries.team import team_invitations
from consortium.errors import Invalid, WrongState
from consortium.inbox import read_together
from consortium.models import AuditEvent, Notification
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    PersonFactory,
    deployment_officer,
    member,
    principal,
    research_officer,
    reviewer,
)
from tests.factories.proposals import TeamMemberFactory


@pytest.fixture
def draft(db) -> Proposal:
    return make.proposal_for(make.call_with())


@pytest.fixture
def ada(db):
    return member()


def invite(proposal, person=None, **more) -> TeamMember:
    more.setdefault("by", proposal.lead)
    return team.invite(proposal, person=person, **more)


def codes() -> list[str]:
    return list(Notification.objects.order_by("pk").values_list("code", flat=True))


# Asking


def test_asked_by_account(draft, ada):
    made = invite(draft, ada, role="co_investigator")
    home = ada.affiliations.get().institution
    assert (made.user, made.email, made.institution) == (ada, ada.email, home)
    assert made.state == "invited"
    draft.refresh_from_db()
    assert draft.version == 2
    actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["proposal.saved", "proposal.member_invited"]
    assert codes() == ["proposal.member_invited"]


def test_asked_by_address_finds_the_account(draft, ada):
    assert invite(draft, email=ada.email.upper()).user == ada


def test_asked_by_an_address_without_an_account(draft):
    made = invite(draft, email="New@Example.org", name="Grace")
    assert (made.user, made.email, made.shown_name) == (None, "new@example.org", "Grace")
    assert not codes()


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"email": ""}, "email"), ({"email": "a@b.cn", "role": "principal"}, "role")],
)
def test_what_an_invitation_needs(draft, fields, field):
    with pytest.raises(Invalid) as caught:
        invite(draft, **fields)
    assert list(caught.value.errors) == [field]


def test_nobody_twice_and_not_the_lead(draft, ada):
    invite(draft, ada)
    with pytest.raises(team.AlreadyOnTeam):
        invite(draft, email=ada.email)
    with pytest.raises(team.AlreadyOnTeam, match="leads"):
        invite(draft, draft.lead)


def test_a_team_has_an_end(draft, monkeypatch):
    monkeypatch.setattr(team, "MOST", 1)
    invite(draft, email="a@example.org")
    with pytest.raises(team.TeamIsFull):
        invite(draft, email="b@example.org")


@pytest.mark.parametrize("who", [member, principal, research_officer])
def test_only_the_lead_asks_and_removes(draft, ada, who):
    made = invite(draft, ada)
    with pytest.raises(PermissionDenied):
        invite(draft, email="x@example.org", by=who())
    with pytest.raises(PermissionDenied):
        team.remove(made, by=who())


def test_a_co_investigator_does_not_ask(draft, ada):
    TeamMemberFactory.create(proposal=draft, user=ada, confirmed=True, role="co_investigator")
    with pytest.raises(PermissionDenied):
        invite(draft, email="x@example.org", by=ada)


def test_not_after_submission(draft, ada):
    made = TeamMemberFactory.create(proposal=draft, user=ada, confirmed=True)
    proposals.submit(draft, by=draft.lead)
    with pytest.raises(proposals.NotEditable):
        invite(draft, email="x@example.org")
    with pytest.raises(proposals.NotEditable):
        team.remove(made, by=draft.lead)


# Answering


def test_confirm(draft, ada):
    made = team.confirm(invite(draft, ada), by=ada)
    assert made.state == "confirmed" and made.answered_at
    assert codes()[-1] == "proposal.member_confirmed"
    with pytest.raises(WrongState):
        team.confirm(made, by=ada)


def test_decline_and_asked_again(draft, ada):
    made = team.decline(invite(draft, ada), note="No time.", by=ada)
    assert (made.state, made.note) == ("declined", "No time.")
    assert codes()[-1] == "proposal.member_declined"
    again = invite(draft, ada)
    assert (again.pk, again.state, again.note) == (made.pk, "invited", "")


def test_the_address_answers_once_it_has_an_account(draft):
    made = invite(draft, email="grace@example.org")
    grace = PersonFactory.create(email="Grace@example.org")
    assert team.confirm(made, by=grace).user == grace


@pytest.mark.parametrize("who", [member, research_officer])
def test_nobody_answers_for_another(draft, ada, who):
    made = invite(draft, ada)
    for act in (team.confirm, team.decline):
        with pytest.raises(PermissionDenied):
            act(made, by=who())


def test_leave_a_submitted_proposal_but_not_a_decided_one(draft, ada):
    made = TeamMemberFactory.create(proposal=draft, user=ada, confirmed=True)
    Proposal.objects.update(state="withdrawn")
    with pytest.raises(team.ProposalOver):
        team.decline(made, by=ada)
    Proposal.objects.update(state="draft")
    assert team.decline(made, by=ada).state == "declined"


def test_remove_tells_the_person(draft, ada):
    team.remove(invite(draft, ada), by=draft.lead)
    assert not draft.team.exists()
    assert codes()[-1] == "proposal.member_removed"


def test_an_answer_is_somebodys(draft):
    with pytest.raises(IntegrityError), transaction.atomic():
        TeamMemberFactory.create(proposal=draft, user=None, state="confirmed")


def test_it_waits_for_the_person(draft, ada):
    invite(draft, ada)
    task = read_together(team_invitations(ada))[0]
    assert (task.verb, task.due) == ("Answer", draft.call.closes_at)
    assert not read_together(team_invitations(member()))
    Proposal.objects.update(state="withdrawn")
    assert not read_together(team_invitations(ada))


# What it means


def test_submission_waits_for_the_answer_and_says_whose(draft, ada):
    made = invite(draft, ada)
    with pytest.raises(Invalid) as caught:
        proposals.submit(draft, by=draft.lead)
    assert ada.name in caught.value.errors["team"][0]
    assert {s.name: s.state for s in sections(draft)}["team"] == "in_progress"
    team.remove(made, by=draft.lead)
    TeamMemberFactory.create(proposal=draft, declined=True)
    assert {s.name: s.state for s in sections(draft)}["team"] == "not_started"
    assert proposals.submit(draft, by=draft.lead).pk


def test_the_content_names_who_confirmed(draft, ada):
    TeamMemberFactory.create(proposal=draft, user=ada, confirmed=True, role="co_investigator")
    TeamMemberFactory.create(proposal=draft, declined=True)
    assert [row["email"] for row in content(draft)["team"]] == [ada.email]


def test_members_read_and_co_investigators_write(draft, ada):
    made = invite(draft, ada)
    seen = Proposal.objects.visible_to(ada)
    assert not seen.exists()
    team.confirm(made, by=ada)
    assert seen.get() == draft
    draft.refresh_from_db()
    with pytest.raises(PermissionDenied):
        proposals.save(draft, version=draft.version, summary="x", by=ada)
    TeamMember.objects.update(role="co_investigator")
    assert proposals.save(draft, version=draft.version, summary="x", by=ada).summary == "x"
    for act in (proposals.submit, proposals.withdraw):
        with pytest.raises(PermissionDenied):
            act(draft, by=ada)


def test_who_declined_reads_nothing(draft, ada):
    team.decline(invite(draft, ada), by=ada)
    assert not Proposal.objects.visible_to(ada).exists()


def test_the_other_side_of_the_wall_stays_there(draft):
    officer = deployment_officer()
    TeamMemberFactory.create(proposal=draft, user=officer, confirmed=True)
    assert not Proposal.objects.visible_to(officer).exists()


@pytest.mark.parametrize("state", ["invited", "confirmed"])
def test_the_team_does_not_review(db, state):
    proposal = make.ProposalFactory.create(peer_review=True)
    person = reviewer()
    TeamMemberFactory.create(proposal=proposal, user=person, **{state: True})
    found = conflicts_between([proposal], [person])[proposal.pk, person.pk]
    assert Code.TEAM in [reason.code for reason in found]
    with pytest.raises(reviews.Conflict):
        reviews.assign(proposal, reviewer=person, due_at=make.ago(days=-7), by=research_officer())


def test_an_address_asked_before_it_had_an_account_counts(db):
    proposal = make.ProposalFactory.create(peer_review=True)
    person = reviewer()
    TeamMemberFactory.create(proposal=proposal, user=None, email=person.email.upper())
    assert (proposal.pk, person.pk) in conflicts_between([proposal], [person])


def test_the_office_and_the_panel_stay_out_of_their_own(db):
    judge = reviewer(panellist=True)
    call = make.call_with(panel=[judge], state="in_review")
    proposal = make.proposal_for(call, state="ranked")
    review = make.review_of(proposal)
    officer = research_officer()
    for person in (judge, officer):
        TeamMemberFactory.create(proposal=proposal, user=person, confirmed=True)
        assert not Review.objects.visible_to(person).filter(pk=review.pk).exists()
    assert [row.masked for row in board(call, judge)] == [True]
    submitted = make.proposal_for(call, state="submitted")
    TeamMemberFactory.create(proposal=submitted, user=officer, confirmed=True)
    with pytest.raises(PermissionDenied, match="your own"):
        proposals.send_to_centres(submitted, by=officer)
