"""Samples of the roof's own routes and of the sign-in pages. See tests/samples.py."""

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator

from tests.factories import consortium as make
from tests.samples import Samples


def samples() -> Samples:
    person = make.PersonFactory.create()
    address = EmailAddress.objects.create(user=person, email=person.email, primary=True)
    key = Authenticator.objects.create(
        user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "Sample key"}
    )
    return {
        "account_confirm_email": ({"key": EmailConfirmationHMAC(address).key}, None),
        "account_reset_password_from_key": ({"uidb36": "1", "key": "set-password"}, None),
        "mfa_remove_webauthn": ({"pk": key.pk}, person),
        "mfa_edit_webauthn": ({"pk": key.pk}, person),
    }
