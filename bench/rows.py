"""Many rows of one noun, written in bulk, and those who see all of them.

Shared by the benchmark of lists and by the tests that hold every list to its number of queries;
nouns.py says which pages show which.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from django.utils import timezone

from compute_grants.models import (
    Allocation,
    Call,
    Criterion,
    FusionStage,
    Machine,
    Proposal,
    Resource,
    ResourceRequest,
    Review,
    ReviewAssignment,
    Score,
    UsageImport,
    UsageRecord,
)
from consortium.actions import ledger
from consortium.models import Account, Institution, Unit, User
from portal.demo.volume.ground import Ground, lay

HOUR = 3600
AT_ONCE = 5_000


@dataclass(slots=True)
class Cast:
    """One of each role, who all see every row, and what the rows hang on."""

    ground: Ground
    pi: User
    institution: Institution
    operator: User
    office: User
    reviewer: User
    chair: User
    resource: Resource
    call: Call
    made: dict[str, int] = field(default_factory=dict)


def cast(key: str = "b") -> Cast:
    ground = lay(key, Random(7), machines=5, reviewers=3, leads=1)  # noqa: S311  volume only
    lead, institution, _topic = ground.leads[0]
    resource = ground.resources[0]
    now = timezone.now()
    call = Call.objects.create(
        code=f"C-{key}"[:16],
        kind=Call.Kind.ROOT_MODEL,
        stage=FusionStage.FOR_AI,
        state=Call.State.IN_REVIEW,
        title_en="Many rows",
        title_zh="许多行",
        opens_at=now - timedelta(days=60),
        closes_at=now - timedelta(days=30),
    )
    call.panel.add(ground.panel[0])
    Criterion.objects.create(
        call=call, position=1, name_en="Merit", name_zh="价值", weight_percent=100
    )
    return Cast(
        ground=ground,
        pi=lead,
        institution=institution,
        operator=ground.operators[resource.machine.centre_id],
        office=ground.office[0],
        reviewer=ground.reviewers[0][0],
        chair=ground.panel[0],
        resource=resource,
        call=call,
    )


def numbers(people: Cast, noun: str, count: int) -> range:
    """The next `count` numbers of a noun."""
    first = people.made.get(noun, 0)
    people.made[noun] = first + count
    return range(first, first + count)


def proposals(people: Cast, count: int, state: str = Proposal.State.RANKED) -> list[Proposal]:
    """Led by the PI, on the operator's machine, under the chair's call, read by the reviewer."""
    now = timezone.now()
    made = Proposal.objects.bulk_create(
        (
            Proposal(
                number=f"PB-{people.ground.key}-{n}",
                call=people.call,
                lead=people.pi,
                institution=people.institution,
                title_en=f"Proposal {n}",
                title_zh=f"申请书{n}",
                state=state,
                submitted_at=now - timedelta(days=20),
                content_hash="ab" * 32,
            )
            for n in numbers(people, "proposals", count)
        ),
        batch_size=AT_ONCE,
    )
    ResourceRequest.objects.bulk_create(
        (
            ResourceRequest(
                proposal=proposal,
                resource=people.resource,
                precision="BF16",
                seconds=1000 * HOUR,
                cards=64,
                justification="Measured.",
            )
            for proposal in made
        ),
        batch_size=AT_ONCE,
    )
    _assigned(people, made, ReviewAssignment.State.CONFIRMED)
    return made


def _assigned(people: Cast, made: list[Proposal], state: str) -> list[ReviewAssignment]:
    now = timezone.now()
    return ReviewAssignment.objects.bulk_create(
        (
            ReviewAssignment(
                proposal=proposal,
                reviewer=people.reviewer,
                state=state,
                assigned_by=people.office,
                declared_at=now,
                due_at=now + timedelta(days=14),
            )
            for proposal in made
        ),
        batch_size=AT_ONCE,
    )


def reviews(people: Cast, count: int) -> None:
    """Reviews of the reviewer that are in."""
    made = proposals(people, count, Proposal.State.PEER_REVIEW)
    rows = list(ReviewAssignment.objects.filter(proposal__in=[proposal.pk for proposal in made]))
    ReviewAssignment.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=ReviewAssignment.State.SUBMITTED
    )
    written = Review.objects.bulk_create(
        (Review(assignment=row, comment="Sound.") for row in rows), batch_size=AT_ONCE
    )
    criterion = people.call.criteria.get()
    Score.objects.bulk_create(
        (Score(review=one, criterion=criterion, value=4, reason="Sound.") for one in written),
        batch_size=AT_ONCE,
    )


def allocations(people: Cast, count: int) -> list[Allocation]:
    """Grants of the PI on the operator's machine, each with its account."""
    made = proposals(people, count, Proposal.State.AWARDED)
    accounts = Account.objects.bulk_create(
        (
            Account(
                unit=people.resource.unit,
                kind=Account.Kind.ALLOCATION,
                owner=f"rows:{proposal.pk}",
                capped=False,
            )
            for proposal in made
        ),
        batch_size=AT_ONCE,
    )
    return Allocation.objects.bulk_create(
        (
            Allocation(
                number=f"NB-2030-{proposal.pk}",
                proposal=proposal,
                resource=people.resource,
                account=account,
                seconds=1000 * HOUR,
                starts_on=date(2030, 1, 1),
                ends_on=date(2030, 12, 31),
            )
            for proposal, account in zip(made, accounts, strict=True)
        ),
        batch_size=AT_ONCE,
    )


def usage(people: Cast, count: int) -> None:
    """Job runs of the PI's first grant, a minute apart."""
    grant = first_grant(people)
    machine: Machine = people.resource.machine
    reading, _new = UsageImport.objects.get_or_create(
        machine=machine, source="rows", sha256="ab" * 32, size_bytes=1
    )
    now = timezone.now()
    stages, sources = UsageRecord.Stage.values, UsageRecord.EnergySource
    UsageRecord.objects.bulk_create(
        (
            UsageRecord(
                cluster=machine.cluster,
                job_id_raw=n,
                submit_at=now - timedelta(minutes=n + 70),
                allocation=grant,
                account="rows",
                job_id=str(n),
                cluster_user="user",
                partition="main",
                job_state="COMPLETED" if n % 9 else "FAILED",
                stage=stages[n % len(stages)],
                start_at=now - timedelta(minutes=n + 65),
                end_at=now - timedelta(minutes=n + 5),
                used_at=now - timedelta(minutes=n + 5),
                elapsed_seconds=HOUR,
                card_seconds=8 * HOUR,
                core_seconds=128 * HOUR,
                energy_joules=10**7,
                energy_source=sources.MEASURED if n % 2 else sources.ESTIMATED,
                charged=8 * HOUR,
                read_by=reading,
                read_at=now,
            )
            for n in numbers(people, "usage", count)
        ),
        batch_size=AT_ONCE,
    )


def movements(people: Cast, count: int) -> None:
    """Movements on the account of the PI's first grant."""
    grant = first_grant(people)
    assert grant.account
    sink = ledger.open_account(
        unit=Unit(people.resource.unit),
        kind=Account.Kind.USAGE,
        owner=f"rows:{people.ground.key}",
        capped=False,
    )
    made = numbers(people, "movements", count)
    for first in range(made.start, made.stop, AT_ONCE):
        ledger.post_many(
            [
                ledger.Posting(uuid.uuid4(), grant.account.pk, sink.pk, 1 + n % 7, "usage")
                for n in range(first, min(first + AT_ONCE, made.stop))
            ]
        )


def first_grant(people: Cast) -> Allocation:
    """The PI's."""
    found = Allocation.objects.filter(proposal__lead=people.pi).order_by("pk").first()
    return found or allocations(people, 1)[0]
