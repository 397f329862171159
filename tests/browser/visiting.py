"""Fixtures of every test that drives Chromium: the browser, and visits by people signed in."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest
from allauth.account.internal.userkit import user_id_to_str
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext

from consortium.models import User
from tests.browser import chromium

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, ended with its module: its event loop must not run under other tests."""
    if chromium.executable() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing: make system-packages")
        pytest.skip("Chromium is missing: make system-packages")
    # The browser's event loop runs in this thread, where Django would refuse its database.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        with chromium.browser() as started:
            yield started


def session_cookie(user: User, url: str, *, proved: bool = True) -> dict[str, str]:
    """The cookie of a session, in which `user` proved who they are a moment ago, or did not."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    session = client.session
    if proved:
        proof = {"method": "password", "at": time.time(), "reauthenticated": True}
        session["account_authentication_methods"] = [proof]
        session["account_authentication_methods_user"] = user_id_to_str(user)
    session.save()
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


@pytest.fixture
def address(live_server) -> str:
    """Of the site that is visited."""
    return live_server.url


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., BrowserContext]]:
    """visit(user, language="en") -> a browser context signed in to the site as that person."""
    opened: list[BrowserContext] = []

    def start(
        user: User | None = None, *, language: str = "en", proved: bool = True
    ) -> BrowserContext:
        context = browser.new_context(base_url=address, locale=language)
        opened.append(context)
        if user is not None:
            User.objects.filter(pk=user.pk).update(language=language)
            context.add_cookies([session_cookie(user, address, proved=proved)])
        return context

    yield start
    for context in opened:
        context.close()
