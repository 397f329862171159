"""Asking grants for the reports they owe: with the award, at the end, and by the sweep."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants import programme
from compute_grants.actions.grant_account import locked
from compute_grants.models import Allocation, GrantReport, Tranche
from compute_grants.queries.programme import in_force
from compute_grants.queries.reports import answerable
from consortium import audit
from consortium.actions.notices import notify
from consortium.numbers import numbered
from consortium.states import require_transition

Kind = GrantReport.Kind
State = GrantReport.State
SERIES = "RP"


def rule() -> programme.Reports:
    found = in_force("reports")
    assert isinstance(found, programme.Reports)
    return found


def ask_progress(allocation: Allocation) -> int:
    """The progress reports of a grant that is locked; returns how many are new."""
    given, today = rule(), timezone.localdate()
    waiting = allocation.tranches.filter(condition=Tranche.Condition.REPORT)
    if waiting.exists():
        wanted = [
            (part.position, part.due_on) for part in waiting.filter(state=Tranche.State.PLANNED)
        ]
    else:
        wanted = _mid_term(allocation, given, today)
    return sum(
        _ask(allocation, Kind.PROGRESS, position, due_on, given, today)
        for position, due_on in wanted
    )


def _mid_term(
    allocation: Allocation, given: programme.Reports, today: date
) -> list[tuple[int, date]]:
    """Nothing for short terms, nor once the middle has passed or the end is near."""
    days = (allocation.ends_on - allocation.starts_on).days
    due_on = allocation.starts_on + timedelta(days=days * given.progress_percent // 100)
    least = today + timedelta(days=given.least_days)
    passed = due_on < today or max(due_on, least) >= allocation.ends_on
    if passed or days < given.progress_from_days:
        return []
    return [(0, due_on)]


def ask_final(allocation: Allocation) -> int:
    """The final report of a locked grant that ends soon or has ended; returns how many are new.

    What was not reported on the way is part of it, so progress reports still owed are waived. An
    award that its lead did not accept owes nothing.
    """
    if not allocation.terms_accepted:
        return 0
    given, today = rule(), timezone.localdate()
    over = allocation.state == Allocation.State.CLOSED
    if over:
        _waive_progress(allocation)
    end = min(allocation.ends_on, today) if over else allocation.ends_on
    due_on = end + timedelta(days=given.final_days)
    return _ask(allocation, Kind.FINAL, 0, due_on, given, today)


def _waive_progress(allocation: Allocation) -> None:
    rows = allocation.reports.select_for_update().filter(kind=Kind.PROGRESS).owed()
    for report in rows.order_by("pk"):
        require_transition(GrantReport.TRANSITIONS, report.state, State.WAIVED)
        report.state = State.WAIVED
        report.judgement = _("The grant was closed. Its final report takes the place of this one.")
        report.save(update_fields=["state", "judgement"])
        audit.record("report.waived", report, by=None, reason=report.judgement)


def _ask(  # noqa: PLR0917  six facts, one row
    allocation: Allocation,
    kind: Kind,
    position: int,
    due_on: date,
    given: programme.Reports,
    today: date,
) -> bool:
    """One report, once; never on shorter notice than the rule allows."""
    if allocation.reports.filter(kind=kind, position=position).exists():
        return False
    report = GrantReport.objects.create(
        number=numbered(SERIES, today.year),
        allocation=allocation,
        kind=kind,
        position=position,
        due_on=max(due_on, today + timedelta(days=given.least_days)),
    )
    due = report.due_on.isoformat()
    audit.record("report.asked", report, by=None, kind=kind, grant=allocation.number, due_on=due)
    if kind == Kind.FINAL:
        notify(
            "report.asked",
            to=answerable(allocation),
            about=report,
            grant=allocation.number,
            due_on=due,
        )
    return True


def sweep(today: date | None = None, limit: int = 100) -> int:
    """Ask whatever is not asked yet, and move what moved. Returns how many; safe to repeat."""
    today = today or timezone.localdate()
    given = rule()
    found = 0
    for pk in _without_progress(given, today)[:limit]:
        found += _asked(pk, Kind.PROGRESS)
    for pk in _without_final(given, today)[:limit]:
        found += _asked(pk, Kind.FINAL)
    for report in _moved(given)[:limit]:
        _follow_end(report.pk, given)
        found += 1
    return found


@transaction.atomic
def _asked(pk: int, kind: Kind) -> int:
    allocation = locked(Allocation(pk=pk))
    return ask_progress(allocation) if kind == Kind.PROGRESS else ask_final(allocation)


def _without_progress(given: programme.Reports, today: date) -> list[int]:
    """Ids of running grants that owe a progress report nobody asked for."""
    reports = GrantReport.objects.filter(kind=Kind.PROGRESS)
    own = reports.filter(allocation=OuterRef("allocation"), position=OuterRef("position"))
    parts = Tranche.objects.filter(
        ~Exists(own),
        condition=Tranche.Condition.REPORT,
        state=Tranche.State.PLANNED,
        allocation__state__in=Allocation.LIVE,
        allocation__terms_accepted=True,
    )
    conditional = Tranche.objects.filter(
        allocation=OuterRef("pk"), condition=Tranche.Condition.REPORT
    )
    plain = Allocation.objects.live().filter(
        ~Exists(reports.filter(allocation=OuterRef("pk"))),
        ~Exists(conditional),
        terms_accepted=True,
        ends_on__gt=today + timedelta(days=given.least_days),
    )
    middles = {row.pk for row in plain if _mid_term(row, given, today)}
    return sorted(middles | set(parts.values_list("allocation", flat=True)))


def _without_final(given: programme.Reports, today: date) -> list[int]:
    final = GrantReport.objects.filter(allocation=OuterRef("pk"), kind=Kind.FINAL)
    soon = Q(ends_on__lte=today + timedelta(days=given.final_opens_days))
    rows = Allocation.objects.filter(
        soon | Q(state=Allocation.State.CLOSED),
        ~Exists(final),
        account__isnull=False,
        terms_accepted=True,
    )
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _moved(given: programme.Reports) -> list[GrantReport]:
    """Final reports of running grants whose end has moved to a later day since."""
    rows = GrantReport.objects.owed().filter(kind=Kind.FINAL, allocation__state__in=Allocation.LIVE)
    late = rows.filter(due_on__lt=F("allocation__ends_on") + timedelta(days=given.final_days))
    return list(late.order_by("pk"))


@transaction.atomic
def _follow_end(pk: int, given: programme.Reports) -> None:
    report = GrantReport.objects.select_for_update(of=("self",)).get(pk=pk)
    ends_on = Allocation.objects.values_list("ends_on", flat=True).get(pk=report.allocation_id)
    before, report.due_on = report.due_on, ends_on + timedelta(days=given.final_days)
    report.save(update_fields=["due_on"])
    audit.record(
        "report.moved",
        report,
        by=None,
        due_on=report.due_on.isoformat(),
        before=before.isoformat(),
    )
