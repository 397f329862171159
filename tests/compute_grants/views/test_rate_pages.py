"""Exchange rates and charging rules: pages, API, and who is told."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compute_grants.models import ExchangeRate
from consortium.models import Notification
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.counting import at_two_sizes
from tests.compute_grants.views.person import Person, text
from tests.factories import allocations, offers
from tests.factories import compute_grants as make
from tests.factories.consortium import InstitutionFactory, operator, research_officer

LIST = reverse("compute_grants:rate_list")
DAY = timedelta(days=1)


@pytest.fixture
def office(db) -> Person:
    return Person(research_officer())


@pytest.fixture
def resource(db):
    return make.machine().resources.get()


def today():
    return timezone.localdate()


def told(code: str) -> set[int]:
    return set(Notification.objects.filter(code=code).values_list("person", flat=True))


def test_the_office_publishes_a_rate_and_ends_it(office, resource):
    centre = make.operator_of(resource.machine.centre)
    filled = {"resource": resource.pk, "since": today(), "reason": "Yearly review."}
    sent = office.send("rate_set", parts_per_million="0.851234", **filled)
    assert sent.status_code == 302
    rate = ExchangeRate.objects.get()
    assert (rate.parts_per_million, rate.until) == (851_234, None)
    assert told("machine.rate_set") == {centre.pk}
    page = text(office.client.get(LIST))
    assert "0.851234" in page
    assert "in force" in page
    refused = office.send("rate_set", parts_per_million="1", **filled)
    assert refused.status_code == 409
    assert "End it first" in text(refused)
    assert office.send("rate_end", rate.pk, until=today() - DAY).status_code == 409
    assert office.send("rate_end", rate.pk, until=today()).status_code == 302
    assert told("machine.rate_ended") == {centre.pk}
    next_one = filled | {"since": today() + DAY}
    assert office.send("rate_set", parts_per_million="1", **next_one).status_code == 302
    past = filled | {"since": today() - DAY}
    assert office.send("rate_set", parts_per_million="1", **past).status_code == 409
    assert office.send("rate_set", parts_per_million="0", **next_one).status_code == 422


def test_an_expired_rate_is_shown_as_such_and_can_be_looked_for(resource):
    offers.rate(resource, until=today() - DAY)
    held = make.machine().resources.get()
    offers.rate(held)
    bare = make.machine().resources.get()
    for standing, shown in (("expired", resource), ("holds", held), ("none", bare)):
        page = text(Client().get(f"{LIST}?standing={standing}"))
        assert [r.machine.name in page for r in (resource, held, bare)].count(True) == 1
        assert shown.machine.name in page
    assert ">expired<" in text(Client().get(LIST)).replace("\n", "").replace(" ", "")
    assert "rates/new" not in text(Client().get(LIST))


def test_only_the_office_sets_rates(resource):
    rate = offers.rate(resource)
    person = Person(make.operator_of(resource.machine.centre))
    assert person.get("rate_set").status_code == 403
    assert person.send("rate_end", rate.pk, until=today()).status_code == 403


def test_the_list_costs_the_same_however_long(office):
    centre = InstitutionFactory.create(centre=True)

    def grow(n: int) -> None:
        for machine in make.MachineFactory.create_batch(n, centre=centre, published=True):
            offers.rate(make.ResourceFactory.create(machine=machine), set_by=office.user)

    few, many = at_two_sizes(office.client, LIST, grow)
    assert few == many < 12


def test_the_centre_states_how_it_charges_and_those_with_time_are_told(resource):
    grant = allocations.active(resource=resource)
    machine = resource.machine
    person = Person(make.operator_of(machine.centre))
    page = reverse("compute_grants:charging", args=[machine.code])
    assert "No rule is stated" in text(Client().get(page))
    filled = {"resource": resource.pk, "since": today(), "cores_per_card": 8}
    sent = person.send("charging", machine.code, memory_bytes_per_unit="64", **filled)
    assert sent.status_code == 302
    rule = resource.charging_rules.get()
    assert (rule.cores_per_card, rule.memory_bytes_per_unit) == (8, 64 * 1024**3)
    assert told("machine.charging_stated") == {grant.proposal.lead_id}
    shown = text(Client().get(page)).replace("\n", "").replace(" ", "")
    cells = ("1", "64", "68.7GB", "8")  # one card with 64 cores counts as 8
    assert "".join(f'<tdclass="num">{cell}</td>' for cell in cells) in shown
    again = person.send("charging", machine.code, **filled)
    assert again.status_code == 422
    assert Person(operator()).send("charging", machine.code, **filled).status_code == 403
    assert "State the next rule" not in text(Person(operator()).client.get(page))


def test_rates_and_rules_over_the_api(office, resource):
    api, centre = Api(office.user), Api(make.operator_of(resource.machine.centre))
    code = resource.machine.code
    body = {"machine": code, "since": today().isoformat(), "reason": "First."}
    rate = api.post("exchange-rates/", 201, parts_per_million=851_234, **body)
    assert (rate["machine"], rate["until"]) == (code, None)
    api.post("exchange-rates/", 409, parts_per_million=1, **body)
    centre.post("exchange-rates/", 403, parts_per_million=1, **body)
    ended = api.post(f"exchange-rates/{rate['id']}/end/", until=today().isoformat())
    assert ended["until"] == today().isoformat()
    assert api.get(f"exchange-rates/?machine={code}&holds=1")["count"] == 1
    rule = {"machine": code, "since": today().isoformat(), "cores_per_card": 8}
    assert centre.post("charging-rules/", 201, **rule)["cores_per_card"] == 8
    centre.post("charging-rules/", 422, **rule)
    api.post("charging-rules/", 403, **rule)
    assert centre.get(f"charging-rules/?machine={code}")["count"] == 1
    assert Client().get("/api/v1/exchange-rates/").status_code == 200
