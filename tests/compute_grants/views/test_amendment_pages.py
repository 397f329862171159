"""Pages of requests to change a grant, their tasks and notices, and the API's own."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from compute_grants.actions import amendments
from compute_grants.actions.amendments import Wish
from compute_grants.models import Amendment
from compute_grants.policies import amendments as policies
from compute_grants.queries import amendments as queries
from compute_grants.queries import tasks_for
from consortium.errors import WrongState
from consortium.models import Notification
from tests.compute_grants.views.person import Person, text
from tests.factories import allocations as grants
from tests.factories.compute_grants import HOUR, call_with, machine, proposal_for
from tests.factories.consortium import (
    deployment_officer,
    member,
    principal,
    research_officer,
    staff,
)
from tests.factories.offers import rate

pytestmark = pytest.mark.django_db
State = Amendment.State
TODAY = timezone.localdate()


def grant(*, ends_in: int = 20, **fields):
    return grants.active(
        starts_on=TODAY - timedelta(days=300), ends_on=TODAY + timedelta(days=ends_in), **fields
    )


def asked(allocation, kind="supplement", **wish) -> Amendment:
    lead = allocation.proposal.lead
    wish = wish or {"seconds": HOUR}
    draft = amendments.ask(allocation, kind=kind, wish=Wish(reason="Needed.", **wish), by=lead)
    return amendments.submit(draft, by=lead)


def another(allocation):
    """A second grant of the same lead, on another machine."""
    resource = machine().resources.get()
    call = call_with(resource, state="in_review")
    proposal = proposal_for(call, state="awarded", lead=allocation.proposal.lead)
    return grant(proposal=proposal)


# Asking


def test_ask_check_correct_and_hand_in():
    allocation = grant()
    lead = Person(allocation.proposal.lead)
    sent = lead.send("amendment_ask", allocation.number, "supplement", seconds="5", reason="Data.")
    draft = Amendment.objects.get()
    assert sent["Location"] == reverse("compute_grants:amendment_check", args=[draft.number])
    page = text(lead.get("amendment_check", draft.number))
    assert "1,005.0" in page  # what the grant would have
    assert "R&amp;D office" in page
    lead.send("amendment_change", draft.number, seconds="7", reason="More data.")
    draft.refresh_from_db()
    assert (draft.seconds, draft.reason) == (7 * HOUR, "More data.")
    assert lead.send("amendment_check", draft.number).status_code == 302
    draft.refresh_from_db()
    assert draft.state == State.SUBMITTED


def test_what_is_badly_filled_in_stays_on_the_form():
    allocation = grant()
    lead = Person(allocation.proposal.lead)
    page = lead.send(
        "amendment_ask", allocation.number, "supplement", seconds="999999", reason="Much text."
    )
    assert page.status_code == 422
    assert "500 hours at most" in text(page)
    assert "Much text." in text(page)
    assert not Amendment.objects.exists()


def test_the_page_says_what_is_closed_and_from_when():
    allocation = grant(ends_in=200)
    lead = Person(allocation.proposal.lead)
    opens = allocation.ends_on - timedelta(days=90)
    page = text(lead.get("amendment_kinds", allocation.number))
    assert "90 days before the grant ends" in page
    assert date_format(opens) in page
    form = lead.send("amendment_ask", allocation.number, "extension", ends_on="x", reason="y")
    assert "This cannot be asked for now" in text(form)


def test_a_transfer_at_an_expired_rate_is_refused_with_its_day():
    giver = grant(ends_in=100)
    receiver = another(giver)
    end = TODAY - timedelta(days=3)
    rate(giver.resource, until=end)
    rate(receiver.resource)
    page = Person(giver.proposal.lead).send(
        "amendment_ask",
        giver.number,
        "transfer",
        other=str(receiver.pk),
        seconds="10",
        reason="The other machine is faster.",
    )
    assert page.status_code == 409
    assert "expired on" in text(page)
    assert str(end.year) in text(page)
    assert "The other machine is faster." in text(page)


def test_a_transfer_shows_both_grants_before_and_after():
    giver = grant(ends_in=100)
    receiver = another(giver)
    rate(giver.resource, ppm=1_000_000)
    rate(receiver.resource, ppm=500_000)
    lead = Person(giver.proposal.lead)
    lead.send(
        "amendment_ask", giver.number, "transfer", other=receiver.pk, seconds="10", reason="x"
    )
    page = text(lead.get("amendment_check", Amendment.objects.get().number))
    assert "990.0" in page
    assert "1,020.0" in page


def test_only_the_lead_and_for_adjustments_the_office_ask():
    allocation = grant()
    for who in (research_officer(), grants.operator_for(allocation)):
        assert Person(who).get("amendment_ask", allocation.number, "supplement").status_code == 403
    lead = Person(allocation.proposal.lead)
    assert lead.get("amendment_ask", allocation.number, "adjustment").status_code == 403
    office = Person(research_officer())
    office.send("amendment_ask", allocation.number, "adjustment", seconds="-4", reason="Twice.")
    draft = Amendment.objects.get()
    assert "Nobody else has to agree" in text(office.get("amendment_check", draft.number))
    office.send("amendment_check", draft.number)
    allocation.refresh_from_db()
    assert allocation.seconds == 996 * HOUR


def test_a_draft_is_the_askers_own():
    allocation = grant()
    lead = allocation.proposal.lead
    wish = Wish(reason="x", seconds=HOUR)
    draft = amendments.ask(allocation, kind="supplement", wish=wish, by=lead)
    assert Person(research_officer()).get("amendment", draft.number).status_code == 404
    assert "Check and hand in" in [task.verb for task in tasks_for(lead)]


def test_what_is_handed_in_is_not_corrected():
    request = asked(grant())
    with pytest.raises(WrongState):
        amendments.revise(request, wish=Wish(reason="x", seconds=1), by=request.asked_by)


# Deciding


def test_the_office_takes_up_and_decides_with_a_reason():
    request = asked(grant())
    office = Person(research_officer())
    assert "Take it up" in text(office.get("amendment", request.number))
    office.send("amendment_take_up", request.number)
    assert office.user.name in text(office.get("amendment", request.number))
    empty = office.send("amendment_decide", request.number, act="approve", reason="")
    assert empty.status_code == 422
    neither = office.send("amendment_decide", request.number, reason="Well argued.")
    assert neither.status_code == 422
    office.send("amendment_decide", request.number, act="approve", reason="Well argued.")
    request.refresh_from_db()
    assert request.state == State.APPLIED
    told = Notification.objects.filter(person=request.asked_by, code__startswith="amendment.")
    codes = told.values_list("code", flat=True)
    assert set(codes) == {"amendment.taken_up", "amendment.applied"}
    assert office.get("amendment_decide", request.number).status_code == 302


def test_refuse_and_appeal():
    request = asked(grant())
    Person(research_officer()).send(
        "amendment_decide", request.number, act="refuse", reason="Too much."
    )
    lead = Person(request.asked_by)
    page = text(lead.get("amendment", request.number))
    assert "Too much." in page
    assert "Appeal" in page
    number = request.allocation.number
    url = reverse("compute_grants:amendment_ask", args=[number, "appeal"])
    form = lead.client.get(url, {"against": request.number}).content.decode()
    assert f'value="{request.pk}" selected' in form
    lead.send("amendment_ask", number, "appeal", against=request.pk, reason="Read it again.")
    appeal = Amendment.objects.get(kind="appeal")
    lead.send("amendment_check", appeal.number)
    Person(research_officer()).send(
        "amendment_decide", appeal.number, act="approve", reason="Right."
    )
    request.refresh_from_db()
    assert (request.state, request.round) == (State.UNDER_REVIEW, 2)


def test_withdraw():
    request = asked(grant())
    lead = Person(request.asked_by)
    assert lead.send("amendment_withdraw", request.number).status_code == 302
    request.refresh_from_db()
    assert request.state == State.WITHDRAWN
    assert lead.send("amendment_withdraw", request.number).status_code == 409


def test_outsiders_learn_nothing_and_others_do_not_decide():
    request = asked(grant())
    for who in (member(), deployment_officer()):
        assert Person(who).get("amendment", request.number).status_code in {403, 404}
    operator = Person(grants.operator_for(request.allocation))
    assert "R&amp;D office decides" in text(operator.get("amendment", request.number))
    assert operator.get("amendment_decide", request.number).status_code == 403


# Whom it waits for


def test_the_list_of_those_i_decide_is_what_the_policy_says():
    house = grant()
    extension = asked(house, "extension", ends_on=house.ends_on + timedelta(days=9))
    mine = asked(house)
    friend = member(house.proposal.institution)
    friend.appointments.create(office="research", since=date(2026, 1, 1))
    giver = grant(ends_in=100)
    receiver = another(giver)
    rate(giver.resource)
    rate(receiver.resource)
    transfer = asked(giver, "transfer", other=receiver, seconds=HOUR)
    once = research_officer()
    refused = asked(grant())
    amendments.decide(refused, approve=False, reason="No.", by=once)
    lead = refused.asked_by
    appeal = amendments.ask(
        refused.allocation, kind="appeal", wish=Wish(reason="x", against=refused), by=lead
    )
    amendments.submit(appeal, by=lead)
    everyone = [
        *(research_officer(), once, friend, house.proposal.lead, staff("auditor"), principal()),
        *(grants.operator_for(a) for a in (house, giver, receiver)),
    ]
    seen = set()
    for user in everyone:
        found = set(queries.to_decide(user).values_list("number", flat=True))
        said = {
            row.number
            for row in Amendment.objects.pending().shown()
            if policies.can_decide(user, row, queries.waiting_parts(row))
        }
        assert found == said, user
        seen |= found
    assert seen == {extension.number, mine.number, transfer.number, appeal.number}


def test_those_who_decide_are_told_and_have_a_task():
    office = research_officer()
    request = asked(grant())
    assert [n.code for n in Notification.objects.filter(person=office)] == ["amendment.submitted"]
    (task,) = [t for t in tasks_for(office) if t.verb == "Decide"]
    assert request.number in task.title
    assert task.due.date() > TODAY
    assert not [t for t in tasks_for(request.asked_by) if t.verb == "Decide"]


def test_the_lists_filters():
    first, second = asked(grant()), asked(grant())
    office = Person(research_officer())
    url = reverse("compute_grants:amendment_list")

    def shown(**query):
        return {row.number for row in office.client.get(url, query).context["page_obj"]}

    assert shown() == {first.number, second.number}
    assert shown(whose="decide", kind="supplement") == {first.number, second.number}
    assert shown(kind="extension") == shown(whose="mine") == shown(state="draft") == set()
    assert shown(kind="x", state="y", whose="z") == {first.number, second.number}


@pytest.mark.parametrize("whose", ["", "decide"])
def test_the_list_costs_the_same_for_many(whose, django_assert_max_num_queries):
    house = grant()
    office = Person(research_officer())
    url = reverse("compute_grants:amendment_list")
    asked(house)
    office.client.get(url)
    with django_assert_max_num_queries(12) as few:
        office.client.get(url, {"whose": whose})
    rows = Amendment.objects.all()
    for n in range(30):
        copy = rows[0]
        copy.pk, copy.number, copy.kind = None, f"AM-2020-{n:04d}", "appeal"
        copy.kind, copy.state, copy.decided_at = "supplement", "applied", timezone.now()
        copy.save(force_insert=True)
    with django_assert_max_num_queries(len(few)):
        office.client.get(url, {"whose": whose})


@pytest.mark.parametrize("who", ["lead", "office", "operator"])
def test_the_page_of_a_request_asks_few_queries(who, django_assert_max_num_queries):
    request = asked(grant())
    user = {
        "lead": request.asked_by,
        "office": research_officer(),
        "operator": grants.operator_for(request.allocation),
    }[who]
    person = Person(user)
    person.get("amendment", request.number)
    with django_assert_max_num_queries(15):
        assert person.get("amendment", request.number).status_code == 200


# The API


def test_the_api_revises_and_filters(client):
    allocation = grant()
    lead = allocation.proposal.lead
    draft = amendments.ask(
        allocation, kind="supplement", wish=Wish(reason="x", seconds=HOUR), by=lead
    )
    client.force_login(lead, backend="allauth.account.auth_backends.AuthenticationBackend")
    url = reverse("api:amendment-revise", args=[draft.number])
    answer = client.post(url, {"reason": "y", "seconds": 2 * HOUR}, "application/json")
    assert answer.json()["seconds"] == 2 * HOUR
    listing = reverse("api:amendment-list")
    assert client.get(listing, {"state": "draft"}).json()["count"] == 1
    assert client.get(listing, {"whose": "decide"}).json()["count"] == 0
