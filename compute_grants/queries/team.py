"""Teams and invitations as pages show them."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from compute_grants.models import Proposal, TeamMember
from compute_grants.queries.tasks.words import SHOWN, titled
from consortium.inbox import Task
from consortium.models import User

OPEN_PROPOSALS = frozenset(Proposal.State) - Proposal.OVER


def team_of(proposal: Proposal) -> list[TeamMember]:
    """Everybody asked, in the order in which they were. One query."""
    return list(proposal.team.select_related("user", "institution").order_by("pk"))


def invitations_of(user: User) -> QuerySet[TeamMember]:
    """What this person was asked and may open: invitations and teams, never others'."""
    return TeamMember.objects.of_person(user).select_related(
        "proposal__call", "proposal__lead", "proposal__institution", "invited_by", "user"
    )


def team_invitations(user: User) -> Iterator[Task]:
    """“What needs me”: teams that wait for this person's word."""
    rows = invitations_of(user).filter(
        state=TeamMember.State.INVITED, proposal__state__in=OPEN_PROPOSALS
    )
    for member in rows.order_by("invited_at", "pk")[:SHOWN]:
        yield Task(
            verb=_("Answer"),
            title=titled(member.proposal),
            href=member.get_absolute_url(),
            why=_("%(person)s asks you onto the team. It cannot be submitted before you answer.")
            % {"person": member.invited_by.name},
            due=member.proposal.call.closes_at,
        )
