"""What a tie that the portal found rests on, and what people say against it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.outputs import Output
from compute_grants.models.proposals import Proposal
from compute_grants.models.ties import OFFICES, Tie
from consortium.models import ArmAppointment, User
from consortium.roles import standing


class TieEvidence(models.Model):
    """One output that both wrote, or one proposal that both worked on; `on`: its last day."""

    tie = models.ForeignKey(Tie, on_delete=models.CASCADE, related_name="evidence")
    output = models.ForeignKey(
        Output, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    proposal = models.ForeignKey(
        Proposal, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    on = models.DateField()

    class Meta:
        ordering = ["-on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["tie", "output"], name="tie_evidence_output_once"),
            models.UniqueConstraint(fields=["tie", "proposal"], name="tie_evidence_proposal_once"),
            models.CheckConstraint(
                name="tie_evidence_is_an_output_or_a_proposal",
                condition=Q(output__isnull=False, proposal__isnull=True)
                | Q(output__isnull=True, proposal__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return (self.output or self._proposal).number

    @property
    def title(self) -> str:
        return self.output.title if self.output else self._proposal.title

    @property
    def doi(self) -> str:
        return self.output.doi if self.output else ""

    @property
    def _proposal(self) -> Proposal:
        assert self.proposal
        return self.proposal


class TieDisputeQuerySet(models.QuerySet["TieDispute"]):
    def visible_to(self, user: User) -> TieDisputeQuerySet:
        """One's own, and for the research office and auditors those of others."""
        offices = standing(user).offices
        if ArmAppointment.Office.DEPLOYMENT in offices:
            return self.none()
        return self if offices & OFFICES else self.filter(raised_by=user)


class TieDispute(models.Model):
    """One person's objection to a tie that the portal found; the tie counts until the answer.

    answered_by: None where the portal itself took the tie back, since nothing supports it any more.
    """

    class State(models.TextChoices):
        OPEN = "open", _("waits for the R&D office")
        ACCEPTED = "accepted", _("the tie was taken back")
        REFUSED = "refused", _("the tie stands")

    TRANSITIONS = {
        State.OPEN: frozenset({State.ACCEPTED, State.REFUSED}),
        State.ACCEPTED: frozenset[State](),
        State.REFUSED: frozenset[State](),
    }

    tie = models.ForeignKey(Tie, on_delete=models.PROTECT, related_name="disputes")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    reason = models.TextField()
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField(default=timezone.now)
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = TieDisputeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["tie"], condition=Q(state="open"), name="tie_dispute_open_once"
            ),
            models.CheckConstraint(
                name="tie_dispute_answered_by_another",
                condition=Q(state="open", answered_by__isnull=True)
                | Q(state="accepted", answered_by__isnull=True)
                | ~Q(state="open") & ~Q(answered_by=models.F("raised_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tie}: {self.get_state_display()}"

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:tie_dispute_answer", args=[self.pk])
