"""Everything that changes a machine. By operators of its centre."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions.capacity import check_certified
from compute_grants.actions.machine_states import locked, move
from compute_grants.actions.maintenance import settle_windows
from compute_grants.capacity import hardware_seconds
from compute_grants.models import Capacity, Machine, Origin, Partition, PeakRate, Resource
from compute_grants.policies import machines as policy
from consortium import audit
from consortium.errors import DomainError, Invalid
from consortium.models import Institution, User
from consortium.states import require_transition

State = Machine.State
NodeType = Partition.NodeType
FIXED_ONCE_PUBLISHED = frozenset({"code", "cluster", "backend"})


class NotReady(DomainError):
    """Something that must be known before publication is missing."""


class NotPhysical(DomainError):
    """More time than the hardware has."""


@transaction.atomic
def create(*, centre: Institution, by: User, **fields: Any) -> Machine:
    """A new draft. `fields` are those of Machine but centre and state.

    Raises PermissionDenied, or Invalid where the code or cluster name is taken.
    """
    policy.can_create(by, centre).require()
    machine = _save(Machine(centre=centre, **fields))
    audit.record("machine.created", machine, by=by, code=machine.code)
    return machine


@transaction.atomic
def edit(machine: Machine, *, by: User, **fields: Any) -> Machine:
    """Change what is said about a machine. Its code, cluster and backend are fixed once public."""
    machine = locked(machine, by)
    changed = {name for name, value in fields.items() if getattr(machine, name) != value}
    if machine.state != State.DRAFT and changed & FIXED_ONCE_PUBLISHED:
        raise DomainError(
            _("Code, cluster name and backend are fixed once a machine has been published.")
        )
    for name in changed:
        setattr(machine, name, fields[name])
    if changed:
        machine = _save(machine)
        audit.record("machine.edited", machine, by=by, fields=sorted(changed))
    return machine


def _save(machine: Machine) -> Machine:
    try:
        with transaction.atomic():
            machine.save()
    except IntegrityError as error:
        field = "cluster" if "cluster" in str(error) else "code"
        raise Invalid({field: [_("Another machine has this name. Choose another.")]}) from error
    return machine


@transaction.atomic
def add_partition(machine: Machine, *, by: User, **fields: Any) -> Partition:
    """`fields` are those of Partition. Raises Invalid where the machine has one of this name."""
    machine = locked(machine, by)
    if machine.partitions.filter(name=fields["name"]).exists():
        raise Invalid({"name": [_("The machine has a partition of this name.")]})
    _check_node_type(fields)
    partition = Partition.objects.create(machine=machine, **fields)
    audit.record("machine.partition_added", machine, by=by, partition=partition.name)
    return partition


@transaction.atomic
def change_partition(partition: Partition, *, by: User, **fields: Any) -> Partition:
    """Change what is said of a partition. Its name is fixed once the machine has been published.

    Raises PermissionDenied, Retired, DomainError for the name, or Invalid.
    """
    machine = locked(partition.machine, by)
    partition = Partition.objects.select_for_update().get(pk=partition.pk)
    name = fields.get("name", partition.name)
    if name != partition.name:
        if machine.state != State.DRAFT:
            raise DomainError(_("The name of a partition is fixed once it has been published."))
        if machine.partitions.filter(name=name).exists():
            raise Invalid({"name": [_("The machine has a partition of this name.")]})
    whole = {each: getattr(partition, each) for each in _OF_NODES} | fields
    had, has = bool(partition.accelerators_per_node), bool(whole["accelerators_per_node"])
    if had != has and "node_type" not in fields:
        del whole["node_type"]  # it follows from the accelerators
    _check_node_type(whole)
    changed = sorted(each for each, value in whole.items() if getattr(partition, each) != value)
    for each in changed:
        setattr(partition, each, whole[each])
    if changed:
        partition.save(update_fields=changed)
        audit.record(
            "machine.partition_changed", machine, by=by, partition=partition.name, fields=changed
        )
    return partition


_OF_NODES = ("nodes", "node_type", "accelerator", "accelerators_per_node", "accelerator_origin")


def _check_node_type(fields: dict[str, Any]) -> None:
    """Make the node type fit the accelerators, from which it follows where it is not given."""
    widest = fields.get("max_nodes_per_job")
    if widest and widest > fields["nodes"]:
        message = _("The widest job has no more nodes than the partition.")
        raise Invalid({"max_nodes_per_job": [message]})
    cards = bool(fields.get("accelerators_per_node"))
    if bool(fields.get("accelerator")) != cards:
        message = _("Give both the accelerator's model and the number per node, or neither.")
        raise Invalid({"accelerators_per_node": [message]})
    kind = fields.setdefault("node_type", NodeType.CPU_GPU if cards else NodeType.CPU)
    if (kind in Partition.WITHOUT_CARDS) == cards:
        message = _("Nodes of this type have no accelerators; choose another type, or give none.")
        if not cards:
            message = _("Nodes of this type have accelerators. Give their model and number.")
        raise Invalid({"node_type": [message]})
    if kind == NodeType.DOMESTIC:
        origin = fields.get("accelerator_origin") or Origin.DOMESTIC
        if origin != Origin.DOMESTIC:
            message = _("A domestic accelerator is of domestic origin. Choose another node type.")
            raise Invalid({"accelerator_origin": [message]})
        fields["accelerator_origin"] = origin


@transaction.atomic
def remove_partition(partition: Partition, *, by: User) -> None:
    """Only from a draft: proposals were written against a published one."""
    machine = locked(partition.machine, by)
    if machine.state != State.DRAFT:
        raise DomainError(_("A partition of a published machine cannot be removed."))
    audit.record("machine.partition_removed", machine, by=by, partition=partition.name)
    partition.delete()


@transaction.atomic
def set_peak(partition: Partition, *, precision: str, gigaflops: int, by: User) -> PeakRate:
    """State the peak of one card (or node) of the partition at a precision."""
    machine = locked(partition.machine, by)
    peak, _new = PeakRate.objects.update_or_create(
        partition=partition, precision=precision, defaults={"gigaflops": gigaflops}
    )
    audit.record(
        "machine.peak_set",
        machine,
        by=by,
        partition=partition.name,
        precision=precision,
        gigaflops=gigaflops,
    )
    return peak


@transaction.atomic
def set_peaks(partition: Partition, *, gigaflops: Mapping[str, int], by: User) -> None:
    """State all peaks of a partition, by precision. Those left out go, while it is a draft."""
    machine = locked(partition.machine, by)
    gone = partition.peaks.exclude(precision__in=gigaflops)
    if machine.state != State.DRAFT and gone.exists():
        raise DomainError(_("Proposals may rest on a published peak, so it can only be corrected."))
    gone.delete()
    stated = dict(partition.peaks.values_list("precision", "gigaflops"))
    for precision, rate in gigaflops.items():
        if stated.get(precision) != rate:
            set_peak(partition, precision=precision, gigaflops=rate, by=by)


@transaction.atomic
def add_resource(machine: Machine, *, tres: str, by: User) -> Resource:
    """Offer the machine's cards or cores. Offering the same twice is the same."""
    machine = locked(machine, by)
    if not machine.units_of(tres):
        raise NotPhysical(_("This machine has none of these. State how many it has first."))
    resource, new = Resource.objects.get_or_create(
        machine=machine, tres=tres, defaults={"unit": Resource.UNITS[Resource.Tres(tres)]}
    )
    if new:
        audit.record("machine.resource_added", machine, by=by, tres=tres)
    return resource


@transaction.atomic
def publish(machine: Machine, *, by: User) -> Machine:
    """Show a draft to everybody. Raises NotReady with what is missing, or WrongState."""
    machine = locked(machine, by)
    require_transition(Machine.TRANSITIONS, machine.state, State.PUBLISHED)
    missing = lacking(machine)
    if missing:
        message = _("Before publishing, add: %(missing)s.")
        raise NotReady(message % {"missing": "; ".join(missing)})
    return move(machine, State.PUBLISHED, "machine.published", by)


def lacking(machine: Machine) -> list[str]:
    """What a machine needs before it can be published, in the reader's words."""
    needs = {
        _("a partition"): machine.partitions.exists(),
        _("a peak rate"): PeakRate.objects.filter(partition__machine=machine).exists(),
        _("a resource to give time of"): machine.resources.exists(),
        _("its power"): machine.power_watts > 0,
        _("the source of its figures"): bool(machine.source),
    }
    return [name for name, present in needs.items() if not present]


@transaction.atomic
def set_state(machine: Machine, *, state: str, by: User) -> Machine:
    """Into maintenance, back into service, or retired."""
    machine = locked(machine, by)
    if machine.state == State.DRAFT:
        raise DomainError(_("A draft is published first."))
    require_transition(Machine.TRANSITIONS, machine.state, state)
    events = {
        State.PUBLISHED: "machine.returned_to_service",
        State.MAINTENANCE: "machine.in_maintenance",
        State.RETIRED: "machine.retired",
    }
    settle_windows(machine, state, by=by)
    return move(machine, State(state), events[State(state)], by)


@transaction.atomic
def certify(resource: Resource, *, month: date, seconds: int, by: User) -> Capacity:
    """Certify how much time of `resource` can be given away in a month; again to correct it.

    Raises NotPhysical above what the hardware has in that month, AlreadyPromised below what
    calls have set aside.
    """
    machine = locked(resource.machine, by)
    resource = Resource.objects.select_for_update().get(pk=resource.pk)
    month = month.replace(day=1)
    most = hardware_seconds(machine.units_of(resource.tres), month)
    if seconds > most:
        message = _("The hardware has %(most)s hours in that month. Certify no more than that.")
        raise NotPhysical(message % {"most": f"{most // 3600:,}"})
    capacity, _new = Capacity.objects.update_or_create(
        resource=resource,
        month=month,
        defaults={"seconds": seconds, "certified_by": by, "certified_at": timezone.now()},
    )
    check_certified(resource)
    audit.record(
        "machine.capacity_certified",
        machine,
        by=by,
        tres=resource.tres,
        month=f"{month:%Y-%m}",
        seconds=seconds,
    )
    return capacity
