"""manage.py import_usage on the project's own sample of real accounting."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from compute_grants.actions import grant_account
from compute_grants.models import Allocation, UsageRecord
from compute_grants.queries.usage import compare_with_file
from compute_grants.sacct import JobRun, SacctReader
from consortium.actions import ledger
from consortium.reconciliation import differences
from tests.factories.allocations import active, operator_for, row, sacct
from tests.factories.compute_grants import machine
from tests.factories.consortium import member

pytestmark = pytest.mark.django_db
SAMPLE = Path(__file__).parents[2] / "compute_grants" / "sample" / "sacct.psv"


@pytest.fixture
def grants():
    """Grants on the sample's cluster, with the accounts it names."""
    resource = machine(cluster="sample1").resources.get()
    made = [active(resource=resource) for _ in range(3)]
    for n, grant in enumerate(made, start=1):
        Allocation.objects.filter(pk=grant.pk).update(slurm_account=f"ncc2026_{n:04d}")
    return made


def run(*args: str) -> str:
    out = StringIO()
    call_command("import_usage", *args, stdout=out)
    return re.sub(r" +", " ", out.getvalue())


def sums(account: str) -> int:
    """Card-seconds by a second, plainer way of counting: no shared code with the parser."""
    total = 0
    header, *lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    names = header.split("|")
    for line in lines:
        fields = dict(zip(names, line.split("|", len(names) - 1), strict=True))
        if "." in fields["JobIDRaw"] or fields["Account"] != account:
            continue
        tres = dict(part.rsplit("=", 1) for part in fields["AllocTRES"].split(",") if part)
        total += int(tres.get("gres/gpu", 0)) * int(fields["ElapsedRaw"])
    return total


def test_the_sample_is_charged_exactly_and_only_once(grants):
    first = run(str(SAMPLE), "--cluster", "sample1")
    for n, grant in enumerate(grants, start=1):
        used = grant.seconds - ledger.balance(grant.account).available
        assert used == sums(f"ncc2026_{n:04d}")
    assert sum(sums(f"ncc2026_{n:04d}") for n in (1, 2, 3)) > 0
    assert " unmatched 0" in first
    again = run(str(SAMPLE), "--cluster", "sample1")
    assert " recorded 0" in again
    assert "Every run was known already; nothing changed." in again
    with SAMPLE.open("rb") as stream:
        assert all(day.agrees for day in compare_with_file("sample1", stream))
    assert [line for line in differences() if line[0].startswith(("usage", "ledger"))] == []


def test_the_sample_has_what_real_accounting_has():
    with SAMPLE.open("rb") as stream:
        runs = [found for found in SacctReader(stream, "sample1") if isinstance(found, JobRun)]
    states = {found.state for found in runs}
    assert {"COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "NODE_FAIL", "REQUEUED"} <= states
    assert {"DEADLINE", "RUNNING"} <= states
    requeued = [found for found in runs if found.job_id_raw == 544]
    assert len({found.submit_at for found in requeued}) == 2
    assert any("|" in found.job_name for found in runs)
    assert any(found.energy_joules for found in runs)
    assert any(found.cards for found in runs) and any(not found.cards for found in runs)


def test_runs_without_a_grant_are_named():
    machine(cluster="sample1")
    told = run(str(SAMPLE), "--cluster", "sample1")
    assert "account “ncc2026_0001” are kept uncharged" in told
    assert UsageRecord.objects.filter(allocation=None).exists()


def test_a_refused_file_exits_with_1_and_writes_nothing(tmp_path):
    grant = active()
    file = tmp_path / "bad.psv"
    file.write_bytes(sacct([row(grant, State="BROKEN")]).getvalue())
    with pytest.raises(CommandError) as refused:
        run(str(file), "--cluster", grant.resource.machine.cluster)
    assert refused.value.returncode == 1
    assert not UsageRecord.objects.exists()
    told = run(str(file), "--cluster", grant.resource.machine.cluster, "--skip-bad")
    assert "bad rows left out 1" in told


@pytest.mark.parametrize(
    "args",
    [
        ("none.psv", "--cluster", "sample1"),
        (str(SAMPLE), "--cluster", "nowhere"),
        (str(SAMPLE), "--cluster", "sample1", "--as", "nobody@example.org"),
    ],
)
def test_what_cannot_begin_exits_with_2(args):
    machine(cluster="sample1")
    with pytest.raises(CommandError) as refused:
        run(*args)
    assert refused.value.returncode == 2


def test_only_an_operator_imports_in_their_name(grants):
    with pytest.raises(CommandError) as refused:
        run(str(SAMPLE), "--cluster", "sample1", "--as", member().email)
    assert refused.value.returncode == 2
    by = operator_for(grants[0])
    assert "recorded" in run(str(SAMPLE), "--cluster", "sample1", "--as", by.email)


def test_account_names_follow_the_numbers_of_grants():
    grant = active()
    expected = grant.number.lower().replace("-", "", 1).replace("-", "_")
    assert grant_account.wanted(grant)["account"] == expected
