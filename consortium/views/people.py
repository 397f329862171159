"""People as the secretariat and the offices see them: roles, offices, standing."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from consortium import audit, policies
from consortium.actions import people
from consortium.forms import (
    AppointmentForm,
    CloseForm,
    EndForm,
    PersonFilter,
    ReviewerForm,
    attempt,
    form_page,
)
from consortium.http import actor, reauthentication_required
from consortium.models import ArmAppointment, Reviewer, User
from consortium.roles import Permission, has


def visible(request: HttpRequest, pk: int) -> User:
    return get_object_or_404(User.objects.visible_to(actor(request)), pk=pk)


@require_safe
def person_list(request: HttpRequest) -> HttpResponse:
    found = User.objects.visible_to(actor(request)).order_by("name_en", "pk")
    form = PersonFilter(request.GET or None)
    if form.is_bound and form.is_valid() and (q := form.cleaned_data["q"]):
        found = found.filter(
            Q(name_en__icontains=q) | Q(name_zh__icontains=q) | Q(email__icontains=q)
        )
    page = Paginator(found.prefetch_related("affiliations__institution", "appointments"), 50)
    context = {"form": form, "page": page.get_page(request.GET.get("page"))}
    return render(request, "consortium/person_list.html", context)


@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible(request, pk)
    user = actor(request)
    reviewer = Reviewer.objects.filter(user=row).first()
    context = {
        "person": row,
        "affiliations": row.affiliations.select_related("institution").order_by("-since", "pk"),
        "appointments": [
            (appointment, policies.can_end_appointment(user, appointment))
            for appointment in row.appointments.order_by("-since", "pk")
        ],
        "reviewer": reviewer,
        "can_appoint": policies.can_appoint(user, row),
        "can_review": policies.can_set_reviewer(user, row, reviewer),
        "can_deactivate": policies.can_deactivate(user, row),
        "history": audit.history(row)[:50] if has(user, Permission.AUDIT_VIEW) else None,
    }
    return render(request, "consortium/person.html", context)


@require_http_methods(["GET", "POST"])
def person_appoint(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible(request, pk)
    policies.can_appoint(actor(request), row).require()
    if (asked := reauthentication_required(request)) is not None:
        return asked
    form = AppointmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: people.appoint(row, **form.cleaned_data, by=actor(request)))
        if done is not None:
            messages.success(request, _("The appointment is made."))
            return redirect("consortium:person", pk=row.pk)
    return form_page(request, "consortium/person_appoint.html", form, person=row)


@require_http_methods(["GET", "POST"])
def appointment_end(request: HttpRequest, pk: int) -> HttpResponse:
    reachable = ArmAppointment.objects.select_related("user").filter(
        user__in=User.objects.visible_to(actor(request))
    )
    row = get_object_or_404(reachable, pk=pk)
    policies.can_end_appointment(actor(request), row).require()
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form, lambda: people.end_appointment(row, **form.cleaned_data, by=actor(request))
        )
        if done is not None:
            messages.success(request, _("The appointment is ended."))
            return redirect("consortium:person", pk=row.user_id)
    return form_page(request, "consortium/appointment_end.html", form, appointment=row)


@require_http_methods(["GET", "POST"])
def person_reviewer(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible(request, pk)
    reviewer = Reviewer.objects.filter(user=row).first()
    policies.can_set_reviewer(actor(request), row, reviewer).require()
    form = ReviewerForm(request.POST or None, initial=_now(reviewer))
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form, lambda: people.name_reviewer(row, **form.cleaned_data, by=actor(request))
        )
        if done is not None:
            messages.success(request, _("The standing as a reviewer is recorded."))
            return redirect("consortium:person", pk=row.pk)
    return form_page(request, "consortium/person_reviewer.html", form, person=row)


def _now(reviewer: Reviewer | None) -> dict[str, Any]:
    if reviewer is None:
        return {}
    return {
        "topics": ", ".join(reviewer.topics),
        "panellist": reviewer.panellist,
        "until": reviewer.until,
    }


@require_http_methods(["GET", "POST"])
def person_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible(request, pk)
    policies.can_deactivate(actor(request), row).require()
    if (asked := reauthentication_required(request)) is not None:
        return asked
    form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: people.deactivate(row, reason=form.cleaned_data["reason"], by=actor(request)),
        )
        if done is not None:
            messages.success(request, _("The account is closed."))
            return redirect("consortium:person", pk=row.pk)
    return form_page(request, "consortium/person_deactivate.html", form, person=row)
