"""Peer reviews by people without an interest: invite, declare, submit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions.technical import NotUnderReview
from compute_grants.models import (
    Proposal,
    Review,
    ReviewAssignment,
    ReviewDraft,
    ReviewVersion,
    Score,
)
from compute_grants.policies import reviews as policy
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid
from consortium.models import User
from consortium.states import require_transition

State = Proposal.State
BEST = 5


class Conflict(DomainError):
    """This person has an interest in the proposal, or no standing to review it."""


class AlreadyInvited(DomainError):
    """One person reviews one proposal once."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A score on one criterion, 0 to 5, and why."""

    value: int
    reason: str


@transaction.atomic
def assign(
    proposal: Proposal,
    *,
    reviewer: User,
    due_at: datetime,
    by: User,
    known: policy.Fitness | None = None,
) -> ReviewAssignment:
    """Invite somebody to review a proposal in peer review. `known`: read once for many.

    Raises PermissionDenied, NotUnderReview, AlreadyInvited, or Conflict with what was found.
    """
    proposal = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("institution", "call", "lead", "access_type")
        .get(pk=proposal.pk)
    )
    policy.can_assign(by, proposal).require()
    if proposal.state != State.PEER_REVIEW:
        raise NotUnderReview(_("Reviewers are invited once the centres have found it feasible."))
    refuse_conflict(proposal, reviewer, known)
    if proposal.assignments.filter(reviewer=reviewer).exists():
        raise AlreadyInvited(_("This person was invited to review this proposal before."))
    assignment = ReviewAssignment.objects.create(
        proposal=proposal, reviewer=reviewer, assigned_by=by, due_at=due_at
    )
    audit.record(
        "review.invited", assignment, by=by, proposal=proposal.number, reviewer=reviewer.pk
    )
    notify(
        "review.invited",
        to=[reviewer],
        about=assignment,
        number=proposal.number,
        due_at=due_at.isoformat(),
    )
    return assignment


def refuse_conflict(
    proposal: Proposal, reviewer: User, known: policy.Fitness | None = None
) -> None:
    fit = policy.can_be_invited(proposal, reviewer, known)
    if not fit:
        message = _("%(name)s cannot review this proposal: %(reason)s")
        raise Conflict(message % {"name": reviewer.name, "reason": fit.reason})


@transaction.atomic
def declare(assignment: ReviewAssignment, *, conflict: str, by: User) -> ReviewAssignment:
    """Declare a conflict (any text) and decline, or none ("") and take the review on.

    Also after reading, when a conflict shows late. Raises PermissionDenied, WrongState, or
    Conflict where none was declared but one is known.
    """
    assignment = locked(assignment)
    policy.can_declare(by, assignment).require()
    states = ReviewAssignment.State
    to = states.DECLINED if conflict else states.CONFIRMED
    require_transition(ReviewAssignment.TRANSITIONS, assignment.state, to)
    if not conflict:
        refuse_conflict(assignment.proposal, by)
    assignment.state = to
    assignment.conflict = conflict
    assignment.declared_at = timezone.now()
    assignment.save(update_fields=["state", "conflict", "declared_at"])
    event = "review.declined" if conflict else "review.confirmed"
    audit.record(event, assignment, by=by, proposal=assignment.proposal.number)
    if conflict:
        _tell_declined(assignment)
    return assignment


@transaction.atomic
def decline(
    assignment: ReviewAssignment, *, reason: str, suggestion: str = "", by: User
) -> ReviewAssignment:
    """Decline without a conflict (no time, another field), perhaps naming somebody else.

    Raises PermissionDenied, WrongState, or Invalid without a reason.
    """
    assignment = locked(assignment)
    policy.can_declare(by, assignment).require()
    declined = ReviewAssignment.State.DECLINED
    require_transition(ReviewAssignment.TRANSITIONS, assignment.state, declined)
    if not reason.strip():
        raise Invalid({"reason": [_("Say in one sentence why you cannot review it.")]})
    assignment.state = declined
    assignment.decline_reason = reason
    assignment.suggestion = suggestion
    assignment.declared_at = timezone.now()
    assignment.save(update_fields=["state", "decline_reason", "suggestion", "declared_at"])
    audit.record(
        "review.declined_without_conflict",
        assignment,
        by=by,
        proposal=assignment.proposal.number,
        suggested=bool(suggestion),
    )
    _tell_declined(assignment)
    return assignment


def _tell_declined(assignment: ReviewAssignment) -> None:
    """Whoever invited finds somebody else."""
    number = assignment.proposal.number
    notify(
        "review.declined",
        to=[assignment.assigned_by],
        about=assignment,
        href=reverse("compute_grants:assignment_list", args=[number]),
        number=number,
    )


def locked(assignment: ReviewAssignment) -> ReviewAssignment:
    """The assignment, locked, with what rules and conflicts ask of its proposal."""
    return (
        ReviewAssignment.objects.select_for_update(of=("self",))
        .select_related(
            *("proposal__institution", "proposal__call", "proposal__lead"),
            "proposal__access_type",
        )
        .get(pk=assignment.pk)
    )


@transaction.atomic
def submit(
    assignment: ReviewAssignment,
    *,
    marks: Mapping[int, Mark],
    comment: str,
    confidential_note: str = "",
    by: User,
) -> Review:
    """Hand in a review: `marks` by criterion id, one for each of the call's criteria.

    After it was reopened: the next version of it; each is kept word for word. Raises
    PermissionDenied, NotUnderReview, WrongState (a second time), Conflict (one that has come up
    since), or Invalid.
    """
    assignment = locked(assignment)
    policy.can_review(by, assignment).require()
    require_transition(
        ReviewAssignment.TRANSITIONS, assignment.state, ReviewAssignment.State.SUBMITTED
    )
    if assignment.proposal.state != State.PEER_REVIEW:
        raise NotUnderReview(_("This proposal is no longer in peer review."))
    refuse_conflict(assignment.proposal, by)
    _check_marks(assignment, marks)
    review = _keep(assignment, marks, comment, confidential_note)
    assignment.state = ReviewAssignment.State.SUBMITTED
    assignment.save(update_fields=["state"])
    ReviewDraft.objects.filter(assignment=assignment).delete()
    audit.record(
        "review.submitted",
        assignment,
        by=by,
        proposal=assignment.proposal.number,
        version=review.version,
    )
    return review


def _keep(
    assignment: ReviewAssignment, marks: Mapping[int, Mark], comment: str, note: str
) -> Review:
    """The review as it stands now, and this version of it for good."""
    now = timezone.now()
    review = Review.objects.filter(assignment=assignment).first()
    if review is None:
        review = Review(assignment=assignment)
    else:
        review.version += 1
    review.comment = comment
    review.confidential_note = note
    review.submitted_at = now
    review.save()
    review.scores.all().delete()
    Score.objects.bulk_create(
        Score(review=review, criterion_id=criterion, value=mark.value, reason=mark.reason)
        for criterion, mark in marks.items()
    )
    ReviewVersion.objects.create(
        review=review,
        version=review.version,
        content=as_content(marks, comment, note),
        submitted_at=now,
    )
    return review


def as_content(marks: Mapping[int, Mark], comment: str, note: str) -> dict[str, Any]:
    """A review as plain data: see ReviewDraft.content."""
    return {
        "scores": {
            str(criterion): {"value": mark.value, "reason": mark.reason}
            for criterion, mark in marks.items()
        },
        "comment": comment,
        "confidential_note": note,
    }


def _check_marks(assignment: ReviewAssignment, marks: Mapping[int, Mark]) -> None:
    criteria = set(assignment.proposal.call.criteria.values_list("pk", flat=True))
    errors: dict[str, list[str]] = {}
    if set(marks) != criteria:
        errors[""] = [_("Score every criterion of the call, and nothing else.")]
    for criterion, mark in marks.items():
        if not 0 <= mark.value <= BEST:
            errors[f"score_{criterion}"] = [_("Choose a score from 0 to 5.")]
        if not mark.reason.strip():
            errors[f"reason_{criterion}"] = [_("Give the reason for this score.")]
    if errors:
        raise Invalid(errors)
