"""One person at the portal: signs in with e-mail and password, then calls the API."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from portal.demo.walk.report import expect, fail

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
TIMEOUT_SECONDS = 30
Found = TypeVar("Found")
OK, CREATED, NO_CONTENT, FOUND = 200, 201, 204, 302


class Visitor:
    """A browser's session without the browser: cookies, CSRF token, JSON."""

    def __init__(self, base: str, email: str, password: str) -> None:
        self.base, self.email = base, email
        self.http = httpx.Client(
            base_url=base,
            timeout=TIMEOUT_SECONDS,
            headers={"Referer": base, "Accept-Language": "en"},
        )
        self._sign_in(password)

    def _sign_in(self, password: str) -> None:
        page = self.http.get("/accounts/login/")
        found = _TOKEN.search(page.text)
        expect(found, f"the sign-in page has no form: HTTP {page.status_code}")
        assert found is not None
        form = {"login": self.email, "password": password, "csrfmiddlewaretoken": found[1]}
        answer = self.http.post("/accounts/login/", data=form)
        expect(
            answer.status_code == FOUND,
            f"{self.email} cannot sign in: HTTP {answer.status_code}. Is it the demo consortium?",
        )

    def get(self, path: str, *, status: int = OK, **query: str | int) -> Any:
        return self._answer(self.http.get(f"/api/v1/{path}", params=query), status)

    def post(self, path: str, body: Any = None, *, status: int | None = None) -> Any:
        """POST to the API. Without `status`, any of 200, 201 and 204 will do."""
        headers = {"X-CSRFToken": self._csrf()}
        answer = self.http.post(f"/api/v1/{path}", json=body or {}, headers=headers)
        return self._answer(answer, status)

    def put(self, path: str, body: Any) -> Any:
        headers = {"X-CSRFToken": self._csrf()}
        return self._answer(self.http.put(f"/api/v1/{path}", json=body, headers=headers), None)

    def patch(self, path: str, body: Any) -> Any:
        headers = {"X-CSRFToken": self._csrf()}
        return self._answer(self.http.patch(f"/api/v1/{path}", json=body, headers=headers), None)

    def _csrf(self) -> str:
        """The cookie's token; signing in changes it, so it is read each time."""
        return next((c.value or "" for c in self.http.cookies.jar if "csrf" in c.name), "")

    def _answer(self, answer: httpx.Response, status: int | None) -> Any:
        wanted = {OK, CREATED, NO_CONTENT} if status is None else {status}
        if answer.status_code not in wanted:
            who = self.email.partition("@")[0]
            fail(
                f"{who}: {answer.request.method} {answer.request.url.path} answered "
                f"{answer.status_code}, not {sorted(wanted)}: {answer.text[:600]}"
            )
        kind = answer.headers.get("content-type", "")
        return answer.json() if answer.content and "json" in kind else answer.text

    def page(self, path: str, *, status: int = OK) -> str:
        answer = self.http.get(path)
        expect(answer.status_code == status, f"{path} answered {answer.status_code}, not {status}")
        return answer.text

    def token(self, label: str, *scopes: str) -> str:
        """A new API token for this person, valid for a day."""
        body = {"label": label, "scopes": list(scopes), "days": 1}
        text: str = self.post("tokens/", body)["text"]
        return text


def now() -> datetime:
    """This moment. (Django's clock is for the site; the walk stands outside of it.)"""
    return datetime.fromtimestamp(time.time(), UTC)


def wait_for(look: Callable[[], Found | None], what: str, seconds: int = 60) -> Found:
    """Look until something is there. Ends the walk after `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found is not None:
            return found
        time.sleep(0.5)
    return fail(f"waited {seconds} s for {what}")
