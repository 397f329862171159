"""Sets of decisions: what a panel means to decide, signed by two, then published as one."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.calls import Call, CallRound
from compute_grants.models.proposals import Proposal, ResourceRequest
from compute_grants.models.reviews import PanelDecision
from consortium.models import ArmAppointment, User
from consortium.roles import standing

Office = ArmAppointment.Office


class DecisionSetQuerySet(models.QuerySet["DecisionSet"]):
    def visible_to(self, user: User) -> DecisionSetQuerySet:
        """The call's panel, the research office and auditors. Items of the reader's are masked."""
        offices = standing(user).offices
        if Office.DEPLOYMENT in offices:
            return self.none()
        if offices & {Office.RESEARCH, Office.AUDITOR}:
            return self
        seats = Call.panel.through.objects.filter(user=user)
        return self.filter(call__in=seats.values("call"))


class DecisionSet(models.Model):
    """Decisions of one call that are made together.

    DRAFT      items come and go
    PROPOSED   waits for two signatures; a change takes it back to DRAFT and clears them
    PUBLISHED  the second signature carried out every item
    DISCARDED  nothing of it was carried out

    round: whose ranked proposals it decides on, None where the call is decided as a whole, and
    where it holds waitlisted ones only, of any round. run_pk: the award run it was adopted from,
    if any. made_by: None where the portal itself proposes whoever comes next on the waitlist.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PROPOSED = "proposed", _("waits for signatures")
        PUBLISHED = "published", _("published")
        DISCARDED = "discarded", _("discarded")

    TRANSITIONS = {
        State.DRAFT: frozenset({State.PROPOSED, State.DISCARDED}),
        State.PROPOSED: frozenset({State.DRAFT, State.PUBLISHED, State.DISCARDED}),
        State.PUBLISHED: frozenset[State](),
        State.DISCARDED: frozenset[State](),
    }
    OPEN = frozenset({State.DRAFT, State.PROPOSED})
    SIGNATURES = 2

    number = models.CharField(max_length=20, unique=True)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="decision_sets")
    round = models.ForeignKey(
        CallRound, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    run_pk = models.BigIntegerField(null=True, blank=True)
    note = models.TextField(blank=True)
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)
    proposed_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    discard_reason = models.TextField(blank=True)

    objects = DecisionSetQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="decision_set_published_has_its_time",
                condition=Q(state="published", published_at__isnull=False)
                | ~Q(state="published") & Q(published_at__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["call", "state"], name="decision_set_by_call_state")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:decision_set", args=[self.number])


class DecisionItem(models.Model):
    """What a set decides on one proposal. Time, where it awards any, is in `lines`.

    is_open: its set is neither published nor discarded; a proposal has one such item at most.
    adopted: what an award run gave, {"outcome": str, "seconds": {request id: seconds}}; empty
    where people chose. override_reason: why the item departs from that. binding: the limits that
    bound it in the run (queries.award_reasons.kept): codes and figures, worded when they are read.
    decision: what publication made of it.
    """

    set = models.ForeignKey(DecisionSet, on_delete=models.PROTECT, related_name="items")
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="decision_items")
    position = models.PositiveIntegerField()
    outcome = models.CharField(max_length=12, choices=PanelDecision.Outcome)
    reason = models.TextField()
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    adopted = models.JSONField(default=dict)
    binding = models.JSONField(default=list)
    override_reason = models.TextField(blank=True)
    is_open = models.BooleanField(default=True)
    decision = models.OneToOneField(
        PanelDecision, on_delete=models.PROTECT, null=True, blank=True, related_name="item"
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["set", "proposal"], name="decision_item_once_a_set"),
            models.UniqueConstraint(
                fields=["proposal"], condition=Q(is_open=True), name="decision_item_open_once"
            ),
            models.CheckConstraint(
                name="decision_item_dated_where_awarded",
                condition=Q(outcome="awarded", ends_on__gt=F("starts_on"))
                | ~Q(outcome="awarded") & Q(starts_on__isnull=True, ends_on__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.set} {self.proposal.number}: {self.outcome}"


class DecisionItemLine(models.Model):
    """Time that an item awards on one of its proposal's requests."""

    item = models.ForeignKey(DecisionItem, on_delete=models.CASCADE, related_name="lines")
    request = models.ForeignKey(ResourceRequest, on_delete=models.PROTECT, related_name="+")
    seconds = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["request_id"]
        constraints = [
            models.UniqueConstraint(fields=["item", "request"], name="decision_item_line_once"),
            models.CheckConstraint(name="decision_item_line_not_zero", condition=Q(seconds__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.request_id}: {self.seconds}"


class DecisionSignature(models.Model):
    """One person's word for a set, and for exactly what it said: `content_sha256`.

    method: how the person proved who they are just before, empty where none was asked.
    """

    set = models.ForeignKey(DecisionSet, on_delete=models.CASCADE, related_name="signatures")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    content_sha256 = models.CharField(max_length=64)
    method = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["set", "by"], name="decision_signature_once"),
        ]

    def __str__(self) -> str:
        return f"{self.set}: {self.by}"
