"""Errors of the API as typed problem responses (RFC 9457, application/problem+json)."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, views
from rest_framework.response import Response

from consortium.errors import DomainError, Invalid

CONTENT_TYPE = "application/problem+json"


def _problem(status: int, code: str, detail: str, **extra: Any) -> Response:
    body = {"type": f"urn:portal:problem:{code}", "status": status, "code": code, "detail": detail}
    return Response(body | extra, status=status, content_type=CONTENT_TYPE)


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DomainError 409, Invalid and validation errors 422, the rest as DRF says."""
    if isinstance(exc, DomainError):
        return _problem(409, type(exc).__name__, str(exc))
    if isinstance(exc, Invalid):
        return _problem(422, "Invalid", str(exc), errors=exc.errors)
    if isinstance(exc, exceptions.ValidationError):
        detail = "Some fields are badly filled in."
        return _problem(422, "Invalid", detail, errors=exc.detail)
    if isinstance(exc, PermissionDenied):
        return _problem(403, "permission_denied", str(exc))
    if isinstance(exc, Http404):
        return _problem(404, "not_found", "Not found.")
    response = views.exception_handler(exc, context)
    if response is not None and isinstance(exc, exceptions.APIException):
        code = str(exc.default_code)
        answer = _problem(response.status_code, code, str(exc.detail))
        for header, value in response.items():
            if header.lower() != "content-type":
                answer[header] = value
        return answer
    return response
