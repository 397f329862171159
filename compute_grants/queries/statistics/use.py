"""Use by stage of the work and by precision."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute_grants.models import Precision, Resource, ResourceRequest, UsageRecord
from compute_grants.queries.statistics.charts import bars
from compute_grants.queries.statistics.scope import Scope
from compute_grants.queries.statistics.tables import Cell, Column, Kind, Line, Report, Table, Term

SLUG = "use"
TITLE = gettext_lazy("Use by stage and precision")
LEDE = gettext_lazy("What the hours were used for, and at which precision they had been asked.")
UNITS = {
    Resource.Tres.CARDS: gettext_lazy("card-hours"),
    Resource.Tres.CORES: gettext_lazy("core-hours"),
}
Stage = UsageRecord.Stage
Row = dict[str, Any]


def report(scope: Scope) -> Report:
    """Four queries; three for people outside."""
    runs = with_precision(scope.usage().order_by())
    as_of = runs.aggregate(newest=Max("read_at"))["newest"]
    by_stage = _sums(runs, "stage")
    by_precision = _sums(runs, "precision")
    both = [] if scope.outside else _sums(runs, "stage", "precision")
    tables: list[Table] = []
    for tres in Resource.Tres:
        tables += [
            _stages(scope, tres, _of(by_stage, tres)),
            _precisions(scope, tres, _of(by_precision, tres)),
            _matrix(scope, tres, _of(both, tres)),
        ]
    return Report(
        slug=SLUG,
        title=str(TITLE),
        lede=str(LEDE),
        tables=tuple(table for table in tables if table.lines),
        terms=_terms(),
        source=_("Accounting of the machines, charged to grants"),
        as_of=as_of,
    )


def with_precision(runs: QuerySet[UsageRecord]) -> QuerySet[UsageRecord]:
    """Each run with the precision at which its grant's time was asked."""
    asked = ResourceRequest.objects.filter(
        proposal=OuterRef("allocation__proposal"), resource=OuterRef("allocation__resource")
    ).order_by()
    return runs.annotate(precision=Subquery(asked.values("precision")))


def _sums(runs: QuerySet[UsageRecord], *names: str) -> list[Row]:
    lost = Q(job_state__in=UsageRecord.LOST)
    rows = runs.values(*names, tres=F("allocation__resource__tres")).annotate(
        grants=Count("allocation", distinct=True),
        runs=Count("pk"),
        used=Sum("charged"),
        lost=Sum("charged", filter=lost, default=0),
    )
    return [dict(row) for row in rows]


def _of(rows: Iterable[Row], tres: str) -> list[Row]:
    return [row for row in rows if row["tres"] == tres]


def _stages(scope: Scope, tres: Resource.Tres, rows: list[Row]) -> Table:
    unit = str(UNITS[tres])
    order = list(Stage)
    rows.sort(key=lambda row: order.index(row["stage"]))
    named = [(str(Stage(row["stage"]).label), row, {"stage": row["stage"]}) for row in rows]
    chart = bars(
        [name for name, _row, _terms in named],
        {_("Used"): [int(row["used"]) for row in rows]},
        unit=unit,
    )
    return _table(
        scope,
        f"stages_{_seconds(tres)}",
        _("By stage, in %(unit)s") % {"unit": unit},
        Column("stage", _("Stage"), Kind.TEXT),
        tres,
        named,
        option=chart,
        chart_caption=_("Used at each stage, in %(unit)s.") % {"unit": unit},
    )


def _precisions(scope: Scope, tres: Resource.Tres, rows: list[Row]) -> Table:
    rows.sort(key=lambda row: _place(row["precision"]))
    named = [
        (row["precision"] or _("Not stated"), row, {"precision": row["precision"] or "none"})
        for row in rows
    ]
    return _table(
        scope,
        f"precisions_{_seconds(tres)}",
        _("By precision, in %(unit)s") % {"unit": str(UNITS[tres])},
        Column("precision", _("Precision"), Kind.TEXT),
        tres,
        named,
    )


def _table(  # noqa: PLR0917  the parts of one table
    scope: Scope,
    key: str,
    caption: str,
    first: Column,
    tres: Resource.Tres,
    named: list[tuple[str, Row, dict[str, str]]],
    **chart: Any,
) -> Table:
    seconds = _seconds(tres)
    whole = sum(int(row["used"]) for _name, row, _terms in named)
    lines = [
        _line(scope, name, row, {"tres": tres.value, **terms}, whole) for name, row, terms in named
    ]
    return Table(
        key=key,
        caption=caption,
        columns=(
            first,
            Column("grants", _("Grants")),
            Column("runs", _("Job runs")),
            Column(f"used_{seconds}", _("Used"), Kind.HOURS),
            Column("share_of_used", _("Share"), Kind.SHARE),
            Column(f"lost_{seconds}", _("Lost to failures"), Kind.HOURS),
        ),
        lines=tuple(lines),
        counts=("grants",),
        **chart,
    )


def _line(scope: Scope, name: str, row: Row, terms: dict[str, str], whole: int) -> Line:
    href = scope.link("usage_run_list", **terms)
    used = int(row["used"])
    return Line(
        (
            Cell(name),
            Cell(row["grants"], href),
            Cell(row["runs"], href),
            Cell(used, href),
            Cell(used / whole if whole else None),
            Cell(int(row["lost"]), scope.link("usage_run_list", lost="1", **terms)),
        )
    )


def _matrix(scope: Scope, tres: Resource.Tres, rows: list[Row]) -> Table:
    """Stages down, precisions across."""
    unit, seconds = str(UNITS[tres]), _seconds(tres)
    columns = sorted({row["precision"] for row in rows}, key=_place)
    used = {(row["stage"], row["precision"]): int(row["used"]) for row in rows}
    stages = [stage for stage in Stage if any(key[0] == stage for key in used)]
    lines = tuple(
        Line(
            (
                Cell(str(stage.label)),
                *(
                    Cell(
                        used.get((stage, precision), 0),
                        scope.link(
                            "usage_run_list",
                            tres=tres.value,
                            stage=stage.value,
                            precision=precision or "none",
                        ),
                    )
                    for precision in columns
                ),
            )
        )
        for stage in stages
    )
    return Table(
        key=f"stages_by_precision_{seconds}",
        caption=_("By stage and precision, in %(unit)s") % {"unit": unit},
        columns=(
            Column("stage", _("Stage"), Kind.TEXT),
            *(
                Column(
                    f"{(precision or 'none').lower()}_{seconds}",
                    precision or _("Not stated"),
                    Kind.HOURS,
                )
                for precision in columns
            ),
        ),
        lines=lines,
    )


def _seconds(tres: Resource.Tres) -> str:
    return Resource.UNITS[tres].value


def _place(precision: str | None) -> int:
    """In the order in which precisions are declared, what states none last."""
    values: list[str] = list(Precision.values)
    return values.index(precision) if precision in values else len(values)


def _terms() -> tuple[Term, ...]:
    return (
        Term(_("Used"), _("What the runs were charged, in the unit of their grant.")),
        Term(
            _("Stage"),
            _("Development, training, fine-tuning or inference, as each job was marked."),
        ),
        Term(
            _("Precision"),
            _("The one that the proposal asked for on that machine, not one that was measured."),
        ),
        Term(
            _("Lost to failures"),
            _("Charged to runs that ended in a failure of the job, of a node or for memory."),
        ),
    )
