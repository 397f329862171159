"""Who calls the API: the middleware has found out already; DRF only needs to be told."""

from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from consortium.access import CHALLENGE
from consortium.models import User


class PortalAuthentication(SessionAuthentication):
    """A token, else a session. Only sessions are open to forged requests, so only they pay."""

    def authenticate(self, request: Request) -> tuple[User, object] | None:
        token = getattr(request._request, "api_token", None)  # noqa: SLF001  DRF's own way
        if token is not None:
            return token.user, token
        user = getattr(request._request, "user", None)  # noqa: SLF001
        if not isinstance(user, User) or not user.is_active:
            return None
        self.enforce_csrf(request)
        return user, None

    def authenticate_header(self, _request: Request) -> str:
        return CHALLENGE
