"""Plans of who reviews what in a call: asked for, computed, changed by hand, applied."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.calls import Call
from compute_grants.models.expertise import OFFICES
from compute_grants.models.proposals import Proposal
from compute_grants.models.reviews import ReviewAssignment
from consortium.models import ArmAppointment, User
from consortium.roles import standing


class AssignmentPlanQuerySet(models.QuerySet["AssignmentPlan"]):
    def visible_to(self, user: User) -> AssignmentPlanQuerySet:
        """The research office and auditors. Their own side's lines are hidden by the pages."""
        offices = standing(user).offices
        if ArmAppointment.Office.DEPLOYMENT in offices or not offices & OFFICES:
            return self.none()
        return self


class AssignmentPlan(models.Model):
    """A computed assignment of reviewers to a call's proposals in peer review.

    per_proposal: reviewers each is to have, those invited already among them. most, least:
    reviews that one person has in hand at once, and new ones they get at least. inputs: what it
    was computed from: {"proposals": [[id, wanted]], "reviewers": [[id, places]], "forbidden":
    pairs, "affinity_sha256": str}. short: [{"proposal", "missing", "fit", "houses", "cause"}].
    total, worst, bound, gap: as in matching.assign.Solution. taken_at: when a worker last said
    that it computes it; `attempt` tells one worker's claim from the next one's.

    QUEUED   waits for a worker
    RUNNING  is being computed
    DONE     can be read, changed and applied
    FAILED   could not be computed; `failure` says why
    STOPPED  by a person
    APPLIED  its invitations went out
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("being computed")
        DONE = "done", _("computed")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped")
        APPLIED = "applied", _("applied")

    TRANSITIONS = {
        State.QUEUED: frozenset({State.RUNNING, State.STOPPED}),
        State.RUNNING: frozenset({State.DONE, State.FAILED, State.STOPPED}),
        State.DONE: frozenset({State.APPLIED}),
        State.FAILED: frozenset[State](),
        State.STOPPED: frozenset[State](),
        State.APPLIED: frozenset[State](),
    }
    LIVE = frozenset({State.QUEUED, State.RUNNING})

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="plans")
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    per_proposal = models.PositiveSmallIntegerField()
    most = models.PositiveSmallIntegerField()
    least = models.PositiveSmallIntegerField(default=0)
    seconds = models.PositiveSmallIntegerField(default=30)
    seed = models.PositiveIntegerField(default=0)
    based_on = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    attempt = models.PositiveSmallIntegerField(default=0)
    stage = models.CharField(max_length=12, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    stop_asked = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    inputs = models.JSONField(default=dict)
    solver = models.CharField(max_length=40, blank=True)
    total = models.FloatField(null=True, blank=True)
    worst = models.FloatField(null=True, blank=True)
    bound = models.FloatField(null=True, blank=True)
    gap = models.FloatField(null=True, blank=True)
    proved = models.BooleanField(default=False)
    short = models.JSONField(default=list)
    failure = models.TextField(blank=True)
    applied_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    applied_at = models.DateTimeField(null=True, blank=True)

    objects = AssignmentPlanQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["call"],
                condition=Q(state__in=["queued", "running"]),
                name="assignment_plan_one_at_work",
            ),
            models.CheckConstraint(
                name="assignment_plan_wants_somebody",
                condition=Q(per_proposal__gte=1, most__gte=1),
            ),
            models.CheckConstraint(
                name="assignment_plan_applied_by_somebody",
                condition=~Q(state="applied")
                | Q(applied_by__isnull=False, applied_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call.code} #{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:assignment_plan", args=[self.pk])


class PlannedPair(models.Model):
    """One reviewer planned for one proposal, and why they fit.

    affinity: 0 to 1. topics: slugs they share; terms: words they share, heaviest first.
    locked: kept when it is computed anew. manual: put there by a person.
    """

    class Outcome(models.TextChoices):
        INVITED = "invited", _("invited")
        REFUSED = "refused", _("refused by a rule")
        LEFT = "left", _("left out")

    plan = models.ForeignKey(AssignmentPlan, on_delete=models.CASCADE, related_name="pairs")
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    affinity = models.FloatField()
    topics = models.JSONField(default=list)
    terms = models.JSONField(default=list)
    locked = models.BooleanField(default=False)
    manual = models.BooleanField(default=False)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    outcome_reason = models.TextField(blank=True)
    assignment = models.ForeignKey(
        ReviewAssignment, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "proposal", "reviewer"], name="planned_pair_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id}: {self.proposal_id}, {self.reviewer_id}"
