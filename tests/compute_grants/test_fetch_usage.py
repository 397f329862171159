"""Asking a cluster for its accounting: an answer counts whole or not at all."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from compute_grants.models import Machine, UsageImport, UsageRecord
from tests.compute_grants.importing import clean, used
from tests.factories.allocations import active, row, sacct
from tests.factories.compute_grants import HOUR

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(tmp_path, settings):
    """A grant on a cluster whose every command prints answer.psv and exits as exit says."""
    allocation = active()
    machine = allocation.resource.machine
    Machine.objects.filter(pk=machine.pk).update(backend=Machine.Backend.SLURM)
    script = tmp_path / "prefix"
    script.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\ncat {tmp_path}/answer\n'
        f"echo slurmdbd does not answer >&2\nexit $(cat {tmp_path}/exit)\n"
    )
    script.chmod(0o755)
    settings.SLURM_CLUSTERS = {machine.cluster: [str(script)]}
    (tmp_path / "exit").write_text("0")
    (tmp_path / "answer").write_bytes(sacct([row(allocation)]).getvalue())
    return allocation, tmp_path


def fetch(allocation, since="2026-11-20", until="2026-11-20") -> str:
    out = StringIO()
    cluster = allocation.resource.machine.cluster
    window = (f"--since={since}", f"--until={until}")
    call_command("fetch_usage", f"--cluster={cluster}", *window, stdout=out)
    return out.getvalue()


def test_each_day_is_asked_for_and_charged_once(asked):
    allocation, folder = asked
    said = fetch(allocation, until="2026-11-21")
    assert used(allocation) == 8 * HOUR
    assert "2026-11-20  1 runs: 1 recorded" in said
    assert "2026-11-21  1 runs: 0 recorded, 0 corrected, 1 unchanged" in said
    first, second = (folder / "asked").read_text().splitlines()
    assert first.startswith("env TZ=UTC SLURM_TIME_FORMAT=%s sacct -X --allusers --duplicates")
    assert first.endswith("-S uts1795132800 -E uts1795219200") and "uts1795219200 -E" in second
    assert clean()


def test_nothing_is_charged_of_an_answer_whose_command_failed(asked):
    allocation, folder = asked
    (folder / "exit").write_text("1")
    with pytest.raises(CommandError, match="slurmdbd does not answer"):
        fetch(allocation)
    assert not UsageRecord.objects.exists() and not UsageImport.objects.exists()


def test_a_header_alone_says_where_to_look(asked):
    allocation, folder = asked
    (folder / "answer").write_bytes(sacct([]).getvalue())
    assert "The file has a header and no rows." in fetch(allocation)


def test_a_trial_without_a_cluster_has_nothing_to_fetch():
    with pytest.raises(CommandError, match="is no cluster"):
        fetch(active())
