"""Runs of the award optimiser as pages and the API show them.

Whoever has an interest in a proposal never sees its row, nor a sum from which it could be worked
out: with a masked row, sums are those of the rows shown, and merit and floors are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from compute_grants.models import AccessType, AwardRun, Call, CallRound, Proposal, Resource
from compute_grants.policies.panel_interests import interests
from compute_grants.queries.award_reasons import Telling, sentence
from compute_grants.queries.rounds import within
from consortium.models import Institution, User

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Line:
    """Of one proposal on one resource, in its seconds; cap: what is feasible there."""

    resource: Resource
    asked: int
    cap: int
    awarded: int


@dataclass(frozen=True, slots=True)
class ResultRow:
    """rank: in the panel's order. A masked row has its number and nothing else."""

    number: str
    masked: bool
    rank: int = 0
    merit: float = 0.0
    proposal: Proposal | None = None
    lines: list[Line] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    @property
    def awarded(self) -> bool:
        return any(line.awarded for line in self.lines)

    @property
    def whole(self) -> bool:
        return self.awarded and all(line.awarded >= line.asked for line in self.lines)

    @property
    def outcome(self) -> str:
        """masked | declined | awarded | partly"""
        if self.masked:
            return "masked"
        if not self.awarded:
            return "declined"
        return "awarded" if self.whole else "partly"


@dataclass(frozen=True, slots=True)
class Use:
    """Of one resource: seconds to be awarded, and those awarded in the rows shown."""

    resource: Resource
    capacity: int
    awarded: int
    proposals: int

    @property
    def left(self) -> int:
        return self.capacity - self.awarded

    @property
    def percent(self) -> float:
        return round(100 * self.awarded / self.capacity, 1) if self.capacity else 0.0


@dataclass(frozen=True, slots=True)
class FloorRow:
    """Credits that shall go to a kind of institution, that do, and that are missing."""

    kind: str
    wanted: float
    missing: float

    @property
    def given(self) -> float:
        """At least so much."""
        return self.wanted - self.missing


def runs_of(call: Call, user: User) -> QuerySet[AwardRun]:
    """The newest first, without their inputs and results, which are large."""
    rows = AwardRun.objects.visible_to(user).filter(call=call)
    return (
        rows.defer("inputs", "result").select_related("started_by", "call", "round").order_by("-pk")
    )


def unreviewed(call: Call, user: User, call_round: CallRound | None = None) -> list[Proposal]:
    """What waits for a decision without reviews: no merit, so no run weighs it. Two queries.

    Without those in which the reader has an interest.
    """
    states = [Proposal.State.RANKED, Proposal.State.WAITLISTED]
    rows = call.proposals.filter(
        within(call_round), state__in=states, access_type__depth=AccessType.Depth.TECHNICAL
    )
    found = list(rows.select_related("institution").order_by("number"))
    own = interests(user, found)
    return [proposal for proposal in found if proposal.pk not in own]


class Sources:
    """The rows that some runs speak of, for one reader. Three queries, when they are needed."""

    def __init__(self, runs: Iterable[AwardRun], user: User) -> None:
        self.runs = list(runs)
        self.user = user

    @cached_property
    def resources(self) -> dict[str, Resource]:
        keys = {row["key"] for run in self.runs for row in run.inputs["machines"]}
        rows = Resource.objects.select_related("machine").filter(pk__in=keys)
        return {str(row.pk): row for row in rows}

    @cached_property
    def proposals(self) -> dict[str, Proposal]:
        numbers = {entry["key"] for run in self.runs for entry in run.inputs["proposals"]}
        rows = Proposal.objects.filter(number__in=numbers).select_related("institution")
        return {proposal.number: proposal for proposal in rows}

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Numbers of the proposals in which the reader has an interest."""
        own = interests(self.user, self.proposals.values())
        return frozenset(n for n, proposal in self.proposals.items() if proposal.pk in own)


class Result:
    """One run for one reader."""

    def __init__(self, run: AwardRun, user: User, sources: Sources | None = None) -> None:
        self.run = run
        self.sources = sources or Sources([run], user)
        self.data: Mapping[str, Any] = run.result or {}

    @property
    def resources(self) -> dict[str, Resource]:
        return self.sources.resources

    @cached_property
    def masked(self) -> bool:
        """Whether a row is hidden from this reader."""
        return any(row.masked for row in self.rows)

    @cached_property
    def rows(self) -> list[ResultRow]:
        """Every proposal that was considered, in the panel's order.

        Masked rows come last and count in no rank: where they stand is not for this reader.
        """
        hidden, proposals = self.sources.hidden, self.sources.proposals
        entries = [e for e in self.run.inputs["proposals"] if e["key"] not in hidden]
        mine = sorted(e["key"] for e in self.run.inputs["proposals"] if e["key"] in hidden)
        return [
            *(
                self._row(rank, entry, proposals[entry["key"]], plain=bool(hidden))
                for rank, entry in enumerate(entries, start=1)
            ),
            *(ResultRow(number, masked=True) for number in mine),
        ]

    def _row(
        self, rank: int, entry: Mapping[str, Any], proposal: Proposal, *, plain: bool
    ) -> ResultRow:
        award = self.data.get("awards", {}).get(entry["key"], {})
        said = self.data.get("reasons", {}).get(entry["key"], [])
        telling = Telling.PLAIN if plain else Telling.ALL
        words = [sentence(reason, self._label(reason), telling=telling) for reason in said]
        return ResultRow(
            number=entry["key"],
            masked=False,
            rank=rank,
            merit=entry["merit"],
            proposal=proposal,
            lines=[
                Line(
                    self.resources[each["machine"]],
                    each["asked"],
                    min(each["asked"], each["cap"]),
                    award.get(each["machine"], 0),
                )
                for each in entry["requests"]
            ],
            reasons=list(dict.fromkeys(words)),
        )

    def _label(self, reason: Mapping[str, Any]) -> str:
        resource = self.resources.get(reason["machine"])
        return resource.label if resource else ""

    @cached_property
    def uses(self) -> list[Use]:
        given: dict[int, list[int]] = {}
        for row in self.rows:
            for line in row.lines:
                if line.awarded:
                    given.setdefault(line.resource.pk, []).append(line.awarded)
        return [
            Use(
                resource=self.resources[machine["key"]],
                capacity=machine["capacity"],
                awarded=sum(given.get(int(machine["key"]), [])),
                proposals=len(given.get(int(machine["key"]), [])),
            )
            for machine in self.run.inputs["machines"]
        ]

    @cached_property
    def floors(self) -> list[FloorRow]:
        if self.masked:
            return []
        slack = self.data.get("slack", {})
        return [
            FloorRow(
                str(Institution.Kind(floor["kind"]).label),
                floor["credits"],
                slack.get(floor["kind"], 0.0),
            )
            for floor in self.run.inputs["floors"]
        ]

    def count(self, *outcomes: str) -> int:
        return sum(row.outcome in outcomes for row in self.rows)


@dataclass(frozen=True, slots=True)
class RowChange:
    """One proposal that two runs treat differently."""

    first: ResultRow
    second: ResultRow

    @property
    def sides(self) -> tuple[ResultRow, ResultRow]:
        return (self.first, self.second)


class Comparison:
    """Two runs of one call, the differences only."""

    def __init__(self, first: AwardRun, second: AwardRun, user: User) -> None:
        sources = Sources([first, second], user)
        self.first = Result(first, user, sources)
        self.second = Result(second, user, sources)

    @cached_property
    def rows(self) -> list[RowChange]:
        """Proposals that differ in what they get, or that only one of the runs considered."""
        second = {row.number: row for row in self.second.rows}
        first = {row.number: row for row in self.first.rows}
        numbers: Iterable[str] = dict.fromkeys([*first, *second])
        pairs = [
            RowChange(
                first.get(number) or ResultRow(number, masked=second[number].masked),
                second.get(number) or ResultRow(number, masked=first[number].masked),
            )
            for number in numbers
        ]
        return [pair for pair in pairs if _gets(pair.first) != _gets(pair.second)]

    @cached_property
    def parameters(self) -> list[tuple[str, object, object]]:
        """Name and both values of every parameter that differs."""
        one, two = self.first.run.parameters, self.second.run.parameters
        flat_one, flat_two = _flat(one), _flat(two)
        names = dict.fromkeys([*flat_one, *flat_two])
        return [
            (name, flat_one.get(name), flat_two.get(name))
            for name in names
            if flat_one.get(name) != flat_two.get(name)
        ]


def _gets(row: ResultRow) -> dict[int, int]:
    return {line.resource.pk: line.awarded for line in row.lines if line.awarded}


def _flat(parameters: Mapping[str, Any]) -> dict[str, object]:
    """floors and budgets by kind and resource: "floors.university"."""
    flat: dict[str, object] = {}
    for name, value in parameters.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{key}": each for key, each in value.items()}
        else:
            flat[name] = value
    return flat
