"""Awards that wait for their leads: accepted, declined, lapsed."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from compute_grants.actions import acceptances, allocations, amendments, report_dates, waitlist
from compute_grants.models import (
    Acceptance,
    Allocation,
    DecisionLetter,
    DecisionSet,
    GrantReport,
    ProgrammePolicy,
)
from compute_grants.queries.tasks import tasks_for
from consortium.actions import ledger
from consortium.errors import Invalid, Stale, WrongState
from consortium.models import AuditEvent, DesiredState, Notification
from consortium.reconciliation import differences
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.factories.consortium import research_officer

HOUR = make.HOUR


@pytest.fixture
def call(db):
    return make.call_with(state="in_review", hours=100)


@pytest.fixture
def panel(call):
    return [make.panellist(call) for _ in range(2)]


@pytest.fixture
def award(call, panel) -> Acceptance:
    sets.published(*panel, sets.choice(make.proposal_for(call, state="ranked"), hours=80))
    return Acceptance.objects.get()


def left(call) -> int:
    return ledger.balance(call.budgets.get().account).available // HOUR


def machine_has_it(grant: Allocation) -> Allocation:
    """As the loop leaves it once the cluster is as wanted."""
    with transaction.atomic():
        allocations.record_applied(grant.number, grant.account_name)
    return Allocation.objects.get(pk=grant.pk)


def accept(award: Acceptance, **changes) -> Acceptance:
    letter = DecisionLetter.objects.get().sha256
    by = award.decision.proposal.lead
    return acceptances.accept(award, **({"letter_sha256": letter, "by": by} | changes))


def wants_open() -> bool:
    return DesiredState.objects.get().spec["open"]


def test_it_opens_once_it_is_accepted(award):
    grant = Allocation.objects.get()
    assert (grant.terms_accepted, wants_open()) == (False, False)
    assert list(differences()) == []
    assert machine_has_it(grant).state == "awarded"
    accept(award)
    assert wants_open()
    assert machine_has_it(grant).state == "active"
    event = AuditEvent.objects.get(action="acceptance.accepted")
    assert event.detail == {"letter_sha256": DecisionLetter.objects.get().sha256}


def test_the_time_is_promised_from_the_award_on(award, call):
    assert left(call) == 20


def test_declining_gives_everything_back_and_the_waitlist_moves(award, call, panel):
    other = make.proposal_for(call, state="ranked")
    sets.published(*panel, sets.choice(other, "waitlisted"))
    assert waitlist.sweep() == 0
    with pytest.raises(Invalid):
        acceptances.decline(award, reason=" ", by=award.decision.proposal.lead)
    acceptances.decline(award, reason="Funded elsewhere.", by=award.decision.proposal.lead)
    grant = Allocation.objects.get()
    assert (grant.state, grant.seconds, left(call)) == ("closed", 0, 100)
    assert not wants_open()
    assert waitlist.sweep() == 1
    assert DecisionSet.objects.get(state="draft").items.get().proposal == other


def test_an_answer_is_final(award):
    accept(award)
    with pytest.raises(WrongState):
        accept(award)
    with pytest.raises(WrongState):
        acceptances.decline(award, reason="No.", by=award.decision.proposal.lead)


def test_only_the_lead_answers_and_to_the_letter_that_was_shown(award, panel):
    for person in (panel[0], research_officer()):
        with pytest.raises(PermissionDenied, match="Only the lead"):
            accept(award, by=person)
        with pytest.raises(PermissionDenied):
            acceptances.decline(award, reason="No.", by=person)
    with pytest.raises(Stale):
        accept(award, letter_sha256="0" * 64)


def test_no_answer_lets_it_lapse(award, call):
    today = timezone.localdate()
    lead = award.decision.proposal.lead
    assert acceptances.follow(today) == 0
    assert not Notification.objects.filter(code="acceptance.due_soon").exists()
    for _ in range(2):
        acceptances.follow(award.due_on - timedelta(days=3))
    assert Notification.objects.filter(code="acceptance.due_soon", person=lead).count() == 1
    assert acceptances.follow(award.due_on) == 0
    assert acceptances.follow(award.due_on + timedelta(days=1)) == 1
    assert acceptances.follow(award.due_on + timedelta(days=1)) == 0
    award.refresh_from_db()
    assert (award.state, award.answered_by, left(call)) == ("lapsed", None, 100)
    assert Notification.objects.filter(code="acceptance.lapsed", person=lead).count() == 1


def test_after_the_last_day_it_is_too_late_even_before_the_sweep(award):
    Acceptance.objects.update(due_on=timezone.localdate() - timedelta(days=1))
    with pytest.raises(acceptances.TooLate):
        accept(award)


def test_a_programme_may_ask_for_none(call, panel):
    ProgrammePolicy.objects.create(
        kind="acceptance",
        since=timezone.localdate(),
        body={"days": 0, "remind_days": 0},
        by=research_officer(),
    )
    sets.published(*panel, sets.choice(make.proposal_for(call, state="ranked"), hours=80))
    assert not Acceptance.objects.exists()
    assert Allocation.objects.get().terms_accepted and wants_open()
    assert Notification.objects.filter(code="proposal.awarded").count() == 1


def test_the_lead_has_it_on_the_dashboard(award):
    (task,) = tasks_for(award.decision.proposal.lead)
    assert (task.verb, task.tone, timezone.localdate(task.due)) == ("Accept", "seal", award.due_on)


def test_an_award_that_waits_is_not_ended_otherwise(award):
    grant = Allocation.objects.get()
    for person in (award.decision.proposal.lead, make.operator_of(grant.resource.machine.centre)):
        with pytest.raises(PermissionDenied, match="waits for its lead"):
            allocations.close(grant, reason="Enough.", by=person)
    past = timezone.localdate() + timedelta(days=4_000)
    assert allocations.close_ended(past) == 0
    assert acceptances.follow(past) == 1
    assert Allocation.objects.get().state == "closed"


def test_one_that_was_closed_all_the_same_keeps_back_no_other(award, call, panel):
    """As rows were before such a closing was refused."""
    Allocation.objects.update(state="closed")
    late = timezone.localdate() + timedelta(days=30)
    assert acceptances.follow(late) == 1
    assert left(call) == 100


def test_one_that_cannot_lapse_keeps_back_no_other(award, call, panel, monkeypatch):
    sets.published(*panel, sets.choice(make.proposal_for(call, state="ranked"), hours=10))
    plain = acceptances._lapse

    def lapse(row):
        if row.pk == award.pk:
            raise WrongState("No.")
        plain(row)

    monkeypatch.setattr(acceptances, "_lapse", lapse)
    assert acceptances.follow(timezone.localdate() + timedelta(days=30)) == 1
    assert set(Acceptance.objects.values_list("state", flat=True)) == {"offered", "lapsed"}


def test_an_award_that_was_given_back_owes_no_report(award):
    acceptances.decline(award, reason="Funded elsewhere.", by=award.decision.proposal.lead)
    assert report_dates.sweep(timezone.localdate() + timedelta(days=900)) == 0
    assert not GrantReport.objects.exists()


def test_reports_are_asked_for_once_it_is_accepted(award):
    Allocation.objects.update(ends_on=timezone.localdate() + timedelta(days=500))
    assert report_dates.sweep() == 0
    accept(award)
    assert GrantReport.objects.get().kind == "progress"


def test_nothing_is_asked_of_a_grant_before_its_award_is_accepted(award):
    grant = Allocation.objects.get()
    lead = award.decision.proposal.lead
    wish = amendments.Wish(reason="Now.", seconds=HOUR)
    with pytest.raises(amendments.NotOpen, match="Accept its terms first"):
        amendments.ask(grant, kind="supplement", wish=wish, by=lead)
