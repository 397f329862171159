"""What a policy answers, and the policies of the consortium itself.

One function serves the check in an action, the greyed button on a page and its tooltip.
"""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consortium.models import DesiredState, User
from consortium.roles import SECOND_FACTOR, Permission, has, standing


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether somebody may do something, and if not, why, in their language."""

    allowed: bool
    reason: str | Promise = ""

    def __bool__(self) -> bool:
        return self.allowed

    def require(self) -> None:
        """Raise PermissionDenied with the reason unless allowed."""
        if not self.allowed:
            raise PermissionDenied(str(self.reason))


ALLOW = Decision(True)


def deny(reason: str | Promise) -> Decision:
    return Decision(False, reason)


def needs_second_factor(user: User) -> bool:
    """Whether the person's roles award, admit, appoint, sign or sign off."""
    return bool(standing(user).permissions & SECOND_FACTOR)


def second_factor(user: User) -> Decision:
    """Whether the person has the second factor that their roles ask for.

    The site asks for it where REQUIRE_SECOND_FACTOR is set.
    """
    if not settings.REQUIRE_SECOND_FACTOR or not needs_second_factor(user):
        return ALLOW
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    if Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists():
        return ALLOW
    return deny(_("Your roles need a second factor. Add an authenticator app or a passkey first."))


def can_retry_effect(user: User, row: DesiredState) -> Decision:
    """Whether the person may have a change to another system tried again now."""
    if not has(user, Permission.ALLOCATION_MANAGE):
        return deny(_("Only those who manage allocations may have a change tried again."))
    if row.settled:
        return deny(_("The other system already matches. There is nothing to try again."))
    return ALLOW
