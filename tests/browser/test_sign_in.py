"""Every way in and out, in a real browser under the site's own policy for content."""

from __future__ import annotations

import base64
import hmac
import re
import struct
import time
from collections.abc import Iterator

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from playwright.sync_api import Browser, BrowserContext, Page, expect

from consortium.models import AuditEvent, User
from tests.browser.chromium import WATCH_POLICY
from tests.factories import consortium as make

PASSWORD = "celadon over ink, 2026"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def totp(secret: str, at: float) -> str:
    """RFC 6238 with SHA-1, 30 s and six digits, as authenticator apps do it."""
    key = base64.b32decode(secret)
    digest = hmac.digest(key, struct.pack(">Q", int(at) // 30), "sha1")
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


@pytest.fixture
def somebody(live_server) -> User:
    user = make.PersonFactory.create(email="lin.yue@example.org", name_en="Lin Yue")
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def context(browser: Browser, live_server) -> Iterator[BrowserContext]:
    # WebAuthn needs a name, not an address: 127.0.0.1 cannot own a passkey.
    base = live_server.url.replace("127.0.0.1", "localhost")
    started = browser.new_context(base_url=base, locale="en")
    started.add_init_script(WATCH_POLICY)
    yield started
    started.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def submit(page: Page, path: str) -> None:
    """Press the button of the form that posts to `path`."""
    page.locator(f"main form[action*='{path}'] button:not([type=button])").first.click()


def sign_in(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", PASSWORD)
    submit(page, "/accounts/login/")


def prove(page: Page) -> None:
    """Answer the question whether it is still you."""
    expect(page).to_have_url(re.compile("/accounts/reauthenticate/"))
    page.fill("[name=password]", PASSWORD)
    submit(page, "/accounts/reauthenticate/")


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    submit(page, "/accounts/logout/")


def no_violations(page: Page) -> None:
    assert page.evaluate("globalThis.violations") == []


def activate_totp(page: Page) -> str:
    """Add an authenticator app; returns its secret."""
    page.goto("/accounts/2fa/totp/activate/")
    prove(page)
    no_violations(page)
    secret = page.locator("main").inner_text()
    found = re.search(r"\b[A-Z2-7]{32}\b", secret)
    value = found[0] if found else page.locator("#authenticator_secret").input_value()
    page.fill("[name=code]", totp(value, time.time()))
    submit(page, "/accounts/2fa/totp/activate/")
    expect(page).to_have_url(re.compile("/accounts/2fa/recovery-codes/"))
    return value


def recovery_codes(page: Page) -> list[str]:
    """As shown, be it in text or in a field to copy from."""
    return re.findall(r"\b\d{8}\b", page.locator("main").inner_html())


def test_password_then_authenticator_app_then_recovery_code(page: Page, somebody: User) -> None:
    sign_in(page, somebody.email)
    expect(page).to_have_url(re.compile("/dashboard/"))
    secret = activate_totp(page)
    codes = recovery_codes(page)
    assert len(codes) == 10
    stored = Authenticator.objects.get(user=somebody, type=Authenticator.Type.TOTP).data
    assert secret not in str(stored)
    assert AuditEvent.objects.filter(action="person.second_factor_changed").exists()

    sign_out(page)
    sign_in(page, somebody.email)
    expect(page).to_have_url(re.compile("/accounts/2fa/authenticate/"))
    no_violations(page)
    page.fill("[name=code]", "000000")
    submit(page, "/accounts/2fa/authenticate/")
    expect(page).to_have_url(re.compile("/accounts/2fa/authenticate/"))
    page.fill("[name=code]", codes[0])
    submit(page, "/accounts/2fa/authenticate/")
    expect(page).to_have_url(re.compile("/dashboard/"))

    sign_out(page)
    sign_in(page, somebody.email)
    page.fill("[name=code]", totp(secret, time.time() + 30))
    submit(page, "/accounts/2fa/authenticate/")
    expect(page).to_have_url(re.compile("/dashboard/"))


def test_a_passkey_is_added_and_signs_in_alone(
    context: BrowserContext, page: Page, somebody: User
) -> None:
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    sign_in(page, somebody.email)
    page.goto("/accounts/2fa/webauthn/add/")
    prove(page)
    page.fill("[name=name]", "Laptop")
    page.check("[name=passwordless]")
    page.click("#mfa_webauthn_add")
    expect(page).to_have_url(re.compile("/accounts/2fa/recovery-codes/"))
    no_violations(page)

    sign_out(page)
    page.goto("/accounts/login/")
    page.click("#passkey_login")
    expect(page).to_have_url(re.compile("/dashboard/"))
    no_violations(page)


def test_sessions_are_listed_and_ended_elsewhere(
    browser: Browser, context: BrowserContext, page: Page, somebody: User, live_server
) -> None:
    other = browser.new_context(base_url=live_server.url, locale="en")
    try:
        elsewhere = other.new_page()
        sign_in(elsewhere, somebody.email)
        sign_in(page, somebody.email)
        page.goto("/accounts/sessions/")
        expect(page.locator("main tbody tr")).to_have_count(2)
        submit(page, "/accounts/sessions/")
        expect(page.locator("main tbody tr")).to_have_count(1)
        elsewhere.goto("/dashboard/")
        expect(elsewhere).to_have_url(re.compile("/accounts/login/"))
    finally:
        other.close()


def test_a_token_needs_a_fresh_proof_and_is_shown_once(page: Page, somebody: User) -> None:
    sign_in(page, somebody.email)
    page.goto("/account/tokens/new/")
    prove(page)
    expect(page).to_have_url(re.compile("/account/tokens/new/"))
    page.fill("[name=label]", "Workstation")
    page.check("[name=scopes][value='profile:read']")
    page.locator("main form.form button.button").first.click()
    text = re.search(r"omic_\w+", page.locator("main").inner_text())
    assert text
    no_violations(page)
    page.goto("/account/tokens/")
    assert text[0] not in page.content()
    expect(page.locator("main tbody tr")).to_have_count(1)


def test_a_stranger_signs_up_and_has_no_rights(page: Page, live_server) -> None:
    page.goto("/accounts/signup/")
    page.fill("[name=name_en]", "New Person")
    page.fill("[name=email]", "new.person@example.org")
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    submit(page, "/accounts/signup/")
    page.wait_for_load_state()
    no_violations(page)
    user = User.objects.get(email="new.person@example.org")
    assert user.name_en == "New Person"
    assert not user.affiliations.exists()
