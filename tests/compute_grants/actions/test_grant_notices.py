"""Who is told that something waits for them, or no longer does."""

from datetime import timedelta

import pytest
from django.utils import timezone

from compute_grants.actions import acceptances, allocations, decision_sets, proposals, reviews
from compute_grants.models import Acceptance, DecisionLetter
from consortium.models import Notification
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.factories.allocations import active
from tests.factories.consortium import member, operator, research_officer, reviewer


def told(code: str) -> set[int]:
    return set(Notification.objects.filter(code=code).values_list("person", flat=True))


def test_the_centres_asked_are_told_to_judge(call):
    proposal = make.proposal_for(call, state="submitted")
    centre = call.budgets.get().resource.machine.centre
    mine, _elsewhere = make.operator_of(centre), operator()
    proposals.send_to_centres(proposal, by=research_officer())
    assert told("proposal.to_judge") == {mine.pk}


def test_no_operator_is_asked_about_a_proposal_of_their_own(call):
    centre = call.budgets.get().resource.machine.centre
    mine = make.operator_of(centre)
    proposal = make.proposal_for(call, state="submitted", lead=mine)
    proposals.send_to_centres(proposal, by=research_officer())
    assert told("proposal.to_judge") == set()


def test_who_still_reviews_is_told_of_a_withdrawal(call):
    proposal = make.proposal_for(call, state="peer_review")
    office, due = research_officer(), timezone.now() + timedelta(days=9)
    invited, reading, gone, done = (
        reviews.assign(proposal, reviewer=reviewer(), due_at=due, by=office) for _ in range(4)
    )
    reviews.declare(reading, conflict="", by=reading.reviewer)
    reviews.declare(gone, conflict="We wrote a paper.", by=gone.reviewer)
    done.state, done.declared_at = "submitted", timezone.now()
    done.save()
    proposals.withdraw(proposal, by=proposal.lead)
    assert told("proposal.withdrawn") == {invited.reviewer_id, reading.reviewer_id}


def test_a_new_member_is_told_of_the_grant(db):
    grant, friend = active(), member()
    row = allocations.add_member(grant, user=friend, by=grant.proposal.lead)
    notice = Notification.objects.get(code="allocation.member_added")
    assert (notice.person_id, notice.facts["name"]) == (friend.pk, row.cluster_user)


def test_who_had_signed_is_told_that_the_set_changed(call):
    signed, other = make.panellist(call), make.panellist(call)
    first, second = (make.proposal_for(call, state="ranked", hours=100) for _ in range(2))
    found = sets.proposed(other, sets.choice(first, "rejected"))
    sets.sign(found, signed)
    decision_sets.put(found, choices=[sets.choice(second, "rejected")], by=other)
    assert told("decision_set.reopened") == {signed.pk}


def test_who_changes_what_they_signed_knows(call):
    judge = make.panellist(call)
    first, second = (make.proposal_for(call, state="ranked", hours=100) for _ in range(2))
    found = sets.proposed(judge, sets.choice(first, "rejected"))
    sets.sign(found, judge)
    decision_sets.put(found, choices=[sets.choice(second, "rejected")], by=judge)
    assert told("decision_set.reopened") == set()


@pytest.mark.parametrize("answer", ["accepted", "declined"])
def test_the_office_hears_the_leads_answer(call, answer):
    office = research_officer()
    judges = [make.panellist(call) for _ in range(2)]
    sets.published(*judges, sets.choice(make.proposal_for(call, state="ranked"), hours=80))
    award = Acceptance.objects.get()
    lead = award.decision.proposal.lead
    if answer == "accepted":
        letter = DecisionLetter.objects.get().sha256
        acceptances.accept(award, letter_sha256=letter, by=lead)
    else:
        acceptances.decline(award, reason="The postdoc left.", by=lead)
    assert office.pk in told(f"acceptance.{answer}")
    assert lead.pk not in told(f"acceptance.{answer}")
