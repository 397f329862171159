"""Models, releases and checkpoints as lists show them, by a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from consortium.models import User
from registry.models import Checkpoint, Lab, Lineage, Model, ResearchRelease

Reader = User | AnonymousUser
State = ResearchRelease.State


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model with its newest release that this reader sees, if any."""

    model: Model
    release: ResearchRelease | None


def newest_releases(reader: Reader, limit: int = 6) -> list[ResearchRelease]:
    """The last releases this reader may see, newest first."""
    return list(_released(reader)[:limit])


def models(reader: Reader, *, words: str = "", kind: str = "") -> QuerySet[Model]:
    """Models this reader sees whose name, lab or description has all the words."""
    newest = _released(reader).filter(model=OuterRef("pk")).values("pk")[:1]
    rows = Model.objects.visible_to(reader).select_related("lab__institution")
    for word in words.split()[:8]:
        rows = rows.filter(
            Q(slug__icontains=word)
            | Q(lab__slug__icontains=word)
            | Q(name_en__icontains=word)
            | Q(name_zh__icontains=word)
            | Q(description_en__icontains=word)
            | Q(description_zh__icontains=word)
        )
    if kind in Model.Kind.values:
        rows = rows.filter(kind=kind)
    return rows.annotate(newest_id=Subquery(newest)).order_by("lab__slug", "slug")


def with_newest(rows: list[Model]) -> list[ModelRow]:
    """Rows of `models` with their newest releases: one query for all."""
    newest = {row.pk: vars(row)["newest_id"] for row in rows}
    wanted = [pk for pk in newest.values() if pk]
    found = ResearchRelease.objects.select_related("checkpoint").in_bulk(wanted)
    return [ModelRow(row, found.get(newest[row.pk])) for row in rows]


def labs(reader: Reader) -> QuerySet[Lab]:
    """All labs, with how many models each has that this reader sees."""
    seen = Model.objects.visible_to(reader).values("pk")
    return (
        Lab.objects.visible_to(reader)
        .select_related("institution")
        .annotate(models_seen=Count("models", filter=Q(models__in=seen), distinct=True))
    )


def releases_of(model: Model, reader: Reader) -> list[ResearchRelease]:
    """Every release of a model that this reader sees, newest first."""
    rows = ResearchRelease.objects.visible_to(reader).filter(model=model)
    return list(rows.select_related("checkpoint", "model__lab").order_by("-released_at", "-pk"))


def checkpoints_of(model: Model, reader: Reader) -> list[Checkpoint]:
    rows = Checkpoint.objects.visible_to(reader).filter(model=model)
    return list(rows.select_related("model__lab", "allocation").order_by("-version")[:200])


def parents_of(checkpoint: Checkpoint, reader: Reader) -> list[Lineage]:
    """What it was made from, as far as this reader may know."""
    seen = Checkpoint.objects.visible_to(reader).values("pk")
    rows = checkpoint.parents.filter(parent__in=seen).select_related("parent__model__lab")
    return list(rows.order_by("pk"))


def children_of(checkpoint: Checkpoint, reader: Reader) -> list[Lineage]:
    """What was made from it, as far as this reader may know."""
    seen = Checkpoint.objects.visible_to(reader).values("pk")
    rows = checkpoint.children.filter(child__in=seen).select_related("child__model__lab")
    return list(rows.order_by("pk"))


def _released(reader: Reader) -> QuerySet[ResearchRelease]:
    return (
        ResearchRelease.objects.visible_to(reader)
        .filter(state=State.RELEASED)
        .select_related("model__lab__institution", "checkpoint")
        .order_by("-released_at", "-pk")
    )
