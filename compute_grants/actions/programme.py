"""Publishing a new version of a rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants import programme
from compute_grants.models import ProgrammePolicy
from compute_grants.policies import programme as policies
from consortium import audit
from consortium.errors import Invalid
from consortium.models import User


@transaction.atomic
def publish(
    *, kind: str, since: date, body: Mapping[str, Any], note: str = "", by: User
) -> ProgrammePolicy:
    """A new version that holds from `since` on; what was decided before stays decided.

    Raises PermissionDenied, Invalid.
    """
    policies.can_publish(by).require()
    parsed = programme.parse(kind, body)
    if since < timezone.localdate():
        raise Invalid({"since": [_("A rule cannot hold before today. Choose today or later.")]})
    row = ProgrammePolicy.objects.create(
        kind=kind, since=since, body=parsed.as_json(), note=note.strip()[:300], by=by
    )
    audit.record("policy.published", row, by=by, kind=kind, since=since.isoformat(), body=row.body)
    return row
