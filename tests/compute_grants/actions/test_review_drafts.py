"""Drafts of reviews, conflicts that come up later, declining."""

import pytest
from django.core.exceptions import PermissionDenied

from compute_grants.actions import review_drafts, reviews
from compute_grants.models import Review, ReviewDraft
from consortium.errors import Invalid, WrongState
from consortium.models import Notification
from tests.compute_grants.actions.reviewing import later, save, submit
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    AffiliationFactory,
    reviewer,
)

# Drafts


def test_a_draft_is_kept_unfinished(confirmed):
    draft = save(confirmed)
    assert (draft.version, draft.content["comment"]) == (1, "Draft.")
    assert len(draft.content["scores"]) == confirmed.proposal.call.criteria.count()
    assert not Review.objects.exists()


def test_saving_again_counts_versions_and_nothing_changed_counts_none(confirmed):
    save(confirmed)
    assert save(confirmed, 1).version == 1
    assert save(confirmed, 1, reason="More.").version == 2


def test_a_newer_draft_is_never_overwritten(confirmed):
    save(confirmed)
    save(confirmed, 1, reason="From the other window.")
    with pytest.raises(review_drafts.DraftChanged) as caught:
        save(confirmed, 1, reason="From this one.")
    assert caught.value.now.version == 2
    stored = ReviewDraft.objects.get().content["scores"]
    assert "From the other window." in str(stored)


def test_only_its_reviewer_writes_it(confirmed, office):
    for who in (office, reviewer(), confirmed.proposal.lead):
        with pytest.raises(PermissionDenied):
            save(confirmed, by=who)


@pytest.mark.parametrize("trait", ["", "declined", "submitted"])
def test_not_before_confirming_nor_after(confirmed, trait):
    other = make.AssignmentFactory.create(
        proposal=confirmed.proposal, **{trait: True} if trait else {}
    )
    with pytest.raises(review_drafts.NotWriting):
        save(other)


@pytest.mark.parametrize("value", [6, -1, "5", [1]])
def test_hostile_scores_are_refused(confirmed, value):
    with pytest.raises(Invalid):
        save(confirmed, value=value)


def test_foreign_criteria_and_fields_are_dropped(confirmed):
    foreign = make.CallFactory.create().criteria.first()
    draft = review_drafts.save(
        confirmed,
        content={"scores": {str(foreign.pk): {"value": 1, "reason": "x"}}, "state": "submitted"},
        version=0,
        by=confirmed.reviewer,
    )
    assert str(foreign.pk) not in draft.content["scores"]
    assert "state" not in draft.content


def test_a_text_without_end_is_refused(confirmed):
    with pytest.raises(Invalid, match="20,000"):
        save(confirmed, reason="x" * 20_001)


def test_submitting_ends_the_draft(confirmed):
    save(confirmed)
    submit(confirmed)
    assert not ReviewDraft.objects.exists()


# Conflicts that come up later, in every path


def test_a_conflict_that_came_up_since_stops_the_review(confirmed):
    AffiliationFactory.create(user=confirmed.reviewer, institution=confirmed.proposal.institution)
    with pytest.raises(reviews.Conflict, match="institution"):
        submit(confirmed)
    assert not Review.objects.exists()


def test_self_review_is_refused_on_every_path(confirmed, office):
    """The reviewer has become the lead since: invite, declare, submit."""
    proposal, person = confirmed.proposal, confirmed.reviewer
    proposal.lead = person
    proposal.save()
    invited = make.AssignmentFactory.create(proposal=proposal)
    invited.reviewer = person
    with pytest.raises(reviews.Conflict, match="leads this"):
        submit(confirmed)
    confirmed.state = "invited"
    confirmed.save()
    with pytest.raises(reviews.Conflict, match="leads this"):
        reviews.declare(confirmed, conflict="", by=person)
    with pytest.raises(reviews.Conflict, match="leads this"):
        reviews.assign(proposal, reviewer=person, due_at=later(), by=office)


# Declining for want of time


@pytest.mark.parametrize("trait", ["", "confirmed"])
def test_decline_with_a_name(confirmed, trait):
    one = make.AssignmentFactory.create(
        proposal=confirmed.proposal, **{trait: True} if trait else {}
    )
    done = reviews.decline(one, reason="No time.", suggestion="Ada", by=one.reviewer)
    assert (done.state, done.suggestion, done.conflict) == ("declined", "Ada", "")
    assert Notification.objects.get(code="review.declined").person == one.assigned_by


def test_decline_says_why(confirmed):
    with pytest.raises(Invalid):
        reviews.decline(confirmed, reason=" ", by=confirmed.reviewer)


def test_only_the_invited_declines_and_once(confirmed, office):
    with pytest.raises(PermissionDenied):
        reviews.decline(confirmed, reason="x", by=office)
    reviews.decline(confirmed, reason="x", by=confirmed.reviewer)
    with pytest.raises(WrongState):
        reviews.decline(confirmed, reason="x", by=confirmed.reviewer)
