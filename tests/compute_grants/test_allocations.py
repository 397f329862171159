"""Awarding, changing and closing allocations, and telling the cluster of it."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from compute_grants.actions import allocations, grant_account
from compute_grants.actions.allocations import AlreadyMember, NameTaken, NotMember
from compute_grants.actions.grant_account import NoBudget
from compute_grants.backends import ClusterError, cluster
from compute_grants.backends.base import checked_name
from compute_grants.backends.memory import MemoryBackend
from compute_grants.models import Allocation, Resource
from consortium import audit
from consortium.actions import desired, ledger
from consortium.errors import Invalid, WrongState
from consortium.models import Affiliation, DesiredState
from consortium.reconciliation import differences
from tests.factories.allocations import active, awarded, closed, operator_for, suspended
from tests.factories.compute_grants import (
    HOUR,
    ResourceFactory,
    call_with,
    machine,
    panellist,
    proposal_for,
)
from tests.factories.consortium import (
    InstitutionFactory,
    delegate,
    deployment_officer,
    institution_admin,
    member,
    operator,
    principal,
    research_officer,
    staff,
)

pytestmark = pytest.mark.django_db
State = Allocation.State


def backend_of(allocation) -> MemoryBackend:
    return cluster(allocation.resource.machine.cluster, "memory")


def budget_of(allocation):
    return allocation.proposal.call.budgets.get(resource=allocation.resource)


def events(allocation):
    return [event.action for event in audit.history(allocation)]


def due_again():
    DesiredState.objects.update(next_at=timezone.now() - timedelta(seconds=1))


# Award


def test_an_award_moves_time_from_the_budget_to_the_allocation():
    allocation = awarded(hours=1000)
    assert ledger.balance(allocation.account).available == 1000 * HOUR
    assert ledger.balance(budget_of(allocation).account).available == 9000 * HOUR
    assert allocation.state == State.AWARDED
    assert allocation.slurm_account is None
    assert allocation.members.get().user == allocation.proposal.lead
    assert events(allocation) == ["allocation.awarded"]
    assert list(differences()) == []


def test_numbers_follow_each_other_and_give_the_account_its_name():
    first, second = awarded(), awarded()
    year = timezone.localdate().year
    assert first.number == f"NCC-{year}-0001"
    assert second.account_name == f"ncc{year}_0002"


def test_an_award_beyond_the_budget_leaves_nothing_behind():
    call = call_with(state="in_review", hours=100)
    proposal = proposal_for(call, state="awarded")
    with pytest.raises(ledger.Overdrawn):
        awarded(proposal=proposal, hours=101)
    assert not Allocation.objects.exists()
    assert not DesiredState.objects.filter(kind="allocation").exists()
    assert awarded(proposal=proposal, hours=100).number.endswith("0001")


def test_only_time_that_the_call_offers_can_be_awarded():
    proposal = proposal_for(call_with(state="in_review"), state="awarded")
    with pytest.raises(NoBudget):
        awarded(proposal=proposal, resource=machine().resources.get())


def test_nobody_awards_time_to_their_own_proposal_or_without_a_seat():
    proposal = proposal_for(call_with(state="in_review"), state="awarded")
    resource = proposal.requests.get().resource
    terms = {"seconds": HOUR, "starts_on": date(2026, 1, 1), "ends_on": date(2027, 1, 1)}
    for by in (proposal.lead, member(), research_officer()):
        with pytest.raises(PermissionDenied), transaction.atomic():
            allocations.create(proposal=proposal, resource=resource, by=by, **terms)


# The cluster


def test_the_loop_makes_the_account_and_the_allocation_active():
    allocation = awarded(hours=1000)
    assert desired.reconcile_due() == 1
    allocation.refresh_from_db()
    assert allocation.state == State.ACTIVE
    assert allocation.slurm_account == allocation.account_name
    account = backend_of(allocation).account(allocation.slurm_account)
    assert account.limits == {"gres/gpu": 1000 * 60}
    assert account.members == {allocation.members.get().cluster_user}
    assert account.open
    assert events(allocation)[0] == "allocation.activated"
    assert desired.reconcile_due() == 0
    assert list(differences()) == []


def test_core_time_is_limited_as_cores_and_rounded_down_to_the_minute():
    resource = ResourceFactory.create(
        machine=machine(), tres=Resource.Tres.CORES, unit="core_seconds"
    )
    allocation = awarded(resource=resource, hours=1)
    Allocation.objects.filter(pk=allocation.pk).update(seconds=3659)
    allocation.refresh_from_db()
    assert grant_account.wanted(allocation)["limits"] == {"cpu": 60}


@pytest.mark.parametrize(
    "call", ["*", "account", "ensure_account", "set_limits", "ensure_member", "reopen"]
)
@pytest.mark.parametrize("fault", ["down", "half"])
def test_a_cluster_that_fails_anywhere_is_made_right_later_and_activated_once(call, fault):
    allocation = awarded()
    backend = backend_of(allocation)
    backend.inject(call, fault)
    desired.reconcile_due()
    row = DesiredState.objects.get(kind="allocation")
    if (call, fault) != ("account", "half"):  # reading does nothing by halves
        assert "does not answer" in row.error
        allocation.refresh_from_db()
        assert allocation.state == State.AWARDED
    backend.inject(call, None)
    due_again()
    desired.reconcile_due()
    allocation.refresh_from_db()
    assert allocation.state == State.ACTIVE
    assert len(backend.account(allocation.slurm_account).members) == 1
    assert events(allocation).count("allocation.activated") == 1
    assert list(differences()) == []


def test_an_account_changed_behind_our_back_is_set_right_with_the_next_change():
    allocation = active()
    desired.reconcile_due()
    backend = backend_of(allocation)
    backend.ensure_member(allocation.slurm_account, "mallory")
    backend.set_limits(allocation.slurm_account, {"gres/gpu": 9_999_999})
    allocations.add_member(allocation, user=member(), by=allocation.proposal.lead)
    desired.reconcile_due()
    account = backend.account(allocation.slurm_account)
    assert "mallory" not in account.members
    assert len(account.members) == 2
    assert account.limits["gres/gpu"] == allocation.seconds // 60


def test_a_limit_of_the_centres_own_is_left_alone():
    allocation = active()
    desired.reconcile_due()
    backend = backend_of(allocation)
    backend.set_limits(allocation.slurm_account, {"fs/disk": 5})
    allocations.suspend(allocation, reason="Audit.", by=research_officer())
    desired.reconcile_due()
    account = backend.account(allocation.slurm_account)
    assert account.limits["fs/disk"] == 5
    assert not account.open


@pytest.mark.parametrize("name", ["", "x", "Root", "a,b", "a b", "a;rm", "1a", "a" * 32, "a\n"])
def test_names_that_a_cluster_would_read_otherwise_are_refused(name):
    with pytest.raises(ClusterError):
        checked_name(name)


def test_an_unknown_backend_is_an_error_the_loop_keeps():
    made = awarded()
    DesiredState.objects.update(spec=grant_account.wanted(made) | {"backend": "abacus"})
    desired.reconcile_due()
    assert "no backend" in DesiredState.objects.get().error


# States


def test_suspend_resume_close():
    allocation = active()
    office = research_officer()
    assert allocations.suspend(allocation, reason="Audit.", by=office).state == State.SUSPENDED
    desired.reconcile_due()
    assert not backend_of(allocation).account(allocation.slurm_account).open
    assert allocations.resume(allocation, by=operator_for(allocation)).state == State.ACTIVE
    desired.reconcile_due()
    assert backend_of(allocation).account(allocation.slurm_account).open
    assert allocations.close(allocation, reason="Done.", by=office).state == State.CLOSED
    desired.reconcile_due()
    assert not backend_of(allocation).account(allocation.slurm_account).open
    assert events(allocation)[:3] == [
        "allocation.closed",
        "allocation.resumed",
        "allocation.suspended",
    ]
    assert list(differences()) == []


def test_a_closed_grant_stays_closed():
    allocation = closed()
    for act in (
        lambda: allocations.resume(allocation, by=research_officer()),
        lambda: allocations.suspend(allocation, reason="x", by=research_officer()),
        lambda: allocations.close(allocation, reason="x", by=None),
    ):
        with pytest.raises(WrongState):
            act()


def test_an_award_is_not_resumed_before_the_machine_knows_of_it():
    with pytest.raises(WrongState):
        allocations.resume(awarded(), by=research_officer())


def test_an_award_closed_before_its_activation_never_becomes_active():
    allocation = awarded()
    allocations.close(allocation, reason="Withdrawn.", by=research_officer())
    desired.reconcile_due()
    allocation.refresh_from_db()
    assert allocation.state == State.CLOSED
    assert not backend_of(allocation).account(allocation.account_name).open


def test_suspending_and_closing_need_a_reason():
    with pytest.raises(Invalid):
        allocations.suspend(active(), reason="  ", by=research_officer())


def test_only_the_office_and_the_machines_own_centre_manage():
    allocation = active()
    for by in (
        allocation.proposal.lead,
        member(allocation.proposal.institution),
        operator(),
        deployment_officer(),
        staff("auditor"),
    ):
        with pytest.raises(PermissionDenied):
            allocations.suspend(allocation, reason="x", by=by)


def test_a_research_officer_does_not_decide_on_their_own_grant():
    allocation = active()
    lead = allocation.proposal.lead
    lead.appointments.create(office="research", since=date(2026, 1, 1))
    with pytest.raises(PermissionDenied):
        allocations.suspend(allocation, reason="x", by=lead)


def test_the_sweep_closes_what_is_past_its_last_day():
    over, runs = active(ends_on=date(2026, 11, 1)), active()
    assert allocations.close_ended(date(2026, 11, 2)) == 1
    over.refresh_from_db()
    runs.refresh_from_db()
    assert (over.state, runs.state) == (State.CLOSED, State.ACTIVE)
    assert allocations.close_ended(date(2026, 11, 2)) == 0


def test_the_last_day_itself_is_still_in():
    active(ends_on=date(2026, 11, 1))
    assert allocations.close_ended(date(2026, 11, 1)) == 0


# Members


def test_a_removed_member_is_dropped_from_the_cluster_and_sees_nothing_at_once():
    allocation = active()
    desired.reconcile_due()
    friend = member()
    row = allocations.add_member(allocation, user=friend, by=allocation.proposal.lead)
    desired.reconcile_due()
    backend = backend_of(allocation)
    assert row.cluster_user in backend.account(allocation.slurm_account).members
    assert Allocation.objects.visible_to(friend).exists()
    allocations.remove_member(allocation, user=friend, by=allocation.proposal.lead)
    assert not Allocation.objects.visible_to(friend).exists()
    desired.reconcile_due()
    assert row.cluster_user not in backend.account(allocation.slurm_account).members
    again = allocations.add_member(allocation, user=friend, by=allocation.proposal.lead)
    assert again.cluster_user == row.cluster_user


def test_members_are_added_once_and_removed_once_and_the_lead_stays():
    allocation = active()
    lead, friend = allocation.proposal.lead, member()
    allocations.add_member(allocation, user=friend, by=lead)
    with pytest.raises(AlreadyMember):
        allocations.add_member(allocation, user=friend, by=lead)
    allocations.remove_member(allocation, user=friend, by=lead)
    with pytest.raises(NotMember):
        allocations.remove_member(allocation, user=friend, by=lead)
    with pytest.raises(WrongState):
        allocations.remove_member(allocation, user=lead, by=lead)


def test_one_name_on_a_machine_is_one_person():
    allocation = active()
    lead = allocation.proposal.lead
    allocations.add_member(allocation, user=member(), cluster_user="lin", by=lead)
    with pytest.raises(NameTaken):
        allocations.add_member(allocation, user=member(), cluster_user="lin", by=lead)
    for name in ("a b", "root;", "1abc", "x"):
        with pytest.raises(Invalid):
            allocations.add_member(allocation, user=member(), cluster_user=name, by=lead)


@pytest.mark.parametrize(
    "email", ["3dmax@example.org", "Zoë.Ünal@example.org", "a@x.cn", "李@x.cn"]
)
def test_every_address_gives_a_name_that_clusters_take(email):
    person = member()
    person.email = email
    assert checked_name(allocations._name_from(person))


def test_members_of_a_closed_grant_do_not_change():
    allocation = closed()
    with pytest.raises(PermissionDenied):
        allocations.add_member(allocation, user=member(), by=allocation.proposal.lead)


def test_a_plain_member_adds_nobody():
    allocation = active()
    friend = member()
    allocations.add_member(allocation, user=friend, by=allocation.proposal.lead)
    with pytest.raises(PermissionDenied):
        allocations.add_member(allocation, user=member(), by=friend)


# Who sees it


def test_who_sees_an_allocation():
    allocation = suspended()
    house, centre = allocation.proposal.institution, allocation.resource.machine.centre
    team = member()
    allocations.add_member(allocation, user=team, by=allocation.proposal.lead)
    sees = [
        allocation.proposal.lead,
        team,
        institution_admin(house),
        delegate(house),
        operator(centre),
        research_officer(),
        staff("auditor"),
    ]
    blind = [
        member(house),
        principal(house),
        institution_admin(),
        operator(),
        panellist(allocation.proposal.call),
        deployment_officer(),
        staff("secretariat"),
        member(InstitutionFactory.create(centre=True)),
    ]
    for person in sees:
        assert Allocation.objects.visible_to(person).count() == 1, person
    for person in blind:
        assert Allocation.objects.visible_to(person).count() == 0, person


def test_the_for_profit_office_sees_none_even_as_an_institutions_admin():
    allocation = active()
    person = institution_admin(allocation.proposal.institution)
    person.appointments.create(office="deployment", since=date(2026, 1, 1))
    assert not Allocation.objects.visible_to(person).exists()


def test_an_admin_whose_affiliation_is_over_sees_nothing():
    allocation = active()
    person = institution_admin(allocation.proposal.institution)
    Affiliation.objects.filter(user=person).update(until=timezone.localdate() - timedelta(days=1))
    assert not Allocation.objects.visible_to(person).exists()
