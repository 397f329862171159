"""Peer review by the reviewer: declare, decline, write, revise."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.actions import assignments as care
from compute_grants.actions import review_drafts
from compute_grants.actions import reviews as actions
from compute_grants.forms.fields import attempt, refuse, status_of
from compute_grants.forms.reviews import DeclareForm, DeclineForm, ReviewForm
from compute_grants.models import RebuttalWindow, Review, ReviewAssignment, ReviewDraft
from compute_grants.policies import reviews as policy
from compute_grants.policies.conflicts import detected_conflicts
from compute_grants.queries import proposals as proposal_queries
from compute_grants.queries import reviews as queries
from compute_grants.queries import scaling as scaling_queries
from consortium.errors import DomainError, Invalid
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
        rows.select_related(
            *("proposal__call", "proposal__lead", "proposal__institution"),
            *("proposal__access_type", "draft"),
        ),
        pk=pk,
    )


@require_http_methods(["GET", "POST"])
def declare(request: HttpRequest, pk: int) -> HttpResponse:
    """Conflict or none, before more of the proposal is shown than its title and its people."""
    assignment = _mine(request, pk)
    user = actor(request)
    form = DeclareForm(request.POST or None)
    if form.is_valid() and attempt(
        form,
        lambda: actions.declare(assignment, conflict=form.cleaned_data["conflict"], by=user),
    ):
        if form.cleaned_data["conflict"]:
            messages.success(request, _("You declined. The office will ask somebody else."))
            return redirect("compute_grants:review_list")
        return redirect("compute_grants:review", assignment.pk)
    context = {
        "assignment": assignment,
        "proposal": assignment.proposal,
        "form": form,
        "team": assignment.proposal.people,
        "known": detected_conflicts(assignment.proposal, [user]).get(user.pk, ""),
        "policy": queries.policy_today(),
    }
    return render(request, "compute_grants/review_declare.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """No conflict, but no time or another field; perhaps with a name for the office."""
    assignment = _mine(request, pk)
    form = DeclineForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.decline(assignment, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("You declined. The office will ask somebody else."))
        return redirect("compute_grants:review_list")
    context = {"assignment": assignment, "proposal": assignment.proposal, "form": form}
    return render(request, "compute_grants/review_decline.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """The proposal and the form beside it; once submitted, all reviews of it."""
    assignment = _mine(request, pk)
    if assignment.state not in ReviewAssignment.READING:
        return redirect("compute_grants:review_declare", assignment.pk)
    known = policy.own_fitness(actor(request), assignment.proposal)
    actions.refuse_conflict(assignment.proposal, actor(request), known)
    if assignment.state == State.SUBMITTED:
        return _submitted(request, assignment)
    criteria = list(assignment.proposal.call.criteria.all())
    if request.method == "GET":
        draft = getattr(assignment, "draft", None)
        return _page_with(request, assignment, ReviewForm.of(criteria, draft), draft)
    return _written(request, assignment, ReviewForm(request.POST, criteria=criteria))


def _written(request: HttpRequest, assignment: ReviewAssignment, form: ReviewForm) -> HttpResponse:
    """What was sent: a pause's save, the draft's button, or the review itself."""
    if not request.accepts("text/html"):
        return _autosave(request, assignment, form)
    if "draft" in request.POST:
        return _save_draft(request, assignment, form)
    if form.is_valid() and attempt(form, lambda: _submit(request, assignment, form)):
        messages.success(request, _("Your review is in."))
        return redirect("compute_grants:review", assignment.pk)
    return _form_page(request, assignment, form)


def _form_page(
    request: HttpRequest,
    assignment: ReviewAssignment,
    form: ReviewForm,
    stored: review_drafts.DraftChanged | None = None,
) -> HttpResponse:
    """`stored`: what stands on the server where that is newer than what was typed."""
    return _page_with(request, assignment, form, queries.draft_of(assignment), stored)


def _page_with(
    request: HttpRequest,
    assignment: ReviewAssignment,
    form: ReviewForm,
    draft: ReviewDraft | None,
    stored: review_drafts.DraftChanged | None = None,
) -> HttpResponse:
    context = {
        "assignment": assignment,
        "proposal": assignment.proposal,
        "requests": proposal_queries.requests_of(assignment.proposal),
        **scaling_queries.shown(assignment.proposal),
        "form": form,
        "stored": queries.differences(stored.now, stored.typed, form.criteria) if stored else [],
        "draft": draft,
    }
    status = 409 if stored else status_of(form)
    return render(request, "compute_grants/review_form.html", context, status=status)


def _submit(request: HttpRequest, assignment: ReviewAssignment, form: ReviewForm) -> None:
    data = form.cleaned_data
    actions.submit(
        assignment,
        marks=form.marks(),
        comment=data["comment"],
        confidential_note=data["confidential_note"],
        by=actor(request),
    )


def _save_draft(
    request: HttpRequest, assignment: ReviewAssignment, form: ReviewForm
) -> HttpResponse:
    """The button that saves without submitting; a newer draft is shown, never overwritten."""
    try:
        review_drafts.save(
            assignment,
            content=form.unfinished(),
            version=form.draft_version(),
            by=actor(request),
        )
    except review_drafts.DraftChanged as error:
        values = ReviewForm.stored(error.now) | {"version": error.now.version}
        typed = {n: request.POST.get(n, "") for n in values if n != "version"}
        again = ReviewForm(criteria=form.criteria, initial=values | typed)
        return _form_page(request, assignment, again, error)
    except (DomainError, Invalid) as error:
        refuse(form, error)
        return _form_page(request, assignment, form)
    messages.success(request, _("The draft was saved. Nobody else reads it."))
    return redirect("compute_grants:review", assignment.pk)


def _autosave(request: HttpRequest, assignment: ReviewAssignment, form: ReviewForm) -> HttpResponse:
    """Save as the button would, and answer in JSON: {version, message}."""
    try:
        saved = review_drafts.save(
            assignment,
            content=form.unfinished(),
            version=form.draft_version(),
            by=actor(request),
        )
    except (DomainError, Invalid) as error:
        status = 409 if isinstance(error, DomainError) else 422
        return JsonResponse({"message": str(error)}, status=status)
    when = f"{timezone.localtime(saved.saved_at):%H:%M:%S}"
    message = _("Saved at %(time)s Beijing time.") % {"time": when}
    return JsonResponse({"version": saved.version, "message": message})


def _submitted(request: HttpRequest, assignment: ReviewAssignment) -> HttpResponse:
    rows = Review.objects.visible_to(actor(request)).filter(
        assignment__proposal=assignment.proposal
    )
    window = RebuttalWindow.objects.filter(proposal=assignment.proposal).first()
    context = {
        "assignment": assignment,
        "proposal": assignment.proposal,
        "reviews": proposal_queries.with_scores(rows).order_by("pk"),
        "window": window,
        "rebutting": bool(window and window.open_at(timezone.now())),
    }
    return render(request, "compute_grants/review_submitted.html", context)


@require_POST
def revise(request: HttpRequest, pk: int) -> HttpResponse:
    assignment = _mine(request, pk)
    care.revise(assignment, by=actor(request))
    messages.success(
        request, _("Your review is open again. Submit it anew, or leave it as it was.")
    )
    return redirect("compute_grants:review", assignment.pk)


@require_POST
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    assignment = _mine(request, pk)
    care.keep(assignment, by=actor(request))
    messages.success(request, _("Your review stands as it was."))
    return redirect("compute_grants:review", assignment.pk)
