"""The two switches in the bar on top of every page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as set_language_cookie

from consortium.actions.preferences import choose_language
from consortium.models import User
from portal.preferences import keep_theme


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme in a cookie and go back to the page."""
    response = HttpResponseRedirect(_next(request))
    keep_theme(response, request.POST.get("theme", ""))
    return response


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the language in the cookie, and in the profile of a signed-in person."""
    if isinstance(request.user, User):
        choose_language(request.POST.get("language", ""), by=request.user)
    return set_language_cookie(request)


def _next(request: HttpRequest) -> str:
    """The page that the switch stood on, if it is one of ours."""
    target = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if ours else reverse("portal:home")
