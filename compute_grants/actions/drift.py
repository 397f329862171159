"""Finding where machines differ from what their grants want, and having it repaired.

The machine is read first, without a lock. A repair brings the grant to the machine once more,
as every change of it does (consortium.actions.desired); this module never writes there itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions.grant_account import KIND
from compute_grants.backends import ClusterError, cluster
from compute_grants.drift import Cluster, Difference, differences
from compute_grants.models import Allocation, Drift, Machine
from compute_grants.policies import drift as policy
from compute_grants.queries.ledger_minutes import ledger_minutes
from compute_grants.queries.pricing import operators_of
from consortium import audit
from consortium.actions import desired
from consortium.actions.notices import notify
from consortium.errors import DomainError
from consortium.models import DesiredState, User
from consortium.states import require_transition

log = logging.getLogger(__name__)
State = Drift.State


class NotReached(DomainError):
    """The machine does not answer."""


Found = dict[tuple[str, str, str], tuple[int, Difference]]  # by account, aspect, subject


def compare(machine: Machine, *, by: User | None) -> list[Drift]:
    """Read the machine and note where it differs. Returns what differs now, old and new.

    Grants that are being brought to it meanwhile are left out. Where its policy says so, what
    can be repaired is. Raises PermissionDenied or NotReached.
    """
    if by is not None:
        policy.can_compare(by, machine).require()
    before = _settled(machine)
    read = _read(machine)
    charged = ledger_minutes(machine)
    with transaction.atomic():
        machine = Machine.objects.select_for_update(no_key=True).get(pk=machine.pk)
        now = _settled(machine)
        same = {pk: row for pk, row in now.items() if pk in before and _same(row, before[pk])}
        found: Found = {}
        for pk, row in same.items():
            account = row.spec["account"]
            waiting = (row.observed or {}).get("missing", ())
            for each in differences(
                row.spec, read, waiting=waiting, charged=charged.get(account, {})
            ):
                found[account, each.aspect, each.subject] = (pk, each)
        fresh = _note(machine, found, compared=same.keys())
        machine.compared_at = timezone.now()
        machine.save(update_fields=["compared_at"])
        if fresh:
            _tell(machine, fresh, by)
        if machine.on_drift == Machine.OnDrift.REPAIR:
            _ask(machine, _repairable(machine), by=None)
        return list(machine.drifts.standing().order_by("account", "pk"))


def _read(machine: Machine) -> Cluster:
    try:
        backend = cluster(machine.cluster, machine.backend)
        return Cluster(backend.snapshot(), backend.default_accounts(), backend.used_minutes())
    except ClusterError as error:
        raise NotReached(_("The machine does not answer. Nothing was changed.")) from error


def _settled(machine: Machine) -> dict[int, DesiredState]:
    """What grants want of the machine, where it was last seen to be so; by grant."""
    numbers = Allocation.objects.filter(
        resource__machine=machine, slurm_account__isnull=False
    ).values_list("number", "pk")
    grants = dict(numbers)
    rows = DesiredState.objects.filter(
        kind=KIND, key__in=grants, applied_generation=F("generation")
    )
    return {grants[row.key]: row for row in rows}


def _same(one: DesiredState, other: DesiredState) -> bool:
    return one.generation == other.generation


def _note(machine: Machine, found: Found, *, compared: Iterable[int]) -> list[Drift]:
    """Bring the standing rows of the compared grants to what was found. Returns the new ones."""
    standing = machine.drifts.standing().filter(allocation__in=list(compared))
    for row in standing:
        _pk, now = found.pop((row.account, row.aspect, row.subject), (0, None))
        if now is None:
            _move(row, State.GONE, gone_at=timezone.now())
        elif row.state == State.ASKED:  # and the repair did not last
            _move(row, State.FOUND, expected=now.expected, found=now.found)
        elif (row.expected, row.found) != (now.expected, now.found):
            row.expected, row.found = now.expected, now.found
            row.save(update_fields=["expected", "found"])
    return Drift.objects.bulk_create(
        Drift(
            machine=machine,
            allocation_id=pk,
            account=account,
            aspect=aspect,
            subject=subject,
            expected=each.expected,
            found=each.found,
            repairable=each.repairable,
        )
        for (account, aspect, subject), (pk, each) in found.items()
    )


def _move(row: Drift, state: Drift.State, **values: Any) -> None:
    require_transition(Drift.TRANSITIONS, row.state, state)
    row.state = state
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *values])


def _tell(machine: Machine, fresh: list[Drift], by: User | None) -> None:
    """Once for what a reading found, however much."""
    audit.record(
        "machine.drift_found",
        machine,
        by=by,
        count=len(fresh),
        accounts=sorted({row.account for row in fresh})[:20],
    )
    notify(
        "machine.drift_found",
        to=list(operators_of(machine)),
        about=machine,
        besides=by,
        href=f"{reverse('compute_grants:drift_list')}?machine={machine.code}",
        count=len(fresh),
        machine_en=machine.name_en,
        machine_zh=machine.name_zh,
    )


@transaction.atomic
def repair(drift: Drift, *, by: User) -> Drift:
    """Have one difference set right, and whatever else its grant's account differs in.

    Raises PermissionDenied.
    """
    rows = Drift.objects.select_for_update(of=("self",)).select_related("machine", "allocation")
    drift = rows.get(pk=drift.pk)
    policy.can_repair(by, drift).require()
    rows_of_it = [row for row in _repairable(drift.machine) if row.account == drift.account]
    _ask(drift.machine, rows_of_it, by=by)
    drift.refresh_from_db()
    return drift


@transaction.atomic
def repair_all(machine: Machine, *, by: User) -> int:
    """Have everything repairable of a machine set right. Returns how many differences."""
    policy.can_compare(by, machine).require()
    rows = _repairable(machine)
    _ask(machine, rows, by=by)
    return len(rows)


def _repairable(machine: Machine) -> list[Drift]:
    rows = machine.drifts.filter(state=State.FOUND, repairable=True)
    return list(rows.select_for_update(of=("self",)).select_related("allocation").order_by("pk"))


def _ask(machine: Machine, rows: list[Drift], *, by: User | None) -> None:
    for row in rows:
        _move(row, State.ASKED)
    for number in sorted({row.allocation.number for row in rows}):
        desired.look_again(kind=KIND, key=number)
    if rows:
        audit.record(
            "machine.drift_repair",
            machine,
            by=by,
            count=len(rows),
            accounts=sorted({row.account for row in rows})[:20],
        )


def compare_all() -> int:
    """Every machine that has accounts of grants. Returns how many differences stand."""
    machines = Machine.objects.filter(resources__allocations__slurm_account__isnull=False)
    count = 0
    for machine in machines.exclude(state=Machine.State.RETIRED).distinct().order_by("pk"):
        try:
            count += len(compare(machine, by=None))
        except NotReached as error:
            log.warning("%s was not compared: %s", machine.cluster, error.__cause__)
    return count
