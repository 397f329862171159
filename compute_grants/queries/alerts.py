"""The figures that alerts look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Sum
from django.utils import timezone

from compute_grants.alert_rules import Crossing, Figures, Wanted
from compute_grants.models import Alert, AlertSettings, Allocation, UsageRecord
from compute_grants.queries.allocations import RECENT
from compute_grants.queries.grant_usage import BEIJING


@dataclass(frozen=True, slots=True)
class Watched:
    """One grant with what its people want to know and what they have been told."""

    allocation: Allocation
    figures: Figures
    wanted: Wanted
    standing: set[Crossing]


def watched(allocations: Sequence[Allocation], today: date | None = None) -> list[Watched]:
    """Three queries, however many grants; their accounts must come with them."""
    today = today or timezone.localdate()
    begin = datetime(today.year, today.month, today.day, tzinfo=BEIJING) - RECENT
    usage = UsageRecord.objects.filter(allocation__in=allocations).order_by()
    recent = dict(
        usage.filter(used_at__gte=begin).values_list("allocation").annotate(s=Sum("charged"))
    )
    last = dict(usage.values_list("allocation").annotate(at=Max("used_at")))
    chosen = AlertSettings.objects.in_bulk([a.pk for a in allocations], field_name="allocation_id")
    standing: dict[int, set[Crossing]] = {}
    rows = Alert.objects.filter(allocation__in=allocations, over_at__isnull=True)
    for pk, kind, threshold in rows.values_list("allocation", "kind", "threshold"):
        standing.setdefault(pk, set()).add((kind, threshold))
    return [
        Watched(
            allocation=a,
            figures=_figures(a, int(recent.get(a.pk, 0)), last.get(a.pk), today),
            wanted=wanted(chosen.get(a.pk)),
            standing=standing.get(a.pk, set()),
        )
        for a in allocations
    ]


def wanted(row: AlertSettings | None) -> Wanted:
    """What the lead chose, or the usual alerts."""
    row = row or AlertSettings()
    return Wanted(row.percents, row.runs_out, row.idle_days)


def _figures(allocation: Allocation, recent: int, last: datetime | None, today: date) -> Figures:
    assert allocation.account is not None, "an allocation has its account from the award on"
    left = allocation.account.available
    running = min(max((today - allocation.starts_on).days + 1, 1), RECENT.days)
    days = max((allocation.ends_on - today).days + 1, 0)
    began = datetime.combine(allocation.starts_on, datetime.min.time(), BEIJING)
    since = max(last, began) if last else began
    now = datetime.combine(today, datetime.min.time(), BEIJING) + timedelta(days=1)
    return Figures(
        used=allocation.seconds - left,
        seconds=allocation.seconds,
        idle_days=max((now - since).days, 0) if left > 0 else 0,
        runs_out_before_end=left > 0 and recent * days > left * running,
    )
