"""What the office does with an invitation that is out: more time, somebody else, once more."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions import reviews
from compute_grants.actions.reviews import as_content, locked
from compute_grants.actions.technical import NotUnderReview
from compute_grants.models import (
    Proposal,
    RebuttalWindow,
    Review,
    ReviewAssignment,
    ReviewDraft,
)
from compute_grants.policies import reviews as policy
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid
from consortium.models import User
from consortium.states import require_transition

State = ReviewAssignment.State


class NothingExpected(DomainError):
    """No review is expected any more on this invitation."""


class NoRebuttalOpen(DomainError):
    """A reviewer revises a review only while its rebuttal window is open."""


def _handled(assignment: ReviewAssignment, reason: str, by: User) -> ReviewAssignment:
    """The assignment, locked, if `by` may decide on it; the reason must be given."""
    assignment = locked(assignment)
    policy.can_handle(by, assignment).require()
    if not reason.strip():
        raise Invalid({"reason": [_("Give the reason. It stays on record.")]})
    return assignment


def _in_the_future(due_at: datetime) -> None:
    if due_at <= timezone.now():
        raise Invalid({"due_at": [_("Choose a due time in the future.")]})


@transaction.atomic
def extend(
    assignment: ReviewAssignment, *, due_at: datetime, reason: str, by: User
) -> ReviewAssignment:
    """Give a later due time. Reminders begin anew for it.

    Raises PermissionDenied, NothingExpected, or Invalid.
    """
    assignment = _handled(assignment, reason, by)
    if assignment.state not in ReviewAssignment.WAITING:
        raise NothingExpected(_("No review is expected here any more, so nothing can be extended."))
    _in_the_future(due_at)
    if due_at <= assignment.due_at:
        raise Invalid({"due_at": [_("Choose a time after the present due time.")]})
    before, assignment.due_at = assignment.due_at, due_at
    assignment.save(update_fields=["due_at"])
    audit.record(
        "review.extended",
        assignment,
        by=by,
        before=before.isoformat(),
        due_at=due_at.isoformat(),
        reason=reason,
    )
    notify(
        "review.extended",
        to=[assignment.reviewer],
        about=assignment,
        number=assignment.proposal.number,
        due_at=due_at.isoformat(),
    )
    return assignment


@transaction.atomic
def take_back(assignment: ReviewAssignment, *, reason: str, by: User) -> ReviewAssignment:
    """Take an invitation back. The person reads the proposal no longer.

    Raises PermissionDenied, WrongState, or Invalid.
    """
    assignment = _handled(assignment, reason, by)
    require_transition(ReviewAssignment.TRANSITIONS, assignment.state, State.WITHDRAWN)
    assignment.state = State.WITHDRAWN
    assignment.save(update_fields=["state"])
    audit.record("review.taken_back", assignment, by=by, reason=reason)
    notify(
        "review.taken_back",
        to=[assignment.reviewer],
        about=assignment,
        href=reverse("compute_grants:review_list"),
        number=assignment.proposal.number,
    )
    return assignment


@transaction.atomic
def replace(
    assignment: ReviewAssignment, *, reviewer: User, due_at: datetime, reason: str, by: User
) -> ReviewAssignment:
    """Take an invitation back and invite somebody else in one step. Returns the new one.

    Raises what take_back and reviews.assign raise; then neither has happened.
    """
    _in_the_future(due_at)
    old = take_back(assignment, reason=reason, by=by)
    return reviews.assign(old.proposal, reviewer=reviewer, due_at=due_at, by=by)


@transaction.atomic
def reopen(
    assignment: ReviewAssignment, *, reason: str, due_at: datetime, by: User
) -> ReviewAssignment:
    """Ask the reviewer to revise a review that is in. It counts as it is until then.

    Raises PermissionDenied, WrongState, NotUnderReview, or Invalid.
    """
    assignment = _handled(assignment, reason, by)
    _in_the_future(due_at)
    assignment = _reopened(assignment, reason, due_at, by)
    notify(
        "review.reopened",
        to=[assignment.reviewer],
        about=assignment,
        number=assignment.proposal.number,
        reason=reason,
    )
    return assignment


def _reopened(
    assignment: ReviewAssignment, reason: str, due_at: datetime, by: User
) -> ReviewAssignment:
    require_transition(ReviewAssignment.TRANSITIONS, assignment.state, State.REOPENED)
    if assignment.proposal.state != Proposal.State.PEER_REVIEW:
        raise NotUnderReview(_("This proposal is no longer in peer review."))
    assignment.state = State.REOPENED
    assignment.reopened_reason = reason
    assignment.due_at = due_at
    assignment.save(update_fields=["state", "reopened_reason", "due_at"])
    _draft_from_review(assignment)
    audit.record("review.reopened", assignment, by=by, reason=reason, due_at=due_at.isoformat())
    return assignment


def _draft_from_review(assignment: ReviewAssignment) -> None:
    """The form opens with what was submitted."""
    review = Review.objects.get(assignment=assignment)
    marks = {
        score.criterion_id: reviews.Mark(score.value, score.reason) for score in review.scores.all()
    }
    content = as_content(marks, review.comment, review.confidential_note)
    ReviewDraft.objects.update_or_create(
        assignment=assignment, defaults={"content": content, "saved_at": timezone.now()}
    )


@transaction.atomic
def revise(assignment: ReviewAssignment, *, by: User) -> ReviewAssignment:
    """A reviewer reopens their own review while the lead's answers are being weighed.

    Raises PermissionDenied, WrongState, NotUnderReview, or NoRebuttalOpen.
    """
    assignment = locked(assignment)
    policy.can_review(by, assignment).require()
    window = RebuttalWindow.objects.filter(proposal=assignment.proposal_id).first()
    if window is None or not window.open_at(timezone.now()):
        raise NoRebuttalOpen(
            _("A review can be revised while rebuttal is open. Ask the R&D office to reopen it.")
        )
    return _reopened(assignment, _("Revised after the applicant's answer."), window.until, by)


@transaction.atomic
def keep(assignment: ReviewAssignment, *, by: User) -> ReviewAssignment:
    """Leave a reopened review as it was, by its reviewer.

    Raises PermissionDenied or WrongState.
    """
    assignment = locked(assignment)
    policy.can_review(by, assignment).require()
    if assignment.state != State.REOPENED:
        raise NothingExpected(_("Only a reopened review can be left as it was."))
    require_transition(ReviewAssignment.TRANSITIONS, assignment.state, State.SUBMITTED)
    assignment.state = State.SUBMITTED
    assignment.save(update_fields=["state"])
    ReviewDraft.objects.filter(assignment=assignment).delete()
    audit.record("review.kept", assignment, by=by)
    return assignment
