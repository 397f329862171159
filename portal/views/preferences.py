"""The two switches in the bar on top of every page, and the choice of a time zone."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language as set_language_cookie

from consortium.actions.preferences import choose_language
from consortium.models import User
from portal.preferences import keep_theme, keep_zone, zone_of, zones


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


class ZoneForm(forms.Form):
    zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy("Deadlines are shown in it beside Beijing time."),
        widget=forms.Select(attrs={"translate": "no"}),  # the names of zones are the world's own
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Beijing time only")), *((name, name) for name in zones())]


@require_http_methods(["GET", "POST"])
def time_zone(request: HttpRequest) -> HttpResponse:
    """Choose the time zone in which deadlines are shown beside Beijing time."""
    mine = zone_of(request)
    form = ZoneForm(request.POST or None, initial={"zone": mine.key if mine else ""})
    if form.is_valid():
        response = HttpResponseRedirect(_next(request))
        keep_zone(response, form.cleaned_data["zone"])
        messages.success(request, _("Your time zone was saved."))
        return response
    target = request.POST.get("next") or request.GET.get("next", "")
    return render(
        request,
        "portal/time_zone.html",
        {"form": form, "next": target},
        status=422 if form.errors else 200,
    )


def _next(request: HttpRequest) -> str:
    """The page that the switch stood on, if it is one of ours."""
    target = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if ours else reverse("portal:home")
