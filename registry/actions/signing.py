"""Both sides sign; the second signature makes the licence active and issues its token."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import audit
from consortium.errors import DomainError, Stale
from consortium.models import User
from consortium.states import require_transition
from registry import agreements
from registry.actions import trust
from registry.actions.licences import locked
from registry.models import Licence, Side, Signature
from registry.policies import licences as policies
from registry.terms import Terms
from registry.verifier import claims, jws
from registry.verifier.bundle import Bundle

State = Licence.State
FRESH = timedelta(seconds=300)
DAY_S = 86_400


class TooLongAgo(DomainError):
    """The person proved who they are too long before the signature."""


@transaction.atomic
def sign(
    licence: Licence,
    side: Side,
    *,
    document_sha256: str,
    method: str,
    reauthenticated_at: datetime,
    by: User,
) -> Licence:
    """Sign the agreement for one side. Irreversible.

    document_sha256: of the document that was shown. method, reauthenticated_at: how and when
    the person proved who they are, at most FRESH ago.
    Raises PermissionDenied, WrongState, TooLongAgo, or Stale if another document was shown.
    """
    licence = locked(licence)
    policies.can_sign(by, licence, side).require()
    if timezone.now() - reauthenticated_at > FRESH:
        raise TooLongAgo(_("Confirm that it is you again, then sign within five minutes."))
    if document_sha256 != licence.document_sha256:
        raise Stale(_("This is not the document that was agreed. Read it again before you sign."))
    signature = Signature.objects.create(
        licence=licence,
        side=side,
        document_sha256=document_sha256,
        by=by,
        institution=licence.licensee if side == Side.LICENSEE else None,
        method=method,
        reauthenticated_at=reauthenticated_at,
    )
    audit.record(
        "licence.signed_by_side", licence, by=by, side=side, sha256=signature.document_sha256
    )
    if licence.signatures.count() == len(Side):
        _activate(licence, by=by)
    return licence


def _activate(licence: Licence, *, by: User) -> None:
    require_transition(Licence.TRANSITIONS, licence.state, State.SIGNED)
    licence.state = State.SIGNED
    licence.save(update_fields=["state"])
    audit.record("licence.signed", licence, by=by, sha256=licence.document_sha256)
    require_transition(Licence.TRANSITIONS, licence.state, State.ACTIVE)
    terms = Terms.from_json(licence.settled_terms)
    now = timezone.now().replace(microsecond=0)
    licence.state = State.ACTIVE
    licence.activated_at = now
    licence.expires_at = months_later(now, terms.months)
    licence.status_list, licence.status_index = trust.LIST, trust.next_index()
    key = trust.signing_key("issuer")
    payload = licence_claims(licence, terms, trust.next_epoch())
    licence.token = jws.encode(payload, typ=claims.LICENCE_TYPE, kid=key.kid, sign=key.sign)
    licence.save(
        update_fields=[
            *("state", "activated_at", "expires_at"),
            *("status_list", "status_index", "token"),
        ]
    )
    audit.record("licence.activated", licence, by=by, index=licence.status_index)
    trust.publish_statuses(by=by)


def months_later(start: datetime, months: int) -> datetime:
    """The same day and hour so many months on; the month's last day where it has no such day."""
    year, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + year, month + 1
    return start.replace(year=year, month=month, day=min(start.day, monthrange(year, month)[1]))


def licence_claims(licence: Licence, terms: Terms, epoch: int) -> dict[str, Any]:
    """The claims of the licence file: a pure function of the activated row and its terms.

    epoch: the first of the status list that can know of it; older lists do not count.
    """
    assert licence.activated_at is not None
    assert licence.expires_at is not None
    last = licence.last_terms
    assert last is not None
    begin = int(licence.activated_at.timestamp())
    payload = {
        "iss": claims.ISSUER,
        "jti": licence.number,
        "iat": begin,
        "nbf": begin,
        "exp": int(licence.expires_at.timestamp()),
        "grace": terms.grace_days * DAY_S,
        "sub": {"id": licence.licensee.slug, "name": licence.licensee.name_zh},
        "agr": {
            "id": licence.number,
            "revision": last.revision,
            "sha256": licence.document_sha256,
            "template": licence.template,
        },
        "models": [_model_claim(licence, terms)],
        "ent": _entitlement(terms),
        "use": {
            "fields": list(terms.fields),
            "regions": list(terms.regions),
            "public_facing": terms.public_facing,
            "filing": terms.filing,
            "obligations": agreements.obligations(licence),
        },
        "bind": {"kind": "hosts" if terms.hosts else "none", "hosts": list(terms.hosts)},
        "rev": {
            "list": licence.status_list,
            "index": licence.status_index,
            "epoch": epoch,
            "max_age": terms.status_days * DAY_S,
            "grace": terms.status_grace_days * DAY_S,
        },
        "meter": {"unit": terms.meter_unit, "period": terms.meter_period, "key": ""},
    }
    claims.check_licence(payload)
    return payload


def _model_claim(licence: Licence, terms: Terms) -> dict[str, Any]:
    checkpoint = licence.offering.gate.checkpoint
    return {
        "id": checkpoint.model.full_name,
        "version": str(checkpoint.version),
        "updates": terms.updates,
        "root": checkpoint.manifest_root,
        "bytes": checkpoint.bytes_total,
    }


def _entitlement(terms: Terms) -> dict[str, Any]:
    return {
        "nodes": terms.nodes,
        "cards": terms.cards,
        "card_classes": list(terms.card_classes),
        "sites": list(terms.sites),
        "finetune": terms.finetune,
        "sublicense_depth": terms.sublicense_depth,
        "concurrency": terms.concurrency,
    }


def licence_file(licence: Licence, *, by: User) -> str:
    """The .lic file: the trust document, this licence's token, the newest status list.

    Raises PermissionDenied unless in force and one's own, NoTrust.
    """
    policies.can_download(by, licence).require()
    return Bundle(trust.trust_text(), licence.token, trust.current_list().text).text()
