"""Who plans reviewers, and for which proposals."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Proposal
from compute_grants.models.expertise import OFFICES
from compute_grants.policies.conflicts import conflicts_between
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has, standing


def can_plan(user: User) -> Decision:
    if not has(user, Permission.REVIEW_ASSIGN):
        return deny(_("Only the R&D office plans reviewers."))
    return ALLOW


def can_read_plans(user: User) -> Decision:
    """The office that plans, and auditors."""
    if not standing(user).offices & OFFICES:
        return deny(_("Only the R&D office and auditors read plans of reviewers."))
    return ALLOW


def own_side(user: User, proposals: Iterable[Proposal]) -> frozenset[int]:
    """Ids of the proposals in which the person has an interest: hidden from them, waived or not.

    The same three queries for any number. Expects each one's institution and lead loaded.
    """
    found = conflicts_between(proposals, [user], waived=True)
    return frozenset(proposal for proposal, _person in found)


def can_change_pairs(user: User, proposal: Proposal, own: frozenset[int] | None = None) -> Decision:
    """`own`: the answer of own_side, where it is known for this proposal.

    Expects the proposal's institution and lead loaded.
    """
    may = can_plan(user)
    if not may:
        return may
    if proposal.pk in (own_side(user, [proposal]) if own is None else own):
        return deny(_("You have an interest in this proposal. A colleague of the office plans it."))
    return may
