"""Charts as plain data for {% figure_chart %}: colours are token names."""

from typing import Any

from django.utils.translation import gettext as _

from compute_grants.models import Allocation
from compute_grants.queries.allocations import BurnDown
from compute_grants.queries.grant_usage import HOUR

RANGE = {"lineStyle": {"type": [2, 6], "width": 1}}


def burn_down(allocation: Allocation, burn: BurnDown) -> dict[str, Any]:
    """Hours left by day, where they go at the recent pace, and the even pace between."""
    pace = burn.pace
    left = [(pace.starts_on, pace.granted)] if burn.points else []
    left += [(point.day, point.left) for point in burn.points]
    even = [(pace.starts_on, pace.granted), (pace.ends_on, 0)]
    return {
        "xAxis": {"type": "time"},
        "yAxis": {"type": "value", "name": allocation.resource.hours_unit},
        "legend": {},
        "series": [
            _line(_("Left"), left, areaStyle={"opacity": 0.12}, step="end"),
            _line(
                _("At the pace of the last 30 days"),
                burn.projection,
                lineStyle={"type": "dashed"},
            ),
            _line(_("At least"), [(day, low) for day, low, _high in burn.band], **RANGE),
            _line(_("At most"), [(day, high) for day, _low, high in burn.band], **RANGE),
            _line(_("Even pace"), even, lineStyle={"type": "dotted"}),
        ],
    }


def _line(name: str, points: list[Any], **style: Any) -> dict[str, Any]:
    data = [[day.isoformat(), round(seconds / HOUR, 1)] for day, seconds in points]
    return {"name": name, "type": "line", "showSymbol": False, "data": data, **style}
