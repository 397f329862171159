"""Accounts of a machine that no grant has, and giving one to a grant."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.actions.account_adoption import adopt, propose
from compute_grants.actions.drift import NotReached
from compute_grants.forms.allocations import AdoptForm
from compute_grants.forms.fields import attempt, status_of
from compute_grants.models import Machine
from compute_grants.policies import drift as policy
from compute_grants.views.allocations import visible
from consortium.http import actor


@require_safe
def machine_accounts(request: HttpRequest, code: str) -> HttpResponse:
    """Read from the machine as it is now, for there is nothing of ours to store."""
    machine = get_object_or_404(Machine.objects.visible_to(request.user), code=code)
    try:
        rows = propose(machine, by=actor(request))
    except NotReached:
        rows = None
    context = {"machine": machine, "rows": rows}
    return render(request, "compute_grants/machine_accounts.html", context)


@require_http_methods(["GET", "POST"])
def allocation_adopt(request: HttpRequest, number: str) -> HttpResponse:
    found = visible(request, number)
    policy.can_compare(actor(request), found.resource.machine).require()
    posted = request.method == "POST"
    initial = {"account": request.GET.get("account", "")}
    form = AdoptForm(request.POST if posted else None, initial=initial)
    if form.is_valid() and attempt(
        form, lambda: adopt(found, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The account is the grant's. The machine follows in a minute."))
        return redirect(found)
    context = {
        "allocation": found,
        "form": form,
        "title": _("Adopt an account of the machine"),
        "warning": _(
            "The account gets the limit and the members of the grant. What it has used counts, and "
            "the account that the portal made is shut. Nothing is deleted."
        ),
        "button": _("Adopt"),
        "tone": "primary",
    }
    return render(request, "compute_grants/allocation_form.html", context, status=status_of(form))
