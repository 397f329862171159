"""Success rates by call, by access type and by kind of institution."""

from __future__ import annotations

from math import sqrt
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute_grants.models import AccessType, Proposal
from compute_grants.queries.statistics.charts import bars
from compute_grants.queries.statistics.scope import Scope
from compute_grants.queries.statistics.tables import Cell, Column, Kind, Line, Report, Table, Term
from consortium.models import Institution

SLUG = "success"
TITLE = gettext_lazy("Success rates")
LEDE = gettext_lazy("Which share of the proposals was awarded, and how sure that share is.")
Z = 1.959964  # 95 percent of a normal distribution

State = Proposal.State
COUNTS: dict[str, Any] = {
    "submitted": Count("pk"),
    "awarded": Count("pk", filter=Q(state=State.AWARDED)),
    "rejected": Count("pk", filter=Q(state=State.REJECTED)),
    "waitlisted": Count("pk", filter=Q(state=State.WAITLISTED)),
}
Row = dict[str, Any]


def report(scope: Scope) -> Report:
    """Five queries."""
    tables = (_by_call(scope), _by_access(scope), _by_kind(scope))
    return Report(
        slug=SLUG,
        title=str(TITLE),
        lede=str(LEDE),
        tables=tuple(table for table in tables if table.lines),
        terms=_terms(),
        source=_("Proposals and decisions in the portal"),
        as_of=timezone.now(),
    )


def wilson(successes: int, trials: int) -> tuple[float, float] | None:
    """The 95 percent score interval of a share; None of nothing.

    E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209, as in
    scipy.stats.binomtest(...).proportion_ci(method="wilson").
    """
    if trials == 0:
        return None
    share, z2 = successes / trials, Z * Z
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z * sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials)) / (1 + z2 / trials)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _grouped(scope: Scope, name: str) -> list[Row]:
    rows = scope.handed_in().order_by().values(name).annotate(**COUNTS)
    return [dict(row) for row in rows.order_by(name)]


def _by_call(scope: Scope) -> Table:
    rows = _grouped(scope, "call__code")
    lines = [_line(scope, row["call__code"], row, {"call": row["call__code"]}) for row in rows]
    if len(rows) > 1:
        whole = {name: sum(row[name] for row in rows) for name in COUNTS}
        lines.append(_line(scope, _("Sum"), whole, {}, total=True))
    chart = bars(
        [row["call__code"] for row in rows],
        {_("Success rate"): [100 * (_rate(row) or 0) for row in rows]},
        unit="%",
        per=1,
    )
    return _table("calls", _("By call"), _("Call"), lines, chart, _("Success rate by call."))


def _by_access(scope: Scope) -> Table:
    rows = _grouped(scope, "access_type__code")
    codes = [row["access_type__code"] for row in rows if row["access_type__code"]]
    names = {
        access.code: access.name
        for access in AccessType.objects.filter(code__in=codes).order_by("version")
    }
    lines = [
        _line(
            scope,
            names.get(row["access_type__code"], _("Without an access type")),
            row,
            {"access": row["access_type__code"] or "none"},
        )
        for row in rows
    ]
    return _table("access", _("By access type"), _("Access type"), lines)


def _by_kind(scope: Scope) -> Table:
    rows = _grouped(scope, "institution__kind")
    lines = [
        _line(
            scope,
            str(Institution.Kind(row["institution__kind"]).label),
            row,
            {"kind": row["institution__kind"]},
        )
        for row in rows
    ]
    label = _("Kind of institution")
    return _table("kinds", _("By kind of institution"), label, lines)


def _table(  # noqa: PLR0917  the parts of one table
    key: str,
    caption: str,
    label: str,
    lines: list[Line],
    option: dict[str, Any] | None = None,
    chart_caption: str = "",
) -> Table:
    return Table(
        key=key,
        caption=caption,
        columns=(
            Column(key.removesuffix("s"), label, Kind.TEXT),
            Column("submitted", _("Submitted")),
            Column("awarded", _("Awarded")),
            Column("rejected", _("Rejected")),
            Column("waitlisted", _("On the waitlist")),
            Column("undecided", _("Not decided yet")),
            Column("success_rate", _("Success rate"), Kind.SHARE),
            Column("lower_bound", _("At least"), Kind.SHARE),
            Column("upper_bound", _("At most"), Kind.SHARE),
        ),
        lines=tuple(lines),
        counts=("submitted", "awarded", "rejected", "waitlisted", "undecided"),
        option=option,
        chart_caption=chart_caption,
    )


def _rate(row: Row) -> float | None:
    decided = row["awarded"] + row["rejected"]
    return row["awarded"] / decided if decided else None


def _line(scope: Scope, name: str, row: Row, terms: dict[str, str], *, total: bool = False) -> Line:
    def to(**more: str) -> str:
        return scope.link("proposal_list", handed_in="1", **terms, **more)

    undecided = row["submitted"] - row["awarded"] - row["rejected"] - row["waitlisted"]
    interval = wilson(row["awarded"], row["awarded"] + row["rejected"])
    return Line(
        (
            Cell(name),
            Cell(row["submitted"], to()),
            *(
                Cell(row[state.value], to(state=state.value))
                for state in (State.AWARDED, State.REJECTED, State.WAITLISTED)
            ),
            Cell(undecided, to(undecided="1")),
            Cell(_rate(row), to(settled="1")),
            Cell(interval[0] if interval else None),
            Cell(interval[1] if interval else None),
        ),
        total=total,
    )


def _terms() -> tuple[Term, ...]:
    return (
        Term(
            _("Success rate"),
            _(
                "Awarded out of awarded and rejected. Proposals on the waitlist may still be "
                "awarded, so they count in neither."
            ),
        ),
        Term(
            _("At least, at most"),
            _(
                "The 95% score interval of Wilson: where the rate of many such proposals would "
                "lie. The fewer were decided, the wider it is."
            ),
        ),
        Term(
            _("Submitted"),
            _("Submitted in the period and not withdrawn, whatever became of them."),
        ),
    )
