"""What the R&D office does with calls."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from compute_grants.actions import calls as actions
from compute_grants.forms.calls import BudgetForm, CallForm, MoveForm, PanelForm, rubric_forms
from compute_grants.forms.fields import attempt, status_of
from compute_grants.models import Call
from compute_grants.policies import calls as policy
from compute_grants.queries import calls as queries
from consortium.errors import Invalid
from consortium.http import actor

MOVES = {
    "open": actions.open_,
    "in_review": actions.close_to_review,
    "decided": actions.decide,
    "closed": actions.close,
}


def _managed(request: HttpRequest, code: str) -> Call:
    call = get_object_or_404(Call.objects.visible_to(actor(request)), code=code)
    policy.can_manage(actor(request)).require()
    return call


def _form_page(request: HttpRequest, form: Any, **context: Any) -> HttpResponse:
    return render(
        request, "compute_grants/call_form.html", {"form": form} | context, status=status_of(form)
    )


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    form = CallForm(request.POST or None)
    made: list[Call] = []
    if form.is_valid() and attempt(
        form, lambda: made.append(actions.create(**form.cleaned_data, by=actor(request)))
    ):
        messages.success(request, _("The draft is saved. Set its rubric, hours and panel."))
        return redirect(made[0])
    return _form_page(request, form, title=_("Draft a call"))


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    call = _managed(request, code)
    form = CallForm.of(call, request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.edit(call, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The call was saved."))
        return redirect(call)
    return _form_page(request, form, call=call, title=_("Edit the call"))


@require_http_methods(["GET", "POST"])
def rubric(request: HttpRequest, code: str) -> HttpResponse:
    call = _managed(request, code)
    lines = rubric_forms(call, request.POST or None)
    errors: list[str] = []
    if request.method == "POST" and lines.is_valid():
        try:
            actions.set_rubric(call, lines=lines.lines(), by=actor(request))
        except Invalid as error:
            errors = [message for found in error.errors.values() for message in found]
        else:
            messages.success(request, _("The rubric was saved."))
            return redirect(call)
    context = {"call": call, "lines": lines, "errors": errors}
    bad = errors or (lines.is_bound and not lines.is_valid())
    return render(request, "compute_grants/call_rubric.html", context, status=422 if bad else 200)


@require_http_methods(["GET", "POST"])
def budget(request: HttpRequest, code: str) -> HttpResponse:
    call = _managed(request, code)
    form = BudgetForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.set_budget(call, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The budget was saved."))
        return redirect("compute_grants:call_budget", call.code)
    context = {
        "call": call,
        "form": form,
        "offers": queries.offers(call),
        "title": _("Set the hours"),
        "lede": _("What this call may award on each machine. Publication sets it aside."),
    }
    return render(request, "compute_grants/call_budget.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def panel(request: HttpRequest, code: str) -> HttpResponse:
    call = _managed(request, code)
    seated = {"panel": [person.pk for person in call.panel.all()]}
    form = PanelForm(request.POST if request.method == "POST" else None, initial=seated)
    if form.is_valid() and attempt(
        form, lambda: actions.set_panel(call, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The panel was saved."))
        return redirect(call)
    return _form_page(request, form, call=call, title=_("Appoint the panel"))


@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, code: str) -> HttpResponse:
    """The page that shows what becomes fixed, and the act itself."""
    call = _managed(request, code)
    if request.method == "POST":
        actions.publish(call, by=actor(request))
        messages.success(request, _("The call is published and its hours are set aside."))
        return redirect(call)
    context = {
        "call": call,
        "lacking": actions.lacking(call),
        "offers": queries.offers(call),
        "criteria": call.criteria.all(),
    }
    return render(request, "compute_grants/call_publish.html", context)


@require_POST
def move(request: HttpRequest, code: str) -> HttpResponse:
    """Open, close to proposals, record as decided, close."""
    call = _managed(request, code)
    form = MoveForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, call=call, title=_("State"))
    MOVES[form.cleaned_data["to"]](call, by=actor(request))
    messages.success(request, _("The call's state was changed."))
    return redirect(call)
