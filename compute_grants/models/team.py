"""Who works on a proposal beside its lead."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models.proposals import Proposal
from consortium.models import Institution, User


class TeamMemberQuerySet(models.QuerySet["TeamMember"]):
    def of_person(self, user: User) -> TeamMemberQuerySet:
        """Invitations to this person: by account, or by the address the account stands under."""
        return self.filter(Q(user=user) | Q(user__isnull=True, email__iexact=user.email))

    def on_the_team(self) -> TeamMemberQuerySet:
        """Those asked onto a team or on it; not those who declined."""
        return self.exclude(state=TeamMember.State.DECLINED)

    def people(self) -> list[TeamMember]:
        """Those on the team, with `person`: the id of their account, None while there is none.

        Whoever was asked by address counts from the day that address has an account. One query.
        """
        same = User.objects.filter(email__iexact=OuterRef("email")).values("pk")[:1]
        rows = self.on_the_team().annotate(account=Coalesce("user_id", Subquery(same)))
        found = list(rows.select_related("user", "institution").order_by("pk"))
        for row in found:
            row.person = row.account  # type: ignore[attr-defined]  # annotated
        return found


class TeamMember(models.Model):
    """One person asked to work on a proposal, and their answer. The lead has no row.

    `user` is null while nobody has an account under `email`; whoever answers is entered.
    """

    class Role(models.TextChoices):
        PRINCIPAL = "principal", _("principal investigator")
        CO_INVESTIGATOR = "co_investigator", _("co-investigator")
        MEMBER = "member", _("team member")

    class State(models.TextChoices):
        INVITED = "invited", _("invited")
        CONFIRMED = "confirmed", _("confirmed")
        DECLINED = "declined", _("declined")

    TRANSITIONS = {
        State.INVITED: frozenset({State.CONFIRMED, State.DECLINED}),
        State.CONFIRMED: frozenset({State.DECLINED}),
        State.DECLINED: frozenset({State.INVITED}),
    }
    # The lead is the principal investigator; nobody is asked to be a second one.
    OFFERED = (Role.CO_INVESTIGATOR, Role.MEMBER)

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="team")
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="team_memberships"
    )
    email = models.EmailField()
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=16, choices=Role, default=Role.MEMBER)
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=10, choices=State, default=State.INVITED)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)
    person: int | None  # on rows that TeamMemberQuerySet.people read

    objects = TeamMemberQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(Lower("email"), "proposal", name="team_member_once_by_address"),
            models.UniqueConstraint(fields=["proposal", "user"], name="team_member_once"),
            models.CheckConstraint(
                name="team_member_answered_by_somebody",
                condition=Q(state="invited", answered_at__isnull=True)
                | Q(answered_at__isnull=False, user__isnull=False),
            ),
            models.CheckConstraint(
                name="team_member_is_not_the_lead", condition=~Q(role="principal")
            ),
        ]

    def __str__(self) -> str:
        return self.shown_name

    def get_absolute_url(self) -> str:
        return reverse("compute_grants:team_invitation", args=[self.pk])

    @property
    def shown_name(self) -> str:
        """As the person writes it, else as it was given, else the address."""
        return (self.user.name if self.user else "") or self.name or self.email

    @property
    def address(self) -> str:
        """Where the person is reached: the account's address, else the one that was asked."""
        return self.user.email if self.user else self.email


def load_people(proposals: Iterable[Proposal]) -> None:
    """Read the people of all these proposals at once. One query, or none."""
    missing = [proposal for proposal in proposals if "people" not in proposal.__dict__]
    if not missing:
        return
    found: dict[int, list[TeamMember]] = {proposal.pk: [] for proposal in missing}
    for member in TeamMember.objects.filter(proposal__in=found).people():
        found[member.proposal_id].append(member)
    for proposal in missing:
        proposal.people = found[proposal.pk]
