"""What an approved request does to its grant: once, in the transaction of the decision.

Every movement is keyed by the request's number, so that even a lost state could not move twice.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from compute_grants.actions import amendment_notices, exchange, overuse
from compute_grants.actions.grant_account import budget_of, give, posting, require_left, take, want
from compute_grants.models import Allocation, Amendment, AmendmentPart
from consortium import audit
from consortium.errors import DomainError, WrongState
from consortium.models import User
from consortium.states import require_transition

Kind = Amendment.Kind
State = Amendment.State
Grants = dict[int, Allocation]


class EndPassed(DomainError):
    """The grant runs at least as long already."""


def apply(amendment: Amendment, grants: Grants, *, by: User | None) -> None:
    """Change the locked grants as the approved request says, and the machines with them.

    Raises WrongState where a grant has closed meanwhile, EndPassed, NotEnoughInCall,
    NotEnoughLeft, NoBudget, NoRate, RateExpired. Nothing is changed then.
    """
    kind = Kind(amendment.kind)
    if kind == Kind.APPEAL:
        _reopen(amendment, by)
        return
    _require_live(grants)
    _EFFECTS[kind](amendment, grants, by)
    for grant in grants.values():
        overuse.follow_one(grant)
        audit.record(
            "allocation.amended", grant, by=by, request=amendment.number, kind=amendment.kind
        )
        want(grant)


def _require_live(grants: Grants) -> None:
    for grant in grants.values():
        if grant.state not in Allocation.LIVE:
            message = _("%(number)s is closed. Refuse the request, or have it withdrawn.")
            raise WrongState(message % {"number": grant.number})


def _extend(amendment: Amendment, grants: Grants, _by: User | None) -> None:
    grant = grants[amendment.allocation_id]
    assert amendment.ends_on is not None
    if amendment.ends_on <= grant.ends_on:
        message = _("The grant runs until %(day)s already. Refuse the request.")
        raise EndPassed(message % {"day": date_format(grant.ends_on)})
    amendment.ended_on_before = grant.ends_on
    grant.ends_on = amendment.ends_on
    grant.save(update_fields=["ends_on"])


def _add(amendment: Amendment, grants: Grants, by: User | None) -> None:
    """Supplement, advance: out of what the call has left."""
    grant = grants[amendment.allocation_id]
    give(
        grant,
        source=budget_of(grant),
        seconds=amendment.seconds or 0,
        code=amendment.kind,
        key=f"amendment:{amendment.number}",
        by=by,
        reason=amendment.number,
    )


def _renew(amendment: Amendment, grants: Grants, by: User | None) -> None:
    _extend(amendment, grants, by)
    if amendment.seconds:
        _add(amendment, grants, by)


def _adjust(amendment: Amendment, grants: Grants, by: User | None) -> None:
    if (amendment.seconds or 0) >= 0:
        _add(amendment, grants, by)
        return
    grant = grants[amendment.allocation_id]
    take(
        grant,
        target=budget_of(grant),
        seconds=-(amendment.seconds or 0),
        code="adjustment",
        key=f"amendment:{amendment.number}",
        by=by,
        reason=amendment.number,
    )


def _transfer(amendment: Amendment, grants: Grants, by: User | None) -> None:
    """On one resource from account to account. Else through the two budgets of the calls.

    The hours given go back to the giver's call and the hours received come out of the
    receiver's, so that of each machine no more is promised than its calls have.
    """
    assert amendment.other_id is not None
    giver, receiver = grants[amendment.allocation_id], grants[amendment.other_id]
    gives, receives = amendment.gives_seconds or 0, amendment.receives_seconds or 0
    exchange.require_still_valid(amendment, day=timezone.localdate())
    if giver.resource_id == receiver.resource_id:
        _move(amendment, giver, receiver, gives, by)
        return
    key, reason = f"amendment:{amendment.number}", amendment.number
    give(
        receiver,
        source=budget_of(receiver),
        seconds=receives,
        code="transfer-in",
        key=f"{key}:in",
        by=by,
        reason=reason,
    )
    take(
        giver,
        target=budget_of(giver),
        seconds=gives,
        code="transfer-out",
        key=f"{key}:out",
        by=by,
        reason=reason,
    )


def _move(
    amendment: Amendment, giver: Allocation, receiver: Allocation, seconds: int, by: User | None
) -> None:
    assert giver.account is not None
    assert receiver.account is not None
    require_left(giver, seconds)
    moved = posting(
        key=f"amendment:{amendment.number}",
        debit=giver.account,
        credit=receiver.account,
        seconds=seconds,
        code="transfer",
        by=by,
        reason=amendment.number,
    )
    if moved:
        giver.seconds -= seconds
        receiver.seconds += seconds
        giver.save(update_fields=["seconds"])
        receiver.save(update_fields=["seconds"])


def _reopen(appeal: Amendment, by: User | None) -> None:
    """A successful appeal: the refused request goes back to review, in a new round."""
    assert appeal.against_id is not None
    rows = Amendment.objects.select_for_update(of=("self",)).select_related("asked_by")
    refused = rows.get(pk=appeal.against_id)
    require_transition(Amendment.TRANSITIONS, refused.state, State.UNDER_REVIEW)
    old = list(refused.parts.filter(round=refused.round).select_related("centre").order_by("pk"))
    refused.state, refused.handler = State.UNDER_REVIEW, None
    refused.round += 1
    refused.decided_at, refused.decision_reason = None, ""
    try:
        with transaction.atomic():
            refused.save()
    except IntegrityError as error:
        raise WrongState(
            _("Another request of this kind is under way. Decide on that one first.")
        ) from error
    new = [
        AmendmentPart.objects.create(
            amendment=refused, round=refused.round, part=row.part, centre=row.centre
        )
        for row in old
    ]
    audit.record("amendment.reopened", refused, by=by, appeal=appeal.number, round=refused.round)
    amendment_notices.to_asker("amendment.reopened", refused, besides=by)
    amendment_notices.to_decide(refused, new, besides=by)


_EFFECTS: dict[Kind, Callable[[Amendment, Grants, User | None], None]] = {
    Kind.EXTENSION: _extend,
    Kind.SUPPLEMENT: _add,
    Kind.ADVANCE: _add,
    Kind.TRANSFER: _transfer,
    Kind.RENEWAL: _renew,
    Kind.ADJUSTMENT: _adjust,
}
