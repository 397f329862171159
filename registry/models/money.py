from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models import ArmAppointment, Institution, User
from consortium.roles import standing

if TYPE_CHECKING:
    from registry.models.licences import Licence

Office = ArmAppointment.Office
_SEES_ALL = frozenset({Office.DEPLOYMENT, Office.RESEARCH, Office.AUDITOR})


class RevenuePolicy(models.Model):
    """How income is shared, by exact fractions. Append-only; each licence pins one version.

    rules: registry.waterfall.Policy as JSON; document_sha256: of its canonical form.
    """

    version = models.PositiveIntegerField(unique=True)
    rules = models.JSONField()
    document_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"v{self.version}"


class Receipt(models.Model):
    """Money that came in under a licence. Append-only; all amounts in fen.

    bank_reference: what the bank calls the payment; once per licence, so that a payment
    recorded twice is one receipt.
    """

    number = models.CharField(max_length=16, unique=True)
    licence = models.ForeignKey(
        "registry.Licence", on_delete=models.PROTECT, related_name="receipts"
    )
    amount_fen = models.PositiveBigIntegerField()
    tax_fen = models.PositiveBigIntegerField(default=0)
    third_party_fen = models.PositiveBigIntegerField(default=0)
    received_on = models.DateField()
    bank_reference = models.CharField(max_length=64)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["licence", "bank_reference"], name="receipt_payment_once"
            ),
            models.CheckConstraint(
                name="receipt_leaves_something_to_share",
                condition=Q(amount_fen__gt=F("tax_fen") + F("third_party_fen")),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def net_fen(self) -> int:
        return self.amount_fen - self.tax_fen - self.third_party_fen


class StatementQuerySet(models.QuerySet["RevenueStatement"]):
    def visible_to(self, user: User | AnonymousUser) -> StatementQuerySet:
        """Statements in which one's institution has a share; all for the offices."""
        if not isinstance(user, User):
            return self.none()
        stands = standing(user)
        if stands.offices & _SEES_ALL:
            return self
        mine = StatementLine.objects.filter(institution_id__in=stands.institution_ids)
        return self.filter(pk__in=mine.values("statement"))

    def shown(self) -> StatementQuerySet:
        return self.select_related("receipt__licence__offering", "receipt__licence__policy")


class RevenueStatement(models.Model):
    """How one receipt was shared. Append-only."""

    number = models.CharField(max_length=16, unique=True)
    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="statement")
    net_fen = models.PositiveBigIntegerField()
    at = models.DateTimeField(default=timezone.now)

    objects = StatementQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("registry:statement", args=[self.number])

    @property
    def licence(self) -> Licence:
        return self.receipt.licence


class StatementLine(models.Model):
    """One party's share of one receipt. Append-only.

    parts: [{"basis", "checkpoint", "entitled"}], each exact, in fen, as "numerator/denominator";
    entitled: their sum. amount_fen: what was posted; a fen may be taken back that an earlier
    receipt's rounding gave too early. transfer: the posting, absent for 0 fen.
    """

    class Party(models.TextChoices):
        INSTITUTION = "institution", _("institution")
        DEPLOYMENT_ARM = "deployment_arm", _("for-profit arm")
        MISSION_FUND = "mission_fund", _("mission fund")

    statement = models.ForeignKey(RevenueStatement, on_delete=models.PROTECT, related_name="lines")
    party = models.CharField(max_length=16, choices=Party)
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, null=True, blank=True, related_name="shares"
    )
    parts = models.JSONField()
    entitled = models.TextField()
    amount_fen = models.BigIntegerField()
    transfer = models.UUIDField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["statement", "party", "institution"],
                nulls_distinct=False,
                name="statement_line_once",
            ),
            models.CheckConstraint(
                name="statement_line_institution_named",
                condition=Q(party="institution", institution__isnull=False)
                | ~Q(party="institution") & Q(institution__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party} {self.amount_fen}"

    @property
    def exact(self) -> Fraction:
        return Fraction(self.entitled)

    @property
    def name(self) -> str:
        if self.institution is not None:
            return self.institution.name
        return str(self.get_party_display())
