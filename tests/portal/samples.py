"""Samples of the portal's own routes and of allauth's. See tests/samples.py."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from consortium.models import User
from tests.factories.consortium import PersonFactory
from tests.samples import Samples


def samples() -> Samples:
    careful = _with_second_factor()
    fresh = PersonFactory.create()
    key = Authenticator.objects.create(
        user=careful, type=Authenticator.Type.WEBAUTHN, data={"name": "YubiKey", "credential": {}}
    )
    reset = {"uidb36": user_pk_to_url_str(fresh), "key": default_token_generator.make_token(fresh)}
    return {
        "account_confirm_email": ({"key": _confirmation(fresh)}, None),
        "account_reset_password_from_key": (reset, None),
        "mfa_index": ({}, careful),
        "mfa_list_webauthn": ({}, careful),
        "mfa_edit_webauthn": ({"pk": key.pk}, careful),
        "mfa_remove_webauthn": ({"pk": key.pk}, careful),
        "mfa_deactivate_totp": ({}, careful),
        "mfa_reauthenticate": ({}, careful),
        "mfa_view_recovery_codes": ({}, careful),
        "mfa_download_recovery_codes": ({}, careful),
        "mfa_generate_recovery_codes": ({}, careful),
    }


def _with_second_factor() -> User:
    person: User = PersonFactory.create()
    TOTP.activate(person, generate_totp_secret())
    RecoveryCodes.activate(person)
    return person


def _confirmation(person: User) -> str:
    address, _ = EmailAddress.objects.get_or_create(
        user=person, email=person.email, defaults={"primary": True}
    )
    return str(EmailConfirmationHMAC(address).key)
