"""What the office sets about a call beyond its text, and who follows it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from compute_grants.actions import call_terms as actions
from compute_grants.actions.rounds import Window
from compute_grants.forms.call_terms import (
    AccessForm,
    EligibilityForm,
    ExtendForm,
    NewRoundForm,
    RaiseForm,
    round_forms,
)
from compute_grants.forms.fields import attempt, status_of
from compute_grants.models import Call
from compute_grants.policies import calls as policy
from compute_grants.queries import calls as queries
from consortium.errors import Invalid
from consortium.http import actor


def _managed(request: HttpRequest, code: str) -> Call:
    call = get_object_or_404(Call.objects.visible_to(actor(request)), code=code)
    policy.can_manage(actor(request)).require()
    return call


def _form_page(request: HttpRequest, form: Any, **context: Any) -> HttpResponse:
    return render(
        request, "compute_grants/call_form.html", {"form": form} | context, status=status_of(form)
    )


@require_http_methods(["GET", "POST"])
def rounds(request: HttpRequest, code: str) -> HttpResponse:
    """All rounds of a draft at once."""
    call = _managed(request, code)
    lines = round_forms(call, request.POST or None)
    errors: list[str] = []
    if request.method == "POST" and lines.is_valid():
        try:
            actions.set_rounds(call, windows=lines.windows(), by=actor(request))
        except Invalid as error:
            errors = lines.refuse(error)
        else:
            messages.success(request, _("The rounds were saved."))
            return redirect(call)
    context = {
        "call": call,
        "lines": lines,
        "errors": errors,
        "title": _("Set the rounds"),
        "lede": _("Each takes proposals from its opening until its closing, to the second."),
    }
    bad = lines.is_bound
    return render(request, "compute_grants/call_rounds.html", context, status=422 if bad else 200)


@require_http_methods(["GET", "POST"])
def round_add(request: HttpRequest, code: str) -> HttpResponse:
    """One more round of a published call."""
    call = _managed(request, code)
    form = NewRoundForm(request.POST or None)
    if form.is_valid() and attempt(
        form,
        lambda: actions.add_round(call, window=Window(**form.cleaned_data), by=actor(request)),
    ):
        messages.success(request, _("The round is announced to followers."))
        return redirect(call)
    return _form_page(request, form, call=call, title=_("Add a round"))


@require_http_methods(["GET", "POST"])
def extend(request: HttpRequest, code: str, position: int) -> HttpResponse:
    """Let a round close later."""
    call = _managed(request, code)
    each = get_object_or_404(call.rounds.select_related("call"), position=position)
    form = ExtendForm.of(each, request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.extend(each, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The round closes later. Everybody with a draft was told."))
        return redirect(call)
    return _form_page(request, form, call=call, title=_("Extend the round"))


@require_http_methods(["GET", "POST"])
def eligibility(request: HttpRequest, code: str) -> HttpResponse:
    """Who may lead a proposal, as rules that the portal checks."""
    call = _managed(request, code)
    form = EligibilityForm.of(call, request.POST or None)
    if form.is_valid() and attempt(
        form,
        lambda: actions.set_eligibility(call, conditions=form.conditions(), by=actor(request)),
    ):
        messages.success(request, _("The eligibility rules were saved."))
        return redirect(call)
    return _form_page(request, form, call=call, title=_("Set who may apply"))


@require_http_methods(["GET", "POST"])
def access(request: HttpRequest, code: str) -> HttpResponse:
    """Which access types the call offers."""
    call = _managed(request, code)
    form = AccessForm(request.POST or None, initial={"access_types": call.access_types.all()})
    if form.is_valid() and attempt(
        form,
        lambda: actions.set_access(
            call, access_types=list(form.cleaned_data["access_types"]), by=actor(request)
        ),
    ):
        messages.success(request, _("The access types were saved."))
        return redirect(call)
    return _form_page(request, form, call=call, title=_("Choose access types"))


@require_http_methods(["GET", "POST"])
def raise_budget(request: HttpRequest, code: str) -> HttpResponse:
    """More hours under a published call, up to what the centre has certified."""
    call = _managed(request, code)
    form = RaiseForm(request.POST or None, call=call)
    if form.is_valid() and attempt(
        form, lambda: actions.raise_budget(call, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The budget was raised and the hours are set aside."))
        return redirect(call)
    context = {
        "call": call,
        "form": form,
        "offers": queries.offers(call),
        "title": _("Raise the budget"),
        "lede": _("Up to what the centres have certified and no other call has set aside."),
    }
    return render(request, "compute_grants/call_budget.html", context, status=status_of(form))


@require_POST
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """Be told of a call, or no longer."""
    user = actor(request)
    call = get_object_or_404(Call.objects.visible_to(user), code=code)
    if request.POST.get("follow") == "no":
        actions.unfollow(call, by=user)
        messages.success(request, _("You no longer follow the call."))
    else:
        actions.follow(call, by=user)
        messages.success(request, _("You follow the call: its changes come as notices."))
    return redirect(call)
