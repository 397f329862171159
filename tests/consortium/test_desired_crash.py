"""A worker killed at every line it executes leaves nothing lost and nothing doubled.

See tests.consortium.killing. After the kill its lease runs out and a healthy worker comes. Points
beyond the last line are runs without a crash.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings as project
from django.db import transaction

from consortium import effects
from consortium.actions import desired
from consortium.models import AuditEvent, DesiredState
from tests.consortium import outside
from tests.consortium.killing import killed_at, let_lease_expire_and_settle
from tests.consortium.outside import KIND, Cluster

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(300)]

HOURS = 1000
MEMBERS = [f"member{n}" for n in range(11)]
LEAST_POINTS = 200
OURS = (str(project.BASE_DIR / "consortium"), outside.__file__)


def _want(tmp_path: Path, point: int) -> DesiredState:
    spec = {"file": str(tmp_path / "cluster.json"), "hours": HOURS, "members": MEMBERS}
    with transaction.atomic():
        return desired.want(kind=KIND, key=f"p{point}", spec=spec)


def _crash_everywhere(tmp_path: Path, *, until: str = "") -> tuple[int, Counter[str]]:
    """Kill at line 1, 2, 3 ... until a worker lives. Returns (points, what was wrong).

    Stops early once something is wrong in the way of `until`.
    """
    point, wrong, crashed = 0, Counter[str](), True
    while crashed and until not in wrong:
        point += 1
        row = _want(tmp_path, point)
        crashed = killed_at(point, desired.reconcile_one, OURS)
        let_lease_expire_and_settle(row)
        account = Cluster(row.spec["file"]).read()[row.key]
        if account["hours"] != HOURS:
            wrong["doubled" if account["hours"] > HOURS else "lost"] += 1
        for action in ("effect.settled", "outside.settled"):
            events = AuditEvent.objects.filter(action=action, target_id=str(row.pk)).count()
            if events != 1:
                wrong[f"{events} events {action}"] += 1
    return point - 1, wrong


@pytest.fixture(autouse=True)
def _no_memory():
    yield
    effects._make.cache_clear()


def test_killed_at_every_line(tmp_path, settings):
    settings.EFFECTS = {KIND: "tests.consortium.outside.AbsoluteEffect"}
    points, wrong = _crash_everywhere(tmp_path)
    assert wrong == {}
    assert points >= LEAST_POINTS
    accounts = Cluster(str(tmp_path / "cluster.json")).read()
    assert all(account["members"] == MEMBERS for account in accounts.values())
    assert len(accounts) == points + 1


def test_an_effect_that_adds_is_found_out_by_the_same_harness(tmp_path, settings):
    settings.EFFECTS = {KIND: "tests.consortium.outside.RelativeEffect"}
    _points, wrong = _crash_everywhere(tmp_path, until="doubled")
    assert wrong["doubled"] == 1
