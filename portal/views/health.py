"""Is the portal, and each thing it leans on, in order? For machines and for people."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.health import checks


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while pages can be served, else 503; each dependency is named either way."""
    found = checks()
    serving = all(check.ok for check in found if check.vital)
    body = {
        "ok": all(check.ok for check in found),
        "serving": serving,
        "checks": {
            check.code: {"ok": check.ok, "detail": check.detail, "ms": check.milliseconds}
            for check in found
        },
    }
    return JsonResponse(body, status=200 if serving else 503)


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/status.html", {"checks": checks()})
