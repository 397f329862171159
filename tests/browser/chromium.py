"""A real Chromium, and what it must not complain of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright
from playwright.sync_api import Error as PlaywrightError

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# The rules whose answer depends on colours and sizes alone.
SEEN = ["color-contrast", "link-in-text-block", "target-size"]
WATCH_POLICY = """
  globalThis.violations = [];
  addEventListener("securitypolicyviolation", (event) => {
    globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
  });
"""


def executable() -> str | None:
    """Where Chromium is: $CHROMIUM, else on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium, closed at the end."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        try:
            yield started
        finally:
            started.close()


@dataclass
class Complaints:
    """What the browser said against a page: console errors, page errors, failed requests."""

    said: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Listen to everything `page` does from now on."""
        page.on("console", lambda m: m.type == "error" and self.said.append(f"console: {m.text}"))
        page.on("pageerror", lambda error: self.said.append(f"script: {error}"))
        page.on("requestfailed", lambda r: self.said.append(f"request: {r.url} {r.failure}"))


def open_page(context: BrowserContext) -> tuple[Page, Complaints]:
    """A page that reports its policy violations and complaints."""
    context.add_init_script(WATCH_POLICY)
    page = context.new_page()
    complaints = Complaints()
    complaints.watch(page)
    return page, complaints


def show(page: Page, *, theme: str, width: int) -> None:
    """Switch theme and width within the loaded page."""
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)


def go(page: Page, address: str) -> Response | None:
    """Open an address: what it answered, or None when that is a file to be saved."""
    try:
        return page.goto(address, wait_until="load")
    except PlaywrightError as error:
        if "Download is starting" in error.message or "ERR_ABORTED" in error.message:
            return None
        raise


def accessibility(page: Page, *, seen_alone: bool = False) -> list[str]:
    """WCAG 2.2 A and AA violations, one line each with the element.

    seen_alone: only those that another theme or width of the same page may bring.
    """
    only = {"type": "rule", "values": SEEN} if seen_alone else {"type": "tag", "values": WCAG}
    result = Axe().run(page, options={"runOnly": only, "resultTypes": ["violations"]})
    return [
        f"{violation['id']}: {node['target']} {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in result.response["violations"]
        for node in violation["nodes"]
    ]


def overflow(page: Page) -> list[str]:
    """What makes the page scroll sideways: the elements that stick out, none when it does not."""
    return page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= wide) return [];
          const scrolls = (element) =>
            element.parentElement?.closest(".table, .side ul, .tabs ul, pre, .prose table");
          const edge = (element) => Math.round(element.getBoundingClientRect().right);
          return [...document.querySelectorAll("body *")]
            .filter((element) => edge(element) > wide + 1 && !scrolls(element))
            .slice(0, 5)
            .map((element) => `${element.tagName} ${element.className} ends at ${edge(element)}`);
        }"""
    )


def shoot(page: Page, folder: Path | None, name: str) -> None:
    """A picture of the whole page, when a folder was given with --shots."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", full_page=True)


def doubled_ids(page: Page) -> list[str]:
    """Ids that stand more than once: a label or a link would lead to the first of them alone."""
    return page.evaluate(
        """() => {
          const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
          return ids.filter((id, place) => ids.indexOf(id) !== place);
        }"""
    )
