"""Reviewers and their work, as pages show them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import (
    Criterion,
    Proposal,
    ReviewAssignment,
    ReviewDraft,
    ReviewPolicy,
)
from consortium.models import User, in_force


def assignment_rows(user: User) -> QuerySet[ReviewAssignment]:
    """This person's own assignments, what waits first, the soonest due first. One query."""
    return (
        ReviewAssignment.objects.filter(reviewer=user)
        .exclude(proposal__state=Proposal.State.WITHDRAWN)
        .select_related("proposal__call", "proposal__institution")
        .order_by("declared_at", "due_at", "pk")
    )


def reviewers_with_load() -> QuerySet[User]:
    """Everybody with standing as a reviewer today; `load` counts reviews not yet in. One query."""
    waiting = Q(assignments__state__in=ReviewAssignment.WAITING)
    people = User.objects.filter(in_force(timezone.localdate(), "reviewer__"), is_active=True)
    return (
        people.select_related("reviewer")
        .annotate(load=Count("assignments", filter=waiting))
        .order_by("load", "name_en", "pk")
    )


def policy_today() -> ReviewPolicy:
    """The windows in force. One query."""
    return ReviewPolicy.objects.on(timezone.localdate())


def draft_of(assignment: ReviewAssignment) -> ReviewDraft | None:
    return ReviewDraft.objects.filter(assignment=assignment).first()


def differences(
    draft: ReviewDraft, typed: dict[str, Any], criteria: list[Criterion]
) -> list[tuple[str, str]]:
    """(label, text) of what is stored where it is not what was typed."""
    found: list[tuple[str, str]] = []
    for criterion in criteria:
        stored = draft.content.get("scores", {}).get(str(criterion.pk), {})
        mine = typed["scores"].get(str(criterion.pk), {})
        if stored != mine:
            value = stored.get("value")
            shown = "–" if value is None else str(value)
            found.append((criterion.name, f"{shown} {stored.get('reason', '')}".strip()))
    for name, label in (("comment", _("Comment")), ("confidential_note", _("Confidential note"))):
        if draft.content.get(name, "") != typed[name]:
            found.append((label, draft.content.get(name, "")))
    return found
