"""The provisioning worker killed at every line: no award lost, none given twice.

Five turns of one grant's life – award, more people and time, suspension, resumption, closure –
each made by the actions that people make it with. The worker that brings it to the machine is
killed at one executed line after another (tests.consortium.killing), in our code and where Django
sends statements and commits. After each, a healthy worker comes, and what the two leave is
compared; then the turn is set back and played again up to a later line. PostgreSQL is real; the
machine is the trial one, which is held to the same suite as Slurm.

The five turns execute some 3,500 lines. Every third is a point, another of the three in each turn;
KILL_STEP=1 in the environment makes each line one (four minutes).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings as project
from django.db import transaction
from django.db.backends import utils as statements
from django.db.models import F
from django.utils import timezone

from compute_grants.actions import allocations, grant_account
from compute_grants.backends.memory import MemoryBackend
from compute_grants.effects import AllocationEffect
from compute_grants.models import Allocation
from consortium import effects
from consortium.actions import desired
from consortium.effects import Spec
from consortium.models import AuditEvent, DesiredState, Notification, Transfer
from consortium.reconciliation import differences
from tests.consortium.killing import killed_at, let_lease_expire_and_settle
from tests.factories.allocations import awarded, operator_for
from tests.factories.compute_grants import HOUR
from tests.factories.consortium import member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(300)]

LEAST_POINTS = 1000
STEP = int(os.environ.get("KILL_STEP", "3"))
OURS = (
    *(str(project.BASE_DIR / name) for name in ("consortium", "compute_grants")),
    *(module.__file__ for module in (statements, transaction)),
)
Work = Callable[[], object]


class Harness:
    """One grant, and the worker of one of its turns killed again and again."""

    def __init__(self, work: Work = desired.reconcile_one) -> None:
        self.work = work
        self.allocation = awarded(hours=1000)
        self.backend = MemoryBackend(self.allocation.resource.machine.cluster)
        self.points = self.turns = 0
        self.wrong = Counter[str]()

    def play(self, decide: Callable[[Allocation], object], *, until: str = "never") -> None:
        """Kill ever later until a worker lives, or something is wrong as `until` says."""
        before = self.backend.path.read_bytes() if self.backend.path.exists() else b""
        had = self.limit()
        decide(self.allocation)
        transfers, crashed = Transfer.objects.count(), True
        decided = Allocation.objects.values("state", "slurm_account").get(pk=self.allocation.pk)
        point = 1 + self.turns % STEP
        while crashed and not self.wrong[until]:
            self._set_back(before, decided)
            crashed = killed_at(point, self.work, OURS)
            self._look_at_what_was_left(had)
            self._recover_and_compare()
            point += STEP
            self.points += crashed
        assert Transfer.objects.count() == transfers
        self.turns += 1
        self.allocation.refresh_from_db()

    def limit(self) -> int:
        """Minutes in force on the machine; -1 for none."""
        found = self.backend.account(self.allocation.account_name)
        return found.limits.get("gres/gpu", -1) if found else -1

    def _row(self) -> DesiredState:
        return DesiredState.objects.get(kind="allocation", key=self.allocation.number)

    def _set_back(self, file: bytes, decided: dict[str, str]) -> None:
        """As the decision left it: a new generation of the same wish, the machine as before."""
        self.backend.path.unlink(missing_ok=True)
        if file:
            self.backend.path.write_bytes(file)
        Allocation.objects.filter(pk=self.allocation.pk).update(**decided)
        DesiredState.objects.update(generation=F("generation") + 1, next_at=timezone.now())
        self.opens = decided["state"] == Allocation.State.AWARDED
        self.newest = AuditEvent.objects.latest("pk").pk
        self.told = Notification.objects.count()

    def _look_at_what_was_left(self, had: int) -> None:
        """Whoever can run jobs between the kill and the recovery has a limit: old or new."""
        found = self.backend.account(self.allocation.account_name)
        allowed = {had, self._row().spec["limits"]["gres/gpu"]} - {-1}
        if found and found.members and self.limit() not in allowed:
            self.wrong["open too far meanwhile"] += 1

    def _recover_and_compare(self) -> None:
        row = self._row()
        let_lease_expire_and_settle(row)
        found = self.backend.account(self.allocation.account_name)
        wanted = row.spec
        if found is None or self.limit() < wanted["limits"]["gres/gpu"]:
            self.wrong["lost"] += 1
            return
        if self.limit() > wanted["limits"]["gres/gpu"]:
            self.wrong["doubled"] += 1
        if (sorted(found.members), found.open) != (wanted["members"], wanted["open"]):
            self.wrong["another account"] += 1
        self._count("effect.settled", 1)
        self._count("allocation.activated", int(self.opens))
        if Notification.objects.count() - self.told != int(self.opens):
            self.wrong["told wrongly"] += 1

    def _count(self, action: str, wanted: int) -> None:
        events = AuditEvent.objects.filter(pk__gt=self.newest, action=action).count()
        if events != wanted:
            self.wrong[f"{events} events {action}"] += 1


def nothing(allocation: Allocation) -> None:
    """The award itself wanted it."""


def more_people_and_time(allocation: Allocation) -> None:
    with transaction.atomic():
        locked = grant_account.locked(allocation)
        for name in ("wen", "zhao", "sun"):
            allocations.add_member(
                locked, user=member(), cluster_user=name, by=allocation.proposal.lead
            )
        grant_account.give(
            locked,
            source=grant_account.budget_of(locked),
            seconds=500 * HOUR,
            code="adjustment",
            key="raised",
            by=None,
            reason="More.",
        )
        grant_account.want(locked)


def suspended(allocation: Allocation) -> None:
    allocations.suspend(allocation, reason="Audit.", by=operator_for(allocation))


def resumed(allocation: Allocation) -> None:
    allocations.resume(allocation, by=operator_for(allocation))


def closed(allocation: Allocation) -> None:
    allocations.close(allocation, reason="Done.", by=None)


@pytest.fixture(autouse=True)
def _no_memory() -> Iterator[None]:
    yield
    effects._make.cache_clear()


def test_killed_at_a_thousand_lines_nothing_is_lost_and_nothing_doubled():
    harness = Harness()
    for decide in (nothing, more_people_and_time, suspended, resumed, closed):
        harness.play(decide)
    assert harness.wrong == {}
    assert harness.points >= LEAST_POINTS
    assert list(differences()) == []


class AddingEffect(AllocationEffect):
    """A naive one: adds what was awarded to what is there, and believes that it worked."""

    def __init__(self) -> None:
        self.added = False

    def satisfied(self, spec: Spec, observed: Spec | None) -> bool:
        done, self.added = self.added, False
        return done

    def apply(self, key: str, spec: Spec, observed: Spec | None) -> None:
        there = (observed or {}).get("limits", {}).get("gres/gpu") or 0
        more = {"gres/gpu": spec["limits"]["gres/gpu"] + there}
        super().apply(key, spec | {"limits": more}, observed)
        self.added = True


def test_a_worker_that_adds_is_found_out_by_the_same_harness(settings):
    settings.EFFECTS = {"allocation": f"{__name__}.AddingEffect"}
    harness = Harness()
    harness.play(nothing, until="doubled")
    assert harness.wrong["doubled"] == 1


def fire_and_forget() -> None:
    """Another naive one: notes that it is done, then does it."""
    row = desired.claim()
    assert row is not None
    desired.record_settled(row, row.spec)
    AllocationEffect().apply(row.key, row.spec, None)


def test_a_worker_that_records_first_is_found_out_by_the_same_harness():
    harness = Harness(fire_and_forget)
    harness.play(nothing, until="lost")
    assert harness.wrong["lost"] == 1
