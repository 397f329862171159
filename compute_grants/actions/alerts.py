"""Setting alerts, and firing each once per crossing."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions.grant_account import locked
from compute_grants.alert_rules import USED, Crossing, beyond
from compute_grants.models import Alert, AlertSettings, Allocation
from compute_grants.policies import alerts as policies
from compute_grants.queries import alerts as queries
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import Invalid
from consortium.models import User

BATCH = 500
MOST = 10
SHARES = range(1, 201)  # percent of the grant; above 100 for late usage
IDLE_DAYS = range(366)


@transaction.atomic
def set_alerts(
    allocation: Allocation, *, percents: Iterable[int], runs_out: bool, idle_days: int, by: User
) -> AlertSettings:
    """Choose the thresholds. Alerts that no longer apply end; new ones fire at the next look.

    Raises PermissionDenied, Invalid.
    """
    allocation = locked(allocation)
    policies.can_set(by, allocation).require()
    chosen = sorted(set(percents))
    if len(chosen) > MOST or not set(chosen) <= set(SHARES):
        raise Invalid({"percents": [_("Choose at most ten shares, from 1 to 200 percent.")]})
    if idle_days not in IDLE_DAYS:
        raise Invalid({"idle_days": [_("Choose 0 to 365 days.")]})
    values = {"percents": chosen, "runs_out": runs_out, "idle_days": idle_days}
    row, _created = AlertSettings.objects.update_or_create(allocation=allocation, defaults=values)
    audit.record("allocation.alerts_set", allocation, by=by, **values)
    return row


@transaction.atomic
def listen(allocation: Allocation, *, on: bool, by: User) -> None:
    """Be told of the alerts, or no longer. Raises PermissionDenied."""
    allocation = locked(allocation)
    policies.can_listen(by, allocation).require()
    row, _created = AlertSettings.objects.get_or_create(allocation=allocation)
    if on:
        row.listeners.add(by)
    else:
        row.listeners.remove(by)


def look(allocations: QuerySet[Allocation]) -> int:
    """Fire what has been crossed and end what no longer holds. Returns how many fired.

    A fixed number of queries for each 500 grants, and a transaction for each that changed.
    """
    fired, last = 0, 0
    while True:
        rows = allocations.filter(state__in=Allocation.LIVE, pk__gt=last)
        batch = list(rows.select_related("account").order_by("pk")[:BATCH])
        if not batch:
            return fired
        last = batch[-1].pk
        for watched in queries.watched(batch):
            now = beyond(watched.figures, watched.wanted)
            if now != watched.standing:
                fired += _bring_to(watched.allocation, now)


@transaction.atomic
def _bring_to(allocation: Allocation, now: set[Crossing]) -> int:
    """Two looks at once take turns here, so that the second finds nothing new."""
    allocation = locked(allocation)
    standing = {(a.kind, a.threshold): a for a in allocation.alerts.filter(over_at__isnull=True)}
    ended = [alert.pk for key, alert in standing.items() if key not in now]
    if ended:
        Alert.objects.filter(pk__in=ended).update(over_at=timezone.now())
    new = sorted(now - standing.keys())
    for kind, threshold in new:
        Alert.objects.create(allocation=allocation, kind=kind, threshold=threshold)
        audit.record("allocation.alert", allocation, by=None, kind=kind, threshold=threshold)
    _tell(allocation, told(new))
    return len(new)


def _tell(allocation: Allocation, crossings: Iterable[Crossing]) -> None:
    """The lead, and the members who listen."""
    members = allocation.members.filter(until__isnull=True).values("user")
    listeners = User.objects.filter(
        pk__in=AlertSettings.listeners.through.objects.filter(
            alertsettings__allocation=allocation, user__in=members
        ).values("user")
    )
    for kind, threshold in crossings:
        notify(
            f"allocation.alert_{kind}",
            to=[allocation.proposal.lead, *listeners],
            about=allocation,
            number=allocation.number,
            threshold=threshold,
        )


def told(new: list[Crossing]) -> list[Crossing]:
    """Of several shares crossed at once, people are told the highest."""
    shares = [key for key in new if key[0] == USED]
    return [key for key in new if key[0] != USED] + shares[-1:]
