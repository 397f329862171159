"""Where machines differ from what their grants want, and having it repaired."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from compute_grants.actions import drift as actions
from compute_grants.models import Drift, Machine
from compute_grants.policies import drift as policy
from compute_grants.queries import drift as queries
from consortium.http import actor

PER_PAGE = 25


@require_safe
def drift_list(request: HttpRequest) -> HttpResponse:
    user, code = actor(request), request.GET.get("machine", "")
    gone = request.GET.get("gone") == "1"
    rows = queries.listed(user, code, gone=gone)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "rows": [(row, policy.can_repair(user, row)) for row in page],
        "machines": queries.compared_machines(user),
        "chosen": code,
        "gone": gone,
    }
    return render(request, "compute_grants/drift_list.html", context)


@require_POST
def drift_compare(request: HttpRequest, code: str) -> HttpResponse:
    """Read the machine now."""
    machine = get_object_or_404(Machine.objects.visible_to(request.user), code=code)
    try:
        found = actions.compare(machine, by=actor(request))
    except actions.NotReached as error:
        messages.error(request, str(error))
    else:
        text = ngettext("%(count)s difference.", "%(count)s differences.", len(found))
        messages.success(request, text % {"count": len(found)})
    return _back(code)


@require_POST
def drift_repair(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Drift.objects.visible_to(actor(request)), pk=pk)
    actions.repair(found, by=actor(request))
    messages.success(request, _("The account is brought back within a minute."))
    return _back(found.machine.code)


@require_POST
def drift_repair_all(request: HttpRequest, code: str) -> HttpResponse:
    machine = get_object_or_404(Machine.objects.visible_to(request.user), code=code)
    actions.repair_all(machine, by=actor(request))
    messages.success(request, _("The accounts are brought back within a minute."))
    return _back(code)


def _back(code: str) -> HttpResponse:
    return redirect(f"{reverse('compute_grants:drift_list')}?machine={code}")
