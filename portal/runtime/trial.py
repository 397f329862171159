"""`make test`, `make bench`: one command with servers of its own, all thrown away afterwards."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import folders, interrupt, messages
from .config import Config
from .process import die_with_parent
from .run import Launcher
from .terminal import say


def trial(argv: Sequence[str], *, only_database: bool = False) -> int:
    """Run `argv` with the servers' addresses in its environment. Returns its exit code."""
    state = Path(tempfile.mkdtemp(prefix="portal-test-"))
    config = Config.read(os.environ | {"PORTAL_STATE": str(state)}, throwaway=True)
    code = 1
    try:
        with Launcher(config, steps=1 if only_database else 2) as launcher:
            say("Servers for the tests; their PostgreSQL does not wait for the disk (fsync off)")
            launcher.start_database()
            if not only_database:
                launcher.start_broker()
                launcher.start_mlflow()
            messages.compile_all()
            code = _call(launcher, argv)
    finally:
        shutil.rmtree(folders.sockets(config), ignore_errors=True)
        shutil.rmtree(state, ignore_errors=True)
    return 130 if interrupt.asked() else code


def environment(launcher: Launcher) -> dict[str, str]:
    """The tests make databases, so they sign in as the owner; DATABASE_WEB_URL is the site's."""
    found = launcher.servers.variables()
    web = found["DATABASE_URL"]
    return {
        **os.environ,
        **found,
        "DATABASE_URL": found["DATABASE_OWNER_URL"],
        "DATABASE_WEB_URL": web,
        "PORTAL_TESTING": "1",
    }


def _call(launcher: Launcher, argv: Sequence[str]) -> int:
    with subprocess.Popen(
        argv,
        env=environment(launcher),
        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one system call
    ) as command:
        try:
            launcher.watch(until=lambda: command.poll() is not None)
        finally:
            if command.poll() is None:
                command.terminate()
        return command.wait()
