"""Planned stops on the pages of machines and over the API."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compute_grants.models import MaintenanceWindow
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.counting import at_two_sizes
from tests.compute_grants.views.person import Person, text
from tests.factories import compute_grants as make
from tests.factories.consortium import operator
from tests.factories.machines import MaintenanceWindowFactory

LIST = reverse("compute_grants:maintenance_list")


@pytest.fixture
def machine(db):
    return make.machine()


@pytest.fixture
def person(machine):
    return Person(make.operator_of(machine.centre))


def beijing(days: int) -> str:
    return f"{timezone.localtime() + timedelta(days=days):%Y-%m-%dT%H:%M}"


def filled(first: int, last: int) -> dict[str, str]:
    times = {"starts_at": beijing(first), "ends_at": beijing(last)}
    return times | {"note_en": "New filters.", "note_zh": "更换滤芯。"}


def test_an_operator_plans_moves_and_cancels_on_the_machines_page(machine, person):
    page = machine.get_absolute_url()
    assert "No maintenance is planned." in text(Client().get(page))
    assert person.send("maintenance_plan", machine.code, **filled(2, 3)).status_code == 302
    window = machine.windows.get()
    assert "New filters." in text(Client().get(page))
    assert "更换滤芯。" in text(Client().get(page, headers={"accept-language": "zh-hans"}))
    assert person.send("maintenance_plan", machine.code, **filled(2, 4)).status_code == 409
    assert person.send("maintenance_plan", machine.code, **filled(6, 5)).status_code == 422
    assert person.send("maintenance_change", window.pk, **filled(4, 5)).status_code == 302
    assert person.send("maintenance_cancel", window.pk).url == window.get_absolute_url()
    assert "cancelled" in text(person.client.get(page))
    assert person.get("maintenance_change", window.pk).status_code == 200


def test_the_form_of_a_stop_under_way_keeps_its_beginning(machine, person):
    window = MaintenanceWindowFactory.create(machine=machine, under_way=True)
    began = window.starts_at
    assert person.send("maintenance_change", window.pk, **filled(-3, 5)).status_code == 302
    window.refresh_from_db()
    assert window.starts_at == began
    assert person.send("maintenance_finish", window.pk).status_code == 302
    assert machine.windows.get().state == "done"


def test_another_centre_reads_and_does_not_change(machine):
    window = MaintenanceWindowFactory.create(machine=machine)
    other = Person(operator())
    assert "Cancel it" not in text(other.client.get(machine.get_absolute_url()))
    for page in ("maintenance_change", "maintenance_cancel", "maintenance_finish"):
        assert other.send(page, window.pk).status_code == 403
    assert other.get("maintenance_plan", machine.code).status_code == 403


def test_a_drafts_stops_are_not_seen(db):
    hidden = MaintenanceWindowFactory.create(machine=make.machine(published=False))
    assert hidden.note_en not in text(Client().get(LIST))
    Person(operator()).send("maintenance_cancel", hidden.pk)
    assert Client().get(f"/api/v1/maintenance-windows/{hidden.pk}/").status_code == 404


def test_the_list_shows_stops_ahead_or_over(db):
    ahead = MaintenanceWindowFactory.create()
    over = MaintenanceWindowFactory.create(over=True)
    for query, shown, hidden in (("", ahead, over), ("?when=over", over, ahead)):
        page = text(Client().get(LIST + query))
        assert shown.get_absolute_url() in page
        assert hidden.get_absolute_url() not in page


def test_the_list_costs_the_same_however_long(machine):
    user = Person(make.operator_of(machine.centre))
    now = timezone.now()

    def grow(n: int) -> None:
        start = MaintenanceWindow.objects.count()
        MaintenanceWindow.objects.bulk_create(
            MaintenanceWindow(
                machine=machine,
                starts_at=now + timedelta(days=k, hours=1),
                ends_at=now + timedelta(days=k, hours=2),
                note_en="Filters",
                note_zh="滤芯",
                planned_by=user.user,
            )
            for k in range(start, start + n)
        )

    few, many = at_two_sizes(user.client, LIST, grow)
    assert few == many < 12


def test_the_whole_life_over_the_api(machine):
    api, path = Api(make.operator_of(machine.centre)), "maintenance-windows/"
    now = timezone.now()
    body = {
        "machine": machine.code,
        "starts_at": (now + timedelta(days=1)).isoformat(),
        "ends_at": (now + timedelta(days=2)).isoformat(),
        "note_en": "New filters.",
        "note_zh": "更换滤芯。",
    }
    made = api.post(path, 201, **body)
    assert (made["machine"], made["state"]) == (machine.code, "planned")
    api.post(path, 409, **body)
    Api(operator()).post(path, 403, **body)
    one = f"{path}{made['id']}/"
    assert api.patch(one, note_en="Pumps.")["note_en"] == "Pumps."
    api.patch(one, 422, ends_at=now.isoformat())
    assert api.get(f"{path}?machine={machine.code}")["count"] == 1
    assert api.get(f"{path}?machine=none")["count"] == 0
    api.post(f"{one}finish/", 409)
    assert api.post(f"{one}cancel/")["state"] == "cancelled"
