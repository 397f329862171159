from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models.institutions import Affiliation, Institution
from consortium.models.people import User


class AffiliationRequestQuerySet(models.QuerySet["AffiliationRequest"]):
    def visible_to(self, user: User) -> AffiliationRequestQuerySet:
        """One's own, and those put to the institutions one manages the people of."""
        from consortium.roles import Permission, has, standing  # noqa: PLC0415  they stand on models

        if Permission.INSTITUTION_ADMIT in standing(user).permissions:
            return self.all()
        mine = Q(user=user)
        if has(user, Permission.PEOPLE_MANAGE):
            mine |= Q(institution_id__in=standing(user).institutions_as(Affiliation.Role.ADMIN))
        return self.filter(mine)


class AffiliationRequest(models.Model):
    """Somebody says that they belong to an institution; its admin confirms or declines.

    A mail address of the institution's domain is a hint for the admin, never a proof.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        CONFIRMED = "confirmed", _("confirmed")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    TRANSITIONS = {
        State.WAITING: frozenset({State.CONFIRMED, State.DECLINED, State.WITHDRAWN}),
        State.CONFIRMED: frozenset[State](),
        State.DECLINED: frozenset[State](),
        State.WITHDRAWN: frozenset[State](),
    }

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="affiliation_requests")
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, related_name="affiliation_requests"
    )
    role = models.CharField(
        max_length=12, choices=Affiliation.Role, default=Affiliation.Role.MEMBER
    )
    note = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = AffiliationRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "institution", "role"],
                condition=Q(state="waiting"),
                name="affiliation_request_waiting_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.institution}"

    @property
    def domain_matches(self) -> bool:
        """Whether the person's mail address is of one of the institution's domains."""
        domain = self.user.email.rpartition("@")[2].lower()
        return any(
            domain == d.lower() or domain.endswith(f".{d.lower()}")
            for d in self.institution.mail_domains
        )
