"""Accounting of a real cluster, as the portal asks for it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from compute_grants.backends.base import ClusterError
from compute_grants.sacct import JobRun, SacctReader
from tests.slurm_cluster import eventually, run_as, state_of, submit

pytestmark = pytest.mark.slurm
HOUR = timedelta(hours=1)


def told(slurm, account: str) -> list[JobRun]:
    now = timezone.now()
    with slurm.fetch_jobs(now - HOUR, now + HOUR) as stream:
        runs = list(SacctReader(stream, slurm.cluster))
    assert all(isinstance(run, JobRun) for run in runs), runs
    return [run for run in runs if run.account == account]


def test_every_run_of_arrays_and_requeued_jobs_is_told(slurm, slurm_plan, account):
    where = (f"account={account}", f"cluster={slurm_plan.name}")
    add = ("sacctmgr", "-i", "-Q", "add", "user", "name=alice", *where)
    assert run_as(slurm_plan, slurm_plan.service, *add).returncode == 0
    wide = ("-p", "gpu", "--gres=gpu:2", "-t", "5")
    array = submit(slurm_plan, "alice", account, *wide, "--array=1-2", seconds=1)
    again = submit(slurm_plan, "alice", account, *wide, "--requeue", seconds=60)
    eventually(lambda: state_of(slurm_plan, again)[0], "RUNNING")
    assert run_as(slurm_plan, "root", "scontrol", "requeue", again).returncode == 0
    eventually(lambda: len([r for r in told(slurm, account) if r.job_id == again]) >= 2, True)
    run_as(slurm_plan, "root", "scancel", again)
    eventually(lambda: state_of(slurm_plan, array)[0], "GONE")
    runs = told(slurm, account)
    twice = [run for run in runs if run.job_id == again]
    assert len({run.key for run in twice}) == len(twice) >= 2
    assert {run.job_id for run in runs} >= {f"{array}_1", f"{array}_2"}
    assert all(run.cards in {0, 2} and run.qos == "normal" for run in runs)


def test_a_window_without_jobs_is_a_header_alone(slurm):
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    with slurm.fetch_jobs(long_ago, long_ago + HOUR) as stream:
        reader = SacctReader(stream, slurm.cluster)
        assert list(reader) == []
    assert reader.rows == 0


def test_a_word_no_shell_may_see_is_not_sent(slurm):
    with pytest.raises(ClusterError):
        slurm.client.spool("sacct", "$(id)")
