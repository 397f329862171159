"""Proposals, for those who read them and those who handle them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.actions import panel as panel_actions
from compute_grants.actions import proposals as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.proposals import ReasonForm, ReturnForm, WithdrawForm
from compute_grants.models import Proposal, ResourceRequest, Review, TechnicalReview
from compute_grants.policies import proposals as policy
from compute_grants.policies import reviews as review_policy
from compute_grants.queries import narrowing
from compute_grants.queries import panel as panel_queries
from compute_grants.queries import proposals as queries
from compute_grants.queries import scaling as scaling_queries
from consortium.http import actor
from consortium.models import User

PER_PAGE = 25
State = Proposal.State


def visible(request: HttpRequest, number: str) -> Proposal:
    """The proposal, with what every page of it names; 404 where this person does not see it."""
    rows = Proposal.objects.visible_to(actor(request)).select_related(
        "call", "lead", "institution", "access_type"
    )
    return get_object_or_404(rows, number=number)


@require_safe
def proposal_list(request: HttpRequest) -> HttpResponse:
    user = actor(request)
    rows = queries.proposal_rows(user)
    mine = request.GET.get("mine") == "1"
    state = request.GET.get("state", "")
    if mine:
        rows = rows.filter(pk__in=Proposal.objects.of(user).values("pk"))
    if state in State.values:
        rows = rows.filter(state=state)
    rows, narrowed = narrowing.proposals(rows, request.GET, user)
    context = {
        "narrowed": narrowed,
        "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "mine": mine,
        "state": state,
        "states": State.choices,
    }
    return render(request, "compute_grants/proposal_list.html", context)


@require_safe
def proposal(request: HttpRequest, number: str) -> HttpResponse:
    found = visible(request, number)
    user = actor(request)
    requests = queries.requests_of(found)
    reviews = queries.with_scores(
        Review.objects.visible_to(user).filter(assignment__proposal=found)
    )
    own = queries.own_side(found, user)
    context = {
        "proposal": found,
        "requests": [(row, _may_judge(user, found, row)) for row in requests],
        "asked": requests,
        **scaling_queries.shown(found),
        "infeasible": _all_infeasible(requests),
        "is_lead": user.pk == found.lead_id,
        "can_edit": policy.can_edit(user, found),
        "can_check": policy.can_check(user, found),
        "can_assign": review_policy.can_assign(user, found),
        "can_decide": review_policy.can_decide(user, found),
        "decision": found.decisions.first(),
        "reviews": reviews.order_by("pk") if not own else [],
        "feedback": queries.feedback(found) if own else [],
        "standing": None if own else panel_queries.standings_of([found])[found.pk],
        "grants": found.allocations.order_by("pk") if found.state == State.AWARDED else [],
        "history": queries.history(found, user),
    }
    return render(request, "compute_grants/proposal_detail.html", context)


def _may_judge(user: User, proposal: Proposal, request: ResourceRequest) -> bool:
    """Whether this person's verdict on this request is due now."""
    if proposal.state != State.TECHNICAL_REVIEW:
        return False
    request.proposal = proposal
    return bool(review_policy.can_judge_feasibility(user, request))


def _all_infeasible(requests: list[ResourceRequest]) -> bool:
    verdicts = {r.technical_review.verdict for r in requests if hasattr(r, "technical_review")}
    answered = all(hasattr(row, "technical_review") for row in requests)
    return answered and verdicts == {TechnicalReview.Verdict.INFEASIBLE}


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    found = visible(request, number)
    policy.can_withdraw(actor(request), found).require()
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and attempt(
        form, lambda: actions.withdraw(found, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The proposal was withdrawn."))
        return redirect(found)
    return _reason_page(
        request,
        found,
        form,
        title=_("Withdraw the proposal"),
        warning=_("A withdrawn proposal cannot be submitted again."),
        button=_("Withdraw"),
        tone="danger",
    )


@require_http_methods(["GET", "POST"])
def send_back(request: HttpRequest, number: str) -> HttpResponse:
    found = visible(request, number)
    policy.can_check(actor(request), found).require()
    form = ReturnForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.send_back(found, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The proposal was returned to its lead."))
        return redirect(found)
    return _reason_page(
        request,
        found,
        form,
        title=_("Return for correction"),
        warning=_("The lead can change the text and submit again."),
        button=_("Return"),
        tone="primary",
    )


@require_http_methods(["GET", "POST"])
def reject_infeasible(request: HttpRequest, number: str) -> HttpResponse:
    found = visible(request, number)
    policy.can_check(actor(request), found).require()
    form = ReasonForm(request.POST or None)
    if form.is_valid() and attempt(
        form,
        lambda: panel_actions.reject_infeasible(found, **form.cleaned_data, by=actor(request)),
    ):
        messages.success(request, _("The proposal was turned down."))
        return redirect(found)
    return _reason_page(
        request,
        found,
        form,
        title=_("Turn down as infeasible"),
        warning=_("No centre can run it. This is final."),
        button=_("Turn down"),
        tone="danger",
    )


def _reason_page(
    request: HttpRequest, proposal: Proposal, form: ReasonForm | WithdrawForm, **words: str
) -> HttpResponse:
    context = {"proposal": proposal, "form": form} | words
    return render(request, "compute_grants/proposal_reason.html", context, status=status_of(form))


@require_POST
def send_on(request: HttpRequest, number: str) -> HttpResponse:
    """The office finds the proposal complete."""
    found = visible(request, number)
    actions.send_to_centres(found, by=actor(request))
    messages.success(request, _("The proposal is with the centres."))
    return redirect(found)
