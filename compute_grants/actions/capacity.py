"""What a centre has certified of a resource against what calls have set aside of it."""

from __future__ import annotations

from django.db.models import Sum
from django.utils.translation import gettext as _

from compute_grants.capacity import Promise, first_day, month_of, shortfall
from compute_grants.models import Call, CallBudget, Resource
from consortium.actions import ledger
from consortium.errors import DomainError
from consortium.models import Account, Transfer, Unit


class AboveCapacity(DomainError):
    """A budget above what the centre has certified."""


class AlreadyPromised(DomainError):
    """Less capacity than calls have set aside."""


def certified(resource: Resource) -> int:
    """All time of a resource that its centre has certified, in its unit."""
    total: int = resource.capacities.aggregate(n=Sum("seconds", default=0))["n"]
    return total


def promised(resource: Resource) -> int:
    """What calls have set aside of a resource and not given back, in its unit."""
    moved = ledger.balance(source_account(resource))
    return moved.posted_out - moved.posted_in


def source_account(resource: Resource) -> Account:
    """Where a resource's time comes from. Capacity, not this account, is the limit."""
    return ledger.open_account(
        unit=Unit(resource.unit),
        kind=Account.Kind.SOURCE,
        owner=ledger.owner_of(resource),
        capped=False,
    )


def check_budget(call: Call, resource: Resource, seconds: int) -> None:
    """Raise AboveCapacity unless `call` may award so much of `resource`, locked by the caller.

    Bounded by what is certified for the months of the call's award period and not set aside.
    """
    wanted = _promise(call, seconds)
    others = _promises(resource, without=call)
    short = shortfall(_months(resource), [*others, wanted])
    if short is None:
        return
    left = max(seconds - short.missing, 0) // 3600
    values = {
        "machine": resource.machine.name,
        "asked": f"{-(-seconds // 3600):,}",
        "left": f"{left:,}",
        "unit": resource.hours_unit,
    }
    if short.first is None or short.last is None:
        message = _(
            "%(machine)s has %(left)s certified hours that no call has set aside, and the budget "
            "would be %(asked)s %(unit)s. Lower it, or have the centre certify more."
        )
        raise AboveCapacity(message % values)
    message = _(
        "From %(first)s through %(last)s %(machine)s has %(left)s certified hours that no call "
        "has set aside, and the budget would be %(asked)s %(unit)s. Lower it, move the award "
        "period, or have the centre certify more."
    )
    months = {"first": _month(short.first), "last": _month(short.last)}
    raise AboveCapacity(message % (values | months))


def check_certified(resource: Resource) -> None:
    """Raise AlreadyPromised where what is certified no longer covers what calls set aside."""
    short = shortfall(_months(resource), _promises(resource))
    if short is None:
        return
    if short.first is None or short.last is None:
        raise AlreadyPromised(
            _("Calls have set aside more than that. Certify more, or another month first.")
        )
    message = _(
        "From %(first)s through %(last)s calls have set aside %(promised)s hours, and only "
        "%(certified)s would be certified. Certify more, or another month first."
    )
    raise AlreadyPromised(
        message
        % {
            "first": _month(short.first),
            "last": _month(short.last),
            "promised": f"{short.promised // 3600:,}",
            "certified": f"{short.certified // 3600:,}",
        }
    )


def _month(month: int) -> str:
    return f"{first_day(month):%Y-%m}"


def _months(resource: Resource) -> dict[int, int]:
    return {
        month_of(month): seconds
        for month, seconds in resource.capacities.values_list("month", "seconds")
    }


def _promise(call: Call, seconds: int) -> Promise:
    if call.awards_from is None or call.awards_until is None:
        return Promise(seconds)
    return Promise(seconds, month_of(call.awards_from), month_of(call.awards_until))


def _promises(resource: Resource, *, without: Call | None = None) -> list[Promise]:
    """What each call has set aside and not given back, and whatever else left the source."""
    source = source_account(resource)
    funded = list(
        CallBudget.objects.filter(resource=resource, account__isnull=False).select_related("call")
    )
    back = Transfer.objects.filter(credit=source).values("debit").annotate(n=Sum("amount"))
    out = Transfer.objects.filter(debit=source).values("credit").annotate(n=Sum("amount"))
    given = {row["credit"]: row["n"] for row in out.order_by()}
    returned = {row["debit"]: row["n"] for row in back.order_by()}
    kept = {account: n - returned.pop(account, 0) for account, n in given.items()}
    rest = sum(kept.values()) - sum(returned.values())
    made = []
    for budget in funded:
        net = int(kept.get(budget.account_id or 0, 0))
        rest -= net
        if without is None or budget.call_id != without.pk:
            made.append(_promise(budget.call, net))
    return [*made, Promise(int(rest))]
