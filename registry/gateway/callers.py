"""Who calls an edge, and in which lab they may do what. Live rights, read at every call."""

from __future__ import annotations

import base64
import binascii

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _

from consortium import tokens
from consortium.models import Scope, User
from consortium.roles import Permission, has
from registry.gateway.refusals import Refused
from registry.gateway.routes import Access
from registry.models import Lab
from registry.queries.callers import Caller, by_token

_ASK = (("www-authenticate", 'Bearer realm="portal"'),)
_SCOPES = {
    # A run cannot be logged without reading it back, so the scope to write also reads.
    Access.READ: frozenset({Scope.REGISTRY_READ.value, Scope.REGISTRY_WRITE.value}),
    Access.WRITE: frozenset({Scope.REGISTRY_WRITE.value}),
}
_PERMISSIONS = {Access.READ: Permission.MODEL_VIEW, Access.WRITE: Permission.RUN_WRITE}


def token_text(authorization: str) -> str | None:
    """The token in an Authorization header: a Bearer, or the password of a Basic one."""
    kind, _sep, rest = authorization.strip().partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() == "basic":
        try:
            pair = base64.b64decode(rest.strip(), validate=True).decode("utf-8", "strict")
        except (binascii.Error, ValueError):
            return None
        return pair.partition(":")[2]
    return None


def identify(authorization: str) -> Caller:
    """The caller of a header's token. Raises Refused(401)."""
    text = token_text(authorization) if authorization else None
    if text is None:
        message = _("Send a token of the portal: set MLFLOW_TRACKING_TOKEN.")
        raise Refused(401, "UNAUTHENTICATED", message, _ASK)
    caller = by_token(text)
    if caller is None:
        message = _("This token is unknown, expired or revoked. Create a new one in the portal.")
        raise Refused(401, "UNAUTHENTICATED", message, _ASK)
    tokens.touch(caller.token)
    return caller


def reader(authorization: str) -> User | AnonymousUser:
    """Whoever reads releases: nobody in particular, or the owner of a token that may.

    Raises Refused(401) for a bad token, and Refused(403) for one without registry:read.
    """
    if not authorization:
        return AnonymousUser()
    caller = identify(authorization)
    require_scope(caller, frozenset({Scope.REGISTRY_READ.value}))
    return caller.user


def require_scope(caller: Caller, scopes: frozenset[str]) -> None:
    if not scopes & set(caller.token.scopes):
        message = _("This token lacks the scope “%(scope)s”. Create one that has it.")
        raise Refused(403, "PERMISSION_DENIED", message % {"scope": min(scopes)})


def require(caller: Caller, access: Access) -> None:
    """Raise Refused(403) unless the token's scope and the person's roles allow `access`."""
    require_scope(caller, _SCOPES[access])
    if not has(caller.user, _PERMISSIONS[access]):
        message = _("None of your roles allows this. Ask your institution's admin to add one.")
        raise Refused(403, "PERMISSION_DENIED", message)


def lab_for(caller: Caller, slug: str, access: Access) -> Lab:
    """The lab a call is about: the one it names, or the caller's only one.

    A lab that is not open to the caller is answered as if it did not exist. Raises Refused.
    """
    if not slug:
        return _only_lab(caller)
    lab = next((lab for lab in caller.labs if lab.slug == slug), None)
    if lab is None and access is Access.READ:
        lab = Lab.objects.open_to(caller.user).filter(slug=slug).first()
    if lab is None:
        message = _("There is no lab “%(lab)s” in which you can do this.")
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", message % {"lab": slug[:60]})
    return lab


def _only_lab(caller: Caller) -> Lab:
    labs = caller.labs
    if not labs:
        message = _("You are not a member of any lab. Ask a maintainer of your lab to add you.")
        raise Refused(403, "PERMISSION_DENIED", message)
    if len(labs) > 1:
        message = _("You are in several labs (%(labs)s). Set MLFLOW_WORKSPACE to one of them.")
        names = ", ".join(lab.slug for lab in labs)
        raise Refused(400, "INVALID_PARAMETER_VALUE", message % {"labs": names})
    return labs[0]
