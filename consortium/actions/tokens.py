"""Everything that changes an API token."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import audit, policies
from consortium.errors import DomainError, Invalid
from consortium.models import ApiToken, Scope, User
from consortium.roles import scopes_open_to
from consortium.tokens import LONGEST, PEPPER_VERSION, mint

MOST_LIVE = 20


class ScopeNotYours(DomainError):
    """A scope was asked for that the owner's roles give no meaning to."""


class TooManyTokens(DomainError):
    """The person has as many live tokens as one may have."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made. `text` exists nowhere else and cannot be shown again."""

    token: ApiToken
    text: str


@transaction.atomic
def create(*, label: str, scopes: Sequence[str], days: int, by: User) -> NewToken:
    """Make a token of `by`'s own that lives for `days` (1 to 90).

    Raises PermissionDenied, Invalid, ScopeNotYours or TooManyTokens.
    """
    by = User.objects.select_for_update().get(pk=by.pk)
    policies.can_create_token(by).require()
    _check_input(label, scopes, days)
    _check_scopes(scopes, by)
    if by.tokens.filter(revoked_at=None, expires_at__gt=timezone.now()).count() >= MOST_LIVE:
        raise TooManyTokens(
            _("You have %(count)d live tokens. Revoke one that you no longer use.")
            % {"count": MOST_LIVE}
        )

    minted = mint()
    token = ApiToken.objects.create(
        key_id=minted.key_id,
        digest=minted.digest,
        pepper_version=PEPPER_VERSION,
        user=by,
        label=label.strip(),
        scopes=[scope for scope in Scope.values if scope in scopes],
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.record("token.created", token, by=by, key=token.key_id, scopes=token.scopes, days=days)
    return NewToken(token, minted.text)


def _check_input(label: str, scopes: Sequence[str], days: int) -> None:
    errors: dict[str, list[str]] = {}
    if not label.strip():
        errors["label"] = [_("Say what the token is for.")]
    if not scopes or not set(scopes) <= set(Scope.values):
        errors["scopes"] = [_("Choose at least one of the listed scopes.")]
    if not 1 <= days <= LONGEST.days:
        errors["days"] = [_("Choose between 1 and %(most)d days.") % {"most": LONGEST.days}]
    if errors:
        raise Invalid(errors)


def _check_scopes(scopes: Sequence[str], owner: User) -> None:
    beyond = sorted(set(scopes) - set(scopes_open_to(owner)))
    if beyond:
        message = _("Your roles give no meaning to the scope “%(scope)s”. Leave it out.")
        raise ScopeNotYours(message % {"scope": beyond[0]})


@transaction.atomic
def revoke(token: ApiToken, *, by: User) -> ApiToken:
    """End a token from the next request on. Revoking twice changes nothing.

    Raises PermissionDenied.
    """
    token = ApiToken.objects.select_for_update().get(pk=token.pk)
    policies.can_revoke_token(by, token).require()
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        audit.record("token.revoked", token, by=by, key=token.key_id)
    return token
