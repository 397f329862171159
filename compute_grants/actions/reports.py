"""Writing a grant's report, handing it in, and the R&D office's word on it."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions import late_reports, release_schedule, report_dates
from compute_grants.actions.grant_account import locked
from compute_grants.models import GrantReport, ReportSubmission, Tranche
from compute_grants.policies import reports as policy
from compute_grants.queries.reports import answerable, figures, lacking
from consortium import audit, merkle
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid, Stale
from consortium.models import ArmAppointment, User
from consortium.queries import staff_of
from consortium.states import require_transition

State = GrantReport.State


class NotWriting(DomainError):
    """The report is with the office, accepted, or not needed."""


class ReportChanged(Stale):
    """The report was saved elsewhere since the form was opened. `now`: as it stands."""

    def __init__(self, now: GrantReport, typed: dict[str, str]) -> None:
        super().__init__(
            _(
                "This report was changed elsewhere since you opened it. Compare the two texts and "
                "save the one you want to keep."
            )
        )
        self.now = now
        self.typed = typed

    @property
    def differences(self) -> list[str]:
        """Names of the fields whose stored text is not what was typed."""
        return [name for name, text in self.typed.items() if getattr(self.now, name) != text]


def _locked(report: GrantReport) -> GrantReport:
    rows = GrantReport.objects.select_for_update(of=("self",)).shown()
    return rows.get(pk=report.pk)


@transaction.atomic
def save(report: GrantReport, *, version: int, by: User, **texts: str) -> GrantReport:
    """Save some of the texts (GrantReport.TEXTS). `version`: the one the form was opened with.

    Saving what is stored changes nothing. Raises PermissionDenied, NotWriting, or ReportChanged
    where it would overwrite a newer text.
    """
    report = _locked(report)
    policy.can_write(by, report).require()
    if not report.writing:
        message = _("This report is “%(state)s”, so its text is fixed.")
        raise NotWriting(message % {"state": report.get_state_display()})
    changed = [name for name, text in texts.items() if getattr(report, name) != text]
    if not changed:
        return report
    if version != report.version:
        raise ReportChanged(report, texts)
    for name in changed:
        setattr(report, name, texts[name])
    if report.state == State.DUE:
        require_transition(GrantReport.TRANSITIONS, report.state, State.DRAFT)
        report.state = State.DRAFT
    report.version += 1
    report.saved_at = timezone.now()
    report.save(update_fields=["state", "version", "saved_at", *changed])
    audit.record("report.saved", report, by=by, version=report.version, changed=sorted(changed))
    return report


@transaction.atomic
def submit(report: GrantReport, *, version: int | None = None, by: User) -> ReportSubmission:
    """Hand in what was read at `version` (None: as it is), with the figures of this moment.

    Raises PermissionDenied, WrongState, Stale, or Invalid for what is not written.
    """
    late_reports.lock_grants_of_lead(report.pk)
    report = _locked(report)
    policy.can_write(by, report).require()
    if report.state != State.DUE:  # which lacks every text
        require_transition(GrantReport.TRANSITIONS, report.state, State.SUBMITTED)
    if version is not None and version != report.version:
        raise Stale(_("The report was changed since you checked it. Check your answers again."))
    errors = lacking(report)
    if errors:
        raise Invalid(errors)
    submission = _hand_in(report, by)
    late_reports.settle(report)
    notify(
        "report.submitted",
        to=staff_of(ArmAppointment.Office.RESEARCH),
        about=report,
        besides=by,
        number=report.number,
        grant=report.allocation.number,
    )
    return submission


def _hand_in(report: GrantReport, by: User) -> ReportSubmission:
    content = content_of(report)
    digest = hashlib.sha256(merkle.canonical(content)).hexdigest()
    report.state, report.submitted_at = State.SUBMITTED, timezone.now()
    report.save(update_fields=["state", "submitted_at"])
    submission, _new = ReportSubmission.objects.update_or_create(
        report=report,
        version=report.version,
        defaults={
            "content": content,
            "content_hash": digest,
            "submitted_by": by,
            "submitted_at": report.submitted_at,
        },
    )
    audit.record("report.submitted", report, by=by, version=report.version, content_hash=digest)
    return submission


def content_of(report: GrantReport) -> dict[str, Any]:
    """What is handed in, as plain data: the texts, the grant's figures and its outputs."""
    outputs = report.allocation.outputs.filter(removed_at__isnull=True)
    return {
        "number": report.number,
        "grant": report.allocation.number,
        "kind": report.kind,
        "due_on": report.due_on.isoformat(),
        **{name: getattr(report, name) for name in GrantReport.TEXTS},
        "figures": figures(report.allocation).as_json(),
        "outputs": list(outputs.order_by("number").values_list("number", flat=True)),
    }


@transaction.atomic
def send_back(report: GrantReport, *, reason: str, by: User) -> GrantReport:
    """Return it to the grant's members for correction, with time to do so.

    Raises PermissionDenied, WrongState, Invalid.
    """
    report = _locked(report)
    policy.can_judge(by, report).require()
    require_transition(GrantReport.TRANSITIONS, report.state, State.RETURNED)
    if not reason.strip():
        raise Invalid({"reason": [_("Say what has to be corrected; the members read it.")]})
    rule = report_dates.rule()
    least = timezone.localdate() + timedelta(days=rule.least_days)
    report.due_on = max(report.due_on, least)
    report.save(update_fields=["due_on"])
    _judge(report, State.RETURNED, reason, by)
    audit.record("report.returned", report, by=by, reason=reason)
    _tell(report, "report.returned", by, reason=reason.strip()[:300], due_on=report.due_on)
    return report


@transaction.atomic
def accept(report: GrantReport, *, reason: str = "", by: User) -> GrantReport:
    """Accept it; the part of the award that waits for it is released.

    Raises PermissionDenied, WrongState.
    """
    locked(report.allocation)  # before the report: the order in which grants are changed
    report = _locked(report)
    policy.can_judge(by, report).require()
    require_transition(GrantReport.TRANSITIONS, report.state, State.ACCEPTED)
    _judge(report, State.ACCEPTED, reason, by)
    audit.record("report.accepted", report, by=by, reason=reason)
    _tell(report, "report.accepted", by)
    waiting = report.allocation.tranches.filter(
        position=report.position,
        state=Tranche.State.PLANNED,
        condition=Tranche.Condition.REPORT,
    ).first()
    if waiting is not None and not report.is_final:
        release_schedule.release(waiting, by=by, reason=_("The progress report was accepted."))
    return report


@transaction.atomic
def extend(report: GrantReport, *, due_on: date, reason: str, by: User) -> GrantReport:
    """Give more time. What followed from its being late ends, where it is not late any more.

    Raises PermissionDenied, NotWriting, Invalid.
    """
    report = _owed_by_others(report, by)
    errors = {} if reason.strip() else {"reason": [_("Give the reason; the members read it.")]}
    if due_on <= max(report.due_on, timezone.localdate()):
        errors["due_on"] = [_("Choose a day after the present due date and after today.")]
    if errors:
        raise Invalid(errors)
    before, report.due_on = report.due_on, due_on
    report.save(update_fields=["due_on"])
    facts = {"due_on": due_on.isoformat(), "before": before.isoformat()}
    audit.record("report.extended", report, by=by, reason=reason, **facts)
    late_reports.settle(report)
    _tell(report, "report.extended", by, reason=reason.strip()[:300], due_on=due_on)
    return report


@transaction.atomic
def waive(report: GrantReport, *, reason: str, by: User) -> GrantReport:
    """It is not needed any more. Raises PermissionDenied, NotWriting, Invalid."""
    report = _owed_by_others(report, by)
    require_transition(GrantReport.TRANSITIONS, report.state, State.WAIVED)
    if not reason.strip():
        raise Invalid({"reason": [_("Give the reason; the members read it.")]})
    _judge(report, State.WAIVED, reason, by)
    audit.record("report.waived", report, by=by, reason=reason)
    late_reports.settle(report)
    _tell(report, "report.waived", by, reason=reason.strip()[:300])
    return report


def _owed_by_others(report: GrantReport, by: User) -> GrantReport:
    """A report that is still out, locked after the grants of its lead."""
    late_reports.lock_grants_of_lead(report.pk)
    report = _locked(report)
    policy.can_excuse(by, report).require()
    if report.state not in GrantReport.OWED:
        message = _("This report is “%(state)s”; its members owe nothing now.")
        raise NotWriting(message % {"state": report.get_state_display()})
    return report


def _judge(report: GrantReport, state: State, reason: str, by: User) -> None:
    report.state, report.judged_by, report.judged_at = state, by, timezone.now()
    report.judgement = reason.strip()
    report.save(update_fields=["state", "judged_by", "judged_at", "judgement"])


def _tell(report: GrantReport, code: str, by: User, **facts: str | date) -> None:
    told = {name: str(value) for name, value in facts.items()}  # a date in its ISO form
    notify(
        code,
        to=answerable(report.allocation),
        about=report,
        besides=by,
        number=report.number,
        grant=report.allocation.number,
        **told,
    )
