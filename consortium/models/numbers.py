from __future__ import annotations

from django.db import models


class NumberSeries(models.Model):
    """The last number given in one series in one year. Written only by consortium.numbers."""

    series = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "year"], name="number_series_once"),
        ]

    def __str__(self) -> str:
        return f"{self.series}-{self.year}: {self.last}"
