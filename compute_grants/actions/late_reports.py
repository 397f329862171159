"""Late reports: warned of, then submissions refused, then running grants suspended.

Every step is told of beforehand, stands in the audit log, and ends by itself when the report
comes in, is given more time or is waived. A suspension that had another cause is never lifted.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants import programme
from compute_grants.actions.grant_account import want
from compute_grants.models import (
    Allocation,
    GrantReport,
    Sanction,
    SanctionNotice,
    SuspendedGrant,
)
from compute_grants.policies import obligations
from compute_grants.queries.programme import in_force
from compute_grants.queries.reports import answerable
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError
from consortium.models import User
from consortium.states import require_transition

Step = Sanction.Step
State = Allocation.State


class ReportsLate(DomainError):
    """A report of the person's is so late that nothing new is taken from them."""


def require_reports(by: User) -> None:
    """Raises ReportsLate, with the report and where to submit it."""
    decision = obligations.may_ask_for_more(by)
    if not decision:
        raise ReportsLate(decision.reason)


def rule_on(today: date) -> programme.LateReports:
    found = in_force("late_reports", today)
    assert isinstance(found, programme.LateReports)
    return found


def days_of(step: str, rule: programme.LateReports) -> int:
    """After how many days beyond the due date the step is taken."""
    return rule.refuse_after_days if step == Step.REFUSED else rule.suspend_after_days


def follow(today: date | None = None) -> int:
    """Announce, take, complete and end every step that is due.

    Returns how many; safe to repeat, and to run twice at once.
    """
    today = today or timezone.localdate()
    rule = rule_on(today)
    done = sum(_announce(pk, step, rule, today) for step in Step for pk in _near(step, rule, today))
    done += sum(_take(pk, step, rule, today) for step in Step for pk in _due(step, today))
    return done + sum(_end(pk) for pk in _settled())


def _near(step: Step, rule: programme.LateReports, today: date) -> list[int]:
    """Ids of late reports whose step comes within the notice and was not announced."""
    told = SanctionNotice.objects.filter(
        report=OuterRef("pk"), step=step, due_on=OuterRef("due_on")
    )
    soon = today - timedelta(days=days_of(step, rule) + 1 - rule.notice_days)
    rows = GrantReport.objects.owed().filter(~Exists(told), due_on__lt=today, due_on__lte=soon)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _due(step: Step, today: date) -> list[int]:
    """Ids of reports whose announced step was not taken, or misses a running grant."""
    told = SanctionNotice.objects.filter(
        report=OuterRef("pk"), step=step, due_on=OuterRef("due_on"), begins_on__lte=today
    )
    taken = Sanction.objects.standing().filter(
        report=OuterRef("pk"), step=step, due_on=OuterRef("due_on")
    )
    rows = GrantReport.objects.owed().filter(Exists(told))
    if step == Step.REFUSED:
        rows = rows.filter(~Exists(taken))
    else:
        held = SuspendedGrant.objects.filter(
            sanction__report=OuterRef(OuterRef("pk")), allocation=OuterRef("pk")
        )
        running = Allocation.objects.filter(
            ~Exists(held.filter(sanction__due_on=OuterRef(OuterRef("due_on")))),
            proposal__lead=OuterRef("allocation__proposal__lead"),
            state=State.ACTIVE,
        )
        rows = rows.filter(~Exists(taken) | Exists(running))
    return list(rows.order_by("due_on", "pk").values_list("pk", flat=True))


def _settled() -> list[int]:
    """Ids of reports that a step still stands for, though they are in or have another day."""
    rows = Sanction.objects.standing().filter(
        ~Q(report__state__in=GrantReport.OWED) | ~Q(due_on=F("report__due_on"))
    )
    return list(rows.order_by("report").values_list("report", flat=True).distinct())


@transaction.atomic
def _announce(pk: int, step: Step, rule: programme.LateReports, today: date) -> bool:
    report = _owed(pk)
    if report is None:
        return False
    begins = max(
        report.due_on + timedelta(days=days_of(step, rule) + 1),
        today + timedelta(days=rule.notice_days),
    )
    _row, new = SanctionNotice.objects.get_or_create(
        report=report, step=step, due_on=report.due_on, defaults={"begins_on": begins}
    )
    if new:
        audit.record("report.sanction_announced", report, by=None, step=str(step))
        _tell(report, f"report.{step}_soon", begins_on=begins.isoformat())
    return new


@transaction.atomic
def _take(pk: int, step: Step, rule: programme.LateReports, today: date) -> bool:
    grants = lock_grants_of_lead(pk)
    report = _owed(pk)
    if report is None or report.due_on >= today - timedelta(days=days_of(step, rule)):
        return False
    sanction, new = Sanction.objects.get_or_create(report=report, step=step, due_on=report.due_on)
    if sanction.lifted_at is not None:  # it was in, and was returned with the same day
        sanction.lifted_at, new = None, True
        sanction.save(update_fields=["lifted_at"])
    if new:
        audit.record("report.sanctioned", report, by=None, step=str(step))
        _tell(report, f"report.{step}")
    if step == Step.REFUSED:
        return new
    held = [_suspend(grant, sanction, today) for grant in grants]
    return new or any(held)


@transaction.atomic
def _end(pk: int) -> int:
    lock_grants_of_lead(pk)
    rows = GrantReport.objects.select_for_update(of=("self",))
    settle(rows.select_related("allocation__proposal").get(pk=pk))
    return 1


def _owed(pk: int) -> GrantReport | None:
    rows = GrantReport.objects.select_for_update(of=("self",)).owed()
    return rows.select_related("allocation__proposal").filter(pk=pk).first()


def _tell(report: GrantReport, code: str, *, begins_on: str = "") -> None:
    notify(
        code,
        to=answerable(report.allocation),
        about=report,
        number=report.number,
        grant=report.allocation.number,
        due_on=report.due_on.isoformat(),
        begins_on=begins_on,
    )


def lock_grants_of_lead(report_id: int) -> list[Allocation]:
    """The lead's grants that are not closed, locked before any report of theirs is."""
    lead = GrantReport.objects.values("allocation__proposal__lead").filter(pk=report_id)
    rows = Allocation.objects.select_for_update(of=("self",), no_key=True)
    found = rows.live().filter(proposal__lead__in=lead)
    return list(found.select_related("proposal", "resource__machine").order_by("pk"))


def _suspend(allocation: Allocation, sanction: Sanction, today: date) -> bool:
    """A running grant, once for this step."""
    if allocation.state != State.ACTIVE or sanction.grants.filter(allocation=allocation).exists():
        return False
    require_transition(Allocation.TRANSITIONS, allocation.state, State.SUSPENDED)
    message = _("Report %(number)s is more than %(days)s days late.")
    days = (today - sanction.due_on).days - 1
    reason = message % {"number": sanction.report.number, "days": days}
    allocation.state, allocation.state_reason = State.SUSPENDED, reason
    allocation.save(update_fields=["state", "state_reason"])
    SuspendedGrant.objects.create(sanction=sanction, allocation=allocation)
    audit.record(
        "allocation.suspended", allocation, by=None, reason=reason, report=sanction.report.number
    )
    want(allocation)
    notify(
        "report.grant_suspended",
        to=User.objects.filter(
            Q(memberships__allocation=allocation, memberships__until__isnull=True)
            | Q(pk=allocation.proposal.lead_id)
        ).distinct(),
        about=allocation,
        number=sanction.report.number,
        grant=allocation.number,
    )
    return True


def forget(allocation: Allocation) -> None:
    """Somebody changed the state of a locked grant: its suspension is no step's any more."""
    rows = SuspendedGrant.objects.filter(allocation=allocation, lifted_at__isnull=True)
    rows.update(lifted_at=timezone.now())


def settle(report: GrantReport) -> None:
    """After a locked report came in, was waived or given more time: end what no longer holds.

    The lead's grants must be locked before (lock_grants_of_lead).
    """
    for sanction in report.sanctions.standing():
        if report.state in GrantReport.OWED and sanction.due_on == report.due_on:
            continue
        sanction.lifted_at = timezone.now()
        sanction.save(update_fields=["lifted_at"])
        audit.record("report.sanction_lifted", report, by=None, step=sanction.step)
        held = sanction.grants.filter(lifted_at__isnull=True)
        for row in held.select_related("allocation__proposal", "allocation__resource__machine"):
            _lift(row, report)


def _lift(row: SuspendedGrant, report: GrantReport) -> None:
    """Resume it, unless another late report or its overuse keeps it suspended."""
    row.lifted_at = timezone.now()
    row.save(update_fields=["lifted_at"])
    allocation = row.allocation
    if allocation.state != State.SUSPENDED:
        return
    other = _other_cause(allocation, report)
    if other is not None:
        SuspendedGrant.objects.get_or_create(
            sanction=other, allocation=allocation, defaults={"lifted_at": None}
        )
        return
    if allocation.overuse == Allocation.Overuse.SUSPENDED:
        allocation.suspended_by_rule = True
        allocation.state_reason = _("More was used than the rules allow.")
        allocation.save(update_fields=["suspended_by_rule", "state_reason"])
        return
    require_transition(Allocation.TRANSITIONS, allocation.state, State.ACTIVE)
    allocation.state, allocation.state_reason = State.ACTIVE, ""
    allocation.save(update_fields=["state", "state_reason"])
    audit.record("allocation.resumed", allocation, by=None, reason="", report=report.number)
    want(allocation)
    notify(
        "report.grant_resumed",
        to=answerable(allocation),
        about=allocation,
        number=report.number,
        grant=allocation.number,
    )


def _other_cause(allocation: Allocation, report: GrantReport) -> Sanction | None:
    """A step that stands because of another report of the same lead and has not let it go."""
    rows = Sanction.objects.standing().filter(
        step=Step.SUSPENDED, report__allocation__proposal__lead=allocation.proposal.lead_id
    )
    let_go = SuspendedGrant.objects.filter(sanction=OuterRef("pk"), allocation=allocation)
    return rows.exclude(report=report).filter(~Exists(let_go)).first()
