"""Forms of machines, as their people fill them in."""

from django.test import Client
from django.urls import reverse

from compute_grants.models import (
    Machine,
)
from tests.compute_grants.views.person import HOUR, Person, text
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    InstitutionFactory,
    operator,
)

# Machines

MACHINE = {
    "code": "qinghe-2",
    "cluster": "qinghe_2",
    "backend": "memory",
    "on_drift": "report",
    "name_en": "Qinghe 2",
    "name_zh": "清河二号",
    "kind": "ai",
    "nodes": 2,
    "cards": 16,
    "cores": 256,
    "power_watts": 90,
    "source": "Data sheet",
}


def test_an_operator_brings_a_machine_into_service(db):
    centre = InstitutionFactory.create(centre=True)
    person = Person(operator(centre))
    assert person.send("machine_create", centre=centre.pk, **MACHINE).status_code == 302
    machine = Machine.objects.get()
    assert machine.power_watts == 90_000
    partition = {
        "name": "gpu",
        "nodes": 2,
        "accelerator": "A",
        "accelerators_per_node": 8,
        "cores_per_node": 128,
        "memory_bytes_per_node": 512,
        "max_wall_seconds": 72,
    }
    sent = person.send("partition_create", machine.code, **partition)
    stored = machine.partitions.get()
    assert sent.url == reverse("compute_grants:partition_peaks", args=[machine.code, stored.pk])
    assert (stored.memory_bytes_per_node, stored.max_wall_seconds) == (512 * 10**9, 72 * HOUR)
    person.send("partition_peaks", machine.code, stored.pk, BF16="312.5")
    assert stored.peaks.get().gigaflops == 312_500
    person.send("resource_create", machine.code, tres="gres/gpu")
    sent = person.send(
        "machine_capacity",
        machine.code,
        resource=machine.resources.get().pk,
        month="2026-12",
        seconds=5_000,
    )
    assert machine.resources.get().capacities.get().seconds == 5_000 * HOUR
    person.send("machine_publish", machine.code)
    machine.refresh_from_db()
    assert machine.state == "published"
    person.send("machine_state", machine.code, state="maintenance")
    machine.refresh_from_db()
    assert machine.state == "maintenance"
    assert "in maintenance" in text(Client().get(machine.get_absolute_url()))


def test_a_machine_badly_filled_in_keeps_what_was_typed(db):
    centre = InstitutionFactory.create(centre=True)
    bad = MACHINE | {"cluster": "Has Spaces", "nodes": "many"}
    response = Person(operator(centre)).send("machine_create", centre=centre.pk, **bad)
    assert response.status_code == 422
    assert "Has Spaces" in text(response) and "many" in text(response)
    assert not Machine.objects.exists()


def test_a_taken_name_is_tied_to_its_field(db):
    taken = make.machine()
    centre = InstitutionFactory.create(centre=True)
    response = Person(operator(centre)).send(
        "machine_create", centre=centre.pk, **MACHINE | {"code": taken.code}
    )
    assert response.status_code == 422
    assert 'href="#id_code"' in text(response)


def test_more_capacity_than_hardware_is_409_in_place(db):
    machine = make.machine(hours=0)
    person = Person(make.operator_of(machine.centre))
    response = person.send(
        "machine_capacity",
        machine.code,
        resource=machine.resources.get().pk,
        month="2026-12",
        seconds=10**9,
    )
    assert response.status_code == 409
    assert "hardware has" in text(response) and "1000000000" in text(response)


def test_publishing_too_early_is_a_page_of_its_own(db):
    machine = make.MachineFactory.create()
    response = Person(make.operator_of(machine.centre)).send("machine_publish", machine.code)
    assert response.status_code == 409
    assert "a partition" in text(response)


def test_a_published_peak_is_corrected_but_not_taken_back(db):
    machine = make.machine()
    person = Person(make.operator_of(machine.centre))
    pk = machine.partitions.get().pk
    assert person.send("partition_peaks", machine.code, pk, BF16="1").status_code == 409
    assert person.send("partition_peaks", machine.code, pk, BF16="1", FP64="2").status_code == 302
