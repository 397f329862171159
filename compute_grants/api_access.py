"""Who may call which API route of machines, calls, proposals and reviews. Part of access.TABLE."""

from collections.abc import Iterable

from consortium.access import Auth, Rule, Table, api
from consortium.models import Scope
from consortium.roles import Permission


def _public(permission: Permission) -> dict[str, Rule]:
    return {"GET": Rule(permission, Auth.ANY)}


def _read(permission: Permission) -> dict[str, Rule]:
    return api("GET", permission, Scope.GRANTS_READ)


def _write(permission: Permission, method: str = "POST") -> dict[str, Rule]:
    return api(method, permission, Scope.GRANTS_WRITE)


def _acts(noun: str, permission: Permission, acts: Iterable[str]) -> Table:
    """The named actions of one viewset, all under one permission."""
    return {f"api:{noun}-{act}": _write(permission) for act in acts}


_MACHINE, _CALL = Permission.MACHINE_PUBLISH, Permission.CALL_PUBLISH
_SEE, _WRITE = Permission.PROPOSAL_VIEW, Permission.PROPOSAL_WRITE
MACHINE_ACTS = ("partitions", "peaks", "resources", "certify", "publish", "set-state")
CALL_ACTS = (
    *("rubric", "budget", "panel", "publish", "open"),
    *("close-to-review", "decide", "close"),
)
OFFICE_ACTS = ("return", "send-to-centres", "reject-infeasible", "assign")

TABLE: Table = {
    "api:machine-list": _public(Permission.MACHINE_VIEW) | _write(_MACHINE),
    "api:machine-detail": _public(Permission.MACHINE_VIEW) | _write(_MACHINE, "PATCH"),
    **_acts("machine", _MACHINE, MACHINE_ACTS),
    "api:call-list": _public(Permission.CALL_VIEW) | _write(_CALL),
    "api:call-detail": _public(Permission.CALL_VIEW) | _write(_CALL, "PATCH"),
    **_acts("call", _CALL, CALL_ACTS),
    "api:call-board": _read(_SEE),
    **_acts("call", Permission.PANEL_DECIDE, ["rank"]),
    "api:proposal-list": _read(_SEE) | _write(_WRITE),
    "api:proposal-detail": _read(_SEE) | _write(_WRITE, "PATCH"),
    **_acts("proposal", _WRITE, ["ask", "drop", "submit", "withdraw"]),
    **_acts("proposal", Permission.REVIEW_ASSIGN, OFFICE_ACTS),
    **_acts("proposal", Permission.FEASIBILITY_DECIDE, ["technical-review"]),
    **_acts("proposal", Permission.PANEL_DECIDE, ["decide"]),
    "api:review-list": _read(_SEE),
    "api:review-detail": _read(_SEE),
    "api:review-reviews": _read(_SEE),
    **_acts("review", Permission.REVIEW_WRITE, ["declare", "submit"]),
}
