"""What stands between a grant and the closing of its books."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from compute_grants import programme
from compute_grants.models import Allocation, Closure, GrantReport, UsageImport, UsageRecord
from compute_grants.queries.grant_usage import BEIJING
from compute_grants.queries.programme import in_force
from consortium.models import User


@dataclass(frozen=True, slots=True)
class Item:
    """One point of the checklist: its rule, whether it is met, and what is missing."""

    label: str
    done: bool
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    allocation: Allocation
    items: tuple[Item, ...]
    report: GrantReport | None

    @property
    def ready(self) -> bool:
        return all(item.done for item in self.items)

    @property
    def ended_on(self) -> date:
        """The day it ended, early or not."""
        return ended_on(self.allocation)

    @property
    def missing(self) -> list[str]:
        return [item.missing for item in self.items if not item.done]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What checklists look at, read for many grants at once."""

    rule: programme.Closing
    today: date
    reports: dict[int, GrantReport]
    running: set[int]
    last_used: dict[int, datetime]
    read: dict[int, datetime]


def waiting(user: User) -> QuerySet[Allocation]:
    """Grants that ended and whose books are open, the longest ended first."""
    rows = Allocation.objects.visible_to(user).shown()
    return rows.filter(state=Allocation.State.CLOSED, closure__isnull=True).order_by(
        "closed_at", "ends_on", "pk"
    )


def checklist(allocation: Allocation) -> Checklist:
    """Four queries."""
    return checklists([allocation])[0]


def checklists(allocations: Iterable[Allocation]) -> list[Checklist]:
    """In the order given. Four queries for all."""
    given = list(allocations)
    facts = _facts(given)
    return [_checklist(allocation, facts) for allocation in given]


def _facts(given: list[Allocation]) -> _Facts:
    rule = in_force("closing")
    assert isinstance(rule, programme.Closing)
    reports = GrantReport.objects.filter(allocation__in=given, kind=GrantReport.Kind.FINAL)
    usage = UsageRecord.objects.filter(allocation__in=given).order_by()
    used = usage.values_list("allocation").annotate(
        at=Max("used_at"), running=Count("pk", filter=Q(end_at__isnull=True))
    )
    seen = [(pk, at, running) for pk, at, running in used if pk is not None]
    machines = {allocation.resource.machine_id for allocation in given}
    read = UsageImport.objects.filter(machine__in=machines, state=UsageImport.State.DONE).order_by()
    return _Facts(
        rule=rule,
        today=timezone.localdate(),
        reports={report.allocation_id: report for report in reports},
        running={pk for pk, _at, running in seen if running},
        last_used={pk: at for pk, at, _running in seen},
        read=dict(read.values_list("machine").annotate(at=Max("finished_at"))),
    )


def _checklist(allocation: Allocation, facts: _Facts) -> Checklist:
    report = facts.reports.get(allocation.pk)
    items = (_ended(allocation), _settled(allocation, facts), _reported(report))
    return Checklist(allocation, items, report)


def _ended(allocation: Allocation) -> Item:
    return Item(
        _("The grant has ended and its account on the machine is closed."),
        allocation.state == Allocation.State.CLOSED,
        _("The grant still runs. It ends on %(day)s.")
        % {"day": date_format(allocation.ends_on, "DATE_FORMAT")},
    )


def _settled(allocation: Allocation, facts: _Facts) -> Item:
    """Late records are in: nothing runs, some days passed, and the machine was read since."""
    label = _("The usage has settled: late records are in.")
    if allocation.pk in facts.running:
        return Item(label, False, _("A job still runs. Wait for its last record."))
    day = ended_on(allocation)
    last = facts.last_used.get(allocation.pk)
    if last is not None:
        day = max(day, timezone.localtime(last, BEIJING).date())
    opens = day + timedelta(days=facts.rule.settle_days)
    if facts.today < opens:
        message = _("Late records are waited for until %(day)s.")
        return Item(label, False, message % {"day": date_format(opens, "DATE_FORMAT")})
    read = facts.read.get(allocation.resource.machine_id)
    if read is not None and timezone.localtime(read, BEIJING).date() <= day:
        message = _("The machine's accounting was not read since the grant ended. Import it first.")
        return Item(label, False, message)
    return Item(label, True)


def _reported(report: GrantReport | None) -> Item:
    done = {GrantReport.State.ACCEPTED, GrantReport.State.WAIVED}
    label = _("The final report is accepted.")
    if report is None:
        return Item(label, False, _("The final report is not asked for yet."))
    if report.state in done:
        return Item(label, True)
    message = _("Final report %(number)s is “%(state)s”.")
    facts = {"number": report.number, "state": report.get_state_display()}
    return Item(label, False, message % facts)


@dataclass(frozen=True, slots=True)
class Late:
    """What was posted after the books were closed. seconds: net, in the grant's unit."""

    seconds: int
    left_seconds: int


def since(closure: Closure) -> Late:
    """What the ledger holds now against the statement. Expects allocation.account loaded."""
    allocation = closure.allocation
    left = allocation.account.available if allocation.account else 0
    before = closure.content["figures"]["left_seconds"] - closure.returned_seconds
    return Late(seconds=before - left, left_seconds=left)


def ended_on(allocation: Allocation) -> date:
    """The day its account was closed, or its last day where that came first."""
    if allocation.closed_at is None:
        return allocation.ends_on
    closed: date = timezone.localtime(allocation.closed_at, BEIJING).date()
    return min(closed, allocation.ends_on)
