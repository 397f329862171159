"""A member of a panel declares a conflict, and stays out from then on."""

from django.db import transaction
from django.utils.translation import gettext as _

from compute_grants.models import Call, DecisionSet, PanelRecusal, Proposal
from compute_grants.policies import panel_interests as policy
from consortium import audit
from consortium.errors import DomainError, Invalid
from consortium.models import User


class AlreadyDeclared(DomainError):
    """A conflict with one proposal is declared once."""


@transaction.atomic
def declare(proposal: Proposal, *, reason: str, by: User) -> PanelRecusal:
    """Keep a proposal of the panel's call from the person who declares a conflict with it.

    Their signature under an open set that decides on it counts no more. Raises
    PermissionDenied, Invalid without a reason, or AlreadyDeclared.
    """
    call = Call.objects.select_for_update(no_key=True).get(pk=proposal.call_id)
    proposal.call = call
    policy.can_declare(by, proposal).require()
    if not reason.strip():
        raise Invalid({"reason": [_("Say in one sentence what the conflict is.")]})
    if PanelRecusal.objects.filter(proposal=proposal, person=by).exists():
        raise AlreadyDeclared(_("You have declared a conflict with this proposal before."))
    recusal = PanelRecusal.objects.create(proposal=proposal, person=by, reason=reason.strip())
    audit.record("panel.conflict_declared", recusal, by=by, proposal=proposal.number)
    _take_signatures_back(proposal, by)
    return recusal


def _take_signatures_back(proposal: Proposal, by: User) -> None:
    """Sets are signed and published under their call's lock, which is held here."""
    waiting = DecisionSet.objects.filter(
        state=DecisionSet.State.PROPOSED, items__proposal=proposal, signatures__by=by
    )
    for found in waiting:
        found.signatures.filter(by=by).delete()
        audit.record("decision_set.signature_taken_back", found, by=by)
