"""Institutions: the list, each one's page, and the way to membership."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consortium import audit, policies
from consortium.actions import institutions
from consortium.forms import ApplicationForm, InstitutionFilter, MoveForm, attempt, form_page
from consortium.http import actor, reauthentication_required
from consortium.models import Affiliation, AffiliationRequest, Institution, User, in_force
from consortium.roles import Permission, has

State = Institution.State
# The way to membership as the step rail shows it.
PATH = (
    State.DRAFT,
    State.SUBMITTED,
    State.DUE_DILIGENCE,
    State.VOTE,
    State.AGREEMENT_SENT,
    State.ACTIVE,
)


def visible(request: HttpRequest, slug: str) -> Institution:
    """The institution if this visitor may see it, else 404."""
    return get_object_or_404(Institution.objects.visible_to(request.user), slug=slug)


@require_safe
def institution_list(request: HttpRequest) -> HttpResponse:
    found: QuerySet[Institution] = Institution.objects.visible_to(request.user)
    found = found.order_by("name_en", "pk")
    states = set(found.order_by().values_list("state", flat=True).distinct())
    form = InstitutionFilter(request.GET or None, states=states)
    if form.is_bound and form.is_valid():
        found = _filtered(found, form.cleaned_data)
    context = {
        "form": form,
        "page": Paginator(found, 50).get_page(request.GET.get("page")),
        "filtered": form.is_bound,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "consortium/institution_list.html", context, status=status)


def _filtered(found: QuerySet[Institution], given: dict[str, Any]) -> QuerySet[Institution]:
    if given["q"]:
        found = found.filter(Q(name_en__icontains=given["q"]) | Q(name_zh__icontains=given["q"]))
    if given["kind"]:
        found = found.filter(kind=given["kind"])
    if given["state"]:
        found = found.filter(state=given["state"])
    return found


@require_safe
def institution(request: HttpRequest, slug: str) -> HttpResponse:
    row = visible(request, slug)
    history = policies.can_see_history(request.user, row)
    context: dict[str, Any] = {
        "institution": row,
        "steps": _steps(row),
        "history": audit.history(row)[:50] if history else None,
        "people": _people(row) if isinstance(request.user, User) else None,
    }
    if isinstance(request.user, User):
        context |= _what_one_may(request.user, row)
    return render(request, "consortium/institution.html", context)


def _people(row: Institution) -> QuerySet[Affiliation]:
    return (
        row.affiliations.filter(in_force(timezone.localdate()))
        .select_related("user", "institution")
        .order_by("role", "user__name_en", "pk")
    )


def _what_one_may(user: User, row: Institution) -> dict[str, Any]:
    manage = policies.can_manage_people(user, row)
    member = policies.can_see_history(user, row)
    waiting = row.affiliation_requests.filter(state=AffiliationRequest.State.WAITING)
    return {
        "can_edit": policies.can_edit_application(user, row),
        "can_submit": policies.can_submit_application(user, row),
        "can_move": policies.can_move(user, row),
        "can_manage": manage,
        "can_join": policies.can_ask_to_join(user, row),
        "is_secretariat": has(user, Permission.INSTITUTION_ADMIT),
        "shows_people": bool(member or manage or has(user, Permission.PEOPLE_MANAGE)),
        "requests": waiting.select_related("user") if manage else None,
    }


def _steps(row: Institution) -> list[dict[str, str]] | None:
    """The rail of an application; None once the institution is or was a member."""
    if row.state in Institution.KNOWN or row.state == State.DECLINED:
        return None
    state = State.SUBMITTED if row.state == State.MORE_INFO else State(row.state)
    here = PATH.index(state)
    marks = [
        "done" if at < here else "current" if at == here else "todo" for at in range(len(PATH))
    ]
    return [
        {"label": str(step.label), "state": mark} for step, mark in zip(PATH, marks, strict=True)
    ]


@require_http_methods(["GET", "POST"])
def institution_apply(request: HttpRequest) -> HttpResponse:
    policies.can_apply(actor(request)).require()
    form = ApplicationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        row = attempt(form, lambda: institutions.apply(**form.cleaned_data, by=actor(request)))
        if row is not None:
            messages.success(request, _("The draft is kept. Check it, then hand it in."))
            return redirect(row)
    return form_page(request, "consortium/institution_apply.html", form)


@require_http_methods(["GET", "POST"])
def institution_edit(request: HttpRequest, slug: str) -> HttpResponse:
    row = visible(request, slug)
    policies.can_edit_application(actor(request), row).require()
    form = ApplicationForm(request.POST or None, instance=Institution.objects.get(pk=row.pk))
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form, lambda: institutions.edit_application(row, **form.cleaned_data, by=actor(request))
        )
        if done is not None:
            messages.success(request, _("The application is changed."))
            return redirect(row)
    return form_page(request, "consortium/institution_edit.html", form, institution=row)


@require_POST
def institution_submit(request: HttpRequest, slug: str) -> HttpResponse:
    row = institutions.submit(visible(request, slug), by=actor(request))
    messages.success(request, _("The application is with the secretariat."))
    return redirect(row)


@require_http_methods(["GET", "POST"])
def institution_move(request: HttpRequest, slug: str) -> HttpResponse:
    row = visible(request, slug)
    policies.can_move(actor(request), row).require()
    if (asked := reauthentication_required(request)) is not None:
        return asked
    following = Institution.TRANSITIONS[State(row.state)] - {State.SUBMITTED}
    form = MoveForm(request.POST or None, states=[s for s in State if s in following])
    if request.method == "POST" and form.is_valid():
        moved = attempt(
            form, lambda: institutions.move(row, **form.cleaned_data, by=actor(request))
        )
        if moved is not None:
            messages.success(request, _("The decision is recorded."))
            return redirect(row)
    return form_page(request, "consortium/institution_move.html", form, institution=row)
