"""Who may call which API route of transfers, offerings, licences and income. Part of access.TABLE.

What approves, consents, signs or changes a licence's standing takes no token: the views ask
the session for a fresh proof of identity, as the pages do.
"""

from collections.abc import Iterable

from consortium.access import SIGNED_IN, Auth, Rule, Table, api
from consortium.models import Scope
from consortium.roles import Permission


def _read(permission: Permission) -> dict[str, Rule]:
    return api("GET", permission, Scope.LICENCES_READ)


def _write(permission: Permission | None) -> dict[str, Rule]:
    return api("POST", permission, Scope.LICENCES_WRITE)


def _proved(permission: Permission) -> dict[str, Rule]:
    return {"POST": Rule(permission, Auth.SESSION)}


def _acts(noun: str, rules: dict[str, Rule], acts: Iterable[str]) -> Table:
    """The named actions of one viewset, all under the same rules."""
    return {f"api:{noun}-{act}": rules for act in acts}


_CATALOGUE = {"GET": Rule(Permission.OFFERING_VIEW, Auth.ANY, Scope.LICENCES_READ)}
TABLE: Table = {
    "api:transfer-list": _read(Permission.GATE_VIEW) | _write(Permission.GATE_REQUEST),
    "api:transfer-detail": _read(Permission.GATE_VIEW),
    **_acts("transfer", _write(Permission.GATE_REQUEST), ["restate", "run-checks", "cancel"]),
    "api:transfer-approve-research": _proved(Permission.GATE_APPROVE_RESEARCH),
    "api:transfer-consent": _proved(Permission.GATE_CONSENT),
    "api:transfer-approve-deployment": _proved(Permission.GATE_APPROVE_DEPLOYMENT),
    "api:transfer-refuse": {"POST": SIGNED_IN},  # the policy knows which arm's turn it is
    "api:offering-list": _CATALOGUE | _write(Permission.OFFERING_PUBLISH),
    "api:offering-detail": _CATALOGUE,
    **_acts("offering", _write(Permission.OFFERING_PUBLISH), ["offer", "retire"]),
    "api:licence-list": _read(Permission.LICENCE_VIEW) | _write(Permission.LICENCE_REQUEST),
    "api:licence-detail": _read(Permission.LICENCE_VIEW),
    "api:licence-offer": _write(Permission.LICENCE_OFFER),
    "api:licence-counter": _write(Permission.LICENCE_REQUEST),
    # For either side: the policy knows whose turn it is.
    **_acts("licence", _write(None), ["accept", "decline"]),
    "api:licence-sign": _proved(Permission.LICENCE_SIGN),
    **_acts("licence", _read(Permission.LICENCE_VIEW), ["licence-file", "files"]),
    "api:licence-provenance": _read(Permission.PROVENANCE_VIEW),
    **_acts("licence", _proved(Permission.LICENCE_OFFER), ["suspend", "reinstate", "revoke"]),
    "api:licence-receipts": _write(Permission.RECEIPT_RECORD),
    "api:statement-list": _read(Permission.STATEMENT_VIEW),
    "api:statement-detail": _read(Permission.STATEMENT_VIEW),
}
