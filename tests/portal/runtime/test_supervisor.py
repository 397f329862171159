"""Children that crash, refuse to stop, or are left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal.runtime import supervisor as supervising
from portal.runtime.errors import Refusal
from portal.runtime.process import Child, leftovers, stop_leftovers
from portal.runtime.supervisor import Service, Supervisor

SLEEP = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1); time.sleep(60)"
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(1)
time.sleep(60)
"""
ORPHANING = """
import sys, time
from pathlib import Path
from portal.runtime.process import Child
child = Child("x", [sys.executable, "-c", "import time; time.sleep(60)"], {}, Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
time.sleep(60)
"""


def child(tmp_path: Path, code: str = SLEEP, **options) -> Child:
    options.setdefault("env", {})
    made = Child("child", [sys.executable, "-u", "-c", code], log=tmp_path / "log", **options)
    made.start()
    return made


def until(condition, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.fixture
def supervisor():
    made = Supervisor()
    yield made
    made.stop()


class TestChild:
    def test_does_not_outlive_a_launcher_killed_with_9(self, tmp_path):
        launcher = subprocess.Popen(
            [sys.executable, "-c", ORPHANING, str(tmp_path / "log")],
            stdout=subprocess.PIPE,
            text=True,
        )
        pid = int(launcher.stdout.readline())
        assert alive(pid)
        launcher.kill()
        launcher.communicate()
        assert until(lambda: not alive(pid))

    def test_that_will_not_stop_is_ended(self, tmp_path):
        stubborn = child(tmp_path, STUBBORN, stop_seconds=0.2)
        assert until(lambda: "1" in (tmp_path / "log").read_text())
        assert stubborn.stop() is False
        assert stubborn.exit_code() == -signal.SIGKILL

    def test_takes_its_own_children_with_it(self, tmp_path):
        parent = child(tmp_path, PARENT)
        assert until(lambda: "1" in (tmp_path / "log").read_text())
        group = [p for p in Path("/proc").glob("[0-9]*") if _group(p) == parent.pid]
        assert len(group) == 2
        parent.stop()
        assert until(lambda: not any(alive(int(p.name)) for p in group))

    def test_does_not_hear_the_terminal(self, tmp_path):
        quiet = child(tmp_path)
        assert os.getsid(quiet.pid) == quiet.pid
        quiet.stop()

    def test_keeps_its_log_and_begins_a_new_one_when_it_is_large(self, tmp_path):
        (tmp_path / "log").write_bytes(b"x" * 5_000_001)
        child(tmp_path, "print('new')").process.wait()
        assert (tmp_path / "log").read_text() == "new\n"
        assert (tmp_path / "log.log.1").stat().st_size == 5_000_001


def _group(process: Path) -> int:
    try:
        return os.getpgid(int(process.name))
    except OSError:
        return -1


class TestRestart:
    def test_of_a_crashed_child_is_done_and_said(self, supervisor, tmp_path, monkeypatch, capsys):
        service = supervisor.add(Service("worker", lambda: child(tmp_path)))
        first = service.child.pid
        service.child.process.kill()
        assert until(lambda: supervisor.look() or service.due is not None)
        service.due = time.monotonic()
        supervisor.look()
        assert service.child.pid not in {None, first}
        said = capsys.readouterr().out
        assert "worker was killed by signal 9" in said
        assert str(tmp_path / "log") in said
        assert "worker runs again" in said

    def test_waits_longer_each_time(self, supervisor, tmp_path):
        service = supervisor.add(Service("worker", lambda: child(tmp_path, "raise SystemExit(3)")))
        pauses = []
        for _ in range(7):
            service.child.process.wait()
            supervisor.look()
            pauses.append(service.pause)
            service.due = time.monotonic()
            supervisor.look()
        assert pauses == [1, 2, 4, 8, 16, 30, 30]

    def test_starts_from_the_shortest_pause_after_a_calm_time(
        self, supervisor, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(supervising, "CALM", 0)
        service = supervisor.add(Service("worker", lambda: child(tmp_path, "raise SystemExit(3)")))
        service.pause = 16
        service.child.process.wait()
        supervisor.look()
        assert service.pause == 1

    def test_that_fails_is_tried_again(self, supervisor, tmp_path, capsys):
        outcomes = iter([child(tmp_path), Refusal("no room"), child(tmp_path)])

        def start():
            outcome = next(outcomes)
            if isinstance(outcome, Refusal):
                raise outcome
            return outcome

        service = supervisor.add(Service("PostgreSQL", start))
        service.child.process.kill()
        service.child.process.wait()
        supervisor.look()
        for _ in range(2):
            service.due = time.monotonic()
            supervisor.look()
        assert "PostgreSQL did not start: no room" in capsys.readouterr().out
        assert service.child.pid

    def test_is_not_ready_before_it_answers(self, supervisor, tmp_path):
        answers = iter([False, True])
        service = Service("MLflow", lambda: child(tmp_path), answers=lambda: next(answers))
        supervisor.add(service)
        assert supervisor.look() == []
        assert supervisor.look() == [service]
        assert supervisor.look() == []


def test_what_others_stand_on_stops_last(tmp_path):
    """PostgreSQL must still answer while the worker finishes its task."""
    order = tmp_path / "order"
    note = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    time.sleep({0})\n"
        "    open({1!r}, 'a').write({2!r})\n"
        "    sys.exit()\n"
        "signal.signal(15, end)\n"
        "print(1)\n"
        "time.sleep(60)\n"
    )
    made = Supervisor()
    for name, last, delay in (("d", True, 0), ("b", True, 0), ("w", False, 0.3), ("s", False, 0)):
        code = note.format(delay, str(order), name)
        log = tmp_path / name
        log.mkdir()
        made.add(Service(name, lambda log=log, code=code: child(log, code), last=last))
        assert until(lambda log=log: "1" in (log / "log").read_text())
    made.stop()
    assert order.read_text() == "swbd"


class TestLeftovers:
    def test_of_this_state_are_ended_and_no_others(self, tmp_path):
        ours = child(tmp_path, env={"PORTAL_SUPERVISED": "/state/one"})
        other = child(tmp_path, env={"PORTAL_SUPERVISED": "/state/two"})
        assert until(lambda: leftovers(Path("/state/one")) == [ours.pid])
        assert stop_leftovers(Path("/state/one"), patience=0.5) == 1
        assert ours.process.wait() in {-signal.SIGINT, -signal.SIGKILL, 1}
        assert other.exit_code() is None
        other.stop()
