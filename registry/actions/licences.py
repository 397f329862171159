"""A licence from its request to agreed terms. Signing and what follows: signing, standing."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import audit
from consortium.errors import DomainError, Invalid, Stale
from consortium.models import Institution, User
from consortium.numbers import numbered
from consortium.states import require_transition
from registry import agreements
from registry.actions.revenue_policies import policy_in_force
from registry.models import CommercialOffering, Licence, LicenceTerms, Side
from registry.policies import licences as policies
from registry.terms import Terms

State = Licence.State


class AlreadyRequested(DomainError):
    pass


@transaction.atomic
def request(offering: CommercialOffering, licensee: Institution, *, note: str, by: User) -> Licence:
    """Ask for a quote. Raises PermissionDenied, Invalid, AlreadyRequested."""
    Institution.objects.select_for_update().get(pk=licensee.pk)
    policies.can_request(by, offering, licensee).require()
    if not note.strip():
        raise Invalid({"note": [_("Say what you want to use the model for, and where.")]})
    if offering.licences.filter(licensee=licensee, state__in=Licence.OPEN).exists():
        message = _("Your institution is negotiating this already. Open that licence.")
        raise AlreadyRequested(message)
    licence = Licence.objects.create(
        number=numbered("LIC", timezone.localdate().year),
        offering=offering,
        licensee=licensee,
        request_note=note,
        requested_by=by,
    )
    audit.record(
        "licence.requested", licence, by=by, offering=offering.code, licensee=licensee.slug
    )
    return licence


@transaction.atomic
def offer(
    licence: Licence, terms: Terms, *, comment: str, by: User, answers: int = 0
) -> LicenceTerms:
    """The deployment office puts terms forward, first or in answer to a counter-offer.

    answers: the revision that was read, 0 for none. Raises PermissionDenied, WrongState,
    Stale, or Invalid for terms beyond the offering.
    """
    licence = locked(licence)
    policies.can_offer_terms(by, licence).require()
    return _put_forward(
        licence, terms, State.OFFERED, Side.LICENSOR, comment=comment, by=by, answers=answers
    )


@transaction.atomic
def counter(
    licence: Licence, terms: Terms, *, comment: str, by: User, answers: int
) -> LicenceTerms:
    """The licensee answers an offer with other terms. Raises as `offer` does."""
    licence = locked(licence)
    policies.can_counter(by, licence).require()
    return _put_forward(
        licence, terms, State.COUNTERED, Side.LICENSEE, comment=comment, by=by, answers=answers
    )


def _put_forward(
    licence: Licence,
    terms: Terms,
    state: str,
    side: str,
    *,
    comment: str,
    by: User,
    answers: int,
) -> LicenceTerms:
    require_transition(Licence.TRANSITIONS, licence.state, state)
    _require_newest(licence, answers)
    beyond = set(terms.fields) - set(licence.offering.fields)
    if beyond:
        raise Invalid({"fields": [_("The offering does not cover every one of these fields.")]})
    row = LicenceTerms.objects.create(
        licence=licence,
        revision=answers + 1,
        side=side,
        terms=terms.as_json(),
        comment=comment,
        by=by,
    )
    licence.state = state
    licence.save(update_fields=["state"])
    audit.record(f"licence.{state}", licence, by=by, revision=row.revision)
    return row


@transaction.atomic
def accept(licence: Licence, *, by: User, revision: int) -> Licence:
    """The side whose turn it is takes the terms as they stand. Writes the agreement.

    revision: the one that was read. Raises PermissionDenied, WrongState, Stale.
    """
    licence = locked(licence)
    policies.can_accept(by, licence).require()
    require_transition(Licence.TRANSITIONS, licence.state, State.AGREED)
    last = _require_newest(licence, revision)
    assert last is not None, "an offer or a counter-offer has terms"
    licence.policy = policy_in_force()
    licence.template = agreements.TEMPLATE
    licence.document = agreements.render(licence, last, licence.policy)
    licence.document_sha256 = agreements.digest(licence.document)
    licence.state = State.AGREED
    licence.save(update_fields=["policy", "template", "document", "document_sha256", "state"])
    audit.record(
        "licence.agreed", licence, by=by, revision=revision, sha256=licence.document_sha256
    )
    return licence


@transaction.atomic
def decline(licence: Licence, *, reason: str, by: User) -> Licence:
    """Either side ends the negotiation. Raises PermissionDenied, WrongState, Invalid."""
    licence = locked(licence)
    policies.can_decline(by, licence).require()
    if not reason.strip():
        raise Invalid({"reason": [_("Give the reason. The other side can read it.")]})
    require_transition(Licence.TRANSITIONS, licence.state, State.DECLINED)
    licence.state, licence.state_reason = State.DECLINED, reason
    licence.save(update_fields=["state", "state_reason"])
    audit.record("licence.declined", licence, by=by, reason=reason[:200])
    return licence


def _require_newest(licence: Licence, revision: int) -> LicenceTerms | None:
    last = licence.last_terms
    if revision != (last.revision if last else 0):
        raise Stale(_("The terms have changed since you read them. Read the newest revision."))
    return last


def locked(licence: Licence) -> Licence:
    return (
        Licence.objects.select_for_update(of=("self",))
        .select_related("offering__gate__checkpoint__model__lab", "licensee", "policy")
        .get(pk=licence.pk)
    )
