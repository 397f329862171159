"""How often one caller may call the API. DRF loads this while it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.cache import caches
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from consortium.models import ApiToken

if TYPE_CHECKING:
    from rest_framework.views import APIView


class CallerThrottle(SimpleRateThrottle):
    """Counts by token, else by person, else by the address that connects.

    X-Forwarded-For plays no part: anybody can write it. The rate is
    REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["caller"], per web process.
    """

    scope = "caller"
    cache = caches["counts"]

    def get_cache_key(self, request: Request, view: APIView) -> str:  # noqa: ARG002  DRF's
        if isinstance(request.auth, ApiToken):
            who = f"token:{request.auth.pk}"
        elif request.user.is_authenticated:
            who = f"person:{request.user.pk}"
        else:
            who = f"address:{request.META.get('REMOTE_ADDR', '')}"
        return self.cache_format % {"scope": self.scope, "ident": who}
