"""Allocations: awarded time on one resource, and who may use it."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.machines import Resource
from compute_grants.models.proposals import Proposal
from consortium.models import Account, Affiliation, ArmAppointment, User
from consortium.roles import standing

Office = ArmAppointment.Office
SAFE_NAME = r"^[a-z][a-z0-9_]{1,30}$"
CLUSTER_USER = RegexValidator(
    r"^[a-z][a-z0-9_]{1,30}\Z",
    _("Use 2 to 31 lower-case letters, digits or underscores, beginning with a letter."),
)


class AllocationQuerySet(models.QuerySet["Allocation"]):
    def visible_to(self, user: User) -> AllocationQuerySet:
        """Allocations this person may see. The only such rule; pages and API share it.

        Its lead and members; admins and delegates of the lead's institution; operators of the
        machine's centre; the research office and auditors. The for-profit office: none.
        """
        who = standing(user)
        if Office.DEPLOYMENT in who.offices:
            return self.none()
        if self.seen_whole_by(user):
            return self
        houses = who.institutions_as(Affiliation.Role.ADMIN, Affiliation.Role.DELEGATE)
        centres = who.institutions_as(Affiliation.Role.OPERATOR)
        # Ids only, as in led_or_joined_by: no list reads every grant to find a person's own.
        proposals = Proposal.objects.filter(Q(lead=user) | Q(institution__in=houses))
        joined = AllocationMember.objects.filter(user=user, until__isnull=True)
        resources = Resource.objects.filter(machine__centre__in=centres)
        return self.filter(
            Q(proposal__in=proposals.values("pk"))
            | Q(pk__in=joined.values("allocation"))
            | Q(resource__in=resources.values("pk"))
        )

    @staticmethod
    def seen_whole_by(user: User) -> bool:
        """Whether visible_to leaves nothing out, so that what hangs on grants needs no filter."""
        offices = standing(user).offices
        return Office.DEPLOYMENT not in offices and bool(
            offices & {Office.RESEARCH, Office.AUDITOR}
        )

    def shown(self) -> AllocationQuerySet:
        """With what every list and page of allocations names, in the same query."""
        return self.select_related(
            "proposal__lead", "proposal__institution", "resource__machine__centre", "account"
        )

    def led_or_joined_by(self, user: User) -> AllocationQuerySet:
        """Those that the person leads or may run jobs on, in whatever state."""
        led = Proposal.objects.filter(lead=user).values("pk")
        joined = AllocationMember.objects.filter(user=user, until__isnull=True)
        # Ids only: whatever else is joined is then read for these rows alone.
        return self.filter(Q(proposal__in=led) | Q(pk__in=joined.values("allocation")))

    def live(self) -> AllocationQuerySet:
        return self.filter(state__in=Allocation.LIVE)


class Allocation(models.Model):
    """Time awarded on one resource, in the resource's unit.

    AWARDED    decided; the cluster does not know yet
    ACTIVE     the cluster's account is open
    SUSPENDED  no new jobs; the time is kept
    CLOSED     over for good

    account: its pot in the ledger. slurm_account: unknown until the cluster has it.
    left_accounts: those of the cluster that were its own before, kept shut for good.
    seconds: what it may use: everything but usage that its account has seen, released parts
    of the award included. held_seconds: planned parts, which lie on `reserve`.
    terms_accepted: False while its lead has yet to accept the award; it is kept shut until then.
    """

    class State(models.TextChoices):
        AWARDED = "awarded", _("awarded")
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        CLOSED = "closed", _("closed")

    class Overuse(models.TextChoices):
        """How far beyond its hours it is, and so how the machine treats it."""

        NONE = "none", _("within its hours")
        LOW = "low", _("lower priority")
        FEW = "few", _("few running jobs")
        SUSPENDED = "suspended", _("suspended for overuse")

    TRANSITIONS = {
        State.AWARDED: frozenset({State.ACTIVE, State.CLOSED}),
        State.ACTIVE: frozenset({State.SUSPENDED, State.CLOSED}),
        State.SUSPENDED: frozenset({State.ACTIVE, State.CLOSED}),
        State.CLOSED: frozenset[State](),
    }
    LIVE = frozenset({State.AWARDED, State.ACTIVE, State.SUSPENDED})
    OPEN = frozenset({State.AWARDED, State.ACTIVE})

    number = models.CharField(max_length=20, unique=True)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="allocations")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="allocations")
    account = models.OneToOneField(Account, on_delete=models.PROTECT, null=True, related_name="+")
    reserve = models.OneToOneField(Account, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=State, default=State.AWARDED)
    seconds = models.PositiveBigIntegerField(help_text=_("Granted, in the resource's unit."))
    held_seconds = models.PositiveBigIntegerField(default=0)
    overuse = models.CharField(max_length=10, choices=Overuse, default=Overuse.NONE)
    suspended_by_rule = models.BooleanField(default=False)
    terms_accepted = models.BooleanField(default=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    slurm_account = models.CharField(max_length=31, unique=True, null=True, blank=True)
    left_accounts = ArrayField(models.CharField(max_length=31), default=list, blank=True)
    awarded_at = models.DateTimeField(default=timezone.now)
    state_reason = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = AllocationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="allocation_ends_after_it_starts", condition=Q(ends_on__gt=F("starts_on"))
            ),
            models.CheckConstraint(
                name="allocation_account_name_is_safe",
                condition=Q(slurm_account__isnull=True) | Q(slurm_account__regex=SAFE_NAME),
            ),
            models.CheckConstraint(
                name="allocation_active_has_account",
                condition=Q(state__in=["awarded", "closed"]) | Q(slurm_account__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "ends_on"], name="allocation_by_state_end"),
            models.Index(fields=["-awarded_at", "-id"], name="allocation_newest_first"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:allocation", args=[self.number])

    @property
    def title(self) -> str:
        return self.proposal.title

    @property
    def account_name(self) -> str:
        """The name its account has, or will have, on the cluster."""
        return self.slurm_account or self.own_account_name

    @property
    def own_account_name(self) -> str:
        """The name the portal gives where it makes the account: ncc2026_0147."""
        series, year, number = self.number.lower().split("-")
        return f"{series}{year}_{number}"

    @property
    def promised_seconds(self) -> int:
        """Released and planned together: what the call gave for it."""
        return self.seconds + self.held_seconds

    @property
    def wants_open(self) -> bool:
        return self.terms_accepted and self.state in self.OPEN

    def over_on(self, today: date) -> bool:
        return today > self.ends_on


class AllocationMember(models.Model):
    """A person who may run jobs on an allocation, under a name of the cluster.

    role: a deputy may change members, stages and alerts as the lead may. until: the last day;
    without it the membership is open. Removal works at once. state: whether the machine has them:

    ASKED    wanted of the machine, not yet done
    WAITING  the machine has no user of this name; looked for again until it has
    ADDED    jobs can run
    """

    class State(models.TextChoices):
        ASKED = "asked", _("being added")
        WAITING = "waiting", _("waits for a user on the machine")
        ADDED = "added", _("may run jobs")

    TRANSITIONS = {
        State.ASKED: frozenset({State.WAITING, State.ADDED}),
        State.WAITING: frozenset({State.ADDED}),
        State.ADDED: frozenset({State.WAITING}),
    }

    class Role(models.TextChoices):
        MEMBER = "member", _("member")
        DEPUTY = "deputy", _("deputy of the lead")

    allocation = models.ForeignKey(Allocation, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    cluster_user = models.CharField(max_length=31, validators=[CLUSTER_USER])
    role = models.CharField(max_length=8, choices=Role, default=Role.MEMBER)
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["allocation", "user"],
                condition=Q(until__isnull=True),
                name="allocation_member_open_once",
            ),
            models.UniqueConstraint(
                fields=["allocation", "cluster_user"],
                condition=Q(until__isnull=True),
                name="allocation_cluster_user_once",
            ),
            models.CheckConstraint(
                name="allocation_cluster_user_is_safe", condition=Q(cluster_user__regex=SAFE_NAME)
            ),
            models.CheckConstraint(
                name="allocation_member_until_after_since",
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.allocation}: {self.cluster_user}"


class QueueReading(models.Model):
    """Jobs of one grant that wait on its machine, as they were read last.

    jobs: job_id, user, submitted_at (ISO 8601, UTC) and reason, Slurm's word; oldest first.
    """

    allocation = models.OneToOneField(Allocation, on_delete=models.CASCADE, related_name="queue")
    read_at = models.DateTimeField()
    jobs = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.allocation} {self.read_at:%Y-%m-%d %H:%M}"
