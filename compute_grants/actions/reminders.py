"""Reviews that are due: remind, remind again, then tell the office. Nothing moves on by itself."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from compute_grants.models import Proposal, ReviewAssignment, ReviewPolicy, ReviewReminder
from consortium import audit
from consortium.actions.notices import notify
from consortium.models import ArmAppointment
from consortium.queries import staff_of

Step = ReviewReminder.Step


def remind(now: datetime | None = None) -> int:
    """Take every step that is due and was not taken, each once for its due time.

    Returns how many were taken. Safe to repeat, and to run twice at once.
    """
    now = now or timezone.now()
    policy = ReviewPolicy.objects.on(timezone.localdate(now))
    return sum(_remind_one(pk, step, now) for step in Step for pk in _waiting(step, policy, now))


def _waiting(step: Step, policy: ReviewPolicy, now: datetime) -> Iterator[int]:
    """Ids of assignments for which `step` is the last that has come, and was not taken."""
    before = timedelta(hours=policy.remind_hours_before)
    after = timedelta(hours=policy.escalate_hours_after)
    came = {
        Step.BEFORE: Q(due_at__gt=now, due_at__lte=now + before, assigned_at__lt=now - before),
        Step.DUE: Q(due_at__lte=now, due_at__gt=now - after),
        Step.ESCALATED: Q(due_at__lte=now - after),
    }[step]
    taken = ReviewReminder.objects.filter(
        assignment=OuterRef("pk"), step=step, due_at=OuterRef("due_at")
    )
    rows = ReviewAssignment.objects.filter(
        came,
        ~Exists(taken),
        state__in=ReviewAssignment.WAITING,
        proposal__state=Proposal.State.PEER_REVIEW,
    )
    yield from rows.order_by("due_at", "pk").values_list("pk", flat=True)


@transaction.atomic
def _remind_one(pk: int, step: Step, now: datetime) -> bool:
    assignment = (
        ReviewAssignment.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("proposal", "reviewer")
        .filter(pk=pk, state__in=ReviewAssignment.WAITING)
        .first()
    )
    if assignment is None:
        return False
    _row, new = ReviewReminder.objects.get_or_create(
        assignment=assignment, step=step, due_at=assignment.due_at, defaults={"sent_at": now}
    )
    if not new:
        return False
    if step == Step.ESCALATED:
        _escalate(assignment)
    else:
        _say(assignment, step)
    return True


def _say(assignment: ReviewAssignment, step: Step) -> None:
    audit.record("review.reminded", assignment, by=None, step=str(step))
    notify(
        "review.due" if step == Step.DUE else "review.due_soon",
        to=[assignment.reviewer],
        about=assignment,
        number=assignment.proposal.number,
        due_at=assignment.due_at.isoformat(),
    )


def _escalate(assignment: ReviewAssignment) -> None:
    audit.record("review.escalated", assignment, by=None)
    notify(
        "review.escalated",
        to=staff_of(ArmAppointment.Office.RESEARCH).exclude(pk=assignment.reviewer_id),
        about=assignment,
        href=reverse("compute_grants:assignment", args=[assignment.pk]),
        number=assignment.proposal.number,
        reviewer=assignment.reviewer.name,
        due_at=assignment.due_at.isoformat(),
    )
