"""A real Slurm cluster for the tests of one process: ports, folder and name of its own."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.runtime.slurm import cluster, machine
from portal.runtime.slurm.plan import Plan, free_ports

NODES = 2
PATIENCE = 20


@pytest.fixture(scope="session")
def slurm_plan() -> Iterator[Plan]:
    """The cluster, up. Skips where there can be none; under CI that is a failure."""
    if reason := machine.why_not():
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # /tmp, because other users must be able to enter and a socket's path is short
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
    ports = free_ports(NODES + 2)
    plan = Plan(folder=folder, first_port=ports, nodes=NODES, orphans=False)
    try:
        cluster.up(plan)
        yield plan
    finally:
        cluster.down(plan)
        shutil.rmtree(folder, ignore_errors=True)


def run_as(plan: Plan, user: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """A command of a user of the cluster."""
    return subprocess.run(
        [*plan.command_prefix(user), *argv],
        cwd=plan.folder / "jobs",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def submit(plan: Plan, user: str, account: str, *options: str, seconds: int = 60) -> str:
    """The job's number. Raises AssertionError where it is refused."""
    done = try_submit(plan, user, account, *options, seconds=seconds)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def try_submit(
    plan: Plan, user: str, account: str, *options: str, seconds: int = 60
) -> subprocess.CompletedProcess[str]:
    wrapped = ("--wrap", f"sleep {seconds}")
    return run_as(plan, user, "sbatch", "--parsable", "-A", account, *options, *wrapped)


def state_of(plan: Plan, job: str) -> tuple[str, str]:
    """The job's state and the reason that Slurm gives for it."""
    words = run_as(plan, plan.service, "squeue", "-h", "-j", job, "-o", "%T %r").stdout.split()
    return (words[0], words[1]) if words else ("GONE", "")


def eventually(look: Callable[[], object], wanted: object, seconds: float = PATIENCE) -> None:
    """Wait until `look` gives `wanted`, and say what it gave last where it does not."""
    deadline = time.monotonic() + seconds
    while (found := look()) != wanted:
        assert time.monotonic() < deadline, f"wanted {wanted!r}, still {found!r}"
        time.sleep(0.1)
