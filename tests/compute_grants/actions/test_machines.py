from datetime import date

import pytest
from django.core.exceptions import PermissionDenied

from compute_grants.actions import capacity, machine_states, machines
from compute_grants.models import Machine, Resource
from consortium.errors import DomainError, Invalid, WrongState
from consortium.models import AuditEvent, Institution
from tests.factories import compute_grants as make
from tests.factories.consortium import InstitutionFactory, member, operator, research_officer

HOUR = make.HOUR
FIELDS = {
    "code": "qinghe-2",
    "cluster": "qinghe_2",
    "backend": "memory",
    "kind": "ai",
    "name_en": "Qinghe 2",
    "name_zh": "清河二号",
    "power_watts": 1,
    "nodes": 2,
    "cards": 16,
    "cores": 256,
    "source": "Data sheet",
}


@pytest.fixture
def centre(db) -> Institution:
    return InstitutionFactory.create(centre=True)


@pytest.fixture
def by(centre):
    return operator(centre)


@pytest.fixture
def draft(centre) -> Machine:
    return make.MachineFactory.create(centre=centre)


@pytest.fixture
def whole(centre) -> Machine:
    return make.machine(centre=centre)


def events() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_an_operator_drafts_a_machine_of_their_centre(centre, by):
    machine = machines.create(centre=centre, by=by, **FIELDS)
    assert machine.state == "draft"
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_id) == ("machine.created", by.pk)


@pytest.mark.parametrize(
    "who", [member, research_officer, operator], ids=["member", "office", "another centre"]
)
def test_nobody_else_drafts_one(centre, who):
    with pytest.raises(PermissionDenied, match="operator of the centre"):
        machines.create(centre=centre, by=who(), **FIELDS)
    assert not Machine.objects.exists()


def test_only_a_centre_keeps_machines(db):
    university = InstitutionFactory.create()
    with pytest.raises(PermissionDenied, match="supercomputing centre"):
        machines.create(centre=university, by=operator(university), **FIELDS)


@pytest.mark.parametrize("field", ["code", "cluster"])
def test_names_are_taken_once(centre, by, draft, field):
    taken = FIELDS | {field: getattr(draft, field)}
    with pytest.raises(Invalid) as caught:
        machines.create(centre=centre, by=by, **taken)
    assert list(caught.value.errors) == [field]
    assert Machine.objects.count() == 1


def test_edit_records_what_changed(draft, by):
    machines.edit(draft, by=by, name_en="New name", nodes=draft.nodes)
    assert Machine.objects.get().name_en == "New name"
    assert AuditEvent.objects.get().detail == {"fields": ["name_en"]}


def test_edit_of_nothing_leaves_no_event(draft, by):
    machines.edit(draft, by=by, name_en=draft.name_en)
    assert not events()


@pytest.mark.parametrize("field", sorted(machines.FIXED_ONCE_PUBLISHED))
def test_what_others_know_it_by_is_fixed_once_published(whole, by, field):
    with pytest.raises(DomainError, match="fixed once"):
        machines.edit(whole, by=by, **{field: "other"})


def test_partitions_have_names_of_their_own(draft, by):
    fields = {
        "name": "gpu",
        "nodes": 1,
        "accelerator": "A",
        "accelerators_per_node": 8,
        "cores_per_node": 64,
        "memory_bytes_per_node": 1,
        "max_wall_seconds": 60,
    }
    partition = machines.add_partition(draft, by=by, **fields)
    assert partition.cards == 8
    with pytest.raises(Invalid, match="of this name"):
        machines.add_partition(draft, by=by, **fields)
    with pytest.raises(Invalid, match="or neither"):
        machines.add_partition(draft, by=by, **fields | {"name": "x", "accelerator": ""})


def test_a_partition_is_removed_only_from_a_draft(draft, whole, by):
    machines.remove_partition(make.PartitionFactory.create(machine=draft), by=by)
    assert not draft.partitions.exists()
    with pytest.raises(DomainError, match="cannot be removed"):
        machines.remove_partition(whole.partitions.get(), by=by)


def test_a_peak_is_stated_once_and_can_be_corrected(draft, by):
    partition = make.PartitionFactory.create(machine=draft)
    machines.set_peak(partition, precision="FP64", gigaflops=10, by=by)
    machines.set_peak(partition, precision="FP64", gigaflops=20, by=by)
    assert partition.peaks.get().gigaflops == 20


def test_a_resource_has_the_unit_of_what_it_counts(draft, by):
    assert machines.add_resource(draft, tres="gres/gpu", by=by).unit == "card_seconds"
    assert machines.add_resource(draft, tres="cpu", by=by).unit == "core_seconds"
    machines.add_resource(draft, tres="cpu", by=by)
    assert Resource.objects.count() == 2
    assert events() == ["machine.resource_added"] * 2


def test_no_time_is_given_of_what_a_machine_does_not_have(centre, by):
    without = make.MachineFactory.create(centre=centre, cards=0)
    with pytest.raises(machines.NotPhysical):
        machines.add_resource(without, tres="gres/gpu", by=by)


def test_publish_says_all_that_is_missing(centre, by):
    draft = make.MachineFactory.create(centre=centre, power_watts=0, source="")
    with pytest.raises(machines.NotReady) as caught:
        machines.publish(draft, by=by)
    for word in ("partition", "peak", "resource", "power", "source"):
        assert word in str(caught.value)
    assert Machine.objects.get().state == "draft"


def test_publish(centre, by):
    draft = make.machine(centre=centre, published=False)
    machines.publish(draft, by=by)
    draft.refresh_from_db()
    assert draft.state == "published"
    assert events() == ["machine.published"]
    with pytest.raises(WrongState):
        machines.publish(draft, by=by)


@pytest.mark.parametrize(
    ("old", "new", "event"),
    [
        ("published", "maintenance", "machine.in_maintenance"),
        ("maintenance", "published", "machine.returned_to_service"),
        ("published", "retired", "machine.retired"),
        ("maintenance", "retired", "machine.retired"),
    ],
)
def test_in_and_out_of_service(centre, by, old, new, event):
    machine = make.MachineFactory.create(centre=centre, state=old)
    machines.set_state(machine, state=new, by=by)
    assert Machine.objects.get().state == new
    assert events() == [event]


def test_a_draft_goes_nowhere_but_to_publication(draft, by):
    with pytest.raises(DomainError, match="published first"):
        machines.set_state(draft, state="maintenance", by=by)


def test_a_retired_machine_does_not_change(centre, by):
    retired = make.MachineFactory.create(centre=centre, retired=True)
    with pytest.raises(machine_states.Retired):
        machines.edit(retired, by=by, name_en="x")


CHANGES = {
    "edit": lambda m, by: machines.edit(m, by=by, name_en="x"),
    "publish": lambda m, by: machines.publish(m, by=by),
    "retire": lambda m, by: machines.set_state(m, state="retired", by=by),
    "peak": lambda m, by: machines.set_peak(
        m.partitions.get(), precision="FP8", gigaflops=1, by=by
    ),
    "resource": lambda m, by: machines.add_resource(m, tres="cpu", by=by),
    "certify": lambda m, by: machines.certify(
        m.resources.get(), month=date(2026, 12, 1), seconds=1, by=by
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("who", [member, operator, research_officer])
def test_only_the_centres_operators_change_a_machine(whole, change, who):
    with pytest.raises(PermissionDenied):
        CHANGES[change](whole, who())
    assert not events()


def test_certify_and_correct(whole, by):
    resource = whole.resources.get()
    machines.certify(resource, month=date(2027, 1, 15), seconds=10 * HOUR, by=by)
    machines.certify(resource, month=date(2027, 1, 1), seconds=20 * HOUR, by=by)
    january = resource.capacities.get(month=date(2027, 1, 1))
    assert (january.seconds, january.certified_by) == (20 * HOUR, by)
    assert capacity.certified(resource) == 1_000_020 * HOUR


def test_certify_no_more_than_the_hardware_has(whole, by):
    most = whole.cards * 28 * 24 * HOUR
    february = date(2027, 2, 1)
    machines.certify(whole.resources.get(), month=february, seconds=most, by=by)
    with pytest.raises(machines.NotPhysical, match="1,376,256 hours"):
        machines.certify(whole.resources.get(), month=february, seconds=most + 1, by=by)


def test_certify_no_less_than_calls_have_set_aside(centre, by):
    machine = make.machine(centre=centre, hours=500)
    resource = machine.resources.get()
    make.call_with(resource, hours=400)
    month = date(2026, 12, 1)
    machines.certify(resource, month=month, seconds=400 * HOUR, by=by)
    with pytest.raises(capacity.AlreadyPromised):
        machines.certify(resource, month=month, seconds=399 * HOUR, by=by)
    assert capacity.certified(resource) == 400 * HOUR
