"""Searches for the awards of a call: what they were asked, how they went, what they propose."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.calls import Call, CallRound
from consortium.models import User
from consortium.roles import Permission, has


class AwardRunQuerySet(models.QuerySet["AwardRun"]):
    def visible_to(self, user: User) -> AwardRunQuerySet:
        """The panel of the call, and the research office, which prepares its meetings."""
        if has(user, Permission.REVIEW_ASSIGN):
            return self
        if not has(user, Permission.PANEL_DECIDE):
            return self.none()
        seats = Call.panel.through.objects.filter(user=user)
        return self.filter(call__in=seats.values("call"))


class AwardRun(models.Model):
    """One run of the award optimiser.

    round: whose proposals competed, None where the call is decided as a whole.
    based_on: the run whose parameters were changed for this one. parameters: as they were chosen
    (actions.award_inputs.Parameters). inputs: the whole problem (optimise.problem.Problem) with
    its hash, so that it can be solved again. result: the solution, and why each proposal gets
    what it gets. attempt grows whenever a worker takes it up: what an earlier one still writes
    is dropped. phase: the goal it is at. best, bound, gap: the merit found, what cannot be
    bettered, and what lies between.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting for a worker")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped")
        FAILED = "failed", _("failed")

    TRANSITIONS = {
        State.QUEUED: frozenset({State.RUNNING, State.STOPPED}),
        # Back to the queue when its worker died.
        State.RUNNING: frozenset({State.DONE, State.STOPPED, State.FAILED, State.QUEUED}),
        State.DONE: frozenset[State](),
        State.STOPPED: frozenset[State](),
        State.FAILED: frozenset[State](),
    }
    WAITING = frozenset({State.QUEUED, State.RUNNING})

    class Phase(models.TextChoices):
        MERIT = "merit", _("merit")
        FAIRNESS = "fairness", _("floors")
        ORDER = "order", _("the panel's order")
        AMOUNTS = "amounts", _("amounts")

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="award_runs")
    round = models.ForeignKey(
        CallRound, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    based_on = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="variants"
    )
    title = models.CharField(max_length=120, blank=True)
    parameters = models.JSONField()
    inputs = models.JSONField()
    inputs_sha256 = models.CharField(max_length=64)
    seed = models.PositiveIntegerField(default=0)
    limit_seconds = models.PositiveSmallIntegerField(default=60)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    stop_asked = models.BooleanField(default=False)
    phase = models.CharField(max_length=10, choices=Phase, blank=True)
    best = models.FloatField(null=True, blank=True)
    bound = models.FloatField(null=True, blank=True)
    gap = models.FloatField(null=True, blank=True)
    elapsed_seconds = models.FloatField(default=0)
    solver = models.CharField(max_length=80, blank=True)
    result = models.JSONField(null=True, blank=True)
    failure = models.CharField(max_length=40, blank=True)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    queued_at = models.DateTimeField(default=timezone.now)
    heard_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = AwardRunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="award_run_done_has_a_result",
                condition=~Q(state="done") | Q(result__isnull=False),
            ),
            models.CheckConstraint(
                name="award_run_ended_has_a_time",
                condition=Q(state__in=["queued", "running"], ended_at__isnull=True)
                | Q(state__in=["done", "stopped", "failed"], ended_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["state", "heard_at"], name="award_run_by_state")]

    def __str__(self) -> str:
        return f"{self.call.code} #{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:award_run", args=[self.pk])

    @property
    def name(self) -> str:
        return self.title or f"#{self.pk}"

    @property
    def waiting(self) -> bool:
        return self.state in self.WAITING

    @property
    def pk_text(self) -> str:
        """Its number as addresses have it."""
        return str(self.pk)

    @property
    def gap_percent(self) -> float | None:
        return None if self.gap is None else 100 * self.gap
