"""What surrounds every request: its id, its log line, and errors turned into answers."""

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from consortium.access import problem
from consortium.errors import DomainError, Invalid
from consortium.logs import request_id

log = logging.getLogger("portal.request")
_GIVEN_ID = re.compile(r"^[A-Za-z0-9-]{8,36}$")


class RequestMiddleware:
    """Give each request an id (a well-formed one sent by a proxy is kept) and log its end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        rid = given if _GIVEN_ID.match(given) else str(uuid.uuid4())
        mark = request_id.set(rid)
        started = time.monotonic()
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = rid
            log.info(
                "%s %s %s",
                request.method,
                request.path,
                response.status_code,
                extra={"ms": round((time.monotonic() - started) * 1000, 1)},
            )
        finally:
            request_id.reset(mark)
        return response


class DomainErrorMiddleware:
    """The last net: a rule's refusal that no view showed in place becomes a 409 page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, DomainError):
            status, code = error.status, type(error).__name__
        elif isinstance(error, Invalid):
            status, code = 422, "Invalid"
        else:
            return None
        if request.path.startswith("/api/"):
            return problem(status, code, str(error))
        return render(
            request, "409.html", {"message": str(error), "code": str(status)}, status=status
        )
