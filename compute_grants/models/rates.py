"""What an hour costs: a resource's charging rule, and its exchange rate into credits."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone

from compute_grants.models.machines import Resource
from consortium.models import User

MILLION = 1_000_000


class ChargingRule(models.Model):
    """How a job's cards, cores and memory become time of a resource, from `since` on.

    In force until the resource's next rule begins; never changed, so that every past charge
    can be worked out again. cores_per_card: so many cores count as a card (cards only);
    memory_bytes_per_unit: so much memory counts as a card or core. Null: does not count.
    compute_grants.charging.charge has the formula.
    """

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="charging_rules")
    since = models.DateField()
    cores_per_card = models.PositiveIntegerField(null=True, blank=True)
    memory_bytes_per_unit = models.PositiveBigIntegerField(null=True, blank=True)
    stated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    stated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(fields=["resource", "since"], name="charging_rule_once_a_day"),
            models.CheckConstraint(
                name="charging_rule_divides_by_more_than_zero",
                condition=(Q(cores_per_card__isnull=True) | Q(cores_per_card__gt=0))
                & (Q(memory_bytes_per_unit__isnull=True) | Q(memory_bytes_per_unit__gt=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.since}"


class ExchangeRate(models.Model):
    """Credits for an hour of a resource, from `since` through `until`, both inclusive.

    parts_per_million: millionths of a credit-second for a second of the resource's unit; a
    credit is one credit-hour, 3600 credit-seconds. Rates of a resource never overlap, so that a
    day has one rate or none.
    """

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="exchange_rates")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    parts_per_million = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=300, blank=True)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.CheckConstraint(
                name="exchange_rate_not_zero", condition=Q(parts_per_million__gt=0)
            ),
            models.CheckConstraint(
                name="exchange_rate_until_after_since",
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
            # int8range stands for equality, which GiST has only with an extension
            ExclusionConstraint(
                name="exchange_rates_do_not_overlap",
                expressions=[
                    (
                        Func(F("resource_id"), F("resource_id"), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(F("since"), F("until"), Value("[]"), function="daterange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.since}"

    @property
    def can_end(self) -> bool:
        """Whether its last day can still be set to an earlier one: today or later."""
        today = timezone.localdate()
        return self.until is None or self.until > max(today, self.since)

    @property
    def rate(self) -> Decimal:
        """Credits for one hour, exactly."""
        return Decimal(self.parts_per_million) / MILLION
