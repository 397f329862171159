"""The cluster as make slurm-up brings it up: twice, at once, beside others, and down."""

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from portal.runtime.errors import Refusal
from portal.runtime.slurm import cluster
from tests.slurm_cluster import eventually, run_as

pytestmark = pytest.mark.slurm


def test_a_second_start_finds_everything_running(slurm_plan):
    assert cluster.up(slurm_plan) == []


def test_what_was_killed_is_all_that_is_started_again(slurm_plan):
    daemon = cluster.nodes(slurm_plan)[0]
    os.kill(daemon.pid(), signal.SIGKILL)
    eventually(daemon.pid, None)
    assert cluster.up(slurm_plan) == [daemon.name]


def test_two_at_once_are_refused(slurm_plan):
    with cluster.locked(slurm_plan):
        for act in (cluster.up, cluster.down):
            with pytest.raises(Refusal, match="Another slurm-up or slurm-down"):
                act(slurm_plan)


def test_a_taken_port_is_named_and_nothing_is_left_running(slurm_plan):
    """A second cluster, told to use the ports of the first."""
    folder = slurm_plan.folder.with_name(f"{slurm_plan.folder.name}-b")
    second = replace(slurm_plan, folder=folder)
    try:
        with pytest.raises(Refusal, match=f"Port {slurm_plan.first_port} is taken"):
            cluster.up(second)
        assert cluster.down(second, wipe=True) == ["munged"]
        assert not folder.exists()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_the_portals_user_is_an_operator_and_others_are_not(slurm_plan):
    show = ("sacctmgr", "-nP", "show", "user", "format=user,adminlevel")
    rows = run_as(slurm_plan, slurm_plan.service, *show).stdout.split()
    assert f"{slurm_plan.service}|Operator" in rows
    assert [row for row in rows if "Operator" in row] == [f"{slurm_plan.service}|Operator"]
    add = ("sacctmgr", "-i", "add", "account", "name=mine", f"cluster={slurm_plan.name}")
    assert run_as(slurm_plan, "alice", *add).returncode != 0


def test_it_answers_on_this_machine_alone(slurm_plan):
    ports = {slurm_plan.slurmdbd_port, slurm_plan.slurmctld_port, *slurm_plan.slurmd_ports}
    listening = dict(reversed(pair) for pair in listeners())
    assert ports <= set(listening)
    assert {listening[port] for port in ports} == {"0100007F"}


def listeners() -> list[tuple[str, int]]:
    """(address in hexadecimal, port) of whoever listens by TCP."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    pairs = [row[1].split(":") for row in rows if row[3] == "0A"]
    return [(address, int(port, 16)) for address, port in pairs]
