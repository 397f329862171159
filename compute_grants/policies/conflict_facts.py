"""What is known of people that can make a conflict: where they work and worked, and their ties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import OuterRef, Q, Subquery, TextField, Value
from django.db.models.functions import Coalesce

from compute_grants.models import ReviewPolicy, Tie, TieEvidence
from compute_grants.months import months_before
from consortium.models import Affiliation, ArmAppointment, in_force

House = str  # a related group, or an institution that belongs to none
WALL = "wall"


class Fact(NamedTuple):
    """What is known of one person.

    kind: a Tie.Kind, EMPLOYMENT for affiliations, too, or WALL for the office on its other side.
    The institution and its related group are those of an employment; `tie` is the id of a tie
    to the person under `email`, `evidence` the numbers of what it rests on, where the portal
    found it.
    """

    kind: str
    person: int
    until: date | None
    institution: int
    group: str
    tie: int
    email: str
    evidence: str


def facts_of(people: frozenset[int], policy: ReviewPolicy, today: date) -> list[Fact]:
    """Affiliations and ties of these people, and who of them works across the wall. One query.

    A suspended member is still a home: whoever works there has the interest.
    """
    since = months_before(today, policy.former_employer_months)
    recent = Q(until__isnull=True) | Q(until__gte=since)
    house = ("institution", "institution__related_group")
    nobody, unproven = (Value(0), Value("")), Value("")
    affiliations = Affiliation.objects.filter(recent, user__in=people, since__lte=today)
    ties = Tie.objects.standing().filter(recent | ~Q(kind=Tie.Kind.EMPLOYMENT), person__in=people)
    across = ArmAppointment.objects.filter(
        in_force(today), user__in=people, office=ArmAppointment.Office.DEPLOYMENT
    )
    rows = affiliations.values_list(
        Value(Tie.Kind.EMPLOYMENT.value), "user", "until", *house, *nobody, unproven
    ).union(
        ties.values_list("kind", "person", "until", *house, "pk", "other_email", _evidence()),
        across.values_list(Value(WALL), "user", "until", *nobody, *nobody, unproven),
        all=True,
    )
    return [Fact(*row) for row in rows]


def _evidence() -> Coalesce:
    """Of a tie: "OUT-2026-0001, P-2026-0003", the latest first; empty where nothing was found."""
    number = Coalesce("output__number", "proposal__number")
    rows = TieEvidence.objects.filter(tie=OuterRef("pk")).order_by().values("tie")
    numbers = rows.annotate(numbers=StringAgg(number, ", ", order_by=("-on", "pk")))
    return Coalesce(Subquery(numbers.values("numbers")), Value(""), output_field=TextField())


@dataclass(slots=True)
class Homes:
    """Where somebody works and has worked within the window: {house: institution id}."""

    now: dict[House, int] = field(default_factory=dict)
    past: dict[House, int] = field(default_factory=dict)


def house_of(institution: int, group: str) -> House:
    return f"group {group}" if group else f"institution {institution}"


def homes_of(facts: Iterable[Fact], today: date) -> dict[int, Homes]:
    found: dict[int, Homes] = defaultdict(Homes)
    for fact in facts:
        if fact.kind != Tie.Kind.EMPLOYMENT:
            continue
        homes = found[fact.person]
        kept = homes.past if fact.until and fact.until < today else homes.now
        kept[house_of(fact.institution, fact.group)] = fact.institution
    for homes in found.values():
        homes.past = {house: pk for house, pk in homes.past.items() if house not in homes.now}
    return found
