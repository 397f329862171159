"""Reopening, extending, taking back and replacing reviews."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants.actions import assignments as care
from compute_grants.actions import panel, reviews, technical
from compute_grants.models import Proposal, Review, ReviewDraft, ReviewVersion
from compute_grants.queries.panel import standings_of
from consortium.errors import Invalid, WrongState
from consortium.models import AuditEvent
from tests.compute_grants.actions.reviewing import DAY, later, submit
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    deployment_officer,
    member,
    operator,
    reviewer,
)
from tests.factories.reviews import RebuttalWindowFactory

# Reopening


def reopen(assignment, by, reason="Score the third criterion again."):
    return care.reopen(assignment, reason=reason, due_at=later(), by=by)


def test_reopen_and_revise_keeps_every_version(submitted, office):
    assert reopen(submitted, office).state == "reopened"
    draft = ReviewDraft.objects.get()
    assert draft.content["comment"] == "Good."
    review = submit(submitted, 2, "Revised.")
    assert (review.version, review.comment) == (2, "Revised.")
    kept = ReviewVersion.objects.order_by("version")
    assert [v.content["comment"] for v in kept] == ["Good.", "Revised."]
    assert set(review.scores.values_list("value", flat=True)) == {2}


def test_a_reopened_review_counts_until_it_is_submitted_again(submitted, office):
    reopen(submitted, office)
    assert standings_of([submitted.proposal])[submitted.proposal_id].reviews == 1


def test_nothing_is_ranked_while_one_is_reopened(submitted, office):
    call = submitted.proposal.call
    call.state, call.reviewers_per_proposal = "in_review", 1
    call.save()
    reopen(submitted, office)
    with pytest.raises(panel.NothingToRank):
        panel.rank(call, by=make.panellist(call))


def test_a_review_of_somebody_who_then_declines_counts_no_more(submitted, office):
    reopen(submitted, office)
    reviews.declare(submitted, conflict="We now share a lab.", by=submitted.reviewer)
    assert standings_of([submitted.proposal])[submitted.proposal_id].reviews == 0
    assert not Review.objects.visible_to(office).exists()


@pytest.mark.parametrize("who", [member, operator, reviewer, deployment_officer])
def test_only_the_office_reopens(submitted, who):
    with pytest.raises(PermissionDenied):
        reopen(submitted, who())


def test_nobody_of_the_office_reopens_their_own(submitted, office):
    submitted.reviewer = office
    submitted.save()
    with pytest.raises(PermissionDenied, match="colleague"):
        reopen(submitted, office)


def test_reopening_says_why(submitted, office):
    with pytest.raises(Invalid):
        reopen(submitted, office, reason="")


@pytest.mark.parametrize("state", ["ranked", "awarded", "withdrawn"])
def test_not_after_peer_review(submitted, office, state):
    Proposal.objects.filter(pk=submitted.proposal_id).update(state=state)
    with pytest.raises(technical.NotUnderReview):
        reopen(submitted, office)


def test_only_what_is_in_is_reopened(confirmed, office):
    with pytest.raises(WrongState):
        reopen(confirmed, office)


def test_keep_it_as_it_was(submitted, office):
    reopen(submitted, office)
    assert care.keep(submitted, by=submitted.reviewer).state == "submitted"
    assert Review.objects.get().version == 1
    with pytest.raises(care.NothingExpected):
        care.keep(submitted, by=submitted.reviewer)


def test_a_confirmed_review_cannot_be_kept_as_it_was(confirmed):
    with pytest.raises(care.NothingExpected):
        care.keep(confirmed, by=confirmed.reviewer)


def test_revise_only_while_rebuttal_is_open(submitted):
    with pytest.raises(care.NoRebuttalOpen):
        care.revise(submitted, by=submitted.reviewer)
    window = RebuttalWindowFactory.create(proposal=submitted.proposal)
    assert care.revise(submitted, by=submitted.reviewer).due_at == window.until


def test_a_closed_window_revises_nothing(submitted):
    RebuttalWindowFactory.create(
        proposal=submitted.proposal,
        opened_at=timezone.now() - 2 * DAY,
        until=timezone.now() - DAY,
    )
    with pytest.raises(care.NoRebuttalOpen):
        care.revise(submitted, by=submitted.reviewer)


# Extension, taking back, replacement


def test_extend(confirmed, office):
    due = later(30)
    done = care.extend(confirmed, due_at=due, reason="Travels.", by=office)
    assert done.due_at == due
    event = AuditEvent.objects.get(action="review.extended")
    assert event.detail["reason"] == "Travels."


def test_extension_lies_after_what_was_due_and_says_why(confirmed, office):
    for due, reason in ((confirmed.due_at, "x"), (later(-1), "x"), (later(40), " ")):
        with pytest.raises(Invalid):
            care.extend(confirmed, due_at=due, reason=reason, by=office)


def test_nothing_to_extend_once_it_is_in(submitted, office):
    with pytest.raises(care.NothingExpected):
        care.extend(submitted, due_at=later(40), reason="x", by=office)


def test_taken_back_closes_the_proposal(confirmed, office):
    person = confirmed.reviewer
    assert Proposal.objects.visible_to(person).exists()
    care.take_back(confirmed, reason="Too late.", by=office)
    assert not Proposal.objects.visible_to(person).exists()


def test_replace_in_one_step(confirmed, office):
    other = reviewer()
    made = care.replace(confirmed, reviewer=other, due_at=later(), reason="Silent.", by=office)
    confirmed.refresh_from_db()
    assert (confirmed.state, made.reviewer, made.state) == ("withdrawn", other, "invited")


def test_a_replacement_with_a_conflict_changes_nothing(confirmed, office):
    colleague = reviewer(confirmed.proposal.institution)
    with pytest.raises(reviews.Conflict):
        care.replace(confirmed, reviewer=colleague, due_at=later(), reason="x", by=office)
    confirmed.refresh_from_db()
    assert confirmed.state == "confirmed"


def test_what_is_in_is_not_taken_back(submitted, office):
    with pytest.raises(WrongState):
        care.take_back(submitted, reason="x", by=office)
