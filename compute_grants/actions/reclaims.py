"""Use it or lose it: plan, give notice, decide on exemptions, take back.

Each grant is dealt with in a transaction of its own, so that a round that is cut off anywhere
is simply run again: what was done stays done, and the ledger's key follows from the number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from compute_grants.actions import overuse
from compute_grants.actions.grant_account import budget_of, locked_with_usage, take, want
from compute_grants.models import Allocation, Reclaim
from compute_grants.policies import reclaims as policies
from compute_grants.queries import reclaims as queries
from compute_grants.reclaim_rules import rung_of, share, verdict
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid
from consortium.models import ArmAppointment, User
from consortium.numbers import numbered
from consortium.queries import staff_of
from consortium.states import require_transition

State = Reclaim.State
SERIES = "RC"


class TooLate(DomainError):
    """The last day to ask for an exemption is over."""


class TooEarly(DomainError):
    """The days of notice are not over."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one of a round: taken, or the sentence that says why not."""

    reclaim: Reclaim
    refusal: str = ""


def plan(*, by: User | None, today: date | None = None) -> list[Reclaim]:
    """Write down what the rule says today; by=None: the sweep. Safe to repeat and at once.

    Nobody is told yet. Raises PermissionDenied.
    """
    if by is not None:
        policies.can_run(by).require()
    day = today or timezone.localdate()
    made = (_plan_one(found.allocation, day, by) for found in queries.dry_run(day))
    return [row for row in made if row is not None]


@transaction.atomic
def _plan_one(allocation: Allocation, today: date, by: User | None) -> Reclaim | None:
    """Under the grant's lock the rule is asked again: another round may have been here."""
    allocation = locked_with_usage([allocation.pk])[allocation.pk]
    if allocation.state != Allocation.State.ACTIVE:
        return None
    rule = queries.rule_on(today)
    settled = allocation.reclaims.values_list("by_day", flat=True)
    standing = queries.standing_of(allocation, settled)
    found = verdict(standing, rule, today)
    if found is None:
        return None
    row = Reclaim.objects.create(
        number=numbered(SERIES, today.year),
        allocation=allocation,
        by_day=found.rung.by_day,
        below_percent=found.rung.below_percent,
        take_percent=found.rung.take_percent,
        used_seconds=standing.used,
        granted_seconds=standing.granted,
        seconds=found.seconds,
        due_on=found.due_on,
        ask_until=found.due_on - timedelta(days=rule.exempt_days),
    )
    audit.record(
        "reclaim.planned", row, by=by, grant=allocation.number, seconds=row.seconds, day=row.by_day
    )
    return row


@transaction.atomic
def give_notice(reclaim: Reclaim, *, by: User, today: date | None = None) -> Reclaim:
    """Tell the lead what will be taken and when. The days of notice count from now.

    Raises PermissionDenied, WrongState.
    """
    policies.can_run(by).require()
    reclaim = _locked(reclaim)
    require_transition(Reclaim.TRANSITIONS, reclaim.state, State.NOTICED)
    day = today or timezone.localdate()
    rule = queries.rule_on(day)
    reclaim.state, reclaim.noticed_at = State.NOTICED, timezone.now()
    reclaim.due_on = max(reclaim.due_on, day + timedelta(days=rule.notice_days))
    reclaim.ask_until = reclaim.due_on - timedelta(days=rule.exempt_days)
    reclaim.save(update_fields=["state", "noticed_at", "due_on", "ask_until"])
    audit.record("reclaim.noticed", reclaim, by=by, due_on=reclaim.due_on.isoformat())
    _tell_lead("reclaim.noticed", reclaim, by, ask_until_on=reclaim.ask_until.isoformat())
    return reclaim


def give_notices(reclaims: Iterable[Reclaim], *, by: User) -> list[Outcome]:
    """Notice of each, on its own. Raises PermissionDenied."""
    policies.can_run(by).require()
    return [_attempt(reclaim, lambda row: give_notice(row, by=by)) for reclaim in reclaims]


@transaction.atomic
def ask_exemption(reclaim: Reclaim, *, reason: str, by: User, today: date | None = None) -> Reclaim:
    """The lead says why the time is still needed. Nothing is taken until it is decided.

    Raises PermissionDenied, WrongState, TooLate, Invalid.
    """
    reclaim = _locked(reclaim)
    policies.can_ask(by, reclaim).require()
    require_transition(Reclaim.TRANSITIONS, reclaim.state, State.ASKED)
    if reclaim.decided_at is not None:
        raise TooLate(_("An exemption was asked for and refused. It is asked for once."))
    if (today or timezone.localdate()) > reclaim.ask_until:
        message = _("An exemption could be asked for until %(day)s.")
        raise TooLate(message % {"day": date_format(reclaim.ask_until)})
    if not reason.strip():
        raise Invalid({"reason": [_("Say why the time is still needed, and by when it is used.")]})
    reclaim.state, reclaim.asked_by, reclaim.asked_at = State.ASKED, by, timezone.now()
    reclaim.exemption_reason = reason.strip()
    reclaim.save(update_fields=["state", "asked_by", "asked_at", "exemption_reason"])
    audit.record("reclaim.exemption_asked", reclaim, by=by)
    notify(
        "reclaim.exemption_asked",
        to=staff_of(ArmAppointment.Office.RESEARCH),
        about=reclaim,
        besides=by,
        grant=reclaim.allocation.number,
        due_on=reclaim.due_on.isoformat(),
    )
    return reclaim


@transaction.atomic
def decide_exemption(reclaim: Reclaim, *, approve: bool, reason: str, by: User) -> Reclaim:
    """Yes: nothing is taken. No: it is taken on its day. Raises PermissionDenied, WrongState,
    Invalid."""
    reclaim = _locked(reclaim)
    policies.can_decide(by, reclaim).require()
    require_transition(Reclaim.TRANSITIONS, reclaim.state, State.EXEMPTED)
    new = State.EXEMPTED if approve else State.NOTICED
    if not reason.strip():
        raise Invalid({"reason": [_("Give the reason; the lead reads it.")]})
    reclaim.state, reclaim.decided_by, reclaim.decided_at = new, by, timezone.now()
    reclaim.decision_reason = reason.strip()
    if approve:
        reclaim.over_at = reclaim.decided_at
    reclaim.save()
    event = "reclaim.exempted" if approve else "reclaim.exemption_refused"
    audit.record(event, reclaim, by=by, reason=reason[:300])
    _tell_lead(event, reclaim, by, reason=reclaim.decision_reason[:300])
    return reclaim


@transaction.atomic
def cancel(reclaim: Reclaim, *, reason: str, by: User) -> Reclaim:
    """Call it off. Raises PermissionDenied, WrongState, Invalid."""
    reclaim = _locked(reclaim)
    policies.can_decide(by, reclaim).require()
    require_transition(Reclaim.TRANSITIONS, reclaim.state, State.CANCELLED)
    if not reason.strip():
        raise Invalid({"reason": [_("Give the reason; the lead reads it.")]})
    return _call_off(reclaim, reason.strip(), by)


@transaction.atomic
def apply(reclaim: Reclaim, *, by: User, today: date | None = None) -> Reclaim:
    """Move the time back to the call: what the rule says now, never more than was announced,
    used or held by anything. A grant that has used enough meanwhile keeps it all.

    Raises PermissionDenied, WrongState, TooEarly, NoBudget. A second time changes nothing.
    """
    reclaim = _locked(reclaim)
    policies.can_decide(by, reclaim).require()
    if reclaim.state == State.APPLIED:
        return reclaim
    require_transition(Reclaim.TRANSITIONS, reclaim.state, State.APPLIED)
    if (today or timezone.localdate()) < reclaim.due_on:
        message = _("%(number)s may be taken from %(day)s on.")
        raise TooEarly(message % {"number": reclaim.number, "day": date_format(reclaim.due_on)})
    seconds = _due(reclaim)
    if not seconds:
        return _call_off(reclaim, _("Enough was used meanwhile, or nothing is left."), by)
    allocation = reclaim.allocation
    take(
        allocation,
        target=budget_of(allocation),
        seconds=seconds,
        code="reclaim",
        key=f"reclaim:{reclaim.number}",
        by=by,
        reason=reclaim.number,
    )
    reclaim.state, reclaim.taken_seconds, reclaim.over_at = State.APPLIED, seconds, timezone.now()
    reclaim.save(update_fields=["state", "taken_seconds", "over_at"])
    audit.record("reclaim.applied", reclaim, by=by, grant=allocation.number, seconds=seconds)
    _tell_lead("reclaim.applied", reclaim, by)
    overuse.follow_one(allocation)
    want(allocation)
    return reclaim


def apply_all(reclaims: Iterable[Reclaim], *, by: User) -> list[Outcome]:
    """A round, each on its own: one that is refused stops none. Raises PermissionDenied."""
    policies.can_run(by).require()
    return [_attempt(reclaim, lambda row: apply(row, by=by)) for reclaim in reclaims]


def end_with(allocation: Allocation) -> None:
    """When a locked grant closes, what was to be taken from it is called off."""
    for reclaim in allocation.reclaims.open().select_for_update().order_by("pk"):
        reclaim.allocation = allocation
        _call_off(reclaim, _("The grant was closed."), None)


def _attempt(reclaim: Reclaim, act: Callable[[Reclaim], Reclaim]) -> Outcome:
    try:
        return Outcome(act(reclaim))
    except (DomainError, PermissionDenied) as error:
        return Outcome(reclaim, str(error))


def _locked(reclaim: Reclaim) -> Reclaim:
    """The row and its grant, with no usage charged until the transaction ends."""
    grant = locked_with_usage([reclaim.allocation_id])[reclaim.allocation_id]
    row = Reclaim.objects.select_for_update(no_key=True).get(pk=reclaim.pk)
    row.allocation = grant
    return row


def _due(reclaim: Reclaim) -> int:
    """What may be taken now, by the step that was announced or a milder one of that day."""
    standing = queries.standing_of(reclaim.allocation)
    rung = rung_of(standing.used, standing.granted, queries.rule_on(), reclaim.by_day)
    return min(share(standing.free, rung), reclaim.seconds) if rung else 0


def _call_off(reclaim: Reclaim, reason: str, by: User | None) -> Reclaim:
    told = reclaim.noticed_at is not None
    reclaim.state, reclaim.over_at = State.CANCELLED, timezone.now()
    reclaim.decision_reason = reason
    reclaim.save(update_fields=["state", "over_at", "decision_reason"])
    audit.record("reclaim.cancelled", reclaim, by=by, reason=reason[:300])
    if told:
        _tell_lead("reclaim.cancelled", reclaim, by, reason=reason[:300])
    return reclaim


def _tell_lead(event: str, reclaim: Reclaim, by: User | None, **facts: str) -> None:
    hours = (reclaim.taken_seconds or reclaim.seconds) // 3600
    notify(
        event,
        to=[reclaim.allocation.proposal.lead],
        about=reclaim,
        besides=by,
        grant=reclaim.allocation.number,
        hours=hours,
        due_on=reclaim.due_on.isoformat(),
        **facts,
    )
