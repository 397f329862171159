"""API tokens: `omic_<key id>_<secret>_<crc>`; only an HMAC of the whole is stored."""

import hashlib
import hmac
import secrets
import string
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium.access import problem
from consortium.models import ApiToken

PREFIX = "omic"
LONGEST = timedelta(days=90)
PEPPER_VERSION = 1
LONGEST_TEXT = 100
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Minted:
    """A new token: `text` is shown once and never stored."""

    key_id: str
    text: str
    digest: str


def mint() -> Minted:
    key_id = "".join(secrets.choice(_ALPHABET) for _i in range(10))
    secret = "".join(secrets.choice(_ALPHABET) for _i in range(40))
    body = f"{PREFIX}_{key_id}_{secret}"
    text = f"{body}_{zlib.crc32(body.encode()):08x}"
    return Minted(key_id, text, digest_of(text, PEPPER_VERSION))


def digest_of(text: str, pepper_version: int) -> str:
    pepper = settings.TOKEN_PEPPERS[pepper_version]
    return hmac.new(pepper.encode(), text.encode(), hashlib.sha256).hexdigest()


def well_formed(text: str) -> str | None:
    """The key id of a token whose shape and checksum are right, else None."""
    body, _sep, crc = text.rpartition("_")
    prefix, _sep, rest = body.partition("_")
    key_id, _sep, secret = rest.partition("_")
    if len(text) > LONGEST_TEXT or not text.isascii() or prefix != PREFIX or not secret:
        return None
    if not hmac.compare_digest(f"{zlib.crc32(body.encode()):08x}", crc):
        return None
    return key_id


def verify(text: str) -> ApiToken | None:
    """The live token with this text and an active owner, else None. One query."""
    key_id = well_formed(text)
    if key_id is None:
        return None
    token = ApiToken.objects.select_related("user").filter(key_id=key_id).first()
    if token is None or token.pepper_version not in settings.TOKEN_PEPPERS:
        return None
    if not hmac.compare_digest(token.digest, digest_of(text, token.pepper_version)):
        return None
    return token if token.live and token.user.is_active else None


def touch(token: ApiToken) -> None:
    """Remember the use, to the minute: one write a minute per token, not one per call."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


class TokenMiddleware:
    """`Authorization: Bearer <token>` makes the token's owner the request's user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        kind, _sep, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer":
            token = verify(text.strip())
            if token is None:
                detail = _("This token is unknown, expired or revoked. Create a new one.")
                return problem(401, "bad_token", detail)
            touch(token)
            _act_as(request, token)
        return self.get_response(request)


def _act_as(request: HttpRequest, token: ApiToken) -> None:
    """The token's owner calls, and a session that came along plays no part."""
    request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    request.user = token.user
    request.api_token = token  # type: ignore[attr-defined]
