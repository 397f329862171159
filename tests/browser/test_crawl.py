"""Every page, in both languages, both themes, wide and narrow, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from consortium.models import User
from tests.browser import chromium
from tests.browser.conftest import session_cookie
from tests.browser.pages import World, label, page_routes
from tests.language import strangers

# The four pairs of theme and width, shared out between the languages: axe is the slow part.
VIEWS = {
    "en": [("light", 1280), ("dark", 390)],
    "zh-hans": [("dark", 1280), ("light", 390)],
}
NARROWEST = 320


@pytest.fixture(scope="module")
def site(browser: Browser, django_db_setup, django_db_blocker) -> Iterator[tuple[str, World]]:
    """A running site with one set of rows for all its pages; emptied at the end."""
    with django_db_blocker.unblock():
        server = LiveServer("127.0.0.1")
        try:
            yield server.url, World()
        finally:
            server.stop()
            call_command("flush", verbosity=0, interactive=False)


@pytest.mark.parametrize("route", page_routes(), ids=label)
def test_page(route, site, browser, shots):
    url, world = site
    address, person = world.visit(route)
    problems = []
    for language in VIEWS:
        problems += [f"[{language}] {p}" for p in _inspect(browser, url, address, person, language, shots)]
    assert problems == []


def _inspect(browser, url, address, person, language, shots) -> list[str]:
    with browser.new_context(base_url=url, locale=language, reduced_motion="reduce") as context:
        if person is not None:
            User.objects.filter(pk=person.pk).update(language=language)
            context.add_cookies([session_cookie(person, url)])
        answer = context.request.get(f"{address}?lang={language}")
        if not answer.headers.get("content-type", "").startswith("text/html"):
            return [] if answer.status < 400 else [f"status {answer.status}"]
        page, complaints = chromium.open_page(context)
        response = page.goto(f"{address}?lang={language}", wait_until="load")
        if response is None or response.status >= 400:
            return [f"status {response and response.status}"]
        problems = [f"language: {text}" for text in strangers(response.text())]
        for theme, width in VIEWS[language]:
            chromium.show(page, theme=theme, width=width)
            problems += [f"{theme} {width}: {fault}" for fault in chromium.accessibility(page)]
            name = address.strip("/").replace("/", "_") or "home"
            chromium.shoot(page, shots, f"{name}-{language}-{theme}-{width}")
        page.set_viewport_size({"width": NARROWEST, "height": 900})
        if wide := chromium.overflow(page):
            problems.append(f"overflow at {NARROWEST}: {wide}")
        problems += [f"policy: {text}" for text in page.evaluate("globalThis.violations")]
        return problems + complaints.said
