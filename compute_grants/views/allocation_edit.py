"""Changing a grant: its members, and whether its account is open."""

from collections.abc import Callable
from typing import NamedTuple

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from compute_grants.actions import allocations as actions
from compute_grants.forms.allocations import ChangeForm, MemberForm
from compute_grants.forms.fields import attempt, status_of
from compute_grants.models import Allocation
from compute_grants.policies import allocations as policy
from compute_grants.views.allocations import visible
from consortium.http import actor


class Change(NamedTuple):
    """One way to change a grant's state, and what its page says."""

    act: Callable[..., Allocation]
    title: str | Promise
    warning: str | Promise
    done: str | Promise
    tone: str


CHANGES = {
    "suspend": Change(
        actions.suspend,
        gettext_lazy("Suspend the grant"),
        gettext_lazy("Running jobs end; no new ones start until the grant is resumed."),
        gettext_lazy("The grant is suspended. The machine follows within a minute."),
        "primary",
    ),
    "close": Change(
        actions.close,
        gettext_lazy("Close the grant"),
        gettext_lazy("A closed grant cannot be opened again. Hours left on it are not used."),
        gettext_lazy("The grant is closed. The machine follows within a minute."),
        "danger",
    ),
}


@require_http_methods(["GET", "POST"])
def member_add(request: HttpRequest, number: str) -> HttpResponse:
    found = visible(request, number)
    policy.can_change_members(actor(request), found).require()
    form = MemberForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and attempt(
        form, lambda: actions.add_member(found, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The person is a member. The machine follows in a minute."))
        return redirect(found)
    context = {
        "allocation": found,
        "form": form,
        "title": _("Add a member"),
        "button": _("Add"),
        "tone": "primary",
    }
    return render(request, "compute_grants/allocation_form.html", context, status=status_of(form))


@require_POST
def member_remove(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    found = visible(request, number)
    row = get_object_or_404(found.members.select_related("user"), pk=pk)
    actions.remove_member(found, user=row.user, by=actor(request))
    messages.success(request, _("The person is no longer a member."))
    return redirect(found)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    found = visible(request, number)
    if verb not in CHANGES:
        raise Http404
    policy.can_manage(actor(request), found).require()
    way = CHANGES[verb]
    form = ChangeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and attempt(
        form, lambda: way.act(found, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, str(way.done))
        return redirect(found)
    context = {
        "allocation": found,
        "form": form,
        "title": way.title,
        "warning": way.warning,
        "button": way.title,
        "tone": way.tone,
    }
    return render(request, "compute_grants/allocation_form.html", context, status=status_of(form))


@require_POST
def resume(request: HttpRequest, number: str) -> HttpResponse:
    found = visible(request, number)
    actions.resume(found, by=actor(request))
    messages.success(request, _("The grant runs again. The machine follows within a minute."))
    return redirect(found)
