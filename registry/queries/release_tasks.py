"""What waits for somebody in the research track, and what they have there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consortium.inbox import AnyPart, Facts, Holding, Part, Task, named
from consortium.models import ArmAppointment, User, localized
from consortium.roles import standing
from registry.models import Lab, LabMember, Model, ResearchRelease
from registry.policies.releases import can_decide

State = ResearchRelease.State
TIME_TO_DECIDE = timedelta(days=14)
MOST = 50


def parts_for(user: User) -> Iterator[AnyPart]:
    """Releases to repair and to send on, and the models of the labs one works in."""
    yield _to_carry_on(user)
    labs = Lab.objects.worked_in_by(user).values("pk")
    rows = Model.objects.filter(lab__in=labs).annotate(versions=Count("checkpoints", distinct=True))
    facts = {**named("", "name", "slug", "kind"), "lab": "lab__slug", "versions": "versions"}
    yield Part(rows.order_by("lab__slug", "slug"), facts, _model, MOST)


def _model(row: Facts) -> Holding:
    return Holding(
        kind=_("model"),
        number=f"{row.lab}/{row.slug}",
        title=localized(row, "name"),
        href=reverse("registry:model", args=[row.lab, row.slug]),
        figure=_versions(row.versions),
        state=str(Model.Kind(row.kind).label),
    )


def _versions(count: int) -> str:
    return ngettext("%(count)s checkpoint", "%(count)s checkpoints", count) % {"count": count}


def to_decide(user: User) -> Iterator[Task]:
    """Releases that wait for the R&D office. One query, for that office only."""
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


def _to_carry_on(user: User) -> Part[Task]:
    maintained = LabMember.objects.filter(user=user, role=LabMember.Role.MAINTAINER)
    labs = Lab.objects.worked_in_by(user).filter(pk__in=maintained.values("lab"))
    sent_back = Q(state=State.DRAFT) & ~Q(decision_note="")
    rows = ResearchRelease.objects.filter(
        Q(state=State.CHECKS) | sent_back, model__lab__in=labs.values("pk")
    )
    columns = {"state": "state", "version": "version"}
    facts = columns | {"lab": "model__lab__slug", "model": "model__slug"}
    return Part(rows.order_by("pk"), facts, _carry_on, MOST)


def _carry_on(row: Facts) -> Task:
    place = [row.lab, row.model, row.version]
    number = f"{row.lab}/{row.model} v{row.version}"
    if row.state == State.CHECKS:
        return Task(
            verb=_("Send to review"),
            title=number,
            href=reverse("registry:release_submit", args=place),
            why=_("Every check passed; the R&D office has not been asked yet."),
        )
    return Task(
        verb=_("Repair"),
        title=number,
        href=reverse("registry:release_publish", args=place),
        why=_("The R&D office sent this release back."),
        tone="warn",
    )


def _address(name: str, release: ResearchRelease) -> str:
    model = release.model
    return reverse(f"registry:{name}", args=[model.lab.slug, model.slug, release.version])
