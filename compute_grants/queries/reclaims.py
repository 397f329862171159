"""What use it or lose it would take, and what is under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants import programme
from compute_grants.models import Allocation, Reclaim
from compute_grants.queries.grant_usage import BEIJING
from compute_grants.queries.programme import in_force
from compute_grants.reclaim_rules import Standing, Verdict, verdict
from consortium.models import User

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Planned:
    """One grant from which the rule would take, and why."""

    allocation: Allocation
    standing: Standing
    verdict: Verdict

    @property
    def used_percent(self) -> float:
        return round(100 * self.standing.used / self.standing.granted, 1)

    @property
    def why(self) -> str:
        return why(self.used_percent, self.verdict.rung)


def why(used_percent: float, rung: programme.Rung) -> str:
    """The rule as it meets one grant, in a sentence."""
    text = _(
        "%(used)s%% used; by day %(day)s less than %(below)s%% loses %(take)s%% of what is left."
    )
    return text % {
        "used": used_percent,
        "day": rung.by_day,
        "below": rung.below_percent,
        "take": rung.take_percent,
    }


def rule_on(day: date | None = None) -> programme.Reclaim:
    rule = in_force("reclaim", day)
    assert isinstance(rule, programme.Reclaim)
    return rule


def dry_run(today: date | None = None) -> list[Planned]:
    """Every grant from which the rule would take, if notice were given today.

    Two queries; one more for each thousand grants that are old enough. Nothing is written.
    """
    return list(_each(today or timezone.localdate()))


def _each(today: date) -> Iterator[Planned]:
    rule = rule_on(today)
    first = min((rung.by_day for rung in rule.rungs), default=None)
    if first is None:
        return
    latest = today - timedelta(days=first - rule.notice_days)
    settled = Reclaim.objects.filter(allocation=OuterRef("pk")).values("by_day")
    rows = Allocation.objects.filter(
        state=Allocation.State.ACTIVE, starts_on__lte=latest, ends_on__gte=today, seconds__gt=0
    )
    rows = rows.shown().annotate(settled=ArraySubquery(settled)).order_by("number")
    for allocation in rows.iterator(chunk_size=CHUNK):
        standing = standing_of(allocation, allocation.settled)  # type: ignore[attr-defined]
        found = verdict(standing, rule, today)
        if found is not None:
            yield Planned(allocation, standing, found)


def standing_of(allocation: Allocation, settled: Iterable[int] = ()) -> Standing:
    """A grant's figures; its account must come with it. No query."""
    assert allocation.account is not None
    free, held = allocation.account.available, allocation.account.held
    awarded_on = timezone.localdate(allocation.awarded_at, BEIJING)
    return Standing(
        starts_on=allocation.starts_on,
        began_on=max(allocation.starts_on, awarded_on),
        ends_on=allocation.ends_on,
        granted=allocation.seconds,
        used=max(allocation.seconds - free - held, 0),
        free=max(free, 0),
        settled=frozenset(settled),
    )


def listed(user: User, state: str = "") -> QuerySet[Reclaim]:
    """What this person sees, the open ones first, soonest due on top."""
    rows = Reclaim.objects.visible_to(user).shown()
    if state in Reclaim.State.values:
        rows = rows.filter(state=state)
    waits = Q(state__in=Reclaim.OPEN)
    return rows.annotate(waits=waits).order_by("-waits", "due_on", "-pk")


def ripe(today: date | None = None) -> QuerySet[Reclaim]:
    """What may be taken now."""
    day = today or timezone.localdate()
    rows = Reclaim.objects.filter(state=Reclaim.State.NOTICED, due_on__lte=day)
    return rows.shown().order_by("number")


def to_notice() -> QuerySet[Reclaim]:
    rows = Reclaim.objects.filter(state=Reclaim.State.PLANNED)
    return rows.shown().order_by("number")


def chosen(rows: QuerySet[Reclaim], numbers: Iterable[str]) -> list[Reclaim]:
    """Of these rows, those that a form named; unknown numbers fall out."""
    return list(rows.filter(number__in=list(numbers)))
