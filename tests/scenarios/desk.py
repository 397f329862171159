"""One person at the portal's pages, who finds controls by what they are called."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path

from django.utils import translation
from playwright.sync_api import BrowserContext, Locator, Response

from tests.browser import chromium

PASSWORD = "celadon over ink, 2026"
PATIENCE_MS = 10_000
SOURCE = "en"


class Desk:
    """A browser page. Texts are given in English and looked for in this desk's language.

    Each page is looked over when it is there: its status, its language, the site's policy for
    content, and what the browser said against it.
    """

    def __init__(self, context: BrowserContext, language: str) -> None:
        self.language = language
        self.page, self.complaints = chromium.open_page(context)
        self.page.set_default_timeout(PATIENCE_MS)
        self.main = self.page.locator("main")

    def say(self, text: str) -> str:
        """The text as this person reads it. A text without a translation is a mistake."""
        with translation.override(self.language):
            said = translation.gettext(text)
        assert said != text or self.language == SOURCE, f"“{text}” is not translated"
        return said

    def name(self, thing: object, field: str = "name") -> str:
        """What people named `thing`, in this desk's language."""
        return getattr(thing, f"{field}_{self.language[:2]}")

    # Going

    def open(self, address: str) -> None:
        self._arrived(self.page.goto(address))

    def follow(self, text: str, *, written: bool = False) -> None:
        """A link by its name. written: the text is a person's, not the portal's."""
        self.go(self.main.get_by_role("link", name=self._words(text, written), exact=True))

    def take_up(self, verb: str, number: str) -> None:
        """Something on the list of what needs this person, by its button."""
        self.open("/dashboard/")
        buttons = self.main.get_by_role("link", name=self.say(verb))
        self.go(buttons.filter(has_text=f": {number}"))

    def press(self, text: str) -> None:
        """A button that sends a form."""
        self.go(self.main.get_by_role("button", name=self.say(text), exact=True))

    def prove(self) -> None:
        """Answer the question whether it is still you, wherever that came from."""
        assert "/accounts/reauthenticate/" in self.page.url
        self.reads("Confirm that it is you")
        self.main.locator("[name=password]").fill(PASSWORD)
        self.press("Confirm")

    def status_of(self, address: str) -> int:
        """What an address that is not for this person answers."""
        before = len(self.complaints.said)
        answer = self.page.goto(address)
        assert answer is not None
        # Chromium reports the refusal itself as an error; nothing else may be among these.
        for line in self.complaints.said[before:]:
            assert f"status of {answer.status}" in line, line
        del self.complaints.said[before:]
        self.look_over()
        return answer.status

    def download(self, text: str, *, written: bool = False) -> bytes:
        """What a link saves."""
        before = len(self.complaints.said)
        link = self.main.get_by_role("link", name=self._words(text, written), exact=True)
        with self.page.expect_download() as started:
            link.click()
        content = Path(started.value.path()).read_bytes()
        # A page that turns out to be a download is a request given up, to Chromium.
        for line in self.complaints.said[before:]:
            assert line.startswith("request: ") and line.endswith("net::ERR_ABORTED"), line
        del self.complaints.said[before:]
        self.look_over()
        return content

    # Filling in

    def write(self, label: str, text: str) -> None:
        self.field(label).fill(text)

    def select(self, label: str, value: str) -> None:
        self.field(label).select_option(value)

    def tick(self, label: str, *, within: str = "") -> None:
        """A box; `within` a group of them."""
        self._group(within).get_by_role("checkbox", name=self.say(label), exact=True).check()

    def choose(self, label: str, *, within: str) -> None:
        """One of several, in the group called `within`."""
        self._group(within).get_by_role("radio", name=self.say(label), exact=True).check()

    def field(self, label: str) -> Locator:
        return self.main.get_by_label(self._label(label))

    # Reading

    def reads(self, text: str, *, written: bool = False) -> None:
        """The page's own heading."""
        heading = self.main.get_by_role("heading", level=1)
        assert heading.inner_text().strip() == self._words(text, written)

    def sees(self, text: str, *, written: bool = False) -> None:
        """The text stands somewhere on the page."""
        self.main.get_by_text(self._words(text, written)).first.wait_for()

    def fact(self, label: str) -> str:
        """What stands beside a term in a list of facts."""
        term = self.page.get_by_role("term").filter(has_text=self._label(label))
        return self.main.locator("dl > div").filter(has=term).locator("dd").first.inner_text()

    def look_over(self) -> None:
        """Nothing may be wrong with the page that is open, nor with those before it."""
        assert self.complaints.said == [], f"{self.page.url}: {self.complaints.said}"
        assert self.page.evaluate("globalThis.violations") == [], self.page.url
        spoken = self.page.locator("html").get_attribute("lang") or ""
        assert spoken[:2].lower() == self.language[:2], f"{self.page.url} speaks {spoken}"

    def go(self, control: Locator) -> None:
        """Whatever leads to another page."""
        with self.page.expect_navigation() as started:
            control.click()
        self._arrived(started.value)

    def _arrived(self, answer: Response | None) -> None:
        assert answer is not None
        assert answer.status < HTTPStatus.BAD_REQUEST, (
            f"{self.page.url} answered {answer.status}: {self.main.inner_text()[:800]}"
        )
        self.look_over()

    def _words(self, text: str, written: bool) -> str:
        return text if written else self.say(text)

    def _label(self, text: str) -> re.Pattern[str]:
        """A field's label, which may say that the field is optional."""
        optional = re.escape(self.say("(optional)"))
        return re.compile(rf"^\s*{re.escape(self.say(text))}\s*(?:{optional})?\s*$")

    def _group(self, label: str) -> Locator:
        return self.main.get_by_role("group", name=self._label(label)) if label else self.main
