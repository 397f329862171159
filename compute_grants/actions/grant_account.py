"""What every change of a grant's time goes through: locks, movements, and the machine's wish.

Locks are taken in one order everywhere: machines, grants, requests; each by id. A lock on the
machine keeps its usage from being charged meanwhile, so that what is left stays what it is.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from compute_grants import programme
from compute_grants.models import Allocation, CallBudget, Machine
from compute_grants.queries.programme import in_force
from consortium.actions import desired, ledger
from consortium.errors import DomainError
from consortium.models import Account, User

KIND = "allocation"
PARENT = "consortium"  # the cluster account under which all of the portal's stand
KEYS = uuid.uuid5(uuid.NAMESPACE_URL, "urn:portal:allocation")
Overuse = Allocation.Overuse


class NoBudget(DomainError):
    """The call offers no time of this resource."""


class NotEnoughInCall(DomainError):
    """The call has less time left than is asked of it."""


class NotEnoughLeft(DomainError):
    """The grant has less time left than would be taken from it."""


def locked(allocation: Allocation) -> Allocation:
    """The grant, for a change that does not depend on what is left."""
    rows = Allocation.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("proposal__call", "resource__machine").get(pk=allocation.pk)


def locked_with_usage(ids: Sequence[int]) -> dict[int, Allocation]:
    """These grants, with no usage charged to their machines until the transaction ends."""
    machines = Machine.objects.filter(resources__allocations__in=ids)
    list(Machine.objects.select_for_update(no_key=True).filter(pk__in=machines).order_by("pk"))
    rows = Allocation.objects.select_for_update(of=("self",), no_key=True).select_related(
        "proposal__call", "proposal__institution", "resource__machine__centre", "account", "reserve"
    )
    return {row.pk: row for row in rows.filter(pk__in=ids).order_by("pk")}


def budget_of(allocation: Allocation) -> Account:
    """The account of the call's time on this resource. Raises NoBudget."""
    call = allocation.proposal.call_id
    rows = CallBudget.objects.filter(call=call, resource=allocation.resource_id)
    row = rows.select_related("account").first()
    if row is None or row.account is None:
        raise NoBudget(_("The call offers no time on this machine. Choose one that it offers."))
    return row.account


def posting(
    *,
    key: str,
    debit: Account,
    credit: Account,
    seconds: int,
    code: str,
    by: User | None,
    reason: str,
) -> bool:
    """Move time once for this key; False where it had moved before. Raises ledger refusals."""
    line = ledger.Posting(
        key=uuid.uuid5(KEYS, key),
        debit_id=debit.pk,
        credit_id=credit.pk,
        amount=seconds,
        code=code,
        actor_id=by.pk if by else None,
        reason=reason[:300],
    )
    return bool(ledger.post_many([line]))


def give(
    allocation: Allocation,
    *,
    source: Account,
    seconds: int,
    code: str,
    key: str,
    by: User | None,
    reason: str,
) -> None:
    """Add time out of `source` to a locked grant. Raises NotEnoughInCall."""
    assert allocation.account is not None
    try:
        moved = posting(
            key=key,
            debit=source,
            credit=allocation.account,
            seconds=seconds,
            code=code,
            by=by,
            reason=reason,
        )
    except ledger.Overdrawn as error:
        message = _("The call has %(left)s hours left on %(machine)s; this needs %(needed)s.")
        facts = {
            "left": f"{error.available // 3600:,}",
            "needed": f"{-(-error.needed // 3600):,}",
            "machine": allocation.resource.machine.name,
        }
        raise NotEnoughInCall(message % facts) from error
    if moved:
        allocation.seconds += seconds
        allocation.save(update_fields=["seconds"])


def take(
    allocation: Allocation,
    *,
    target: Account,
    seconds: int,
    code: str,
    key: str,
    by: User | None,
    reason: str,
) -> None:
    """Move unused time of a grant, locked with its usage, to `target`. Raises NotEnoughLeft."""
    assert allocation.account is not None
    require_left(allocation, seconds)
    moved = posting(
        key=key,
        debit=allocation.account,
        credit=target,
        seconds=seconds,
        code=code,
        by=by,
        reason=reason,
    )
    if moved:
        allocation.seconds -= seconds
        allocation.save(update_fields=["seconds"])


def require_left(allocation: Allocation, seconds: int) -> None:
    """Raises NotEnoughLeft unless that much is unused. A grant's account has no floor itself."""
    assert allocation.account_id is not None
    left = Account.objects.values_list("available", flat=True).get(pk=allocation.account_id)
    if left < seconds:
        message = _("%(number)s has %(left)s hours left. Choose no more than that.")
        raise NotEnoughLeft(
            message % {"number": allocation.number, "left": f"{max(left, 0) // 3600:,}"}
        )


def want(allocation: Allocation) -> None:
    """Have the machine follow."""
    desired.want(kind=KIND, key=allocation.number, spec=wanted(allocation))


def wanted(allocation: Allocation) -> dict[str, Any]:
    """What the cluster should have.

    limits: total whole minutes by TRES, rounded down: what is released, and as far beyond it
    as the rule on overuse lets jobs start. priority, max_jobs: what that rule makes of it now.
    left: accounts that were its own before, to be kept shut; only where there are any.
    """
    machine = allocation.resource.machine
    members = allocation.members.filter(until__isnull=True)
    rule = in_force("overuse")
    assert isinstance(rule, programme.Overuse)
    few = allocation.overuse in {Overuse.FEW, Overuse.SUSPENDED}
    left = {"left": sorted(allocation.left_accounts)} if allocation.left_accounts else {}
    return left | {
        "account": allocation.account_name,
        "parent": PARENT,
        "description": allocation.number,
        "cluster": machine.cluster,
        "backend": machine.backend,
        "members": sorted(members.values_list("cluster_user", flat=True)),
        "limits": {allocation.resource.tres: allocation.seconds * rule.limit_percent // 6000},
        "limit_percent": rule.limit_percent,
        "priority": "normal" if allocation.overuse == Overuse.NONE else "low",
        "max_jobs": rule.few_jobs if few else None,
        "open": allocation.wants_open,
    }
