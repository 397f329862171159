"""What a grant's people report of it: on the way, and at its end."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.allocations import Allocation
from consortium.models import User


class GrantReportQuerySet(models.QuerySet["GrantReport"]):
    def visible_to(self, user: User) -> GrantReportQuerySet:
        """Those of the grants one may see. Unfinished texts are the members' (policies.reports)."""
        return self.filter(allocation__in=Allocation.objects.visible_to(user))

    def shown(self) -> GrantReportQuerySet:
        """With what every list and page of reports names, in the same query."""
        return self.select_related(
            "allocation__proposal__lead",
            "allocation__proposal__institution",
            "allocation__resource__machine__centre",
            "allocation__account",
        )

    def owed(self) -> GrantReportQuerySet:
        """Those that somebody has still to write or to correct."""
        return self.filter(state__in=GrantReport.OWED)

    def written_by(self, user: User) -> GrantReportQuerySet:
        """Those of the grants that the person leads or is a member of."""
        member = Q(allocation__members__user=user, allocation__members__until__isnull=True)
        return self.filter(Q(allocation__proposal__lead=user) | member).distinct()


class GrantReport(models.Model):
    """One report that a grant owes.

    DUE        asked for; nobody has begun
    DRAFT      being written by the grant's members
    SUBMITTED  with the R&D office
    RETURNED   to be corrected by the members
    ACCEPTED   done; of a progress report, the part of the award that waited for it is released
    WAIVED     not needed any more

    position: of a progress report, that of the part of the award which waits for it; 0 for the
    one at the middle of the term and for the final one. version grows with every save.
    """

    class Kind(models.TextChoices):
        PROGRESS = "progress", _("progress report")
        FINAL = "final", _("final report")

    class State(models.TextChoices):
        DUE = "due", _("to be written")
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("submitted")
        RETURNED = "returned", _("returned for correction")
        ACCEPTED = "accepted", _("accepted")
        WAIVED = "waived", _("not needed any more")

    TRANSITIONS = {
        State.DUE: frozenset({State.DRAFT, State.WAIVED}),
        State.DRAFT: frozenset({State.SUBMITTED, State.WAIVED}),
        State.SUBMITTED: frozenset({State.RETURNED, State.ACCEPTED}),
        State.RETURNED: frozenset({State.SUBMITTED, State.WAIVED}),
        State.ACCEPTED: frozenset[State](),
        State.WAIVED: frozenset[State](),
    }
    OWED = frozenset({State.DUE, State.DRAFT, State.RETURNED})
    TEXTS = ("achievements", "deviations", "compute_use", "energy_note")

    number = models.CharField(max_length=20, unique=True)
    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="reports")
    kind = models.CharField(max_length=8, choices=Kind)
    position = models.PositiveSmallIntegerField(default=0)
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    achievements = models.TextField(blank=True)
    deviations = models.TextField(blank=True)
    compute_use = models.TextField(blank=True)
    energy_note = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField(default=timezone.now)
    saved_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    judged_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    judged_at = models.DateTimeField(null=True, blank=True)
    judgement = models.TextField(blank=True)

    objects = GrantReportQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["allocation", "kind", "position"], name="grant_report_once"
            ),
            models.CheckConstraint(
                name="grant_report_handed_in_has_its_time",
                condition=Q(state__in=["due", "draft", "waived"]) | Q(submitted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="grant_report_judged_by_somebody",
                condition=~Q(state__in=["returned", "accepted"])
                | Q(judged_by__isnull=False, judged_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["state", "due_on"], name="grant_report_by_state_due")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:report", args=[self.number])

    @property
    def writing(self) -> bool:
        """Whether its text may still change."""
        return self.state in self.OWED

    @property
    def is_final(self) -> bool:
        return self.kind == self.Kind.FINAL

    def late_on(self, today: date) -> bool:
        """Whether it is owed and its day has passed. One that waits for the office is not late."""
        return self.state in self.OWED and self.due_on < today


class ReportSubmission(models.Model):
    """A report as it was handed in, word for word, with the grant's figures of that moment.

    content_hash: sha256 of the canonical JSON of `content`.
    """

    report = models.ForeignKey(GrantReport, on_delete=models.CASCADE, related_name="submissions")
    version = models.PositiveIntegerField()
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["report", "version"], name="report_submission_once"),
        ]

    def __str__(self) -> str:
        return f"{self.report} v{self.version}"


class ReportReminder(models.Model):
    """That a step was taken for one due date, so that nobody is told twice."""

    class Step(models.TextChoices):
        FIRST = "first", _("some weeks before")
        LAST = "last", _("some days before")
        DUE = "due", _("on the day")
        OVERDUE = "overdue", _("after the day")

    report = models.ForeignKey(GrantReport, on_delete=models.CASCADE, related_name="reminders")
    step = models.CharField(max_length=8, choices=Step)
    due_on = models.DateField()
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["report", "step", "due_on"], name="report_reminder_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report}: {self.step}"
