"""Charts of reports as plain data for {% figure_chart %}: colours are the theme's own series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

HOUR = 3600
KWH = 3_600_000


def bars(
    names: Sequence[str],
    series: Mapping[str, Sequence[float]],
    *,
    unit: str,
    per: float = HOUR,
    stack: bool = False,
) -> dict[str, Any]:
    """Bars beside each other (or stacked) for each name; stored values divided by `per`."""
    style: dict[str, Any] = {"type": "bar", "barMaxWidth": 36}
    if stack:
        style["stack"] = "all"
    return {
        "xAxis": {"type": "category", "data": list(names), "axisLabel": {"hideOverlap": True}},
        "yAxis": {"type": "value", "name": unit},
        "legend": {},
        "grid": {"top": 64},
        "aria": {"decal": {"show": True}},
        "series": [
            {"name": name, "data": [round(value / per, 2) for value in values], **style}
            for name, values in series.items()
        ],
    }
