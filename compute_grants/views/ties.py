"""Ties, waivers of conflicts, and the windows in which ties count."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.actions import ties as actions
from compute_grants.actions import waivers as waiver_actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.ties import (
    PolicyForm,
    RetractForm,
    TieForm,
    WaiverDecisionForm,
    WaiverForm,
)
from compute_grants.models import ReviewPolicy, Tie, TieDispute, Waiver
from compute_grants.policies import ties as policy
from compute_grants.policies.conflicts import conflicts_between
from compute_grants.queries.ties import with_evidence
from compute_grants.queries.waivers import waiver_rows
from compute_grants.views.proposals import visible
from consortium import audit
from consortium.http import actor
from consortium.models import User

PER_PAGE = 25
SHOWN = 30


@require_http_methods(["GET", "POST"])
def tie_list(request: HttpRequest) -> HttpResponse:
    """My own ties."""
    return _ties_of(request, actor(request))


@require_http_methods(["GET", "POST"])
def person_ties(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody's ties, for the office."""
    person = get_object_or_404(User.objects.visible_to(actor(request)), pk=pk)
    policy.can_record(actor(request), person).require()
    return _ties_of(request, person)


def _ties_of(request: HttpRequest, person: User) -> HttpResponse:
    user = actor(request)
    form = TieForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.record(person, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("The tie was recorded."))
        return redirect(request.path)
    rows = with_evidence(Tie.objects.visible_to(user).of_person(person))
    page = Paginator(rows.order_by("retracted_at", "-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "person": person,
        "own": person.pk == user.pk,
        "page_obj": page,
        "ties": [_row(tie, person, user) for tie in page.object_list],
        "form": form,
        "policy": ReviewPolicy.objects.on(timezone.localdate()),
    }
    return render(request, "compute_grants/tie_list.html", context, status=status_of(form))


def _row(tie: Tie, person: User, user: User) -> dict[str, object]:
    """Expects the tie from with_evidence."""
    waiting: list[TieDispute] = tie.waiting  # type: ignore[attr-defined]  # prefetched
    return {
        "tie": tie,
        "other": tie.other_of(person),
        "may_retract": policy.can_retract(user, tie),
        "may_dispute": policy.can_dispute(user, tie),
        "dispute": waiting[0] if waiting else None,
    }


@require_http_methods(["GET", "POST"])
def tie_retract(request: HttpRequest, pk: int) -> HttpResponse:
    user = actor(request)
    rows = Tie.objects.visible_to(user).select_related("person", "institution")
    tie = get_object_or_404(rows, pk=pk)
    policy.can_retract(user, tie).require()
    form = RetractForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.retract(tie, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("The tie was taken back."))
        if tie.person_id == user.pk:
            return redirect("compute_grants:tie_list")
        return redirect("compute_grants:person_ties", tie.person_id)
    context = {"tie": tie, "form": form}
    return render(request, "compute_grants/tie_retract.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def review_policy(request: HttpRequest) -> HttpResponse:
    """The windows in force, those before and after, and the next version."""
    user = actor(request)
    policy.can_set_policy(user).require()
    current = ReviewPolicy.objects.on(timezone.localdate())
    form = PolicyForm(request.POST) if request.method == "POST" else PolicyForm.of(current)
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: actions.set_policy(**form.cleaned_data, by=user))
    ):
        messages.success(request, _("The windows were set."))
        return redirect("compute_grants:review_policy")
    context = {
        "current": current,
        "versions": ReviewPolicy.objects.select_related("set_by"),
        "form": form,
    }
    return render(request, "compute_grants/review_policy.html", context, status=status_of(form))


@require_safe
def waiver_list(request: HttpRequest) -> HttpResponse:
    page = Paginator(waiver_rows(actor(request)), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "compute_grants/waiver_list.html", {"page_obj": page})


@require_http_methods(["GET", "POST"])
def waiver_ask(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Ask for a waiver of one of this person's conflicts with the proposal."""
    proposal = visible(request, number)
    user = actor(request)
    reviewer = get_object_or_404(User.objects.visible_to(user), pk=pk)
    policy.can_ask_waiver(user, proposal, reviewer).require()
    found = conflicts_between([proposal], [reviewer])
    reasons = found.get((proposal.pk, reviewer.pk), [])
    form = WaiverForm(request.POST or None, reasons=reasons)
    if form.is_valid() and attempt(
        form,
        lambda: waiver_actions.ask(proposal, reviewer=reviewer, **form.cleaned_data, by=user),
    ):
        messages.success(request, _("The waiver waits for a second person."))
        return redirect("compute_grants:assignment_list", proposal.number)
    context = {
        "proposal": proposal,
        "reviewer": reviewer,
        "reasons": reasons,
        "waivable": [reason for reason in reasons if reason.waivable],
        "form": form,
    }
    return render(request, "compute_grants/waiver_ask.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def waiver(request: HttpRequest, pk: int) -> HttpResponse:
    """One waiver: approve or refuse it as the second person; later, revoke it."""
    user = actor(request)
    rows = Waiver.objects.visible_to(user).select_related(
        "proposal__institution", "proposal__lead", "reviewer", "asked_by", "decided_by"
    )
    found = get_object_or_404(rows, pk=pk)
    form = WaiverDecisionForm(request.POST or None)
    if form.is_valid() and attempt(form, lambda: _decide(request, found, form)):
        messages.success(request, _("The decision was recorded."))
        return redirect(found)
    context = {
        "waiver": found,
        "form": form,
        "can_decide": policy.can_decide_waiver(user, found),
        "can_revoke": policy.can_revoke_waiver(user, found),
        "expired": found.expires_on < timezone.localdate(),
        "history": audit.history(found)[:SHOWN],
    }
    return render(request, "compute_grants/waiver.html", context, status=status_of(form))


def _decide(request: HttpRequest, found: Waiver, form: WaiverDecisionForm) -> None:
    note, by = form.cleaned_data["note"], actor(request)
    if request.POST.get("act") == "revoke":
        waiver_actions.revoke(found, note=note, by=by)
    else:
        approve = request.POST.get("act") == "approve"
        waiver_actions.decide(found, approve=approve, note=note, by=by)
