"""Handing an award out part by part.

The whole award leaves the call's budget at once, so that nothing is promised twice: the part
that may be used goes to the grant's account, the rest to a reserve account of its own, which
cannot be overdrawn and which no job reaches.
"""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants import programme
from compute_grants.actions import overuse
from compute_grants.actions.grant_account import (
    KEYS,
    budget_of,
    give,
    locked,
    posting,
    want,
)
from compute_grants.models import Allocation, Tranche
from compute_grants.policies import release_schedule as policies
from compute_grants.queries.programme import in_force
from consortium import audit
from consortium.actions import ledger
from consortium.actions.notices import notify
from consortium.errors import Invalid, WrongState
from consortium.models import Account, User
from consortium.states import require_transition

State = Tranche.State


def hand_out(allocation: Allocation, *, budget: Account, seconds: int, by: User) -> None:
    """Divide a fresh award by the rule in force, in the award's own transaction.

    Raises ledger.Overdrawn where the budget has less than `seconds` left.
    """
    assert allocation.account is not None
    rule = in_force("release_schedule")
    assert isinstance(rule, programme.ReleaseSchedule)
    shares = rule.shares(seconds)
    now, rest = shares[0], sum(shares[1:])
    if rest:
        _open_reserve(allocation, now, rest)
    lines = [(allocation.account, now, "award"), (allocation.reserve, rest, "award-held")]
    ledger.post_many(
        [
            ledger.Posting(
                key=uuid.uuid5(KEYS, f"{code}:{allocation.number}"),
                debit_id=budget.pk,
                credit_id=account.pk,
                amount=amount,
                code=code,
                actor_id=by.pk,
                reason=allocation.number,
            )
            for account, amount, code in lines
            if account is not None and amount
        ]
    )
    if rest:
        _plan(allocation, rule, shares)


def _open_reserve(allocation: Allocation, now: int, rest: int) -> None:
    allocation.reserve = ledger.open_account(
        unit=allocation.resource.unit,
        kind=Account.Kind.RESERVE,
        owner=ledger.owner_of(allocation),
        capped=True,
    )
    allocation.seconds, allocation.held_seconds = now, rest
    allocation.save(update_fields=["reserve", "seconds", "held_seconds"])


def _plan(allocation: Allocation, rule: programme.ReleaseSchedule, shares: list[int]) -> None:
    """One row for each part; the first is released with the award."""
    for position, (part, seconds) in enumerate(zip(rule.parts, shares, strict=True), start=1):
        first = position == 1
        Tranche.objects.create(
            allocation=allocation,
            position=position,
            seconds=seconds,
            condition=part.condition,
            due_on=allocation.starts_on + timedelta(days=part.after_days),
            state=State.RELEASED if first else State.PLANNED,
            decided_at=timezone.now() if first else None,
        )


@transaction.atomic
def release(tranche: Tranche, *, by: User | None, reason: str = "") -> Tranche:
    """Move a planned part to the grant's account; by=None: the sweep, on its day.

    Raises PermissionDenied, WrongState.
    """
    allocation = locked(tranche.allocation)
    tranche = Tranche.objects.select_for_update().get(pk=tranche.pk)
    if by is not None:
        policies.can_release(by, allocation).require()
    require_transition(Tranche.TRANSITIONS, tranche.state, State.RELEASED)
    _require_live(allocation)
    assert allocation.reserve is not None
    give(
        allocation,
        source=allocation.reserve,
        seconds=tranche.seconds,
        code="release",
        key=f"release:{allocation.number}:{tranche.position}",
        by=by,
        reason=reason or allocation.number,
    )
    _settle(allocation, tranche, State.RELEASED, by, reason)
    audit.record(
        "allocation.part_released",
        allocation,
        by=by,
        part=tranche.position,
        seconds=tranche.seconds,
    )
    overuse.follow_one(allocation)
    want(allocation)
    return tranche


@transaction.atomic
def withhold(tranche: Tranche, *, reason: str, by: User | None) -> Tranche:
    """Give a planned part back to the call; by=None: with the grant's end.

    Raises PermissionDenied, WrongState, Invalid.
    """
    allocation = locked(tranche.allocation)
    tranche = Tranche.objects.select_for_update().get(pk=tranche.pk)
    if by is not None:
        policies.can_release(by, allocation).require()
    require_transition(Tranche.TRANSITIONS, tranche.state, State.WITHHELD)
    if not reason.strip():
        raise Invalid({"reason": [_("Give the reason; the members read it.")]})
    assert allocation.reserve is not None
    posting(
        key=f"withhold:{allocation.number}:{tranche.position}",
        debit=allocation.reserve,
        credit=budget_of(allocation),
        seconds=tranche.seconds,
        code="withheld",
        by=by,
        reason=reason,
    )
    _settle(allocation, tranche, State.WITHHELD, by, reason)
    audit.record(
        "allocation.part_withheld",
        allocation,
        by=by,
        part=tranche.position,
        seconds=tranche.seconds,
        reason=reason[:300],
    )
    return tranche


def report_accepted(allocation: Allocation, *, by: User) -> Tranche | None:
    """Release the next part that waits for a report; None where none does."""
    waiting = allocation.tranches.filter(
        state=State.PLANNED, condition=Tranche.Condition.REPORT
    ).first()
    if waiting is None:
        return None
    return release(waiting, by=by, reason=_("The progress report was accepted."))


def release_due(today: date, limit: int = 100) -> int:
    """Release the parts whose day has come. Returns how many. Safe to repeat."""
    due = Tranche.objects.filter(
        state=State.PLANNED,
        condition=Tranche.Condition.DATE,
        due_on__lte=today,
        allocation__state__in=Allocation.LIVE,
    )
    rows = list(due.select_related("allocation").order_by("pk")[:limit])
    for tranche in rows:
        release(tranche, by=None)
    return len(rows)


def withhold_all(allocation: Allocation, *, reason: str) -> None:
    """When a grant closes, what was never released goes back to the call."""
    for tranche in allocation.tranches.filter(state=State.PLANNED):
        withhold(tranche, reason=reason, by=None)
    allocation.refresh_from_db(fields=["held_seconds"])


def _require_live(allocation: Allocation) -> None:
    if allocation.state not in Allocation.LIVE:
        raise WrongState(_("This grant is closed; its hours do not change any more."))


def _settle(
    allocation: Allocation, tranche: Tranche, state: Tranche.State, by: User | None, reason: str
) -> None:
    tranche.state, tranche.decided_by, tranche.decided_at = state, by, timezone.now()
    tranche.reason = reason[:300]
    tranche.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    notify(
        f"allocation.part_{state.value}",
        to=[allocation.proposal.lead],
        about=allocation,
        besides=by,
        number=allocation.number,
        hours=tranche.seconds // 3600,
        reason=tranche.reason,
    )
    allocation.held_seconds -= tranche.seconds
    allocation.save(update_fields=["held_seconds"])
