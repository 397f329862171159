"""Reports on grants as pages and rules read them, and the figures that stand beside them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from compute_grants import programme
from compute_grants.models import (
    Allocation,
    AllocationMember,
    GrantReport,
    Sanction,
    UsageRecord,
)
from compute_grants.queries.allocations import as_of
from compute_grants.queries.grant_usage import stages, usage_groups, walls
from compute_grants.queries.programme import in_force
from consortium.models import User

State = GrantReport.State


@dataclass(frozen=True, slots=True)
class Figures:
    """What the ledger and the machine's accounting say of a grant, up to now.

    Seconds are of the grant's unit; left is negative when overused. stages: (stage, seconds,
    planned percent or None). co2_grams by the grid factor of each day; None where nothing ran.
    as_of: ISO moment of the newest reading, None before the first.
    """

    unit: str
    granted_seconds: int
    held_seconds: int
    used_seconds: int
    left_seconds: int
    runs: int
    energy_joules: int | None
    measured_joules: int
    co2_grams: int | None
    lost_percent: float | None
    stages: tuple[tuple[str, int, int | None], ...]
    as_of: str | None

    @property
    def used_percent(self) -> int:
        return round(100 * self.used_seconds / self.granted_seconds) if self.granted_seconds else 0

    @property
    def goodput_percent(self) -> float | None:
        return None if self.lost_percent is None else round(100 - self.lost_percent, 1)

    @property
    def co2_kilograms(self) -> float | None:
        return None if self.co2_grams is None else round(self.co2_grams / 1000, 1)

    @property
    def stage_rows(self) -> list[tuple[str, int, int | None, int | None]]:
        """(name for people, seconds, percent of what was used, planned percent)."""
        names = dict(UsageRecord.Stage.choices)
        whole = sum(seconds for _stage, seconds, _planned in self.stages)
        return [
            (str(names[stage]), seconds, round(100 * seconds / whole) if whole else None, planned)
            for stage, seconds, planned in self.stages
        ]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Figures:
        """Out of JSON as `as_json` gave it."""
        rows = tuple((stage, seconds, planned) for stage, seconds, planned in data["stages"])
        return cls(**data | {"stages": rows})


def figures(allocation: Allocation) -> Figures:
    """Three queries, however much was used. Expects allocation.account loaded."""
    left = allocation.account.available if allocation.account else allocation.seconds
    groups = usage_groups(allocation)
    wall, read = walls(allocation, groups), as_of(allocation)
    planned = dict(allocation.stage_plans.values_list("stage", "percent"))
    labels = dict(UsageRecord.Stage.choices)
    used = {row.label: row.seconds for row in stages(allocation, groups, {})}
    rows = [(stage, used.get(str(label), 0), planned.get(stage)) for stage, label in labels.items()]
    return Figures(
        unit=allocation.resource.unit,
        granted_seconds=allocation.seconds,
        held_seconds=allocation.held_seconds,
        used_seconds=allocation.seconds - left,
        left_seconds=left,
        runs=wall.totals.runs,
        energy_joules=wall.totals.energy_joules,
        measured_joules=wall.totals.measured_joules,
        co2_grams=wall.co2_grams,
        lost_percent=wall.lost_percent,
        stages=tuple(row for row in rows if row[1] or row[2] is not None),
        as_of=read.isoformat() if read else None,
    )


def answerable(allocation: Allocation) -> QuerySet[User]:
    """Who is told of a grant's reports: its lead and the deputies."""
    deputy = Q(
        memberships__allocation=allocation,
        memberships__role=AllocationMember.Role.DEPUTY,
        memberships__until__isnull=True,
    )
    return User.objects.filter(Q(pk=allocation.proposal.lead_id) | deputy).distinct()


def report_rows(user: User) -> QuerySet[GrantReport]:
    """All that this person may see, the soonest due first."""
    return GrantReport.objects.visible_to(user).shown().order_by("due_on", "pk")


def filtered(
    rows: QuerySet[GrantReport], given: dict[str, str], user: User, today: date
) -> QuerySet[GrantReport]:
    """Narrowed by `state`, `kind`, `grant` and `whose` (mine, judge, late)."""
    if given["state"] in State.values:
        rows = rows.filter(state=given["state"])
    if given["kind"] in GrantReport.Kind.values:
        rows = rows.filter(kind=given["kind"])
    if given["grant"]:
        rows = rows.filter(allocation__number=given["grant"])
    if given["whose"] == "mine":
        mine = GrantReport.objects.written_by(user).values("pk")
        rows = rows.filter(pk__in=mine)
    elif given["whose"] == "judge":
        rows = rows.filter(state=State.SUBMITTED)
    elif given["whose"] == "late":
        rows = rows.filter(state__in=GrantReport.OWED, due_on__lt=today)
    return rows


@dataclass(frozen=True, slots=True)
class Consequence:
    """What follows if a report stays out. taken: it has begun."""

    step: str
    label: str
    begins_on: date
    taken: bool


def consequences(report: GrantReport) -> list[Consequence]:
    """In the order in which they come; none for a report that nobody owes. Three queries."""
    if not report.writing:
        return []
    rule = in_force("late_reports")
    assert isinstance(rule, programme.LateReports)
    announced = dict(report.warnings.filter(due_on=report.due_on).values_list("step", "begins_on"))
    taken = set(report.sanctions.standing().values_list("step", flat=True))
    days = {
        Sanction.Step.REFUSED: rule.refuse_after_days,
        Sanction.Step.SUSPENDED: rule.suspend_after_days,
    }
    words = {
        Sanction.Step.REFUSED: _("The lead cannot submit proposals and requests."),
        Sanction.Step.SUSPENDED: _("Running grants of the lead take no new jobs."),
    }
    return [
        Consequence(
            step=step.value,
            label=words[step],
            begins_on=announced.get(step) or report.due_on + timedelta(days=days[step] + 1),
            taken=step in taken,
        )
        for step in Sanction.Step
    ]


def lacking(report: GrantReport) -> dict[str, list[str]]:
    """What must be written before it is handed in, by field."""
    words = {
        "achievements": _("Say what was achieved."),
        "deviations": _("Say where the work left the plan and why, or that it did not."),
        "compute_use": _("Explain how the hours were used against the plan."),
        "energy_note": _("Comment on the energy used, or say that the figures stand for it."),
    }
    return {name: [text] for name, text in words.items() if not getattr(report, name).strip()}
