"""Requests to change a grant: when they open, who decides, what they do, and twice at once."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants.actions import allocations, amendments, programme
from compute_grants.actions.amendments import NotOpen, Wish
from compute_grants.actions.exchange import NoRate, RateExpired
from compute_grants.actions.grant_account import NotEnoughInCall
from compute_grants.models import Allocation, Amendment
from consortium import audit
from consortium.actions import ledger
from consortium.errors import Invalid, WrongState
from consortium.reconciliation import differences
from tests.factories.allocations import active, operator_for
from tests.factories.compute_grants import HOUR, call_with, machine, proposal_for
from tests.factories.consortium import deployment_officer, member, research_officer
from tests.factories.offers import rate

pytestmark = pytest.mark.django_db
State = Amendment.State


def grant(*, ends_in: int = 20, **fields) -> Allocation:
    today = timezone.localdate()
    return active(
        starts_on=today - timedelta(days=300), ends_on=today + timedelta(days=ends_in), **fields
    )


def asked(allocation, kind, *, by=None, **wish) -> Amendment:
    by = by or allocation.proposal.lead
    draft = amendments.ask(allocation, kind=kind, wish=Wish(reason="Needed.", **wish), by=by)
    return amendments.submit(draft, by=by)


def decided(amendment, by, *, approve=True) -> Amendment:
    return amendments.decide(amendment, approve=approve, reason="Looked at.", by=by)


def later(allocation, days: int = 30) -> date:
    return allocation.ends_on + timedelta(days=days)


def test_an_extension_moves_the_last_day_once_the_centre_says_yes():
    allocation = grant()
    new_end = later(allocation)
    request = asked(allocation, "extension", ends_on=new_end)
    assert request.state == State.SUBMITTED
    assert request.due_on == timezone.localdate() + timedelta(days=14)
    done = decided(request, operator_for(allocation))
    allocation.refresh_from_db()
    assert (done.state, allocation.ends_on) == (State.APPLIED, new_end)
    assert "allocation.amended" in [event.action for event in audit.history(allocation)]
    assert list(differences()) == []


def test_an_extension_opens_ninety_days_before_the_end_and_says_so():
    with pytest.raises(NotOpen, match="90 days"):
        asked(grant(ends_in=200), "extension", ends_on=date(2028, 1, 1))


def test_an_extension_beyond_six_months_is_refused_with_the_day():
    allocation = grant()
    with pytest.raises(Invalid) as caught:
        asked(allocation, "extension", ends_on=later(allocation, 200))
    assert "ends_on" in caught.value.errors


def test_the_office_changes_the_rule_by_a_new_version():
    allocation = grant()
    programme.publish(
        kind="extension",
        since=timezone.localdate(),
        body={"most_months": 12},
        by=research_officer(),
    )
    assert asked(allocation, "extension", ends_on=later(allocation, 200)).pk


def test_only_the_office_publishes_rules_and_only_sound_ones():
    rule = {"kind": "extension", "since": timezone.localdate()}
    with pytest.raises(PermissionDenied):
        programme.publish(**rule, body={}, by=member())
    for body in ({"most_months": -1}, {"most_months": True}, {"other": 1}, {"most_months": "6"}):
        with pytest.raises(Invalid):
            programme.publish(**rule, body=body, by=research_officer())


def test_a_supplement_comes_out_of_the_calls_budget():
    allocation = grant(hours=1000)
    done = decided(asked(allocation, "supplement", seconds=200 * HOUR), research_officer())
    allocation.refresh_from_db()
    assert allocation.seconds == 1200 * HOUR
    assert ledger.balance(allocation.account).available == 1200 * HOUR
    assert done.state == State.APPLIED
    assert list(differences()) == []


def test_a_supplement_that_the_call_cannot_give_decides_nothing():
    call = call_with(state="in_review", hours=1000)
    allocation = grant(hours=900, proposal=proposal_for(call, state="awarded"))
    request = asked(allocation, "supplement", seconds=200 * HOUR)
    with pytest.raises(NotEnoughInCall, match="100 hours"):
        decided(request, research_officer())
    request.refresh_from_db()
    assert request.state == State.SUBMITTED
    assert list(differences()) == []


def test_nobody_decides_on_their_own_request():
    allocation = grant()
    lead = allocation.proposal.lead
    lead.appointments.create(office="research", since=date(2026, 1, 1))
    request = asked(allocation, "supplement", seconds=HOUR)
    for by in (lead, deployment_officer(), member(), operator_for(allocation)):
        with pytest.raises(PermissionDenied):
            decided(request, by)


def test_a_colleague_of_the_leads_institution_does_not_decide():
    allocation = grant()
    friend = member(allocation.proposal.institution)
    friend.appointments.create(office="research", since=date(2026, 1, 1))
    with pytest.raises(PermissionDenied, match="interest"):
        decided(asked(allocation, "supplement", seconds=HOUR), friend)


def test_a_request_is_decided_once():
    request = asked(grant(), "supplement", seconds=HOUR)
    office = research_officer()
    decided(request, office)
    with pytest.raises(WrongState):
        decided(request, research_officer())
    with pytest.raises(WrongState):
        amendments.withdraw(request, by=request.asked_by)


def test_a_pending_renewal_keeps_the_grant_open_until_it_is_decided():
    allocation = grant(ends_in=5)
    request = asked(allocation, "renewal", ends_on=later(allocation, 180), seconds=100 * HOUR)
    after = allocation.ends_on + timedelta(days=3)
    assert allocations.close_ended(after) == 0
    decided(request, research_officer(), approve=False)
    assert allocations.close_ended(after) == 1


def test_an_appeal_brings_a_refusal_back_and_others_decide():
    allocation = grant()
    first, second, third = (research_officer() for _ in range(3))
    refused = decided(asked(allocation, "supplement", seconds=HOUR), first, approve=False)
    appeal = asked(allocation, "appeal", against=refused)
    with pytest.raises(PermissionDenied, match="already"):
        decided(appeal, first)
    decided(appeal, second)
    refused.refresh_from_db()
    assert (refused.state, refused.round) == (State.UNDER_REVIEW, 2)
    with pytest.raises(PermissionDenied):
        decided(refused, first)
    assert decided(refused, third).state == State.APPLIED


def test_a_small_adjustment_is_done_at_once_and_a_large_one_by_two():
    allocation = grant(hours=3000)
    office = research_officer()
    assert asked(allocation, "adjustment", by=office, seconds=-HOUR).state == State.APPLIED
    large = asked(allocation, "adjustment", by=office, seconds=-1000 * HOUR)
    assert large.state == State.SUBMITTED
    with pytest.raises(PermissionDenied):
        decided(large, office)
    assert decided(large, research_officer()).state == State.APPLIED
    allocation.refresh_from_db()
    assert allocation.seconds == 1999 * HOUR
    assert list(differences()) == []


def two_grants(*rates_ppm):
    """A giver's and a receiver's grant on resources at these rates, which end today."""
    here, there = machine().resources.get(), machine().resources.get()
    call = call_with(here, there, state="in_review")
    giver = grant(ends_in=200, resource=here, proposal=proposal_for(call, state="awarded"))
    lead = giver.proposal.lead
    other = proposal_for(call, state="awarded", lead=lead)
    receiver = grant(ends_in=200, resource=there, proposal=other)
    for resource, ppm in zip((here, there), rates_ppm, strict=False):
        rate(resource, ppm, until=timezone.localdate())
    return giver, receiver


def test_a_transfer_conserves_value_and_both_centres_approve():
    giver, receiver = two_grants(3_000_000, 7_000_000)
    request = asked(giver, "transfer", seconds=1000, other=receiver)
    assert (request.gives_seconds, request.receives_seconds) == (994, 426)
    assert request.gives_seconds * 3 == request.receives_seconds * 7
    assert decided(request, operator_for(giver)).state == State.UNDER_REVIEW
    assert decided(request, operator_for(receiver)).state == State.APPLIED
    giver.refresh_from_db()
    receiver.refresh_from_db()
    assert giver.seconds == 1000 * HOUR - 994
    assert receiver.seconds == 1000 * HOUR + 426
    assert list(differences()) == []


def test_a_transfer_without_a_rate_or_at_an_expired_one_is_refused_with_its_dates():
    giver, receiver = two_grants()
    with pytest.raises(NoRate):
        asked(giver, "transfer", seconds=1000, other=receiver)
    for allocation in (giver, receiver):
        rate(allocation.resource, since=date(2026, 1, 1), until=date(2026, 1, 31))
    with pytest.raises(RateExpired, match="31 January 2026"):
        asked(giver, "transfer", seconds=1000, other=receiver)


def test_a_transfer_is_refused_once_another_rate_holds():
    giver, receiver = two_grants(3_000_000, 7_000_000)
    request = asked(giver, "transfer", seconds=1000, other=receiver)
    held = giver.resource.exchange_rates.get()
    yesterday = timezone.localdate() - timedelta(days=1)
    type(held).objects.filter(pk=held.pk).update(until=yesterday)
    Amendment.objects.filter(pk=request.pk).update(quoted_on=yesterday)
    rate(giver.resource, 4_000_000, since=timezone.localdate())
    decided(request, operator_for(giver))
    with pytest.raises(RateExpired, match="another holds since"):
        decided(request, operator_for(receiver))
    assert Amendment.objects.get(pk=request.pk).state == State.UNDER_REVIEW


def test_an_advance_is_paid_back_by_the_next_award():
    allocation = grant(hours=1000)
    decided(asked(allocation, "advance", seconds=100 * HOUR), research_officer())
    resource, lead = allocation.resource, allocation.proposal.lead
    call = call_with(resource, state="in_review")
    nxt = grant(proposal=proposal_for(call, state="awarded", lead=lead), resource=resource)
    assert nxt.seconds == 900 * HOUR
    assert Amendment.objects.get().owed_seconds == 0
    assert list(differences()) == []


def test_closing_a_grant_ends_its_requests():
    allocation = grant()
    request = asked(allocation, "supplement", seconds=HOUR)
    allocations.close(allocation, reason="Done.", by=None)
    request.refresh_from_db()
    assert request.state == State.WITHDRAWN


def test_a_request_goes_through_the_api(client):
    allocation = grant()
    backend = "allauth.account.auth_backends.AuthenticationBackend"
    client.force_login(allocation.proposal.lead, backend=backend)
    body = {
        "grant": allocation.number,
        "kind": "supplement",
        "seconds": HOUR,
        "reason": "A second data set.",
    }
    drafted = client.post("/api/v1/amendments/", body, content_type="application/json")
    assert drafted.status_code == 201, drafted.content
    address = f"/api/v1/amendments/{drafted.json()['number']}/"
    assert client.post(f"{address}submit/").json()["state"] == "submitted"
    client.force_login(member(), backend=backend)
    assert client.get(address).status_code in {403, 404}
    client.force_login(research_officer(), backend=backend)
    word = {"approve": True, "reason": "Time is left."}
    done = client.post(f"{address}decide/", word, content_type="application/json")
    assert done.json()["state"] == "applied", done.content
