"""The demo consortium: whole, repeatable, removable, and every book clean afterwards."""

import pytest
from django.core.management import call_command

from compute_grants import tasks
from compute_grants.models import Allocation, Call, GrantReport, Output, Proposal, TeamMember
from consortium.models import AuditEvent, Institution, User
from portal.demo import loading
from tests.factories.consortium import PersonFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def logins(tmp_path, settings):
    settings.AUDIT_SEAL_FILE = tmp_path / "seals.jsonl"
    settings.SIGNING_KEYS_DIR = tmp_path / "keys"
    settings.ARTIFACT_ROOT = str(tmp_path / "artifacts")
    return tmp_path / "logins.txt"


def test_it_is_whole_repeatable_and_removable(logins, capsys):
    call_command("load_demo", logins=logins)
    assert set(Institution.objects.values_list("kind", flat=True)) == set(Institution.Kind.values)
    assert set(Call.objects.values_list("state", flat=True)) == set(Call.State.values)
    assert Proposal.objects.count() >= 20
    assert set(Allocation.objects.values_list("state", flat=True)) == {"active"}
    written = Proposal.objects.exclude(state=Proposal.State.DRAFT)
    assert not written.filter(scaling=None).exists()
    assert not written.filter(team__state=TeamMember.State.INVITED).exists()
    assert set(GrantReport.objects.values_list("state", flat=True)) == {
        "due",
        "draft",
        "submitted",
        "returned",
        "accepted",
    }
    assert Output.objects.exists()
    tasks.sweep_reports()  # as the clock of a running site does
    assert set(Allocation.objects.values_list("state", flat=True)) == {"active"}
    assert logins.stat().st_mode & 0o777 == 0o600
    call_command("reconcile")

    events = AuditEvent.objects.count()
    call_command("load_demo", logins=logins)
    assert AuditEvent.objects.count() == events

    call_command("load_demo", logins=logins, remove=True)
    assert not User.objects.exists()
    assert not AuditEvent.objects.exists()
    assert not logins.exists()


def test_it_goes_only_into_an_empty_site(logins):
    PersonFactory.create()
    with pytest.raises(loading.NotEmpty):
        loading.load(password=None, logins=logins, say=print)
    assert Institution.objects.count() == 0


def test_it_is_not_removed_once_somebody_else_has_joined(logins):
    PersonFactory.create(email="somebody@elsewhere.example")
    with pytest.raises(loading.NotEmpty):
        loading.remove(logins)
    assert User.objects.count() == 1
