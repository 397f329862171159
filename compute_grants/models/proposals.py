"""Proposals and the time they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from compute_grants.models.access_types import AccessType
from compute_grants.models.calls import Call, CallRound
from compute_grants.models.machines import Precision, Resource
from consortium.models import Affiliation, ArmAppointment, Institution, User, localized
from consortium.roles import Permission, has, standing

if TYPE_CHECKING:
    from compute_grants.models.attachments import Attachment
    from compute_grants.models.team import TeamMember

Office = ArmAppointment.Office


def interested_institutions(user: User) -> QuerySet[Institution]:
    """The person's institutions and every one that shares a related group with them."""
    ids = standing(user).institution_ids
    groups = (
        Institution.objects.filter(pk__in=ids).exclude(related_group="").values("related_group")
    )
    return Institution.objects.filter(Q(pk__in=ids) | Q(related_group__in=groups))


def led_or_joined(user: User) -> Q:
    """Proposals that this person leads, or has confirmed to work on."""
    joined = Proposal.objects.filter(team__user=user, team__state="confirmed")
    return Q(lead=user) | Q(pk__in=joined.values("pk"))


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def visible_to(self, user: User) -> ProposalQuerySet:
        """Proposals this person may read. The only such rule; pages and API share it.

        One's own always, led or joined. Once submitted: the research office and auditors;
        operators of a centre whose machine is asked; reviewers who confirmed they have no
        conflict; the call's panel, except what is closed to its member. The for-profit
        office: none.
        """
        who = standing(user)
        if Office.DEPLOYMENT in who.offices:
            return self.none()
        submitted = Q(submitted_at__isnull=False)
        mine = led_or_joined(user)
        if who.offices & {Office.RESEARCH, Office.AUDITOR}:
            return self.filter(mine | submitted)
        return self.filter(
            mine
            | submitted
            & (self._asks_centre_of(user) | self._reviewed_by(user) | self._judged_by(user))
        )

    def of(self, user: User) -> ProposalQuerySet:
        """Those the person leads, or has confirmed to work on."""
        return self.filter(led_or_joined(user))

    def not_of(self, user: User) -> ProposalQuerySet:
        """Without those where the person has a part, asked or confirmed."""
        asked = Proposal.objects.filter(
            team__user=user, team__state__in=["invited", "confirmed"]
        ).values("pk")
        return self.exclude(Q(lead=user) | Q(pk__in=asked))

    def _asks_centre_of(self, user: User) -> Q:
        centres = standing(user).institutions_as(Affiliation.Role.OPERATOR)
        if not centres:
            return Q(pk__in=[])
        asked = ResourceRequest.objects.filter(
            proposal=OuterRef("pk"), resource__machine__centre__in=centres
        )
        return Q(Exists(asked))

    def _reviewed_by(self, user: User) -> Q:
        confirmed = Proposal.objects.filter(
            assignments__reviewer=user,
            assignments__state__in=["confirmed", "submitted", "reopened"],
        )
        return Q(pk__in=confirmed.values("pk"))

    def of_interest_to(self, user: User) -> ProposalQuerySet:
        """Those with which the person has a conflict."""
        from compute_grants.models.panel_interests import (  # noqa: PLC0415  it stands on this one
            interest_of,
        )

        return self.filter(interest_of(user))

    def closed_to(self, user: User) -> ProposalQuerySet:
        """Those a panel keeps from the person: a conflict, or an invitation to review one has
        not declared about. The only such rule; lists, decisions and signatures share it.
        """
        from compute_grants.models.panel_interests import (  # noqa: PLC0415  it stands on this one
            interest_of,
            unanswered_by,
        )

        return self.filter(interest_of(user) | unanswered_by(user))

    def of_closed_rounds(self) -> ProposalQuerySet:
        """Without those of a round that still takes some, unless its call decides as they come."""
        takes = Q(call__state=Call.State.OPEN, call__rolling=False)
        return self.exclude(takes, round__closes_at__gt=timezone.now())

    def judged_by(self, user: User) -> ProposalQuerySet:
        """Those the person reads and decides on as one of the call's panel."""
        return self.filter(self._judged_by(user))

    def _judged_by(self, user: User) -> Q:
        if not has(user, Permission.PANEL_DECIDE):
            return Q(pk__in=[])  # and every list of theirs is spared the search for conflicts
        seats = Call.panel.through.objects.filter(user=user).values("call")
        closed = Proposal.objects.filter(call__in=seats).closed_to(user)
        return Q(call__in=seats) & ~Q(pk__in=closed.values("pk"))

    def with_needed(self) -> ProposalQuerySet:
        """`needed`: reviews each takes, as Proposal.reviewers_needed says of one."""
        return self.annotate(
            needed=Coalesce(F("access_type__reviewers"), F("call__reviewers_per_proposal"))
        )

    def judged(self) -> ProposalQuerySet:
        """Those that stand on a panel's board."""
        return self.filter(state__in=Proposal.JUDGED)


class Proposal(models.Model):
    """A request for time under one call. `version` grows with every save of its text.

    Its access type says how deeply it is reviewed; without one it is reviewed by peers, as many
    as the call says. After a technical check alone it is ranked, and has no score.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("submitted")
        RETURNED = "returned", _("returned for correction")
        TECHNICAL_REVIEW = "technical_review", _("technical review")
        PEER_REVIEW = "peer_review", _("peer review")
        RANKED = "ranked", _("ranked")
        AWARDED = "awarded", _("awarded")
        REJECTED = "rejected", _("rejected")
        WAITLISTED = "waitlisted", _("waitlisted")
        WITHDRAWN = "withdrawn", _("withdrawn")

    TRANSITIONS = {
        State.DRAFT: frozenset({State.SUBMITTED, State.WITHDRAWN}),
        State.SUBMITTED: frozenset({State.RETURNED, State.TECHNICAL_REVIEW, State.WITHDRAWN}),
        State.RETURNED: frozenset({State.SUBMITTED, State.WITHDRAWN}),
        State.TECHNICAL_REVIEW: frozenset(
            {State.PEER_REVIEW, State.RANKED, State.REJECTED, State.WITHDRAWN}
        ),
        State.PEER_REVIEW: frozenset({State.RANKED, State.WITHDRAWN}),
        State.RANKED: frozenset({State.AWARDED, State.REJECTED, State.WAITLISTED, State.WITHDRAWN}),
        State.WAITLISTED: frozenset({State.AWARDED, State.REJECTED, State.WITHDRAWN}),
        State.AWARDED: frozenset[State](),
        State.REJECTED: frozenset[State](),
        State.WITHDRAWN: frozenset[State](),
    }
    EDITABLE = frozenset({State.DRAFT, State.RETURNED})
    JUDGED = frozenset(
        {State.PEER_REVIEW, State.RANKED, State.AWARDED, State.REJECTED, State.WAITLISTED}
    )
    DECIDED = frozenset({State.AWARDED, State.REJECTED, State.WAITLISTED})
    OVER = frozenset({State.AWARDED, State.REJECTED, State.WITHDRAWN})

    number = models.CharField(max_length=16, unique=True)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="proposals")
    round = models.ForeignKey(
        CallRound, on_delete=models.PROTECT, null=True, blank=True, related_name="proposals"
    )
    access_type = models.ForeignKey(
        AccessType, on_delete=models.PROTECT, null=True, blank=True, related_name="proposals"
    )
    lead = models.ForeignKey(User, on_delete=models.PROTECT, related_name="proposals")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="proposals")
    title_en = models.CharField(max_length=200, blank=True)
    title_zh = models.CharField(max_length=200, blank=True)
    summary = models.TextField(blank=True)
    science_case = models.TextField(blank=True)
    software = models.TextField(blank=True)
    data_ethics = models.TextField(blank=True)
    energy = models.TextField(blank=True)
    state = models.CharField(max_length=20, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    content_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    saved_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True, blank=True)
    return_reason = models.TextField(blank=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="proposal_submitted_has_hash_and_time",
                condition=Q(state__in=["draft", "withdrawn"])
                | Q(submitted_at__isnull=False) & ~Q(content_hash=""),
            ),
        ]
        indexes = [
            models.Index(fields=["call", "state"], name="proposal_by_call_state"),
            models.Index(fields=["-saved_at", "-id"], name="proposal_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}".strip()

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:proposal", args=[self.number])

    @property
    def title(self) -> str:
        return localized(self, "title")

    @cached_property
    def people(self) -> list[TeamMember]:
        """Those asked onto its team or on it, beside its lead; read once for this object."""
        return self.team.people()

    @property
    def confirmed_team(self) -> list[TeamMember]:
        """Those who work on it beside its lead."""
        return [member for member in self.people if member.state == "confirmed"]

    @property
    def current_attachments(self) -> models.QuerySet[Attachment]:
        """The files that belong to it now."""
        return self.attachments.current().select_related("file").order_by("pk")

    @property
    def editable(self) -> bool:
        return self.state in self.EDITABLE

    @property
    def depth(self) -> AccessType.Depth:
        """How deeply it is reviewed. Expects access_type loaded."""
        kind = self.access_type
        return AccessType.Depth(kind.depth) if kind else AccessType.Depth.PEER

    @property
    def reviewers_needed(self) -> int:
        """0 where the centres' check is all. Expects access_type and call loaded."""
        kind = self.access_type
        return kind.reviewers if kind else self.call.reviewers_per_proposal

    @property
    def is_reviewed(self) -> bool:
        """Whether people review it after the centres' check. Expects access_type loaded."""
        return self.depth != AccessType.Depth.TECHNICAL

    @property
    def is_internal(self) -> bool:
        """Whether only the R&D office's own reviewers review it. Expects access_type loaded."""
        return self.depth == AccessType.Depth.INTERNAL


class ResourceRequest(models.Model):
    """Time asked on one resource, at a precision, `cards` wide (cores where it has none).

    Where it is stated: how many `runs` there will be, how long one takes by the clock, and how
    much memory one card (or core) needs.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="requests")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="requests")
    precision = models.CharField(max_length=4, choices=Precision)
    seconds = models.PositiveBigIntegerField()
    cards = models.PositiveIntegerField()
    runs = models.PositiveIntegerField(null=True, blank=True)
    run_seconds = models.PositiveBigIntegerField(null=True, blank=True)
    memory_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    justification = models.TextField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "resource"], name="resource_request_once"),
            models.CheckConstraint(
                name="resource_request_not_zero", condition=Q(seconds__gt=0, cards__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal}: {self.resource}"


class Submission(models.Model):
    """What was handed in, word for word. content_hash = sha256 of its canonical JSON."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="submissions")
    version = models.PositiveIntegerField()
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "version"], name="submission_once"),
        ]

    def __str__(self) -> str:
        return f"{self.proposal} v{self.version}"
