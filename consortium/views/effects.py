"""What other systems still have to be made to match, for those who look after them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consortium import policies
from consortium.actions import desired
from consortium.errors import WrongState
from consortium.http import actor
from consortium.models import DesiredState


@require_safe
def effect_list(request: HttpRequest) -> HttpResponse:
    """Those that wait or fail, the next to be tried first; all of them with ?all=1."""
    show_all = request.GET.get("all") == "1"
    rows = DesiredState.objects.all() if show_all else DesiredState.objects.unsettled()
    context = {
        "page": Paginator(rows.order_by("next_at", "pk"), 50).get_page(request.GET.get("page")),
        "show_all": show_all,
        "can_retry": policies.can_retry_effects(actor(request)),
    }
    return render(request, "consortium/effects.html", context)


@require_POST
def effect_retry(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(DesiredState, pk=pk)
    try:
        desired.retry_now(row, by=actor(request))
    except WrongState as error:  # a worker was quicker: nothing is left to do
        messages.info(request, str(error))
    else:
        messages.success(request, _("It is tried again within half a minute."))
    return redirect("consortium:effect_list")
