"""People on machines: those without a user there wait, those who left are gone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from compute_grants import tasks
from compute_grants.actions import allocations, departures, provisioning
from compute_grants.backends import WaitingJob
from compute_grants.backends.memory import MemoryBackend
from compute_grants.models import Allocation, AllocationMember, QueueReading
from consortium.actions import affiliations, desired, people
from consortium.errors import WrongState
from consortium.models import Affiliation, ArmAppointment, AuditEvent, Notification
from tests.factories.allocations import awarded, operator_for
from tests.factories.consortium import institution_admin, member, research_officer, staff

pytestmark = pytest.mark.django_db
State = AllocationMember.State


def machine_of(allocation: Allocation) -> MemoryBackend:
    return MemoryBackend(allocation.resource.machine.cluster)


def joined(allocation: Allocation, name: str = "wen", **fields) -> AllocationMember:
    fields = {"user": fields.get("user") or member()}
    by = allocation.proposal.lead
    return allocations.add_member(allocation, cluster_user=name, by=by, **fields)


def codes(person) -> list[str]:
    rows = Notification.objects.filter(person=person, code__startswith="allocation.member_")
    return list(rows.order_by("pk").values_list("code", flat=True))


class TestMissingUser:
    @pytest.fixture
    def waiting(self) -> AllocationMember:
        allocation = awarded()
        machine_of(allocation).set_strangers("wen")
        row = joined(allocation)
        desired.reconcile_due()
        row.refresh_from_db()
        return row

    def test_no_association_is_made_and_everything_else_is(self, waiting):
        allocation = Allocation.objects.get()
        found = machine_of(allocation).account(allocation.account_name)
        lead = allocation.members.get(user=allocation.proposal.lead)
        assert found.members == {lead.cluster_user}
        assert (found.open, found.limits) == (True, {"gres/gpu": 60000})
        assert (allocation.state, lead.state, waiting.state) == ("active", "added", "waiting")

    def test_they_are_told_once(self, waiting):
        for _ in range(3):
            provisioning.look_for_users()
            desired.reconcile_due()
        assert codes(waiting.user) == ["allocation.member_added", "allocation.member_waits"]
        assert AuditEvent.objects.filter(action="allocation.member_waits").count() == 1

    def test_they_run_jobs_once_the_machine_has_them(self, waiting):
        backend = machine_of(waiting.allocation)
        backend.set_strangers()
        tasks.look_at_clusters()
        desired.reconcile_due()
        waiting.refresh_from_db()
        assert waiting.state == State.ADDED
        assert "wen" in backend.account(waiting.allocation.account_name).members
        assert codes(waiting.user)[-1] == "allocation.member_ready"

    def test_a_machine_that_does_not_answer_is_asked_again(self, waiting):
        backend = machine_of(waiting.allocation)
        backend.set_strangers()
        backend.inject("known_users", "down")
        assert provisioning.look_for_users() == 0
        backend.inject("known_users", None)
        assert provisioning.look_for_users() == 1
        assert provisioning.look_for_users() == 0  # it is being done already

    def test_the_grants_page_says_so(self, waiting, client):
        lead = waiting.allocation.proposal.lead
        client.force_login(lead, backend="allauth.account.auth_backends.AuthenticationBackend")
        page = client.get(waiting.allocation.get_absolute_url()).content.decode()
        assert "waits for a user on the machine" in page

    def test_whoever_is_on_the_account_already_is_not_asked_for(self, waiting):
        """The directory's word is needed before an association is made, and not after."""
        backend = machine_of(waiting.allocation)
        lead = waiting.allocation.members.get(user=waiting.allocation.proposal.lead)
        backend.set_strangers("wen", lead.cluster_user)
        with transaction.atomic():
            desired.look_again(kind="allocation", key=waiting.allocation.number)
        desired.reconcile_due()
        assert lead.cluster_user in backend.account(waiting.allocation.account_name).members


class TestLeaving:
    @pytest.fixture
    def row(self) -> AllocationMember:
        allocation = awarded()
        row = joined(allocation, user=member(allocation.proposal.institution))
        desired.reconcile_due()
        return row

    def on_the_machine(self, row: AllocationMember) -> bool:
        tasks.follow_the_clock()
        desired.reconcile_due()
        backend = machine_of(row.allocation)
        return row.cluster_user in backend.account(row.allocation.account_name).members

    def end(self, row: AllocationMember, **fields) -> None:
        affiliation = row.user.affiliations.get(until=None)
        admin = institution_admin(affiliation.institution)
        affiliations.end(affiliation, by=admin, **fields)

    def test_who_leaves_the_institution_loses_the_account(self, row):
        assert self.on_the_machine(row)
        self.end(row)
        assert not self.on_the_machine(row)
        event = AuditEvent.objects.get(action="allocation.member_removed")
        assert (event.actor_id, event.detail["member"]) == (None, row.user.email)
        assert "allocation.member_left" in codes(row.allocation.proposal.lead)

    def test_who_leaves_at_the_end_of_the_month_stays_until_then(self, row):
        last = timezone.localdate() + timedelta(days=9)
        self.end(row, until=last)
        assert not departures.leavers(last)
        assert list(departures.leavers(last + timedelta(days=1))) == [row]

    def test_who_keeps_another_role_there_stays(self, row):
        institution = row.allocation.proposal.institution
        ended = row.user.affiliations.get()
        affiliations.add(
            row.user,
            institution,
            role=Affiliation.Role.PRINCIPAL,
            by=institution_admin(institution),
        )
        affiliations.end(ended, by=institution_admin(institution))
        assert self.on_the_machine(row)

    def test_who_belongs_elsewhere_stays_while_that_lasts(self):
        allocation = awarded()
        row = joined(allocation)  # of another institution
        assert self.on_the_machine(row)
        self.end(row)
        assert not self.on_the_machine(row)

    def test_who_left_the_grants_institution_for_another_goes(self, row):
        elsewhere = member().affiliations.get().institution
        affiliations.add(row.user, elsewhere, role="member", by=institution_admin(elsewhere))
        home = row.user.affiliations.get(institution=row.allocation.proposal.institution)
        affiliations.end(home, by=institution_admin(home.institution))
        assert not self.on_the_machine(row)

    def test_whoevers_account_on_the_portal_is_closed_goes(self, row):
        people.deactivate(row.user, reason="Left.", by=staff(ArmAppointment.Office.SECRETARIAT))
        assert not self.on_the_machine(row)

    def test_the_lead_goes_too_though_nobody_may_remove_them(self, row):
        lead = row.allocation.members.get(user=row.allocation.proposal.lead)
        with pytest.raises(WrongState):
            allocations.remove_member(row.allocation, user=lead.user, by=lead.user)
        lead.user.affiliations.update(since="2026-01-01", until=timezone.localdate())
        departures.remove_leavers(timezone.localdate() + timedelta(days=1))
        desired.reconcile_due()
        backend = machine_of(row.allocation)
        assert backend.account(row.allocation.account_name).members == {row.cluster_user}


class TestReaching:
    """Whatever ends or stops a grant ends or stops it on the machine."""

    @pytest.fixture
    def grant(self) -> Allocation:
        allocation = awarded()
        desired.reconcile_due()
        return Allocation.objects.get(pk=allocation.pk)

    def opened(self, grant: Allocation) -> bool:
        desired.reconcile_due()
        return machine_of(grant).account(grant.slurm_account).open

    def test_suspension_and_resumption(self, grant):
        assert self.opened(grant)
        allocations.suspend(grant, reason="Audit.", by=research_officer())
        assert not self.opened(grant)
        allocations.resume(grant, by=operator_for(grant))
        assert self.opened(grant)

    def test_closure(self, grant):
        allocations.close(grant, reason="Done.", by=operator_for(grant))
        assert not self.opened(grant)

    def test_the_last_day(self, grant):
        allocations.close_ended(grant.ends_on)
        assert self.opened(grant)
        allocations.close_ended(grant.ends_on + timedelta(days=1))
        assert not self.opened(grant)


class TestQueue:
    def test_what_waits_is_shown_with_its_reason(self, client):
        allocation = awarded()
        desired.reconcile_due()
        at = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
        account = allocation.account_name
        machine_of(allocation).set_waiting(
            WaitingJob("12", "wen", account, at, "AssocGrpGRESMinutes"),
            WaitingJob("13", "eve", "anothers", at, "Priority"),
        )
        tasks.look_at_clusters()
        reading = QueueReading.objects.get()
        assert [job["job_id"] for job in reading.jobs] == ["12"]
        lead = allocation.proposal.lead
        client.force_login(lead, backend="allauth.account.auth_backends.AuthenticationBackend")
        page = client.get(allocation.get_absolute_url()).content.decode()
        assert "AssocGrpGRESMinutes" in page
        assert "more time than the grant has left" in page
        machine_of(allocation).set_waiting()
        tasks.look_at_clusters()
        page = client.get(allocation.get_absolute_url()).content.decode()
        assert "No job of this grant waits." in page

    def test_a_machine_that_does_not_answer_keeps_what_was_read(self):
        allocation = awarded()
        desired.reconcile_due()
        tasks.look_at_clusters()
        before = QueueReading.objects.get().read_at
        machine_of(allocation).inject("waiting_jobs", "down")
        tasks.look_at_clusters()
        assert QueueReading.objects.get().read_at == before
