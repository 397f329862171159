"""What was made with a grant: the panel “Where this grant's work went” of its page."""

from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from compute_grants.models import Allocation
from consortium.models import User
from registry.models import Checkpoint, ResearchRelease


def links(allocation: Allocation, user: User) -> list[dict[str, Any]]:
    """Links of {% chain %}: the checkpoints trained under it that `user` may see, with their
    visible releases. Two queries."""
    releases = ResearchRelease.objects.visible_to(user).order_by("pk")
    rows = (
        Checkpoint.objects.visible_to(user)
        .filter(allocation=allocation)
        .select_related("model__lab")
        .prefetch_related(Prefetch("releases", queryset=releases))
        .order_by("pk")
    )
    return [_link(row) for row in rows]


def _link(row: Checkpoint) -> dict[str, Any]:
    versions = ", ".join(release.version for release in row.releases.all())
    return {
        "kind": _("Checkpoint"),
        "number": row.number,
        "title": row.model.name,
        "href": row.get_absolute_url(),
        "evidence": [
            (_("Manifest root"), row.manifest_root),
            (_("Releases"), versions or _("not released")),
        ],
        "ok": None,
    }
