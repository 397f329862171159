"""The usage of one grant, read once: by day and stage, and what pages make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from compute_grants import grid
from compute_grants.models import Allocation, UsageRecord
from compute_grants.queries.usage import UsageTotals

BEIJING = ZoneInfo("Asia/Shanghai")
HOUR = 3600


@dataclass(frozen=True, slots=True)
class UsageGroup:
    """The job runs of one day (Beijing's) and stage. seconds: charged, in the grant's unit.

    joules: None where no run has a figure. users, partitions, states: each once.
    """

    day: date
    stage: str
    runs: int
    seconds: int
    card_seconds: int
    core_seconds: int
    joules: int | None
    measured_joules: int
    lost_card_seconds: int
    lost_core_seconds: int
    users: tuple[str, ...]
    partitions: tuple[str, ...]
    states: tuple[str, ...]


def usage_groups(allocation: Allocation) -> list[UsageGroup]:
    """All usage of a grant, oldest first: a row for each day and stage. One query."""
    measured = Q(energy_source=UsageRecord.EnergySource.MEASURED)
    lost = Q(job_state__in=UsageRecord.LOST)
    rows = (
        allocation.usage.annotate(day=TruncDate("used_at", tzinfo=BEIJING))
        .order_by("day", "stage")
        .values("day", "stage")
        .annotate(
            runs=Count("pk"),
            seconds=Sum("charged"),
            cards=Sum("card_seconds"),
            cores=Sum("core_seconds"),
            joules=Sum("energy_joules"),
            measured=Sum("energy_joules", filter=measured, default=0),
            lost_cards=Sum("card_seconds", filter=lost, default=0),
            lost_cores=Sum("core_seconds", filter=lost, default=0),
            users=ArrayAgg("cluster_user", distinct=True),
            partitions=ArrayAgg("partition", distinct=True),
            states=ArrayAgg("job_state", distinct=True),
        )
    )
    return [_group(row) for row in rows]


def _group(row: Mapping[str, Any]) -> UsageGroup:
    joules = row["joules"]
    return UsageGroup(
        day=row["day"],
        stage=row["stage"],
        runs=row["runs"],
        seconds=int(row["seconds"]),
        card_seconds=int(row["cards"]),
        core_seconds=int(row["cores"]),
        joules=None if joules is None else int(joules),
        measured_joules=int(row["measured"]),
        lost_card_seconds=int(row["lost_cards"]),
        lost_core_seconds=int(row["lost_cores"]),
        users=tuple(row["users"]),
        partitions=tuple(row["partitions"]),
        states=tuple(row["states"]),
    )


@dataclass(frozen=True, slots=True)
class Walls:
    """Energy and reliability of an allocation. Shares in percent; None where nothing ran.

    co2_grams: by the grid factor of each day; factor: the newest of those used.
    """

    totals: UsageTotals
    co2_grams: int | None
    factor: grid.GridFactor
    joules_per_hour: int | None
    lost_percent: float | None

    @property
    def goodput_percent(self) -> float | None:
        return None if self.lost_percent is None else round(100 - self.lost_percent, 1)

    @property
    def measured_percent(self) -> int | None:
        joules = self.totals.energy_joules
        return round(100 * self.totals.measured_joules / joules) if joules else None

    @property
    def co2_kilograms(self) -> float | None:
        return None if self.co2_grams is None else round(self.co2_grams / 1000, 1)


def walls(allocation: Allocation, groups: Sequence[UsageGroup]) -> Walls:
    """Energy with its CO2, and the share of time lost to failures. No query."""
    totals = _totals(groups)
    by_day = [(group.day, group.joules) for group in groups if group.joules is not None]
    cards = allocation.resource.tres == allocation.resource.Tres.CARDS
    spent = totals.card_seconds if cards else totals.core_seconds
    lost = totals.lost_card_seconds if cards else totals.lost_core_seconds
    joules = totals.energy_joules
    return Walls(
        totals=totals,
        co2_grams=grid.grams(by_day) if by_day else None,
        factor=grid.factor_on(max((day for day, _joules in by_day), default=timezone.localdate())),
        joules_per_hour=joules * HOUR // spent if joules is not None and spent else None,
        lost_percent=round(100 * lost / spent, 1) if spent else None,
    )


def _totals(groups: Sequence[UsageGroup]) -> UsageTotals:
    joules = [group.joules for group in groups if group.joules is not None]

    def total(of: Callable[[UsageGroup], int]) -> int:
        return sum(of(group) for group in groups)

    return UsageTotals(
        runs=total(lambda g: g.runs),
        card_seconds=total(lambda g: g.card_seconds),
        core_seconds=total(lambda g: g.core_seconds),
        energy_joules=sum(joules) if joules else None,
        measured_joules=total(lambda g: g.measured_joules),
        lost_card_seconds=total(lambda g: g.lost_card_seconds),
        lost_core_seconds=total(lambda g: g.lost_core_seconds),
    )


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage of the work: what was planned for it and what it used.

    planned: seconds; None without a plan. joules: None where no run has a figure.
    """

    stage: str
    label: str
    runs: int
    seconds: int
    joules: int | None
    percent: int | None = None
    planned: int | None = None

    @property
    def used_percent(self) -> int | None:
        """Of what was planned for it, in whole percent; None where nothing was."""
        return round(100 * self.seconds / self.planned) if self.planned else None

    @property
    def beyond(self) -> bool:
        return self.planned is not None and self.seconds > self.planned


def stages(
    allocation: Allocation, groups: Sequence[UsageGroup], plan: dict[str, int]
) -> list[StageRow]:
    """Usage by stage of the work, as jobs state it, against the plan (percent). No query."""
    used = {group.stage for group in groups}
    return [
        _stage(allocation, stage, [g for g in groups if g.stage == stage.value], plan)
        for stage in UsageRecord.Stage
        if stage.value in used or plan
    ]


def _stage(
    allocation: Allocation,
    stage: UsageRecord.Stage,
    groups: Sequence[UsageGroup],
    plan: dict[str, int],
) -> StageRow:
    joules = [group.joules for group in groups if group.joules is not None]
    percent = plan.get(stage.value, 0) if plan else None
    promised = allocation.promised_seconds
    return StageRow(
        stage=stage.value,
        label=str(stage.label),
        runs=sum(group.runs for group in groups),
        seconds=sum(group.seconds for group in groups),
        joules=sum(joules) if joules else None,
        percent=percent,
        planned=None if percent is None else promised * percent // 100,
    )


@dataclass(frozen=True, slots=True)
class UsageChoices:
    """What the job runs of an allocation can be filtered by."""

    users: list[str]
    partitions: list[str]
    states: list[str]


def usage_choices(groups: Sequence[UsageGroup]) -> UsageChoices:
    """No query."""
    return UsageChoices(
        sorted({name for group in groups for name in group.users}),
        sorted({name for group in groups for name in group.partitions}),
        sorted({name for group in groups for name in group.states}),
    )
