"""Who may lead a proposal under a call, as data."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from compute_grants.models.calls import Call


class EligibilityRule(models.Model):
    """One condition of a call. All of a call's must hold; policies.eligibility evaluates them.

    values: the kinds, roles, tiers or arms of which one must be had. months: how long the
    lead's affiliation must go on after the last day of the award period.
    """

    class Kind(models.TextChoices):
        INSTITUTION_KIND = "institution_kind", _("kind of institution")
        ROLE = "role", _("role at the institution")
        TIER = "tier", _("tier of membership")
        ARM = "arm", _("arm of the consortium")
        CONTRACT = "contract", _("contract past the end of the award")
        SECOND_FACTOR = "second_factor", _("second factor at sign-in")
        NO_OVERDUE_REPORT = "no_overdue_report", _("no overdue report")

    LISTED = frozenset({Kind.INSTITUTION_KIND, Kind.ROLE, Kind.TIER, Kind.ARM})

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="eligibility_rules")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=Kind)
    values = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    months = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["call", "kind"], name="eligibility_rule_once"),
            models.CheckConstraint(
                name="eligibility_rule_has_what_it_needs",
                condition=Q(
                    kind__in=["institution_kind", "role", "tier", "arm"],
                    values__len__gt=0,
                    months__isnull=True,
                )
                | Q(kind="contract", values__len=0, months__isnull=False)
                | Q(
                    kind__in=["second_factor", "no_overdue_report"],
                    values__len=0,
                    months__isnull=True,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call.code}: {self.kind}"
