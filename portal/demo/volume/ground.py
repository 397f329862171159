"""What stands before a call: institutions, people and machines. Volume only, so in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random

from compute_grants.models import (
    Capacity,
    FusionStage,
    Machine,
    Origin,
    Partition,
    PeakRate,
    Precision,
    Resource,
)
from consortium.models import (
    Affiliation,
    Arm,
    ArmAppointment,
    Institution,
    Reviewer,
    User,
)
from portal.demo import clock
from portal.demo.volume.content import GIVEN, PLACES, SURNAMES, TOPICS

HOUR = 3600
TERA = 1000  # gigaflops
GIB = 1024**3
PANELLISTS = 7
MONTHS_BACK, MONTHS_AHEAD = 3, 18
KINDS = (
    # kind, how many for each ten machines, arm, name_en, name_zh
    (Institution.Kind.CENTRE, 5, Arm.RESEARCH, "{} Supercomputing Centre", "{}超级计算中心"),
    (Institution.Kind.UNIVERSITY, 12, Arm.RESEARCH, "{} University", "{}大学"),
    (Institution.Kind.INSTITUTE, 8, Arm.RESEARCH, "{} Institute of the Academy", "{}研究所"),
    (Institution.Kind.ENTERPRISE, 3, Arm.DEPLOYMENT, "{} Intelligence", "{}智能"),
    (Institution.Kind.PUBLIC_BODY, 1, Arm.RESEARCH, "{} Science Fund", "{}科学基金会"),
    (Institution.Kind.OBSERVER, 2, Arm.RESEARCH, "{} Learned Society", "{}学会"),
)
# Where leads and reviewers work; only these have related groups.
SEATS = frozenset({Institution.Kind.UNIVERSITY, Institution.Kind.INSTITUTE})


@dataclass(slots=True)
class Ground:
    """Everybody and everything that was made. leads, reviewers: with their topics' places."""

    key: str
    office: list[User] = field(default_factory=list)
    panel: list[User] = field(default_factory=list)
    operators: dict[int, User] = field(default_factory=dict)  # by centre id
    leads: list[tuple[User, Institution, int]] = field(default_factory=list)
    reviewers: list[tuple[User, tuple[int, ...]]] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    precisions: dict[int, list[str]] = field(default_factory=dict)  # by machine id
    units: dict[int, int] = field(default_factory=dict)  # cards or cores, by resource id
    gigaflops: dict[int, int] = field(default_factory=dict)  # of one of these, at its best


def lay(key: str, random: Random, *, machines: int, reviewers: int, leads: int) -> Ground:
    """Make it all. `key` is in every name that must be unique."""
    ground = Ground(key)
    houses = _institutions(key)
    people = iter(_people(key, random, reviewers + leads + 2 * len(houses) + PANELLISTS + 2))
    rows: list[Affiliation] = []
    _offices(ground, people)
    seats = [h for h in houses if h.kind in SEATS]
    societies = [h for h in houses if h.kind == Institution.Kind.OBSERVER]
    for house in houses:
        _joins(rows, next(people), house, Affiliation.Role.ADMIN)
        if house.kind == Institution.Kind.CENTRE:
            ground.operators[house.pk] = _joins(
                rows, next(people), house, Affiliation.Role.OPERATOR
            )
    for place in range(leads):
        house = seats[place % len(seats)]
        person = _joins(rows, next(people), house, Affiliation.Role.PRINCIPAL)
        ground.leads.append((person, house, random.randrange(len(TOPICS))))
    for place in range(reviewers + PANELLISTS):
        # A panellist's institution leads no proposal, so that nobody need stay out of a set.
        house = random.choice(societies if place < PANELLISTS else seats)
        person = _joins(rows, next(people), house, Affiliation.Role.MEMBER)
        if place < PANELLISTS:
            ground.panel.append(person)
        else:
            topics = tuple(random.sample(range(len(TOPICS)), k=random.choice((1, 2, 2, 3))))
            ground.reviewers.append((person, topics))
    Affiliation.objects.bulk_create(rows)
    _standing(ground)
    _machines(ground, random, machines, [h for h in houses if h.kind == Institution.Kind.CENTRE])
    return ground


def _institutions(key: str) -> list[Institution]:
    rows = []
    for kind, count, arm, name_en, name_zh in KINDS:
        for n in range(count):
            place_en, place_zh = PLACES[n % len(PLACES)]
            turn = f" {n // len(PLACES) + 1}" if n >= len(PLACES) else ""
            slug = f"{key}-{kind.value.replace('_', '-')}-{n + 1}"
            rows.append(
                Institution(
                    slug=slug,
                    kind=kind,
                    arm=arm,
                    state=Institution.State.ACTIVE,
                    name_en=name_en.format(place_en) + turn,
                    name_zh=name_zh.format(place_zh) + turn.strip(),
                    related_group=f"{key}-{place_en}" if kind in SEATS and n % 4 == 0 else "",
                )
            )
    return Institution.objects.bulk_create(rows)


def _people(key: str, random: Random, count: int) -> list[User]:
    rows = []
    for n in range(count):
        (family_en, family_zh), (given_en, given_zh) = random.choice(SURNAMES), random.choice(GIVEN)
        rows.append(
            User(
                email=f"person{n + 1}@{key}.consortium.example",
                name_en=f"{given_en} {family_en}",
                name_zh=f"{family_zh}{given_zh}",
                password="!",  # noqa: S106  nobody signs in with it
            )
        )
    return User.objects.bulk_create(rows)


def _joins(rows: list[Affiliation], person: User, house: Institution, role: str) -> User:
    since = clock.days(-400).date()
    rows.append(Affiliation(user=person, institution=house, role=role, since=since))
    return person


def _offices(ground: Ground, people: Iterator[User]) -> None:
    ground.office = [next(people), next(people)]
    since = clock.days(-400).date()
    office = ArmAppointment.Office.RESEARCH
    ArmAppointment.objects.bulk_create(
        ArmAppointment(user=person, office=office, since=since) for person in ground.office
    )


def _standing(ground: Ground) -> None:
    since = clock.days(-400).date()
    rows = [Reviewer(user=person, panellist=True, since=since) for person in ground.panel]
    rows += [
        Reviewer(user=person, topics=[TOPICS[n].key for n in topics], since=since)
        for person, topics in ground.reviewers
    ]
    Reviewer.objects.bulk_create(rows)


@dataclass(frozen=True, slots=True)
class _Type:
    """A kind of machine. peaks: TFLOPS of one card, or of one node without cards."""

    kind: str
    node_type: str
    accelerator: str
    cards: int
    cores: int
    nodes: tuple[int, int]
    watts_per_node: int
    peaks: dict[str, int]


P = Precision
_TYPES = (
    _Type("ai", "domestic", "Accelerator A", 8, 128, (256, 1024), 6500,
          {P.BF16: 320, P.FP16: 320, P.FP32: 80, P.INT8: 640}),
    _Type("ai", "cpu_gpu", "Accelerator B", 8, 112, (64, 512), 10200,
          {P.BF16: 990, P.FP16: 990, P.FP8: 1980, P.FP32: 67, P.FP64: 34}),
    _Type("supercomputing", "superchip", "Superchip C", 4, 288, (128, 512), 2800,
          {P.BF16: 900, P.FP16: 900, P.FP64: 60, P.FP32: 60}),
    _Type("supercomputing", "manycore", "", 0, 390, (2048, 8192), 450, {P.FP64: 12, P.FP32: 24}),
    _Type("general", "cpu", "", 0, 128, (512, 2048), 900, {P.FP64: 7, P.FP32: 14}),
)  # fmt: skip


def _machines(ground: Ground, random: Random, count: int, centres: list[Institution]) -> None:
    made = [_machine(ground.key, random, n, centres[n % len(centres)]) for n in range(count)]
    Machine.objects.bulk_create(machine for machine, _type in made)
    Partition.objects.bulk_create(parts := [_partition(machine, kind) for machine, kind in made])
    PeakRate.objects.bulk_create(
        PeakRate(partition=part, precision=precision, gigaflops=teraflops * TERA)
        for part, (_machine_, kind) in zip(parts, made, strict=True)
        for precision, teraflops in kind.peaks.items()
    )
    best: dict[int, int] = {}
    for machine, kind in made:
        ground.precisions[machine.pk] = [str(precision) for precision in kind.peaks]
        # A type without cards states the peak of a node.
        best[machine.pk] = max(kind.peaks.values()) * TERA // (1 if kind.cards else kind.cores)
    tres = Resource.Tres
    ground.resources = Resource.objects.bulk_create(
        Resource(machine=machine, tres=one, unit=Resource.UNITS[one])
        for machine, kind in made
        for one in ([tres.CARDS] if kind.cards else [tres.CORES])
    )
    for resource in ground.resources:
        machine = resource.machine
        cards = resource.tres == tres.CARDS
        ground.units[resource.pk] = machine.cards if cards else machine.cores
        ground.gigaflops[resource.pk] = best[machine.pk]
    _capacities(ground)


def _machine(key: str, random: Random, n: int, centre: Institution) -> tuple[Machine, _Type]:
    kind = _TYPES[n % len(_TYPES)]
    nodes = random.randrange(*kind.nodes)
    place_en, place_zh = PLACES[n % len(PLACES)]
    machine = Machine(
        code=f"{key}-m{n + 1}",
        cluster=f"{key.replace('-', '_')}_m{n + 1}",
        centre=centre,
        kind=kind.kind,
        state=Machine.State.PUBLISHED,
        name_en=f"{place_en} {n + 1}",
        name_zh=f"{place_zh}{n + 1}号",
        power_watts=nodes * kind.watts_per_node,
        nodes=nodes,
        cards=nodes * kind.cards,
        cores=nodes * kind.cores,
        stages=[FusionStage.FOR_AI.value],
        source="Made up",
        description_en="A machine made up for a call of full size.",
        description_zh="为完整规模的征集虚构的机器。",
    )
    return machine, kind


def _partition(machine: Machine, kind: _Type) -> Partition:
    domestic = kind.node_type == Partition.NodeType.DOMESTIC
    return Partition(
        machine=machine,
        name="main",
        nodes=machine.nodes,
        node_type=kind.node_type,
        accelerator=kind.accelerator,
        accelerators_per_node=kind.cards,
        accelerator_origin=(Origin.DOMESTIC if domestic else Origin.FOREIGN) if kind.cards else "",
        accelerator_memory_bytes=96 * GIB if kind.cards else None,
        cores_per_node=kind.cores,
        memory_bytes_per_node=1024 * GIB,
        max_wall_seconds=72 * HOUR,
    )


def _capacities(ground: Ground) -> None:
    """Half of each machine's time, certified for the months around today."""
    Capacity.objects.bulk_create(
        Capacity(
            resource=resource,
            month=month,
            seconds=ground.units[resource.pk] * 360 * HOUR,
            certified_by=ground.operators[resource.machine.centre_id],
        )
        for resource in ground.resources
        for month in _months()
    )


def _months() -> list[date]:
    today = clock.days(0).date()
    index = today.year * 12 + today.month - 1
    return [
        date(n // 12, n % 12 + 1, 1) for n in range(index - MONTHS_BACK, index + MONTHS_AHEAD + 1)
    ]
