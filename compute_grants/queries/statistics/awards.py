"""Awards by institution and by kind of institution."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute_grants.models import Resource
from compute_grants.queries.statistics.charts import bars
from compute_grants.queries.statistics.scope import Scope
from compute_grants.queries.statistics.tables import Cell, Column, Kind, Line, Report, Table, Term
from consortium.models import Institution

SLUG = "awards"
TITLE = gettext_lazy("Awards by institution")
LEDE = gettext_lazy("Who was given how much, by institution and by kind of institution.")

Row = dict[str, Any]


def report(scope: Scope) -> Report:
    """Four queries; people outside read kinds only, in two."""
    tables = [_by_kind(scope)]
    if not scope.outside:
        tables.append(_by_institution(scope))
    return Report(
        slug=SLUG,
        title=str(TITLE),
        lede=str(LEDE),
        tables=tuple(table for table in tables if table.lines),
        terms=_terms(),
        source=_("Grants in the portal"),
        as_of=timezone.now(),
    )


def sums() -> dict[str, Any]:
    """Aggregates of grants: proposals, grants, and hours of each unit on their own."""
    promised = F("seconds") + F("held_seconds")
    return {
        "proposals": Count("proposal", distinct=True),
        "grants": Count("pk"),
        "institutions": Count("proposal__institution", distinct=True),
        "cards": Sum(promised, filter=Q(resource__tres=Resource.Tres.CARDS), default=0),
        "cores": Sum(promised, filter=Q(resource__tres=Resource.Tres.CORES), default=0),
    }


def _by_kind(scope: Scope) -> Table:
    grants = scope.allocations().order_by()
    rows: list[Row] = [
        {**row} for row in grants.values("proposal__institution__kind").annotate(**sums())
    ]
    order: list[str] = list(Institution.Kind.values)
    rows.sort(key=lambda row: order.index(row["proposal__institution__kind"]))
    lines = []
    for row in rows:
        kind = Institution.Kind(row["proposal__institution__kind"])
        lines.append(_line(scope, str(kind.label), row, {"kind": kind.value}))
    if len(rows) > 1:
        whole = grants.aggregate(**sums())
        lines.append(_line(scope, _("Sum"), whole, {}, total=True))
    return Table(
        key="kinds",
        caption=_("By kind of institution"),
        columns=(
            Column("kind", _("Kind of institution"), Kind.TEXT),
            Column("institutions", _("Institutions")),
            *_columns(),
        ),
        lines=tuple(lines),
        counts=("institutions", "proposals", "grants"),
        chart_caption=_("Card-hours granted, by kind of institution."),
        option=_chart(rows),
    )


def _by_institution(scope: Scope) -> Table:
    grants = scope.allocations().order_by()
    rows: list[Row] = [{**row} for row in grants.values("proposal__institution").annotate(**sums())]
    names = Institution.objects.in_bulk([row["proposal__institution"] for row in rows])
    ordered = sorted(
        rows, key=lambda row: (-row["cards"], -row["cores"], row["proposal__institution"])
    )
    lines = []
    for row in ordered:
        institution = names[row["proposal__institution"]]
        line = _line(scope, institution.name, row, {"institution": institution.slug})
        kind = Cell(str(institution.get_kind_display()))
        lines.append(Line((line.cells[0], kind, *line.cells[2:])))
    return Table(
        key="institutions",
        caption=_("By institution, those with the most card-hours first"),
        columns=(
            Column("institution", _("Institution"), Kind.TEXT),
            Column("kind", _("Kind of institution"), Kind.TEXT),
            *_columns(),
        ),
        lines=tuple(lines),
    )


def _columns() -> tuple[Column, ...]:
    return (
        Column("proposals", _("Proposals awarded")),
        Column("grants", _("Grants")),
        Column("granted_card_seconds", _("Card-hours"), Kind.HOURS),
        Column("granted_core_seconds", _("Core-hours"), Kind.HOURS),
    )


def _line(scope: Scope, name: str, row: Row, terms: dict[str, str], *, total: bool = False) -> Line:
    def to(**more: str) -> str:
        return scope.link("allocation_list", **terms, **more)

    return Line(
        (
            Cell(name),
            Cell(row["institutions"]),
            Cell(row["proposals"], to()),
            Cell(row["grants"], to()),
            Cell(int(row["cards"]), to(tres=Resource.Tres.CARDS.value)),
            Cell(int(row["cores"]), to(tres=Resource.Tres.CORES.value)),
        ),
        total=total,
    )


def _chart(rows: list[Row]) -> dict[str, Any]:
    names = [str(Institution.Kind(row["proposal__institution__kind"]).label) for row in rows]
    return bars(names, {_("Granted"): [int(row["cards"]) for row in rows]}, unit=_("card-hours"))


def _terms() -> tuple[Term, ...]:
    return (
        Term(
            _("Granted"),
            _(
                "What grants awarded in the period may use as they stand today: the award with "
                "later supplements and transfers, less what was returned."
            ),
        ),
        Term(
            _("Grants"),
            _("One for each machine's time that a proposal was awarded."),
        ),
        Term(_("Institution"), _("The lead's institution, as the proposal names it.")),
    )
