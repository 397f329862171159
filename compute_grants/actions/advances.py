"""Advances and how later awards pay them back."""

from __future__ import annotations

from django.db.models import F

from compute_grants import programme
from compute_grants.actions.grant_account import budget_of, posting
from compute_grants.models import Allocation, Amendment
from compute_grants.queries.programme import in_force
from consortium import audit
from consortium.models import Account, User


def pay_back(allocation: Allocation, *, budget: Account, by: User) -> int:
    """What a fresh award pays back of its lead's advances on this resource, in seconds.

    It goes from the new call's budget to that of the call that advanced it, so that each call
    ends with what it had. The oldest advance comes first; the rule caps the share of the award.
    """
    rule = in_force("advance")
    assert isinstance(rule, programme.Advance)
    rest = most = allocation.seconds * rule.repay_percent // 100
    for advance in _owed(allocation):
        seconds = min(advance.owed_seconds, rest)
        if seconds == 0:
            break
        _repay(advance, allocation, budget, seconds, by)
        rest -= seconds
    return most - rest


def _owed(allocation: Allocation) -> list[Amendment]:
    rows = Amendment.objects.filter(
        kind=Amendment.Kind.ADVANCE,
        state=Amendment.State.APPLIED,
        settled_seconds__lt=F("seconds"),
        allocation__proposal__lead=allocation.proposal.lead_id,
        allocation__resource=allocation.resource_id,
    )
    rows = rows.exclude(allocation=allocation).select_for_update(of=("self",))
    return list(rows.select_related("allocation__proposal").order_by("pk"))


def _repay(
    advance: Amendment, allocation: Allocation, budget: Account, seconds: int, by: User
) -> None:
    owed_to = budget_of(advance.allocation)
    if owed_to.pk != budget.pk:  # within one call it simply stays where it is
        posting(
            key=f"repay:{advance.number}:{allocation.number}",
            debit=budget,
            credit=owed_to,
            seconds=seconds,
            code="advance-repaid",
            by=by,
            reason=advance.number,
        )
    advance.settled_seconds += seconds
    advance.save(update_fields=["settled_seconds"])
    audit.record(
        "amendment.advance_repaid", advance, by=by, seconds=seconds, award=allocation.number
    )
