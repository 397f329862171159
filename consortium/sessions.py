"""How long a session lives, and where it was last seen."""

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

STARTED, SEEN = "started_at", "seen_at"
REMEMBER_EVERY = 60  # seconds; a write for every request would cost more than it tells


class SessionAge:
    """End a session SESSION_ABSOLUTE seconds after sign-in or SESSION_IDLE after its last use.

    Django's own cookie age moves on with every save, so it bounds neither.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = time.time()
            if _is_over(request, now):
                logout(request)
            else:
                _remember(request, now)
        return self.get_response(request)


def _is_over(request: HttpRequest, now: float) -> bool:
    started = request.session.get(STARTED, now)
    seen = request.session.get(SEEN, now)
    too_old = now - started > settings.SESSION_ABSOLUTE
    return bool(too_old or now - seen > settings.SESSION_IDLE)


def _remember(request: HttpRequest, now: float) -> None:
    request.session.setdefault(STARTED, now)
    if now - request.session.get(SEEN, 0) >= REMEMBER_EVERY:
        request.session[SEEN] = now
        UserSession.objects.create_from_request(request)
