"""Energy and its CO2, by machine, by month and by the grid factor in force."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Max, Q, QuerySet, Sum, Value, When
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute_grants import grid
from compute_grants.models import Machine, UsageRecord
from compute_grants.queries.statistics.charts import KWH, bars
from compute_grants.queries.statistics.scope import BEIJING, Scope
from compute_grants.queries.statistics.tables import Cell, Column, Kind, Line, Report, Table, Term

SLUG = "energy"
TITLE = gettext_lazy("Energy and CO₂")
LEDE = gettext_lazy("Electricity that the grants' jobs used, and the CO₂ it stands for.")
Row = dict[str, Any]
Source = UsageRecord.EnergySource


def report(scope: Scope) -> Report:
    """Six queries."""
    runs = scope.usage().order_by()
    by_machine = _by_machine(scope, runs)
    by_month = _by_month(scope, runs)
    by_factor = _by_factor(scope, runs)
    return Report(
        slug=SLUG,
        title=str(TITLE),
        lede=str(LEDE),
        tables=tuple(table for table in (by_machine, by_month, by_factor) if table.lines),
        terms=_terms(),
        source=_("Accounting of the machines, charged to grants"),
        as_of=runs.aggregate(newest=Max("read_at"))["newest"],
    )


def _sums() -> dict[str, Any]:
    measured, estimated = Q(energy_source=Source.MEASURED), Q(energy_source=Source.ESTIMATED)
    return {
        "grants": Count("allocation", distinct=True),
        "runs": Count("pk"),
        "unread": Count("pk", filter=Q(energy_source=Source.NONE)),
        "measured": Sum("energy_joules", filter=measured, default=0),
        "estimated": Sum("energy_joules", filter=estimated, default=0),
    }


def _by_grid() -> Case:
    """Which of grid.FACTORS holds when the run counts, by Beijing's day."""
    newest_first = reversed(list(enumerate(grid.FACTORS)))
    begun = [
        When(used_at__gte=datetime.combine(factor.since, time(), BEIJING), then=Value(place))
        for place, factor in newest_first
    ]
    return Case(*begun, default=Value(0), output_field=IntegerField())


def grams(joules: int, place: int) -> float:
    """Of CO2, by the factor at that place of grid.FACTORS."""
    return joules * grid.FACTORS[place].grams_per_kwh / grid.JOULES_PER_KWH


def _carbon(runs: QuerySet[UsageRecord], **group: Any) -> dict[Any, float]:
    """Grams of CO2 by one key. One query."""
    ((name, expression),) = group.items()
    rows = (
        runs.annotate(**{name: expression}, factor=_by_grid())
        .values(name, "factor")
        .annotate(joules=Sum("energy_joules", default=0))
    )
    found: dict[Any, float] = defaultdict(float)
    for row in rows:
        found[row[name]] += grams(int(row["joules"]), row["factor"])
    return found


def _by_machine(scope: Scope, runs: QuerySet[UsageRecord]) -> Table:
    machine = F("allocation__resource__machine")
    rows: list[Row] = [{**row} for row in runs.values(place=machine).annotate(**_sums())]
    carbon = _carbon(runs, place=machine)
    machines = Machine.objects.in_bulk([row["place"] for row in rows])
    lines = [
        _line(
            scope,
            machines[row["place"]].name,
            row,
            carbon[row["place"]],
            {"machine": machines[row["place"]].code},
        )
        for row in sorted(rows, key=lambda row: -_energy(row))
    ]
    if len(rows) > 1:
        whole = {name: sum(row[name] for row in rows) for name in _sums()}
        line = _line(scope, _("Sum"), whole, sum(carbon.values()), {}, total=True)
        lines.append(line)
    return Table(
        key="machines",
        caption=_("By machine"),
        columns=(Column("machine", _("Machine"), Kind.TEXT), *_columns()),
        lines=tuple(lines),
        counts=("grants",),
    )


def _by_month(scope: Scope, runs: QuerySet[UsageRecord]) -> Table:
    month = TruncMonth("used_at", tzinfo=BEIJING)
    rows: list[Row] = [
        {**row}
        for row in runs.annotate(month=month).values("month").annotate(**_sums()).order_by("month")
    ]
    carbon = _carbon(runs, month=month)
    lines = [
        _line(
            scope, f"{row['month']:%Y-%m}", row, carbon[row["month"]], _days_of(scope, row["month"])
        )
        for row in rows
    ]
    names = [f"{row['month']:%Y-%m}" for row in rows]
    series = {
        _("Measured"): [int(row["measured"]) for row in rows],
        _("Estimated"): [int(row["estimated"]) for row in rows],
    }
    return Table(
        key="months",
        caption=_("By month"),
        columns=(Column("month", _("Month"), Kind.TEXT), *_columns()),
        lines=tuple(lines),
        counts=("grants",),
        chart_caption=_("Energy by month, in kWh: measured by the machine, or estimated."),
        option=bars(names, series, unit="kWh", per=KWH, stack=True),
    )


def _days_of(scope: Scope, month: datetime) -> dict[str, str]:
    """The days of one month within the report's period, as the list of runs takes them."""
    first = month.astimezone(BEIJING).date()
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return _within(scope, first, last)


def _within(scope: Scope, first: date, last: date | None) -> dict[str, str]:
    asked = scope.asked
    begin = max(first, asked.since) if asked.since else first
    ends = [day for day in (last, asked.until) if day]
    return {"since": begin.isoformat()} | ({"until": min(ends).isoformat()} if ends else {})


def _by_factor(scope: Scope, runs: QuerySet[UsageRecord]) -> Table:
    rows = (
        runs.annotate(factor=_by_grid())
        .values("factor")
        .annotate(grants=Count("allocation", distinct=True), joules=Sum("energy_joules", default=0))
        .order_by("factor")
    )
    lines = []
    for row in rows:
        factor = grid.FACTORS[row["factor"]]
        joules = int(row["joules"])
        href = scope.link("usage_run_list", **_days_under(scope, row["factor"]))
        lines.append(
            Line(
                (
                    Cell(factor.since.isoformat()),
                    Cell(str(factor.year)),
                    Cell(f"{factor.grams_per_kwh}"),
                    Cell(row["grants"], href),
                    Cell(joules, href),
                    Cell(round(grams(joules, row["factor"])), href),
                )
            )
        )
    return Table(
        key="factors",
        caption=_("Grid factors applied"),
        columns=(
            Column("in_force_since", _("In force since"), Kind.TEXT),
            Column("published_for", _("Published for"), Kind.TEXT),
            Column("grams_per_kwh", _("g CO₂/kWh"), Kind.TEXT),
            Column("grants", _("Grants")),
            Column("energy_joules", _("Energy"), Kind.ENERGY),
            Column("co2_grams", _("CO₂"), Kind.CARBON),
        ),
        lines=tuple(lines),
        counts=("grants",),
    )


def _days_under(scope: Scope, place: int) -> dict[str, str]:
    """The days on which the factor at that place holds. The first one holds before it, too."""
    following = grid.FACTORS[place + 1 :]
    last = following[0].since - timedelta(days=1) if following else None
    return _within(scope, grid.FACTORS[place].since if place else date(2000, 1, 1), last)


def _columns() -> tuple[Column, ...]:
    return (
        Column("grants", _("Grants")),
        Column("runs", _("Job runs")),
        Column("runs_without_reading", _("Runs without a reading")),
        Column("measured_joules", _("Measured"), Kind.ENERGY),
        Column("estimated_joules", _("Estimated"), Kind.ENERGY),
        Column("energy_joules", _("Energy"), Kind.ENERGY),
        Column("measured_share", _("Measured share"), Kind.SHARE),
        Column("co2_grams", _("CO₂"), Kind.CARBON),
    )


def _energy(row: Row) -> int:
    return int(row["measured"]) + int(row["estimated"])


def _line(
    scope: Scope,
    name: str,
    row: Row,
    carbon: float,
    terms: dict[str, str],
    *,
    total: bool = False,
) -> Line:
    def to(source: str = "") -> str:
        return scope.link("usage_run_list", source=source, **terms)

    energy = _energy(row)
    return Line(
        (
            Cell(name),
            Cell(row["grants"], to()),
            Cell(row["runs"], to()),
            Cell(row["unread"], to(Source.NONE.value)),
            Cell(int(row["measured"]), to(Source.MEASURED.value)),
            Cell(int(row["estimated"]), to(Source.ESTIMATED.value)),
            Cell(energy, to()),
            Cell(int(row["measured"]) / energy if energy else None),
            Cell(round(carbon), to()),
        ),
        total=total,
    )


def _terms() -> tuple[Term, ...]:
    return (
        Term(_("Measured"), _("The cluster's own reading of the job, as accounting states it.")),
        Term(
            _("Estimated"),
            _("From the machine's power and the job's share of it, where there is no reading."),
        ),
        Term(
            _("CO₂"),
            _(
                "Energy times the national average of the grid in force on the day of use, as the "
                "Ministry of Ecology and Environment and the National Bureau of Statistics "
                "publish it; the newest year stands in for those that follow."
            ),
        ),
        Term(
            _("Runs without a reading"),
            _("They are in no sum of energy, so the sums are too low where there are many."),
        ),
    )
