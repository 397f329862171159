"""Dated rates between resources."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from fractions import Fraction
from typing import Any

from django.apps import apps

from compute_grants.exchange import DatedRate

MILLION = 1_000_000


def rates_on(resource_ids: Collection[int], day: date) -> dict[int, DatedRate]:
    """By resource, the rate in force on `day`, or the last one before it. One query.

    Empty as long as the catalogue of machines keeps no rates.
    """
    model: Any = apps.all_models["compute_grants"].get("exchangerate")
    if model is None:
        return {}
    rows = model.objects.filter(resource__in=resource_ids, since__lte=day)
    return {
        row.resource_id: DatedRate(Fraction(row.parts_per_million, MILLION), row.since, row.until)
        for row in rows.order_by("resource", "-since").distinct("resource")
    }
