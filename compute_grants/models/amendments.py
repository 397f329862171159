"""Requests to change a grant, of every kind, with one state machine."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.allocations import Allocation
from consortium.models import Institution, User


class AmendmentQuerySet(models.QuerySet["Amendment"]):
    def visible_to(self, user: User) -> AmendmentQuerySet:
        """Those of the allocations one may see, as giver or receiver; drafts: the asker's own."""
        mine = Q(state=Amendment.State.DRAFT, asked_by=user)
        readable = self.filter(mine | ~Q(state=Amendment.State.DRAFT))
        if Allocation.objects.seen_whole_by(user):
            return readable
        seen = Allocation.objects.visible_to(user).values("pk")
        concerned = Amendment.objects.filter(Q(allocation__in=seen) | Q(other__in=seen))
        # Ids only, as in Allocation.visible_to: both lists are made before a wide join begins.
        return readable.filter(pk__in=concerned.values("pk"))

    def shown(self) -> AmendmentQuerySet:
        """With what every list and page of amendments names, in the same query."""
        return self.select_related(
            "allocation__proposal__lead",
            "allocation__proposal__institution",
            "allocation__resource__machine__centre",
            "allocation__account",
            "other__proposal__institution",
            "other__resource__machine__centre",
            "other__account",
            "asked_by",
            "handler",
            "against",
        )

    def pending(self) -> AmendmentQuerySet:
        return self.filter(state__in=Amendment.PENDING)


class Amendment(models.Model):
    """A request to change one grant.

    DRAFT         to be checked and handed in
    SUBMITTED     waits for somebody to take it up
    UNDER_REVIEW  its parts (office, centres) decide
    APPROVED      all parts said yes; its effect follows in the same transaction
    APPLIED       the grant is changed
    REFUSED       one part said no; a successful appeal brings it back to review

    seconds: asked, in the allocation's unit; negative only where the office takes time back.
    other: the receiving grant of a transfer. gives, receives: what a transfer moves, each in
    its own grant's unit, at the rates of `quoted_on`. settled_seconds: of an advance, what
    later awards have paid back. round: grows with each appeal that brings it back.
    """

    class Kind(models.TextChoices):
        EXTENSION = "extension", _("extension")
        SUPPLEMENT = "supplement", _("supplement")
        TRANSFER = "transfer", _("transfer")
        ADVANCE = "advance", _("advance")
        RENEWAL = "renewal", _("renewal")
        APPEAL = "appeal", _("appeal")
        ADJUSTMENT = "adjustment", _("adjustment by the office")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("submitted")
        UNDER_REVIEW = "under_review", _("under review")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")
        APPLIED = "applied", _("applied")

    TRANSITIONS = {
        State.DRAFT: frozenset({State.SUBMITTED, State.WITHDRAWN}),
        State.SUBMITTED: frozenset({State.UNDER_REVIEW, State.WITHDRAWN}),
        State.UNDER_REVIEW: frozenset({State.APPROVED, State.REFUSED, State.WITHDRAWN}),
        State.APPROVED: frozenset({State.APPLIED}),
        State.REFUSED: frozenset({State.UNDER_REVIEW}),
        State.WITHDRAWN: frozenset[State](),
        State.APPLIED: frozenset[State](),
    }
    PENDING = frozenset({State.SUBMITTED, State.UNDER_REVIEW})
    OPEN = frozenset({State.DRAFT, State.SUBMITTED, State.UNDER_REVIEW})
    WITH_HOURS = frozenset(
        {Kind.SUPPLEMENT, Kind.TRANSFER, Kind.ADVANCE, Kind.RENEWAL, Kind.ADJUSTMENT}
    )
    WITH_END = frozenset({Kind.EXTENSION, Kind.RENEWAL})

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="amendments")
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    reason = models.TextField()
    seconds = models.BigIntegerField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    other = models.ForeignKey(
        Allocation, on_delete=models.PROTECT, null=True, blank=True, related_name="received"
    )
    against = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="appeals"
    )
    gives_seconds = models.PositiveBigIntegerField(null=True, blank=True)
    receives_seconds = models.PositiveBigIntegerField(null=True, blank=True)
    quoted_on = models.DateField(null=True, blank=True)
    ended_on_before = models.DateField(null=True, blank=True)
    settled_seconds = models.PositiveBigIntegerField(default=0)
    round = models.PositiveSmallIntegerField(default=1)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    handler = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.TextField(blank=True)

    objects = AmendmentQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="amendment_transfer_names_another_grant",
                condition=Q(kind="transfer", other__isnull=False) & ~Q(other=F("allocation"))
                | ~Q(kind="transfer") & Q(other__isnull=True),
            ),
            models.CheckConstraint(
                name="amendment_appeal_is_against_something",
                condition=Q(kind="appeal", against__isnull=False)
                | ~Q(kind="appeal") & Q(against__isnull=True),
            ),
            models.CheckConstraint(
                name="amendment_only_the_office_takes_back",
                condition=Q(kind="adjustment") | Q(seconds__isnull=True) | Q(seconds__gte=0),
            ),
            models.CheckConstraint(
                name="amendment_submitted_has_its_time",
                condition=Q(state__in=["draft", "withdrawn"]) | Q(submitted_at__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["allocation", "kind"],
                condition=Q(state__in=["draft", "submitted", "under_review"]),
                name="amendment_one_open_of_a_kind",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_on"], name="amendment_by_state_due")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:amendment", args=[self.number])

    @property
    def owed_seconds(self) -> int:
        """Of an advance that was applied: what later awards have yet to pay back."""
        applied = self.kind == self.Kind.ADVANCE and self.state == self.State.APPLIED
        return (self.seconds or 0) - self.settled_seconds if applied else 0

    def overdue_on(self, today: date) -> bool:
        return self.state in self.PENDING and self.due_on is not None and self.due_on < today


class AmendmentPart(models.Model):
    """One word that a request needs, and who gave it. New rows for each round.

    centre: whose word it is, for the centres' parts; None for the office's.
    """

    class Part(models.TextChoices):
        OFFICE = "office", _("R&D office")
        CENTRE = "centre", _("the machine's centre")
        GIVING = "giving", _("the giving centre")
        RECEIVING = "receiving", _("the receiving centre")
        SECOND = "second", _("a second person of the office")

    class Verdict(models.TextChoices):
        WAITING = "waiting", _("waiting")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")

    amendment = models.ForeignKey(Amendment, on_delete=models.CASCADE, related_name="parts")
    round = models.PositiveSmallIntegerField()
    part = models.CharField(max_length=10, choices=Part)
    centre = models.ForeignKey(
        Institution, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    verdict = models.CharField(max_length=8, choices=Verdict, default=Verdict.WAITING)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["round", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["amendment", "round", "part"], name="amendment_part_once"
            ),
            models.CheckConstraint(
                name="amendment_part_given_by_somebody",
                condition=Q(verdict="waiting", by__isnull=True)
                | ~Q(verdict="waiting") & Q(by__isnull=False, at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amendment} {self.part}: {self.verdict}"
