"""Who may do what with offerings, licences and money. One function per action."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _

from consortium.models import Affiliation, Institution, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has, standing
from registry.models import CommercialOffering, Licence, RevenueStatement, Side, TransferGate

State = Licence.State
LICENSEE_KINDS = frozenset(
    {Institution.Kind.ENTERPRISE, Institution.Kind.CHIP_VENDOR, Institution.Kind.PUBLIC_BODY}
)


def can_create_offering(user: User, gate: TransferGate | None = None) -> Decision:
    if not has(user, Permission.OFFERING_PUBLISH):
        return deny(_("Only the for-profit arm's office makes offerings."))
    if gate is not None and gate.state != TransferGate.State.APPROVED:
        return deny(_("Only a checkpoint that passed the gate can be offered."))
    return ALLOW


def can_offer(user: User, offering: CommercialOffering) -> Decision:
    if offering.state == CommercialOffering.State.OFFERED:
        return deny(_("This is offered already."))
    return can_create_offering(user, offering.gate)


def can_retire(user: User, offering: CommercialOffering) -> Decision:
    if offering.state == CommercialOffering.State.RETIRED:
        return deny(_("This is retired already."))
    return can_create_offering(user)


def can_request(
    user: User | AnonymousUser, offering: CommercialOffering, licensee: Institution | None = None
) -> Decision:
    """Without a licensee: whether any institution of this person could ask."""
    if not isinstance(user, User) or not has(user, Permission.LICENCE_REQUEST):
        return deny(_("Sign in as a person of an enterprise to ask for a quote."))
    if offering.state != CommercialOffering.State.OFFERED:
        return deny(_("This is not offered now."))
    mine = standing(user).institution_ids
    if licensee is not None:
        if licensee.pk not in mine or licensee.kind not in LICENSEE_KINDS:
            return deny(_("Only an enterprise that you belong to can be the licensee."))
    elif not licensees_of(user):
        return deny(_("Only people of an enterprise can ask for a quote."))
    return ALLOW


def licensees_of(user: User) -> list[Institution]:
    """The institutions for which this person may ask for a licence."""
    return list(
        Institution.objects.filter(
            pk__in=standing(user).institution_ids, kind__in=LICENSEE_KINDS
        ).order_by("pk")
    )


def can_offer_terms(user: User, licence: Licence) -> Decision:
    if licence.state not in (State.REQUESTED, State.COUNTERED):
        return deny(_("Terms are offered on a request or after a counter-offer."))
    return _licensor(user, licence)


def can_counter(user: User, licence: Licence) -> Decision:
    if licence.state != State.OFFERED:
        return deny(_("Only an offer can be countered."))
    return _licensee(user, licence)


def can_accept(user: User, licence: Licence) -> Decision:
    """The side whose turn it is: the licensee an offer, the licensor a counter-offer."""
    if licence.state == State.OFFERED:
        return _licensee(user, licence)
    if licence.state == State.COUNTERED:
        return _licensor(user, licence)
    return deny(_("There are no open terms to accept."))


def can_decline(user: User, licence: Licence) -> Decision:
    if licence.state not in Licence.OPEN:
        return deny(_("Only an open negotiation can be declined."))
    if licence.signatures.exists():
        return deny(_("A side has signed already. Sign too, or ask it to wait."))
    licensee = _licensee(user, licence)
    return licensee if licensee.allowed else _licensor(user, licence)


def can_sign(user: User, licence: Licence, side: str) -> Decision:
    open_to_signature = _unsigned(user, licence, side)
    if not open_to_signature:
        return open_to_signature
    if not has(user, Permission.LICENCE_SIGN):
        return deny(_("Only a delegate or the for-profit arm's office can sign."))
    if side == Side.LICENSOR:
        return _licensor(user, licence)
    if licence.licensee_id not in standing(user).institutions_as(Affiliation.Role.DELEGATE):
        return deny(_("Only a delegate of the licensee can sign for it."))
    return ALLOW


def _unsigned(user: User, licence: Licence, side: str) -> Decision:
    if licence.state != State.AGREED:
        return deny(_("Only agreed terms can be signed."))
    if licence.signatures.filter(side=side).exists():
        return deny(_("This side has signed already."))
    if licence.signatures.filter(by=user).exists():
        return deny(_("Nobody signs for both sides."))
    return ALLOW


def side_of(user: User, licence: Licence) -> Side | None:
    """The side this person could sign for, or None."""
    return next((side for side in Side if can_sign(user, licence, side)), None)


def is_licensee(user: User, licence: Licence) -> bool:
    return licence.licensee_id in standing(user).institution_ids


def can_govern(user: User, licence: Licence) -> Decision:
    """Suspend, reinstate, revoke."""
    return _licensor(user, licence)


def can_download(user: User, licence: Licence) -> Decision:
    """The licence file and the licensed files."""
    if licence.licensee_id not in standing(user).institution_ids:
        return deny(_("Only people of the licensee can download."))
    if licence.state != State.ACTIVE:
        return deny(_("Only a licence in force opens its files."))
    return ALLOW


def can_record_receipt(user: User, licence: Licence) -> Decision:
    if not has(user, Permission.RECEIPT_RECORD):
        return deny(_("Only the for-profit arm's office records receipts."))
    if licence.state not in Licence.ISSUED:
        return deny(_("Money can come in once the licence is signed."))
    return _licensor(user, licence)


def can_view_statement(user: User, statement: RevenueStatement) -> Decision:
    if not RevenueStatement.objects.visible_to(user).filter(pk=statement.pk).exists():
        return deny(_("Your institution has no share in this."))
    return ALLOW


def _licensor(user: User, licence: Licence) -> Decision:
    if not has(user, Permission.LICENCE_OFFER):
        return deny(_("Only the for-profit arm's office speaks for the licensor."))
    if licence.licensee_id in standing(user).institution_ids:
        return deny(_("You belong to the licensee, so somebody else must decide this."))
    return ALLOW


def _licensee(user: User, licence: Licence) -> Decision:
    if not has(user, Permission.LICENCE_REQUEST):
        return deny(_("Only people of the licensee can do this."))
    if licence.licensee_id not in standing(user).institution_ids:
        return deny(_("Only people of the licensee can do this."))
    return ALLOW
