"""Chromium, the site it visits, and a way to sign in without filling in the form each time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from allauth.account.internal.userkit import user_id_to_str
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext

from consortium.models import User
from tests.browser import chromium

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives the browser; pytest hands over the items of other folders too."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if chromium.executable() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing: make system-packages")
        pytest.skip("Chromium is missing: make system-packages")
    # The browser's event loop runs in this thread, where Django would refuse its database.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        with chromium.browser() as started:
            yield started


def session_cookie(user: User, url: str) -> dict[str, str]:
    """The cookie of a session in which `user` proved who they are a moment ago."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    session = client.session
    proof = {"method": "password", "at": time.time(), "reauthenticated": True}
    session["account_authentication_methods"] = [proof]
    session["account_authentication_methods_user"] = user_id_to_str(user)
    session.save()
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


@pytest.fixture
def visit(browser: Browser, live_server) -> Iterator[Callable[..., BrowserContext]]:
    """visit(user, language="en") -> a browser context signed in to live_server as that person."""
    opened: list[BrowserContext] = []

    def start(user: User | None = None, *, language: str = "en") -> BrowserContext:
        context = browser.new_context(base_url=live_server.url, locale=language)
        opened.append(context)
        if user is not None:
            User.objects.filter(pk=user.pk).update(language=language)
            context.add_cookies([session_cookie(user, live_server.url)])
        return context

    yield start
    for context in opened:
        context.close()
