"""The waitlist of a call: who comes next when time comes back."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from compute_grants.models.calls import Call
from compute_grants.models.proposals import Proposal
from consortium.models import User


class WaitlistQuerySet(models.QuerySet["WaitlistPlace"]):
    def visible_to(self, user: User) -> WaitlistQuerySet:
        """Those of the proposals one may see."""
        return self.filter(proposal__in=Proposal.objects.visible_to(user))

    def waiting(self) -> WaitlistQuerySet:
        """Those that still wait: their proposal is waitlisted."""
        return self.filter(proposal__state=Proposal.State.WAITLISTED)

    def in_order(self) -> WaitlistQuerySet:
        """The best merit first; among equals, whoever has waited longer."""
        return self.order_by(F("merit").desc(nulls_last=True), "since", "pk")


class WaitlistPlace(models.Model):
    """A proposal's place, from the day the panel waitlisted it. It ends with the proposal's state.

    merit: the weighted mean of its reviews then, 0 to 5. least_percent: the share of what is
    asked and feasible that still makes sense, as its lead says. low_marks: {resource id: the
    least seconds that the call has had left since}: more than that is time that came back.
    """

    proposal = models.OneToOneField(
        Proposal, on_delete=models.PROTECT, related_name="waitlist_place"
    )
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="waitlist")
    merit = models.FloatField(null=True, blank=True)
    least_percent = models.PositiveSmallIntegerField(default=100)
    low_marks = models.JSONField(default=dict)
    since = models.DateTimeField(default=timezone.now)

    objects = WaitlistQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="waitlist_least_is_a_share",
                condition=Q(least_percent__gte=1, least_percent__lte=100),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal.number}"

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:waitlist_place", args=[self.proposal.number])
