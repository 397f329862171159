"""Teams and invitations as pages show them."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from compute_grants.models import Proposal, TeamMember
from compute_grants.queries.tasks.words import numbered, titled
from consortium.inbox import Facts, Part, Task
from consortium.models import User, localized

OPEN_PROPOSALS = frozenset(Proposal.State) - Proposal.OVER


def team_of(proposal: Proposal) -> list[TeamMember]:
    """Everybody asked, in the order in which they were. One query."""
    return list(proposal.team.select_related("user", "institution").order_by("pk"))


def invitations_of(user: User) -> QuerySet[TeamMember]:
    """What this person was asked and may open: invitations and teams, never others'."""
    return TeamMember.objects.of_person(user).select_related(
        "proposal__call", "proposal__lead", "proposal__institution", "invited_by", "user"
    )


def team_invitations(user: User) -> Iterator[Part[Task]]:
    """“What needs me”: teams that wait for this person's word."""
    rows = invitations_of(user).filter(
        state=TeamMember.State.INVITED, proposal__state__in=OPEN_PROPOSALS
    )
    who = {"name_en": "invited_by__name_en", "name_zh": "invited_by__name_zh"}
    facts = {**numbered("proposal__"), **who, "mail": "invited_by__email", "pk": "pk"}
    yield Part(
        rows.order_by("invited_at", "pk"),
        {**facts, "closes_at": "proposal__call__closes_at"},
        _invited,
    )


def _invited(row: Facts) -> Task:
    return Task(
        verb=_("Answer"),
        title=titled(row),
        href=reverse("compute_grants:team_invitation", args=[row.pk]),
        why=_("%(person)s asks you onto the team. It cannot be submitted before you answer.")
        % {"person": localized(row, "name") or row.mail},
        due=row.moment("closes_at"),
    )
