"""Letters about decisions, as they were issued."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from compute_grants.models.proposals import Proposal
from compute_grants.models.reviews import PanelDecision
from consortium.models import ArmAppointment, User
from consortium.roles import standing

Office = ArmAppointment.Office


class DecisionLetterQuerySet(models.QuerySet["DecisionLetter"]):
    def visible_to(self, user: User) -> DecisionLetterQuerySet:
        """One's own; the research office and auditors; the panel that judges its proposal."""
        offices = standing(user).offices
        if Office.DEPLOYMENT in offices:
            return self.none()
        if offices & {Office.RESEARCH, Office.AUDITOR}:
            return self
        judged = Q(decision__proposal__in=Proposal.objects.judged_by(user).values("pk"))
        return self.filter(judged | Q(decision__proposal__lead=user))


class DecisionLetter(models.Model):
    """What the lead is told of an award or a rejection, word for word in both languages.

    content: as queries.award_letters.content_of makes it; sha256: of its canonical JSON. A
    letter is never changed.
    """

    decision = models.OneToOneField(PanelDecision, on_delete=models.PROTECT, related_name="letter")
    number = models.CharField(max_length=20, unique=True)
    content = models.JSONField()
    sha256 = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField(default=timezone.now)

    objects = DecisionLetterQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:decision_letter", args=[self.content["proposal"]])
