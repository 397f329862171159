"""A call's waitlist for its panel, and one's own place on it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.actions import waitlist as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.waitlist import LeastForm
from compute_grants.models import Call, WaitlistPlace
from compute_grants.policies import waitlist as policy
from compute_grants.queries import waitlist as queries
from compute_grants.views.proposals import visible
from consortium.http import actor


@require_safe
def waitlist(request: HttpRequest, code: str) -> HttpResponse:
    """Who waits, in order, and for what."""
    user = actor(request)
    call = get_object_or_404(Call.objects.visible_to(user), code=code)
    policy.can_read(user, call).require()
    context = {"call": call, "rows": queries.waitlist(call, user)}
    return render(request, "compute_grants/waitlist.html", context)


@require_http_methods(["GET", "POST"])
def place(request: HttpRequest, number: str) -> HttpResponse:
    """The place of one proposal; its lead says the least that makes sense."""
    proposal, user = visible(request, number), actor(request)
    rows = WaitlistPlace.objects.waiting().select_related("proposal")
    found = get_object_or_404(rows, proposal=proposal)
    may_set = policy.can_set_least(user, found)
    if request.method == "POST":
        may_set.require()
    form = LeastForm(request.POST or None, initial={"percent": found.least_percent})
    if form.is_valid() and attempt(
        form, lambda: actions.set_least(found, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("The least that makes sense was saved."))
        return redirect(found)
    position, waiting = queries.positions([proposal.call_id])[proposal.pk]
    context = {
        "proposal": proposal,
        "place": found,
        "position": position,
        "waiting": waiting,
        "can_set": may_set,
        "form": form,
    }
    return render(request, "compute_grants/waitlist_place.html", context, status=status_of(form))
