"""Allocations as pages show them: hours left, pace, energy, the three walls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy

from compute_grants.models import Allocation, GrantReport, UsageImport, UsageRecord
from compute_grants.projection import Projection, project
from compute_grants.queries.grant_usage import BEIJING, UsageGroup, usage_groups
from consortium.models import Account, Transfer, User

RECENT = timedelta(days=30)
BAND_STEPS = 12
LOW_SHARE = 10  # below a tenth of what was granted, hours are running low

UNUSED, ON_PACE, RUNNING_LOW, OVER_PACE, USED_UP, OVER = (
    *("unused", "on_pace", "running_low", "over_pace", "used_up", "over"),
)
BURN_LABELS: Mapping[str, str | Promise] = {
    UNUSED: gettext_lazy("unused"),
    ON_PACE: gettext_lazy("on pace"),
    RUNNING_LOW: gettext_lazy("running low"),
    OVER_PACE: gettext_lazy("over pace"),
    USED_UP: gettext_lazy("used up"),
    OVER: gettext_lazy("overused"),
}
BURN_TONES = {
    UNUSED: "info",
    ON_PACE: "ok",
    RUNNING_LOW: "warn",
    OVER_PACE: "warn",
    USED_UP: "danger",
    OVER: "danger",
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an allocation is used. All amounts in seconds of its unit.

    left: negative when overused; recent: used in the thirty days before `today`;
    over how many of them it could be used: recent_days.
    """

    granted: int
    left: int
    recent: int
    recent_days: int
    starts_on: date
    ends_on: date
    today: date

    @property
    def used(self) -> int:
        return self.granted - self.left

    @property
    def used_percent(self) -> int:
        return round(100 * self.used / self.granted) if self.granted else 0

    @property
    def per_day(self) -> int:
        return self.recent // self.recent_days

    @property
    def even_per_day(self) -> int:
        """What would use it up exactly on the last day, counted from the start."""
        return self.granted // ((self.ends_on - self.starts_on).days + 1)

    @property
    def affordable_per_day(self) -> int:
        """What would use up the rest exactly on the last day, counted from today."""
        return max(self.left, 0) // max((self.ends_on - self.today).days + 1, 1)

    @property
    def runs_out_on(self) -> date | None:
        """When the hours end at the recent pace; None when they do not before 2 years."""
        if self.left <= 0:
            return self.today
        if self.per_day == 0 or self.left // self.per_day > 730:  # noqa: PLR2004  two years
            return None
        return self.today + timedelta(days=self.left // self.per_day)

    @property
    def state(self) -> str:
        if self.left < 0:
            return OVER
        if self.left == 0:
            return USED_UP
        if self.used == 0:
            return UNUSED
        if self.runs_out_on and self.runs_out_on < self.ends_on and self.today <= self.ends_on:
            return OVER_PACE
        return RUNNING_LOW if self.left * LOW_SHARE < self.granted else ON_PACE

    @property
    def label(self) -> str:
        return str(BURN_LABELS[self.state])

    @property
    def tone(self) -> str:
        return BURN_TONES[self.state]


@dataclass(frozen=True, slots=True)
class AllocationRow:
    allocation: Allocation
    pace: Pace


@dataclass(frozen=True, slots=True)
class BurnPoint:
    """One day on which something was used, and what was left at its end."""

    day: date
    used: int
    left: int


@dataclass(frozen=True, slots=True)
class BurnDown:
    """The days of an allocation. as_of: the newest reading; None before the first."""

    pace: Pace
    points: tuple[BurnPoint, ...]
    as_of: datetime | None

    @property
    def months(self) -> list[BurnPoint]:
        """One point for each month with usage: what it used, what was left at its end."""
        found: dict[date, BurnPoint] = {}
        for point in self.points:
            month = point.day.replace(day=1)
            before = found.get(month)
            found[month] = BurnPoint(month, point.used + (before.used if before else 0), point.left)
        return list(found.values())

    @property
    def daily(self) -> tuple[int, ...]:
        """Seconds used on each of the recent days, those without use included."""
        used = {point.day: point.used for point in self.points}
        days = range(self.pace.recent_days - 1, -1, -1)
        return tuple(used.get(self.pace.today - timedelta(days=n), 0) for n in days)

    @property
    def outlook(self) -> Projection | None:
        """Where the hours go, with an interval; None where the days are too few to say."""
        running = self.pace.today < self.pace.ends_on
        return project(self.pace.left, self.daily) if running else None

    @property
    def band(self) -> list[tuple[date, int, int]]:
        """(day, least, most left) up to the last day: the middle 80 percent. Not below zero."""
        found, days = self.outlook, (self.pace.ends_on - self.pace.today).days
        if found is None:
            return []
        steps = sorted({days * n // BAND_STEPS for n in range(BAND_STEPS + 1)})
        return [
            (
                self.pace.today + timedelta(days=n),
                max(self.pace.left - found.used_in(n)[2], 0),
                max(self.pace.left - found.used_in(n)[0], 0),
            )
            for n in steps
        ]

    @property
    def ends(self) -> tuple[date | None, date | None, date | None] | None:
        """When the hours end: at the earliest, expected, at the latest; None past two years."""
        found = self.outlook
        if found is None:
            return None
        span, today = found.lasts(), self.pace.today
        days = (span.earliest, span.expected, span.latest)
        return tuple(None if n is None else today + timedelta(days=n) for n in days)  # type: ignore[return-value]

    @property
    def projection(self) -> list[tuple[date, int]]:
        """From today at the recent pace to the end of the hours or of the time."""
        pace = self.pace
        if pace.left <= 0 or pace.per_day == 0 or pace.today >= pace.ends_on:
            return []
        last = min(pace.runs_out_on or pace.ends_on, pace.ends_on)
        days = (last - pace.today).days
        end = 0 if last == pace.runs_out_on else pace.left - days * pace.per_day
        return [(pace.today, pace.left), (last, end)]


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement of an allocation's time; seconds > 0 came in."""

    at: datetime
    code: str
    label: str
    seconds: int
    actor: str
    reason: str


ENTRY_LABELS: Mapping[str, str | Promise] = {
    "award": gettext_lazy("award"),
    "release": gettext_lazy("part of the award released"),
    "supplement": gettext_lazy("supplement"),
    "transfer": gettext_lazy("transfer"),
    "transfer-in": gettext_lazy("transfer received"),
    "transfer-out": gettext_lazy("transfer given"),
    "advance": gettext_lazy("advance"),
    "reclaim": gettext_lazy("unused time taken back"),
    "renewal": gettext_lazy("renewal"),
    "closing-return": gettext_lazy("returned to the call at the closing of the books"),
    "adjustment": gettext_lazy("adjustment by the office"),
    "usage": gettext_lazy("usage"),
    "usage-correction": gettext_lazy("correction of usage"),
    "reversal": gettext_lazy("reversal"),
}


def rows(allocations: Iterable[Allocation], today: date | None = None) -> list[AllocationRow]:
    """Allocations with their pace. One query for all; the accounts come with `shown()`."""
    given = list(allocations)
    today = today or timezone.localdate()
    recent = dict(
        UsageRecord.objects.filter(allocation__in=given, used_at__gt=_midnight(today) - RECENT)
        .order_by()
        .values_list("allocation")
        .annotate(seconds=Sum("charged"))
    )
    return [AllocationRow(a, _pace(a, int(recent.get(a.pk, 0)), today)) for a in given]


def burn_down(
    allocation: Allocation, today: date | None = None, groups: Sequence[UsageGroup] | None = None
) -> BurnDown:
    """Usage by day (Beijing's), with what was left after each. No query where `groups` is given
    and the allocation brings `read_at`; else up to two."""
    today = today or timezone.localdate()
    used: dict[date, int] = {}
    for group in usage_groups(allocation) if groups is None else groups:
        used[group.day] = used.get(group.day, 0) + group.seconds
    left, recent, points = allocation.seconds, 0, []
    for day in sorted(used):
        left -= used[day]
        points.append(BurnPoint(day, used[day], left))
        recent += used[day] if day > today - RECENT else 0
    return BurnDown(_pace(allocation, recent, today), tuple(points), as_of(allocation))


def as_of(allocation: Allocation) -> datetime | None:
    """When the machine's accounting was last read to its end. A query unless it was asked for."""
    if hasattr(allocation, "read_at"):
        known: datetime | None = allocation.read_at
        return known
    done = UsageImport.objects.filter(
        machine=allocation.resource.machine_id, state=UsageImport.State.DONE
    )
    newest: datetime | None = done.order_by().aggregate(at=Max("finished_at"))["at"]
    return newest


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING) + timedelta(days=1)


def _pace(allocation: Allocation, recent: int, today: date) -> Pace:
    left = allocation.account.available if allocation.account else allocation.seconds
    running = (today - allocation.starts_on).days + 1
    return Pace(
        granted=allocation.seconds,
        left=left,
        recent=recent,
        recent_days=min(max(running, 1), RECENT.days),
        starts_on=allocation.starts_on,
        ends_on=allocation.ends_on,
        today=today,
    )


def entries(allocation: Allocation) -> QuerySet[Transfer]:
    """The movements of the allocation's account, newest first."""
    account = allocation.account_id
    found = Transfer.objects.filter(Q(debit=account) | Q(credit=account))
    return found.select_related("actor").order_by("-created", "-pk")


def entry(transfer: Transfer, account: Account | None) -> Entry:
    came = account is not None and transfer.credit_id == account.pk
    return Entry(
        at=transfer.created,
        code=transfer.code,
        label=str(ENTRY_LABELS.get(transfer.code, transfer.code)),
        seconds=transfer.amount if came else -transfer.amount,
        actor=transfer.actor.name if transfer.actor else "",
        reason=transfer.reason,
    )


def late_report(allocation: Allocation) -> GrantReport | None:
    """The report whose lateness has the grant suspended. One query; none while it runs."""
    if allocation.state != Allocation.State.SUSPENDED:
        return None
    rows = allocation.late_suspensions.filter(lifted_at__isnull=True)
    row = rows.select_related("sanction__report").first()
    return row.sanction.report if row else None


def lineage(allocation: Allocation, user: User) -> list[dict[str, Any]]:
    """Links of {% chain %} to what was made with this allocation, as far as `user` may see.

    Grants know nothing of models: settings.GRANT_LINEAGE names the function that does.
    """
    path: str = getattr(settings, "GRANT_LINEAGE", "")
    if not path:
        return []
    find: Callable[[Allocation, User], list[dict[str, Any]]] = import_string(path)
    return find(allocation, user)
