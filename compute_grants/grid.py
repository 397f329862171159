"""How much CO2 a kilowatt-hour stands for, by the date of its use.

The national average of China's grid as its ministry of ecology and environment and its bureau
of statistics publish it, in grams of CO2 per kWh: 2021 in notice 12 of 2024, 2022 in the notice
of 20 December 2024, 2023 in that of January 2026. A year is published about two years later;
until then the newest year stands in for those that follow, and pages say which.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

JOULES_PER_KWH = 3_600_000


@dataclass(frozen=True, slots=True)
class GridFactor:
    """In force from `since` until the next row's."""

    since: date
    year: int
    grams_per_kwh: float


FACTORS = (
    GridFactor(date(2021, 1, 1), 2021, 556.8),
    GridFactor(date(2022, 1, 1), 2022, 536.6),
    GridFactor(date(2023, 1, 1), 2023, 530.6),
)


def factor_on(day: date) -> GridFactor:
    """The factor in force on `day`; the oldest for days before all of them."""
    known = [factor for factor in FACTORS if factor.since <= day]
    return known[-1] if known else FACTORS[0]


def grams(joules_by_day: Iterable[tuple[date, int]]) -> int:
    """Grams of CO2 of energy used on these days, each by its own day's factor."""
    total = sum(
        joules * factor_on(day).grams_per_kwh / JOULES_PER_KWH for day, joules in joules_by_day
    )
    return round(total)
