"""What the portal learns of accounts on machines: whose user is missing, which jobs wait.

The machine is reached first, without a lock; locks are taken only to record.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from compute_grants.actions.grant_account import KIND
from compute_grants.backends import ClusterBackend, ClusterError, WaitingJob, cluster
from compute_grants.models import Allocation, AllocationMember, Machine, QueueReading
from consortium import audit
from consortium.actions import desired
from consortium.actions.notices import notify
from consortium.states import require_transition

log = logging.getLogger(__name__)
State = AllocationMember.State


def note_members(allocation: Allocation, missing: Collection[str]) -> None:
    """Record of a locked grant who is on its machine now and who waits for a user there.

    Each is told once that they wait, and once that they wait no longer.
    """
    for row in allocation.members.filter(until__isnull=True).select_related("user"):
        state = State.WAITING if row.cluster_user in missing else State.ADDED
        if state == row.state:
            continue
        before = row.state
        require_transition(AllocationMember.TRANSITIONS, before, state)
        row.state = state
        row.save(update_fields=["state"])
        if State.WAITING in {before, state}:
            _tell(allocation, row)


def _tell(allocation: Allocation, row: AllocationMember) -> None:
    waits = row.state == State.WAITING
    code = "allocation.member_waits" if waits else "allocation.member_ready"
    audit.record(code, allocation, by=None, member=row.user.email, cluster_user=row.cluster_user)
    notify(
        code,
        to=[row.user],
        about=allocation,
        number=allocation.number,
        name=row.cluster_user,
        machine=allocation.resource.machine.name,
    )


def look_for_users() -> int:
    """Have grants brought up to date whose missing users are there now. Returns how many grants."""
    rows = AllocationMember.objects.filter(
        state=State.WAITING, until__isnull=True, allocation__state__in=Allocation.LIVE
    )
    wanted: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    fields = ("allocation__resource__machine", "cluster_user", "allocation__number")
    for at, name, number in rows.values_list(*fields):
        wanted[at][name].add(number)
    found: set[str] = set()
    for machine, backend in _clusters(wanted):
        with _unreached(machine):
            for name in backend.known_users(wanted[machine.pk].keys()):
                found |= wanted[machine.pk][name]
    with transaction.atomic():
        return sum(desired.look_again(kind=KIND, key=number) for number in sorted(found))


def read_queues() -> int:
    """Note which jobs of grants wait on their machines, and why. Returns how many jobs."""
    grants: dict[int, dict[str, int]] = defaultdict(dict)
    rows = Allocation.objects.live().filter(slurm_account__isnull=False)
    for at, account, pk in rows.values_list("resource__machine", "slurm_account", "pk"):
        grants[at][account or ""] = pk
    count = 0
    for machine, backend in _clusters(grants):
        accounts = grants[machine.pk]
        with _unreached(machine):
            jobs = backend.waiting_jobs(list(accounts))
            _note_queues({pk: [] for pk in accounts.values()}, accounts, jobs)
            count += len(jobs)
    return count


def _note_queues(
    queues: dict[int, list[dict[str, str]]], accounts: Mapping[str, int], jobs: list[WaitingJob]
) -> None:
    for job in jobs:
        if job.account in accounts:
            queues[accounts[job.account]].append(
                {
                    "job_id": job.job_id,
                    "user": job.user,
                    "submitted_at": job.submitted_at.isoformat(),
                    "reason": job.reason,
                }
            )
    now = timezone.now()
    QueueReading.objects.bulk_create(
        [QueueReading(allocation_id=pk, read_at=now, jobs=found) for pk, found in queues.items()],
        update_conflicts=True,
        unique_fields=["allocation"],
        update_fields=["read_at", "jobs"],
    )


def _clusters(machines: Collection[int]) -> Iterator[tuple[Machine, ClusterBackend]]:
    for machine in Machine.objects.filter(pk__in=list(machines)).order_by("pk"):
        with _unreached(machine):
            yield machine, cluster(machine.cluster, machine.backend)


@contextmanager
def _unreached(machine: Machine) -> Iterator[None]:
    """A machine that does not answer is asked again next time; the others are not kept waiting."""
    try:
        yield
    except ClusterError as error:
        log.warning("%s was not reached: %s", machine.cluster, error)
