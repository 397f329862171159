"""Samples of the roof's own routes and of the sign-in pages. See tests/samples.py."""

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
    careful, fresh = _with_second_factor(), _with_password()
    key = Authenticator.objects.create(
        user=careful, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": {}}
    )
    reset = {"uidb36": user_pk_to_url_str(fresh), "key": default_token_generator.make_token(fresh)}
    return {
        "account_confirm_email": ({"key": EmailConfirmationHMAC(_address(fresh)).key}, None),
        "account_reset_password_from_key": (reset, None),
        "account_reauthenticate": ({}, fresh),
        "account_change_password": ({}, fresh),
        "mfa_activate_totp": ({}, fresh),
        "mfa_add_webauthn": ({}, fresh),
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


def _with_password() -> User:
    person: User = PersonFactory.create()
    person.set_password("a long enough password")
    person.save()
    _address(person)
    return person


def _with_second_factor() -> User:
    person = _with_password()
    TOTP.activate(person, generate_totp_secret())
    RecoveryCodes.activate(person)
    return person


def _address(person: User) -> EmailAddress:
    address, _made = EmailAddress.objects.update_or_create(
        user=person, email=person.email, defaults={"primary": True, "verified": True}
    )
    return address
