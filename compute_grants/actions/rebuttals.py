"""Rebuttal: the office opens it, the lead answers each review once, reviewers may revise."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import (
    Proposal,
    Rebuttal,
    RebuttalWindow,
    Review,
    ReviewAssignment,
)
from compute_grants.policies import reviews as policy
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid
from consortium.models import User

IN = ReviewAssignment.IN
WAITING = ReviewAssignment.WAITING


class ReviewsMissing(DomainError):
    """Rebuttal opens when every review is in."""


class RebuttalOpen(DomainError):
    """It is open already; its end can only be moved on."""


class RebuttalClosed(DomainError):
    """It is not open, or no longer."""


class AlreadyAnswered(DomainError):
    """Each review is answered once."""


@transaction.atomic
def open_window(proposal: Proposal, *, until: datetime, by: User) -> RebuttalWindow:
    """Open rebuttal until `until`, or move the end of an open one on.

    Raises PermissionDenied, ReviewsMissing, RebuttalOpen, or Invalid.
    """
    proposal = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("call", "lead", "access_type")
        .get(pk=proposal.pk)
    )
    policy.can_open_rebuttal(by, proposal).require()
    if until <= timezone.now():
        raise Invalid({"until": [_("Choose an end in the future.")]})
    window = RebuttalWindow.objects.filter(proposal=proposal).first()
    if window:
        return _move_end(window, until, by)
    _require_reviews(proposal)
    window = RebuttalWindow.objects.create(proposal=proposal, opened_by=by, until=until)
    audit.record("proposal.rebuttal_opened", proposal, by=by, until=until.isoformat())
    notify(
        "proposal.rebuttal_opened",
        to=[proposal.lead],
        about=proposal,
        href=reverse("compute_grants:rebuttal", args=[proposal.number]),
        number=proposal.number,
        until_at=until.isoformat(),
    )
    return window


def _move_end(window: RebuttalWindow, until: datetime, by: User) -> RebuttalWindow:
    if until <= window.until or window.proposal.state != Proposal.State.PEER_REVIEW:
        raise RebuttalOpen(
            _("Rebuttal was opened before. Its end can only be moved to a later time.")
        )
    window.until = until
    window.save(update_fields=["until"])
    audit.record("proposal.rebuttal_extended", window.proposal, by=by, until=until.isoformat())
    return window


def _require_reviews(proposal: Proposal) -> None:
    states = list(proposal.assignments.values_list("state", flat=True))
    done = sum(state in IN for state in states)
    missing = any(state in WAITING for state in states)
    wanted = proposal.reviewers_needed
    if proposal.state != Proposal.State.PEER_REVIEW or missing or done < wanted:
        message = _(
            "Rebuttal opens in peer review, once every review is in: %(done)s of %(wanted)s are."
        )
        raise ReviewsMissing(message % {"done": done, "wanted": max(wanted, len(states))})


@transaction.atomic
def answer(review: Review, *, text: str, by: User) -> Rebuttal:
    """The lead's answer to one review, once.

    Raises PermissionDenied, RebuttalClosed, AlreadyAnswered, or Invalid.
    """
    review = (
        Review.objects.select_for_update(of=("self",))
        .select_related("assignment__proposal", "assignment__reviewer")
        .get(pk=review.pk)
    )
    proposal = review.assignment.proposal
    policy.can_answer_reviews(by, proposal).require()
    window = RebuttalWindow.objects.filter(proposal=proposal).first()
    if window is None or not window.open_at(timezone.now()):
        raise RebuttalClosed(_("Rebuttal is not open for this proposal, or has ended."))
    if Rebuttal.objects.filter(review=review).exists():
        raise AlreadyAnswered(_("You have answered this review. Each is answered once."))
    if not text.strip():
        raise Invalid({"text": [_("Write your answer.")]})
    made = Rebuttal.objects.create(
        review=review, review_version=review.version, text=text, answered_by=by
    )
    audit.record("proposal.rebuttal_answered", proposal, by=by, review=review.pk)
    notify(
        "proposal.rebuttal_answered",
        to=[review.assignment.reviewer],
        about=review.assignment,
        number=proposal.number,
        until_at=window.until.isoformat(),
    )
    return made
