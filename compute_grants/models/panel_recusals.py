"""Conflicts that members of a panel declare themselves."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.proposals import Proposal
from consortium.models import User


class PanelRecusal(models.Model):
    """A conflict with one proposal that a member of its call's panel declared. Never taken back."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="recusals")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="recusals")
    reason = models.TextField(help_text=_("The conflict the member declared."))
    declared_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "person"], name="panel_recusal_once"),
            models.CheckConstraint(name="panel_recusal_has_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.proposal.number}: {self.person}"
