"""Calls for proposals: what is offered, until when, and how it will be judged."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from compute_grants.models.machines import Resource
from consortium.models import Account, NamedInBoth, User, localized
from consortium.roles import Permission, has


class FusionStage(models.TextChoices):
    """The three stages of the fusion of supercomputing and AI computing."""

    FOR_AI = "for_ai", _("for AI: systems adapted to run AI")
    BY_AI = "by_ai", _("by AI: AI solves classical computing problems")
    BEING_AI = "being_ai", _("being AI: the system itself is intelligent")


class CallQuerySet(models.QuerySet["Call"]):
    def visible_to(self, user: object) -> CallQuerySet:
        """Calls that are out, for anybody; drafts for the research office."""
        if has(user, Permission.CALL_PUBLISH):
            return self
        return self.exclude(state=Call.State.DRAFT)

    def accepting(self, now: datetime) -> CallQuerySet:
        """Calls to which a proposal can be submitted at `now`."""
        return self.filter(
            state__in=[Call.State.PUBLISHED, Call.State.OPEN],
            opens_at__lte=now,
            closes_at__gt=now,
        )

    def due_to_open(self, now: datetime) -> CallQuerySet:
        return self.filter(state=Call.State.PUBLISHED, opens_at__lte=now)

    def due_to_close(self, now: datetime) -> CallQuerySet:
        return self.filter(state=Call.State.OPEN, closes_at__lte=now)


class Call(models.Model):
    """An invitation to apply for time, with a budget per resource and a rubric.

    PUBLISHED  to be read; its budget is set aside
    OPEN       takes proposals from opens_at until before closes_at
    IN_REVIEW  takes no more; decisions are prepared and made
    DECIDED    every proposal has its decision
    CLOSED     nothing changes any more

    A rolling call is reviewed and decided as proposals come in, while it is open.
    """

    class Kind(models.TextChoices):
        ROOT_MODEL = "root_model", _("root model")
        DOMAIN_MODEL = "domain_model", _("domain model")
        THEORY = "theory", _("foundational theory")
        INFRASTRUCTURE = "infrastructure", _("infrastructure")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        OPEN = "open", _("open")
        IN_REVIEW = "in_review", _("in review")
        DECIDED = "decided", _("decided")
        CLOSED = "closed", _("closed")

    TRANSITIONS = {
        State.DRAFT: frozenset({State.PUBLISHED}),
        State.PUBLISHED: frozenset({State.OPEN}),
        State.OPEN: frozenset({State.IN_REVIEW}),
        State.IN_REVIEW: frozenset({State.DECIDED}),
        State.DECIDED: frozenset({State.CLOSED}),
        State.CLOSED: frozenset[State](),
    }

    code = models.CharField(max_length=16, unique=True)
    kind = models.CharField(max_length=16, choices=Kind)
    stage = models.CharField(max_length=12, choices=FusionStage)
    title_en = models.CharField(max_length=200)
    title_zh = models.CharField(max_length=200)
    summary_en = models.TextField(blank=True)
    summary_zh = models.TextField(blank=True)
    rules_en = models.TextField(blank=True)
    rules_zh = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    rolling = models.BooleanField(default=False)
    reviewers_per_proposal = models.PositiveSmallIntegerField(default=2)
    panel = models.ManyToManyField(User, related_name="panels", blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="call_closes_after_it_opens", condition=Q(closes_at__gt=F("opens_at"))
            ),
            models.CheckConstraint(
                name="call_wants_a_reviewer", condition=Q(reviewers_per_proposal__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:call", args=[self.code])

    @property
    def title(self) -> str:
        return localized(self, "title")

    def accepts_at(self, now: datetime) -> bool:
        """Whether a proposal can be submitted at `now`; the sweep may be a minute behind."""
        running = self.state in {self.State.PUBLISHED, self.State.OPEN}
        return running and self.opens_at <= now < self.closes_at

    def decides_now(self) -> bool:
        """Whether proposals may be ranked and decided on."""
        if self.rolling and self.state == self.State.OPEN:
            return True
        return self.state == self.State.IN_REVIEW


class Criterion(NamedInBoth):
    """One line of a call's rubric, scored 0 to 5. The weights of a call make 100."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="criteria")
    position = models.PositiveSmallIntegerField()
    anchors_en = models.TextField(blank=True, help_text=_("What 0, 3 and 5 mean."))
    anchors_zh = models.TextField(blank=True)
    weight_percent = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["call", "position"], name="criterion_position_once"),
            models.CheckConstraint(
                name="criterion_weight_is_a_share",
                condition=Q(weight_percent__gte=1, weight_percent__lte=100),
            ),
        ]


class CallBudget(models.Model):
    """Time of one resource that a call may award. Its account exists from publication on."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="budgets")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="budgets")
    seconds = models.PositiveBigIntegerField()
    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "resource"], name="call_budget_once"),
            models.CheckConstraint(name="call_budget_not_zero", condition=Q(seconds__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.call}: {self.resource}"
