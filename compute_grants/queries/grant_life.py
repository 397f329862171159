"""What a grant's page shows of its life, read with the grant itself in one query.

Parts of the award, the plan of its stages, alerts and members are few rows each. They come as
JSON beside the grant, so that the page costs the same number of queries however many kinds of
rows it shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from compute_grants import programme
from compute_grants.alert_rules import IDLE, RUNS_OUT, Wanted
from compute_grants.models import (
    Alert,
    AlertSettings,
    Allocation,
    AllocationMember,
    Amendment,
    ProgrammePolicy,
    QueueReading,
    Reclaim,
    StagePlan,
    Tranche,
    UsageImport,
)
from compute_grants.queries.alerts import wanted
from compute_grants.queries.queue import Queue, queue_of
from consortium.models import User

Overuse = Allocation.Overuse
SHOWN = 5  # of the requests; the rest has a page of its own
NAMES = ("name_en", "name_zh", "email")


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part of an award as the page shows it. state, condition: in the reader's words."""

    position: int
    seconds: int
    condition: str
    due_on: date
    state: str
    state_label: str
    decided_at: datetime | None
    reason: str

    @property
    def planned(self) -> bool:
        return self.state == Tranche.State.PLANNED


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One person who may run jobs now."""

    pk: int
    user_id: int
    name: str
    cluster_user: str
    role: str
    state: str
    since: date

    @property
    def deputy(self) -> bool:
        return self.role == AllocationMember.Role.DEPUTY

    @property
    def state_label(self) -> str:
        return str(AllocationMember.State(self.state).label)

    @property
    def waits(self) -> bool:
        return self.state == AllocationMember.State.WAITING


@dataclass(frozen=True, slots=True)
class OveruseStep:
    """One step of the rule: from which share of the hours on it holds, and what it means."""

    percent: int
    text: str
    current: bool


@dataclass(frozen=True, slots=True)
class Coming:
    """Time that goes back to the call unless it is used or exempted."""

    number: str
    state: str
    seconds: int
    due_on: date
    ask_until: date

    @property
    def asked(self) -> bool:
        return self.state == Reclaim.State.ASKED


@dataclass(frozen=True, slots=True)
class Life:
    """as_of: when the machine's accounting was last read; None before the first time."""

    as_of: datetime | None
    parts: list[PartRow]
    plan: dict[str, int]
    wanted: Wanted
    listeners: list[int]
    firing: list[str]
    members: list[MemberRow]
    steps: list[OveruseStep]
    requests: list[Amendment]
    reclaims: list[Coming]
    queue: Queue | None


def with_life(rows: QuerySet[Allocation]) -> QuerySet[Allocation]:
    """Allocations with everything that `life` reads, in the same query."""
    own = OuterRef("pk")
    members = AllocationMember.objects.filter(allocation=own, until__isnull=True)
    imports = UsageImport.objects.filter(
        machine=OuterRef("resource__machine"), state=UsageImport.State.DONE
    )
    rule = ProgrammePolicy.objects.filter(kind="overuse", since__lte=timezone.localdate())
    return rows.annotate(
        read_at=Subquery(
            imports.order_by().values("machine").annotate(at=Max("finished_at")).values("at")
        ),
        parts_json=_json(
            Tranche.objects.filter(allocation=own).order_by("position"),
            *("position", "seconds", "condition", "due_on", "state", "decided_at", "reason"),
        ),
        plan_json=_json(StagePlan.objects.filter(allocation=own), "stage", "percent"),
        settings_json=_json(
            AlertSettings.objects.filter(allocation=own), "percents", "runs_out", "idle_days"
        ),
        listeners_json=ArraySubquery(
            AlertSettings.objects.filter(allocation=own, listeners__isnull=False).values(
                "listeners"
            )
        ),
        alerts_json=_json(
            Alert.objects.filter(allocation=own, over_at__isnull=True).order_by("-fired_at"),
            *("kind", "threshold"),
        ),
        members_json=_json(
            members.order_by("pk"),
            *("pk", "user_id", "cluster_user", "role", "state", "since"),
            **{name: f"user__{name}" for name in NAMES},
        ),
        requests_json=_json(
            Amendment.objects.filter(Q(allocation=own) | Q(other=own)).order_by("-pk")[:SHOWN],
            *("number", "kind", "state", "due_on", "asked_by_id"),
        ),
        reclaims_json=_json(
            Reclaim.objects.filter(
                allocation=own, state__in=Reclaim.OPEN, noticed_at__isnull=False
            ).order_by("pk"),
            *("number", "state", "seconds", "due_on", "ask_until"),
        ),
        queue_json=Subquery(
            QueueReading.objects.filter(allocation=own).values(
                row=JSONObject(read_at="read_at", jobs="jobs")
            )
        ),
        overuse_rule=Subquery(rule.order_by("-since", "-pk").values("body")[:1]),
    )


def _json(rows: QuerySet[Any], *names: str, **paths: str) -> ArraySubquery:
    fields = {name: F(name) for name in names} | {name: F(path) for name, path in paths.items()}
    return ArraySubquery(rows.values(row=JSONObject(**fields)))


def life(allocation: Allocation) -> Life:
    """Of a grant that came through `with_life`. No query."""
    row: Any = allocation
    settings = row.settings_json[0] if row.settings_json else None
    return Life(
        as_of=row.read_at,
        parts=[_part(part) for part in row.parts_json],
        plan={one["stage"]: one["percent"] for one in row.plan_json},
        wanted=wanted(AlertSettings(**settings) if settings else None),
        listeners=list(row.listeners_json),
        firing=[alert_text(one["kind"], one["threshold"]) for one in row.alerts_json],
        members=[_member(one) for one in row.members_json],
        steps=_steps(allocation, row.overuse_rule),
        requests=[_request(one) for one in row.requests_json],
        reclaims=[_coming(one) for one in row.reclaims_json],
        queue=queue_of(row.queue_json),
    )


def _part(row: Mapping[str, Any]) -> PartRow:
    return PartRow(
        position=row["position"],
        seconds=row["seconds"],
        condition=str(Tranche.Condition(row["condition"]).label),
        due_on=date.fromisoformat(row["due_on"]),
        state=row["state"],
        state_label=str(Tranche.State(row["state"]).label),
        decided_at=parse_datetime(row["decided_at"]) if row["decided_at"] else None,
        reason=row["reason"],
    )


def _member(row: Mapping[str, Any]) -> MemberRow:
    person = User(**{name: row[name] for name in NAMES})
    rest = {name: value for name, value in row.items() if name not in NAMES}
    return MemberRow(**rest | {"name": person.name, "since": date.fromisoformat(row["since"])})


def _request(row: Mapping[str, Any]) -> Amendment:
    """As a row that is only shown: it knows its number, kind, state and day."""
    due_on = date.fromisoformat(row["due_on"]) if row["due_on"] else None
    return Amendment(**{**row, "due_on": due_on})


def requests_of(found: Life, user: User) -> list[Amendment]:
    """The last requests; drafts are the asker's own."""
    draft = Amendment.State.DRAFT
    return [row for row in found.requests if row.state != draft or row.asked_by_id == user.pk]


def _coming(row: Mapping[str, Any]) -> Coming:
    days = {name: date.fromisoformat(row[name]) for name in ("due_on", "ask_until")}
    return Coming(**{**row, **days})


def alert_text(kind: str, threshold: int) -> str:
    """One crossing in a sentence."""
    if kind == RUNS_OUT:
        return _("At the current pace the hours run out before the grant ends.")
    if kind == IDLE:
        return _("Nothing was used for %(days)s days.") % {"days": threshold}
    return _("%(percent)s%% of the released hours are used.") % {"percent": threshold}


def _steps(allocation: Allocation, body: Mapping[str, Any] | None) -> list[OveruseStep]:
    """The rule on overuse, step by step; only where the grant is beyond its hours."""
    if allocation.overuse == Overuse.NONE:
        return []
    rule = programme.parse("overuse", body) if body else programme.Overuse()
    assert isinstance(rule, programme.Overuse)
    few = _("At most %(jobs)s jobs run at a time.") % {"jobs": rule.few_jobs}
    texts = (
        (Overuse.LOW, rule.low_percent, _("New jobs wait behind those of other grants.")),
        (Overuse.FEW, rule.few_percent, few),
        (Overuse.SUSPENDED, rule.suspend_percent, _("The grant is suspended; no job starts.")),
    )
    return [OveruseStep(percent, text, step == allocation.overuse) for step, percent, text in texts]
