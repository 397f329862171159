"""What the adapter's changes do to people's jobs on a real cluster."""

from datetime import timedelta

import pytest

from compute_grants.actions import allocations, drift, grant_account, provisioning
from compute_grants.models import Machine
from consortium.actions import desired
from consortium.models import DesiredState
from consortium.reconciliation import differences
from tests.factories.allocations import awarded, operator_for
from tests.factories.compute_grants import HOUR
from tests.factories.consortium import member, research_officer
from tests.slurm_cluster import eventually, run_as, state_of, submit, try_submit

pytestmark = pytest.mark.slurm
RUNNING = ("RUNNING", "None")
CARDS_FOR_TWO_HOURS = ("-p", "gpu", "--gres=gpu:4", "-t", "30")
ONE_CARD = ("-p", "gpu", "--gres=gpu:1", "-t", "5")


@pytest.fixture
def team(slurm_plan, account):
    """An account of alice and bob."""
    where = (f"account={account}", f"cluster={slurm_plan.name}")
    add = ("sacctmgr", "-i", "-Q", "add", "user", "name=alice,bob", *where)
    assert run_as(slurm_plan, slurm_plan.service, *add).returncode == 0
    return account


@pytest.fixture(autouse=True)
def no_jobs_are_left(slurm_plan):
    yield
    run_as(slurm_plan, slurm_plan.service, "scancel", f"--user={','.join(slurm_plan.users)}")


def test_no_more_jobs_run_at_once_than_the_rule_says(slurm, slurm_plan, team):
    slurm.set_service(team, priority="normal", max_jobs=1)
    first = submit(slurm_plan, "alice", team)
    eventually(lambda: state_of(slurm_plan, first), RUNNING)
    second = submit(slurm_plan, "bob", team)  # the number is the account's, not each user's
    eventually(lambda: state_of(slurm_plan, second), ("PENDING", "AssocGrpJobsLimit"))
    slurm.set_service(team, priority="normal", max_jobs=None)
    eventually(lambda: state_of(slurm_plan, second), RUNNING)


def test_jobs_of_low_priority_stand_behind_all_others(slurm, slurm_plan, team):
    before = submit(slurm_plan, "alice", team, "--begin=now+1hour")
    slurm.set_service(team, priority="low", max_jobs=None)
    after = submit(slurm_plan, "alice", team, "--begin=now+1hour")
    assert priority_of(slurm_plan, after) < priority_of(slurm_plan, before)
    slurm.set_service(team, priority="normal", max_jobs=None)
    again = submit(slurm_plan, "alice", team, "--begin=now+1hour")
    assert priority_of(slurm_plan, again) == priority_of(slurm_plan, before)


def priority_of(plan, job: str) -> int:
    said = run_as(plan, plan.service, "squeue", "-h", "-j", job, "-o", "%Q")
    return int(said.stdout)


def test_a_dropped_members_jobs_end_and_no_more_come(slurm, slurm_plan, team):
    job = submit(slurm_plan, "alice", team, seconds=3)
    eventually(lambda: state_of(slurm_plan, job), RUNNING)
    waits = submit(slurm_plan, "alice", team, f"--dependency=afterany:{job}")
    slurm.drop_member(team, "alice")
    refused = try_submit(slurm_plan, "alice", team)
    assert refused.returncode != 0
    assert "AssocMaxSubmitJobLimit" in refused.stderr
    eventually(lambda: end_of(slurm_plan, job), "COMPLETED")
    eventually(lambda: state_of(slurm_plan, waits), ("PENDING", "AssocMaxJobsLimit"))
    slurm.ensure_member(team, "alice")
    eventually(lambda: state_of(slurm_plan, waits), RUNNING)


def end_of(plan, job: str) -> str:
    said = run_as(plan, plan.service, "sacct", "-nPX", "-j", job, "-o", "State")
    return said.stdout.strip()


@pytest.fixture
def grant(db, settings, slurm_plan):
    """One hour of cards on the real cluster, awarded to alice and bob."""
    prefix = slurm_plan.command_prefix(slurm_plan.service)
    settings.SLURM_CLUSTERS = {slurm_plan.name: prefix}
    allocation = awarded(hours=1)
    machines = Machine.objects.filter(pk=allocation.resource.machine_id)
    machines.update(cluster=slurm_plan.name, backend=Machine.Backend.SLURM)
    allocation.members.update(cluster_user="alice")
    lead = allocation.proposal.lead
    allocations.add_member(allocation, user=member(), cluster_user="bob", by=lead)
    settle(allocation)
    return allocation


def settle(allocation) -> None:
    """One round of the loop makes the cluster as the portal wants it, and a second finds it so."""
    desired.reconcile_due()
    row = DesiredState.objects.get(kind="allocation")
    assert row.error == ""
    assert row.applied_generation == row.generation
    allocation.refresh_from_db()


def test_a_grant_from_award_to_jobs_to_its_end(grant, slurm, slurm_plan, client):
    account = grant.slurm_account
    assert slurm.account(account).limits == {"gres/gpu": 60}

    runs = submit(slurm_plan, "alice", account, *ONE_CARD, seconds=12)
    eventually(lambda: state_of(slurm_plan, runs), RUNNING)
    refused = try_submit(slurm_plan, "carol", account)
    assert "Invalid account" in refused.stderr
    waits = submit(slurm_plan, "bob", account, *CARDS_FOR_TWO_HOURS)
    eventually(lambda: state_of(slurm_plan, waits), ("PENDING", "AssocGrpGRESMinutes"))
    assert reasons_on(grant, client) == {waits: "AssocGrpGRESMinutes"}

    raise_by(grant, hours=3)
    settle(grant)
    assert slurm.account(account).limits == {"gres/gpu": 240}
    eventually(lambda: state_of(slurm_plan, waits), RUNNING)

    allocations.suspend(grant, reason="Audit.", by=research_officer())
    settle(grant)
    refused = try_submit(slurm_plan, "alice", account, *ONE_CARD)
    assert "AssocGrpSubmitJobsLimit" in refused.stderr
    assert state_of(slurm_plan, waits) == RUNNING
    eventually(lambda: end_of(slurm_plan, runs), "COMPLETED")

    allocations.resume(grant, by=operator_for(grant))
    settle(grant)
    again = submit(slurm_plan, "alice", account, *ONE_CARD)
    eventually(lambda: state_of(slurm_plan, again), RUNNING)

    renew(grant, hours=1)
    settle(grant)
    assert slurm.account(account).limits == {"gres/gpu": 300}
    assert state_of(slurm_plan, again) == RUNNING
    allocations.close_ended(grant.ends_on + timedelta(days=1))
    settle(grant)
    refused = try_submit(slurm_plan, "alice", account, *ONE_CARD)
    assert "AssocGrpSubmitJobsLimit" in refused.stderr
    assert state_of(slurm_plan, again) == RUNNING
    assert list(differences()) == []


def reasons_on(grant, client) -> dict[str, str]:
    """What the grant's page says of jobs that wait, by job."""
    provisioning.read_queues()
    lead = grant.proposal.lead
    client.force_login(lead, backend="allauth.account.auth_backends.AuthenticationBackend")
    life = client.get(grant.get_absolute_url()).context["life"]
    return {job.job_id: job.reason for job in life.queue.jobs}


def renew(grant, hours: int) -> None:
    """Later, and with more time, as an approved renewal makes it."""
    grant.ends_on += timedelta(days=365)
    grant.save(update_fields=["ends_on"])
    raise_by(grant, hours, key="renewed")


def test_a_member_without_a_user_there_keeps_nobody_waiting(grant, slurm, slurm_plan):
    """And Slurm is never told of a user that it would remember as unknown."""
    lead = grant.proposal.lead
    row = allocations.add_member(grant, user=member(), cluster_user="ghost", by=lead)
    settle(grant)
    row.refresh_from_db()
    assert row.state == "waiting"
    assert slurm.account(grant.slurm_account).members == {"alice", "bob"}
    shown = run_as(slurm_plan, slurm_plan.service, "sacctmgr", "-nP", "show", "user", "ghost")
    assert shown.stdout == ""
    assert provisioning.look_for_users() == 0


def raise_by(allocation, hours: int, key: str = "raised") -> None:
    """More time out of the call's budget, as an amendment gives it."""
    locked = grant_account.locked(allocation)
    grant_account.give(
        locked,
        source=grant_account.budget_of(locked),
        seconds=hours * HOUR,
        code="adjustment",
        key=key,
        by=None,
        reason="More.",
    )
    grant_account.want(locked)


def test_what_a_hand_changed_on_the_cluster_is_reported_and_repaired(grant, slurm, slurm_plan):
    account, machine = grant.slurm_account, grant.resource.machine
    assert drift.compare(machine, by=None) == []
    where = ("where", f"name={account}", f"cluster={slurm_plan.name}")
    hand = ("sacctmgr", "-i", "-Q", "modify", "account", *where, "set")
    assert run_as(slurm_plan, slurm_plan.service, *hand, "GrpTRESMins=gres/gpu=5").returncode == 0
    slurm.drop_member(account, "bob")
    rows = [(row.aspect, row.subject, row.found) for row in drift.compare(machine, by=None)]
    assert rows == [("limit", "gres/gpu", "5"), ("member", "bob", "no")]
    drift.repair_all(machine, by=operator_for(grant))
    settle(grant)
    assert drift.compare(machine, by=None) == []
    assert slurm.account(account).members == {"alice", "bob"}
