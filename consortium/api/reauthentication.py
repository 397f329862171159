"""Sensitive acts over the API: only in a session that has just proved who it is."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from rest_framework.request import Request

from consortium import policies
from consortium.http import actor, recently_proved


def require_recent_proof(request: Request) -> None:
    """Raise PermissionDenied unless the caller re-authenticated within the last minutes.

    The access table keeps tokens from these routes; this asks the session for more.
    """
    policies.second_factor(actor(request)).require()
    if not recently_proved(request):
        raise PermissionDenied(
            _("Confirm that it is you at /accounts/reauthenticate/, then send this again.")
        )
