"""What was acknowledged is there after the server is killed with -9, again and again.

On a PostgreSQL of its own, set as in production. The control posts the same way but lets
commits return before they are written: it must lose some, or the harness shows nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings

from bench import server as bench_server
from consortium.reconciliation import LEDGER
from portal.runtime.postgres import Postgres

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(240)]

CLIENTS = 8
KILLS = 3
BETWEEN_KILLS = 0.7  # seconds of posting
HOLDING = 10**6


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with bench_server.production_like() as started:
        yield started


@pytest.fixture(scope="module")
def url(server) -> str:
    """A migrated database on it."""
    made = bench_server.make_database(server, "durable")
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "consortium", "--verbosity=0"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": made},
        check=True,
    )
    return made


class Posters:
    """Clients that post, remember what was acknowledged, and come back after each crash."""

    def __init__(self, url: str, *, options: str = "") -> None:
        self.url, self.options = url, options
        self.stop = threading.Event()
        self.acknowledged: list[list[uuid.UUID]] = [[] for _ in range(CLIENTS)]
        with psycopg.connect(url, autocommit=True) as link:
            self.budget, self.usage = self._accounts(link)
        self.threads = [
            threading.Thread(target=self._run, args=(mine,)) for mine in self.acknowledged
        ]

    @staticmethod
    def _accounts(link: psycopg.Connection) -> tuple[int, int]:
        opened = []
        for kind in ("source", "budget", "usage"):
            opened += link.execute(
                "INSERT INTO consortium_account (unit, kind, owner, capped, sink, available,"
                " held, posted_in, posted_out) VALUES ('fen', %s, %s, %s, %s, 0, 0, 0, 0)"
                " RETURNING id",
                [kind, str(uuid.uuid4()), kind == "budget", kind != "budget"],
            ).fetchone()
        source, budget, usage = opened
        Posters._post(link, uuid.uuid4(), source, budget, HOLDING)
        return budget, usage

    @staticmethod
    def _post(link, key, debit: int, credit: int, amount: int) -> None:
        link.execute(
            "SELECT id FROM ledger_post(%s, %s, %s, %s, 't', NULL, '')",
            [key, debit, credit, amount],
        )

    def _run(self, mine: list[uuid.UUID]) -> None:
        while not self.stop.is_set():
            try:
                with psycopg.connect(
                    self.url, autocommit=True, options=self.options, connect_timeout=5
                ) as link:
                    while not self.stop.is_set():
                        self._post(link, key := uuid.uuid4(), self.budget, self.usage, 1)
                        mine.append(key)
            except psycopg.OperationalError:
                time.sleep(0.02)

    def crash(self, server: Postgres) -> None:
        """Post while the postmaster is killed and started again, KILLS times."""
        for thread in self.threads:
            thread.start()
        try:
            for _ in range(KILLS):
                time.sleep(BETWEEN_KILLS)
                assert server.child and server.child.process
                server.child.process.send_signal(signal.SIGKILL)
                server.child.process.wait()
                server.start()
        finally:
            time.sleep(0.2)
            self.stop.set()
            for thread in self.threads:
                thread.join()

    def lost(self) -> int:
        keys = [key for mine in self.acknowledged for key in mine]
        assert len(keys) > 100, "hardly anything was posted"
        with psycopg.connect(self.url) as link:
            (found,) = link.execute(
                "SELECT count(*) FROM consortium_transfer WHERE id = ANY (%s)", [keys]
            ).fetchone()
        return len(keys) - found

    def books(self) -> tuple[int, list[tuple[object, ...]]]:
        """(what is missing from the budget, every difference)."""
        with psycopg.connect(self.url) as link:
            (gone,) = link.execute(
                "SELECT posted_out - (SELECT count(*) FROM consortium_transfer"
                " WHERE debit_id = a.id) FROM consortium_account a WHERE id = %s",
                [self.budget],
            ).fetchone()
            return gone, [row for check in LEDGER for row in link.execute(check.sql)]


def test_no_acknowledged_posting_is_lost(server, url):
    posters = Posters(url)
    posters.crash(server)
    assert posters.lost() == 0
    assert posters.books() == (0, [])


def test_commits_that_do_not_wait_are_lost_in_this_harness(server, url):
    posters = Posters(url, options="-c synchronous_commit=off")
    posters.crash(server)
    assert posters.lost() > 0
    assert posters.books() == (0, [])  # lost, but never half done
