"""One daemon: started in a session of its own, known afterwards by pid and start time.

A pid alone may by now be a stranger's; with the moment the kernel started it, it is ours.
"""

import contextlib
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.runtime.errors import Refusal
from portal.runtime.interrupt import pause
from portal.runtime.process import die_with_parent, open_log, tail

from .plan import Plan

STARTED = 19  # the place of the start time in /proc/PID/stat, after the name


@dataclass(frozen=True)
class Daemon:
    """user: whom it runs as. argv keeps it in the foreground, so the pid stays what we noted."""

    plan: Plan
    name: str
    argv: Sequence[str]
    user: str = "slurm"

    @property
    def note(self) -> Path:
        return self.plan.run / f"{self.name}.started"

    @property
    def log(self) -> Path:
        return self.plan.logs / f"{self.name}.log"

    def pid(self) -> int | None:
        """Of the process we started, while it lives."""
        return noted(self.note)

    def start(self) -> bool:
        """Whether it had to be started. Raises Refusal where the program is missing."""
        if self.pid():
            return False
        who = pwd.getpwnam(self.user)
        try:
            with open_log(self.log) as log:
                process = subprocess.Popen(
                    self.argv,
                    env=self.plan.environment,
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    user=who.pw_uid,
                    group=who.pw_gid,
                    extra_groups=[],
                    preexec_fn=None if self.plan.orphans else die_with_parent(signal.SIGTERM),  # noqa: PLW1509
                )
        except FileNotFoundError as error:
            raise Refusal(
                f"{self.argv[0]} is missing. Run: sh portal/runtime/system-packages.sh slurm"
            ) from error
        process.returncode = 0  # it is not ours to wait for: it may live longer than we do
        self.note.write_text(f"{process.pid} {_start_time(process.pid)}\n")
        return True

    def wait(self, answers: Callable[[], object], seconds: float = 30) -> None:
        """Until it answers. Raises Refusal with the log's last lines."""
        deadline = time.monotonic() + seconds
        while not answers():
            if not self.pid() or time.monotonic() > deadline:
                raise Refusal(f"{self.name} does not start. Its last words:\n{tail(self.log, 12)}")
            pause(0.05)

    def stop(self, seconds: float = 30) -> bool:
        """Whether there was one to stop."""
        return stop(self.note, seconds)


def noted(note: Path) -> int | None:
    """The pid in a note, if that same process still lives."""
    with contextlib.suppress(OSError, ValueError):
        pid, started = (int(word) for word in note.read_text().split())
        if started and _start_time(pid) == started:
            return pid
    return None


def stop(note: Path, seconds: float = 30) -> bool:
    """End the noted process: asked first, then made to."""
    pid = noted(note)
    if pid:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while pid and noted(note):
        if time.monotonic() > deadline:
            _signal(pid, signal.SIGKILL)
        time.sleep(0.02)
    note.unlink(missing_ok=True)
    return pid is not None


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _start_time(pid: int) -> int:
    """In the kernel's ticks since boot; 0 for one that is gone, or dead and not yet reaped."""
    with contextlib.suppress(OSError, ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if words[0] == "Z" else int(words[STARTED])
