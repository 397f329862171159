"""Where a machine differs from what its grants want, as it was read."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.allocations import Allocation
from compute_grants.models.machines import Machine
from consortium.models import Affiliation, ArmAppointment, User
from consortium.roles import standing

Office = ArmAppointment.Office


class DriftQuerySet(models.QuerySet["Drift"]):
    def visible_to(self, user: User) -> DriftQuerySet:
        """Those of the machines that one runs; all for the research office."""
        who = standing(user)
        if Office.RESEARCH in who.offices:
            return self.all()
        centres = who.institutions_as(Affiliation.Role.OPERATOR)
        return self.filter(machine__centre__in=centres)

    def standing(self) -> DriftQuerySet:
        return self.exclude(state=Drift.State.GONE)


class Drift(models.Model):
    """One difference between a machine's account and its grant.

    subject: the user or TRES it is about, where there is one. expected, found: as the machine
    would write them. repairable: the portal may set it right; the rest is the centre's. So is an
    account that is gone though it was used: making it anew would give its time away twice.

    FOUND  read, and nothing done
    ASKED  to be set right: the grant is brought to the machine once more
    GONE   not there at a later reading
    """

    class State(models.TextChoices):
        FOUND = "found", _("found")
        ASKED = "asked", _("being repaired")
        GONE = "gone", _("gone")

    class Aspect(models.TextChoices):
        ACCOUNT = "account", _("account")
        PARENT = "parent", _("parent account")
        MEMBER = "member", _("member")
        DEFAULT = "default", _("default account")
        LIMIT = "limit", _("limit in minutes")
        OPEN = "open", _("open for jobs")
        JOBS = "jobs", _("jobs at a time")
        PRIORITY = "priority", _("priority")
        USAGE = "usage", _("minutes used")

    TRANSITIONS = {
        State.FOUND: frozenset({State.ASKED, State.GONE}),
        State.ASKED: frozenset({State.FOUND, State.GONE}),
        State.GONE: frozenset[State](),
    }

    machine = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="drifts")
    allocation = models.ForeignKey(Allocation, on_delete=models.CASCADE, related_name="drifts")
    account = models.CharField(max_length=31)
    aspect = models.CharField(max_length=8, choices=Aspect)
    subject = models.CharField(max_length=40, blank=True)
    expected = models.CharField(max_length=100, blank=True)
    found = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=5, choices=State, default=State.FOUND)
    found_at = models.DateTimeField(default=timezone.now)
    gone_at = models.DateTimeField(null=True, blank=True)
    repairable = models.BooleanField()

    objects = DriftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["machine", "account", "aspect", "subject"],
                condition=~Q(state="gone"),
                name="drift_standing_once",
            ),
        ]
        indexes = [models.Index(fields=["-found_at", "-id"], name="drift_newest_first")]

    def __str__(self) -> str:
        return f"{self.account} {self.aspect} {self.subject}".strip()

    @property
    def expected_text(self) -> str:
        return str(_WORDS.get(self.expected, self.expected))

    @property
    def found_text(self) -> str:
        return str(_WORDS.get(self.found, self.found))


# Those of the stored values that are words and not the machine's own; see compute_grants.drift.
_WORDS = {
    "yes": _("yes"),
    "no": _("no"),
    "none": _("none"),
    "low": _("low"),
    "normal": _("normal"),
}
