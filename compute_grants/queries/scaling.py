"""Scaling tables as pages and charts show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from compute_grants.models import Proposal
from compute_grants.scaling import Row, curve


@dataclass(frozen=True, slots=True)
class Series:
    """One code on one machine at one precision, by width."""

    machine: str
    precision: str
    rows: list[Row]

    @property
    def label(self) -> str:
        return f"{self.machine} · {self.precision}"

    @property
    def lines(self) -> str:
        """As the form takes it: a width and seconds on each line."""
        return "\n".join(f"{row.width} {row.seconds:g}" for row in self.rows)


def series_of(proposal: Proposal) -> list[Series]:
    """Every series of the proposal. One query."""
    found: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for point in proposal.scaling.all():
        found[point.machine, point.precision].append((point.width, point.milliseconds))
    return [Series(*key, curve(points)) for key, points in found.items()]


def efficiency_chart(found: Sequence[Series]) -> dict[str, Any]:
    """Efficiency in percent by width, one line a series, and the perfect line."""
    widths = [row.width for series in found for row in series.rows]
    perfect = [[min(widths), 100], [max(widths), 100]]
    lines = [
        {
            "name": series.label,
            "type": "line",
            "data": [[row.width, round(row.percent, 1)] for row in series.rows],
        }
        for series in found
    ]
    dotted = {"type": "dotted"}
    return {
        "xAxis": {"type": "log", "name": _("width")},
        "yAxis": {"type": "value", "name": "%", "min": 0},
        "legend": {},
        "series": [
            *lines,
            {
                "name": _("Perfect scaling"),
                "type": "line",
                "showSymbol": False,
                "lineStyle": dotted,
                "data": perfect,
            },
        ],
    }


def shown(proposal: Proposal) -> dict[str, Any]:
    """What scaling_figure.html needs: `series` and `chart`. One query."""
    found = series_of(proposal)
    return {"series": found, "chart": efficiency_chart(found) if found else None}
