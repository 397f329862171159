"""Planned stops of machines."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.actions import maintenance as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.maintenance import WindowForm
from compute_grants.models import Machine, MaintenanceWindow
from compute_grants.policies import maintenance as policy
from compute_grants.queries.maintenance import window_rows
from consortium.http import actor

PER_PAGE = 25


@require_safe
def maintenance_list(request: HttpRequest) -> HttpResponse:
    """Stops of all machines: those ahead, or those that are over."""
    over = request.GET.get("when") == "over"
    page = Paginator(window_rows(request.user, over=over), PER_PAGE).get_page(
        request.GET.get("page")
    )
    tabs = [
        {"label": _("Ahead"), "href": request.path, "current": not over},
        {"label": _("Over"), "href": f"{request.path}?when=over", "current": over},
    ]
    context = {"page_obj": page, "tabs": tabs, "over": over}
    return render(request, "compute_grants/maintenance_list.html", context)


@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, code: str) -> HttpResponse:
    user = actor(request)
    machine = get_object_or_404(
        Machine.objects.visible_to(user).select_related("centre"), code=code
    )
    policy.can_plan(user, machine).require()
    form = WindowForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.plan(machine, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("The maintenance is announced to those with time there."))
        return redirect(f"{machine.get_absolute_url()}#maintenance")
    context = {
        "form": form,
        "machine": machine,
        "title": _("Plan maintenance"),
        "lede": _("The clock takes the machine out of service and back at these times."),
    }
    return render(request, "compute_grants/machine_form.html", context, status=status_of(form))


def _mine(request: HttpRequest, pk: int) -> MaintenanceWindow:
    """A stop of a machine this person manages: 404 where unseen, 403 where only seen."""
    rows = MaintenanceWindow.objects.visible_to(actor(request)).select_related("machine__centre")
    window = get_object_or_404(rows, pk=pk)
    policy.can_plan(actor(request), window.machine).require()
    return window


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    window = _mine(request, pk)
    form = WindowForm.of(window, request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.change(window, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The maintenance was changed."))
        return redirect(window)
    context = {"form": form, "machine": window.machine, "title": _("Change the maintenance")}
    return render(request, "compute_grants/machine_form.html", context, status=status_of(form))


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    window = actions.cancel(_mine(request, pk), by=actor(request))
    messages.success(request, _("The maintenance was cancelled."))
    return redirect(window)


@require_POST
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    window = actions.finish(_mine(request, pk), by=actor(request))
    messages.success(request, _("The machine is back in service."))
    return redirect(window)
