"""Asking for a change of a grant, and deciding on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from compute_grants.actions import (
    amendment_effects,
    amendment_notices,
    exchange,
    late_reports,
)
from compute_grants.actions.grant_account import locked_with_usage
from compute_grants.amendment_facts import Facts
from compute_grants.models import Allocation, Amendment, AmendmentPart
from compute_grants.policies import amendments as policies
from compute_grants.queries import amendments as queries
from consortium import audit
from consortium.errors import DomainError, Invalid, WrongState
from consortium.models import User
from consortium.numbers import numbered
from consortium.policies import Decision
from consortium.states import require_transition

Kind = Amendment.Kind
State = Amendment.State
Verdict = AmendmentPart.Verdict
SERIES = "AM"


class NotOpen(DomainError):
    """The rules take no such request now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked: seconds in the grant's unit, and whatever else its kind needs."""

    reason: str
    seconds: int | None = None
    ends_on: date | None = None
    other: Allocation | None = None
    against: Amendment | None = None


@transaction.atomic
def ask(allocation: Allocation, *, kind: str, wish: Wish, by: User) -> Amendment:
    """A draft of a request, to be checked and handed in.

    Raises PermissionDenied, NotOpen, Invalid by field; for a transfer NoRate, RateExpired.
    """
    grants = locked_with_usage([allocation.pk])
    allocation = grants[allocation.pk]
    policies.can_ask(by, allocation, kind).require()
    facts = queries.facts(allocation)
    _require_open(policies.is_open(facts, kind))
    _check(kind, wish, facts)
    amendment = Amendment(
        number=numbered(SERIES, timezone.localdate().year),
        kind=kind,
        allocation=allocation,
        asked_by=by,
    )
    _fill(amendment, wish)
    _quote(amendment)
    try:
        with transaction.atomic():
            amendment.save(force_insert=True)
    except IntegrityError as error:
        raise NotOpen(_("Such a request is under way already. Reload the page.")) from error
    audit.record("amendment.drafted", amendment, by=by, kind=kind, grant=allocation.number)
    return amendment


@transaction.atomic
def revise(amendment: Amendment, *, wish: Wish, by: User) -> Amendment:
    """Change a draft before it is handed in.

    Raises PermissionDenied, WrongState, Invalid by field; for a transfer NoRate, RateExpired.
    """
    amendment, _grants = _locked(amendment)
    policies.can_ask(by, amendment.allocation, amendment.kind).require()
    if amendment.state != State.DRAFT:
        raise WrongState(_("This request is handed in. Withdraw it to ask for something else."))
    facts = _without(queries.facts(amendment.allocation), amendment)
    _check(amendment.kind, wish, facts)
    _fill(amendment, wish)
    _quote(amendment)
    amendment.save()
    audit.record("amendment.revised", amendment, by=by, kind=amendment.kind)
    return amendment


@transaction.atomic
def submit(amendment: Amendment, *, by: User) -> Amendment:
    """Hand a draft in. What needs nobody's word is done at once.

    Raises PermissionDenied, WrongState, NotOpen, ReportsLate, Invalid; what its effect raises,
    where it has one now.
    """
    amendment, grants = _locked(amendment)
    policies.can_ask(by, amendment.allocation, amendment.kind).require()
    if amendment.kind not in {Kind.APPEAL, Kind.ADJUSTMENT}:
        late_reports.require_reports(by)
    require_transition(Amendment.TRANSITIONS, amendment.state, State.SUBMITTED)
    facts = queries.facts(amendment.allocation)
    facts = _without(facts, amendment)
    _require_open(policies.is_open(facts, amendment.kind))
    _check(amendment.kind, _wish_of(amendment), facts)
    _quote(amendment)
    amendment.state, amendment.submitted_at = State.SUBMITTED, timezone.now()
    amendment.due_on = facts.today + timedelta(days=policies.due_days(facts, amendment.kind))
    amendment.save()
    audit.record("amendment.submitted", amendment, by=by, kind=amendment.kind)
    needed = policies.parts_needed(amendment, facts)
    for part, centre in needed:
        AmendmentPart.objects.create(
            amendment=amendment, round=amendment.round, part=part, centre_id=centre
        )
    if needed:
        amendment_notices.to_decide(amendment, queries.waiting_parts(amendment), besides=by)
    else:
        _take_up(amendment, by)
        _approve(amendment, grants, amendment.reason, by)
    return amendment


@transaction.atomic
def take_up(amendment: Amendment, *, by: User) -> Amendment:
    """Say that one looks after a request, so that its asker knows whom it lies with.

    Raises PermissionDenied, WrongState.
    """
    amendment, _grants = _locked(amendment)
    _word_of(amendment, by)
    _take_up(amendment, by)
    return amendment


@transaction.atomic
def decide(amendment: Amendment, *, approve: bool, reason: str, by: User) -> Amendment:
    """Give one's word. A no refuses the request; the last yes applies it at once.

    Raises PermissionDenied, WrongState, Invalid; whatever the effect raises, and then nothing
    is decided.
    """
    amendment, grants = _locked(amendment)
    row = _word_of(amendment, by)
    if not reason.strip():
        raise Invalid({"reason": [_("Give the reason; the lead reads it.")]})
    if amendment.state == State.SUBMITTED:
        _take_up(amendment, by)
    row.verdict = Verdict.APPROVED if approve else Verdict.REFUSED
    row.by, row.at, row.reason = by, timezone.now(), reason.strip()
    row.save(update_fields=["verdict", "by", "at", "reason"])
    audit.record("amendment.word_given", amendment, by=by, part=row.part, verdict=row.verdict)
    if not approve:
        _finish(amendment, State.REFUSED, reason, by)
        amendment_notices.to_asker("amendment.refused", amendment, besides=by, reason=reason)
    elif not queries.waiting_parts(amendment):
        _approve(amendment, grants, reason, by)
    return amendment


@transaction.atomic
def withdraw(amendment: Amendment, *, by: User) -> Amendment:
    """Take a request back before it is decided. Raises PermissionDenied, WrongState."""
    amendment, _grants = _locked(amendment)
    policies.can_withdraw(by, amendment).require()
    require_transition(Amendment.TRANSITIONS, amendment.state, State.WITHDRAWN)
    amendment.state = State.WITHDRAWN
    amendment.save(update_fields=["state"])
    audit.record("amendment.withdrawn", amendment, by=by, reason="")
    amendment_notices.to_handler(amendment, besides=by)
    return amendment


def _fill(amendment: Amendment, wish: Wish) -> None:
    """Write what its kind asks for, and nothing else."""
    kind = amendment.kind
    amendment.reason = wish.reason.strip()
    amendment.seconds = wish.seconds if kind in Amendment.WITH_HOURS else None
    amendment.ends_on = wish.ends_on if kind in Amendment.WITH_END else None
    amendment.other = wish.other if kind == Kind.TRANSFER else None
    amendment.against = wish.against if kind == Kind.APPEAL else None


def _locked(amendment: Amendment) -> tuple[Amendment, dict[int, Allocation]]:
    """The request and its grants, locked in the order that everything else uses."""
    ids = [pk for pk in (amendment.allocation_id, amendment.other_id) if pk]
    grants = locked_with_usage(ids)
    rows = Amendment.objects.select_for_update(of=("self",), no_key=True)
    amendment = rows.select_related("asked_by", "handler").get(pk=amendment.pk)
    amendment.allocation = grants[amendment.allocation_id]
    if amendment.other_id:
        amendment.other = grants[amendment.other_id]
    return amendment, grants


def _require_open(decision: Decision) -> None:
    if not decision:
        raise NotOpen(decision.reason)


def _without(facts: Facts, amendment: Amendment) -> Facts:
    past = tuple(row for row in facts.past if row.pk != amendment.pk)
    return Facts(facts.allocation, facts.today, facts.bodies, past, facts.left)


def _wish_of(amendment: Amendment) -> Wish:
    return Wish(
        reason=amendment.reason,
        seconds=amendment.seconds,
        ends_on=amendment.ends_on,
        other=amendment.other,
        against=amendment.against,
    )


def _check(kind: str, wish: Wish, facts: Facts) -> None:
    """What its kind needs is there and within the rules. Raises Invalid by field."""
    errors: dict[str, list[str]] = {}
    if not wish.reason.strip():
        errors["reason"] = [_("Give the reason; those who decide read it.")]
    if kind in Amendment.WITH_HOURS:
        errors |= _seconds_errors(kind, wish, facts)
    if kind in Amendment.WITH_END:
        errors |= _end_errors(kind, wish, facts)
    if kind == Kind.TRANSFER:
        errors |= _other_errors(wish, facts)
    if kind == Kind.APPEAL and wish.against not in policies.appealable(facts):
        errors["against"] = [_("Choose a request of this grant that was refused lately.")]
    if errors:
        raise Invalid(errors)


def _seconds_errors(kind: str, wish: Wish, facts: Facts) -> dict[str, list[str]]:
    seconds = wish.seconds or 0
    if seconds == 0 and kind == Kind.RENEWAL:
        return {}
    if kind == Kind.ADJUSTMENT:
        return _adjustment_errors(seconds, facts)
    if seconds <= 0:
        return {"seconds": [_("Enter the hours that you need.")]}
    most = policies.most_seconds(facts, kind)
    if most is not None and seconds > most:
        message = _("The rules allow %(hours)s hours at most.") % {"hours": f"{most // 3600:,}"}
        return {"seconds": [message]}
    return {}


def _adjustment_errors(seconds: int, facts: Facts) -> dict[str, list[str]]:
    if seconds == 0:
        return {"seconds": [_("Enter the hours to add, or to take back with a minus.")]}
    if -seconds > facts.left:
        return {"seconds": [_("The grant has fewer hours left than would be taken back.")]}
    return {}


def _end_errors(kind: str, wish: Wish, facts: Facts) -> dict[str, list[str]]:
    if wish.ends_on is None:
        return {"ends_on": [_("Enter the last day that you need.")]}
    if wish.ends_on <= facts.allocation.ends_on:
        message = _("The grant ends on %(day)s. Choose a later day.")
        return {"ends_on": [message % {"day": date_format(facts.allocation.ends_on)}]}
    latest = policies.latest_end(facts, kind)
    if latest is not None and wish.ends_on > latest:
        message = _("The rules allow %(day)s at the latest.")
        return {"ends_on": [message % {"day": date_format(latest)}]}
    return {}


def _other_errors(wish: Wish, facts: Facts) -> dict[str, list[str]]:
    if wish.other is None:
        return {"other": [_("Choose the grant that receives the hours.")]}
    own = wish.other.proposal.lead_id == facts.allocation.proposal.lead_id
    if not own or wish.other.pk == facts.allocation.pk:
        return {"other": [_("Hours go to another grant of the same lead.")]}
    if wish.other.state not in Allocation.LIVE:
        return {"other": [_("That grant is closed.")]}
    if not wish.other.terms_accepted:
        return {"other": [_("That award waits for your answer. Accept its terms first.")]}
    return {}


def _quote(amendment: Amendment) -> None:
    """What a transfer moves at the rates of today. Raises NoRate, RateExpired, Invalid."""
    if amendment.kind != Kind.TRANSFER:
        return
    assert amendment.other is not None
    day = timezone.localdate()
    found = exchange.quote(
        amendment.allocation, amendment.other, seconds=amendment.seconds or 0, day=day
    )
    if not found.gives:
        message = _("At the rates of today this is worth less than one second there.")
        raise Invalid({"seconds": [message]})
    amendment.gives_seconds, amendment.receives_seconds = found.gives, found.receives
    amendment.quoted_on = day


def _word_of(amendment: Amendment, by: User) -> AmendmentPart:
    """The word that this person can give now. Raises PermissionDenied, WrongState."""
    waiting = queries.waiting_parts(amendment)
    if amendment.state not in Amendment.PENDING or not waiting:
        raise WrongState(
            _("This request is “%(state)s”; there is nothing to decide.")
            % {"state": amendment.get_state_display()}
        )
    policies.can_decide(by, amendment, waiting).require()
    return next(row for row in waiting if policies.speaks_for(by, amendment, row))


def _take_up(amendment: Amendment, by: User) -> None:
    require_transition(Amendment.TRANSITIONS, amendment.state, State.UNDER_REVIEW)
    amendment.state, amendment.handler = State.UNDER_REVIEW, by
    amendment.save(update_fields=["state", "handler"])
    audit.record("amendment.taken_up", amendment, by=by)
    amendment_notices.to_asker("amendment.taken_up", amendment, besides=by)


def _finish(amendment: Amendment, state: Amendment.State, reason: str, by: User) -> None:
    require_transition(Amendment.TRANSITIONS, amendment.state, state)
    amendment.state, amendment.decided_at = state, timezone.now()
    amendment.decision_reason = reason.strip()
    amendment.save()
    audit.record(f"amendment.{state.value}", amendment, by=by, reason=reason[:300])


def _approve(amendment: Amendment, grants: Mapping[int, Allocation], reason: str, by: User) -> None:
    _finish(amendment, State.APPROVED, reason, by)
    amendment_effects.apply(amendment, dict(grants), by=by)
    _applied(amendment, by)


def _applied(amendment: Amendment, by: User) -> None:
    require_transition(Amendment.TRANSITIONS, amendment.state, State.APPLIED)
    amendment.state = State.APPLIED
    amendment.save()
    detail: dict[str, Any] = {"kind": amendment.kind, "grant": amendment.allocation.number}
    if amendment.kind == Kind.TRANSFER:
        detail |= {"gives": amendment.gives_seconds, "receives": amendment.receives_seconds}
    audit.record("amendment.applied", amendment, by=by, seconds=amendment.seconds, **detail)
    amendment_notices.to_asker("amendment.applied", amendment, besides=by)
