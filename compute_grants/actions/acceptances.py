"""Offering an award to its lead, and what follows from the answer or from none."""

from __future__ import annotations

import logging
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants import programme
from compute_grants.actions import allocations, report_dates
from compute_grants.actions.grant_account import budget_of, locked_with_usage, take, want
from compute_grants.models import Acceptance, Allocation, DecisionLetter, PanelDecision
from compute_grants.policies import acceptances as policy
from compute_grants.queries.programme import in_force
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid, Stale
from consortium.models import ArmAppointment, User
from consortium.queries import staff_of
from consortium.states import require_transition

State = Acceptance.State
log = logging.getLogger(__name__)


class TooLate(DomainError):
    """The last day for an answer is over."""


def asked() -> bool:
    """Whether the programme has leads accept their awards; else grants open by themselves."""
    return bool(_rule().days)


def offer(decision: PanelDecision) -> Acceptance | None:
    """Ask the lead to accept an award, in the transaction of its publication.

    Its grants were made shut and stay so until then. None where no acceptance is asked.
    """
    if not asked():
        return None
    made = Acceptance.objects.create(
        decision=decision, due_on=timezone.localdate() + timedelta(days=_rule().days)
    )
    audit.record("acceptance.offered", decision.proposal, by=None, due_on=made.due_on.isoformat())
    return made


def _rule() -> programme.Acceptance:
    rule = in_force("acceptance")
    assert isinstance(rule, programme.Acceptance)
    return rule


@transaction.atomic
def accept(acceptance: Acceptance, *, letter_sha256: str, by: User) -> Acceptance:
    """Accept the terms, as the letter that was shown states them: the grants open.

    Raises PermissionDenied, WrongState, TooLate, or Stale where another letter was shown.
    """
    acceptance = _answerable(acceptance, State.ACCEPTED, by)
    letter = DecisionLetter.objects.filter(decision=acceptance.decision).first()
    if letter is not None and letter.sha256 != letter_sha256:
        raise Stale(_("This is not the letter of your award. Reload the page and read it again."))
    _settle(acceptance, State.ACCEPTED, by, letter_sha256=letter_sha256)
    for allocation in _grants(acceptance):
        allocation.terms_accepted = True
        allocation.save(update_fields=["terms_accepted"])
        report_dates.ask_progress(allocation)
        want(allocation)
    _tell_office("acceptance.accepted", acceptance, by)
    return acceptance


@transaction.atomic
def decline(acceptance: Acceptance, *, reason: str, by: User) -> Acceptance:
    """Give the award back: all its time returns to the call, where the waitlist moves.

    What it paid back of an earlier advance stays paid. Raises PermissionDenied, WrongState,
    TooLate, Invalid.
    """
    acceptance = _answerable(acceptance, State.DECLINED, by)
    if not reason.strip():
        raise Invalid({"reason": [_("Say why in one sentence. The panel reads it.")]})
    _settle(acceptance, State.DECLINED, by, reason=reason.strip())
    _return_time(acceptance, _("Its lead declined the award."))
    _tell_office("acceptance.declined", acceptance, by, reason=acceptance.reason)
    return acceptance


def follow(today: date) -> int:
    """Remind of answers that are due soon, and let those lapse that are late.

    Returns how many lapsed. Safe to repeat.
    """
    soon = today + timedelta(days=_rule().remind_days)
    waiting = Acceptance.objects.open().filter(due_on__gte=today, due_on__lte=soon)
    for acceptance in waiting.filter(reminded_at__isnull=True).order_by("pk"):
        _remind(acceptance)
    late = Acceptance.objects.open().filter(due_on__lt=today).order_by("pk")
    return sum(_lapsed(acceptance) for acceptance in list(late))


def _lapsed(acceptance: Acceptance) -> bool:
    """One that cannot lapse is logged and tried again: it must not keep back the others."""
    try:
        _lapse(acceptance)
    except DomainError:
        log.exception("acceptance %s could not lapse", acceptance.pk)
        return False
    return True


@transaction.atomic
def _remind(acceptance: Acceptance) -> None:
    row = _locked(acceptance)
    if row.state != State.OFFERED or row.reminded_at is not None:
        return
    row.reminded_at = timezone.now()
    row.save(update_fields=["reminded_at"])
    _tell("acceptance.due_soon", row)


@transaction.atomic
def _lapse(acceptance: Acceptance) -> None:
    row = _locked(acceptance)
    if row.state != State.OFFERED:
        return
    _settle(row, State.LAPSED, None)
    _return_time(row, _("Its terms were not accepted in time."))
    _tell("acceptance.lapsed", row)


def _tell(code: str, acceptance: Acceptance) -> None:
    proposal = acceptance.decision.proposal
    notify(
        code,
        to=[proposal.lead],
        about=acceptance,
        number=proposal.number,
        due_on=acceptance.due_on.isoformat(),
    )


def _tell_office(code: str, acceptance: Acceptance, by: User, **facts: str) -> None:
    office, number = staff_of(ArmAppointment.Office.RESEARCH), acceptance.decision.proposal.number
    notify(code, to=office, about=acceptance, besides=by, number=number, **facts)


def _locked(acceptance: Acceptance) -> Acceptance:
    rows = Acceptance.objects.select_for_update(of=("self",))
    return rows.select_related("decision__proposal__lead").get(pk=acceptance.pk)


def _answerable(acceptance: Acceptance, to: Acceptance.State, by: User) -> Acceptance:
    row = _locked(acceptance)
    policy.can_answer(by, row).require()
    require_transition(Acceptance.TRANSITIONS, row.state, to)
    if row.over_on(timezone.localdate()):
        raise TooLate(_("The last day for an answer is over. The time goes back to the call."))
    return row


def _settle(acceptance: Acceptance, state: Acceptance.State, by: User | None, **how: str) -> None:
    require_transition(Acceptance.TRANSITIONS, acceptance.state, state)
    acceptance.state, acceptance.answered_by, acceptance.answered_at = state, by, timezone.now()
    for name, value in how.items():
        setattr(acceptance, name, value)
    acceptance.save()
    audit.record(f"acceptance.{state.value}", acceptance.decision.proposal, by=by, **how)


def _grants(acceptance: Acceptance) -> list[Allocation]:
    rows = Allocation.objects.filter(proposal=acceptance.decision.proposal_id)
    return list(locked_with_usage(list(rows.values_list("pk", flat=True))).values())


def _return_time(acceptance: Acceptance, reason: str) -> None:
    """Everything goes back to the call's budget, and the grants end before they began."""
    for allocation in _grants(acceptance):
        assert allocation.account is not None
        left = allocation.account.available
        if left > 0:
            take(
                allocation,
                target=budget_of(allocation),
                seconds=left,
                code="award-returned",
                key=f"award-returned:{allocation.number}",
                by=acceptance.answered_by,
                reason=reason,
            )
        if allocation.state != Allocation.State.CLOSED:
            allocations.close(allocation, reason=reason, by=None)
