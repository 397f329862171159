"""Requests to change a grant: ask, check, hand in, follow, decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.actions import amendments as actions
from compute_grants.forms.amendments import FORMS, DecideForm, RequestForm
from compute_grants.forms.fields import attempt, status_of
from compute_grants.models import Amendment
from compute_grants.policies import amendments as policy
from compute_grants.queries import amendments as queries
from compute_grants.queries.amendment_changes import changes
from compute_grants.views.allocations import visible
from consortium import audit
from consortium.http import actor

PER_PAGE = 25
SHOWN = 30


def seen(request: HttpRequest, number: str) -> Amendment:
    """The request, or 404 where this person may not see it."""
    rows = Amendment.objects.visible_to(actor(request)).shown()
    return get_object_or_404(rows, number=number)


@require_safe
def amendment_list(request: HttpRequest) -> HttpResponse:
    given = {name: request.GET.get(name, "") for name in ("kind", "state", "whose")}
    found = queries.listed(actor(request), **given)
    context = {
        "page_obj": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "given": given,
        "kinds": Amendment.Kind.choices,
        "states": Amendment.State.choices,
        "whose": [("mine", _("my own")), ("decide", _("those I decide"))],
        "today": timezone.localdate(),
    }
    return render(request, "compute_grants/amendment_list.html", context)


@require_safe
def amendment_kinds(request: HttpRequest, number: str) -> HttpResponse:
    """What can be asked for this grant today, and what not and why."""
    grant = visible(request, number)
    facts = queries.facts(grant)
    context = {
        "allocation": grant,
        "offers": queries.offers(actor(request), facts),
        "past": queries.of_grant(grant, actor(request))[:SHOWN],
        "today": facts.today,
    }
    return render(request, "compute_grants/amendment_kinds.html", context)


@require_http_methods(["GET", "POST"])
def amendment_ask(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    grant = visible(request, number)
    if kind not in FORMS:
        raise Http404
    user = actor(request)
    policy.can_ask(user, grant, kind).require()
    facts = queries.facts(grant)
    shape = FORMS[kind]
    form = shape(request.POST or None, facts=facts, initial=_chosen(request, facts))
    made: list[Amendment] = []
    if form.is_valid() and attempt(
        form, lambda: made.append(actions.ask(grant, kind=kind, wish=form.wish(), by=user))
    ):
        return redirect("compute_grants:amendment_check", made[0].number)
    context = {"allocation": grant, "form": form, "offer": queries.offer(user, facts, kind)}
    return render(request, "compute_grants/amendment_ask.html", context, status=status_of(form))


def _chosen(request: HttpRequest, facts: Any) -> dict[str, Any]:
    """What a link names beforehand: the refused request that an appeal is against."""
    against = request.GET.get("against", "")
    found = next((past.pk for past in facts.past if past.number == against), None)
    return {"against": found} if found else {}


@require_http_methods(["GET", "POST"])
def amendment_change(request: HttpRequest, number: str) -> HttpResponse:
    """Correct a draft before it is handed in."""
    found = seen(request, number)
    user = actor(request)
    policy.can_ask(user, found.allocation, found.kind).require()
    facts = queries.facts(found.allocation)
    initial = RequestForm.initial_of(found)
    form = FORMS[found.kind](request.POST or None, facts=facts, initial=initial)
    if form.is_valid() and attempt(form, lambda: actions.revise(found, wish=form.wish(), by=user)):
        return redirect("compute_grants:amendment_check", found.number)
    context = {
        "allocation": found.allocation,
        "amendment": found,
        "form": form,
        "offer": queries.offer(user, facts, found.kind),
    }
    return render(request, "compute_grants/amendment_ask.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def amendment_check(request: HttpRequest, number: str) -> HttpResponse:
    """The request before it is handed in: what it would change, and who decides."""
    found = seen(request, number)
    user = actor(request)
    policy.can_ask(user, found.allocation, found.kind).require()
    if found.state != Amendment.State.DRAFT:
        return redirect(found)
    form = forms.Form(request.POST or None)
    if request.method == "POST" and attempt(form, lambda: actions.submit(found, by=user)):
        messages.success(request, _("The request is handed in."))
        return redirect(found)
    facts = queries.facts(found.allocation)
    context = {
        "amendment": found,
        "allocation": found.allocation,
        "form": form,
        "changes": changes(found),
        "parts": queries.parts_to_come(found, facts),
        "due_days": policy.due_days(facts, found.kind),
    }
    return render(request, "compute_grants/amendment_check.html", context, status=status_of(form))


@require_safe
def amendment(request: HttpRequest, number: str) -> HttpResponse:
    found = seen(request, number)
    user = actor(request)
    parts = list(found.parts.select_related("centre", "by"))
    asking = policy.can_ask(user, found.allocation, found.kind)
    context = {
        "amendment": found,
        "allocation": found.allocation,
        "parts": parts,
        "changes": changes(found) if found.state in Amendment.OPEN else [],
        "overdue": found.overdue_on(timezone.localdate()),
        "can_hand_in": bool(asking) and found.state == Amendment.State.DRAFT,
        "can_withdraw": bool(policy.can_withdraw(user, found)) and found.state in Amendment.OPEN,
        "deciding": policy.can_decide(user, found, queries.out(found, parts)),
        "can_appeal": queries.appeal_of(user, found),
        "history": audit.history(found)[:SHOWN],
    }
    return render(request, "compute_grants/amendment_detail.html", context)


@require_http_methods(["GET", "POST"])
def amendment_decide(request: HttpRequest, number: str) -> HttpResponse:
    found = seen(request, number)
    user = actor(request)
    if found.state not in Amendment.PENDING:
        return redirect(found)
    waiting = queries.waiting_parts(found)
    policy.can_decide(user, found, waiting).require()
    form = DecideForm(request.POST or None)
    act = request.POST.get("act", "")
    if form.is_valid() and act not in {"approve", "refuse"}:
        form.add_error(None, _("Press one of the two buttons: approve or refuse."))
    if form.is_valid() and attempt(
        form,
        lambda: actions.decide(found, approve=act == "approve", **form.cleaned_data, by=user),
    ):
        messages.success(request, _("Your word is recorded."))
        return redirect(found)
    context = {
        "amendment": found,
        "allocation": found.allocation,
        "form": form,
        "changes": changes(found),
        "part": next(part for part in waiting if policy.speaks_for(user, found, part)),
        "last": len(waiting) == 1,
    }
    return render(request, "compute_grants/amendment_decide.html", context, status=status_of(form))


@require_POST
def amendment_take_up(request: HttpRequest, number: str) -> HttpResponse:
    found = actions.take_up(seen(request, number), by=actor(request))
    messages.success(request, _("You look after this request now."))
    return redirect(found)


@require_POST
def amendment_withdraw(request: HttpRequest, number: str) -> HttpResponse:
    found = actions.withdraw(seen(request, number), by=actor(request))
    messages.success(request, _("The request is withdrawn."))
    return redirect(found)
