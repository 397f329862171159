"""`make run`, whole: the portal from an empty folder, through kills, to a clean end."""

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

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(400)]


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


@pytest.fixture
def portal(tmp_path) -> Iterator[Portal]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Portal(tmp_path / "state", port)
    yield made
    if made.process and made.process.poll() is None:
        made.process.terminate()
        made.process.wait(60)


def test_a_portal_lives_through_kills_to_a_clean_end(portal):
    """One story, because a first start is too dear to tell it seven times."""
    portal.begin().wait_for(f"serving http://127.0.0.1:{portal.port}", 200)
    assert portal.healthy() == 200
    refuses_a_second_process(portal)
    for name, words in (
        ("PostgreSQL", "postgres -D"),
        ("web", "granian"),
        ("worker", "celery -A portal worker"),
    ):
        starts_a_killed_child_again_and_says_so(portal, name, words)
    dies_whole_by_kill_9(portal)
    does_only_what_is_needed_the_next_time(portal)
    stops_in_order_and_says_so(portal)


def refuses_a_second_process(portal):
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


def starts_a_killed_child_again_and_says_so(portal, name, words):
    before = portal.pid_of(words)
    os.kill(before, signal.SIGKILL)
    portal.wait_for(f"{name} was killed by signal 9")
    portal.wait_for(f"{name} runs again", 60)
    assert portal.pid_of(words) != before
    deadline = time.monotonic() + 60
    while True:
        try:
            assert portal.healthy() == 200
            break
        except OSError:
            assert time.monotonic() < deadline, "\n".join(portal.said)
            time.sleep(0.2)


def dies_whole_by_kill_9(portal):
    portal.process.kill()
    portal.process.wait()
    deadline = time.monotonic() + 30
    while alive := leftovers(portal.state):
        assert time.monotonic() < deadline, alive
        time.sleep(0.1)


def does_only_what_is_needed_the_next_time(portal):
    """It takes three seconds on two quiet cores; other tests may keep these busy."""
    began = time.monotonic()
    portal.begin().wait_for("serving", 60)
    assert time.monotonic() - began < 40
    for done in ("tables unchanged", "static files unchanged", "administrator made before"):
        portal.wait_for(done)


def stops_in_order_and_says_so(portal):
    portal.process.send_signal(signal.SIGTERM)
    assert portal.process.wait(60) == 0
    assert any(re.search(r"stopping .*broker, PostgreSQL$", line) for line in portal.said)
    assert leftovers(portal.state) == []
    log = (portal.state / "logs" / "postgresql.log").read_text()
    assert log.rstrip().endswith("database system is shut down")
