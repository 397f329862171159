"""What the portal adds to django-allauth, at the places where it lets itself be changed."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import force_bytes
from django.utils.translation import get_language

from consortium.actions import sign_in
from consortium.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Records sign-ins and what proves them; a changed second factor ends other sessions."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  allauth's signature
        return bool(settings.SIGNUP_OPEN)

    def new_user(self, request: HttpRequest) -> User:
        user: User = super().new_user(request)
        known = (get_language() or "").lower()
        user.language = known if known in User.Language.values else User.Language.CHINESE
        return user

    def clean_email(self, email: str) -> str:
        return email.lower()

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        saved: User = super().save_user(request, user, form, commit)
        if commit:
            sign_in.signed_up(saved, by=saved)
        return saved

    def set_password(self, user: User, password: str) -> None:
        super().set_password(user, password)
        sign_in.password_changed(user, by=user)

    def send_notification_mail(self, template: str, user: User, *args: Any, **kwargs: Any) -> None:
        """allauth announces here, and nowhere else, that a factor was added or removed."""
        super().send_notification_mail(template, user, *args, **kwargs)
        folder, _sep, what = template.rpartition("/")
        if folder == "mfa/email":
            sign_in.second_factor_changed(user, what=what, by=user)
            user.refresh_from_db(fields=["session_epoch"])
            update_session_auth_hash(context.request, user)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        sign_in.signed_in(user, by=user)
        return response


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps second factors encrypted."""

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode()).decode()


def _fernet() -> MultiFernet:
    """Keys derived from SECRET_KEY, and from the ones it replaced."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(force_bytes(secret))) for secret in secrets])


def _key(secret: bytes) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"consortium.sign_in second factors")
    return base64.urlsafe_b64encode(kdf.derive(secret))
