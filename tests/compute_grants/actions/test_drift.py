"""Machines held against their grants: what is found, who is told, what is repaired or never is."""

from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.urls import reverse

from compute_grants import tasks
from compute_grants.actions import allocations
from compute_grants.actions import drift as actions
from compute_grants.backends.memory import MemoryBackend
from compute_grants.models import Allocation, Drift, Machine
from consortium.actions import desired
from consortium.models import AuditEvent, Notification
from tests.compute_grants.importing import load
from tests.factories.allocations import awarded, operator_for, row
from tests.factories.consortium import member, research_officer

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
State, Aspect = Drift.State, Drift.Aspect


@pytest.fixture
def grant() -> Allocation:
    made = awarded()
    desired.reconcile_due()
    return Allocation.objects.select_related("resource__machine").get(pk=made.pk)


@pytest.fixture
def machine(grant) -> Machine:
    return grant.resource.machine


@pytest.fixture
def cluster(machine) -> MemoryBackend:
    return MemoryBackend(machine.cluster)


@pytest.fixture
def operator(grant):
    return operator_for(grant)


def found(machine: Machine) -> list[tuple[str, str, str, str]]:
    rows = actions.compare(machine, by=None)
    return [(each.aspect, each.subject, each.expected, each.found) for each in rows]


def lead_of(grant: Allocation) -> str:
    return grant.members.get().cluster_user


class TestFinding:
    def test_nothing_where_all_is_as_wanted(self, machine):
        assert found(machine) == []
        machine.refresh_from_db()
        assert machine.compared_at

    def test_each_part_is_compared(self, grant, machine, cluster):
        name, lead = grant.slurm_account, lead_of(grant)
        cluster.move(name, "root")
        cluster.drop_member(name, lead)
        cluster.ensure_member(name, "eve")
        cluster.set_limits(name, {"gres/gpu": 7, "cpu": 9})
        cluster.set_service(name, priority="low", max_jobs=2)
        cluster.close(name)
        assert sorted(found(machine)) == sorted(
            [
                (Aspect.PARENT, "", "consortium", "root"),
                (Aspect.MEMBER, lead, "yes", "no"),
                (Aspect.MEMBER, "eve", "no", "yes"),
                (Aspect.DEFAULT, "eve", "none", name),
                (Aspect.LIMIT, "gres/gpu", "60000", "7"),
                (Aspect.PRIORITY, "", "normal", "low"),
                (Aspect.JOBS, "", "none", "2"),
                (Aspect.OPEN, "", "yes", "no"),
            ]
        )

    def test_an_account_that_is_gone(self, grant, machine, cluster):
        cluster.path.unlink()
        assert found(machine) == [(Aspect.ACCOUNT, "", grant.slurm_account, "none")]
        assert Drift.objects.get().repairable

    def test_one_that_was_used_is_not_made_again(self, grant, machine, cluster):
        load(grant, row(grant))
        cluster.path.unlink()
        found(machine)
        assert not Drift.objects.get().repairable

    def test_a_count_that_was_reset(self, grant, machine, cluster):
        load(grant, row(grant, elapsed=3600, cards=8))
        cluster.set_used(grant.slurm_account, {"gres/gpu": 479})
        assert found(machine) == []  # the tolerance
        cluster.set_used(grant.slurm_account, {"gres/gpu": 9999})
        assert found(machine) == []  # what runs, and what was not read yet
        cluster.set_used(grant.slurm_account, {"gres/gpu": 5})
        assert found(machine) == [(Aspect.USAGE, "gres/gpu", "480", "5")]

    def test_a_member_who_waits_for_a_user_is_no_difference(self, grant, machine, cluster):
        cluster.set_strangers("wen")
        allocations.add_member(grant, user=member(), cluster_user="wen", by=grant.proposal.lead)
        desired.reconcile_due()
        assert found(machine) == []

    def test_what_is_on_its_way_is_not_compared(self, grant, machine):
        allocations.suspend(grant, reason="Audit.", by=research_officer())
        assert found(machine) == []
        desired.reconcile_due()
        assert found(machine) == []

    def test_found_once_and_told_once(self, machine, cluster, grant, operator):
        cluster.close(grant.slurm_account)
        for _ in range(3):
            tasks.compare_clusters()
        assert Drift.objects.count() == 1
        assert Notification.objects.filter(code="machine.drift_found", person=operator).count() == 1
        assert AuditEvent.objects.filter(action="machine.drift_found").count() == 1

    def test_what_is_mended_by_hand_is_gone(self, machine, cluster, grant):
        cluster.close(grant.slurm_account)
        found(machine)
        cluster.reopen(grant.slurm_account)
        assert found(machine) == []
        assert Drift.objects.get().state == State.GONE
        cluster.close(grant.slurm_account)  # and comes again as another
        found(machine)
        assert sorted(Drift.objects.values_list("state", flat=True)) == ["found", "gone"]

    def test_a_machine_that_does_not_answer_leaves_all_as_it_was(self, machine, cluster, grant):
        cluster.close(grant.slurm_account)
        found(machine)
        cluster.inject("snapshot", "down")
        with pytest.raises(actions.NotReached):
            actions.compare(machine, by=None)
        assert actions.compare_all() == 0
        assert Drift.objects.get().state == State.FOUND


class TestRepair:
    @pytest.fixture
    def drift(self, machine, cluster, grant) -> Drift:
        cluster.close(grant.slurm_account)
        cluster.set_limits(grant.slurm_account, {"gres/gpu": 1})
        return actions.compare(machine, by=None)[0]

    def test_nothing_is_repaired_unasked(self, drift, cluster, grant):
        desired.reconcile_due()
        assert not cluster.account(grant.slurm_account).open

    def test_by_an_operator(self, drift, machine, cluster, grant, operator):
        assert actions.repair(drift, by=operator).state == State.ASKED
        desired.reconcile_due()
        account = cluster.account(grant.slurm_account)
        assert (account.open, account.limits) == (True, {"gres/gpu": 60000})
        assert found(machine) == []
        event = AuditEvent.objects.get(action="machine.drift_repair")
        assert (event.actor_id, event.detail["count"]) == (operator.pk, 2)
        with pytest.raises(PermissionDenied):
            actions.repair(drift, by=operator)

    def test_not_by_others(self, drift, machine, grant):
        for person in (grant.proposal.lead, operator_for(awarded())):
            with pytest.raises(PermissionDenied):
                actions.repair(drift, by=person)
            with pytest.raises(PermissionDenied):
                actions.repair_all(machine, by=person)
            with pytest.raises(PermissionDenied):
                actions.compare(machine, by=person)

    def test_by_policy(self, drift, machine, cluster, grant):
        Machine.objects.update(on_drift=Machine.OnDrift.REPAIR)
        tasks.compare_clusters()
        desired.reconcile_due()
        assert cluster.account(grant.slurm_account).open
        assert AuditEvent.objects.get(action="machine.drift_repair").actor_id is None

    def test_what_does_not_last_is_found_again(self, drift, machine, cluster, grant, operator):
        actions.repair_all(machine, by=operator)
        desired.reconcile_due()
        cluster.close(grant.slurm_account)
        assert found(machine) == [(Aspect.OPEN, "", "yes", "no")]
        assert Drift.objects.standing().get().state == State.FOUND

    def test_the_centres_own_is_left_to_it(self, machine, cluster, grant, operator):
        cluster.move(grant.slurm_account, "root")
        [drift] = actions.compare(machine, by=None)
        with pytest.raises(PermissionDenied):
            actions.repair(drift, by=operator)
        assert actions.repair_all(machine, by=operator) == 0


class TestPages:
    @pytest.fixture
    def drift(self, machine, cluster, grant) -> Drift:
        cluster.close(grant.slurm_account)
        return actions.compare(machine, by=None)[0]

    def test_the_page_shows_and_repairs(self, drift, client, operator, cluster):
        client.force_login(operator, backend=BACKEND)
        page = client.get(reverse("compute_grants:drift_list")).content.decode()
        assert drift.account in page and "open for jobs" in page
        client.post(reverse("compute_grants:drift_repair", args=[drift.pk]))
        desired.reconcile_due()
        client.post(reverse("compute_grants:drift_compare", args=[drift.machine.code]))
        assert cluster.account(drift.account).open
        page = client.get(reverse("compute_grants:drift_list") + "?gone=1").content.decode()
        assert drift.account in page

    def test_a_machine_that_does_not_answer_is_said(self, machine, client, operator, cluster):
        cluster.inject("*", "down")
        client.force_login(operator, backend=BACKEND)
        address = reverse("compute_grants:drift_compare", args=[machine.code])
        page = client.post(address, follow=True).content.decode()
        assert "does not answer" in page

    def test_another_centre_sees_nothing(self, drift, client):
        client.force_login(operator_for(awarded()), backend=BACKEND)
        assert client.get(reverse("compute_grants:drift_list")).context["rows"] == []
        done = client.post(reverse("compute_grants:drift_repair", args=[drift.pk]))
        assert done.status_code == 404

    def test_the_command_reports_and_repairs(self, drift, machine, operator, cluster, grant):
        out = StringIO()
        with pytest.raises(CommandError, match="1 differences"):
            call_command("drift", cluster=machine.cluster, stdout=out)
        assert f"{grant.slurm_account}\topen\t\tyes\tno\tfound" in out.getvalue()
        with pytest.raises(CommandError):
            call_command("drift", email=operator.email, repair=True, stdout=out)
        desired.reconcile_due()
        call_command("drift", stdout=out)
        assert cluster.account(grant.slurm_account).open
