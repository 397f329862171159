"""Labs and who works in them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.forms.fields import attempt, status_of
from consortium import audit
from consortium.http import actor
from consortium.models import User
from consortium.roles import Permission, has
from registry.actions import labs as actions
from registry.forms.labs import LabForm, MemberForm
from registry.models import Lab
from registry.policies import labs as policies
from registry.queries import catalogue
from registry.views.snippets import tracking_snippet

HISTORY = 20


@require_safe
def lab_list(request: HttpRequest) -> HttpResponse:
    may_create = has(request.user, Permission.LAB_MANAGE)
    context = {"labs": catalogue.labs(request.user), "may_create": may_create}
    return render(request, "registry/lab_list.html", context)


@require_safe
def lab(request: HttpRequest, lab: str) -> HttpResponse:
    found = get_object_or_404(catalogue.labs(request.user), slug=lab)
    open_to = Lab.objects.open_to(request.user).filter(pk=found.pk).exists()
    rows = list(catalogue.models(request.user).filter(lab=found))
    context = {
        "lab": found,
        "models": catalogue.with_newest(rows),
        "members": found.members.select_related("user") if open_to else None,
        "may_manage": _may_manage(request, found),
        "history": audit.history(found)[:HISTORY] if open_to else None,
        "tracking_code": tracking_snippet(request, found),
    }
    return render(request, "registry/lab.html", context)


@require_http_methods(["GET", "POST"])
def lab_create(request: HttpRequest) -> HttpResponse:
    form = LabForm(request.POST or None, user=actor(request))
    made: list[Lab] = []
    if form.is_valid() and attempt(
        form, lambda: made.append(actions.create(**form.cleaned_data, by=actor(request)))
    ):
        messages.success(request, _("The lab is open. Its MLflow workspace follows in a minute."))
        return redirect(made[0])
    return render(request, "registry/lab_create.html", {"form": form}, status=status_of(form))


@require_http_methods(["GET", "POST"])
def lab_members(request: HttpRequest, lab: str) -> HttpResponse:
    found = get_object_or_404(Lab.objects.select_related("institution"), slug=lab)
    policies.can_manage(actor(request), found).require()
    form = MemberForm(request.POST or None, lab=found)
    if form.is_valid() and attempt(
        form, lambda: actions.set_member(found, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The member was saved."))
        return redirect("registry:lab_members", found.slug)
    context = {"lab": found, "form": form, "members": found.members.select_related("user")}
    return render(request, "registry/lab_members.html", context, status=status_of(form))


@require_POST
def lab_member_remove(request: HttpRequest, lab: str, pk: int) -> HttpResponse:
    found = get_object_or_404(Lab.objects.select_related("institution"), slug=lab)
    user = get_object_or_404(User, pk=pk, labs__lab=found)
    actions.remove_member(found, user, by=actor(request))
    messages.success(request, _("The member was removed; their tokens no longer reach the lab."))
    return redirect("registry:lab_members", found.slug)


def _may_manage(request: HttpRequest, lab: Lab) -> bool:
    return isinstance(request.user, User) and bool(policies.can_manage(request.user, lab))
