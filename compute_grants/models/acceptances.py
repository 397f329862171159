"""The lead's answer to an award: its terms accepted, or the time given back."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.proposals import Proposal
from compute_grants.models.reviews import PanelDecision
from consortium.models import User


class AcceptanceQuerySet(models.QuerySet["Acceptance"]):
    def visible_to(self, user: User) -> AcceptanceQuerySet:
        """Those of the proposals one may see."""
        return self.filter(decision__proposal__in=Proposal.objects.visible_to(user))

    def open(self) -> AcceptanceQuerySet:
        return self.filter(state=Acceptance.State.OFFERED)


class Acceptance(models.Model):
    """An award whose terms its lead has yet to accept, or did.

    OFFERED   its grants are kept shut on the machines
    ACCEPTED  they open
    DECLINED  the lead gave the time back to the call
    LAPSED    no answer by the last day: the same

    due_on: the last day for an answer. letter_sha256: of the letter that was accepted.
    """

    class State(models.TextChoices):
        OFFERED = "offered", _("waits for acceptance")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        LAPSED = "lapsed", _("lapsed")

    TRANSITIONS = {
        State.OFFERED: frozenset({State.ACCEPTED, State.DECLINED, State.LAPSED}),
        State.ACCEPTED: frozenset[State](),
        State.DECLINED: frozenset[State](),
        State.LAPSED: frozenset[State](),
    }

    decision = models.OneToOneField(
        PanelDecision, on_delete=models.PROTECT, related_name="acceptance"
    )
    state = models.CharField(max_length=12, choices=State, default=State.OFFERED)
    offered_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    letter_sha256 = models.CharField(max_length=64, blank=True)
    reason = models.TextField(blank=True)

    objects = AcceptanceQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="acceptance_answered_by_somebody_or_lapsed",
                condition=Q(state="offered", answered_at__isnull=True)
                | Q(state="lapsed", answered_at__isnull=False, answered_by__isnull=True)
                | Q(
                    state__in=["accepted", "declined"],
                    answered_at__isnull=False,
                    answered_by__isnull=False,
                ),
            ),
        ]
        indexes = [models.Index(fields=["state", "due_on"], name="acceptance_by_state_due")]

    def __str__(self) -> str:
        return f"{self.decision.proposal.number}: {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:acceptance", args=[self.decision.proposal.number])

    def over_on(self, today: date) -> bool:
        return self.state == self.State.OFFERED and today > self.due_on
