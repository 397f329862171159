"""The catalogue of machines: what it says of each, its filters, and what it costs."""

import pytest
from django.test import Client
from django.urls import reverse

from compute_grants.actions import machines
from compute_grants.models import Machine, Partition
from compute_grants.queries.catalogue import Wish, catalogue, catalogue_rows
from consortium.errors import DomainError, Invalid
from consortium.models import AuditEvent
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.counting import at_two_sizes
from tests.compute_grants.views.person import Person, text
from tests.factories import compute_grants as make
from tests.factories.consortium import InstitutionFactory, operator
from tests.factories.machines import MaintenanceWindowFactory

LIST = reverse("compute_grants:machine_list")
LARGE = 100_000


@pytest.fixture
def pair(db) -> tuple[Machine, Machine]:
    """An AI cluster of domestic cards, and a manycore supercomputer in maintenance."""
    cards = make.machine(precisions=("BF16",), kind="ai")
    cores = make.MachineFactory.create(maintenance=True, kind="supercomputing", cards=0)
    part = make.PartitionFactory.create(
        machine=cores, accelerator="", accelerators_per_node=0, node_type="manycore"
    )
    make.PeakRateFactory.create(partition=part, precision="FP64", gigaflops=3000)
    return cards, cores


@pytest.mark.parametrize(
    ("field", "first", "second"),
    [
        ("kind", "ai", "supercomputing"),
        ("node_type", "domestic", "manycore"),
        ("precision", "BF16", "FP64"),
        ("state", "published", "maintenance"),
    ],
)
def test_each_filter_keeps_what_fits(pair, field, first, second):
    for value, machine in zip((first, second), pair, strict=True):
        assert [m.pk for m in catalogue(None, Wish(**{field: value}))] == [machine.pk]
        page = text(Client().get(f"{LIST}?{field}={value}"))
        assert (machine.name_en in page) and page.count('<th scope="row">') == 1
    assert catalogue(None, Wish(**{field: "nonsense"})).count() == 2


def test_a_filter_that_nothing_fits_offers_the_way_back(pair):
    page = text(Client().get(f"{LIST}?kind=general"))
    assert "No machine fits the filter" in page
    assert "Show all machines" in page


def test_the_peaks_of_whole_machines_stand_side_by_side(pair):
    page = text(Client().get(f"{LIST}?view=peaks&kind=ai"))
    assert "655.4" in page  # 256 nodes of 8 cards at 320 TFLOPS
    assert "view=peaks" in page
    assert 'name="view" value="peaks"' in page


def test_memory_is_stated_or_that_of_the_nodes(pair):
    stated, counted = pair
    Machine.objects.filter(pk=stated.pk).update(memory_bytes=7)
    rows = {row.machine.pk: row for row in catalogue_rows(catalogue(None, Wish()))}
    assert rows[stated.pk].memory_bytes == 7
    assert rows[counted.pk].memory_bytes == 256 * 10**12


def test_the_next_maintenance_stands_in_the_row(pair):
    machine, _stopped = pair
    window = MaintenanceWindowFactory.create(machine=machine)
    page = text(Client().get(LIST))
    assert "maintenance from" in page
    assert window.starts_at.astimezone().strftime("%H:%M") in page


def test_a_hundred_thousand_cards_are_an_ordinary_row(db):
    huge = make.MachineFactory.create(published=True, cards=LARGE, nodes=LARGE // 8)
    part = make.PartitionFactory.create(machine=huge, nodes=LARGE // 8, accelerators_per_node=8)
    make.PeakRateFactory.create(partition=part, precision="FP8", gigaflops=2_000_000)
    (row,) = catalogue_rows(catalogue(None, Wish()))
    assert row.petaflops == {"FP8": LARGE * 2_000_000 / 1e6}
    resource = make.ResourceFactory.create(machine=huge)
    by = make.operator_of(huge.centre)
    month = LARGE * 31 * 24 * make.HOUR
    for day in ("2026-10-01", "2026-12-01"):
        machines.certify(resource, month=make.date.fromisoformat(day), seconds=month, by=by)
    with pytest.raises(machines.NotPhysical, match="74,400,000"):
        machines.certify(resource, month=make.date(2026, 12, 1), seconds=month + 1, by=by)
    page = text(Client().get(huge.get_absolute_url()))
    assert "148.8M" in page or "149M" in page
    assert "100,000" in page


def test_the_catalogue_and_the_page_cost_the_same_however_long(db):
    centre = InstitutionFactory.create(centre=True)
    client = Person(operator(centre)).client

    def grow(n: int) -> None:
        for each in make.MachineFactory.create_batch(n, centre=centre, published=True):
            part = make.PartitionFactory.create(machine=each)
            make.PeakRateFactory.create(partition=part)
            MaintenanceWindowFactory.create(machine=each)

    few, many = at_two_sizes(client, LIST, grow, large=60)
    assert few == many < 12


def test_a_partition_is_changed_and_its_name_fixed_once_public(db):
    machine = make.machine()
    by, part = make.operator_of(machine.centre), machine.partitions.get()
    machines.change_partition(part, nodes=300, accelerator_memory_bytes=64 * 10**9, by=by)
    part.refresh_from_db()
    assert (part.nodes, part.accelerator_memory_bytes) == (300, 64 * 10**9)
    assert AuditEvent.objects.filter(action="machine.partition_changed").count() == 1
    machines.change_partition(part, nodes=300, by=by)
    assert AuditEvent.objects.filter(action="machine.partition_changed").count() == 1
    with pytest.raises(DomainError, match="name of a partition is fixed"):
        machines.change_partition(part, name="other", by=by)
    with pytest.raises(Invalid) as caught:
        machines.change_partition(part, max_nodes_per_job=301, by=by)
    assert list(caught.value.errors) == ["max_nodes_per_job"]
    machines.change_partition(
        part, accelerator="", accelerators_per_node=0, accelerator_origin="", by=by
    )
    part.refresh_from_db()
    assert part.node_type == Partition.NodeType.CPU


def test_a_superchip_partition_is_described_on_the_pages(db):
    machine = make.machine(published=False)
    person = Person(make.operator_of(machine.centre))
    part = machine.partitions.get()
    form = {
        "name": "gh",
        "nodes": 2688,
        "node_type": "superchip",
        "accelerator": "GH200",
        "accelerators_per_node": 4,
        "accelerator_vendor": "NVIDIA",
        "accelerator_origin": "foreign",
        "accelerator_memory_bytes": "96",
        "cores_per_node": 288,
        "memory_bytes_per_node": "857.6",
        "max_wall_seconds": 24,
        "max_nodes_per_job": 1024,
    }
    assert person.send("partition_change", machine.code, part.pk, **form).status_code == 302
    part.refresh_from_db()
    assert (part.node_type, part.memory_bytes_per_node) == ("superchip", 857_600_000_000)
    page = text(person.client.get(machine.get_absolute_url()))
    for said in ("CPU and GPU in one superchip", "GH200", "NVIDIA", "foreign", "1,024 nodes"):
        assert said in page
    assert 'value="857.6"' in text(person.get("partition_change", machine.code, part.pk))
    bad = form | {"node_type": "manycore"}
    assert person.send("partition_change", machine.code, part.pk, **bad).status_code == 422
    assert Person(operator()).get("partition_change", machine.code, part.pk).status_code == 404


def test_the_api_describes_and_changes_partitions(db):
    machine = make.machine()
    api = Api(make.operator_of(machine.centre))
    path = f"machines/{machine.code}/"
    body = api.post(f"{path}change-partition/", name="gpu", nodes=99, accelerator_vendor="Lanxin")
    assert body["partitions"][0]["nodes"] == 99
    assert body["partitions"][0]["accelerator_vendor"] == "Lanxin"
    api.post(f"{path}change-partition/", 404, name="none", nodes=1)
    Api(operator()).post(f"{path}change-partition/", 403, name="gpu", nodes=1)
    facts = {"fabric": "Slingshot-11", "fabric_bits_per_second": 800 * 10**9, "stages": ["for_ai"]}
    assert api.patch(path, **facts)["fabric"] == "Slingshot-11"
    page = text(Client().get(machine.get_absolute_url()))
    assert "Slingshot-11" in page
    assert "800 Gbit/s per node" in page
