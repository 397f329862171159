"""Peer reviews and the panel's decisions."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.calls import Criterion
from compute_grants.models.proposals import Proposal, ResourceRequest
from consortium.models import ArmAppointment, User
from consortium.roles import standing

Office = ArmAppointment.Office


class AssignmentQuerySet(models.QuerySet["ReviewAssignment"]):
    def visible_to(self, user: User) -> AssignmentQuerySet:
        """One's own; the research office and auditors see who reviews what."""
        offices = standing(user).offices
        if Office.DEPLOYMENT in offices:
            return self.none()
        if offices & {Office.RESEARCH, Office.AUDITOR}:
            return self.exclude(proposal__lead=user)
        return self.filter(reviewer=user)


class ReviewAssignment(models.Model):
    """One person asked to review one proposal. Nobody reads it before confirming.

    INVITED    asked; sees no more than what a declaration needs
    CONFIRMED  has declared no conflict and reads the proposal
    DECLINED   has a conflict (`conflict`) or another reason (`decline_reason`)
    SUBMITTED  the review is in
    REOPENED   it is in and may be revised, until it is submitted again
    WITHDRAWN  the office took the invitation back
    """

    class State(models.TextChoices):
        INVITED = "invited", _("invited")
        CONFIRMED = "confirmed", _("confirmed")
        DECLINED = "declined", _("declined")
        SUBMITTED = "submitted", _("review in")
        REOPENED = "reopened", _("reopened")
        WITHDRAWN = "withdrawn", _("invitation taken back")

    TRANSITIONS = {
        State.INVITED: frozenset({State.CONFIRMED, State.DECLINED, State.WITHDRAWN}),
        State.CONFIRMED: frozenset({State.SUBMITTED, State.DECLINED, State.WITHDRAWN}),
        State.DECLINED: frozenset[State](),
        State.SUBMITTED: frozenset({State.REOPENED}),
        State.REOPENED: frozenset({State.SUBMITTED, State.DECLINED, State.WITHDRAWN}),
        State.WITHDRAWN: frozenset[State](),
    }
    READING = frozenset({State.CONFIRMED, State.SUBMITTED, State.REOPENED})
    WRITING = frozenset({State.CONFIRMED, State.REOPENED})
    WAITING = frozenset({State.INVITED, State.CONFIRMED, State.REOPENED})
    IN = frozenset({State.SUBMITTED, State.REOPENED})  # a review of it is there and counts

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="assignments")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")
    state = models.CharField(max_length=12, choices=State, default=State.INVITED)
    assigned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    declared_at = models.DateTimeField(null=True, blank=True)
    conflict = models.TextField(blank=True, help_text=_("The conflict the reviewer declared."))
    decline_reason = models.TextField(blank=True)
    suggestion = models.TextField(blank=True)
    reopened_reason = models.TextField(blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "reviewer"], name="review_assignment_once"),
            models.CheckConstraint(
                name="review_assignment_declared_unless_invited",
                condition=Q(state__in=["invited", "withdrawn"]) | Q(declared_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="assignment_by_state_due"),
            models.Index(
                fields=["reviewer", "declared_at", "due_at", "id"], name="assignment_by_reviewer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal.number}: {self.reviewer}"

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:review", args=[self.pk])


class ReviewReminder(models.Model):
    """What was said about a due date, so that each step is taken once for it."""

    class Step(models.TextChoices):
        BEFORE = "before", _("reminded before it was due")
        DUE = "due", _("reminded when it was due")
        ESCALATED = "escalated", _("brought to the office")

    assignment = models.ForeignKey(
        ReviewAssignment, on_delete=models.CASCADE, related_name="reminders"
    )
    step = models.CharField(max_length=12, choices=Step)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "step", "due_at"], name="review_reminder_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assignment}: {self.step}"


class ReviewDraft(models.Model):
    """What a reviewer has written so far. `version` grows with every save.

    content: {"scores": {criterion id: {"value": int | null, "reason": str}}, "comment": str,
    "confidential_note": str}
    """

    assignment = models.OneToOneField(
        ReviewAssignment, on_delete=models.CASCADE, related_name="draft"
    )
    content = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.assignment} v{self.version}"


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, user: User) -> ReviewQuerySet:
        """One's own; others' of the same proposal once one's own is in, if one reviews it.

        Else the research office, auditors, and the call's panel where it judges the proposal.
        Applicants read scores through queries.reviews.feedback, without names or notes.
        """
        mine = ReviewAssignment.objects.filter(
            proposal=OuterRef("assignment__proposal"), reviewer=user
        )
        waits = Exists(mine.filter(state__in=["invited", "confirmed"]))
        own = Q(assignment__reviewer=user)
        done = Q(Exists(mine.filter(state__in=ReviewAssignment.IN)))
        readable = Proposal.objects.visible_to(user).not_of(user)
        offices = standing(user).offices
        if offices & {Office.RESEARCH, Office.AUDITOR}:
            judges = Q(pk__isnull=False)
        else:
            judges = Q(assignment__proposal__in=Proposal.objects.judged_by(user).values("pk"))
        others = Q(assignment__proposal__in=readable) & ~waits & (done | judges)
        return self.counted().filter(own | others)

    def counted(self) -> ReviewQuerySet:
        """Without those of people who declined or were let go after they had submitted."""
        return self.filter(assignment__state__in=ReviewAssignment.IN)


class Review(models.Model):
    """A reviewer's judgement, complete from the moment it exists; `version` counts revisions."""

    assignment = models.OneToOneField(
        ReviewAssignment, on_delete=models.PROTECT, related_name="review"
    )
    comment = models.TextField(blank=True, help_text=_("The applicant reads this."))
    confidential_note = models.TextField(blank=True, help_text=_("Only the panel reads this."))
    submitted_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)

    objects = ReviewQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.assignment}"


class ReviewVersion(models.Model):
    """A review word for word as it was submitted; content as in ReviewDraft."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    content = models.JSONField()
    submitted_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["review", "version"], name="review_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.review} v{self.version}"


class Score(models.Model):
    """0 to 5 on one criterion, with the reason."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="scores")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="scores")
    value = models.PositiveSmallIntegerField()
    reason = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "criterion"], name="score_once"),
            models.CheckConstraint(name="score_from_0_to_5", condition=Q(value__lte=5)),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.value}"


class PanelDecision(models.Model):
    """What a panel decided on one proposal; the newest one stands.

    binding: the limits that bound it, where it follows an award run (queries.award_reasons.kept).
    """

    class Outcome(models.TextChoices):
        AWARDED = "awarded", _("awarded")
        REJECTED = "rejected", _("rejected")
        WAITLISTED = "waitlisted", _("waitlisted")

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=12, choices=Outcome)
    reason = models.TextField()
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    binding = models.JSONField(default=list)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="panel_decision_dated_where_awarded",
                condition=Q(outcome="awarded", ends_on__gt=F("starts_on"))
                | ~Q(outcome="awarded") & Q(starts_on__isnull=True, ends_on__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal}: {self.outcome}"


class AwardLine(models.Model):
    """Time awarded on one of the proposal's requests."""

    decision = models.ForeignKey(PanelDecision, on_delete=models.CASCADE, related_name="lines")
    request = models.ForeignKey(ResourceRequest, on_delete=models.PROTECT, related_name="awards")
    seconds = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "request"], name="award_line_once"),
            models.CheckConstraint(name="award_line_not_zero", condition=Q(seconds__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.request}: {self.seconds}"
