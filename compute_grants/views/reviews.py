"""Peer review: assignment by the office, declaration and review by the reviewer."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.actions import reviews as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.reviews import AssignForm, DeclareForm, ReviewForm
from compute_grants.models import Proposal, Review, ReviewAssignment
from compute_grants.policies import reviews as policy
from compute_grants.policies.conflicts import detected_conflicts
from compute_grants.queries import proposals as proposal_queries
from compute_grants.queries import reviews as queries
from compute_grants.views.proposals import visible
from consortium.http import actor

PER_PAGE = 25
State = ReviewAssignment.State


@require_safe
def review_list(request: HttpRequest) -> HttpResponse:
    """My invitations and reviews."""
    rows = queries.assignment_rows(actor(request))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "compute_grants/review_list.html", {"page_obj": page})


def _mine(request: HttpRequest, pk: int) -> ReviewAssignment:
    """An assignment of this person's own: what the office sees of others' is on its own page."""
    rows = ReviewAssignment.objects.visible_to(actor(request)).filter(reviewer=actor(request))
    return get_object_or_404(
        rows.select_related("proposal__call", "proposal__lead", "proposal__institution"), pk=pk
    )


@require_http_methods(["GET", "POST"])
def declare(request: HttpRequest, pk: int) -> HttpResponse:
    """Conflict or none, before anything of the proposal but its title is shown."""
    assignment = _mine(request, pk)
    form = DeclareForm(request.POST or None)
    if form.is_valid() and attempt(
        form,
        lambda: actions.declare(
            assignment, conflict=form.cleaned_data["conflict"], by=actor(request)
        ),
    ):
        if form.cleaned_data["conflict"]:
            messages.success(request, _("You declined. The office will ask somebody else."))
            return redirect("compute_grants:review_list")
        return redirect("compute_grants:review", assignment.pk)
    context = {"assignment": assignment, "proposal": assignment.proposal, "form": form}
    return render(request, "compute_grants/review_declare.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """The proposal and the form beside it; once submitted, all reviews of it."""
    assignment = _mine(request, pk)
    if assignment.state in {State.INVITED, State.DECLINED}:
        return redirect("compute_grants:review_declare", assignment.pk)
    if assignment.state == State.SUBMITTED:
        return _submitted(request, assignment)
    criteria = list(assignment.proposal.call.criteria.all())
    form = ReviewForm(request.POST or None, criteria=criteria)

    def submit() -> None:
        data = form.cleaned_data
        actions.submit(
            assignment,
            marks=form.marks(),
            comment=data["comment"],
            confidential_note=data["confidential_note"],
            by=actor(request),
        )

    if form.is_valid() and attempt(form, submit):
        messages.success(request, _("Your review is in."))
        return redirect("compute_grants:review", assignment.pk)
    context = {
        "assignment": assignment,
        "proposal": assignment.proposal,
        "requests": proposal_queries.requests_of(assignment.proposal),
        "form": form,
    }
    return render(request, "compute_grants/review_form.html", context, status=status_of(form))


def _submitted(request: HttpRequest, assignment: ReviewAssignment) -> HttpResponse:
    rows = Review.objects.visible_to(actor(request)).filter(
        assignment__proposal=assignment.proposal
    )
    context = {
        "assignment": assignment,
        "proposal": assignment.proposal,
        "reviews": proposal_queries.with_scores(rows).order_by("pk"),
    }
    return render(request, "compute_grants/review_submitted.html", context)


@require_http_methods(["GET", "POST"])
def assignment_list(request: HttpRequest, number: str) -> HttpResponse:
    """Who reviews this proposal, who could, and who must not and why."""
    proposal = visible(request, number)
    user = actor(request)
    policy.can_assign(user, proposal).require()
    assigned = list(proposal.assignments.select_related("reviewer", "assigned_by").order_by("pk"))
    people = queries.reviewers_with_load()
    conflicts = detected_conflicts(proposal, people)
    taken = {row.reviewer_id for row in assigned}
    fit = [p for p in people if p.pk not in conflicts and p.pk not in taken]
    form = AssignForm(request.POST or None, fit=fit)
    if form.is_valid() and attempt(
        form, lambda: actions.assign(proposal, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("The reviewer was invited."))
        return redirect("compute_grants:assignment_list", proposal.number)
    context = {
        "proposal": proposal,
        "assigned": assigned,
        "candidates": [(p, conflicts.get(p.pk, "")) for p in people if p.pk not in taken],
        "form": form,
        "inviting": proposal.state == Proposal.State.PEER_REVIEW,
    }
    return render(request, "compute_grants/assignment_list.html", context, status=status_of(form))
