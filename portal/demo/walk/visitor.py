"""One person at the portal: signs in with e-mail and password, then calls the API."""

import hashlib
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
        self._password = password
        self._send_form("/accounts/login/", login=email, password=password)
        for cookie in self.http.cookies.jar:  # what is printed is English, whoever it is said to
            if cookie.name == "django_language":
                cookie.value = "en"

    def _send_form(self, address: str, **values: str) -> None:
        page = self.http.get(address)
        found = _TOKEN.search(page.text)
        expect(found, f"{address} has no form: HTTP {page.status_code}")
        assert found is not None
        form = values | {"csrfmiddlewaretoken": found[1]}
        status = self.http.post(address, data=form).status_code
        expect(
            status == FOUND,
            f"{self.email} at {address}: HTTP {status}. Is it the demo consortium?",
        )

    def prove(self) -> "Visitor":
        """Say the password again, as an approval or a signature asks for."""
        self._send_form("/accounts/reauthenticate/", password=self._password)
        return self

    def get(self, path: str, *, status: int = OK, **query: str | int) -> Any:
        return self._answer(self.http.get(f"/api/v1/{path}", params=query), status)

    def post(self, path: str, body: Any = None, *, status: int | None = None) -> Any:
        """POST to the API. Without `status`, any of 200, 201 and 204 will do."""
        answer = self.http.post(f"/api/v1/{path}", json=body or {}, headers=self._proof())
        return self._answer(answer, status)

    def _proof(self) -> dict[str, str]:
        """The cookie's token, which signing in changes, so it is read each time."""
        cookies = self.http.cookies.jar
        return {"X-CSRFToken": next((c.value or "" for c in cookies if "csrf" in c.name), "")}

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

    def status(self, address: str) -> int:
        """The status that a download answers."""
        with self.http.stream("GET", address) as answer:
            return int(answer.status_code)

    def fetch(self, address: str, *, sha256: str) -> None:
        """Download a file and compare its digest."""
        digest = hashlib.sha256()
        with self.http.stream("GET", address) as answer:
            expect(answer.status_code == OK, f"{address} answered {answer.status_code}")
            for chunk in answer.iter_bytes():
                digest.update(chunk)
        expect(digest.hexdigest() == sha256, f"{address} has another sha256 than stated")

    def token(self, label: str, *scopes: str) -> str:
        """A new API token for this person, valid for a day."""
        self.prove()
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
