"""Keys, the trust document that names them, and the status lists. Written here alone.

The key store signs inside the transaction: the document must say exactly what the rows say,
and the store is beside us. A slow store will want the desired-state loop instead.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium import audit
from consortium.backends.signer import Signer, signer
from consortium.errors import DomainError
from consortium.models import User
from consortium.numbers import next_number
from registry.certificates import SigningKey
from registry.models import Licence, StatusList, TrustDocument
from registry.verifier import claims, jws, statuslist
from registry.verifier.statuslist import Status

ROOT = "root"
USES = ("issuer", "revocation", "gate-research", "gate-deployment")
KEY_LIFE = timedelta(days=3650)
LIST = "omic-1"
LIST_LIFE = timedelta(days=1)
_YEARLESS = 0  # the series of a status list do not start anew each year
_STATUS = {
    Licence.State.SUSPENDED: Status.SUSPENDED,
    Licence.State.REVOKED: Status.REVOKED,
    Licence.State.SUPERSEDED: Status.SUPERSEDED,
}


class NoTrust(DomainError):
    """The keys of this site were never made."""


@transaction.atomic
def init_keys(*, by: User | None = None) -> TrustDocument:
    """Make the keys that are missing and publish the trust document if it names others.

    Safe to repeat: with the same keys it returns the document in force. Raises SignerError.
    """
    store = signer()
    root = store.ensure(ROOT)
    publics = {use: store.ensure(use) for use in USES}
    last = TrustDocument.objects.first()  # the version is unique: of two at once, one is refused
    rows = _key_rows(last, publics)
    if last is not None and _payload(last)["keys"] == rows:
        return last
    version = last.version + 1 if last else 1
    payload = {"iss": claims.ISSUER, "iat": now_seconds(), "ver": version, "keys": rows}
    text = jws.encode(
        payload,
        typ=claims.TRUST_TYPE,
        kid=jws.key_id(root),
        sign=lambda data: store.sign(ROOT, data),
    )
    document = TrustDocument.objects.create(version=version, text=text)
    audit.record("trust.published", document, by=by, version=version, root=jws.key_id(root))
    return document


def _key_rows(last: TrustDocument | None, publics: dict[str, bytes]) -> list[dict[str, Any]]:
    """Keys named before keep their windows, so that what they signed stays valid."""
    rows = list(_payload(last)["keys"]) if last else []
    known = {row["kid"] for row in rows}
    begin = now_seconds()
    for use, public in publics.items():
        if jws.key_id(public) not in known:
            rows.append(
                {
                    "kid": jws.key_id(public),
                    "x": jws.b64encode(public),
                    "use": use,
                    "nbf": begin,
                    "exp": begin + int(KEY_LIFE.total_seconds()),
                    "compromised_after": None,
                }
            )
    return rows


def _payload(document: TrustDocument) -> dict[str, Any]:
    return jws.decode(document.text, typ=claims.TRUST_TYPE).payload


def now_seconds() -> int:
    return int(timezone.now().timestamp())


def no_trust() -> NoTrust:
    return NoTrust(_("This site has no signing keys yet. Run manage.py init_keys."))


def trust_text() -> str:
    """The trust document in force. Raises NoTrust."""
    document = TrustDocument.objects.first()
    if document is None:
        raise no_trust()
    return document.text


def signing_key(use: str, store: Signer | None = None) -> SigningKey:
    """The key for `use` as the trust document names it. Raises NoTrust, SignerError."""
    keys = store or signer()
    kid = jws.key_id(keys.public_key(use))
    named = jws.decode(trust_text(), typ=claims.TRUST_TYPE).payload["keys"]
    if not any(row["kid"] == kid and row["use"] == use for row in named):
        raise NoTrust(_("The keys are newer than the trust document. Run manage.py init_keys."))
    return SigningKey(kid, lambda data: keys.sign(use, data))


def next_index() -> int:
    """The next free place in the status list; given back if the transaction fails."""
    return next_number(f"index-{LIST}", _YEARLESS) - 1


def next_epoch() -> int:
    """The least epoch that a publication from now on can have."""
    newest = StatusList.objects.filter(name=LIST).first()
    return newest.epoch + 1 if newest else 1


@transaction.atomic
def publish_statuses(*, by: User | None) -> StatusList:
    """Sign the statuses of all licences as they stand now, as a new epoch.

    Taking the epoch's number makes publishers wait for each other, so each sees what the one
    before it saw, and more.
    """
    epoch = next_number(f"epoch-{LIST}", _YEARLESS)
    key = signing_key("revocation")
    payload = {
        "iss": claims.ISSUER,
        "iat": now_seconds(),
        "next": now_seconds() + int(LIST_LIFE.total_seconds()),
        "list": LIST,
        "epoch": epoch,
        "bits": 2,
        "lst": statuslist.pack(_statuses()),
    }
    text = jws.encode(payload, typ=claims.STATUS_TYPE, kid=key.kid, sign=key.sign)
    published = StatusList.objects.create(name=LIST, epoch=epoch, text=text)
    audit.record("status_list.published", published, by=by, epoch=epoch)
    return published


def _statuses() -> list[Status]:
    """By index. A place that no licence has is revoked: nothing forged fits there."""
    rows = Licence.objects.filter(status_list=LIST, status_index__isnull=False)
    found = {row.status_index or 0: row.state for row in rows.only("status_index", "state")}
    size = max(found, default=-1) + 1
    padded = -(-max(size, 1) // 4) * 4
    return [
        _STATUS.get(Licence.State(found[index]), Status.VALID) if index in found else Status.REVOKED
        for index in range(padded)
    ]


def current_list() -> StatusList:
    """The newest publication, made now if there is none or the last one has run out."""
    newest = StatusList.objects.filter(name=LIST).first()
    if newest is None or newest.at + LIST_LIFE <= timezone.now():
        return publish_statuses(by=None)
    return newest
