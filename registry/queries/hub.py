"""What a model hub's client asks: which release a revision means, for this reader."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from consortium.models import User
from registry.models import CheckpointFile, ResearchRelease

NEWEST = "main"
_COMMIT = re.compile(r"^[0-9a-f]{40}([0-9a-f]{24})?\Z")


@dataclass(frozen=True, slots=True)
class Repository:
    """A model as this reader sees it: its published releases, newest first, never none.

    Withdrawn ones are among them: their tombstone can be seen, their files cannot be had.
    """

    releases: tuple[ResearchRelease, ...]

    @property
    def newest(self) -> ResearchRelease | None:
        released = ResearchRelease.State.RELEASED
        return next((r for r in self.releases if r.state == released), None)

    def at(self, revision: str) -> ResearchRelease | None:
        """`main`, a version (with or without its v), or a manifest root or its first 40 digits."""
        if revision in (NEWEST, ""):
            return self.newest or self.releases[0]
        if _COMMIT.match(revision):
            found = [r for r in self.releases if r.checkpoint.manifest_root.startswith(revision)]
        else:
            found = [r for r in self.releases if revision in (r.version, f"v{r.version}")]
        living = [r for r in found if r.state == ResearchRelease.State.RELEASED]
        return next(iter(living or found), None)


def repository(reader: User | AnonymousUser, lab: str, model: str) -> Repository | None:
    """The model `lab/model`, or None where this reader sees no release of it. One query."""
    rows = (
        ResearchRelease.objects.visible_to(reader)
        .filter(model__lab__slug=lab, model__slug=model, state__in=ResearchRelease.PUBLISHED)
        .select_related("checkpoint", "model__lab")
        .order_by("-released_at", "-pk")
    )
    found = tuple(rows)
    return Repository(found) if found else None


def files_of(release: ResearchRelease) -> list[CheckpointFile]:
    """The manifest of a release, sorted by path."""
    return list(CheckpointFile.objects.filter(checkpoint=release.checkpoint_id).order_by("path"))


def file_of(release: ResearchRelease, path: str) -> CheckpointFile | None:
    return CheckpointFile.objects.filter(checkpoint=release.checkpoint_id, path=path).first()


def search(
    reader: User | AnonymousUser, *, words: str, lab: str, limit: int
) -> list[ResearchRelease]:
    """Newest releases first, one per model, whose name has all the words."""
    rows = (
        ResearchRelease.objects.visible_to(reader)
        .filter(state=ResearchRelease.State.RELEASED)
        .select_related("checkpoint", "model__lab")
        .order_by("-released_at", "-pk")
    )
    for word in words.split()[:8]:
        rows = rows.filter(
            Q(model__slug__icontains=word)
            | Q(model__lab__slug__icontains=word)
            | Q(model__name_en__icontains=word)
            | Q(model__name_zh__icontains=word)
        )
    if lab:
        rows = rows.filter(model__lab__slug=lab)
    found: dict[int, ResearchRelease] = {}
    for release in rows[: limit * 5]:
        found.setdefault(release.model_id, release)
    return list(found.values())[:limit]
