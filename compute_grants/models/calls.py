"""Calls for proposals: what is offered, until when, and how it will be judged."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, Value
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.access_types import AccessType
from compute_grants.models.machines import FusionStage, Resource
from consortium.models import Account, NamedInBoth, User, localized
from consortium.roles import Permission, has


class CallQuerySet(models.QuerySet["Call"]):
    def visible_to(self, user: object) -> CallQuerySet:
        """Calls that are out, for anybody; drafts for the research office."""
        if has(user, Permission.CALL_PUBLISH):
            return self
        return self.exclude(state=Call.State.DRAFT)

    def accepting(self, now: datetime) -> CallQuerySet:
        """Calls to which a proposal can be submitted at `now`: one of their rounds is open."""
        rounds = CallRound.objects.filter(call=OuterRef("pk"))
        return self.filter(
            Exists(rounds.open_at(now)) | ~Exists(rounds),
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
    OPEN       takes proposals while one of its rounds is open
    IN_REVIEW  takes no more; decisions are prepared and made
    DECIDED    every proposal has its decision
    CLOSED     nothing changes any more

    A rolling call is reviewed and decided as proposals come in, while it is open.

    opens_at, closes_at: when its first round opens and its last one closes; the actions keep
    them so. awards_from, awards_until: the days between which awarded time can be used, both
    inclusive; null for any time. rubric_sha256: of the rubric as it was fixed.
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
    access_types = models.ManyToManyField(AccessType, related_name="calls", blank=True)
    awards_from = models.DateField(null=True, blank=True)
    awards_until = models.DateField(null=True, blank=True)
    rubric_sha256 = models.CharField(max_length=64, blank=True)
    followers = models.ManyToManyField(User, related_name="followed_calls", blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="call_closes_after_it_opens", condition=Q(closes_at__gt=F("opens_at"))
            ),
            models.CheckConstraint(
                name="call_wants_a_reviewer", condition=Q(reviewers_per_proposal__gte=1)
            ),
            models.CheckConstraint(
                name="call_award_period_has_both_ends",
                condition=Q(awards_from__isnull=True, awards_until__isnull=True)
                | Q(awards_until__gt=F("awards_from")),
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
        if not running or not self.opens_at <= now < self.closes_at:
            return False
        rounds = self.rounds.all()
        return not rounds or any(each.accepts_at(now) for each in rounds)

    def round_at(self, now: datetime) -> CallRound | None:
        """The round that is open at `now`."""
        return next((each for each in self.rounds.all() if each.accepts_at(now)), None)

    def next_round(self, now: datetime) -> CallRound | None:
        """The first round that opens after `now`."""
        return next((each for each in self.rounds.all() if each.opens_at > now), None)

    def deadline(self, now: datetime) -> datetime:
        """When the round that is open, or the next one, closes; once all did, the last did."""
        each = self.round_at(now) or self.next_round(now)
        return each.closes_at if each else self.closes_at

    def takes_for(self, each: CallRound, now: datetime) -> bool:
        """Whether decisions wait for proposals of this round that may still come in."""
        return self.state == self.State.OPEN and not self.rolling and each.closes_at > now

    def decides_now(self) -> bool:
        """Whether proposals may be ranked and decided on: of a round that has closed."""
        if self.state == self.State.OPEN:
            now = timezone.now()
            return self.rolling or any(each.closes_at <= now for each in self.rounds.all())
        return self.state == self.State.IN_REVIEW


class CallRoundQuerySet(models.QuerySet["CallRound"]):
    def open_at(self, now: datetime) -> CallRoundQuerySet:
        return self.filter(opens_at__lte=now, closes_at__gt=now)


class CallRound(models.Model):
    """One window of a call: it takes proposals from opens_at until before closes_at.

    review_by, decision_by: by when reviews are in and decisions are out, as promised.
    reminded_at: when those with drafts were told that it closes soon.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="rounds")
    position = models.PositiveSmallIntegerField()
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    review_by = models.DateTimeField(null=True, blank=True)
    decision_by = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    objects = CallRoundQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["call", "position"], name="call_round_position_once"),
            models.CheckConstraint(
                name="call_round_closes_after_it_opens", condition=Q(closes_at__gt=F("opens_at"))
            ),
            models.CheckConstraint(
                name="call_round_steps_in_order",
                condition=(Q(review_by__isnull=True) | Q(review_by__gte=F("closes_at")))
                & (Q(decision_by__isnull=True) | Q(decision_by__gte=F("closes_at")))
                & (
                    Q(review_by__isnull=True)
                    | Q(decision_by__isnull=True)
                    | Q(decision_by__gte=F("review_by"))
                ),
            ),
            # int8range stands for equality, which GiST has only with an extension
            ExclusionConstraint(
                name="call_rounds_do_not_overlap",
                expressions=[
                    (
                        Func(F("call_id"), F("call_id"), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(F("opens_at"), F("closes_at"), Value("[)"), function="tstzrange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call.code}/{self.position}"

    def accepts_at(self, now: datetime) -> bool:
        return self.opens_at <= now < self.closes_at


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
