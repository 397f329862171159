"""Exchange rates of the programme, and how machines charge."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.actions import rates as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.rates import ChargingForm, EndRateForm, RateForm
from compute_grants.models import ExchangeRate, Machine
from compute_grants.policies import machines as machine_policy
from compute_grants.policies import rates as policy
from compute_grants.queries.pricing import (
    STANDINGS,
    charging_rows,
    priced_resources,
    rate_rows,
)
from consortium.http import actor
from consortium.models import User
from consortium.roles import Permission, has

PER_PAGE = 25


@require_safe
def rate_list(request: HttpRequest) -> HttpResponse:
    """What an hour of each resource is worth: today's rate, and those before and after."""
    standing = request.GET.get("standing", "")
    resources = priced_resources(request.user, standing)
    page = Paginator(resources, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "rows": rate_rows(list(page.object_list)),
        "page_obj": page,
        "standings": STANDINGS,
        "standing": standing,
        "can_set": has(request.user, Permission.CALL_PUBLISH),
    }
    return render(request, "compute_grants/rate_list.html", context)


@require_http_methods(["GET", "POST"])
def rate_set(request: HttpRequest) -> HttpResponse:
    """The next rate of a resource."""
    user = actor(request)
    policy.can_set_rates(user).require()
    form = RateForm(request.POST or None, initial={"resource": request.GET.get("resource")})
    if form.is_valid() and attempt(form, lambda: actions.set_rate(**form.cleaned_data, by=user)):
        messages.success(request, _("The rate is published. Its centre was told."))
        return redirect("compute_grants:rate_list")
    context = {"form": form, "title": _("Publish a rate")}
    return render(request, "compute_grants/rate_form.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def rate_end(request: HttpRequest, pk: int) -> HttpResponse:
    """The last day of a rate."""
    user = actor(request)
    policy.can_set_rates(user).require()
    rate = get_object_or_404(ExchangeRate.objects.select_related("resource__machine"), pk=pk)
    form = EndRateForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.end_rate(rate, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("The rate has an end now. Its centre was told."))
        return redirect("compute_grants:rate_list")
    context = {"form": form, "rate": rate, "title": _("End the rate")}
    return render(request, "compute_grants/rate_form.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def charging(request: HttpRequest, code: str) -> HttpResponse:
    """How a machine charges, for anybody; the next rule, for its centre."""
    visible = Machine.objects.visible_to(request.user).select_related("centre")
    machine = get_object_or_404(visible, code=code)
    user = request.user if isinstance(request.user, User) else None
    may = machine_policy.can_manage(user, machine) if user else None
    form = ChargingForm(request.POST or None, machine=machine)
    if request.method == "POST":
        machine_policy.can_manage(actor(request), machine).require()
        if form.is_valid() and attempt(
            form, lambda: actions.state_charging(**form.cleaned_data, by=actor(request))
        ):
            messages.success(request, _("The charging rule is stated. Those with time were told."))
            return redirect(request.path)
    context = {"machine": machine, "rows": charging_rows(machine), "may": may, "form": form}
    return render(request, "compute_grants/charging.html", context, status=status_of(form))
