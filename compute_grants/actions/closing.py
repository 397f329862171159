"""What ends with a grant."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from compute_grants.actions import (
    amendment_notices,
    reclaims,
    release_schedule,
    report_dates,
)
from compute_grants.models import Allocation, Amendment
from consortium import audit
from consortium.states import require_transition


def tidy(allocation: Allocation) -> None:
    """After a locked grant closed: planned parts return, nothing is reclaimed, open requests
    end, its report is due."""
    reason = _("The grant was closed.")
    release_schedule.withhold_all(allocation, reason=reason)
    reclaims.end_with(allocation)
    rows = Amendment.objects.filter(
        Q(allocation=allocation) | Q(other=allocation), state__in=Amendment.OPEN
    )
    rows = rows.exclude(kind=Amendment.Kind.APPEAL).select_for_update(of=("self",))
    for amendment in rows.select_related("asked_by", "allocation__proposal__lead").order_by("pk"):
        require_transition(Amendment.TRANSITIONS, amendment.state, Amendment.State.WITHDRAWN)
        amendment.state, amendment.decision_reason = Amendment.State.WITHDRAWN, reason
        amendment.save(update_fields=["state", "decision_reason"])
        audit.record("amendment.withdrawn", amendment, by=None, reason=reason)
        amendment_notices.to_asker("amendment.ended", amendment, besides=None)
    report_dates.ask_final(allocation)
