"""Time that goes back to the call because it was not used."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.allocations import Allocation
from consortium.models import ArmAppointment, User
from consortium.roles import standing

OFFICES = frozenset({ArmAppointment.Office.RESEARCH, ArmAppointment.Office.AUDITOR})


class ReclaimQuerySet(models.QuerySet["Reclaim"]):
    def visible_to(self, user: User) -> ReclaimQuerySet:
        """Those of the allocations one may see; what is only planned, the office's own."""
        offices = standing(user).offices
        if ArmAppointment.Office.DEPLOYMENT in offices:
            return self.none()
        if offices & OFFICES:
            return self
        told = self.filter(noticed_at__isnull=False)
        return told.filter(allocation__in=Allocation.objects.visible_to(user).values("pk"))

    def shown(self) -> ReclaimQuerySet:
        """With what every list and page of them names, in the same query."""
        return self.select_related(
            "allocation__proposal__lead",
            "allocation__proposal__institution",
            "allocation__resource__machine__centre",
            "allocation__account",
            "asked_by",
            "decided_by",
        )

    def open(self) -> ReclaimQuerySet:
        return self.filter(state__in=Reclaim.OPEN)


class Reclaim(models.Model):
    """One day of the ladder for one grant.

    PLANNED    the rule says so; nobody was told
    NOTICED    the lead was told what is taken on `due_on`
    ASKED      the lead asks for an exemption; nothing is taken until it is decided
    EXEMPTED   nothing is taken
    APPLIED    `taken_seconds` went back to the call
    CANCELLED  called off, or enough was used meanwhile

    by_day, below_percent, take_percent: the step of the ladder. used, granted and seconds: the
    figures when it was planned, in the grant's unit. More than `seconds` is never taken.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        NOTICED = "noticed", _("notice given")
        ASKED = "asked", _("exemption asked for")
        EXEMPTED = "exempted", _("exempted")
        APPLIED = "applied", _("taken back")
        CANCELLED = "cancelled", _("called off")

    TRANSITIONS = {
        State.PLANNED: frozenset({State.NOTICED, State.CANCELLED}),
        State.NOTICED: frozenset({State.ASKED, State.APPLIED, State.CANCELLED}),
        State.ASKED: frozenset({State.EXEMPTED, State.NOTICED, State.CANCELLED}),
        State.EXEMPTED: frozenset[State](),
        State.APPLIED: frozenset[State](),
        State.CANCELLED: frozenset[State](),
    }
    OPEN = frozenset({State.PLANNED, State.NOTICED, State.ASKED})

    number = models.CharField(max_length=20, unique=True)
    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="reclaims")
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    by_day = models.PositiveSmallIntegerField()
    below_percent = models.PositiveSmallIntegerField()
    take_percent = models.PositiveSmallIntegerField()
    used_seconds = models.PositiveBigIntegerField()
    granted_seconds = models.PositiveBigIntegerField()
    seconds = models.PositiveBigIntegerField()
    planned_at = models.DateTimeField(default=timezone.now)
    noticed_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(help_text=_("The first day on which it may be taken."))
    ask_until = models.DateField(help_text=_("The last day to ask for an exemption."))
    asked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField(null=True, blank=True)
    exemption_reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.TextField(blank=True)
    taken_seconds = models.PositiveBigIntegerField(default=0)
    over_at = models.DateTimeField(null=True, blank=True)

    objects = ReclaimQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["allocation", "by_day"], name="reclaim_once_for_each_day"
            ),
            models.CheckConstraint(name="reclaim_not_zero", condition=Q(seconds__gt=0)),
            models.CheckConstraint(
                name="reclaim_never_more_than_announced",
                condition=Q(taken_seconds__lte=models.F("seconds")),
            ),
            models.CheckConstraint(
                name="reclaim_taken_only_when_applied",
                condition=Q(state="applied", taken_seconds__gt=0)
                | ~Q(state="applied") & Q(taken_seconds=0),
            ),
            models.CheckConstraint(
                name="reclaim_told_before_it_is_taken",
                condition=Q(state__in=["planned", "cancelled"]) | Q(noticed_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["state", "due_on"], name="reclaim_by_state_due")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:reclaim", args=[self.number])

    @property
    def used_percent(self) -> float:
        """Of what was granted, to one decimal, when it was planned."""
        return round(100 * self.used_seconds / self.granted_seconds, 1)

    def may_ask_on(self, today: date) -> bool:
        return self.state == self.State.NOTICED and today <= self.ask_until

    def ripe_on(self, today: date) -> bool:
        """Whether it may be taken."""
        return self.state == self.State.NOTICED and today >= self.due_on
