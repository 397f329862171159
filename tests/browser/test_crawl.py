"""Every page, in both languages, both themes, wide and narrow, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from consortium.models import User
from tests.browser import chromium
from tests.browser.pages import World, label, page_routes
from tests.browser.visiting import session_cookie
from tests.language import strangers
from tests.written import texts

# The four pairs of theme and width, shared out between the languages.
VIEWS = {
    "en": [("light", 1280), ("dark", 390)],
    "zh-hans": [("dark", 1280), ("light", 390)],
}
# Where every rule of accessibility is asked; the others show only other colours and widths.
WHOLE = {("light", 1280), ("light", 390)}
WIDEST, NARROWEST = 1280, 320


@dataclass(frozen=True)
class Window:
    """One window a language, kept open for all pages: opening one costs more than most pages."""

    context: BrowserContext
    page: Page
    complaints: chromium.Complaints

    @classmethod
    def open(cls, browser: Browser, url: str, language: str) -> Window:
        context = browser.new_context(base_url=url, locale=language, reduced_motion="reduce")
        return cls(context, *chromium.open_page(context))

    def enter(self, person: User | None, url: str) -> None:
        """Go on as this person, or as nobody."""
        self.context.clear_cookies()
        if person is not None:
            self.context.add_cookies([session_cookie(person, url)])
        self.complaints.said.clear()


@dataclass(frozen=True)
class Site:
    """A running site with one set of rows for all its pages."""

    url: str
    world: World
    windows: dict[str, Window]
    shots: Path | None


@pytest.fixture(scope="module")
def db(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The test database for the whole module: the server's threads must see what is written.

    Named as pytest-django's own, which it replaces here, because by that name pytest-django
    knows that these tests need the database made.
    """
    with django_db_blocker.unblock():
        assert str(connection.settings_dict["NAME"]).startswith("test_")
        yield
        call_command("flush", verbosity=0, interactive=False)


@pytest.fixture(scope="module")
def site(browser: Browser, db, request: pytest.FixtureRequest) -> Iterator[Site]:
    server = LiveServer("127.0.0.1")
    folder = request.config.getoption("--shots")
    windows = {name: Window.open(browser, server.url, name) for name in VIEWS}
    try:
        yield Site(server.url, World(), windows, Path(folder) if folder else None)
    finally:
        for window in windows.values():
            window.context.close()
        server.stop()


@pytest.mark.parametrize("route", page_routes(), ids=label)
def test_page(route, site):
    address, person = site.world.visit(route)
    problems = [
        f"[{language}] {problem}"
        for language in VIEWS
        for problem in _inspect(site, address, person, language)
    ]
    assert not problems, "\n".join(problems)


def _inspect(site: Site, address: str, person: User | None, language: str) -> list[str]:
    """Everything wrong with one page in one language, one line each."""
    window = site.windows[language]
    page = window.page
    if person is not None:
        User.objects.filter(pk=person.pk).update(language=language)
    window.enter(person, site.url)
    chromium.show(page, theme="light", width=WIDEST)
    answer = chromium.go(page, f"{address}?lang={language}")
    if answer is None:
        return _download(window.context, address)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        return [f"status {answer.status}"]
    if not answer.headers["content-type"].startswith("text/html"):
        return []
    problems = [f"language: {text}" for text in strangers(answer.text(), texts())]
    name = address.strip("/").replace("/", "_") or "home"
    for theme, width in VIEWS[language]:
        chromium.show(page, theme=theme, width=width)
        faults = chromium.accessibility(page, seen_alone=(theme, width) not in WHOLE)
        problems += [f"{theme} {width}: {fault}" for fault in faults]
        chromium.shoot(page, site.shots, f"{name}-{language}-{theme}-{width}")
    chromium.show(page, theme="light", width=NARROWEST)
    problems += [f"overflow at {NARROWEST}: {wide}" for wide in chromium.overflow(page)]
    problems += [f"id twice: {found}" for found in chromium.doubled_ids(page)]
    problems += [f"policy: {text}" for text in page.evaluate("globalThis.violations")]
    return problems + window.complaints.said


def _download(context: BrowserContext, address: str) -> list[str]:
    """What the browser would save instead of showing it."""
    status = context.request.get(address).status
    return [f"status {status}"] if status >= HTTPStatus.BAD_REQUEST else []
