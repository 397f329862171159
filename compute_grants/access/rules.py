"""Short ways to write this app's rules."""

from collections.abc import Iterable

from consortium.access import Auth, Rule, Table, api, page
from consortium.models import Scope
from consortium.roles import Permission


def only_post(permission: Permission) -> dict[str, Rule]:
    """A button without a page."""
    return {"POST": Rule(permission, Auth.SESSION)}


def both(permission: Permission) -> dict[str, Rule]:
    """A form's page: who may see it may send it."""
    return page(permission, permission)


def api_public(permission: Permission) -> dict[str, Rule]:
    """What anybody may read over the API."""
    return {"GET": Rule(permission, Auth.ANY)}


def api_read(permission: Permission) -> dict[str, Rule]:
    """What a token of scope grants:read may read."""
    return api("GET", permission, Scope.GRANTS_READ)


def api_write(permission: Permission, method: str = "POST") -> dict[str, Rule]:
    """What a token of scope grants:write may change."""
    return api(method, permission, Scope.GRANTS_WRITE)


def api_acts(noun: str, permission: Permission, acts: Iterable[str]) -> Table:
    """The named actions of one viewset, all under one permission."""
    return {f"api:{noun}-{act}": api_write(permission) for act in acts}
