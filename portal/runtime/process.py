"""One child process: started so that it cannot outlive us, stopped in the manner it likes."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from .config import ROOT

MARK = "PORTAL_SUPERVISED"  # in each child's environment: the state folder it serves
PYTHON = sys.executable
LOG_BYTES = 5_000_000
_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A program to keep running. Its session is its own, so a terminal's Ctrl-C reaches only us."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10
    orphan_signal: signal.Signals = signal.SIGTERM  # what the kernel sends it when we die
    uid: int | None = None
    gid: int | None = None
    cwd: Path = ROOT
    pass_fds: Sequence[int] = ()
    started: float = field(default=0, init=False)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Raises OSError when the program cannot be started at all."""
        self.started = time.monotonic()
        with open_log(self.log) as log:
            self.process = subprocess.Popen(
                self.argv,
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self.pass_fds,
                user=self.uid,
                group=self.gid,
                extra_groups=None if self.uid is None else [],
                preexec_fn=die_with_parent(self.orphan_signal),  # noqa: PLW1509 - one call
            )

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process and self.process.poll() is None else None

    def exit_code(self) -> int | None:
        """None while it runs or before it was started."""
        return self.process.poll() if self.process else None

    def ask_to_stop(self) -> None:
        if self.process:
            self.process.send_signal(self.stop_signal)

    def wait_stopped(self) -> bool:
        """Wait, then insist; True when it went by itself. Sweeps its own children either way."""
        if not self.process:
            return True
        began = time.monotonic()  # the patience may be shortened while we wait
        while self.process.poll() is None and time.monotonic() - began < self.stop_seconds:
            time.sleep(0.02)
        willing = self.process.poll() is not None
        self.sweep_group()
        self.process.wait()
        return willing

    def stop(self) -> bool:
        self.ask_to_stop()
        return self.wait_stopped()

    def kill(self) -> None:
        self.stop_seconds = 0
        self.wait_stopped()

    @contextlib.contextmanager
    def unless_whole(self) -> Iterator[None]:
        """Started, but not yet in anybody's care: stop it when the wait for it is cut short."""
        try:
            yield
        except BaseException:
            self.stop()
            raise

    def sweep_group(self) -> None:
        """Whatever it started and left behind."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def last_words(self, lines: int = 12) -> str:
        return tail(self.log, lines)


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """A hook for the new process: if its parent dies, even by kill -9, it gets this signal.

    It runs after the change of user, which would clear the setting.
    """
    parent = os.getpid()

    def hook() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # died in between
            os._exit(1)

    return hook


def follow_parent() -> None:
    """Ask for SIGTERM when the process that started us dies, as make does under kill -9."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))


def open_log(path: Path) -> BinaryIO:
    """Append; the log before last is let go when a log has grown too large."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def tail(path: Path, lines: int) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 20_000))
        text = file.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:])


def leftovers(state: Path) -> list[int]:
    """Processes that a launcher of this state started and did not live to stop."""
    mark = f"{MARK}={state}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def stop_leftovers(state: Path, patience: float = 15) -> int:
    """They have had the kernel's signal already; wait for them, then insist. Returns how many."""
    first = leftovers(state)
    deadline = time.monotonic() + patience
    asked: set[int] = set()
    while alive := leftovers(state):
        late = time.monotonic() > deadline
        for pid in alive:
            if late or pid not in asked:
                asked.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGINT)
        time.sleep(0.1)
    return len(first)
