"""Who sees which machine, call, proposal and assignment: every state, every kind of person."""

import pytest
from django.contrib.auth.models import AnonymousUser

from compute_grants.models import Call, Machine, Proposal, ReviewAssignment
from consortium.models import ArmAppointment
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    InstitutionFactory,
    delegate,
    deployment_officer,
    institution_admin,
    member,
    operator,
    principal,
    research_officer,
    reviewer,
    staff,
)

SUBMITTED = sorted(set(Proposal.State) - {"draft", "withdrawn"})


@pytest.fixture
def call(db):
    return make.call_with()


def sees(user, proposal) -> bool:
    return Proposal.objects.visible_to(user).filter(pk=proposal.pk).exists()


@pytest.mark.parametrize("state", ["draft", "withdrawn", *SUBMITTED])
def test_the_lead_always_sees_their_own(call, state):
    proposal = make.proposal_for(call, state=state)
    assert sees(proposal.lead, proposal)


def auditor():
    return staff(ArmAppointment.Office.AUDITOR)


@pytest.mark.parametrize("state", SUBMITTED)
@pytest.mark.parametrize("who", [research_officer, auditor])
def test_the_office_and_auditors_see_what_was_handed_in(call, state, who):
    assert sees(who(), make.proposal_for(call, state=state))


@pytest.mark.parametrize("state", ["draft", "withdrawn"])
def test_nobody_else_sees_what_was_not(call, state):
    proposal = make.proposal_for(call, state=state)
    centre = call.budgets.get().resource.machine.centre
    people = [
        research_officer(),
        auditor(),
        make.operator_of(centre),
        make.panellist(call),
        principal(proposal.institution),
        institution_admin(proposal.institution),
    ]
    assert not any(sees(person, proposal) for person in people)


@pytest.mark.parametrize("state", SUBMITTED)
def test_operators_see_what_asks_for_their_machine(call, state):
    proposal = make.proposal_for(call, state=state)
    assert sees(make.operator_of(call.budgets.get().resource.machine.centre), proposal)
    assert not sees(operator(), proposal)


@pytest.mark.parametrize(
    ("trait", "seen"), [("", False), ("declined", False), ("confirmed", True), ("submitted", True)]
)
def test_reviewers_see_it_once_they_confirmed(call, trait, seen):
    proposal = make.proposal_for(call, state="peer_review")
    assignment = make.AssignmentFactory.create(proposal=proposal, **{trait: True} if trait else {})
    assert sees(assignment.reviewer, proposal) is seen


@pytest.mark.parametrize("state", SUBMITTED)
def test_the_panel_sees_the_calls_proposals(call, state):
    proposal = make.proposal_for(call, state=state)
    assert sees(make.panellist(call), proposal)
    assert not sees(make.panellist(make.CallFactory.create()), proposal)


def test_but_not_where_its_member_has_an_interest(call):
    house = InstitutionFactory.create(related_group="north")
    sister = InstitutionFactory.create(related_group="north")
    proposal = make.proposal_for(call, state="ranked", institution=house)
    for place in (house, sister):
        person = reviewer(place, panellist=True)
        call.panel.add(person)
        assert not sees(person, proposal)


@pytest.mark.parametrize("who", [member, principal, delegate, institution_admin, reviewer])
def test_strangers_see_nothing(call, who):
    assert not sees(who(), make.proposal_for(call, state="submitted"))


@pytest.mark.parametrize("state", ["draft", *SUBMITTED])
def test_the_deployment_office_sees_none_not_even_through_another_hat(call, state):
    officer = deployment_officer()
    proposal = make.proposal_for(call, state=state)
    assert not sees(officer, proposal)
    call.panel.add(officer)
    make.AssignmentFactory.create(proposal=proposal, reviewer=officer, confirmed=True)
    own = make.proposal_for(call, state=state, lead=officer)
    assert not Proposal.objects.visible_to(officer).exists()
    assert not ReviewAssignment.objects.visible_to(officer).exists()
    assert own.pk


def test_assignments_are_seen_by_their_reviewer_and_the_office(call):
    assignment = make.AssignmentFactory.create(
        proposal=make.proposal_for(call, state="peer_review")
    )
    seen = ReviewAssignment.objects.visible_to
    assert seen(assignment.reviewer).get() == seen(research_officer()).get() == assignment
    for person in (assignment.proposal.lead, reviewer(), make.panellist(call), operator()):
        assert not seen(person).exists()


def test_an_officer_does_not_learn_who_reviews_their_own(call):
    officer = research_officer()
    proposal = make.proposal_for(call, state="peer_review", lead=officer)
    make.AssignmentFactory.create(proposal=proposal)
    assert not ReviewAssignment.objects.visible_to(officer).exists()


@pytest.mark.parametrize("state", Machine.State.values)
def test_machines(db, state):
    machine = make.MachineFactory.create(state=state)
    public = state != "draft"

    def seen(user) -> bool:
        return Machine.objects.visible_to(user).exists()

    assert seen(make.operator_of(machine.centre)) and seen(research_officer())
    for user in (AnonymousUser(), member(), operator(), deployment_officer()):
        assert seen(user) is public


@pytest.mark.parametrize("state", Call.State.values)
def test_calls(db, state):
    make.CallFactory.create(state=state)
    assert Call.objects.visible_to(research_officer()).exists()
    for user in (AnonymousUser(), member(), operator(), deployment_officer()):
        assert Call.objects.visible_to(user).exists() is (state != "draft")
