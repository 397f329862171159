"""Ending a grant early, and closing its books."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants import programme
from compute_grants.actions import allocations
from compute_grants.actions.grant_account import (
    NoBudget,
    budget_of,
    locked_with_usage,
    take,
    want,
)
from compute_grants.models import Allocation, Call, Closure
from compute_grants.policies import closures as policy
from compute_grants.queries.closures import checklist, ended_on
from compute_grants.queries.programme import in_force
from compute_grants.queries.reports import Figures, answerable, figures
from consortium import audit, merkle
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid
from consortium.models import Account, User


class NotReady(DomainError):
    """Something on the checklist is missing."""


class BooksClosed(DomainError):
    """They are closed once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one grant in a list: its closure, or why there is none."""

    number: str
    closure: Closure | None
    reason: str = ""


@transaction.atomic
def end_early(allocation: Allocation, *, reason: str, confirm: bool, by: User) -> Allocation:
    """Close the account before the grant's last day, by its lead.

    Nothing runs on it any more; planned parts return to the call, the final report is due.
    Raises PermissionDenied, WrongState, Invalid.
    """
    policy.can_end_early(by, allocation).require()
    if not confirm:
        raise Invalid({"confirm": [_("Confirm that the grant ends now. It cannot be reopened.")]})
    return allocations.close(allocation, reason=reason, by=by)


@transaction.atomic
def close_books(allocation: Allocation, *, by: User) -> Closure:
    """Freeze the figures and give back what is left.

    Raises PermissionDenied, BooksClosed, NotReady.
    """
    allocation = locked_with_usage([allocation.pk])[allocation.pk]
    policy.can_close_books(by, allocation).require()
    if Closure.objects.filter(allocation=allocation).exists():
        raise BooksClosed(_("The books of this grant are closed already."))
    found = checklist(allocation)
    if not found.ready:
        raise NotReady(" ".join(found.missing))
    assert allocation.account is not None
    allocation.account.refresh_from_db()
    frozen = figures(allocation)
    returned, expired = _give_back(allocation, max(frozen.left_seconds, 0), by)
    content = _content(allocation, frozen, returned, expired, by)
    closure = Closure.objects.create(
        allocation=allocation,
        returned_seconds=returned,
        expired_seconds=expired,
        content=content,
        content_hash=hashlib.sha256(merkle.canonical(content)).hexdigest(),
        closed_by=by,
    )
    audit.record(
        "closure.made",
        allocation,
        by=by,
        returned=returned,
        expired=expired,
        content_hash=closure.content_hash,
    )
    notify(
        "closure.made",
        to=answerable(allocation),
        about=closure,
        besides=by,
        grant=allocation.number,
    )
    return closure


def close_many(grants: Iterable[Allocation], *, by: User) -> list[Outcome]:
    """The same for a list, each by itself: what cannot be closed says why, the rest is closed."""
    outcomes = []
    for allocation in grants:
        try:
            outcomes.append(Outcome(allocation.number, close_books(allocation, by=by)))
        except (DomainError, PermissionDenied) as error:
            outcomes.append(Outcome(allocation.number, None, str(error)))
    return outcomes


def _give_back(allocation: Allocation, left: int, by: User) -> tuple[int, int]:
    """(returned to the call's budget, expired on the grant's account), in its unit.

    What expires stays on the account, where nothing can use it: late usage is posted there.
    """
    rule = in_force("closing")
    assert isinstance(rule, programme.Closing)
    budget = _open_budget(allocation)
    returned = left * rule.return_percent // 100 if budget is not None else 0
    if budget is not None and returned:
        take(
            allocation,
            target=budget,
            seconds=returned,
            code="closing-return",
            key=f"closing:{allocation.number}",
            by=by,
            reason=allocation.number,
        )
        want(allocation)
    return returned, left - returned


def _open_budget(allocation: Allocation) -> Account | None:
    """The call's account while the call can still award from it."""
    if allocation.proposal.call.state == Call.State.CLOSED:
        return None
    try:
        return budget_of(allocation)
    except NoBudget:
        return None


def _content(
    allocation: Allocation, frozen: Figures, returned: int, expired: int, by: User
) -> dict[str, Any]:
    """The statement as plain data. Quantities in their smallest units."""
    proposal, resource = allocation.proposal, allocation.resource
    return {
        "grant": allocation.number,
        "proposal": proposal.number,
        "title_en": proposal.title_en,
        "title_zh": proposal.title_zh,
        "lead": proposal.lead.name,
        "institution_en": proposal.institution.name_en,
        "institution_zh": proposal.institution.name_zh,
        "machine_en": resource.machine.name_en,
        "machine_zh": resource.machine.name_zh,
        "unit": resource.unit,
        "starts_on": allocation.starts_on.isoformat(),
        "ends_on": allocation.ends_on.isoformat(),
        "ended_on": ended_on(allocation).isoformat(),
        "closed_on": timezone.localdate().isoformat(),
        "closed_by": by.name,
        "returned_seconds": returned,
        "expired_seconds": expired,
        "figures": frozen.as_json(),
    }
