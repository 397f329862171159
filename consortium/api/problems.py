"""Errors of the API as typed problem responses (RFC 9457, application/problem+json).

The members `type`, `status` and `code` are for programs and never translated; `detail` is a
sentence in the language of Accept-Language; `request_id` finds the call in the log.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, views
from rest_framework.response import Response

from consortium.access import PROBLEM_TYPE, problem_body
from consortium.errors import DomainError, Invalid

# The same words whether a thing does not exist or may not be seen.
NOT_FOUND = "not_found"


def _problem(status: int, code: str, detail: str, **extra: Any) -> Response:
    body = problem_body(status, code, detail)
    return Response(body | extra, status=status, content_type=PROBLEM_TYPE)


def not_found_detail() -> str:
    return _("There is nothing here that you may see.")


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DomainError 409, Invalid and validation errors 422, the rest as DRF says."""
    if isinstance(exc, DomainError):
        return _problem(exc.status, type(exc).__name__, str(exc))
    if isinstance(exc, Invalid):
        return _problem(422, "Invalid", str(exc), errors=exc.errors)
    if isinstance(exc, exceptions.ValidationError):
        detail = _("Some fields are badly filled in. Each is named under “errors”.")
        return _problem(422, "Invalid", detail, errors=exc.detail)
    if isinstance(exc, PermissionDenied):
        return _problem(403, "permission_denied", str(exc) or _("You may not do this."))
    if isinstance(exc, Http404 | exceptions.NotFound):
        return _problem(404, NOT_FOUND, not_found_detail())
    return _of_drf(exc, context)


def _of_drf(exc: Exception, context: dict[str, Any]) -> Response | None:
    """What DRF itself refuses (parse errors, throttling, media types), keeping its headers."""
    response = views.exception_handler(exc, context)
    if response is None or not isinstance(exc, exceptions.APIException):
        return response
    answer = _problem(response.status_code, str(exc.default_code), str(exc.detail))
    for header, value in response.items():
        if header.lower() != "content-type":
            answer[header] = value
    return answer
