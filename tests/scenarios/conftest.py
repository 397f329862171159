"""The whole site, files and all, and the desks of the people who use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

from consortium.models import User
from registry.backends import store
from registry.sending import HANDOVER, handed_over
from tests.scenarios.desk import PASSWORD, Desk


def files_sent(get_response: Callable[[HttpRequest], HttpResponseBase]):
    """Middleware that sends what views hand over, in place of registry.gateway.sender.

    That one is ASGI, the live server is WSGI; its own tests run it on a real server.
    """

    def send(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if HANDOVER in response.headers:
            what = handed_over(response[HANDOVER], whole=response.status_code == 200)
            del response[HANDOVER]
            content = store().path(what.sha256).read_bytes()
            response.content = content[what.first : what.last + 1]
            response["Content-Length"] = str(what.length)
        return response

    return send


@pytest.fixture(scope="module")
def site() -> Iterator[LiveServer]:
    with override_settings(MIDDLEWARE=[f"{__name__}.files_sent", *settings.MIDDLEWARE]):
        server = LiveServer("127.0.0.1")
    yield server
    server.stop()


@pytest.fixture
def address(transactional_db, site: LiveServer) -> str:
    return site.url


@pytest.fixture(params=["en", "zh-hans"])
def language(request: pytest.FixtureRequest) -> str:
    """What everybody reads."""
    return request.param


@pytest.fixture
def sit(visit, language: str) -> Callable[..., Desk]:
    """sit(user, proved=True) -> the desk of that person, or of a visitor without an account."""

    def start(user: User | None = None, *, proved: bool = True) -> Desk:
        if user is not None and not user.has_usable_password():
            user.set_password(PASSWORD)
            user.save(update_fields=["password"])
        return Desk(visit(user, language=language, proved=proved), language)

    return start
