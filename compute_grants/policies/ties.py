"""Who keeps ties, who waives a conflict, who sets the windows."""

from django.utils.translation import gettext_lazy as _

from compute_grants.models import Proposal, Tie, TieDispute, Waiver
from compute_grants.policies.conflicts import own_interest
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has, shares_interest


def can_record(user: User, person: User) -> Decision:
    """One's own ties, and anybody's for the office."""
    if user.pk != person.pk and not has(user, Permission.REVIEW_ASSIGN):
        return deny(_("State your own ties. Those of others are recorded by the R&D office."))
    return ALLOW


def can_retract(user: User, tie: Tie) -> Decision:
    """What one has declared, and anything for the office except one's own."""
    if has(user, Permission.REVIEW_ASSIGN) and user.pk not in _between(tie):
        return ALLOW
    if user.pk == tie.person_id and tie.source == Tie.Source.DECLARED:
        return ALLOW
    if tie.source == Tie.Source.DETECTED:
        return deny(_("The portal found this tie. Dispute it, and the R&D office answers."))
    return deny(_("This tie was recorded by the R&D office. Ask the office to take it back."))


def _between(tie: Tie) -> set[int | None]:
    return {tie.person_id, tie.with_person_id}


def can_dispute(user: User, tie: Tie) -> Decision:
    """Either of the two, of what the portal found."""
    if tie.source != Tie.Source.DETECTED:
        return deny(_("Only a tie that the portal found is disputed. Others are taken back."))
    if user.pk not in _between(tie):
        return deny(_("Only the two whom a tie binds dispute it."))
    return ALLOW


def can_answer_dispute(user: User, found: TieDispute) -> Decision:
    """Anybody of the office whom the tie does not bind. Expects the tie loaded."""
    if not has(user, Permission.REVIEW_ASSIGN):
        return deny(_("Only the R&D office answers a dispute about a tie."))
    if user.pk in _between(found.tie):
        return deny(_("This tie binds you. A colleague of the office answers."))
    return ALLOW


def can_set_policy(user: User) -> Decision:
    if not has(user, Permission.REVIEW_ASSIGN):
        return deny(_("Only the R&D office sets the windows of conflicts."))
    return ALLOW


def can_ask_waiver(user: User, proposal: Proposal, reviewer: User) -> Decision:
    if not has(user, Permission.REVIEW_ASSIGN):
        return deny(_("Only the R&D office asks for a waiver."))
    if user.pk == reviewer.pk or own_interest(proposal, user):
        return deny(_("A waiver is never asked for oneself or for one's own proposal."))
    return ALLOW


def can_decide_waiver(user: User, waiver: Waiver) -> Decision:
    """A second person of the office without a part in it. Expects proposal.institution loaded."""
    if not has(user, Permission.REVIEW_ASSIGN):
        return deny(_("Only the R&D office decides on waivers."))
    if user.pk == waiver.asked_by_id:
        return deny(_("You asked for this waiver. A second person must decide on it."))
    if user.pk == waiver.reviewer_id or own_interest(waiver.proposal, user):
        return deny(_("A waiver is never decided on by whom it is for."))
    if shares_interest(user, waiver.proposal.institution):
        return deny(_("You belong to the proposal's institution or its group. Ask a colleague."))
    return ALLOW


def can_revoke_waiver(user: User, waiver: Waiver) -> Decision:
    if not has(user, Permission.REVIEW_ASSIGN) or user.pk == waiver.reviewer_id:
        return deny(_("Only the R&D office revokes a waiver."))
    return ALLOW
