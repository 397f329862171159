from __future__ import annotations

from datetime import date, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models.bilingual import NamedInBoth
from consortium.models.people import User


def in_force(today: date, prefix: str = "") -> Q:
    """Dated rows that hold on `today`; `since` and `until` are both inclusive."""
    return Q(**{f"{prefix}since__lte": today}) & (
        Q(**{f"{prefix}until__isnull": True}) | Q(**{f"{prefix}until__gte": today})
    )


class Dated(models.Model):
    """Something that holds from `since` through `until`, both inclusive; open without an end."""

    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    class Meta:
        abstract = True

    def close(self, until: date | None = None) -> None:
        """End it after `until`, or at once. Days are inclusive, so at once means yesterday."""
        self.until = until or timezone.localdate() - timedelta(days=1)
        self.since = min(self.since, self.until)


class Arm(models.TextChoices):
    """The two arms. Research is non-profit, deployment for-profit; between them the wall."""

    RESEARCH = "research", _("non-profit arm")
    DEPLOYMENT = "deployment", _("for-profit arm")


class InstitutionQuerySet(models.QuerySet["Institution"]):
    def visible_to(self, user: object) -> InstitutionQuerySet:
        """Members, present and past, for all; applications for the applicants and offices."""
        from consortium.roles import standing  # noqa: PLC0415  it stands on models

        known = Q(state__in=Institution.KNOWN)
        if isinstance(user, User):
            if standing(user).offices & _READ_APPLICATIONS:
                return self.all()
            own = Affiliation.objects.filter(user=user, until__isnull=True)
            known |= Q(pk__in=own.values("institution"))
        return self.filter(known)

    def active(self) -> InstitutionQuerySet:
        return self.filter(state=Institution.State.ACTIVE)


class Institution(NamedInBoth):
    """A member institution, or one that applies to become a member."""

    class Kind(models.TextChoices):
        CENTRE = "centre", _("supercomputing centre")
        INSTITUTE = "institute", _("academy institute")
        UNIVERSITY = "university", _("university")
        CHIP_VENDOR = "chip_vendor", _("chip vendor")
        ENTERPRISE = "enterprise", _("solution enterprise")
        PUBLIC_BODY = "public_body", _("public body")
        OBSERVER = "observer", _("observer")

    class Tier(models.TextChoices):
        COUNCIL = "council", _("council member")
        FULL = "full", _("full member")
        ASSOCIATE = "associate", _("associate member")
        OBSERVER = "observer", _("observer")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("submitted")
        MORE_INFO = "more_info", _("more information asked")
        DUE_DILIGENCE = "due_diligence", _("due diligence")
        VOTE = "vote", _("vote")
        AGREEMENT_SENT = "agreement_sent", _("agreement sent")
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        WITHDRAWING = "withdrawing", _("withdrawing")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPELLED = "expelled", _("expelled")
        DECLINED = "declined", _("declined")

    TRANSITIONS = {
        State.DRAFT: frozenset({State.SUBMITTED}),
        State.SUBMITTED: frozenset({State.MORE_INFO, State.DUE_DILIGENCE, State.DECLINED}),
        State.MORE_INFO: frozenset({State.SUBMITTED, State.DECLINED}),
        State.DUE_DILIGENCE: frozenset({State.VOTE, State.DECLINED}),
        State.VOTE: frozenset({State.AGREEMENT_SENT, State.DECLINED}),
        State.AGREEMENT_SENT: frozenset({State.ACTIVE, State.DECLINED}),
        State.ACTIVE: frozenset({State.SUSPENDED, State.WITHDRAWING, State.EXPELLED}),
        State.SUSPENDED: frozenset({State.ACTIVE, State.WITHDRAWING, State.EXPELLED}),
        State.WITHDRAWING: frozenset({State.WITHDRAWN, State.ACTIVE}),
        State.WITHDRAWN: frozenset[State](),
        State.EXPELLED: frozenset[State](),
        State.DECLINED: frozenset[State](),
    }

    # Those that are or were members: their names stand on grants, models and licences.
    KNOWN = frozenset(
        {State.ACTIVE, State.SUSPENDED, State.WITHDRAWING, State.WITHDRAWN, State.EXPELLED}
    )

    slug = models.SlugField(max_length=40, unique=True)
    kind = models.CharField(max_length=16, choices=Kind)
    arm = models.CharField(max_length=12, choices=Arm, default=Arm.RESEARCH)
    tier = models.CharField(max_length=12, choices=Tier, default=Tier.FULL)
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    related_group = models.CharField(
        max_length=60,
        blank=True,
        help_text=_("Institutions of one group count as one where interests are weighed."),
    )
    country = models.CharField(max_length=2, default="CN")
    mail_domains = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    ror_id = models.CharField(max_length=32, blank=True)
    credit_code = models.CharField(
        max_length=18, blank=True, help_text=_("Unified social credit code, 18 characters.")
    )

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ror_id"], condition=~Q(ror_id=""), name="institution_ror_once"
            ),
            models.UniqueConstraint(
                fields=["credit_code"],
                condition=~Q(credit_code=""),
                name="institution_credit_code_once",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("consortium:institution", args=[self.slug])

    @property
    def interests(self) -> Q:
        """Institutions whose interest counts as this one's: itself and its related group."""
        same = Q(pk=self.pk)
        return same | Q(related_group=self.related_group) if self.related_group else same


class AffiliationQuerySet(models.QuerySet["Affiliation"]):
    def on(self, today: date) -> AffiliationQuerySet:
        return self.filter(in_force(today), institution__state=Institution.State.ACTIVE)


class Affiliation(Dated):
    """What one person is at one institution, for a time. One row per role held."""

    class Role(models.TextChoices):
        MEMBER = "member", _("member")
        PRINCIPAL = "principal", _("PI-eligible")
        DELEGATE = "delegate", _("delegate")
        ADMIN = "admin", _("institution admin")
        OPERATOR = "operator", _("centre operator")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="affiliations")
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, related_name="affiliations"
    )
    role = models.CharField(max_length=12, choices=Role, default=Role.MEMBER)

    objects = AffiliationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "institution", "role"],
                condition=Q(until__isnull=True),
                name="affiliation_open_once",
            ),
            models.CheckConstraint(
                name="affiliation_until_after_since",
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.institution}"


class ArmAppointment(Dated):
    """Consortium staff: an office in one of the arms, or above both, for a time."""

    class Office(models.TextChoices):
        RESEARCH = "research", _("R&D office")
        DEPLOYMENT = "deployment", _("deployment office")
        SECRETARIAT = "secretariat", _("secretariat")
        AUDITOR = "auditor", _("auditor")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="appointments")
    office = models.CharField(max_length=12, choices=Office)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "office"],
                condition=Q(until__isnull=True),
                name="appointment_open_once",
            ),
            models.CheckConstraint(
                name="appointment_until_after_since",
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_office_display()}"


_READ_APPLICATIONS = frozenset({ArmAppointment.Office.SECRETARIAT, ArmAppointment.Office.AUDITOR})
