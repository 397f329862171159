"""Demand against supply: what was asked, found feasible and awarded of what calls offered."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Case, Count, F, Q, Sum, When
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute_grants.models import AwardLine, PanelDecision, Proposal, Resource, TechnicalReview
from compute_grants.queries.statistics.charts import bars
from compute_grants.queries.statistics.scope import Scope
from compute_grants.queries.statistics.tables import Cell, Column, Kind, Line, Report, Table, Term

SLUG = "demand"
TITLE = gettext_lazy("Demand against supply")
LEDE = gettext_lazy("Hours asked, found feasible and awarded, beside what each call offered.")


@dataclass(frozen=True, slots=True)
class Demand:
    """One resource under one call, in seconds of the resource's unit.

    unanswered: asked of a centre that has not answered yet; not in `feasible`.
    """

    call: str
    resource: Resource | None
    proposals: int = 0
    asked: int = 0
    unanswered: int = 0
    feasible: int = 0
    awarded: int = 0
    budget: int = 0

    @property
    def pressure(self) -> float | None:
        """Times the budget was asked for."""
        return self.asked / self.budget if self.budget else None

    @property
    def given(self) -> float | None:
        """The share of the budget that was awarded."""
        return self.awarded / self.budget if self.budget else None


def report(scope: Scope) -> Report:
    """Six queries at most."""
    found = demands(scope)
    tables = [
        _table(scope, unit, rows)
        for unit in Resource.Tres
        if (rows := [row for row in found if row.resource and row.resource.tres == unit])
    ]
    return Report(
        slug=SLUG,
        title=str(TITLE),
        lede=str(LEDE),
        tables=tuple(tables),
        terms=_terms(),
        source=_("Proposals, technical reviews and decisions in the portal"),
        as_of=timezone.now(),
    )


def demands(scope: Scope) -> list[Demand]:
    """By call and resource, in the order of the calls' codes. Four queries."""
    found: dict[tuple[str, int], Demand] = {}
    for part in (_asked(scope), _offered(scope), _given(scope)):
        for key, values in part.items():
            row = found.get(key) or Demand(call=key[0], resource=None)
            found[key] = replace(row, **values)
    ids = {resource for _call, resource in found}
    resources = Resource.objects.select_related("machine").in_bulk(ids)
    return [replace(row, resource=resources[key[1]]) for key, row in sorted(found.items())]


Parts = dict[tuple[str, int], dict[str, Any]]


def _asked(scope: Scope) -> Parts:
    verdicts = TechnicalReview.Verdict
    feasible = Case(
        When(technical_review__verdict=verdicts.FEASIBLE, then=F("seconds")),
        When(technical_review__verdict=verdicts.PARTLY, then=F("technical_review__cap_seconds")),
        default=0,
    )
    unanswered = Q(technical_review__isnull=True)
    rows = (
        scope.requests()
        .order_by()
        .values("proposal__call__code", "resource")
        .annotate(
            proposals=Count("proposal", distinct=True),
            asked=Sum("seconds"),
            unanswered=Sum("seconds", filter=unanswered, default=0),
            feasible=Sum(feasible, default=0),
        )
    )
    return {
        (row["proposal__call__code"], row["resource"]): {
            "proposals": row["proposals"],
            "asked": int(row["asked"]),
            "unanswered": int(row["unanswered"]),
            "feasible": int(row["feasible"]),
        }
        for row in rows
    }


def _offered(scope: Scope) -> Parts:
    rows = scope.budgets().order_by().values("call__code", "resource").annotate(s=Sum("seconds"))
    return {(row["call__code"], row["resource"]): {"budget": int(row["s"])} for row in rows}


def _given(scope: Scope) -> Parts:
    lines = AwardLine.objects.filter(
        request__in=scope.requests(),
        decision__outcome=PanelDecision.Outcome.AWARDED,
        decision__proposal__state=Proposal.State.AWARDED,
    )
    rows = (
        lines.order_by()
        .values("request__proposal__call__code", "request__resource")
        .annotate(s=Sum("seconds"))
    )
    return {
        (row["request__proposal__call__code"], row["request__resource"]): {"awarded": int(row["s"])}
        for row in rows
    }


def _table(scope: Scope, unit: Resource.Tres, rows: list[Demand]) -> Table:
    seconds = Resource.UNITS[unit].value
    hours = rows[0].resource.hours_unit if rows[0].resource else ""
    lines = [_line(scope, row) for row in rows]
    if len(lines) > 1:
        lines.append(_sum(scope, unit, rows))
    return Table(
        key=seconds,
        caption=_("Demand and supply in %(unit)s") % {"unit": hours},
        columns=_columns(seconds),
        lines=tuple(lines),
        counts=("proposals",),
        chart_caption=_("By machine, over the calls shown, in %(unit)s.") % {"unit": hours},
        option=_chart(rows, hours),
    )


def _columns(seconds: str) -> tuple[Column, ...]:
    return (
        Column("call", _("Call"), Kind.TEXT),
        Column("machine", _("Machine"), Kind.TEXT),
        Column("proposals", _("Proposals")),
        Column(f"asked_{seconds}", _("Asked"), Kind.HOURS),
        Column(f"unanswered_{seconds}", _("Not yet answered"), Kind.HOURS),
        Column(f"feasible_{seconds}", _("Feasible"), Kind.HOURS),
        Column(f"awarded_{seconds}", _("Awarded"), Kind.HOURS),
        Column(f"budget_{seconds}", _("Budget"), Kind.HOURS),
        Column("asked_of_budget", _("Asked of budget"), Kind.SHARE),
        Column("awarded_of_budget", _("Awarded of budget"), Kind.SHARE),
    )


def _line(scope: Scope, row: Demand) -> Line:
    assert row.resource
    machine = row.resource.machine
    where = {"call": row.call, "machine": machine.code, "tres": row.resource.tres}
    return _cells(scope, row, Cell(row.call), Cell(machine.name), where)


def _cells(scope: Scope, row: Demand, call: Cell, machine: Cell, where: dict[str, str]) -> Line:
    def to(**more: str) -> str:
        return scope.link("proposal_list", handed_in="1", **where, **more)

    total = not call.value
    return Line(
        (
            Cell(_("Sum")) if total else call,
            machine,
            Cell(row.proposals, to()),
            Cell(row.asked, to()),
            Cell(row.unanswered, to(verdict="none")),
            Cell(row.feasible, to(verdict="feasible")),
            Cell(row.awarded, to(state=Proposal.State.AWARDED)),
            Cell(row.budget, scope.link("call_list") if total else scope.page_of_call(row.call)),
            Cell(row.pressure),
            Cell(row.given),
        ),
        total=total,
    )


def _sum(scope: Scope, unit: Resource.Tres, rows: list[Demand]) -> Line:
    """A proposal that asks for two resources of a unit is one: it is not counted twice."""
    whole = Demand(
        call="",
        resource=None,
        proposals=scope.requests()
        .filter(resource__tres=unit)
        .values("proposal")
        .distinct()
        .count(),
        **{
            name: sum(getattr(row, name) for row in rows)
            for name in ("asked", "unanswered", "feasible", "awarded", "budget")
        },
    )
    return _cells(scope, whole, Cell(""), Cell(""), {"tres": unit.value})


def _chart(rows: list[Demand], unit: str) -> dict[str, Any]:
    """Bars by machine: sums over the calls of the table."""
    names = {
        "asked": _("Asked"),
        "feasible": _("Feasible"),
        "awarded": _("Awarded"),
        "budget": _("Budget"),
    }
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(names, 0))
    for row in rows:
        assert row.resource
        for name in names:
            sums[row.resource.machine.name][name] += getattr(row, name)
    series = {label: [one[name] for one in sums.values()] for name, label in names.items()}
    return bars(list(sums), series, unit=unit)


def _terms() -> tuple[Term, ...]:
    return (
        Term(
            _("Asked"),
            _(
                "Hours in the requests of proposals that were submitted in the period and not "
                "withdrawn, in the unit of each resource."
            ),
        ),
        Term(
            _("Feasible"),
            _(
                "What the centres found feasible: all of it, or their cap where it is partly "
                "feasible. Requests without an answer are in “Not yet answered”."
            ),
        ),
        Term(
            _("Awarded"),
            _("Hours that the panel awarded to those proposals, as it decided."),
        ),
        Term(
            _("Budget"),
            _("Hours that the calls which took proposals in the period set aside."),
        ),
        Term(
            _("Units"),
            _(
                "Card-hours and core-hours are different things and are never added together. "
                "Hours of different machines in one sum differ in worth."
            ),
        ),
    )
