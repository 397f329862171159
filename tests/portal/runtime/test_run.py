"""`make run`, whole: the portal from an empty folder, through kills, to a clean end.

One portal is carried through the tests in the order they stand; each needs the one before.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.runtime.process import leftovers

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.xdist_group("portal-runtime")]


class Portal:
    """`python -m portal.runtime run` and what it said."""

    def __init__(self, state, port: int) -> None:
        self.state = state
        self.port = port
        self.said: list[str] = []
        self.process: subprocess.Popen[str] | None = None

    def environment(self) -> dict[str, str]:
        """As on a fresh machine: nothing that the test run itself was told."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return kept | {"PORTAL_STATE": str(self.state), "PORT": str(self.port), "DEMO": "0"}

    def begin(self) -> "Portal":
        self.said.clear()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "portal.runtime", "run"],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._listen, args=[self.process.stdout], daemon=True).start()
        return self

    def _listen(self, stream) -> None:
        with stream:
            for line in stream:
                self.said.append(line.rstrip())

    def wait_for(self, pattern: str, seconds: float = 60) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in list(self.said):
                if re.search(pattern, line):
                    return line
            assert self.process.poll() is None, "\n".join(self.said)
            time.sleep(0.05)
        pytest.fail(f"never said {pattern!r}:\n" + "\n".join(self.said))

    def pid_of(self, words: str) -> int:
        for pid in leftovers(self.state):
            if words in Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "):
                return pid
        pytest.fail(f"no process {words!r}")

    def healthy(self) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz") as answer:
            return answer.status


@pytest.fixture(scope="module")
def portal(tmp_path_factory) -> Iterator[Portal]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Portal(tmp_path_factory.mktemp("run") / "state", port)
    yield made
    if made.process and made.process.poll() is None:
        made.process.terminate()
        made.process.wait(30)


def test_a_first_start_serves_and_a_second_process_is_refused(portal):
    portal.begin().wait_for(f"serving http://127.0.0.1:{portal.port}", 100)
    assert portal.healthy() == 200
    second = subprocess.run(
        [sys.executable, "-m", "portal.runtime", "run"],
        env=portal.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert "already runs on" in second.stderr
    assert portal.healthy() == 200


@pytest.mark.parametrize(
    ("name", "words"),
    [("PostgreSQL", "postgres -D"), ("web", "granian"), ("worker", "celery -A portal worker")],
)
def test_a_killed_child_is_started_again_and_said(portal, name, words):
    before = portal.pid_of(words)
    os.kill(before, signal.SIGKILL)
    portal.wait_for(f"{name} was killed by signal 9")
    portal.wait_for(f"{name} runs again", 30)
    assert portal.pid_of(words) != before
    deadline = time.monotonic() + 20
    while True:
        try:
            assert portal.healthy() == 200
            break
        except OSError:
            assert time.monotonic() < deadline, "\n".join(portal.said)
            time.sleep(0.2)


def test_kill_9_of_the_launcher_ends_everything_it_started(portal):
    portal.process.kill()
    portal.process.wait()
    deadline = time.monotonic() + 15
    while alive := leftovers(portal.state):
        assert time.monotonic() < deadline, alive
        time.sleep(0.1)


def test_the_next_start_does_only_what_is_needed(portal):
    """It takes three seconds on two quiet cores; other tests may keep these busy."""
    began = time.monotonic()
    portal.begin().wait_for("serving", 30)
    assert time.monotonic() - began < 20
    portal.wait_for("administrator made before")
    portal.wait_for("static files unchanged")
    assert portal.wait_for("tables") == portal.wait_for("tables unchanged")


def test_sigterm_stops_all_of_it_in_order_and_says_so(portal):
    portal.process.send_signal(signal.SIGTERM)
    assert portal.process.wait(30) == 0
    assert any(re.search(r"stopping .*broker, PostgreSQL$", line) for line in portal.said)
    assert leftovers(portal.state) == []
    log = (portal.state / "logs" / "postgresql.log").read_text()
    assert log.rstrip().endswith("database system is shut down")
