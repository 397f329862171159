"""Reviewers and their invitations, for the R&D office."""

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.actions import assignments as care
from compute_grants.actions import reviews as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.reviews import AssignForm, DueForm, ReasonedForm, ReplaceForm
from compute_grants.models import Call, Proposal, RebuttalWindow, ReviewAssignment, Waiver
from compute_grants.policies import reviews as policy
from compute_grants.queries import assignments as queries
from compute_grants.queries import reviews as review_queries
from compute_grants.views.proposals import visible
from consortium import audit
from consortium.http import actor
from consortium.models import User

PER_PAGE = 50
SHOWN = 30
State = ReviewAssignment.State


@require_http_methods(["GET", "POST"])
def assignment_list(request: HttpRequest, number: str) -> HttpResponse:
    """Who reviews this proposal, who could, and who must not and why."""
    proposal = visible(request, number)
    user = actor(request)
    policy.can_assign(user, proposal).require()
    assigned = list(proposal.assignments.select_related("reviewer", "assigned_by").order_by("pk"))
    taken = {row.reviewer_id for row in assigned}
    people = [p for p in review_queries.reviewers_with_load() if p.pk not in taken]
    candidates = queries.candidates(proposal, people)
    fit = [person for person, reasons in candidates if not reasons]
    form = AssignForm(request.POST or None, fit=fit)
    if form.is_valid() and attempt(
        form, lambda: actions.assign(proposal, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("The reviewer was invited."))
        return redirect("compute_grants:assignment_list", proposal.number)
    context = {
        "proposal": proposal,
        "assigned": assigned,
        "candidates": candidates,
        "form": form,
        "inviting": proposal.state == Proposal.State.PEER_REVIEW,
        "waivers": Waiver.objects.visible_to(user)
        .filter(proposal=proposal)
        .select_related("reviewer"),
        "recusals": proposal.recusals.select_related("person"),
        "window": RebuttalWindow.objects.filter(proposal=proposal).first(),
        "now": timezone.now(),
    }
    return render(request, "compute_grants/assignment_list.html", context, status=status_of(form))


@require_safe
def call_reviews(request: HttpRequest, code: str) -> HttpResponse:
    """Every invitation of a call, the overdue first."""
    user = actor(request)
    call = get_object_or_404(Call.objects.visible_to(user), code=code)
    state = request.GET.get("state", "")
    rows = queries.rows_of_call(call, user, state)
    context = {
        "call": call,
        "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "counts": queries.counts_of_call(call, user),
        "state": state,
        "states": [("overdue", _("overdue")), *State.choices],
        "now": timezone.now(),
    }
    return render(request, "compute_grants/call_reviews.html", context)


@require_http_methods(["GET", "POST"])
def assignment(request: HttpRequest, pk: int) -> HttpResponse:
    """One invitation: what happened, and what the office can do about it."""
    user = actor(request)
    rows = ReviewAssignment.objects.visible_to(user).exclude(reviewer=user)
    found = get_object_or_404(
        rows.select_related(
            *("proposal__call", "proposal__lead", "proposal__institution"),
            *("proposal__access_type", "reviewer", "assigned_by"),
        ),
        pk=pk,
    )
    policy.can_handle(user, found).require()
    forms = _forms(request, found)
    act = request.POST.get("act", "")
    if act in forms:
        done = _carry_out(found, act, forms, user)
        if done:
            messages.success(request, done)
            return redirect("compute_grants:assignment", found.pk)
    context = {
        "assignment": found,
        "proposal": found.proposal,
        "forms": forms,
        "act": act,
        "reminders": found.reminders.order_by("sent_at", "pk"),
        "history": audit.history(found)[:SHOWN],
        "late": found.state in ReviewAssignment.WAITING and found.due_at <= timezone.now(),
    }
    code = status_of(*(form for form in forms.values() if form.is_bound))
    return render(request, "compute_grants/assignment.html", context, status=code)


Forms = dict[str, ReasonedForm]


def _forms(request: HttpRequest, found: ReviewAssignment) -> Forms:
    """What can be done now, by the name of the act; the one that was sent is bound."""
    act = request.POST.get("act", "")

    def data(name: str) -> QueryDict | None:
        return request.POST if act == name else None

    forms: Forms = {}
    if found.state in ReviewAssignment.WAITING:
        forms["extend"] = DueForm(data("extend"), prefix="extend")
        fit = queries.could_replace(found) if found.proposal.state == "peer_review" else []
        if fit:
            forms["replace"] = ReplaceForm(data("replace"), prefix="replace", fit=fit)
        forms["take_back"] = ReasonedForm(data("take_back"), prefix="take_back")
    if found.state == State.SUBMITTED and found.proposal.state == Proposal.State.PEER_REVIEW:
        forms["reopen"] = DueForm(data("reopen"), prefix="reopen")
    return forms


def _carry_out(found: ReviewAssignment, act: str, forms: Forms, by: User) -> str:
    """Do it; returns what to say, "" where the form or the rules refuse."""
    acts: dict[str, tuple[Callable[..., ReviewAssignment], str]] = {
        "extend": (care.extend, _("The due time was extended.")),
        "replace": (care.replace, _("Somebody else was invited instead.")),
        "take_back": (care.take_back, _("The invitation was taken back.")),
        "reopen": (care.reopen, _("The review was reopened.")),
    }
    form = forms[act]
    action, words = acts[act]
    if form.is_valid() and attempt(form, lambda: action(found, **form.cleaned_data, by=by)):
        return words
    return ""
