"""Which proposals a panel keeps from one of its members, and how they declare a conflict.

Every list, decision and signature of a panel asks here. The filter itself stands beside the rows
(models.panel_interests), so that `visible_to` says the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Call, Proposal
from compute_grants.models.proposals import ProposalQuerySet
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has


def can_sit(user: User, call: Call) -> Decision:
    """Act as one of the call's panel."""
    if not has(user, Permission.PANEL_DECIDE) or not call.panel.filter(pk=user.pk).exists():
        return deny(_("Only the panel of this call can do this."))
    return ALLOW


def interests(user: User, proposals: Iterable[Proposal]) -> frozenset[int]:
    """Ids of those among the proposals that are closed to the person. One query.

    What they have a conflict with, found, stated or declared, and what they are asked to review
    and have not declared about.
    """
    rows = _among(proposals).closed_to(user)
    return frozenset(rows.values_list("pk", flat=True))


def conflicted(user: User, proposals: Iterable[Proposal]) -> frozenset[int]:
    """Ids of those among the proposals with which the person has a conflict. One query."""
    rows = _among(proposals).of_interest_to(user)
    return frozenset(rows.values_list("pk", flat=True))


def can_declare(user: User, proposal: Proposal) -> Decision:
    """A member of the panel, about a proposal of its call. Expects proposal.call loaded."""
    return can_sit(user, proposal.call)


def _among(proposals: Iterable[Proposal]) -> ProposalQuerySet:
    return Proposal.objects.filter(pk__in=[row.pk for row in proposals])
