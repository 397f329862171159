"""Use it or lose it: the office's round, and what the lead of a grant can do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.actions import reclaims as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.reclaims import ExemptionForm, WordForm
from compute_grants.models import Reclaim
from compute_grants.policies import reclaims as policy
from compute_grants.queries import reclaims as queries
from compute_grants.queries.programme import figures, ladders
from consortium import audit
from consortium.http import actor

PER_PAGE = 25
SHOWN = 30
PER_ROUND = 200  # a round is confirmed by reading it


def seen(request: HttpRequest, number: str) -> Reclaim:
    """The row, or 404 where this person may not see it."""
    rows = Reclaim.objects.visible_to(actor(request)).shown()
    return get_object_or_404(rows, number=number)


@require_safe
def reclaim_list(request: HttpRequest) -> HttpResponse:
    user, state = actor(request), request.GET.get("state", "")
    page = Paginator(queries.listed(user, state), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "state": state,
        "states": Reclaim.State.choices,
        "can_run": policy.can_run(user),
    }
    return render(request, "compute_grants/reclaim_list.html", context)


@require_http_methods(["GET", "POST"])
def reclaim_dry_run(request: HttpRequest) -> HttpResponse:
    """What the rule would take today; sent, it is written down, and still nobody is told."""
    user = actor(request)
    policy.can_run(user).require()
    if request.method == "POST":
        made = actions.plan(by=user)
        messages.success(request, _("Planned: %(count)s.") % {"count": len(made)})
        return redirect("compute_grants:reclaim_notices")
    rule = queries.rule_on()
    page = Paginator(queries.dry_run(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page_obj": page, "rule": {"values": figures(rule), "ladders": ladders(rule)}}
    return render(request, "compute_grants/reclaim_dry_run.html", context)


@require_http_methods(["GET", "POST"])
def reclaim_notices(request: HttpRequest) -> HttpResponse:
    """Give notice to the leads of the grants that are listed and ticked."""
    return _round(request, queries.to_notice(), actions.give_notices, "reclaim_notices")


@require_http_methods(["GET", "POST"])
def reclaim_apply(request: HttpRequest) -> HttpResponse:
    """Take back what is listed and ticked; then the receipt."""
    return _round(request, queries.ripe(), actions.apply_all, "reclaim_apply")


def _round(
    request: HttpRequest,
    rows: QuerySet[Reclaim],
    act: Callable[..., list[actions.Outcome]],
    name: str,
) -> HttpResponse:
    """The list with ids and amounts; the ticked ones again to be confirmed; the receipt."""
    user = actor(request)
    policy.can_run(user).require()
    chosen = queries.chosen(rows, request.POST.getlist("number")) if request.POST else []
    context: dict[str, Any] = {"rows": list(rows[:PER_ROUND]), "chosen": chosen, "round": name}
    if chosen and request.POST.get("confirmed") == "1":
        context["outcomes"] = act(chosen, by=user)
        context["at"] = timezone.now()
        return render(request, "compute_grants/reclaim_receipt.html", context)
    context["total"] = _totals(chosen)
    context["nothing_chosen"] = request.method == "POST" and not chosen
    status = 422 if context["nothing_chosen"] else 200
    return render(request, "compute_grants/reclaim_round.html", context, status=status)


def _totals(chosen: Iterable[Reclaim]) -> list[tuple[str, int]]:
    """Seconds in all, by unit."""
    found: dict[str, int] = {}
    for row in chosen:
        unit = str(row.allocation.resource.hours_unit)
        found[unit] = found.get(unit, 0) + row.seconds
    return list(found.items())


@require_safe
def reclaim(request: HttpRequest, number: str) -> HttpResponse:
    found, user, today = seen(request, number), actor(request), timezone.localdate()
    open_now = found.state in Reclaim.OPEN
    context = {
        "reclaim": found,
        "allocation": found.allocation,
        "can_ask": policy.can_ask(user, found) if found.may_ask_on(today) else None,
        "can_decide": policy.can_decide(user, found) if open_now else None,
        "asked_before": found.decided_at is not None,
        "history": audit.history(found)[:SHOWN],
    }
    return render(request, "compute_grants/reclaim.html", context)


@require_http_methods(["GET", "POST"])
def reclaim_ask(request: HttpRequest, number: str) -> HttpResponse:
    found = seen(request, number)
    policy.can_ask(actor(request), found).require()
    form = ExemptionForm(request.POST or None)
    return _form(
        request,
        found,
        form,
        lambda: actions.ask_exemption(found, **form.cleaned_data, by=actor(request)),
        title=_("Ask for an exemption"),
        done=_("The office decides. Until then nothing is taken."),
    )


@require_http_methods(["GET", "POST"])
def reclaim_decide(request: HttpRequest, number: str) -> HttpResponse:
    found = seen(request, number)
    policy.can_decide(actor(request), found).require()
    form = WordForm(request.POST or None)
    act = request.POST.get("act", "")
    if form.is_valid() and act not in {"approve", "refuse"}:
        form.add_error(None, _("Press one of the two buttons: approve or refuse."))
    return _form(
        request,
        found,
        form,
        lambda: actions.decide_exemption(
            found, approve=act == "approve", **form.cleaned_data, by=actor(request)
        ),
        title=_("Decide on the exemption"),
        done=_("The decision was recorded."),
        two=True,
    )


@require_http_methods(["GET", "POST"])
def reclaim_cancel(request: HttpRequest, number: str) -> HttpResponse:
    found = seen(request, number)
    policy.can_decide(actor(request), found).require()
    form = WordForm(request.POST or None)
    return _form(
        request,
        found,
        form,
        lambda: actions.cancel(found, **form.cleaned_data, by=actor(request)),
        title=_("Call it off"),
        done=_("It is called off; the grant keeps its hours."),
    )


def _form(
    request: HttpRequest,
    found: Reclaim,
    form: Form,
    act: Callable[[], object],
    **words: Any,
) -> HttpResponse:
    if form.is_valid() and attempt(form, act):
        messages.success(request, words["done"])
        return redirect(found)
    context = {"reclaim": found, "allocation": found.allocation, "form": form, **words}
    return render(request, "compute_grants/reclaim_form.html", context, status=status_of(form))
