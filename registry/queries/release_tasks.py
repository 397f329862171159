"""What waits for somebody in the research track, and what they have there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consortium.inbox import Holding, Task
from consortium.models import ArmAppointment, User
from consortium.roles import standing
from registry.models import Lab, LabMember, Model, ResearchRelease
from registry.policies.releases import can_decide

State = ResearchRelease.State
TIME_TO_DECIDE = timedelta(days=14)
MOST = 50


def tasks_for(user: User) -> list[Task]:
    """Releases to decide on, to repair and to send on."""
    return [*_to_decide(user), *_to_carry_on(user)]


def holdings_for(user: User) -> list[Holding]:
    """The models of the labs one works in."""
    labs = Lab.objects.worked_in_by(user).values("pk")
    rows = (
        Model.objects.filter(lab__in=labs)
        .select_related("lab")
        .annotate(versions=Count("checkpoints", distinct=True))
        .order_by("lab__slug", "slug")[:MOST]
    )
    return [
        Holding(
            kind=_("model"),
            number=model.full_name,
            title=model.name,
            href=model.get_absolute_url(),
            figure=_versions(vars(model)["versions"]),
            state=model.get_kind_display(),
        )
        for model in rows
    ]


def _versions(count: int) -> str:
    return ngettext("%(count)s checkpoint", "%(count)s checkpoints", count) % {"count": count}


def _to_decide(user: User) -> Iterator[Task]:
    if ArmAppointment.Office.RESEARCH not in standing(user).offices:
        return
    rows = ResearchRelease.objects.filter(state=State.UNDER_REVIEW)
    rows = rows.select_related("model__lab__institution").order_by("submitted_at")
    for release in rows[:MOST]:
        if can_decide(user, release):
            yield Task(
                verb=_("Decide"),
                title=release.number,
                href=_address("release_decide", release),
                why=_("A release waits for the R&D office."),
                due=release.submitted_at and release.submitted_at + TIME_TO_DECIDE,
                tone="seal",
            )


def _to_carry_on(user: User) -> Iterator[Task]:
    maintained = LabMember.objects.filter(user=user, role=LabMember.Role.MAINTAINER)
    labs = Lab.objects.worked_in_by(user).filter(pk__in=maintained.values("lab"))
    rows = ResearchRelease.objects.filter(
        model__lab__in=labs.values("pk"), state__in=[State.CHECKS, State.DRAFT]
    )
    for release in rows.select_related("model__lab").order_by("pk")[:MOST]:
        if release.state == State.CHECKS:
            yield Task(
                verb=_("Send to review"),
                title=release.number,
                href=_address("release_submit", release),
                why=_("Every check passed; the R&D office has not been asked yet."),
            )
        elif release.decision_note:
            yield Task(
                verb=_("Repair"),
                title=release.number,
                href=_address("release_publish", release),
                why=_("The R&D office sent this release back."),
                tone="warn",
            )


def _address(name: str, release: ResearchRelease) -> str:
    model = release.model
    return reverse(f"registry:{name}", args=[model.lab.slug, model.slug, release.version])
