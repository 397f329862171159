"""What binds a person to others: ties, the windows in which they count, and waivers."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.proposals import Proposal
from consortium.models import ArmAppointment, Institution, User
from consortium.roles import standing

OFFICES = frozenset({ArmAppointment.Office.RESEARCH, ArmAppointment.Office.AUDITOR})


class ReviewPolicyQuerySet(models.QuerySet["ReviewPolicy"]):
    def on(self, day: date) -> ReviewPolicy:
        """The policy in force on `day`: the newest that had begun, or the first figures."""
        return self.filter(since__lte=day).order_by("-since").first() or ReviewPolicy(since=day)


class ReviewPolicy(models.Model):
    """How long a tie counts and when reviews are called in. A row is never changed.

    The figures that stand here as defaults hold where no row is in force yet.
    """

    since = models.DateField(unique=True)
    former_employer_months = models.PositiveSmallIntegerField(default=12)
    collaborator_months = models.PositiveSmallIntegerField(default=48)
    co_editor_months = models.PositiveSmallIntegerField(default=24)
    waiver_days = models.PositiveSmallIntegerField(default=180)
    remind_hours_before = models.PositiveSmallIntegerField(default=72)
    escalate_hours_after = models.PositiveSmallIntegerField(default=72)
    reason = models.TextField()
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    objects = ReviewPolicyQuerySet.as_manager()

    class Meta:
        ordering = ["-since"]
        verbose_name_plural = "review policies"

    def __str__(self) -> str:
        return f"{self.since}"


class TieQuerySet(models.QuerySet["Tie"]):
    def visible_to(self, user: User) -> TieQuerySet:
        """One's own; the research office and auditors read all.

        What somebody stated is never shown to the other person; what the portal found is.
        """
        offices = standing(user).offices
        if ArmAppointment.Office.DEPLOYMENT in offices:
            return self.none()
        return self if offices & OFFICES else self.of_person(user)

    def of_person(self, person: User) -> TieQuerySet:
        """Stated by them or recorded for them, and what the portal found between them and one."""
        return self.filter(Q(person=person) | Q(with_person=person))

    def standing(self) -> TieQuerySet:
        """Those not taken back."""
        return self.filter(retracted_at__isnull=True)


class Tie(models.Model):
    """What binds `person` to an institution or to another person, for a time.

    The other person is named by e-mail, so that the tie counts from the day that address joins.
    `until` empty: it lasts. Rows are taken back, never deleted.

    with_person: the other person of a tie that the portal found; such a tie is one row for both,
    and rests on TieEvidence. retracted_by: None also where the portal itself took it back.
    """

    class Kind(models.TextChoices):
        EMPLOYMENT = "employment", _("employment")
        COLLABORATION = "collaboration", _("co-author or collaborator")
        CO_EDITOR = "co_editor", _("co-editor")
        ADVISING = "advising", _("adviser or student")
        FAMILY = "family", _("family or close relation")

    class Source(models.TextChoices):
        DECLARED = "declared", _("declared by the person")
        IMPORTED = "imported", _("recorded by the office")
        DETECTED = "detected", _("found by the portal")

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="ties")
    kind = models.CharField(max_length=16, choices=Kind)
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    other_email = models.EmailField(blank=True)
    other_name = models.CharField(max_length=120, blank=True)
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)
    source = models.CharField(max_length=12, choices=Source, default=Source.DECLARED)
    recorded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    recorded_at = models.DateTimeField(default=timezone.now)
    retracted_at = models.DateTimeField(null=True, blank=True)
    retracted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    with_person = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="ties_found"
    )

    objects = TieQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="tie_to_an_institution_or_to_a_person",
                condition=Q(kind="employment", institution__isnull=False, other_email="")
                | ~Q(kind="employment") & Q(institution__isnull=True) & ~Q(other_email=""),
            ),
            models.CheckConstraint(
                name="tie_until_after_since",
                condition=Q(until__isnull=True) | Q(since__isnull=True) | Q(until__gte=F("since")),
            ),
            models.CheckConstraint(
                name="tie_found_is_between_two_people",
                condition=Q(source="detected", with_person__isnull=False)
                & Q(with_person__gt=F("person"))
                | ~Q(source="detected") & Q(with_person__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["person", "with_person"],
                condition=Q(source="detected", retracted_at__isnull=True),
                name="tie_found_once",
            ),
        ]
        indexes = [models.Index(fields=["other_email"], name="tie_by_other_email")]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_kind_display()}"

    @property
    def other(self) -> str:
        """Whom or what it binds to, as it was given."""
        if self.institution:
            return self.institution.name
        return f"{self.other_name} <{self.other_email}>" if self.other_name else self.other_email

    def other_of(self, person: User) -> str:
        """Whom it binds this person to: of a tie that the portal found, either of the two."""
        if self.with_person_id == person.pk:
            return f"{self.person.name} <{self.person.email}>"
        return self.other


class WaiverQuerySet(models.QuerySet["Waiver"]):
    def visible_to(self, user: User) -> WaiverQuerySet:
        """The office and auditors: all but those of their own proposals."""
        offices = standing(user).offices
        if ArmAppointment.Office.DEPLOYMENT in offices or not offices & OFFICES:
            return self.none()
        return self.exclude(proposal__lead=user)

    def in_force(self, today: date) -> WaiverQuerySet:
        return self.filter(state=Waiver.State.APPROVED, expires_on__gte=today)


class Waiver(models.Model):
    """Leave for one person to review one proposal in spite of one conflict, from two people.

    `ground` is the key of the conflict (policies.conflicts.Reason.key), `conflict` its words on
    the day it was asked.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("asked for")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        REVOKED = "revoked", _("revoked")

    TRANSITIONS = {
        State.REQUESTED: frozenset({State.APPROVED, State.REFUSED}),
        State.APPROVED: frozenset({State.REVOKED}),
        State.REFUSED: frozenset[State](),
        State.REVOKED: frozenset[State](),
    }

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="waivers")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="waivers")
    ground = models.CharField(max_length=60)
    conflict = models.TextField()
    reason = models.TextField()
    state = models.CharField(max_length=12, choices=State, default=State.REQUESTED)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.TextField(blank=True)
    expires_on = models.DateField()

    objects = WaiverQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "reviewer", "ground"],
                condition=Q(state__in=["requested", "approved"]),
                name="waiver_open_once",
            ),
            models.CheckConstraint(
                name="waiver_takes_two_people",
                condition=Q(state="requested", decided_by__isnull=True)
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal.number}: {self.reviewer}"

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:waiver", args=[self.pk])
