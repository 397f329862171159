"""What the people of a running grant set, and the parts of its award."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from compute_grants.actions import alerts as alert_actions
from compute_grants.actions import release_schedule as schedule_actions
from compute_grants.actions import stages as stage_actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.grant_life import AlertsForm, PartForm, StagesForm
from compute_grants.models import AlertSettings, Tranche
from compute_grants.policies import alerts as alert_policy
from compute_grants.policies import release_schedule as schedule_policy
from compute_grants.policies import stages as stage_policy
from compute_grants.queries.alerts import wanted
from compute_grants.views.allocations import visible
from consortium.http import actor


@require_http_methods(["GET", "POST"])
def allocation_alerts(request: HttpRequest, number: str) -> HttpResponse:
    """The thresholds at which the lead wants to be told."""
    found, user = visible(request, number), actor(request)
    alert_policy.can_set(user, found).require()
    chosen = wanted(AlertSettings.objects.filter(allocation=found).first())
    form = AlertsForm(request.POST) if request.method == "POST" else AlertsForm.of(chosen)
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: alert_actions.set_alerts(found, **form.cleaned_data, by=user))
    ):
        messages.success(request, _("The alerts are set."))
        return redirect(found)
    context = {
        "allocation": found,
        "form": form,
        "title": _("Alerts of the grant"),
        "button": _("Set the alerts"),
        "tone": "primary",
    }
    return render(request, "compute_grants/allocation_form.html", context, status=status_of(form))


@require_POST
def allocation_listen(request: HttpRequest, number: str) -> HttpResponse:
    """Be told of the alerts as a member, or no longer."""
    found, on = visible(request, number), request.POST.get("on") == "1"
    alert_actions.listen(found, on=on, by=actor(request))
    messages.success(
        request, _("You are told of its alerts.") if on else _("You are no longer told.")
    )
    return redirect(found)


@require_http_methods(["GET", "POST"])
def allocation_stages(request: HttpRequest, number: str) -> HttpResponse:
    """What the hours are meant for."""
    found, user = visible(request, number), actor(request)
    stage_policy.can_plan(user, found).require()
    plan = dict(found.stage_plans.values_list("stage", "percent"))
    form = StagesForm(request.POST) if request.method == "POST" else StagesForm.of(plan)
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: stage_actions.plan(found, percents=form.cleaned_data, by=user))
    ):
        messages.success(request, _("The plan is saved."))
        return redirect(found)
    context = {
        "allocation": found,
        "form": form,
        "title": _("Plan the stages of use"),
        "button": _("Save the plan"),
        "tone": "primary",
    }
    return render(request, "compute_grants/allocation_form.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def allocation_part(request: HttpRequest, number: str, position: int) -> HttpResponse:
    """Release a planned part of the award, or give it back to the call."""
    found, user = visible(request, number), actor(request)
    part = get_object_or_404(found.tranches, position=position)
    schedule_policy.can_release(user, found).require()
    if part.state != Tranche.State.PLANNED:
        return redirect(found)
    form = PartForm(request.POST if request.method == "POST" else None)
    act = request.POST.get("act", "")
    if form.is_valid() and act not in {"release", "withhold"}:
        form.add_error(None, _("Press one of the two buttons: release or withhold."))
    do = schedule_actions.release if act == "release" else schedule_actions.withhold
    if form.is_valid() and attempt(form, lambda: do(part, **form.cleaned_data, by=user)):
        messages.success(
            request,
            _("The part is released.") if act == "release" else _("The part is with the call."),
        )
        return redirect(found)
    context = {
        "allocation": found,
        "part": part,
        "form": form,
        "after": found.seconds + part.seconds,
    }
    return render(request, "compute_grants/allocation_part.html", context, status=status_of(form))
