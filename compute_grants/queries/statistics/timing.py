"""Time to decision: how long each step took, in days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Max,
    Min,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute_grants.models import PanelDecision, Proposal, Review, Submission, TechnicalReview
from compute_grants.queries.statistics.charts import bars
from compute_grants.queries.statistics.scope import Scope
from compute_grants.queries.statistics.tables import Cell, Column, Kind, Line, Report, Table, Term

SLUG = "timing"
TITLE = gettext_lazy("Time to decision")
LEDE = gettext_lazy("How many days passed from submission to the decision, step by step.")
DAY = timedelta(days=1)
MEDIAN, MOST = 0.5, 0.9

# Each step: from one moment to another, in the order in which they come.
STEPS = {
    "technical": ("submitted", "answered"),
    "reviews": ("answered", "reviewed"),
    "panel": ("reviewed", "decided"),
    "whole": ("submitted", "decided"),
}


class Percentile(Aggregate):
    """percentile_cont of PostgreSQL: the value below which `fraction` of them lie."""

    function = "PERCENTILE_CONT"
    name = "percentile"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: Any, fraction: float) -> None:
        super().__init__(expression, fraction=fraction, output_field=DurationField())


def report(scope: Scope) -> Report:
    """Two queries."""
    tables = (_by_step(scope), _by_call(scope))
    return Report(
        slug=SLUG,
        title=str(TITLE),
        lede=str(LEDE),
        tables=tuple(table for table in tables if table.lines),
        terms=_terms(),
        source=_("Submissions, reviews and decisions in the portal"),
        as_of=timezone.now(),
    )


def timed(scope: Scope) -> QuerySet[Proposal]:
    """Decided proposals with the length of each step; null where they skipped one."""
    rows = scope.handed_in().filter(state__in=Proposal.DECIDED)
    rows = rows.annotate(
        submitted=_moment(Submission.objects.all(), "proposal", Min("submitted_at")),
        answered=_moment(TechnicalReview.objects.all(), "request__proposal", Max("reviewed_at")),
        reviewed=_moment(Review.objects.counted(), "assignment__proposal", Max("submitted_at")),
        decided=_moment(PanelDecision.objects.all(), "proposal", Max("decided_at")),
    )
    return rows.annotate(
        **{
            name: ExpressionWrapper(F(end) - F(begin), output_field=DurationField())
            for name, (begin, end) in STEPS.items()
        }
    )


def _moment(rows: QuerySet[Any], proposal: str, moment: Aggregate) -> Subquery:
    return Subquery(
        rows.order_by()
        .filter(**{proposal: OuterRef("pk")})
        .values(proposal)
        .annotate(moment=moment)
        .values("moment")
    )


def _figures(step: str) -> dict[str, Aggregate]:
    return {
        f"{step}_count": Count(step),
        f"{step}_median": Percentile(step, MEDIAN),
        f"{step}_most": Percentile(step, MOST),
    }


def _by_step(scope: Scope) -> Table:
    wanted: dict[str, Aggregate] = {}
    for step in STEPS:
        wanted |= _figures(step)
    found = timed(scope).aggregate(**wanted)
    labels = {
        "technical": _("Submission to the centres' last answer"),
        "reviews": _("Centres' answers to the last review"),
        "panel": _("Last review to the decision"),
        "whole": _("Submission to the decision"),
    }
    terms = {
        "technical": {"answered": "1"},
        "reviews": {"answered": "1", "reviewed": "1"},
        "panel": {"reviewed": "1"},
        "whole": {},
    }
    lines = [
        _line(scope, label, found, step, terms[step], total=step == "whole")
        for step, label in labels.items()
        if found[f"{step}_count"]
    ]
    parts = [step for step in ("technical", "reviews", "panel") if found[f"{step}_count"]]
    option = bars(
        [labels[step] for step in parts],
        {
            _("Median"): [_days(found[f"{step}_median"]) or 0 for step in parts],
            _("Nine of ten within"): [_days(found[f"{step}_most"]) or 0 for step in parts],
        },
        unit=_("days"),
        per=1,
    )
    return Table(
        key="steps",
        caption=_("By step"),
        columns=_columns("step", _("Step")),
        lines=tuple(lines),
        counts=("proposals",),
        chart_caption=_("Days that each step took."),
        option=option,
    )


def _by_call(scope: Scope) -> Table:
    by_call = timed(scope).order_by().values("call__code").annotate(**_figures("whole"))
    rows: list[dict[str, Any]] = [{**row} for row in by_call.order_by("call__code")]
    lines = [
        _line(scope, row["call__code"], row, "whole", {"call": row["call__code"]}) for row in rows
    ]
    return Table(
        key="calls",
        caption=_("From submission to the decision, by call"),
        columns=_columns("call", _("Call")),
        lines=tuple(lines),
        counts=("proposals",),
    )


def _columns(key: str, label: str) -> tuple[Column, ...]:
    return (
        Column(key, label, Kind.TEXT),
        Column("proposals", _("Proposals")),
        Column("median_days", _("Median, days"), Kind.DAYS),
        Column("ninetieth_percentile_days", _("Nine of ten within, days"), Kind.DAYS),
    )


def _line(
    scope: Scope,
    label: str,
    found: dict[str, Any],
    step: str,
    terms: dict[str, str],
    *,
    total: bool = False,
) -> Line:
    count = found[f"{step}_count"]
    href = scope.link("proposal_list", handed_in="1", decided="1", **terms)
    return Line(
        (
            Cell(label),
            Cell(count, href),
            Cell(_days(found[f"{step}_median"]), href),
            Cell(_days(found[f"{step}_most"]), href),
        ),
        total=total,
    )


def _days(length: timedelta | None) -> float | None:
    return None if length is None else round(length / DAY, 2)


def _terms() -> tuple[Term, ...]:
    return (
        Term(
            _("Proposals"),
            _("Those that were awarded, rejected or put on the waitlist."),
        ),
        Term(
            _("Submission"),
            _("The first one: days while a proposal was returned for correction count."),
        ),
        Term(_("Median"), _("Half of the proposals took no longer.")),
        Term(
            _("Nine of ten within"),
            _("The 90th percentile: only one in ten took longer."),
        ),
    )
