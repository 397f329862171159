"""Pages and API of use it or lose it."""

import pytest
from django.urls import reverse

from compute_grants.models import Reclaim
from tests.compute_grants.views.person import Person, text
from tests.factories import reclaims as make
from tests.factories.compute_grants import HOUR
from tests.factories.consortium import deployment_officer, member, research_officer

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def office() -> Person:
    return Person(research_officer())


def test_the_office_runs_a_round(office):
    grant = make.idle()
    page = text(office.get("reclaim_dry_run"))
    assert grant.number in page
    assert "300.0" in page
    assert office.send("reclaim_dry_run").status_code == 302
    row = Reclaim.objects.get()
    assert row.number in text(office.get("reclaim_notices"))
    check = text(office.send("reclaim_notices", number=row.number))
    assert "told at once" in check
    row.refresh_from_db()
    assert row.state == "planned"
    receipt = office.send("reclaim_notices", number=row.number, confirmed="1")
    assert "Receipt" in text(receipt)
    row.refresh_from_db()
    assert row.state == "noticed"
    assert "Nothing may be taken back today" in text(office.get("reclaim_apply"))


def test_taking_back_lists_ids_and_amounts_first(office):
    row = make.ripe()
    other = make.ripe()
    page = text(office.send("reclaim_apply", number=[row.number, other.number]))
    assert row.number in page
    assert other.number in page
    assert "600.0" in page
    assert Reclaim.objects.filter(state="applied").count() == 0
    receipt = text(office.send("reclaim_apply", number=row.number, confirmed="1"))
    assert row.number in receipt
    assert "300.0" in receipt
    assert Reclaim.objects.get(state="applied") == row
    again = office.send("reclaim_apply", number=row.number, confirmed="1")
    assert again.status_code == 422
    assert office.send("reclaim_apply").status_code == 422


def test_the_lead_sees_what_is_coming_and_asks(office):
    row = make.noticed()
    lead = Person(row.allocation.proposal.lead)
    page = text(lead.get("allocation", row.allocation.number))
    assert "go back to the call on" in page
    assert "Ask for an exemption" in text(lead.get("reclaim", row.number))
    assert lead.send("reclaim_ask", row.number, reason="").status_code == 422
    lead.send("reclaim_ask", row.number, reason="The data came late.")
    assert "An exemption is asked for" in text(lead.get("allocation", row.allocation.number))
    assert lead.send("reclaim_ask", row.number, reason="Again.").status_code == 409
    assert lead.get("reclaim_decide", row.number).status_code == 403
    assert office.send("reclaim_decide", row.number, reason="x").status_code == 422
    office.send("reclaim_decide", row.number, reason="Go on.", act="approve")
    assert "Go on." in text(lead.get("reclaim", row.number))


def test_the_office_calls_off(office):
    row = make.noticed()
    office.send("reclaim_cancel", row.number, reason="The machine stood still.")
    row.refresh_from_db()
    assert row.state == "cancelled"
    assert office.send("reclaim_cancel", row.number, reason="x").status_code == 409


def test_what_is_planned_is_the_offices_own(office):
    row = make.planned()
    assert Person(row.allocation.proposal.lead).get("reclaim", row.number).status_code == 404
    assert office.get("reclaim", row.number).status_code == 200
    noticed = make.noticed()
    for who in (member(), deployment_officer()):
        assert Person(who).get("reclaim", noticed.number).status_code in {403, 404}
        assert Person(who).get("reclaim_dry_run").status_code == 403


@pytest.mark.parametrize("name", ["reclaim_list", "reclaim_notices", "reclaim_apply"])
def test_lists_cost_the_same_for_many(office, name, django_assert_max_num_queries):
    first = make.ripe()
    office.get(name)
    with django_assert_max_num_queries(12) as few:
        office.get(name)
    for n in range(20):
        copy = Reclaim.objects.get(pk=first.pk)
        copy.pk, copy.number, copy.by_day = None, f"RC-2020-{n:04d}", 300 + n
        copy.state = "planned" if n % 2 else "noticed"
        copy.save(force_insert=True)
    with django_assert_max_num_queries(len(few)):
        office.get(name)


def test_the_page_of_one_asks_few_queries(office, django_assert_max_num_queries):
    row = make.asked()
    for person in (office, Person(row.allocation.proposal.lead)):
        person.get("reclaim", row.number)
        with django_assert_max_num_queries(14):
            person.get("reclaim", row.number)


def test_the_api(client):
    make.idle()
    office = research_officer()
    client.force_login(office, backend=BACKEND)

    def send(act, *args, **data):
        return client.post(reverse(f"api:reclaim-{act}", args=args), data, "application/json")

    (dry,) = client.get(reverse("api:reclaim-dry-run")).json()
    assert dry["seconds"] == 300 * HOUR
    (planned,) = send("plan").json()
    number = planned["number"]
    (told,) = send("notice", numbers=[number]).json()
    assert (told["state"], told["refusal"]) == ("noticed", "")
    assert send("apply", numbers=[number]).json() == []
    row = Reclaim.objects.get()
    client.force_login(row.allocation.proposal.lead, backend=BACKEND)
    assert client.get(reverse("api:reclaim-dry-run")).status_code == 403
    assert send("ask", number, reason="Late data.").json()["state"] == "asked"
    client.force_login(office, backend=BACKEND)
    assert send("decide", number, approve=False, reason="No.").json()["state"] == "noticed"
    Reclaim.objects.update(due_on=row.planned_at.date())
    (taken,) = send("apply", numbers=[number]).json()
    assert taken["taken_seconds"] == 300 * HOUR
    assert send("cancel", number, reason="x").status_code == 409
    listing = reverse("api:reclaim-list")
    assert client.get(listing, {"state": "applied"}).json()["count"] == 1
    assert client.get(listing, {"state": "planned"}).json()["count"] == 0
