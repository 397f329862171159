"""The page of certified capacity, month by month, and its twin in the API."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from compute_grants.actions import machines
from consortium.models import AuditEvent
from tests.compute_grants.views.person import text
from tests.factories import compute_grants as make

HOUR = 3600


@pytest.fixture
def certified(db):
    """A machine with one more month certified than the factory's, and a call that is out."""
    machine = make.machine(hours=500)
    resource = machine.resources.get()
    operator = make.operator_of(machine.centre)
    machines.certify(resource, month=date(2027, 2, 1), seconds=1_376_256 * HOUR // 4, by=operator)
    call = make.call_with(resource, hours=400)
    return machine, call, operator


def months_page(machine, client=None):
    return text(
        (client or Client()).get(reverse("compute_grants:machine_months", args=[machine.code]))
    )


def test_anybody_reads_what_is_certified_and_for_which_calls(certified):
    machine, call, _operator = certified
    page = months_page(machine)
    assert "2027-02" in page and "344,064" in page and "1,376,256" in page
    assert "25.0 %" in page
    assert call.title_en in page and "400" in page
    assert "Certify capacity" not in page


def test_the_operator_may_certify_from_here_and_comes_back(certified):
    machine, _call, operator = certified
    client = Client()
    client.force_login(operator, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "Certify capacity" in months_page(machine, client)


def test_nothing_certified_says_what_that_means(db):
    machine = make.machine(hours=0)
    machine.resources.get().capacities.all().delete()
    assert "No month is certified yet" in months_page(machine)


def test_a_draft_machine_shows_its_months_to_nobody_else(db):
    machine = make.machine(published=False)
    address = reverse("compute_grants:machine_months", args=[machine.code])
    assert Client().get(address).status_code == 404


def test_the_api_gives_the_same_months(certified):
    machine, _call, _operator = certified
    rows = Client().get(f"/api/v1/machines/{machine.code}/months/").json()
    first = rows[0]
    assert (first["month"], first["seconds"]) == ("2027-02-01", 344_064 * HOUR)
    assert first["hardware_seconds"] == 1_376_256 * HOUR
    assert first["tres"] == "gres/gpu"
    assert len(rows) == machine.resources.get().capacities.count()


def test_the_event_says_which_resource(certified):
    event = AuditEvent.objects.filter(action="machine.capacity_certified").latest("pk")
    assert event.detail["tres"] == "gres/gpu"
    assert event.detail["month"] == "2027-02"
