"""Technical reviews by the centres and peer reviews by people without an interest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import (
    Proposal,
    ResourceRequest,
    Review,
    ReviewAssignment,
    Score,
    TechnicalReview,
)
from compute_grants.policies import reviews as policy
from consortium import audit
from consortium.errors import DomainError, Invalid
from consortium.models import User
from consortium.states import require_transition

State = Proposal.State
Verdict = TechnicalReview.Verdict
BEST = 5


class Conflict(DomainError):
    """This person has an interest in the proposal, or no standing to review it."""


class AlreadyInvited(DomainError):
    """One person reviews one proposal once."""


class NotUnderReview(DomainError):
    """The proposal is not at the step this belongs to."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A score on one criterion, 0 to 5, and why."""

    value: int
    reason: str


@transaction.atomic
def judge_feasibility(
    request: ResourceRequest, *, verdict: str, reason: str, by: User, cap_seconds: int | None = None
) -> TechnicalReview:
    """The centre's word on one request; again to correct it while the proposal is with the centres.

    `cap_seconds` belongs to "partly" and to nothing else. With the last request answered the
    proposal moves on to peer review, unless nothing in it is feasible. Raises PermissionDenied,
    NotUnderReview, Invalid.
    """
    proposal = Proposal.objects.select_for_update().get(pk=request.proposal_id)
    request = ResourceRequest.objects.select_related("proposal", "resource__machine").get(
        pk=request.pk
    )
    policy.can_judge_feasibility(by, request).require()
    if proposal.state != State.TECHNICAL_REVIEW:
        raise NotUnderReview(_("This proposal is not in technical review."))
    _check_cap(request, verdict, cap_seconds)
    review, _new = TechnicalReview.objects.update_or_create(
        request=request,
        defaults={
            "verdict": verdict,
            "cap_seconds": cap_seconds,
            "reason": reason,
            "reviewed_by": by,
            "reviewed_at": timezone.now(),
        },
    )
    audit.record(
        "proposal.technically_reviewed",
        proposal,
        by=by,
        machine=request.resource.machine.code,
        verdict=verdict,
        cap_seconds=cap_seconds,
    )
    _move_on(proposal, by)
    return review


def _check_cap(request: ResourceRequest, verdict: str, cap_seconds: int | None) -> None:
    if verdict == Verdict.PARTLY:
        if not cap_seconds or cap_seconds >= request.seconds:
            raise Invalid({"cap_hours": [_("Give a cap above zero and below what is asked.")]})
    elif cap_seconds is not None:
        raise Invalid({"cap_hours": [_("A cap belongs only to “partly feasible”.")]})


def _move_on(proposal: Proposal, by: User) -> None:
    """To peer review once every request is answered and one is feasible at least in part."""
    answers = proposal.requests.values_list("technical_review__verdict", flat=True)
    verdicts = set(answers)
    if None in verdicts or verdicts == {Verdict.INFEASIBLE}:
        return
    require_transition(Proposal.TRANSITIONS, proposal.state, State.PEER_REVIEW)
    proposal.state = State.PEER_REVIEW
    proposal.save(update_fields=["state"])
    audit.record("proposal.in_peer_review", proposal, by=by)


@transaction.atomic
def assign(proposal: Proposal, *, reviewer: User, due_at: datetime, by: User) -> ReviewAssignment:
    """Invite somebody to review a proposal in peer review.

    Raises PermissionDenied, NotUnderReview, AlreadyInvited, or Conflict with what was found.
    """
    proposal = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("institution", "call")
        .get(pk=proposal.pk)
    )
    policy.can_assign(by, proposal).require()
    if proposal.state != State.PEER_REVIEW:
        raise NotUnderReview(_("Reviewers are invited once the centres have found it feasible."))
    _refuse_conflict(proposal, reviewer)
    if proposal.assignments.filter(reviewer=reviewer).exists():
        raise AlreadyInvited(_("This person was invited to review this proposal before."))
    assignment = ReviewAssignment.objects.create(
        proposal=proposal, reviewer=reviewer, assigned_by=by, due_at=due_at
    )
    audit.record(
        "review.invited", assignment, by=by, proposal=proposal.number, reviewer=reviewer.pk
    )
    return assignment


def _refuse_conflict(proposal: Proposal, reviewer: User) -> None:
    fit = policy.can_be_invited(proposal, reviewer)
    if not fit:
        message = _("%(name)s cannot review this proposal: %(reason)s")
        raise Conflict(message % {"name": reviewer.name, "reason": fit.reason})


@transaction.atomic
def declare(assignment: ReviewAssignment, *, conflict: str, by: User) -> ReviewAssignment:
    """Declare a conflict (any text) and decline, or none ("") and take the review on.

    Also after reading, when a conflict shows late. Raises PermissionDenied, WrongState, or
    Conflict where none was declared but one is known.
    """
    assignment = _locked(assignment)
    policy.can_declare(by, assignment).require()
    states = ReviewAssignment.State
    to = states.DECLINED if conflict else states.CONFIRMED
    require_transition(ReviewAssignment.TRANSITIONS, assignment.state, to)
    if not conflict:
        _refuse_conflict(assignment.proposal, by)
    assignment.state = to
    assignment.conflict = conflict
    assignment.declared_at = timezone.now()
    assignment.save(update_fields=["state", "conflict", "declared_at"])
    event = "review.declined" if conflict else "review.confirmed"
    audit.record(event, assignment, by=by, proposal=assignment.proposal.number)
    return assignment


def _locked(assignment: ReviewAssignment) -> ReviewAssignment:
    return (
        ReviewAssignment.objects.select_for_update(of=("self",))
        .select_related("proposal__institution", "proposal__call")
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

    Raises PermissionDenied, NotUnderReview, WrongState (a second time), or Invalid.
    """
    assignment = _locked(assignment)
    policy.can_review(by, assignment).require()
    require_transition(
        ReviewAssignment.TRANSITIONS, assignment.state, ReviewAssignment.State.SUBMITTED
    )
    if assignment.proposal.state != State.PEER_REVIEW:
        raise NotUnderReview(_("This proposal is no longer in peer review."))
    _check_marks(assignment, marks)
    review = Review.objects.create(
        assignment=assignment, comment=comment, confidential_note=confidential_note
    )
    Score.objects.bulk_create(
        Score(review=review, criterion_id=criterion, value=mark.value, reason=mark.reason)
        for criterion, mark in marks.items()
    )
    assignment.state = ReviewAssignment.State.SUBMITTED
    assignment.save(update_fields=["state"])
    audit.record("review.submitted", assignment, by=by, proposal=assignment.proposal.number)
    return review


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
